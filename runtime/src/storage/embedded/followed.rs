//! How far the engine is with a file: which pages it has touched, as it says little about that itself.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::medium::{Medium, locks_of_its_file};
use super::upkeep::{Progress, Stage};

const PAGE: u64 = 4096;
/// How many more pages are touched until that is told.
const TELL: u64 = 64;

/// A medium whose file is followed.
#[derive(Debug)]
pub(super) struct Followed {
    medium: Arc<dyn Medium>,
    follower: Arc<Follower>,
}

impl Followed {
    pub(super) fn new(medium: Arc<dyn Medium>, progress: &Progress) -> Self {
        Self {
            medium,
            follower: Arc::new(Follower { progress: Arc::clone(progress), state: Mutex::default() }),
        }
    }

    /// From now on this is done, with every page that there is now; or nothing that is told.
    pub(super) fn begin(&self, stage: Option<Stage>) {
        // What was told last is a while ago.
        self.follower.tell();
        let pages = std::fs::metadata(self.path()).map_or(0, |file| file.len().div_ceil(PAGE));
        let touched = vec![0; usize::try_from(pages.div_ceil(64)).unwrap_or_default()];
        *self.follower.state() = State { stage, pages, touched, count: 0, told: 0 };
        self.follower.tell();
    }
}

/// Whom to tell, and what was told.
struct Follower {
    progress: Progress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stage: Option<Stage>,
    /// How many there were when the stage began.
    pages: u64,
    /// A bit for each.
    touched: Vec<u64>,
    count: u64,
    told: u64,
}

impl Follower {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self, offset: u64, bytes: usize) {
        let mut state = self.state();
        if state.stage.is_none() {
            return;
        }
        for page in offset / PAGE..(offset + bytes as u64).div_ceil(PAGE) {
            let (word, bit) = (usize::try_from(page / 64).unwrap_or(usize::MAX), 1 << (page % 64));
            if let Some(word) = state.touched.get_mut(word).filter(|word| **word & bit == 0) {
                *word |= bit;
                state.count += 1;
            }
        }
        let due = state.count >= state.told + TELL;
        drop(state);
        if due {
            self.tell();
        }
    }

    fn tell(&self) {
        let mut state = self.state();
        state.told = state.count;
        if let Some(stage) = state.stage {
            (self.progress)(stage, state.count.min(state.pages), state.pages);
        }
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Follower")
    }
}

impl Medium for Followed {
    fn path(&self) -> &Path {
        self.medium.path()
    }

    fn open(&self, after_failure: bool) -> io::Result<Option<Box<dyn StorageBackend>>> {
        let file = self.medium.open(after_failure)?;
        let follow =
            |file| Box::new(File { file, follower: Arc::clone(&self.follower) }) as Box<dyn StorageBackend>;
        Ok(file.map(follow))
    }

    fn create(&self) -> io::Result<Box<dyn StorageBackend>> {
        self.medium.create()
    }

    fn adopt(&self) -> io::Result<()> {
        self.medium.adopt()
    }

    fn ballast(&self) -> io::Result<u64> {
        self.medium.ballast()
    }

    fn set_ballast(&self, bytes: u64) -> io::Result<()> {
        self.medium.set_ballast(bytes)
    }

    fn witness(&self) -> io::Result<Option<String>> {
        self.medium.witness()
    }

    fn set_witness(&self, text: &str) -> io::Result<()> {
        self.medium.set_witness(text)
    }
}

/// The open file.
#[derive(Debug)]
struct File {
    file: Box<dyn StorageBackend>,
    follower: Arc<Follower>,
}

impl StorageBackend for File {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.follower.touch(offset, out.len());
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.follower.touch(offset, data.len());
        self.file.write(offset, data)
    }
    locks_of_its_file!();
}
