//! A disk that is really full: a small tmpfs is filled, emptied, filled by others and enlarged.
//!
//! The test runs its own executable in a namespace of its own, where anybody may mount and nothing stays mounted.
#![cfg(all(target_os = "linux", feature = "embedded"))]
#![allow(clippy::print_stderr, reason = "what is not tested is said loudly")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aggboot::storage::embedded::Embedded;
use aggboot::storage::{Error, Health, Key, Prefix, Query, Revision, Storage};

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
    let written = write_until_refused(&store, "a").await;
    assert!(matches!(&*store.health().borrow(), Health::ReadOnly(_)));
    for (number, (key, revision)) in written.into_iter().enumerate() {
        if number > 0 {
            store.delete(key, revision).await.expect("a full disk takes deletions");
        }
    }
    assert_eq!(names(&store).await, ["g/r/a/0"]);

    mount("remount,size=80m", dir);
    is_ready(&store).await;
    let others = dir.join("others");
    let mut filled = std::fs::File::create(&others).expect("made");
    std::io::copy(&mut std::io::repeat(1), &mut filled).expect_err("it is full");
    drop(filled);
    write_until_refused(&store, "b").await;
    let before = names(&store).await;
    drop(store);

    // Opening needs space too.
    let store = Embedded::open(&dir.join("data")).expect("it opens on a full disk");
    assert_eq!(names(&store).await, before);
    std::fs::remove_file(others).expect("removed");
    is_ready(&store).await;
    store.create(Key::new("g/r/c/0"), "1".into()).await.expect("written");
    drop(store);
    let store = Embedded::open(&dir.join("data")).expect("it opens");
    assert_eq!(names(&store).await.len(), before.len() + 1);
}

/// Answers what was written.
async fn write_until_refused(store: &Embedded, name: &str) -> Vec<(Key, Revision)> {
    let mut written = Vec::new();
    loop {
        let key = Key::new(format!("g/r/{name}/{}", written.len()));
        match store.create(key.clone(), vec![b'x'; 100 << 10].into()).await {
            Ok(revision) => written.push((key, revision)),
            Err(Error::Unavailable { why, .. }) if why.contains("the disk is full") => return written,
            Err(why) => panic!("{key}: {why}"),
        }
    }
}

async fn names(store: &Embedded) -> Vec<String> {
    let list = store.list(Query::all(Prefix::new("g/r"))).await.expect("reads go on");
    list.value.items.iter().map(|item| item.key.to_string()).collect()
}

async fn is_ready(store: &Embedded) {
    let mut health = store.health();
    let ready = tokio::time::timeout(PATIENCE, health.wait_for(|health| *health == Health::Ready));
    ready.await.expect("it recovers by itself").expect("the store is there");
}
