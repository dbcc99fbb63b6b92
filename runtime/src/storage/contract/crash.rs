//! What survives a power cut or `kill -9`: cases for subjects that say how they are crashed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::{At, Error, Event, Events, Revision, Start, Write};
use super::Subject;
use super::steps::{Store, caught_up, check_batch, key, now, put, read, remove, text, until, watch};

/// How many writes are acknowledged before the power is cut.
const ENOUGH: usize = 60;

/// What one writer knows of its key.
struct Written {
    key: String,
    /// Acknowledged, by revision. The value is the number of the round.
    acknowledged: Vec<(Revision, String)>,
    /// Whose outcome is not known.
    unknown: Option<String>,
}

/// Writes one key again and again until the store is gone.
async fn write_until_it_ends(store: Store, key_name: String, count: Arc<AtomicUsize>) -> Written {
    let mut written = Written { key: key_name, acknowledged: Vec::new(), unknown: None };
    for round in 0.. {
        let value = round.to_string();
        let key = key(&written.key);
        let write = match written.acknowledged.last() {
            None => Write::create(key, value.clone().into()),
            Some((revision, _)) => Write::replace(key, *revision, value.clone().into()),
        };
        match store.write(vec![write]).await.remove(0) {
            Ok(revision) => written.acknowledged.push((revision, value)),
            Err(Error::Unknown { .. }) => {
                written.unknown = Some(value);
                return written;
            }
            Err(Error::Unavailable { .. } | Error::ReadOnly { .. }) => return written,
            Err(why) => panic!("{} in round {round}: {why}", written.key),
        }
        count.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    written
}

/// All that a watch tells until it ends, and how far it came.
async fn read_until_it_ends(mut events: Events, from: Revision) -> (Vec<Arc<Event>>, Revision) {
    let (mut seen, mut through) = (Vec::new(), from);
    loop {
        match events.next().await.expect("a watch ends with an error") {
            Ok(batch) => {
                check_batch(&batch, Some(through));
                through = batch.through;
                seen.extend(batch.events);
            }
            Err(Error::Unavailable { .. } | Error::Unknown { .. }) => break,
            Err(why) => panic!("the watch ended: {why}"),
        }
    }
    assert!(events.next().await.is_none(), "something follows the error");
    (seen, through)
}

/// Some writers and a watch, and a crash in their midst.
async fn crash_amid_writes(subject: &Subject) -> (Vec<Written>, Vec<Arc<Event>>, Revision, Revision) {
    let store = subject.open().await;
    let start = now(&store).await;
    let watching = tokio::spawn(read_until_it_ends(watch(&store, "g/r/", Start::After(start)).await, start));
    let count = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            tokio::spawn(write_until_it_ends(store.clone(), format!("g/r/{writer}"), Arc::clone(&count)))
        })
        .collect();
    while count.load(Ordering::SeqCst) < ENOUGH && !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::task::yield_now().await;
    }
    subject.crash().await;
    let mut written = Vec::new();
    for writer in writers {
        written.push(writer.await.expect("it ended with the store"));
    }
    drop(store);
    let (seen, through) = watching.await.expect("it ended with the store");
    (written, seen, through, start)
}

pub(super) async fn nothing_acknowledged_is_lost(subject: Subject) {
    if !subject.crashes() {
        return;
    }
    let (written, _, _, start) = crash_amid_writes(&subject).await;
    let store = subject.open().await;
    if !store.facts().durable {
        return;
    }
    let mut events = watch(&store, "g/r/", Start::After(start)).await;
    let log = caught_up(&store, &mut events).await;
    for writer in &written {
        let mut expected = writer.acknowledged.clone();
        let there = read(&store, &writer.key, At::Latest).await.value;
        if let (Some(unknown), Some(there)) = (&writer.unknown, &there)
            && text(&there.value) == *unknown
        {
            expected.push((there.revision, unknown.clone()));
        }
        let there = there.map(|stored| (stored.revision, text(&stored.value)));
        assert_eq!(there.as_ref(), expected.last(), "{} after the crash", writer.key);
        let of_key = log.iter().filter(|event| event.key.as_str() == writer.key);
        let logged = of_key.map(|event| (event.revision, text(event.value.as_deref().unwrap_or(b"deleted"))));
        assert_eq!(logged.collect::<Vec<_>>(), expected, "the history of {} after the crash", writer.key);
    }
}

pub(super) async fn what_a_watch_saw_has_happened(subject: Subject) {
    if !subject.crashes() {
        return;
    }
    let (_, mut seen, through, start) = crash_amid_writes(&subject).await;
    let store = subject.open().await;
    if !store.facts().durable {
        return;
    }
    let last = put(&store, "g/r/after", "1").await;
    assert!(last > through, "{last} was passed by a watch before the crash, at {through}");
    let mut log = watch(&store, "g/r/", Start::After(start)).await;
    let log = until(&mut log, last).await;
    assert_eq!(seen, log[..seen.len()], "what was told before the crash has not happened after it");
    let mut rest = watch(&store, "g/r/", Start::After(through)).await;
    seen.extend(until(&mut rest, last).await);
    assert_eq!(seen, log, "a watch that goes on behind the crash");
}

pub(super) async fn no_revision_is_used_twice(subject: Subject) {
    if !subject.crashes() {
        return;
    }
    let mut used: BTreeMap<Revision, String> = BTreeMap::new();
    let mut highest = None;
    for round in 0..6 {
        let store = subject.open().await;
        let opened = now(&store).await;
        // A store that is not durable begins anew, ahead of its former life by the clock alone.
        assert!(!store.facts().durable || highest <= Some(opened), "opened at {opened} after {highest:?}");
        for part in 0..5 {
            let name = format!("g/r/{round}-{part}");
            let mut revisions = vec![put(&store, &name, "1").await];
            // The newest that lives is not the newest there was.
            if round % 2 == 0 || part < 4 {
                revisions.push(remove(&store, &name).await);
            }
            for revision in revisions {
                let twice = used.insert(revision, name.clone());
                assert_eq!(twice, None, "{revision} is used for {name} too");
                assert!(highest < Some(revision), "{revision} after {highest:?}");
                highest = Some(revision);
            }
        }
        if round == 3 {
            store.compact(now(&store).await).await.expect("compacted");
        }
        subject.crash().await;
    }
}
