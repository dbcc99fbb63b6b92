//! `aggboot migrate` between real stores: a file and etcd, there and back, with servers on both ends.

use aggboot::storage::embedded::{Embedded, upkeep};
use aggboot::storage::etcd::{Config, Etcd};
use aggboot::storage::migrate::{Migration, Stage, unfinished};
use aggboot::storage::{Key, Prefix, Query, Revision, Storage, Stored, Write};
use aggboot_tests::aggboot_cli::AggbootCli;
use aggboot_tests::etcd;
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::ours::widget;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Mutex, Notify};

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";
const PREFIX: &str = "/registry/custom.example.com";

/// One test at a time: a process that is being started has the locks of every store that its parent has open, until it
/// has become its program.
static ALONE: Mutex<()> = Mutex::const_new(());

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn key(name: &str) -> Key {
    Key::new(format!("g.example.com/rs/n/{name}"))
}

fn object(name: &str, text: &str) -> bytes::Bytes {
    format!(
        r#"{{"apiVersion":"g.example.com/v1","kind":"R","metadata":{{"name":"{name}","namespace":"n"}},"spec":{{"text":"{text}"}}}}"#
    )
    .into()
}

async fn fill(store: &dyn Storage, count: usize) {
    let names = (0..count).map(|number| number.to_string());
    let creates = names.map(|name| Write::create(key(&name), object(&name, "a"))).collect();
    assert!(store.write(creates).await.iter().all(Result::is_ok));
}

async fn in_etcd(etcd: &etcd::Etcd, prefix: &str) -> Etcd {
    let mut config = Config::new(vec![etcd.member.url()], prefix);
    config.compaction_interval = Duration::ZERO;
    Etcd::open(&config).await.expect("it opens")
}

async fn records(store: &dyn Storage) -> (Vec<Stored>, Revision) {
    let read = store.list(Query::all(Prefix::everything())).await.expect("listed");
    (read.value.items, read.at)
}

async fn values(store: &dyn Storage) -> Vec<(Key, bytes::Bytes)> {
    records(store).await.0.into_iter().map(|stored| (stored.key, stored.value)).collect()
}

async fn listed(server: &LocalServer) -> Value {
    let list = server.call(Method::GET, WIDGETS).send().await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text());
    list.json()
}

fn revision(object: &Value) -> u64 {
    let text = object["metadata"]["resourceVersion"].as_str().expect("a revision");
    text.parse().expect("a number")
}

/// The same objects, each at a larger revision; whoever watches from before is told to list.
async fn goes_on(before: &Value, server: &LocalServer) -> Value {
    let after = listed(server).await;
    let items = |list: &Value| list["items"].as_array().expect("items").clone();
    let (old, new) = (items(before), items(&after));
    assert_eq!(old.len(), new.len());
    assert!(new.iter().all(|item| revision(item) > revision(before)), "{after:#}");
    let plain = |mut items: Vec<Value>| {
        for item in &mut items {
            item["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
        }
        items
    };
    assert_eq!(plain(old), plain(new));
    let path = format!("{WIDGETS}?watch=true&resourceVersion={}", revision(before));
    let watch = server.call(Method::GET, &path).send().await;
    assert!(watch.text().contains("\"code\":410"), "{}", watch.text());
    after
}

#[tokio::test]
async fn a_server_goes_on_in_etcd_and_comes_back() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let here = folder.path();
    for name in ["first", "second", "third"] {
        std::fs::create_dir(here.join(name)).expect("made");
    }
    let mut server = LocalServer::start(PROGRAM, &here.join("first")).await;
    for name in ["a", "b"] {
        let body = widget(name, &json!({"image": "example:1"}));
        let made = server.call(Method::POST, WIDGETS).json(&body).send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    let before = listed(&server).await;
    let url = etcd.member.url();
    let there = format!("migrate --from embedded:first/data --to etcd:{url} --to-etcd-prefix {PREFIX}");
    cli.refuses(here, &there, 5, "is in use by another process: stop that one");
    server.component.terminate().await;

    let planned = cli.document(here, &format!("{there} --dry-run"));
    assert_eq!((&planned["created"], &planned["dryRun"]), (&json!(2), &json!(true)));
    assert!(values(&in_etcd(&etcd, PREFIX).await).await.is_empty(), "nothing was changed");
    let said = cli.document(here, &there);
    assert_eq!((&said["objects"], &said["created"], &said["resumed"]), (&json!(2), &json!(2), &json!(false)));
    assert!(said["revision"].as_u64() > Some(revision(&before)), "{said:#}");
    let flags = [&*format!("--etcd-servers={url}"), "--etcd-compaction-interval=0"];
    let mut server = LocalServer::start_with(PROGRAM, &here.join("second"), &flags).await;
    let between = goes_on(&before, &server).await;
    server.component.terminate().await;

    let back = format!("migrate --from etcd:{url} --from-etcd-prefix {PREFIX} --to embedded:third/data");
    let said = String::from_utf8(cli.succeed(here, &back).stdout).expect("text");
    assert!(said.starts_with("Migrated 2 objects (") && said.contains("2 new, 0 written again"), "{said}");
    let said = String::from_utf8(cli.succeed(here, &back).stdout).expect("text");
    assert!(said.starts_with("Nothing to do: ") && said.contains(" holds the 2 objects ("), "{said}");
    let server = LocalServer::start(PROGRAM, &here.join("third")).await;
    goes_on(&between, &server).await;
}

/// As a crash leaves it: dropped in the middle.
async fn broken_off(source: &dyn Storage, name: &str, target: &dyn Storage) {
    let migration = Migration { source, name, target };
    let plan = migration.plan(&mut |_, _, _| ()).await.expect("a plan");
    let enough = Notify::new();
    let mut progress = |stage, done, _| {
        if stage == Stage::Copying && done == 600 {
            enough.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = enough.notified() => {}
        done = migration.run(plan, &mut progress) => panic!("it was not broken off: {done:?}"),
    }
}

#[tokio::test]
async fn what_was_broken_off_goes_on() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let (here, url) = (folder.path(), etcd.member.url());
    let source = in_etcd(&etcd, "/registry/g.example.com").await;
    fill(&source, 1500).await;
    let target = Embedded::open(&here.join("data")).expect("it opens");
    broken_off(&source, &format!("etcd:{url} below /registry/g.example.com"), &target).await;
    drop(target);

    cli.refuses(here, "db check", 5, "has only a part of what etcd:http");
    cli.refuses(here, "db export", 5, "run that `aggboot migrate` again");
    let elsewhere = format!("migrate --from etcd:{url} --from-etcd-prefix /registry/h --to embedded:data");
    cli.refuses(here, &elsewhere, 3, "it holds an unfinished migration from etcd:http");
    cli.refuses(
        here,
        "migrate --from embedded:data --to embedded:new",
        5,
        "the source holds an unfinished migration",
    );

    // What others write beside it is none of ours; and the source changed since.
    let other = in_etcd(&etcd, "/registry/other").await;
    fill(&other, 10).await;
    let gone =
        source.get(&key("10"), aggboot::storage::At::Latest).await.expect("read").value.expect("there");
    source.delete(gone.key, gone.revision).await.expect("deleted");
    let again =
        format!("migrate --from etcd:{url} --from-etcd-prefix /registry/g.example.com/ --to embedded:data");
    let said = cli.document(here, &again);
    assert_eq!(
        (&said["resumed"], &said["objects"], &said["deleted"]),
        (&json!(true), &json!(1499), &json!(1))
    );
    assert!(said["kept"].as_u64() > Some(0) && said["created"].as_u64() > Some(0), "{said:#}");
    let target = Embedded::open(&here.join("data")).expect("it opens");
    assert_eq!(values(&source).await, values(&target).await);
    assert_eq!(unfinished(&target).await, Ok(None));
    drop(target);
    cli.succeed(here, "db check");

    // Within one etcd, with the limit of its servers said too low, and then as it is.
    let twin = format!(
        "migrate --from etcd:{url} --from-etcd-prefix /registry/g.example.com --to etcd:{url} --to-etcd-prefix /registry/twin"
    );
    let large = object("large", &"x".repeat(30_000));
    source.create(key("large"), large).await.expect("written");
    cli.refuses(here, &format!("{twin} --to-etcd-max-request-bytes 40000"), 5, "rs/n/large has ");
    cli.succeed(here, &twin);
    assert_eq!(values(&source).await, values(&in_etcd(&etcd, "/registry/twin").await).await);
}

/// What is typed, the exit code, and a part of the sentence.
const REFUSALS: &[(&str, i32, &str)] = &[
    ("--from embedded:full", 2, "--to <STORE>"),
    ("--from memory: --to embedded:new", 2, "goes with its server"),
    ("--from full --to embedded:new", 2, "a store is embedded:DIR, or etcd:URL"),
    ("--from embedded:full --to etcd:127.0.0.1:2379", 2, "no URL of an etcd server"),
    ("--from embedded:full --to etcd:http://127.0.0.1:1 --to-etcd-certfile c", 2, "--to-etcd-keyfile"),
    ("--from embedded:nowhere --to embedded:new", 5, "there is no store in nowhere; --from names"),
    ("--from embedded:text --to embedded:new", 5, "text/storage.redb is damaged"),
    ("--from embedded:full --to embedded:text", 5, "text/storage.redb is damaged"),
    ("--from embedded:full --to embedded:./full", 3, "in the same place as embedded:/"),
    ("--from embedded:full --to embedded:other", 3, "it holds 2 objects that do not come from a migration"),
    ("--from embedded:full --to etcd:http://127.0.0.1:1", 3, "say --to-etcd-prefix"),
    ("--from embedded:full --to embedded:new --to-etcd-prefix /a", 3, "leave it out, or say --to etcd:URL"),
    ("--from embedded:full --to etcd:https://127.0.0.1:1 --to-etcd-prefix /a", 5, "--etcd-cafile"),
];

#[tokio::test]
async fn every_refusal_is_one_sentence_and_changes_nothing() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let here = folder.path();
    for (name, count) in [("full", 3), ("other", 2)] {
        fill(&Embedded::open(&here.join(name)).expect("it opens"), count).await;
    }
    std::fs::create_dir(here.join("text")).expect("made");
    std::fs::write(upkeep::file(&here.join("text")), "this is not a database\n".repeat(1000))
        .expect("written");
    let held = async |name: &str| records(&Embedded::open(&here.join(name)).expect("it opens")).await;
    let before = (held("full").await, held("other").await);
    for (words, code, part) in REFUSALS {
        cli.refuses(here, &format!("migrate {words}"), *code, part);
    }
    assert_eq!((held("full").await, held("other").await), before);
    cli.succeed(here, "migrate --from embedded:full --to embedded:new --dry-run");
    assert!(!here.join("new").exists(), "nothing was made");
}
