//! Space that is taken while there is some, and given up when the disk is full.
//!
//! A write is accepted when the ballast covers it: if the disk turns out to be full in the midst of it, the ballast
//! gives way and the write goes on. From then on only deletions are accepted, and changes that hardly grow an object (a
//! deletion may begin with one, and wait for others), out of what is left, until the ballast is whole again.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{BackendError, StorageBackend};

use super::medium::{Medium, locks_of_its_file};

/// The ballast of a disk that is not full.
const WHOLE: u64 = 16 << 20;
/// What it gives up at a time.
const STEP: u64 = 1 << 20;
/// Below it only deletions are accepted, and changes that hardly grow an object: the rest is theirs.
const LOW: u64 = WHOLE / 2;
/// And below this nothing else, not even changes that hardly grow an object.
const LAST: u64 = WHOLE / 4;
/// What a commit needs beside its values, and how much more than its values: pages are powers of two.
const BASE: u64 = 1 << 20;
const FACTOR: u64 = 2;
/// What a row needs beside its value, as bytes of values: its key may have a page of the index to itself.
pub(super) const ROW: usize = 2048;

/// The ballast of a store.
#[derive(Debug)]
pub(super) struct Ballast {
    medium: Arc<dyn Medium>,
    bytes: AtomicU64,
}

impl Ballast {
    /// Takes over the ballast that is there, and makes it whole if there is space.
    pub(super) fn new(medium: Arc<dyn Medium>) -> Self {
        let bytes = medium.ballast().unwrap_or(0);
        let ballast = Self { medium, bytes: AtomicU64::new(bytes) };
        // A full disk is told when something is to be written.
        let _ = ballast.fill();
        ballast
    }

    /// Makes it whole, if there is space.
    pub(super) fn fill(&self) -> io::Result<()> {
        if self.bytes() == WHOLE { Ok(()) } else { self.set(WHOLE) }
    }

    /// Whether it is too small for anything but deletions.
    pub(super) fn is_low(&self) -> bool {
        self.bytes() < LOW
    }

    /// Sees to it that a commit with so many bytes of values finds space.
    pub(super) fn cover(&self, bytes: usize) -> io::Result<()> {
        let needed = BASE + FACTOR * bytes as u64;
        // In steps: not for each of many writes a little larger.
        if needed <= self.bytes() { Ok(()) } else { self.set(needed.next_multiple_of(STEP)) }
    }

    /// Whether so many bytes of values need no larger one than usual.
    pub(super) fn is_enough_for(&self, bytes: usize) -> bool {
        BASE + FACTOR * bytes as u64 <= WHOLE
    }

    /// How many bytes of values find space while some is left for deletions.
    pub(super) fn to_spare(&self) -> usize {
        usize::try_from(self.bytes().saturating_sub(LAST) / FACTOR).unwrap_or(usize::MAX)
    }

    /// Back to the usual size after a large commit.
    pub(super) fn shrink(&self) {
        if self.bytes() > WHOLE {
            // Too large does no harm but to others.
            let _ = self.set(WHOLE);
        }
    }

    /// Makes space on a full disk; whether there was something to give.
    fn give(&self) -> bool {
        let bytes = self.bytes();
        bytes > 0 && self.set(bytes.saturating_sub(STEP)).is_ok()
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn set(&self, bytes: u64) -> io::Result<()> {
        self.medium.set_ballast(bytes)?;
        self.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }
}

/// The file, where a full disk is met by giving up ballast.
#[derive(Debug)]
pub(super) struct Backed {
    file: Box<dyn StorageBackend>,
    ballast: Arc<Ballast>,
}

impl Backed {
    pub(super) fn new(file: Box<dyn StorageBackend>, ballast: &Arc<Ballast>) -> Self {
        Self { file, ballast: Arc::clone(ballast) }
    }

    fn with_space(&self, act: impl Fn() -> io::Result<()>) -> io::Result<()> {
        loop {
            match act() {
                Err(why) if is_full(&why) && self.ballast.give() => {}
                done => return done,
            }
        }
    }
}

fn is_full(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl StorageBackend for Backed {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with_space(|| self.file.set_len(len))
    }
    fn sync_data(&self) -> io::Result<()> {
        // Not again when it failed: the second sync of Linux knows nothing of what the first one lost.
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with_space(|| self.file.write(offset, data))
    }
    locks_of_its_file!();
}
