//! What the feed fills and reads look at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::contents::Contents;
use super::log::{Cursor, Log, Sight};
use super::own::Own;
use super::recall::farthest;
use super::window::{Keep, Window};
use crate::kind::FieldPath;
use crate::object::Object;
use crate::storage::view::{Change, PATIENCE};
use crate::storage::{Error, Event, Key, Prefix, Result, Revision, Storage, Stored};

/// How long a watch waits for the past that it begins in: whoever is sent away comes back for the same.
const RECALL: Duration = Duration::from_secs(10);

/// The state of a cache.
///
/// Of the two locks the one of the contents is taken first. Both change together, so who holds both sees one revision.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) root: Prefix,
    selectable: Vec<FieldPath>,
    contents: RwLock<Contents>,
    /// Held by watches too, which must not hold the storage.
    pub(super) log: Arc<Mutex<Log>>,
    pub(super) own: Own,
    progress: watch::Sender<Progress>,
    /// The highest revision that a read was answered with while nothing was loaded; 0 is none.
    told: AtomicU64,
    pub(super) keep: Keep,
}

/// How far the feed is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Since when there is nothing to read.
    pub(super) loading: Option<Instant>,
    /// The revision of the contents.
    pub(super) applied: Revision,
    /// While the past is still being read: how far back it is there, and how far back it will be at the most.
    pub(super) recalling: Option<(Revision, Revision)>,
}

impl Shared {
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        root: Prefix,
        selectable: Vec<FieldPath>,
        keep: Keep,
    ) -> Shared {
        let progress = Progress { loading: Some(Instant::now()), applied: Revision::FIRST, recalling: None };
        Shared {
            storage,
            root,
            selectable,
            contents: RwLock::new(Contents::empty()),
            log: Arc::new(Mutex::new(Log::new(keep))),
            own: Own::default(),
            progress: watch::Sender::new(progress),
            told: AtomicU64::new(0),
            keep,
        }
    }

    pub(super) fn contents(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn contents_mut(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    pub(super) fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// A read was answered by the storage.
    pub(super) fn tell(&self, at: Revision) {
        self.told.fetch_max(at.get(), Ordering::AcqRel);
    }

    /// A revision that no read of whatever age is to fall back behind.
    pub(super) fn told(&self) -> Revision {
        Revision::new(self.told.load(Ordering::Acquire)).unwrap_or(Revision::FIRST)
    }

    /// Waits until there is something to read.
    pub(super) async fn loaded(&self) -> Result<()> {
        if self.progress().loading.is_none() {
            return Ok(());
        }
        let mut progress = self.progress.subscribe();
        let loaded = progress.wait_for(|progress| progress.loading.is_none());
        match tokio::time::timeout(PATIENCE, loaded).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Error::Loading { retry_after: self.retry_after() }),
        }
    }

    /// Waits until the contents are not older than a revision.
    pub(super) async fn reach(&self, asked: Revision) -> Result<()> {
        if self.progress().applied >= asked {
            return Ok(());
        }
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|progress| progress.applied >= asked);
        match tokio::time::timeout(PATIENCE, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Error::Future { asked, current: self.progress().applied }),
        }
    }

    /// The object of a record.
    pub(super) fn parse(&self, stored: &Stored) -> Result<Arc<Object>> {
        Object::read(stored, &self.selectable).map(Arc::new).map_err(|error| Error::corrupt(stored, &error))
    }

    /// The object that a write is about to make.
    pub(super) fn draft(&self, key: &Key, value: &bytes::Bytes) -> Result<Object> {
        Object::draft(key.clone(), value.clone(), &self.selectable).map_err(|error| Error::Corrupt {
            key: key.clone(),
            revision: Revision::FIRST,
            why: error.to_string(),
        })
    }

    /// Waits until the past is there that a watch begins in, or will not come.
    pub(super) async fn remember(&self, asked: Revision) -> Result<()> {
        let there = |progress: &Progress| {
            progress.recalling.is_none_or(|(start, farthest)| start <= asked || asked < farthest)
        };
        if there(&self.progress()) {
            return Ok(());
        }
        let mut progress = self.progress.subscribe();
        match tokio::time::timeout(RECALL, progress.wait_for(there)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Loading { retry_after: self.retry_after() }),
        }
    }

    /// Takes over a part of the past that ends where the window begins; answers whether more is wanted.
    pub(super) fn recall(
        &self,
        end: Revision,
        start: Revision,
        changes: Vec<Arc<Change>>,
        at: Instant,
    ) -> bool {
        let mut log = self.log();
        // What the window has given up meanwhile leaves a gap.
        let more = log.window().start() == end && log.recall(start, changes, at);
        let start = log.window().start();
        drop(log);
        self.progress.send_modify(|progress| {
            progress.recalling = progress.recalling.map(|(_, farthest)| (start, farthest));
        });
        more
    }

    /// The past is as far back as it will be.
    pub(super) fn recalled(&self) {
        self.progress.send_modify(|progress| progress.recalling = None);
    }

    /// Takes over events that follow each other, after which nothing at or below `through` is missing.
    pub(super) fn apply(&self, events: &[Arc<Event>], through: Revision) {
        let known = self.progress().applied;
        let later = events.iter().filter(|event| event.revision > known);
        let read: Vec<_> = later.map(|event| (event, self.written(event))).collect();
        let (mut wake, now) = (Vec::new(), Instant::now());
        let mut contents = self.contents_mut();
        let mut log = self.log();
        for (event, written) in read {
            let (old, new) = match written {
                Some(Ok(object)) => (contents.put(Arc::clone(&object)), Some(object)),
                None => (contents.remove(&event.key), None),
                Some(Err(error)) => {
                    tracing::error!(%error, "a record cannot be read; watches end");
                    contents.spoil(event.key.clone(), error.clone());
                    log.lose(event.revision, error, &mut wake);
                    continue;
                }
            };
            if old.is_some() || new.is_some() {
                log.push(Arc::new(Change::new(event.revision, old, new)), now, &mut wake);
            }
        }
        contents.at = contents.at.max(through);
        log.reach(through, &mut wake);
        drop((log, contents));
        self.progress.send_modify(|progress| progress.applied = progress.applied.max(through));
        wake.into_iter().for_each(Waker::wake);
    }

    /// Begins anew with what was loaded.
    pub(super) fn replace(&self, loaded: Contents, window: Window) {
        let mut wake = Vec::new();
        let (at, start) = (loaded.at, window.start());
        let mut contents = self.contents_mut();
        let mut log = self.log();
        let old = std::mem::replace(&mut *contents, loaded);
        log.restart(window, at, &mut wake);
        drop((log, contents));
        drop(old);
        // What was written meanwhile is in what was loaded.
        self.own.clear();
        let recalling = Some((start, farthest(start)));
        self.progress.send_replace(Progress { loading: None, applied: at, recalling });
        wake.into_iter().for_each(Waker::wake);
    }

    /// What there is can be trusted no longer: watches end now, however long it takes to load it anew.
    pub(super) fn unload(&self) {
        self.progress.send_modify(|progress| {
            progress.loading = progress.loading.or(Some(Instant::now()));
            progress.recalling = None;
        });
        let mut wake = Vec::new();
        self.log().cut(None, &mut wake);
        wake.into_iter().for_each(Waker::wake);
    }

    /// Begins a watch behind a revision, or behind what is known; none of what can be trusted no longer.
    pub(super) fn open(&self, sight: Sight, after: Option<Revision>, progress: bool) -> Result<Cursor> {
        let mut log = self.log();
        // Looked at under the lock, so that it is told of every end after this.
        if self.progress().loading.is_some() {
            return Err(Error::Loading { retry_after: self.retry_after() });
        }
        log.open(sight, after, progress)
    }

    /// The object that an event put there: of an own write if it is one.
    fn written(&self, event: &Event) -> Option<Result<Arc<Object>>> {
        let value = event.value.as_ref()?;
        if let Some(write) = self.own.adopt(&event.key, value) {
            return Some(Ok(write.at(event.revision)));
        }
        let stored =
            Stored { key: event.key.clone(), revision: event.revision, value: value.clone(), stale: false };
        Some(self.parse(&stored))
    }

    /// As in Go: the longer it has lasted, the later it makes sense to ask again; between 1 and 30 s.
    fn retry_after(&self) -> Duration {
        let lasted = self.progress().loading.map(|since| since.elapsed()).unwrap_or_default();
        Duration::from_secs_f64((0.06 * lasted.as_secs_f64()).exp().clamp(1.0, 30.0).trunc())
    }
}

/// What cannot be read, by its key.
pub(super) type Corrupt = BTreeMap<Key, Error>;

/// A panic of another holder leaves what is still whole: every change under these locks is one step.
pub(super) fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
