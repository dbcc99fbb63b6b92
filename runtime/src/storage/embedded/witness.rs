//! What is known of the store beside its file, so that an older copy in the place of the file is noticed.
//!
//! A copy takes revisions back, and clients that hold higher ones would wait in silence for what comes a second time.
//! So each *life* of a store, from the first commit behind an opening on, has a random name. The file has it, and the
//! witness, a small file beside it, has it with a revision that is durable. The witness takes the new name first,
//! beside the one before; the first commit brings it into the file; then the witness lets the one before go. Whatever
//! is cut off in between, the two agree; a file of another life, or behind that revision, is an older copy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::super::Revision;
use super::medium::Medium;

/// How long the revision of the witness may be behind, ...
const PERIOD: Duration = Duration::from_secs(60);
/// ... and by how much.
const STEP: u64 = 1 << 17;
/// What the text begins with.
const FORMAT: &str = "aggboot-witness/1";

/// What a witness says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Testimony {
    /// Durable.
    pub(super) revision: u64,
    /// The lives that the file may be in, the newest last. 0 is that of a file without a name.
    lives: Vec<u64>,
}

impl Default for Testimony {
    /// Of a file without a name.
    fn default() -> Self {
        Self { revision: 0, lives: vec![0] }
    }
}

impl Testimony {
    /// What the witness says, if there is one.
    pub(super) fn of(medium: &dyn Medium) -> Option<Self> {
        let said = medium.witness().unwrap_or_else(|why| {
            tracing::warn!("the witness of {} cannot be read: {why}", medium.path().display());
            None
        })?;
        let parsed = Self::parse(&said);
        if parsed.is_none() {
            tracing::warn!("the witness of {} says nothing that is understood", medium.path().display());
        }
        parsed
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        words.next().filter(|format| *format == FORMAT)?;
        // One that would leave none to be above it is none.
        let revision = words.next()?.parse().ok().filter(|revision| *revision <= u64::MAX / 2)?;
        let lives: Vec<u64> =
            words.map(|life| u64::from_str_radix(life, 16)).collect::<Result<_, _>>().ok()?;
        (!lives.is_empty()).then_some(Self { revision, lives })
    }

    pub(super) fn text(&self) -> String {
        let lives: Vec<_> = self.lives.iter().map(|life| format!("{life:016x}")).collect();
        format!("{FORMAT} {} {}\n", self.revision, lives.join(" "))
    }

    pub(super) fn newest(&self) -> u64 {
        self.lives.last().copied().unwrap_or_default()
    }

    /// True of the file, and of the one that is about to take its place.
    pub(super) fn or(&self, next: &Self) -> Self {
        let lives = self.lives.iter().copied().chain([next.newest()]).collect();
        Self { revision: self.revision.min(next.revision), lives }
    }
}

/// Why a file that is in this life, and at this revision, is not the one that was written last.
pub(super) fn contradiction(said: Option<&Testimony>, life: u64, revision: Revision) -> Option<String> {
    match said {
        None if life == 0 => None,
        None => Some("it was put here without its witness, so that it may be an older copy".into()),
        Some(said) if !said.lives.contains(&life) => {
            Some("it is an older copy, or that of another store: its witness is of another life".into())
        }
        Some(said) if revision.get() < said.revision => {
            Some(format!("it is an older copy, at revision {revision}: {} was written", said.revision))
        }
        Some(_) => None,
    }
}

/// Lets the witness say that a store was raised so far, though nothing may be written before its file is exchanged once
/// more. Where that fails the witness says less, which is as true.
pub(super) fn tell(medium: &dyn Medium, revision: Revision, life: u64) {
    let said = Testimony { revision: revision.get(), lives: vec![life] };
    if let Err(why) = medium.set_witness(&said.text()) {
        unwritten(medium, &why);
    }
}

/// The witness of an open store.
pub(super) struct Witness {
    medium: Arc<dyn Medium>,
    life: Life,
    durable: Arc<AtomicU64>,
    keeper: Option<Keeper>,
}

enum Life {
    /// That of the file is the one before, and so it stays for now.
    Before {
        file: u64,
        ask_at: Option<Instant>,
    },
    /// The witness has it, and the file will have it with the next commit.
    Proposed(u64),
    Begun,
}

impl Witness {
    /// Of a file in that life, at that revision.
    pub(super) fn new(medium: Arc<dyn Medium>, file: u64, revision: Revision) -> Self {
        let durable = Arc::new(AtomicU64::new(revision.get()));
        Self { medium, life: Life::Before { file, ask_at: None }, durable, keeper: None }
    }

    /// The name that the next commit has to bring into the file. Where the witness cannot be written, as on a full
    /// disk, the life before goes on.
    pub(super) fn name(&mut self, now: Instant) -> Option<u64> {
        let (file, ask_at) = match self.life {
            Life::Begun => return None,
            Life::Proposed(life) => return Some(life),
            Life::Before { file, ask_at } => (file, ask_at),
        };
        if ask_at.is_some_and(|at| now < at) {
            return None;
        }
        let life = Uuid::new_v4().as_u64_pair().0;
        let said = Testimony { revision: self.durable.load(Ordering::Relaxed), lives: vec![file, life] };
        if let Err(why) = self.medium.set_witness(&said.text()) {
            unwritten(&*self.medium, &why);
            self.life = Life::Before { file, ask_at: Some(now + PERIOD) };
            return None;
        }
        self.life = Life::Proposed(life);
        Some(life)
    }

    /// A commit is durable.
    pub(super) fn committed(&mut self, revision: Option<Revision>) {
        if let Some(revision) = revision {
            self.durable.fetch_max(revision.get(), Ordering::Relaxed);
        }
        if let Life::Proposed(life) = self.life {
            self.life = Life::Begun;
            self.keeper = Keeper::start(&self.medium, life, &self.durable);
        } else if let Some(keeper) = &mut self.keeper {
            keeper.reached(self.durable.load(Ordering::Relaxed));
        }
    }
}

/// What keeps the witness up to date, beside the commits; for the last time when it is dropped.
struct Keeper {
    /// `None` only while it is dropped.
    pokes: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    poke_at: u64,
}

impl Keeper {
    fn start(medium: &Arc<dyn Medium>, life: u64, durable: &Arc<AtomicU64>) -> Option<Self> {
        let (pokes, poked) = mpsc::channel();
        let poke_at = durable.load(Ordering::Relaxed).saturating_add(STEP);
        let (medium, durable) = (Arc::clone(medium), Arc::clone(durable));
        let keep = move || keep(&*medium, life, &durable, &poked);
        // Without it the witness stays as it is, which is true of the file.
        let thread = std::thread::Builder::new().name("storage-witness".into()).spawn(keep).ok()?;
        Some(Self { pokes: Some(pokes), thread: Some(thread), poke_at })
    }

    fn reached(&mut self, revision: u64) {
        if revision >= self.poke_at
            && let Some(pokes) = &self.pokes
        {
            self.poke_at = revision.saturating_add(STEP);
            let _ = pokes.send(());
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.pokes = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep(medium: &dyn Medium, life: u64, durable: &AtomicU64, poked: &mpsc::Receiver<()>) {
    let mut written = None;
    let mut write = || {
        let revision = durable.load(Ordering::Relaxed);
        if written == Some(revision) {
            return;
        }
        match medium.set_witness(&Testimony { revision, lives: vec![life] }.text()) {
            Ok(()) => written = Some(revision),
            Err(why) => unwritten(medium, &why),
        }
    };
    loop {
        write();
        if poked.recv_timeout(PERIOD) == Err(RecvTimeoutError::Disconnected) {
            return write();
        }
    }
}

fn unwritten(medium: &dyn Medium, why: &std::io::Error) {
    let path = medium.path().display();
    tracing::warn!(
        "the witness of {path}, by which an older copy of it is noticed, cannot be written: {why}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(revision: u64) -> Revision {
        Revision::new(revision).expect("not 0")
    }

    #[test]
    fn a_testimony_is_read_as_it_was_written_and_nothing_else_is() {
        for lives in [vec![0], vec![7], vec![u64::MAX, 1]] {
            let said = Testimony { revision: 1_786_000_000_000_000, lives };
            assert_eq!(Testimony::parse(&said.text()), Some(said));
        }
        for other in
            ["", "aggboot-witness/1", "aggboot-witness/1 7", "aggboot-witness/2 7 7", "aggboot-witness/1 x 7"]
        {
            assert_eq!(Testimony::parse(other), None, "{other:?}");
        }
        assert_eq!(Testimony::parse(&format!("{FORMAT} {} 7", u64::MAX)), None, "none would be above it");
    }

    #[test]
    fn a_file_of_another_life_or_of_before_is_contradicted() {
        let said = Testimony { revision: 10, lives: vec![1, 2] };
        let contradicted = |said, life, revision| contradiction(said, life, at(revision)).is_some();
        assert!(!contradicted(Some(&said), 1, 10) && !contradicted(Some(&said), 2, 11));
        assert!(contradicted(Some(&said), 1, 9) && contradicted(Some(&said), 3, 11));
        assert!(contradicted(Some(&said), 0, 11), "a file without a name is from before the first life");
        assert!(contradicted(None, 1, 11) && !contradicted(None, 0, 11));
    }
}
