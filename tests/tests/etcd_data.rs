//! Whose data a store in etcd takes, and how it gets there: records of Go's servers, foreign ones, TLS, several servers,
//! compaction; and what becomes of it when etcd is full, is put back to older data, or raised by another server.

use aggboot::storage::cache::Cache;
use aggboot::storage::etcd::{Config, Etcd};
use aggboot::storage::view::{Scope, View as _};
use aggboot::storage::{At, Error, Health, Key, Prefix, Query, Revision, Start, Storage};
use aggboot_tests::control_plane::certificates::Authority;
use aggboot_tests::control_plane::ports::free_address;
use aggboot_tests::etcd;
use aggboot_tests::wait::wait_for;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const PREFIX: &str = "/registry/wardle.example.com";
const FLUNDER: &str = r#"{"kind":"Flunder","apiVersion":"wardle.example.com/v1alpha1","metadata":{"name":"mine","namespace":"default","uid":"5f6e","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{},"status":{}}"#;

fn config(url: String) -> Config {
    let mut config = Config::new(vec![url], PREFIX);
    config.compaction_interval = Duration::ZERO;
    config
}

#[tokio::test]
async fn records_of_a_go_server_are_taken_over() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let at = format!("{PREFIX}/wardle.example.com/flunders/default/mine");
    etcd.member.put(&at, format!("{FLUNDER}\n").as_bytes()).await;
    let store = Etcd::open(&config(etcd.member.url())).await.expect("data that can be served");
    let listed = store.list(Query::all(Prefix::new("wardle.example.com/flunders"))).await.expect("a list");
    let [item] = &listed.value.items[..] else { panic!("{listed:?}") };
    assert_eq!(item.key.as_str(), "wardle.example.com/flunders/default/mine");
    assert_eq!(
        (&item.value[..], item.stale),
        (FLUNDER.as_bytes(), true),
        "without the newline, to be written anew"
    );
    assert_eq!(item.revision, listed.at, "the revisions of etcd, as Go served them");

    // Go reads on and writes beside us.
    let ours = store.replace(item.key.clone(), item.revision, "{}".into()).await.expect("at that revision");
    let mut events = store.watch(&Prefix::everything(), Start::After(ours), true).await.expect("a watch");
    etcd.member.put(&at, format!("{FLUNDER}\n").as_bytes()).await;
    let event = loop {
        let batch = events.next().await.expect("it goes on").expect("no error");
        if let Some(event) = batch.events.into_iter().next() {
            break event;
        }
    };
    assert_eq!(event.value.as_deref(), Some(FLUNDER.as_bytes()));
    assert_eq!(
        event.previous.as_ref().map(|previous| (previous.revision, &previous.value[..])),
        Some((ours, &b"{}"[..]))
    );
}

#[tokio::test]
async fn foreign_records_are_refused() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let open = || async { Etcd::open(&config(etcd.member.url())).await };
    let store = open().await.expect("nothing there yet");
    for (resource, value, word) in
        [("a", &b"k8s\0\x0a\x0f"[..], "protobuf"), ("b", b"k8s:enc:aescbc:v1:key1:...", "encrypted")]
    {
        let first = format!("{PREFIX}/wardle.example.com/{resource}/default/first");
        etcd.member.put(&first, b"{}").await;
        open().await.expect("JSON only");
        // Not the first of its resource: it shows when it is read.
        let key = Key::new(format!("wardle.example.com/{resource}/default/other"));
        etcd.member.put(&format!("{PREFIX}/{key}"), value).await;
        let read = store.get(&key, At::Latest).await;
        let Err(Error::Corrupt { revision, why, .. }) = read else { panic!("{read:?}") };
        assert!(why.contains(word), "{why}");
        store.delete(key, revision).await.expect("it can be deleted");
        etcd.member.put(&first, value).await;
        let refused = open().await.expect_err("foreign data").to_string();
        for expected in [word, &first] {
            assert!(refused.contains(expected), "{refused}");
        }
        let key = Key::new(format!("wardle.example.com/{resource}/default/first"));
        let Err(Error::Corrupt { revision, .. }) = store.get(&key, At::Latest).await else { panic!("{key}") };
        store.delete(key, revision).await.expect("it can be deleted");
    }
}

/// Keys that no Kubernetes server writes are refused at a start only: one that comes later makes nothing else unreadable.
#[tokio::test]
async fn a_strange_key_is_passed_over() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let store: Arc<dyn Storage> =
        Arc::new(Etcd::open(&config(etcd.member.url())).await.expect("nothing there yet"));
    let all = Query { count: true, ..Query::all(Prefix::new("wardle.example.com/flunders/")) };
    let key = |name: &str| Key::new(format!("wardle.example.com/flunders/default/{name}"));
    let first = store.create(key("a"), FLUNDER.into()).await.expect("written");
    let cache = Cache::new(Arc::clone(&store), all.prefix.clone(), Vec::new());
    cache.loaded().await;
    for strange in ["", "b/", "z/"] {
        let strange = format!("{PREFIX}/{}default/{strange}", all.prefix);
        etcd.member.put(&strange, b"not an object").await;
    }
    let last = store.create(key("c"), FLUNDER.into()).await.expect("written");

    let whole = store.list(all.clone()).await.expect("a list").value;
    let names: Vec<_> = whole.items.iter().map(|stored| stored.key.clone()).collect();
    assert_eq!((names, whole.more, whole.remaining), (vec![key("a"), key("c")], false, Some(0)));
    let mut query = Query { limit: 1, ..all.clone() };
    for (name, from) in [("a", "default/a\0"), ("c", "default/c\0")] {
        let page = store.list(query.clone()).await.expect("a page").value;
        assert_eq!(page.items.iter().map(|stored| stored.key.clone()).collect::<Vec<_>>(), [key(name)]);
        query.from = Some(from.into());
    }
    let mut events = store.watch(&all.prefix, Start::After(first), false).await.expect("a watch");
    loop {
        let batch = events.next().await.expect("it goes on").expect("no error");
        if let Some(event) = batch.events.first() {
            assert_eq!((&event.key, event.revision), (&key("c"), last));
            break;
        }
    }
    // As a server that was there, and as one that loads it now.
    let other = Cache::new(Arc::clone(&store), all.prefix.clone(), Vec::new());
    for cache in [&cache, &other] {
        assert_eq!(cache.list(all.clone()).await.expect("a list").value.items.len(), 2);
    }
    let refused = Etcd::open(&config(etcd.member.url())).await.expect_err("the first key is none of ours");
    assert!(refused.to_string().contains("no key of a Kubernetes server"), "{refused}");
}

#[tokio::test]
async fn tls_and_a_server_that_is_not_there() {
    let authority = Authority::new("etcd-ca");
    let files = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, content: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, content).expect("a file in a temporary directory");
        path
    };
    let ca = write("ca.crt", &authority.pem());
    let (server, client) = (authority.server(&["localhost", "127.0.0.1"]), authority.client("aggboot", &[]));
    let (server_crt, server_key) =
        (write("server.crt", &server.certificate), write("server.key", &server.key));
    let flags = [
        "--unsafe-no-fsync".to_owned(),
        "--client-cert-auth".to_owned(),
        format!("--trusted-ca-file={}", ca.display()),
        format!("--cert-file={}", server_crt.display()),
        format!("--key-file={}", server_key.display()),
    ];
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let Some(etcd) = etcd::Etcd::start_secure(&flags).await else { return };
    let url = format!("https://{}", etcd.member.address());
    let mut config = config(format!("https://{}", free_address()));
    config.servers.push(url);
    let refused = Etcd::open(&config).await.expect_err("nothing to verify it by").to_string();
    assert!(refused.contains("--etcd-cafile"), "{refused}");
    config.ca_file = Some(ca);
    config.cert_file = Some(write("client.crt", &client.certificate));
    config.key_file = Some(write("client.key", &client.key));
    let store = Etcd::open(&config).await.expect("the second server answers");
    let key = Key::new("wardle.example.com/flunders/default/mine");
    let written = store.create(key.clone(), "{}".into()).await.expect("written");
    let read = store.get(&key, At::Latest).await.expect("read").value.expect("it is there");
    assert_eq!(read.revision, written);
}

/// Two servers, each of which would compact: what is old goes, and they take turns.
#[tokio::test]
async fn history_is_compacted_by_turns() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let mut config = config(etcd.member.url());
    config.compaction_interval = Duration::from_millis(200);
    let (one, two) = (Etcd::open(&config).await.expect("open"), Etcd::open(&config).await.expect("open"));
    let key = Key::new("wardle.example.com/flunders/default/mine");
    let first = one.create(key.clone(), "1".into()).await.expect("written");
    let second = one.replace(key.clone(), first, "2".into()).await.expect("written");
    // Something must happen after an interval for a later one to compact it.
    wait_for("the first revision to be compacted", async || match two.get(&key, At::Exactly(first)).await {
        Err(Error::Compacted { asked, oldest }) if asked == first && oldest > first => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    let now = two.get(&key, At::Latest).await.expect("read");
    assert_eq!(now.value.map(|stored| (stored.revision, stored.value)), Some((second, "2".into())));
    let refused = one.watch(&Prefix::everything(), Start::After(Revision::FIRST), false).await;
    assert!(matches!(refused, Err(Error::Compacted { .. })), "{refused:?}");
}

/// etcd looks for space before it takes a write, and once more when it carries it out, together with others: that time it says
/// "no space" of what it has written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_want_of_space_is_not_there() {
    let flags = ["--unsafe-no-fsync", "--quota-backend-bytes=8388608"];
    let Some(etcd) = etcd::Etcd::start(&flags).await else { return };
    let store = Arc::new(Etcd::open(&config(etcd.member.url())).await.expect("room enough"));
    let mut writers = JoinSet::new();
    for writer in 0..32 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let mut outcomes = Vec::new();
            for number in 0.. {
                let key = Key::new(format!("wardle.example.com/flunders/default/w{writer}-{number}"));
                let outcome = store.create(key.clone(), vec![b'x'; 32 << 10].into()).await;
                let written = outcome.is_ok();
                outcomes.push((key, outcome));
                if !written {
                    break;
                }
            }
            outcomes
        });
    }
    let outcomes = writers.join_all().await.concat();
    for (key, outcome) in outcomes {
        let there = store.get(&key, At::Latest).await.expect("a full store is read").value;
        match outcome {
            Ok(revision) => assert_eq!(there.map(|stored| stored.revision), Some(revision), "{key}"),
            Err(Error::ReadOnly { why }) => assert_eq!(there, None, "{key}: {why}"),
            Err(Error::Unknown { .. }) => {}
            Err(other) => panic!("{key}: {other}"),
        }
    }
    let key = Key::new("wardle.example.com/flunders/default/late");
    let refused = store.create(key.clone(), vec![b'x'; 32 << 10].into()).await;
    assert!(matches!(refused, Err(Error::ReadOnly { .. })), "certainly not written: {refused:?}");
    let first = Key::new("wardle.example.com/flunders/default/w0-0");
    let there = store.get(&first, At::Latest).await.expect("read").value.expect("there was room");
    let conflict = store.create(first.clone(), "{}".into()).await;
    assert!(matches!(conflict, Err(Error::Conflict { current: Some(_), .. })), "{conflict:?}");
    store.delete(first, there.revision).await.expect("deletions need no space");
    let raised = store.raise(Revision::new(1_000_000).expect("not 0")).await;
    assert!(matches!(raised, Err(Error::ReadOnly { .. })), "{raised:?}");
}

/// The data directory is put back to what it was: revisions that were served would be given out again.
#[tokio::test]
async fn an_older_etcd_is_not_served_from() {
    let Some(mut etcd) = etcd::Etcd::start(&[]).await else { return };
    let store = Etcd::open(&config(etcd.member.url())).await.expect("nothing there yet");
    let key = |number: usize| Key::new(format!("wardle.example.com/flunders/default/f{number}"));
    let first = store.create(key(0), "{}".into()).await.expect("written");
    let (data, copy) = (etcd.directory().join("etcd-data"), etcd.directory().join("copy"));
    etcd.member.kill();
    copy_all(&data, &copy);
    etcd.member.start_again().await;
    wait_for("etcd to be written to", async || store.create(key(1), "{}".into()).await).await;
    let mut events = store.watch(&Prefix::everything(), Start::After(first), false).await.expect("a watch");
    for number in 2..10 {
        store.create(key(number), "{}".into()).await.expect("written");
    }
    etcd.member.kill();
    std::fs::remove_dir_all(&data).expect("it can be removed");
    copy_all(&copy, &data);
    etcd.member.start_again().await;

    for number in 10..15 {
        let written = store.create(key(number), "{}".into()).await;
        assert!(
            matches!(written, Err(Error::Unknown { .. } | Error::Unavailable { .. })),
            "at a revision that was served: {written:?}"
        );
    }
    // Others write on until it is as far as it was.
    for number in 0..20 {
        etcd.member.put(&format!("{PREFIX}/wardle.example.com/others/default/o{number}"), b"{}").await;
    }
    for _ in 0..3 {
        let read = store.barrier().await.expect_err("this is another history").to_string();
        assert!(read.contains("went back"), "{read}");
    }
    let end = loop {
        if let Err(end) = events.next().await.expect("a watch ends with an error") {
            break end;
        }
    };
    assert!(end.to_string().contains("went back"), "{end}");
    let down = store.health().wait_for(|health| matches!(health, Health::Down(_))).await.map(drop);
    down.expect("readiness tells");
    let fresh = Etcd::open(&config(etcd.member.url())).await.expect("whoever begins now has served nothing");
    fresh.barrier().await.expect("where it is");
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory below a temporary one");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a file").is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// The revisions are raised while a watch is cut off, and nothing is compacted yet: what it tells afterwards is above the floor
/// where it was written after the raise.
#[tokio::test]
async fn a_watch_that_comes_back_knows_of_a_raise() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let relay = etcd::Relay::to(etcd.member.address()).await;
    let floor = Revision::new(1_000_000).expect("not 0");
    // Which of etcd's two watches catches up first is chance.
    for round in 0..8 {
        let mut config = config(format!("http://{}", relay.address()));
        config.prefix = format!("{PREFIX}/{round}");
        let put = async |name: &str, value: &str| {
            etcd.member.put(&format!("{}/{name}", config.prefix), value.as_bytes()).await;
        };
        let store = Etcd::open(&config).await.expect("nothing there yet");
        let mut events = store.watch(&Prefix::everything(), Start::Now, false).await.expect("a watch");
        relay.set(etcd::Line::Down);
        put("wardle.example.com/flunders/default/before", "{}").await;
        put("~aggboot/revision-base", r#"{"add":1000000,"before":[{"from":0,"add":0}]}"#).await;
        put("wardle.example.com/flunders/default/later", "{}").await;
        relay.set(etcd::Line::Up);
        let mut told = 0;
        while told < 2 {
            let batch = match events.next().await.expect("a watch ends with an error") {
                // It may end instead: what it was begun at is forgotten.
                Err(Error::Compacted { .. }) => break,
                batch => batch.expect("no other end"),
            };
            for event in batch.events {
                let above = event.key.as_str().ends_with("/later");
                assert_eq!(event.revision > floor, above, "round {round}: {event:?}");
                told += 1;
            }
        }
    }
}

/// Another process raises the revisions under a running server: whoever watches there has to list again, above the floor.
#[tokio::test]
async fn a_raise_ends_the_watches_of_a_running_server() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let open = async || Arc::new(Etcd::open(&config(etcd.member.url())).await.expect("open"));
    let (store, other) = (open().await, open().await);
    let all = Prefix::new("wardle.example.com/flunders/");
    let key = |name: &str| Key::new(format!("wardle.example.com/flunders/default/{name}"));
    let mut last = store.create(key("first"), FLUNDER.into()).await.expect("written");
    let cache = Cache::new(store, all.clone(), Vec::new());
    for (round, scope) in [Scope::Under(all.clone()), Scope::Of(key("first"))].into_iter().enumerate() {
        let mut changes = cache.watch(&scope, Start::After(last)).await.expect("a watch");
        let floor = Revision::new(last.get() + 1_000_000).expect("not 0");
        other.raise(floor).await.expect("raised");
        let ended = loop {
            if let Err(error) = changes.next().await.expect("a watch ends with an error") {
                break error;
            }
        };
        assert!(matches!(ended, Error::Compacted { .. }), "{ended}");
        let listed = cache.list(Query::all(all.clone())).await.expect("it is loaded anew");
        assert!(listed.at > floor, "listed at {}", listed.at);
        assert_eq!(listed.value.items.len(), 1 + round);
        let late = cache.watch(&scope, Start::After(floor)).await.expect_err("revisions of another life");
        assert!(matches!(late, Error::Compacted { .. }), "{late}");

        // And it goes on from there.
        let mut again =
            cache.watch(&Scope::Under(all.clone()), Start::After(listed.at)).await.expect("a watch");
        last = other.create(key(&format!("later-{round}")), FLUNDER.into()).await.expect("written");
        let told = loop {
            let step = again.next().await.expect("it goes on").expect("no end");
            if let Some(change) = step.changes.first() {
                break change.revision();
            }
        };
        assert_eq!(told, last);
    }
}

/// Others who share etcd keep their history: a migration into it must not end their watches and lists.
#[tokio::test]
async fn a_raise_forgets_nothing_of_others() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let ours = Etcd::open(&config(etcd.member.url())).await.expect("open");
    let mut foreign = config(etcd.member.url());
    foreign.prefix = "/registry/others.example.com".into();
    let foreign = Etcd::open(&foreign).await.expect("open");
    let key = Key::new("others.example.com/things/default/a");
    let first = foreign.create(key.clone(), "{}".into()).await.expect("written");
    let second = foreign.replace(key.clone(), first, r#"{"x":1}"#.into()).await.expect("written");
    let floor = Revision::new(second.get() + 1_000_000).expect("not 0");
    for _ in 0..2 {
        // The second time it is above already.
        ours.raise(floor).await.expect("raised");
        let then = foreign.get(&key, At::Exactly(first)).await.expect("still there").value;
        assert_eq!(then.map(|stored| stored.value), Some("{}".into()));
        foreign.watch(&Prefix::everything(), Start::After(first), false).await.expect("still there");
        let refused = ours.get(&key, At::Exactly(floor)).await.expect_err("of another life");
        assert!(matches!(refused, Error::Compacted { .. }), "{refused}");
    }
}
