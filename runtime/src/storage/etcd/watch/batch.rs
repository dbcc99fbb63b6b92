//! etcd's events as ours.

use std::sync::Arc;

use super::assembly::at;
use crate::storage::etcd::base::Base;
use crate::storage::etcd::core::{Core, record};
use crate::storage::etcd::layout;
use crate::storage::etcd::proto;
use crate::storage::{Error, Event, Result};

const DELETE: i32 = 1;

/// The events of keys that are ours; `previous` is whether each must tell what was there before.
pub(super) fn events(
    core: &Core,
    base: &Base,
    events: &[proto::Event],
    previous: bool,
) -> Result<Vec<Arc<Event>>> {
    let mut ours = Vec::with_capacity(events.len());
    for event in events {
        if let Some(event) = one(core, base, event, previous)? {
            ours.push(Arc::new(event));
        }
    }
    Ok(ours)
}

fn one(core: &Core, base: &Base, event: &proto::Event, previous: bool) -> Result<Option<Event>> {
    let Some(kv) = &event.kv else { return Ok(None) };
    let Some(key) = core.key(&kv.key) else { return Ok(None) };
    let revision = base.serve(kv.mod_revision);
    let before = match &event.prev_kv {
        Some(before) => Some(record(base, before, key.clone())),
        // Its history was compacted under the watch.
        None if previous && !creation(event) => {
            return Err(Error::Compacted { asked: base.serve(at(event) - 1), oldest: revision });
        }
        None => None,
    };
    let value = match event.kind {
        DELETE => None,
        // One that cannot be read must not hide the others: whoever needs it finds out.
        _ => Some(layout::value(kv).0),
    };
    Ok(Some(Event { key, revision, value, previous: before }))
}

fn creation(event: &proto::Event) -> bool {
    event.kind != DELETE && event.kv.as_ref().is_some_and(|kv| kv.create_revision == kv.mod_revision)
}
