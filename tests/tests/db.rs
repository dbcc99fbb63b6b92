//! `aggboot db …` on real stores: what is exported comes back at higher revisions, what is damaged is refused by name,
//! and nothing is ever half done.

use aggboot::storage::embedded::{Embedded, upkeep};
use aggboot::storage::{At, Error, Key, Prefix, Query, Revision, Start, Storage as _, Stored, Write};
use aggboot_tests::aggboot_cli::AggbootCli;
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::ours::widget;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use tokio::sync::Mutex;

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";

/// One test at a time: a process that is being started has the locks of every store that its parent has open, until it
/// has become its program.
static ALONE: Mutex<()> = Mutex::const_new(());

fn object(name: &str, generation: usize) -> String {
    format!(
        r#"{{"apiVersion":"g.example.com/v1","kind":"R","metadata":{{"name":"{name}","namespace":"n","generation":{generation}}},"spec":{{"text":"{}"}}}}"#,
        "é\\u003c ".repeat(40)
    )
}

fn key(name: &str) -> Key {
    Key::new(format!("g.example.com/rs/n/{name}"))
}

/// A store with so many objects, each written five times.
async fn filled(dir: &Path, count: usize) -> Embedded {
    let store = Embedded::open(dir).expect("it opens");
    let mut revisions: BTreeMap<usize, Revision> = BTreeMap::new();
    for generation in 0..5 {
        let write = |number: usize| {
            let (key, value) = (key(&number.to_string()), object(&number.to_string(), generation).into());
            match revisions.get(&number) {
                Some(revision) => Write::replace(key, *revision, value),
                None => Write::create(key, value),
            }
        };
        let outcomes = store.write((0..count).map(write).collect()).await;
        revisions = outcomes.into_iter().map(|outcome| outcome.expect("written")).enumerate().collect();
    }
    store
}

async fn records(store: &Embedded) -> (Vec<Stored>, Revision) {
    let read = store.list(Query::all(Prefix::everything())).await.expect("listed");
    (read.value.items, read.at)
}

fn values(stored: &[Stored]) -> Vec<(Key, bytes::Bytes)> {
    stored.iter().map(|stored| (stored.key.clone(), stored.value.clone())).collect()
}

/// Every file below a folder, as a digest of its bytes; but what is made beside a store by looking at it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if ["storage.lock", "storage.ballast", "full/storage.redb"].iter().any(|end| path.ends_with(end)) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.insert(path.display().to_string(), format!("{:x?}", Sha256::digest(bytes).as_slice()));
        }
    }
    found
}

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[tokio::test]
async fn an_export_comes_back_as_the_same_records_at_higher_revisions() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let here = folder.path();
    let (before, at) = records(&filled(&here.join("old"), 1500).await).await;

    let said = cli.document(here, "db export --data-dir old --file kept.jsonl");
    assert_eq!(
        said,
        json!({"command": "db export", "file": "kept.jsonl", "objects": 1500, "revision": at.get()})
    );
    let plain = cli.succeed(here, "db export --data-dir old");
    assert_eq!(
        plain.stdout,
        fs::read(here.join("kept.jsonl")).expect("a file"),
        "the standard output has the same"
    );
    assert_eq!(String::from_utf8_lossy(&plain.stderr), format!("Exported 1500 objects at revision {at}.\n"));

    let said = cli.document(here, "db import --data-dir new --file kept.jsonl");
    assert_eq!((&said["objects"], &said["replaced"]), (&json!(1500), &json!(0)));
    let new = Embedded::open(&here.join("new")).expect("it opens");
    let (after, imported) = records(&new).await;
    assert_eq!(values(&before), values(&after));
    assert!(after.iter().all(|stored| stored.revision > at) && said["revision"] == json!(imported.get()));
    let old_watch = new.watch(&Prefix::everything(), Start::After(at), false).await.map(|_| ());
    assert!(matches!(old_watch, Err(Error::Compacted { .. })), "{old_watch:?}");
}

#[tokio::test]
async fn replacing_is_asked_for_and_never_goes_back() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let here = folder.path();
    drop(filled(&here.join("source"), 3).await);
    cli.succeed(here, "db export --data-dir source --file kept.jsonl");
    let target = filled(&here.join("target"), 5).await;
    let high = Revision::new(u64::from(u32::MAX) << 20).expect("not 0");
    target.raise(high).await.expect("raised");
    drop(target);

    let said = cli.succeed(here, "db import --data-dir target --file kept.jsonl --replace").stdout;
    let said = String::from_utf8(said).expect("text");
    assert!(said.starts_with("Imported 3 objects into target in place of 5 objects;"), "{said}");
    let target = Embedded::open(&here.join("target")).expect("it opens");
    let (after, _) = records(&target).await;
    assert!(after.len() == 3 && after.iter().all(|stored| stored.revision > high), "{after:?}");
    drop(target);

    let above = high.get() * 2;
    cli.succeed(here, &format!("db import --data-dir other --file kept.jsonl --raise-above {above}"));
    let (after, _) = records(&Embedded::open(&here.join("other")).expect("it opens")).await;
    assert!(after.len() == 3 && after.iter().all(|stored| stored.revision.get() > above), "{after:?}");
}

#[tokio::test]
async fn a_copy_that_was_put_back_is_lifted_above_what_clients_saw() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let (here, dir) = (folder.path(), folder.path().join("data"));
    let (before, copied_at) = records(&filled(&dir, 3).await).await;
    let witness = dir.join("storage.witness");
    let (copy, said) = (fs::read(upkeep::file(&dir)).expect("read"), fs::read(&witness).expect("read"));
    let store = Embedded::open(&dir).expect("it opens");
    let seen = store.create(key("later"), object("later", 1).into()).await.expect("written");
    drop(store);
    // The file alone is noticed.
    fs::write(upkeep::file(&dir), &copy).expect("written");
    let noticed = cli.document(here, "db check");
    assert!(noticed["revision"].as_u64() > Some(seen.get()) && noticed["raised"] == json!(true), "{noticed}");
    fs::write(upkeep::file(&dir), &copy).expect("written");
    let text = String::from_utf8(cli.succeed(here, "db check").stdout).expect("text");
    assert!(
        text.contains("storage.redb: it is an older copy") && text.contains("Raised to revision"),
        "{text}"
    );

    // With all that was beside it nothing contradicts it.
    fs::write(upkeep::file(&dir), copy).expect("written");
    fs::write(witness, said).expect("written");
    let plain = cli.document(here, "db check");
    assert_eq!((&plain["revision"], &plain["raised"]), (&json!(copied_at.get()), &json!(false)));
    let raised = cli.document(here, &format!("db check --raise-above {seen}"));
    assert_eq!((&raised["raised"], &raised["objects"]), (&json!(true), &json!(3)));
    let store = Embedded::open(&dir).expect("it opens");
    let (after, at) = records(&store).await;
    assert!(after == before && at > seen, "the objects are as they were, and new ones are above");
    let watch = store.watch(&Prefix::everything(), Start::After(seen), false).await.map(|_| ());
    assert!(matches!(watch, Err(Error::Compacted { .. })), "{watch:?}");
    drop(store);
    let now = cli.document(here, "db check --raise-above now");
    assert!(now["revision"].as_u64() > Some(at.get()), "{now}");
}

#[tokio::test]
async fn a_sound_store_is_described() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let store = filled(&folder.path().join("data"), 3).await;
    let at =
        store.create(Key::new("h.example.com/s/one"), cluster_scoped("one").into()).await.expect("written");
    drop(store);
    let said = cli.document(folder.path(), "db check");
    assert_eq!(said["resources"], json!({"g.example.com/rs": 3, "h.example.com/s": 1}));
    assert_eq!(
        (&said["sound"], &said["mended"], &said["revision"]),
        (&json!(true), &json!(false), &json!(at.get()))
    );
    let text = String::from_utf8(cli.succeed(folder.path(), "db check").stdout).expect("text");
    assert!(text.starts_with("data/storage.redb is sound: 4 objects, "), "{text}");
    assert!(text.contains("\n          3  g.example.com/rs\n"), "{text}");
}

fn cluster_scoped(name: &str) -> String {
    format!(r#"{{"apiVersion":"h.example.com/v1","kind":"S","metadata":{{"name":"{name}"}}}}"#)
}

#[tokio::test]
async fn values_that_are_no_objects_are_named() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let store = filled(&folder.path().join("data"), 3).await;
    let broken = store.create(key("broken"), "{\"a\":1}".into()).await.expect("written");
    drop(store);
    let output = cli.run(folder.path(), &["db", "check", "-o", "json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((output.status.code(), &said["error"]["class"]), (Some(5), &json!("data")));
    let problem = said["error"]["problems"][0].as_str().expect("a problem");
    let expected = format!("g.example.com/rs/n/broken at revision {broken}: the stored bytes are no object");
    assert!(problem.starts_with(&expected), "{said:#}");
    let raised = cli.run(folder.path(), &["db", "check", "--raise-above", "now"]);
    assert_eq!(raised.status.code(), Some(5));
    let (_, at) = records(&Embedded::open(&folder.path().join("data")).expect("it opens")).await;
    assert_eq!(at, broken, "what is not sound is not touched");
}

#[tokio::test]
async fn compacting_gives_space_back() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let dir = folder.path().join("data");
    let (before, at) = records(&filled(&dir, 800).await).await;
    let size = || fs::metadata(upkeep::file(&dir)).expect("a file").len();
    let large = size();
    let said = cli.document(folder.path(), "db compact");
    assert_eq!((&said["bytesBefore"], &said["bytesAfter"]), (&json!(large), &json!(size())));
    assert!(size() * 2 < large && said["forgotten"] == json!(4 * 800), "{said}");
    assert_eq!(records(&Embedded::open(&dir).expect("it opens")).await, (before, at));
}

/// Objects that one server wrote are served by another, at revisions that clients of the first never saw.
#[tokio::test]
async fn a_server_goes_on_with_what_another_one_wrote() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    fs::create_dir_all(&first).and_then(|()| fs::create_dir_all(&second)).expect("made");
    let mut server = LocalServer::start(PROGRAM, &first).await;
    for name in ["a", "b"] {
        let body = widget(name, &json!({"image": "example:1"}));
        let made = server.call(Method::POST, WIDGETS).json(&body).send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    let before = server.call(Method::GET, WIDGETS).send().await.json();
    let in_use = cli.run(folder.path(), &["db", "check", "--data-dir", "first/data"]);
    let said = String::from_utf8_lossy(&in_use.stderr).into_owned();
    assert!(
        in_use.status.code() == Some(5) && said.contains("is in use by another process: stop that one"),
        "{said}"
    );
    server.component.terminate().await;

    cli.succeed(folder.path(), "db check --data-dir first/data");
    cli.succeed(folder.path(), "db export --data-dir first/data --file kept.jsonl");
    cli.succeed(folder.path(), "db import --data-dir second/data --file kept.jsonl");
    let server = LocalServer::start(PROGRAM, &second).await;
    let after = server.call(Method::GET, WIDGETS).send().await.json();
    let revision =
        |list: &Value| list["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse::<u64>().ok());
    assert!(revision(&after) > revision(&before), "{after:#}");
    let plain = |list: &Value| {
        let mut items = list["items"].clone();
        for item in items.as_array_mut().expect("items") {
            item["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
        }
        items
    };
    assert_eq!(plain(&before), plain(&after));
    let old = before["metadata"]["resourceVersion"].as_str().expect("a revision");
    let watch = server.call(Method::GET, &format!("{WIDGETS}?watch=true&resourceVersion={old}")).send().await;
    assert!(watch.text().contains("\"code\":410"), "{}", watch.text());
}

/// What is typed, the exit code, and a part of the sentence. `kept` is an export of `full`.
const REFUSALS: &[(&str, i32, &str)] = &[
    ("db check --data-dir nowhere", 5, "there is no store in nowhere"),
    ("db compact --data-dir nowhere", 5, "there is no store in nowhere"),
    ("db export --data-dir nowhere", 5, "there is no store in nowhere; --data-dir names"),
    ("db check --data-dir text", 5, "text/storage.redb is damaged"),
    ("db compact --data-dir flipped", 5, "flipped/storage.redb is damaged"),
    ("db check --data-dir flipped", 5, "Put a backup in its place"),
    ("db check --data-dir full --raise-above 0", 2, "a revision is a number from 1"),
    ("db check --data-dir full --raise-above later", 2, "`now`"),
    ("db export --data-dir full --file nowhere/kept", 1, "failed to write in nowhere"),
    ("db export --data-dir full --file full/storage.redb", 5, "belongs to the store itself"),
    ("db import --data-dir new", 2, "--file <FILE>"),
    ("db import --data-dir new --file nowhere", 1, "failed to open nowhere"),
    ("db import --data-dir new --file cut", 5, "cut: line 4: the file ends within a line: it was cut"),
    ("db import --data-dir new --file short", 5, "short: line 4: the last line is missing: the file was cut"),
    ("db import --data-dir new --file changed", 5, "changed: line 5: the checksum or the count"),
    ("db import --data-dir new --file text/storage.redb", 5, "not the first line of a dump"),
    ("db import --data-dir full --file kept", 3, "the store in it holds 3 objects; try --replace"),
    ("db import --data-dir text --file kept --replace", 5, "text/storage.redb is damaged"),
];

#[tokio::test]
async fn every_refusal_is_one_sentence_and_changes_nothing() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let here = folder.path();
    let full = records(&filled(&here.join("full"), 3).await).await;
    cli.succeed(here, "db export --data-dir full --file kept");
    let kept = fs::read_to_string(here.join("kept")).expect("text");
    let write = |name: &str, text: &str| fs::write(here.join(name), text).expect("written");
    write("cut", &kept[..kept.len() - 300]);
    write("short", &kept.lines().take(3).fold(String::new(), |text, line| text + line + "\n"));
    write("changed", &kept.replacen("\"n\"", "\"m\"", 1));
    fs::create_dir(here.join("text")).expect("made");
    write("text/storage.redb", &"this is not a database\n".repeat(1000));
    damage(&here.join("full"), &here.join("flipped"));
    let before = files(here);
    for (words, code, part) in REFUSALS {
        cli.refuses(here, words, *code, part);
        assert_eq!(files(here), before, "aggboot {words}");
    }
    // That one is opened, which leaves its mark in the file, and no other.
    assert_eq!(records(&Embedded::open(&here.join("full")).expect("it opens")).await, full);
}

/// A copy of a store with bits flipped in a value.
fn damage(store: &Path, copy: &Path) {
    let mut bytes = fs::read(upkeep::file(store)).expect("read");
    let needle = b"\"generation\":4";
    let places: Vec<_> =
        bytes.windows(needle.len()).enumerate().filter(|(_, bytes)| bytes == needle).collect();
    let places: Vec<_> = places.into_iter().map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "values lie in the file as they are");
    places.into_iter().for_each(|place| bytes[place] ^= 1);
    fs::create_dir(copy).expect("made");
    fs::write(upkeep::file(copy), bytes).expect("written");
}

#[tokio::test]
async fn the_data_directory_also_comes_from_the_environment() {
    let (_alone, cli, folder) = (ALONE.lock().await, AggbootCli::build(), temporary());
    let store = filled(&folder.path().join("elsewhere"), 1).await;
    let read = store.get(&key("0"), At::Latest).await.expect("read").value.expect("there");
    drop(store);
    let mut command = cli.command();
    command.args(["db", "export"]).current_dir(folder.path()).env("AGGBOOT_DATA_DIR", "elsewhere");
    let output = command.output().expect("it starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains(std::str::from_utf8(&read.value).expect("text")), "as it is stored: {said}");
}
