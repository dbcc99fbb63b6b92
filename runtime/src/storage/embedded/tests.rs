//! What only this backend promises: files that are refused, disks that fail, space that is given back.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::InMemoryBackend;
use redb::{ReadableDatabase as _, ReadableTableMetadata as _, StorageBackend, TableDefinition};

use super::super::contract::{self, Subject};
use super::*;

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
    let store = Embedded::open_keeping(dir.path(), retention).expect("it opens");
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

    let path = dir.path().join(FILE);
    let database = Database::open(&path).expect("opened");
    let loaded = load::load(&database, &path, Retention::default()).expect("loaded");
    assert_eq!((loaded.garbage.len(), loaded.state.index().count()), (800, 0));
    assert_eq!(loaded.state.revision(), last);
}

/// A file whose syncs fail on demand.
#[derive(Debug)]
struct Failing {
    file: InMemoryBackend,
    broken: Arc<AtomicBool>,
}

impl Failing {
    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
}

#[tokio::test]
async fn a_failing_disk_stops_writes_and_not_reads() {
    let broken = Arc::new(AtomicBool::new(false));
    let backend = Failing { file: InMemoryBackend::new(), broken: Arc::clone(&broken) };
    let database = Database::builder().create_with_backend(backend).expect("made");
    let store =
        Embedded::start(database, &PathBuf::from("storage.redb"), Retention::default()).expect("started");
    let key = Key::new("g/r/a");
    let revision = store.create(key.clone(), "1".into()).await.expect("written");
    let mut events = store.watch(&Prefix::new("g/r"), Start::Now, false).await.expect("open");
    let mut health = store.health();
    assert_eq!(*health.borrow_and_update(), Health::Ready);

    broken.store(true, Ordering::SeqCst);
    let writes =
        vec![Write::replace(key.clone(), revision, "2".into()), Write::create(key.clone(), "3".into())];
    let outcomes = store.write(writes).await;
    assert!(
        matches!(outcomes[..], [Err(Error::Unknown { .. }), Err(Error::Unavailable { .. })]),
        "{outcomes:?}"
    );
    health.changed().await.expect("the store is there");
    assert!(
        matches!(&*health.borrow(), Health::Down(why) if why.contains("writing to the storage file failed"))
    );

    broken.store(false, Ordering::SeqCst);
    let refused = store.replace(key.clone(), revision, "4".into()).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(matches!(store.compact(revision).await, Err(Error::Unavailable { .. })));
    let read = store.get(&key, At::Latest).await.expect("reads go on");
    assert_eq!(read.value.map(|stored| stored.value), Some("1".into()));
    let batch = events.next().await.expect("open").expect("a batch");
    assert_eq!((batch.events.len(), batch.through), (0, revision));
}
