//! A disk that is really full: a small tmpfs is filled, emptied, filled by others and enlarged.
//!
//! The test runs its own executable in a namespace of its own, where anybody may mount and nothing stays mounted.
#![cfg(all(target_os = "linux", feature = "embedded"))]
#![allow(clippy::print_stderr, reason = "what is not tested is said loudly")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aggboot::storage::embedded::Embedded;
use aggboot::storage::{Error, Health, Key, Prefix, Query, Revision, Storage};
use bytes::Bytes;

const TEST: &str = "a_full_disk_takes_deletions_and_recovers";
/// After this it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);
/// Set inside of the namespace: where to mount.
const MOUNT: &str = "AGGBOOT_TEST_MOUNT";

#[tokio::test]
async fn a_full_disk_takes_deletions_and_recovers() {
    if let Some(dir) = std::env::var_os(MOUNT) {
        return fill(Path::new(&dir)).await;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    if !run(Command::new("unshare").args(["-rm", "true"])) {
        assert!(std::env::var_os("CI").is_none(), "unshare -rm is not permitted: no tmpfs can be mounted");
        eprintln!("SKIPPED: unshare -rm is not permitted, so that no tmpfs can be mounted");
        return;
    }
    let test = std::env::current_exe().expect("this executable");
    let mut inside = Command::new("unshare");
    inside.arg("-rm").arg(test).args(["--exact", TEST, "--nocapture"]).env(MOUNT, dir.path());
    assert!(run(&mut inside), "in the namespace it failed");
}

fn run(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn mount(options: &str, dir: &Path) {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(dir);
    assert!(run(&mut mount), "mount -o {options}");
}

async fn fill(dir: &Path) {
    mount("size=40m", dir);
    let store = Embedded::open(&dir.join("data")).expect("it opens");
    let mut kept = write_until_refused(&store, "a").await;
    assert!(matches!(&*store.health().borrow(), Health::ReadOnly(_)));
    assert_eq!(records(&store).await, kept);
    for (key, (revision, _)) in kept.split_off(&Key::new("g/r/a/1")) {
        store.delete(key, revision).await.expect("a full disk takes deletions");
    }
    assert_eq!(records(&store).await, kept);

    mount("remount,size=80m", dir);
    is_ready(&store).await;
    let others = dir.join("others");
    let mut filled = std::fs::File::create(&others).expect("made");
    std::io::copy(&mut std::io::repeat(1), &mut filled).expect_err("it is full");
    drop(filled);
    kept.extend(write_until_refused(&store, "b").await);
    assert_eq!(records(&store).await, kept);
    drop(store);

    // Opening needs space too.
    let store = Embedded::open(&dir.join("data")).expect("it opens on a full disk");
    assert_eq!(records(&store).await, kept, "what was acknowledged is there, and nothing else");
    std::fs::remove_file(others).expect("removed");
    is_ready(&store).await;
    let (key, value) = (Key::new("g/r/c/0"), Bytes::from("1"));
    let revision = store.create(key.clone(), value.clone()).await.expect("written");
    kept.insert(key, (revision, value));
    drop(store);
    let store = Embedded::open(&dir.join("data")).expect("it opens");
    assert_eq!(records(&store).await, kept, "what was acknowledged is there, and nothing else");
}

/// What is there, or was acknowledged.
type Records = BTreeMap<Key, (Revision, Bytes)>;

/// Answers what was written.
async fn write_until_refused(store: &Embedded, name: &str) -> Records {
    let mut written = Records::new();
    loop {
        let key = Key::new(format!("g/r/{name}/{}", written.len()));
        // Each with a text of its own.
        let value = Bytes::from(format!("{key} ").repeat(10_000));
        match store.create(key.clone(), value.clone()).await {
            Ok(revision) => drop(written.insert(key, (revision, value))),
            Err(Error::Unavailable { why, .. }) if why.contains("the disk is full") => return written,
            Err(why) => panic!("{key}: {why}"),
        }
    }
}

async fn records(store: &Embedded) -> Records {
    let list = store.list(Query::all(Prefix::new("g/r"))).await.expect("reads go on");
    list.value.items.into_iter().map(|item| (item.key, (item.revision, item.value))).collect()
}

async fn is_ready(store: &Embedded) {
    let mut health = store.health();
    let ready = tokio::time::timeout(PATIENCE, health.wait_for(|health| *health == Health::Ready));
    ready.await.expect("it recovers by itself").expect("the store is there");
}
