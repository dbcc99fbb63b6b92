//! Our server on etcd while either of them is killed, stopped or cut off, under writers and watchers: nothing acknowledged is
//! lost, no event is missed or doubled, and errors are such that a client tries again.
//!
//! `AGGBOOT_SOAK=full` does ten times as much.

use aggboot_tests::etcd::{Cluster, Etcd};
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::ours::widget;
use aggboot_tests::wait::wait_for;
use aggboot_tests::workload::{Door, WIDGETS, Workload, assert_is_passing_error};
use http::{Method, StatusCode};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

const WRITERS: usize = 16;
/// 16 writers at 12 a second each: at most 200 writes.
const PACE: Duration = Duration::from_millis(84);
/// Writes between two faults.
const WRITES: usize = 60;

/// A number of the long run, or a tenth of it.
fn times(full: usize) -> usize {
    if aggboot_tests::long_run() { full } else { full.div_ceil(10) }
}

async fn server(name: &str, directory: &Path, etcd: &str) -> LocalServer {
    let directory = directory.join(name);
    std::fs::create_dir_all(&directory).expect("a directory below a temporary one");
    // Nothing may be told to begin anew.
    let flags = [&format!("--etcd-servers={etcd}"), "--etcd-compaction-interval=0"];
    LocalServer::start_with(env!("CARGO_BIN_EXE_widgets"), &directory, &flags).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_our_server_is_killed() {
    let Some(etcd) = Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let mut killed = server("killed", etcd.directory(), &etcd.member.url()).await;
    let other = server("other", etcd.directory(), &etcd.member.url()).await;
    let (door, beside) = (Door::of(&killed), Door::of(&other));
    let work =
        Workload::start(&door, &[door.clone(), beside.clone()], WRITERS, Duration::from_millis(1)).await;
    for _ in 0..times(100) {
        work.acknowledges(WRITES).await;
        killed.component.kill();
        killed.start_again().await;
    }
    work.acknowledges(WRITES).await;
    work.judge(&beside).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_etcd_is_killed() {
    let Some(mut etcd) = Etcd::start(&[]).await else { return };
    let server = server("ours", etcd.directory(), &etcd.member.url()).await;
    let door = Door::of(&server);
    let work = Workload::start(&door, &[door.clone(), door.clone()], WRITERS, Duration::from_millis(1)).await;
    for _ in 0..times(20) {
        work.acknowledges(WRITES).await;
        etcd.member.kill();
        etcd.member.start_again().await;
    }
    work.acknowledges(WRITES).await;
    work.judge(&door).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_of_three_members_one_is_lost() {
    let Some(mut cluster) = Cluster::start().await else { return };
    let ours = server("ours", cluster.directory(), &cluster.urls()).await;
    let door = Door::of(&ours);
    let work = Workload::start(&door, &[door.clone(), door.clone()], WRITERS, PACE).await;
    for _ in 0..times(10) {
        work.acknowledges(WRITES).await;
        let leader = cluster.leader().await;
        cluster.members[leader].kill();
        cluster.leader_among(&others(leader)).await;
        work.acknowledges(WRITES).await;
        cluster.members[leader].start_again().await;
    }
    let leader = cluster.leader().await;
    cluster.members[leader].component().signal("STOP");
    cluster.leader_among(&others(leader)).await;
    work.acknowledges(WRITES).await;
    cluster.members[leader].component().signal("CONT");
    work.acknowledges(WRITES).await;

    a_minority_answers_nothing(&cluster, &door, &work).await;

    for member in &mut cluster.members {
        member.kill();
    }
    for member in &mut cluster.members {
        member.spawn_again();
    }
    work.acknowledges(WRITES).await;
    work.judge(&door).await;
}

/// Cuts the leader off: the server that reaches all members goes on, one that reaches only the leader of before says that it
/// cannot answer.
async fn a_minority_answers_nothing(cluster: &Cluster, door: &Door, work: &Workload) {
    let leader = cluster.leader().await;
    let cut_off = server("cut-off", cluster.directory(), &cluster.members[leader].url()).await;
    let minority = Door::of(&cut_off);
    minority.list().await.expect("a list, as long as nothing is cut");
    cluster.cut(leader).await;
    cluster.leader_among(&others(leader)).await;
    work.acknowledges(WRITES).await;
    let body = widget("minority", &json!({"image": "minority:0::0:minority"}));
    for path in [WIDGETS.to_owned(), format!("{WIDGETS}/w0-0")] {
        let read = minority.call(Method::GET, &path).send().await;
        assert_is_passing_error(&read);
        assert_eq!(read.status, StatusCode::GATEWAY_TIMEOUT, "never stale: {}", read.text());
        assert!(
            read.headers.contains_key(http::header::RETRY_AFTER),
            "a read may be repeated: {}",
            read.text()
        );
    }
    assert_is_passing_error(&minority.call(Method::POST, WIDGETS).json(&body).send().await);
    cluster.mend();
    wait_for("the one that was cut off to answer again", async || minority.list().await.ok_or("no list"))
        .await;
    // Whatever became of its write.
    let gone = door.call(Method::DELETE, &format!("{WIDGETS}/minority")).send().await;
    assert!(matches!(gone.status, StatusCode::OK | StatusCode::NOT_FOUND), "{}", gone.text());
}

fn others(place: usize) -> [usize; 2] {
    [(place + 1) % 3, (place + 2) % 3]
}

/// Two servers, one etcd: what is written at one is seen at the other at once, and a watch that loses its server goes on at
/// the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_are_one() {
    let Some(etcd) = Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let one = server("one", etcd.directory(), &etcd.member.url()).await;
    let mut two = server("two", etcd.directory(), &etcd.member.url()).await;
    let (at_one, at_two) = (Door::of(&one), Door::of(&two));
    let (_, mut revision) = at_two.list().await.expect("a list");
    let watching = |door: &Door, revision: u64| {
        door.call(Method::GET, &format!("{WIDGETS}?watch=true&resourceVersion={revision}"))
    };
    let mut events = watching(&at_two, revision).stream().await;
    for number in 0..10 {
        if number == 5 {
            two.component.kill();
            events = watching(&at_one, revision).stream().await;
        }
        let name = format!("w{number}");
        let image = format!("{name}:0::0:{name}");
        let created =
            at_one.call(Method::POST, WIDGETS).json(&widget(&name, &json!({"image": image}))).send().await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
        let created = created.json();
        if number < 5 {
            let got = at_two.call(Method::GET, &format!("{WIDGETS}/{name}")).send().await.json();
            assert_eq!(got, created, "a consistent read sees what another server wrote");
            assert!(at_two.list().await.expect("a list").0.contains_key(&name));
        }
        let event = events.next_json().await.expect("an event");
        assert_eq!((&event["type"], &event["object"]), (&json!("ADDED"), &created));
        revision = created["metadata"]["resourceVersion"].as_str().expect("text").parse().expect("a number");
    }
}
