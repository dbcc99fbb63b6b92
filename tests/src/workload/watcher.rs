//! One watcher: a list, then a watch that is begun again behind the last event wherever it breaks.

use super::writer::Report;
use super::{Door, Object, Objects, WIDGETS, assert_is_passing_error, object};
use http::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(50);

/// What a watcher was told.
pub(super) struct View(Mutex<Seen>);

struct Seen {
    objects: Objects,
    from: u64,
    revision: u64,
    /// Every event: its name, and what was there then, or that it was deleted.
    log: BTreeMap<u64, (String, Option<String>)>,
}

impl View {
    pub(super) fn of(objects: Objects, revision: u64) -> Self {
        Self(Mutex::new(Seen { objects, from: revision, revision, log: BTreeMap::new() }))
    }

    pub(super) fn objects(&self) -> Objects {
        self.seen().objects.clone()
    }

    /// Every acknowledged write is an event, at its revision; every event of this writer is a write that it made.
    pub(super) fn judge(&self, report: &Report) {
        let seen = self.seen();
        let mut written = BTreeMap::new();
        for (name, Object { revision, image }) in &report.acknowledged {
            assert!(*revision > seen.from);
            let event = seen.log.get(revision);
            assert_eq!(event, Some(&(name.clone(), Some(image.clone()))), "the event of {revision} ({name})");
            written.insert(image, revision);
        }
        for (revision, (name, image)) in &seen.log {
            let Some(image) = image.as_ref().filter(|_| name.starts_with(&report.prefix)) else { continue };
            assert!(!report.refused.contains(image), "{name} was refused and came at {revision}");
            match written.get(image) {
                Some(acknowledged) => assert_eq!(*acknowledged, revision, "{name} was written twice"),
                None => {
                    assert!(report.unknown.contains(image), "nobody wrote {name} at {revision}");
                    written.insert(image, revision);
                }
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: &Value) {
        let mut seen = self.seen();
        let (name, object) = object(&event["object"]);
        assert!(object.revision > seen.revision, "{} after {}", object.revision, seen.revision);
        seen.revision = object.revision;
        let deleted = event["type"] == "DELETED";
        let image = (!deleted).then(|| object.image.clone());
        seen.log.insert(object.revision, (name.clone(), image));
        let follows = match event["type"].as_str() {
            Some("DELETED") => seen.objects.remove(&name).is_some(),
            Some("ADDED") => seen.objects.insert(name.clone(), object).is_none(),
            Some("MODIFIED") => seen.objects.insert(name.clone(), object).is_some(),
            _ => panic!("an event of no type: {event:#}"),
        };
        assert!(follows, "{} of {name} does not follow from what was seen", event["type"]);
    }
}

/// Watches until it is ended.
pub(super) async fn watch(door: Door, view: std::sync::Arc<View>) {
    loop {
        let revision = view.seen().revision;
        follow(&door, &view, revision).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Follows one watch until it breaks.
async fn follow(door: &Door, view: &View, revision: u64) {
    let path = format!("{WIDGETS}?watch=true&resourceVersion={revision}");
    let Ok(mut lines) = door.call(Method::GET, &path).try_stream().await else { return };
    if lines.status != StatusCode::OK {
        // A whole answer, for its body.
        if let Ok(answer) = door.call(Method::GET, &path).try_send().await
            && answer.status != StatusCode::OK
        {
            assert_is_passing_error(&answer);
        }
        return;
    }
    while let Ok(Some(line)) = lines.try_next().await {
        // The last line may be cut.
        let Ok(event) = serde_json::from_slice::<Value>(&line) else { return };
        if event["type"] == "ERROR" {
            let code = event["object"]["code"].as_u64();
            assert!(matches!(code, Some(429 | 503 | 504)), "nothing was compacted: {event:#}");
            return;
        }
        view.take(&event);
    }
}
