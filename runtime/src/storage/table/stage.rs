//! Preconditions: writes become events, against the state and the writes before them in the same commit.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::{Error, Event, Expect, Key, Result, Revision, Stored, Write};
use super::{MAX_VALUE, State};

/// A commit in the making. Nothing of it is visible before it is applied.
#[derive(Default)]
pub(in crate::storage) struct Stage {
    events: Vec<Arc<Event>>,
    changed: HashMap<Key, Option<Stored>>,
}

impl Stage {
    /// What the write does, or why it must not.
    pub(in crate::storage) fn write(&mut self, state: &State, write: Write) -> Result<Revision> {
        let size = write.value.as_ref().map_or(0, bytes::Bytes::len);
        if size > MAX_VALUE {
            return Err(Error::TooLarge { size, limit: MAX_VALUE });
        }
        let current = match self.changed.get(&write.key) {
            Some(changed) => changed.clone(),
            None => state.current(write.key.as_str()),
        };
        let holds = match (write.expect, &current) {
            (Expect::Absent, None) => write.value.is_some(),
            (Expect::Is(revision), Some(current)) => current.revision == revision,
            _ => false,
        };
        if !holds {
            return Err(Error::Conflict { key: write.key, current: current.map(Box::new) });
        }
        Ok(self.push(state, write, current))
    }

    pub(in crate::storage) fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    fn push(&mut self, state: &State, write: Write, previous: Option<Stored>) -> Revision {
        let revision = self.events.last().map_or(state.revision(), |event| event.revision).next();
        let Write { key, value, .. } = write;
        let now = value.clone().map(|value| Stored { key: key.clone(), revision, value, stale: false });
        self.changed.insert(key.clone(), now);
        self.events.push(Arc::new(Event { key, revision, value, previous }));
        revision
    }
}
