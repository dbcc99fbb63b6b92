//! What verbs use of a store: objects instead of bytes, changes instead of events.
//!
//! A view belongs to one resource, since reading a record needs the kind's selectable fields. The plain
//! view here asks the store each time and only remembers what it has read; the [cache](super::cache) is another.

mod change;
mod kept;
mod memo;
mod run;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

pub use change::{Change, ChangeKind, Changes, Step, Told};
pub use kept::{Filling, Holed, Kept, Made, OnSecond};
pub use run::{Objects, Run, Slice, Slices};

use self::change::Recent;
use self::memo::Memo;
use super::{
    At, BoxFuture, Error, Key, Prefix, Query, Read, Result, Revision, Start, Storage, Stored, Write, only,
};
use crate::kind::FieldPath;
use crate::object::Object;

/// How long a read waits for a revision that is not reached yet.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// The objects of one resource.
pub trait View: Send + Sync + Debug + 'static {
    /// One object. Waits up to three seconds for a revision of the future.
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Arc<Object>>>>>;

    /// A page of objects. Waits up to three seconds for a revision of the future.
    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<List>>>;

    /// Whether a whole list of that state costs no more than a page of it.
    fn is_in_memory(&self, _at: At) -> bool {
        false
    }

    /// The changes in a scope, as [`Storage::watch`] tells them.
    fn watch<'a>(&'a self, scope: &'a Scope, from: Start) -> BoxFuture<'a, Result<Changes>>;

    /// Writes, as [`Storage::write`] does, and answers the object that is there now; nothing after a deletion.
    fn write(&self, write: Write) -> BoxFuture<'_, Result<Option<Arc<Object>>>>;

    /// An object as the view has it at hand, without asking anybody: it may be old, or gone. For a write to begin with,
    /// which the store refuses if it is.
    fn at_hand(&self, _key: &Key) -> Option<Arc<Object>> {
        None
    }

    /// One object as it is in the store now, however far behind the view is.
    fn live<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Read<Option<Arc<Object>>>>> {
        self.get(key, At::Latest)
    }

    /// The object of a record: one just written, or one that came with a conflict.
    fn object(&self, stored: &Stored) -> Result<Arc<Object>>;

    /// Waits until there is something to read, where that takes a while.
    fn loaded(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// All objects in a scope.
    fn objects<'a>(&'a self, scope: &'a Scope, at: At) -> BoxFuture<'a, Result<Read<Slices>>> {
        Box::pin(async move {
            match scope {
                Scope::Of(key) => {
                    let read = self.get(key, at).await?;
                    Ok(Read { at: read.at, value: read.value.into_iter().collect() })
                }
                Scope::Under(prefix) => {
                    let read = self.list(Query { at, ..Query::all(prefix.clone()) }).await?;
                    Ok(Read { at: read.at, value: read.value.items })
                }
            }
        })
    }
}

/// What a watch is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The objects under a prefix.
    Under(Prefix),
    /// One object.
    Of(Key),
}

/// A part of a list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The objects, in the byte order of their keys.
    pub items: Slices,
    /// Whether items follow.
    pub more: bool,
    /// How many follow, when that was asked.
    pub remaining: Option<u64>,
}

/// A view without a cache: every read asks the store, but a record is parsed once.
#[derive(Debug)]
pub struct Plain {
    storage: Arc<dyn Storage>,
    known: Arc<Known>,
}

/// What was read before.
#[derive(Debug)]
struct Known {
    selectable: Vec<FieldPath>,
    objects: Memo,
    changes: Recent,
}

impl Plain {
    /// The view of a resource with these selectable fields.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, selectable: Vec<FieldPath>) -> Self {
        let known = Known { selectable, objects: Memo::default(), changes: Recent::default() };
        Plain { storage, known: Arc::new(known) }
    }

    /// Waits until the store has reached a revision; answers the error if it does not in time.
    async fn reach(&self, asked: Revision, error: Error) -> Result<()> {
        let reached = async {
            let everything = Prefix::everything();
            let mut events = self.storage.watch(&everything, Start::Now, false).await?;
            while let Some(batch) = events.next().await {
                if batch?.through >= asked {
                    return Ok(());
                }
            }
            Err(error.clone())
        };
        tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| Err(error.clone()))
    }
}

impl View for Plain {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Arc<Object>>>>> {
        Box::pin(async move {
            let read = match (self.storage.get(key, at).await, at) {
                (Err(error @ Error::Future { asked, .. }), At::NotBefore(_) | At::Exactly(_)) => {
                    self.reach(asked, error).await?;
                    self.storage.get(key, at).await
                }
                (read, _) => read,
            }?;
            let value = read.value.map(|stored| self.known.object(&stored)).transpose()?;
            Ok(Read { at: read.at, value })
        })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<List>>> {
        Box::pin(async move {
            let read = match (self.storage.list(query.clone()).await, query.at) {
                (Err(error @ Error::Future { asked, .. }), At::NotBefore(_) | At::Exactly(_)) => {
                    self.reach(asked, error).await?;
                    self.storage.list(query).await
                }
                (read, _) => read,
            }?;
            let page = read.value;
            let items = page.items.iter().map(|stored| self.known.object(stored)).collect::<Result<_>>()?;
            Ok(Read { at: read.at, value: List { items, more: page.more, remaining: page.remaining } })
        })
    }

    fn watch<'a>(&'a self, scope: &'a Scope, from: Start) -> BoxFuture<'a, Result<Changes>> {
        Box::pin(async move {
            let (prefix, only) = match scope {
                Scope::Under(prefix) => (prefix.clone(), None),
                Scope::Of(key) => (key.parent(), Some(key.clone())),
            };
            let events = self.storage.watch(&prefix, from, true).await?;
            Ok(Changes::of(events, Arc::clone(&self.known), only))
        })
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Option<Arc<Object>>>> {
        Box::pin(async move {
            let (key, value) = (write.key.clone(), write.value.clone());
            let revision = only(self.storage.write(vec![write]).await)?;
            let stored = value.map(|value| Stored { key, revision, value, stale: false });
            stored.map(|stored| self.known.object(&stored)).transpose()
        })
    }

    fn object(&self, stored: &Stored) -> Result<Arc<Object>> {
        self.known.object(stored)
    }
}

impl Known {
    fn object(&self, stored: &Stored) -> Result<Arc<Object>> {
        if let Some(object) = self.objects.get(&stored.key, stored.revision) {
            return Ok(object);
        }
        let object =
            Object::read(stored, &self.selectable).map_err(|error| Error::corrupt(stored, &error))?;
        let object = Arc::new(object);
        self.objects.put(&object);
        Ok(object)
    }
}
