//! What only this backend promises: files that are refused, disks that fail, space that is given back.

mod copies;
mod crashing;
mod disk;
mod faults;
mod model;
mod power;

use redb::{Database, ReadableDatabase as _, ReadableTableMetadata as _, TableDefinition};

use self::disk::{Disk, Fault};
use super::super::contract::{self, Subject};
use super::medium::FILE;
use super::*;

/// A tenth of the rounds, unless `AGGBOOT_SOAK=full`.
fn rounds(full: u64) -> u64 {
    if std::env::var("AGGBOOT_SOAK").is_ok_and(|soak| soak == "full") { full } else { full / 10 }
}

/// `AGGBOOT_SEED`, to see a failure again, or another one each time.
fn seed() -> u64 {
    let given = std::env::var("AGGBOOT_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| Revision::wall_clock().get())
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_keeps_the_contract() {
    contract::run(|| {
        let dir = temporary();
        Subject::new(move || {
            let store = Embedded::open(dir.path()).expect("it opens");
            async { Arc::new(store) as Arc<dyn Storage> }
        })
    })
    .await;
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, others) = (temporary(), temporary());
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    let made = dir.path().join("new/data");
    drop(Embedded::open(&made).expect("it opens"));
    assert_eq!((mode(&dir.path().join("new")), mode(&made), mode(&made.join(FILE))), (0o700, 0o700, 0o600));
    // A directory that is there is somebody's decision; the file in it is ours.
    std::fs::set_permissions(others.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
    drop(Embedded::open(others.path()).expect("it opens"));
    assert_eq!((mode(others.path()), mode(&others.path().join(FILE))), (0o755, 0o600));
}

#[test]
fn a_second_opening_is_refused() {
    let dir = temporary();
    let store = Embedded::open(dir.path()).expect("it opens");
    let refused = Embedded::open(dir.path()).expect_err("it is in use").to_string();
    assert!(refused.contains("storage.redb is in use by another process: stop that one"), "{refused}");
    drop(store);
    Embedded::open(dir.path()).expect("it is free again");
}

#[test]
fn a_file_that_is_something_else_is_refused() {
    let dir = temporary();
    std::fs::write(dir.path().join(FILE), "not a database, but long enough to be looked at".repeat(500))
        .expect("written");
    let refused = Embedded::open(dir.path()).expect_err("it is text").to_string();
    assert!(refused.contains("is damaged") && refused.contains("Put a backup in its place"), "{refused}");
}

#[test]
fn an_empty_file_is_not_taken_for_a_new_store() {
    let dir = temporary();
    std::fs::write(dir.path().join(FILE), "").expect("written");
    let refused = Embedded::open(dir.path()).expect_err("a copy that failed").to_string();
    assert!(refused.contains("is damaged: it is empty"), "{refused}");
    assert_eq!(std::fs::metadata(dir.path().join(FILE)).expect("still there").len(), 0);
}

#[test]
fn tables_of_another_program_are_refused() {
    let dir = temporary();
    let other: TableDefinition<u64, u64> = TableDefinition::new("accounts");
    let database = Database::create(dir.path().join(FILE)).expect("made");
    let transaction = database.begin_write().expect("begun");
    transaction.open_table(other).expect("opened");
    transaction.commit().expect("committed");
    drop(database);
    let refused = Embedded::open(dir.path()).expect_err("it is foreign").to_string();
    assert!(refused.contains("belongs to another program (its tables are accounts)"), "{refused}");
}

/// Changes the file behind the store's back.
fn tamper(dir: &tempfile::TempDir, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::open(dir.path().join(FILE)).expect("opened");
    let transaction = database.begin_write().expect("begun");
    change(&transaction);
    transaction.commit().expect("committed");
}

#[tokio::test]
async fn a_newer_format_and_contradictions_are_refused() {
    let newer = |transaction: &redb::WriteTransaction| {
        let mut meta = transaction.open_table(layout::META).expect("opened");
        meta.insert(layout::FORMAT, 2).expect("inserted");
    };
    let lost = |transaction: &redb::WriteTransaction| {
        transaction.open_table(layout::LOG).expect("opened").pop_last().expect("popped");
    };
    let resurrected = |transaction: &redb::WriteTransaction| {
        transaction.open_table(layout::LIVE).expect("opened").insert("g/r/z", 7).expect("inserted");
    };
    type Change<'a> = &'a dyn Fn(&redb::WriteTransaction);
    let cases: [(&str, Change<'_>); 3] = [
        ("is of storage format 2", &newer),
        ("as the index says", &lost),
        ("g/r/z is not at revision 7", &resurrected),
    ];
    for (expected, change) in cases {
        let dir = temporary();
        let store = Embedded::open(dir.path()).expect("it opens");
        for name in ["g/r/a", "g/r/b"] {
            store.create(Key::new(name), "1".into()).await.expect("written");
        }
        drop(store);
        tamper(&dir, change);
        match Embedded::open(dir.path()) {
            Err(Error::Incompatible(why)) => assert!(why.contains(expected), "{why}"),
            other => panic!("not {expected:?} but {other:?}"),
        }
    }
}

#[tokio::test]
async fn compacted_rows_leave_the_file() {
    let dir = temporary();
    let retention = Retention { bytes: 0, ..Retention::default() };
    let settings = Settings { retention, ..Settings::default() };
    let store = Embedded::open_with(dir.path(), settings).expect("it opens");
    let key = Key::new("g/r/a");
    let mut revision = store.create(key.clone(), "0".into()).await.expect("written");
    for round in 1..1000 {
        revision = store.replace(key.clone(), revision, round.to_string().into()).await.expect("written");
    }
    drop(store);
    let database = Database::open(dir.path().join(FILE)).expect("opened");
    let rows = database
        .begin_read()
        .expect("begun")
        .open_table(layout::LOG)
        .expect("opened")
        .len()
        .expect("counted");
    assert!(rows < 10, "{rows} rows for one object");
    drop(database);
    let store = Embedded::open(dir.path()).expect("it opens");
    let read = store.get(&key, At::Latest).await.expect("read");
    assert_eq!(read.value.map(|stored| stored.revision), Some(revision));
}

#[tokio::test]
async fn garbage_is_found_again_after_opening() {
    let dir = temporary();
    let store = Embedded::open(dir.path()).expect("it opens");
    let creates =
        (0..400).map(|number| Write::create(Key::new(format!("g/r/{number}")), "1".into())).collect();
    let created = store.write(creates).await.into_iter().map(|outcome| outcome.expect("written"));
    let delete = |(number, revision)| Write::delete(Key::new(format!("g/r/{number}")), revision);
    let deleted = store.write(created.enumerate().map(delete).collect()).await;
    let last = *deleted[399].as_ref().expect("written");
    assert_eq!(store.compact(last).await, Ok(last));
    drop(store);

    let database = Database::open(dir.path().join(FILE)).expect("opened");
    let medium = Directory::lock(dir.path()).expect("free");
    let loaded = load::load(&database, &medium, Retention::default()).expect("loaded");
    assert_eq!((loaded.garbage.len(), loaded.state.index().count()), (800, 0));
    assert_eq!(loaded.state.revision(), last);
}

/// A failing file is opened again after an hour, or after a moment.
const NEVER: Pace = Pace { first: Duration::from_secs(3600), most: Duration::from_secs(3600) };

#[tokio::test]
async fn a_failing_disk_stops_writes_and_not_reads() {
    let disk = Disk::new(1);
    let store = Embedded::on(Arc::new(disk.clone()), Settings::default(), NEVER).expect("it opens");
    let key = Key::new("g/r/a");
    let revision = store.create(key.clone(), "1".into()).await.expect("written");
    let mut events = store.watch(&Prefix::new("g/r"), Start::Now, false).await.expect("open");
    assert_eq!(*store.health().borrow(), Health::Ready);

    disk.fail_at(0, Fault::Sync);
    let writes =
        vec![Write::replace(key.clone(), revision, "2".into()), Write::create(key.clone(), "3".into())];
    let outcomes = store.write(writes).await;
    assert!(
        matches!(outcomes[..], [Err(Error::Unknown { .. }), Err(Error::Unavailable { .. })]),
        "{outcomes:?}"
    );
    assert!(
        matches!(&*store.health().borrow(), Health::Down(why) if why.contains("the disk does not take it"))
    );

    let refused = store.replace(key.clone(), revision, "4".into()).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(matches!(store.compact(revision).await, Err(Error::Unavailable { .. })));
    let read = store.get(&key, At::Latest).await.expect("reads go on");
    assert_eq!(read.value.map(|stored| stored.value), Some("1".into()));
    let batch = events.next().await.expect("open").expect("a batch");
    assert_eq!((batch.events.len(), batch.through), (0, revision));
}

/// Opening a large file takes long.
#[tokio::test]
async fn writes_are_refused_while_the_file_is_opened_again() {
    let disk = Disk::new(1);
    let store = Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    let key = |name: &str| Key::new(format!("g/r/{name}"));
    let first = store.create(key("a"), "1".into()).await.expect("written");
    disk.be_slow(true);
    disk.fail_at(0, Fault::Sync);
    let unknown = store.create(key("b"), "1".into()).await;
    assert!(matches!(unknown, Err(Error::Unknown { .. })), "{unknown:?}");
    while disk.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let hangs = Duration::from_secs(60);
    let refused = tokio::time::timeout(hangs, store.replace(key("a"), first, "2".into())).await;
    let compacted = tokio::time::timeout(hangs, store.compact(first)).await;
    assert_eq!(disk.waiting(), 1);
    disk.be_slow(false);
    assert!(matches!(refused, Ok(Err(Error::Unavailable { .. }))), "{refused:?}");
    assert!(matches!(compacted, Ok(Err(Error::Unavailable { .. }))), "{compacted:?}");
    store.health().wait_for(|health| *health == Health::Ready).await.expect("it is there");
    store.replace(key("a"), first, "2".into()).await.expect("written");
}

/// What is being opened is closed with the store.
#[tokio::test]
async fn a_store_that_is_closed_while_it_opens_leaves_nothing_open() {
    let disk = Disk::new(1);
    let store = Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    disk.be_slow(true);
    disk.fail_at(0, Fault::Sync);
    store.create(Key::new("g/r/a"), "1".into()).await.expect_err("the disk does not take it");
    while disk.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let closing = std::thread::spawn(move || drop(store));
    disk.be_slow(false);
    closing.join().expect("closed");
    assert_eq!((disk.waiting(), disk.users()), (0, 1), "nobody else has the disk");
}

#[tokio::test]
async fn a_write_of_unknown_outcome_that_is_there_is_told() {
    let disk = Disk::new(1);
    let store = Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    let (key, other) = (Key::new("g/r/a"), Key::new("g/r/b"));
    let first = store.create(key.clone(), "1".into()).await.expect("written");
    let mut events = store.watch(&Prefix::new("g/r"), Start::After(first), true).await.expect("open");
    assert_eq!(events.next().await.expect("open").expect("a batch").events, []);

    disk.fail_at(0, Fault::Late);
    let outcome = store.replace(key.clone(), first, "2".into()).await;
    assert!(matches!(outcome, Err(Error::Unknown { .. })), "{outcome:?}");
    let batch = events.next().await.expect("open").expect("a batch");
    let event = &batch.events[0];
    assert_eq!((event.value.as_deref(), event.revision), (Some(&b"2"[..]), first.next()));
    assert_eq!(event.previous.as_ref().map(|previous| previous.revision), Some(first));
    store.health().wait_for(|health| *health == Health::Ready).await.expect("it is there");
    let next = store.create(other, "1".into()).await.expect("written");
    assert!(next > event.revision, "{next}");
}

#[tokio::test]
async fn a_full_disk_takes_deletions() {
    let disk = Disk::new(1);
    let store = Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    disk.fail_at(0, Fault::Full);
    let value = bytes::Bytes::from(vec![b'x'; 256 << 10]);
    let mut written = Vec::new();
    let refused = loop {
        let key = Key::new(format!("g/r/{}", written.len()));
        match store.create(key.clone(), value.clone()).await {
            Ok(revision) => written.push((key, revision)),
            Err(why) => break why,
        }
    };
    assert!(
        matches!(&refused, Error::Unavailable { why, .. } if why.contains("the disk is full")),
        "{refused}"
    );
    assert!(written.len() > 10, "the ballast is for the writes under way: {}", written.len());
    assert!(matches!(&*store.health().borrow(), Health::ReadOnly(why) if why.contains("only deletions")));
    for (key, revision) in written {
        store.delete(key, revision).await.expect("deleted");
    }
    assert_eq!(store.list(Query::all(Prefix::new("g/r"))).await.expect("a list").value.items, []);

    disk.heal();
    store.health().wait_for(|health| *health == Health::Ready).await.expect("it is there");
    store.create(Key::new("g/r/again"), value).await.expect("written");
}

/// An object with finalizers is deleted by changes: one says that it goes, the others that it may.
#[tokio::test]
async fn a_full_disk_takes_changes_that_lead_to_deletions() {
    let disk = Disk::new(1);
    let store = Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    disk.fail_at(0, Fault::Full);
    let value = |bytes: usize| bytes::Bytes::from(vec![b'x'; bytes]);
    let mut written = Vec::new();
    loop {
        let key = Key::new(format!("g/r/{}", written.len()));
        let Ok(revision) = store.create(key.clone(), value(100_000)).await else { break };
        written.push((key, revision));
    }
    let refused = |outcome: Result<Revision>| match outcome {
        Err(Error::Unavailable { why, .. }) => assert!(why.contains("the disk is full"), "{why}"),
        other => panic!("{other:?}"),
    };
    let (key, revision) = written[0].clone();
    refused(store.replace(key.clone(), revision, value(100_600)).await);
    let going = store.replace(key.clone(), revision, value(100_500)).await.expect("it hardly grows");
    let free = store.replace(key.clone(), going, value(99_000)).await.expect("it shrinks");
    written[0].1 = free;
    let conflict = store.replace(key, going, value(10)).await;
    assert!(matches!(conflict, Err(Error::Conflict { .. })), "{conflict:?}");
    // Some is left for deletions, however often objects are changed.
    let mut changed = 0;
    while let Ok(revision) = store.replace(written[0].0.clone(), written[0].1, value(99_000)).await {
        written[0].1 = revision;
        changed += 1;
        assert!(changed < 1000, "it never ends");
    }
    assert!(matches!(&*store.health().borrow(), Health::ReadOnly(_)));
    for (key, revision) in written {
        store.delete(key, revision).await.expect("deleted");
    }
}

/// What is acknowledged finds space with what was acknowledged before it.
#[tokio::test]
async fn a_full_disk_is_no_outage_for_what_is_pending() {
    let durability = Durability::Relaxed(Duration::from_secs(3600));
    let (disk, settings) = (Disk::new(1), Settings { durability, ..Settings::default() });
    let open = || Embedded::on(Arc::new(disk.clone()), settings, power::PACE).expect("it opens");
    let store = open();
    disk.fail_at(0, Fault::Full);
    // Just over a power of two, so that they take twice as much in the file; and too few to be made durable at once.
    let value = bytes::Bytes::from(vec![b'x'; (512 << 10) + 1000]);
    let mut written = Vec::new();
    for call in 0..10 {
        let key = |number: usize| Key::new(format!("g/r/{call}/{number}"));
        let outcomes = store.write((0..12).map(|number| Write::create(key(number), value.clone())).collect());
        for (number, outcome) in outcomes.await.into_iter().enumerate() {
            match outcome {
                Ok(revision) => written.push((key(number), revision)),
                Err(Error::Unavailable { why, .. }) => assert!(why.contains("the disk is full"), "{why}"),
                Err(why) => panic!("{why}"),
            }
        }
        let health = store.health().borrow().clone();
        assert!(!matches!(health, Health::Down(_)), "{health:?}");
    }
    assert!(!written.is_empty());
    assert!(matches!(&*store.health().borrow(), Health::ReadOnly(_)));
    let (gone, revision) = written.pop().expect("some");
    store.delete(gone, revision).await.expect("a full disk takes deletions");
    drop(store);
    disk.restart();
    let list = open().list(Query::all(Prefix::new("g/r"))).await.expect("a list").value.items;
    let found: Vec<_> = list.into_iter().map(|stored| (stored.key, stored.revision)).collect();
    written.sort();
    assert_eq!(found, written);
}

#[tokio::test]
async fn relaxed_and_closed_in_order_nothing_is_lost() {
    let dir = temporary();
    let durability = Durability::Relaxed(Duration::from_secs(3600));
    let settings = Settings { durability, ..Settings::default() };
    let store = Embedded::open_with(dir.path(), settings).expect("it opens");
    assert!(!store.facts().durable);
    let first = store.create(Key::new("g/r/a"), "1".into()).await.expect("written");
    let last = store.create(Key::new("g/r/b"), "1".into()).await.expect("written");
    drop(store);
    let store = Embedded::open(dir.path()).expect("it opens");
    let list = store.list(Query::all(Prefix::new("g/r"))).await.expect("a list");
    assert_eq!((list.at, list.value.items.len()), (last, 2));
    let mut events = store.watch(&Prefix::new("g/r"), Start::After(first), false).await.expect("open");
    assert_eq!(events.next().await.expect("open").expect("a batch").events.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relaxed_keeps_the_contract() {
    contract::run(|| {
        let durability = Durability::Relaxed(Duration::from_millis(1));
        let (disk, settings) = (Disk::new(1), Settings { durability, ..Settings::default() });
        Subject::new(move || {
            let store = Embedded::on(Arc::new(disk.clone()), settings, power::PACE).expect("it opens");
            async { Arc::new(store) as Arc<dyn Storage> }
        })
    })
    .await;
}

#[tokio::test]
async fn after_a_crash_opening_reads_no_more_than_after_an_orderly_end() {
    let disk = Disk::new(1);
    let open = || Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    let store = open();
    for part in 0..20 {
        let value = bytes::Bytes::from(vec![b'x'; 1000]);
        let writes =
            (0..100).map(|number| Write::create(Key::new(format!("g/r/{part}/{number}")), value.clone()));
        assert!(store.write(writes.collect()).await.iter().all(Result::is_ok));
    }
    let reading = |open: &dyn Fn() -> Embedded| {
        let before = disk.bytes_read();
        let store = open();
        (store, disk.bytes_read() - before)
    };
    disk.cut_power_after(0);
    drop(store);
    disk.restart();
    let (store, crashed) = reading(&open);
    drop(store);
    let (_store, orderly) = reading(&open);
    assert!(crashed * 10 <= orderly * 13, "{crashed} bytes after a crash, {orderly} after an orderly end");
}

/// A flipped bit anywhere is found when the file is opened, or is in a place that nobody reads.
#[tokio::test]
async fn soak_a_flipped_bit_is_found_or_does_nothing() {
    let disk = Disk::new(1);
    let open = || Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE);
    let store = open().expect("it opens");
    for number in 0..100 {
        let value = format!("{number}").repeat(50 + number);
        store.create(Key::new(format!("g/r/{number}")), value.into()).await.expect("written");
    }
    let all = store.list(Query::all(Prefix::everything())).await.expect("a list");
    drop(store);
    let whole = disk.with_bytes(|bytes| bytes.clone());
    let written = whole.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at);
    let written: Vec<_> = written.collect();
    let mut random = disk::Random::new(seed());
    let mut found = 0;
    let flips = (0..512).chain((0..rounds(5000)).map(|_| written[random.index(written.len())]));
    for at in flips {
        let bit = 1 << (at % 8);
        disk.with_bytes(|bytes| bytes[at] ^= bit);
        match open() {
            Ok(store) => {
                let now = store.list(Query::all(Prefix::everything())).await.expect("a list");
                assert_eq!(now, all, "bit {bit} at {at}");
            }
            Err(Error::Incompatible(why)) => {
                assert!(why.contains("a disk is "), "bit {bit} at {at}: {why}");
                found += 1;
            }
            Err(why) => panic!("bit {bit} at {at}: {why}"),
        }
        disk.with_bytes(|bytes| bytes.clone_from(&whole));
    }
    assert!(found > 100, "{found} were found");
}
