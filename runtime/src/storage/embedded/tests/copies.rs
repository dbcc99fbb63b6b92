//! Older copies in the place of the file: noticed, and told to whoever holds higher revisions. And nothing else is taken
//! for one.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::storage::embedded::upkeep::{self, Staged};

const WITNESS: &str = "storage.witness";

fn file(dir: &Path) -> PathBuf {
    upkeep::file(dir)
}

async fn write(store: &Embedded, name: &str) -> Revision {
    store.create(Key::new(format!("g/r/{name}")), "{}".into()).await.expect("written")
}

/// Opens the store, writes one object and closes it again.
async fn session(dir: &Path, name: &str) -> Revision {
    write(&Embedded::open(dir).expect("it opens"), name).await
}

/// Whoever holds that revision is told to list.
async fn is_above(dir: &Path, seen: Revision) -> Embedded {
    let store = Embedded::open(dir).expect("it opens");
    let watch = store.watch(&Prefix::everything(), Start::After(seen), false).await.map(|_| ());
    assert!(matches!(watch, Err(Error::Compacted { .. })), "{watch:?}");
    store
}

/// It is taken for an older copy, and what is written next is above what was seen.
async fn is_raised(dir: &Path, seen: Revision) {
    let store = is_above(dir, seen).await;
    assert!(store.was_older().is_some());
    let raised = store.barrier().await.expect("a revision");
    drop(store);
    // Once, and for good.
    goes_on(dir, raised).await;
    let next = session(dir, &format!("after-{seen}")).await;
    assert_eq!(next, raised.next());
    goes_on(dir, next).await;
}

/// Whoever holds the last revision may go on from it.
async fn goes_on(dir: &Path, last: Revision) {
    let store = Embedded::open(dir).expect("it opens");
    assert_eq!((store.barrier().await, store.was_older()), (Ok(last), None));
    store.watch(&Prefix::everything(), Start::After(last), false).await.expect("open");
}

#[tokio::test]
async fn an_older_copy_is_raised_above_what_clients_saw() {
    let dir = temporary();
    let dir = dir.path();
    session(dir, "a").await;
    let between = fs::read(file(dir)).expect("read");
    let store = Embedded::open(dir).expect("it opens");
    write(&store, "b").await;
    let within = fs::read(file(dir)).expect("read");
    let mut seen = write(&store, "c").await;
    drop(store);
    for (copy, which) in [(within, "one of the same life"), (between, "one of a life before")] {
        fs::write(file(dir), copy).expect("put back");
        is_raised(dir, seen).await;
        seen = session(dir, which).await;
    }
}

/// A copy was put in, served from and taken out again, and nobody wrote meanwhile.
#[tokio::test]
async fn the_original_that_comes_back_is_above_what_its_copy_served() {
    let dir = temporary();
    let dir = dir.path();
    session(dir, "a").await;
    let copy = fs::read(file(dir)).expect("read");
    let last = session(dir, "b").await;
    let original = fs::read(file(dir)).expect("read");
    fs::write(file(dir), copy).expect("put in");
    let seen = is_above(dir, last).await.barrier().await.expect("a revision");
    fs::write(file(dir), &original).expect("put back");
    let seen = is_above(dir, seen).await.barrier().await.expect("a revision");
    // Or an empty store was served from.
    fs::remove_file(file(dir)).expect("removed");
    let seen = is_above(dir, seen).await.barrier().await.expect("a revision");
    fs::write(file(dir), &original).expect("put back");
    is_raised(dir, seen).await;
}

#[tokio::test]
async fn a_copy_of_the_end_of_a_life_is_older_once_the_next_one_has_begun() {
    let dir = temporary();
    let dir = dir.path();
    let last = session(dir, "a").await;
    let copy = fs::read(file(dir)).expect("read");
    fs::write(file(dir), &copy).expect("put back");
    goes_on(dir, last).await;
    // Killed: what lies there now is all there is.
    let store = Embedded::open(dir).expect("it opens");
    let seen = write(&store, "b").await;
    while fs::read_to_string(dir.join(WITNESS)).expect("a witness").split_whitespace().count() > 3 {
        tokio::task::yield_now().await;
    }
    let killed = temporary();
    fs::copy(dir.join(WITNESS), killed.path().join(WITNESS)).expect("copied");
    fs::write(file(killed.path()), copy).expect("put back");
    is_raised(killed.path(), seen).await;
}

#[tokio::test]
async fn restarts_kills_and_files_of_before_are_no_copies() {
    let (dir, killed) = (temporary(), temporary());
    let (dir, killed) = (dir.path(), killed.path());
    let mut last = session(dir, "0").await;
    for round in 1..4 {
        goes_on(dir, last).await;
        let next = session(dir, &round.to_string()).await;
        assert_eq!(next, last.next(), "restart {round}");
        last = next;
    }
    // Killed as it lies there, at whatever the witness says meanwhile.
    let store = Embedded::open(dir).expect("it opens");
    for name in ["a", "b"] {
        let last = write(&store, name).await;
        for file in [FILE, WITNESS] {
            fs::copy(dir.join(file), killed.join(file)).expect("copied");
        }
        goes_on(killed, last).await;
    }
    let last = write(&store, "c").await;
    drop(store);
    // The first commit of a life did not come to the file.
    let said = fs::read_to_string(dir.join(WITNESS)).expect("a witness");
    fs::write(dir.join(WITNESS), format!("{} 00000000deadbeef\n", said.trim())).expect("written");
    goes_on(dir, last).await;
    let last = session(dir, "d").await;
    goes_on(dir, last).await;
    // Of a version without witnesses.
    fs::remove_file(dir.join(WITNESS)).expect("removed");
    let database = Database::open(file(dir)).expect("opened");
    let transaction = database.begin_write().expect("begun");
    transaction.open_table(layout::META).expect("opened").remove(layout::LIFE).expect("removed");
    transaction.commit().expect("committed");
    drop(database);
    goes_on(dir, last).await;
    assert_eq!(session(dir, "e").await, last.next());
}

#[tokio::test]
async fn without_its_witness_a_file_may_be_any() {
    let (dir, moved) = (temporary(), temporary());
    let (dir, moved) = (dir.path(), moved.path());
    let seen = session(dir, "a").await;
    fs::copy(file(dir), file(moved)).expect("copied");
    is_raised(moved, seen).await;
    for said in ["", "something else"] {
        let seen = session(dir, &format!("b{}", said.len())).await;
        fs::write(dir.join(WITNESS), said).expect("written");
        is_raised(dir, seen).await;
    }
}

#[tokio::test]
async fn a_new_store_begins_above_the_one_that_was_there() {
    let dir = temporary();
    let dir = dir.path();
    let store = Embedded::open(dir).expect("it opens");
    // A clock that was ahead.
    let ahead = Revision::new(Revision::wall_clock().get() * 2).expect("not 0");
    store.raise(ahead).await.expect("raised");
    let seen = write(&store, "a").await;
    drop(store);
    fs::remove_file(file(dir)).expect("removed");
    let store = is_above(dir, seen).await;
    let begun = store.barrier().await.expect("a revision");
    assert_eq!(store.was_older(), None);
    drop(store);
    goes_on(dir, begun).await;
}

#[tokio::test]
async fn what_an_import_replaced_is_an_older_copy_and_what_it_brought_is_none() {
    let dir = temporary();
    let dir = dir.path();
    let replaced = session(dir, "a").await;
    let copy = fs::read(file(dir)).expect("read");
    let staged = Staged::beside(dir).expect("staged");
    let next = staged.next().expect("not in place yet");
    next.raise(replaced).await.expect("raised");
    let imported = write(next, "b").await;
    staged.take_place().expect("in place");
    goes_on(dir, imported).await;
    fs::write(file(dir), copy).expect("put back");
    is_raised(dir, imported).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_witness_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = temporary();
    session(dir.path(), "a").await;
    let mode = dir.path().join(WITNESS).metadata().expect("a witness").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Where the witness cannot be written, everything goes on as it was.
#[tokio::test]
async fn a_store_without_space_for_its_witness_works() {
    let disk = Disk::new(1);
    let open = || Embedded::on(Arc::new(disk.clone()), Settings::default(), power::PACE).expect("it opens");
    let store = open();
    disk.refuse_witness(true);
    let last = write(&store, "a").await;
    drop(store);
    let store = open();
    assert_eq!(store.barrier().await, Ok(last));
    disk.refuse_witness(false);
    let last = write(&store, "b").await;
    drop(store);
    assert_eq!(open().barrier().await, Ok(last));
}
