//! kill -9 of a process that writes to the embedded store: what it was told to be written is there afterwards.
//!
//! The test runs its own executable as the writer, which says on its output what was acknowledged, and kills it in the
//! midst. (This shows that nothing is half-written and no revision is used twice. It cannot show that syncs reach the
//! disk: the page cache outlives a killed process.)
#![cfg(all(unix, feature = "embedded"))]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use aggboot::storage::embedded::Embedded;
use aggboot::storage::{
    At, Error, Event, Expect, Key, Prefix, Query, Revision, Start, Storage, Stored, Write,
};

const TEST: &str = "soak_what_was_acknowledged_survives_kill_nine";
/// Set for the writer: the directory of its store.
const WRITER: &str = "AGGBOOT_TEST_KILLED_WRITER";
/// A tenth of them unless `AGGBOOT_SOAK=full`.
const ROUNDS: usize = 100;
const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_what_was_acknowledged_survives_kill_nine() {
    if let Some(dir) = std::env::var_os(WRITER) {
        return write_until_killed(Path::new(&dir)).await;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Embedded::open(dir.path()).expect("it opens");
    let start = store.barrier().await.expect("a revision");
    drop(store);
    let mut acknowledged = BTreeMap::new();
    let full = std::env::var("AGGBOOT_SOAK").is_ok_and(|soak| soak == "full");
    for round in 0..if full { ROUNDS } else { ROUNDS / 10 } {
        // Somewhere in a stretch of writes, at another place each time.
        let lines = 50 + round * 7919 % 211;
        let told = killed_after(dir.path(), lines);
        assert!(told.len() >= lines, "the writer stopped by itself after {} writes", told.len());
        let first = told.keys().next().copied();
        let before = acknowledged.keys().next_back().copied();
        assert!(before < first, "round {round} used revisions up to {before:?} again: {first:?}");
        acknowledged.extend(told);
        check(dir.path(), start, &acknowledged).await;
    }
}

/// The acknowledged writes: revision → key and value, where none is a deletion.
type Told = BTreeMap<Revision, (String, Option<String>)>;

/// Runs the writer, and kills it when it has told of so many writes.
fn killed_after(dir: &Path, lines: usize) -> Told {
    let mut writer = Command::new(std::env::current_exe().expect("this executable"))
        .args(["--exact", TEST, "--nocapture"])
        .env(WRITER, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut output = BufReader::new(writer.stdout.take().expect("piped"));
    let mut told = Told::new();
    let mut line = String::new();
    while output.read_line(&mut line).is_ok_and(|length| length > 0) {
        // The last line may be cut: it is no acknowledgement then.
        if let Some((revision, write)) = line.strip_suffix('\n').and_then(parse) {
            told.insert(revision, write);
        }
        if told.len() == lines {
            writer.kill().expect("killed");
        }
        line.clear();
    }
    writer.wait().expect("ended");
    told
}

fn parse(line: &str) -> Option<(Revision, (String, Option<String>))> {
    let mut words = line.strip_prefix("acknowledged ")?.split(' ');
    let revision = Revision::new(words.next()?.parse().ok()?)?;
    let key = words.next()?.to_owned();
    let value = words.next()?;
    Some((revision, (key, (value != "-").then(|| value.to_owned()))))
}

async fn check(dir: &Path, start: Revision, acknowledged: &Told) {
    let store = Embedded::open(dir).expect("it opens after a kill");
    let list = store.list(Query::all(Prefix::new("g/r/"))).await.expect("listed");
    let last = acknowledged.keys().next_back().copied().expect("some");
    assert!(list.at >= last, "the store is at {} and {last} was acknowledged", list.at);

    let events = events(&store, start, list.at).await;
    let mut state: BTreeMap<Key, Stored> = BTreeMap::new();
    let mut found = 0;
    for event in &events {
        let value = event.value.as_ref().map(|value| String::from_utf8(value.to_vec()).expect("text"));
        if let Some(value) = &value {
            assert_whole(event, value);
        }
        if let Some((key, told)) = acknowledged.get(&event.revision) {
            assert_eq!((event.key.as_str(), &value), (key.as_str(), told), "at {}", event.revision);
            found += 1;
        }
        let (key, revision) = (event.key.clone(), event.revision);
        let before = match event.value.clone() {
            Some(value) => state.insert(key.clone(), Stored { key, revision, value, stale: false }),
            None => state.remove(&key),
        };
        assert_eq!(before, event.previous, "what {} replaced", event.revision);
    }
    assert_eq!(found, acknowledged.len(), "acknowledged writes that are in the history");
    assert!(state.into_values().eq(list.value.items), "the history does not lead to the list");
    resumes(&store, acknowledged, &events).await;
    let too_old = Revision::new(start.get() - 1).expect("not 0");
    let refused = store.watch(&Prefix::new("g/r/"), Start::After(too_old), true).await;
    assert!(matches!(refused, Err(Error::Compacted { .. })), "{refused:?}");
}

/// A watch that held any acknowledged revision goes on behind it.
async fn resumes(store: &Embedded, acknowledged: &Told, all: &[Arc<Event>]) {
    let through = all.last().expect("some").revision;
    for after in acknowledged.keys().step_by(acknowledged.len().div_ceil(5)) {
        let expected = all.iter().filter(|event| event.revision > *after);
        assert!(events(store, *after, through).await.iter().eq(expected), "the events after {after}");
    }
}

async fn events(store: &Embedded, after: Revision, through: Revision) -> Vec<Arc<Event>> {
    let mut watch = store.watch(&Prefix::new("g/r/"), Start::After(after), true).await.expect("open");
    let batch = watch.next().await.expect("a first batch").expect("no error");
    assert_eq!(batch.through, through);
    batch.events
}

/// A value names its key and its number, at both ends.
fn value(key: &str, number: usize) -> String {
    format!("{key}:{number}:{}:{number}:{key}", "x".repeat(number % 3000))
}

fn assert_whole(event: &Event, text: &str) {
    let number = text.split(':').nth(1).and_then(|number| number.parse().ok()).expect("a number");
    assert_eq!(text, value(event.key.as_str(), number), "at {}", event.revision);
}

async fn write_until_killed(dir: &Path) {
    let store = Arc::new(Embedded::open(dir).expect("it opens"));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write_on(Arc::clone(&store), writer))).collect();
    for writer in writers {
        writer.await.expect("it writes until it is killed");
    }
}

/// Creates, replaces and deletes a few keys of its own, and tells of each acknowledgement.
async fn write_on(store: Arc<Embedded>, writer: usize) {
    for number in 0..10_000 {
        let key = Key::new(format!("g/r/{writer}/{}", number % 4));
        let current = store.get(&key, At::Latest).await.expect("read").value.map(|stored| stored.revision);
        let next = (number % 7 != 6 || current.is_none()).then(|| value(key.as_str(), number));
        let expect = current.map_or(Expect::Absent, Expect::Is);
        let write = Write { key: key.clone(), expect, value: next.clone().map(Into::into) };
        let revision = store.write(vec![write]).await.remove(0).expect("nobody else writes to the key");
        let line = format!("acknowledged {revision} {key} {}\n", next.as_deref().unwrap_or("-"));
        // Not println: the test harness would keep it. Once the reader is gone there is nobody to write for.
        if std::io::stdout().lock().write_all(line.as_bytes()).is_err() {
            std::process::exit(1);
        }
    }
}
