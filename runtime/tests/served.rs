//! A kind that code answers, used through a real server as clients use it.
#![cfg(feature = "testing")]

use std::collections::BTreeMap as Map;
use std::sync::{Arc, Mutex, MutexGuard};

use aggboot::kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use aggboot::kube::core::ObjectList;
use aggboot::kube::{Error as KubeError, ResourceExt};
use aggboot::prelude::*;
use aggboot::served::{
    Answer, Call, Connect, Context, Create, Delete, Events, Get, List, Page, Query, Reply, Update, Watch,
    WatchFrom,
};
use aggboot::testing::{TestServer, serve};
use futures::TryStreamExt;
use serde_json::json;

/// A note.
#[derive(ApiResource, Debug, PartialEq)]
#[api(group = "desk.example.com", version = "v1")]
pub struct Note {
    pub metadata: ObjectMeta,
    #[api(column, max_length = 20)]
    pub text: String,
}

/// A call on a note.
#[derive(ApiResource, Debug)]
#[api(group = "desk.example.com", version = "v1", kind = "NoteEcho", plural = "noteechoes")]
pub struct NoteEcho {
    pub metadata: ObjectMeta,
}

/// Notes in memory, with a revision of their own.
#[derive(Default)]
struct Desk(Mutex<State>);

#[derive(Default)]
struct State {
    revision: u64,
    notes: Map<(String, String), Note>,
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    fn keep(&self, cx: &Context, mut note: Note) -> Note {
        let mut state = self.state();
        state.revision += 1;
        note.metadata.resource_version = Some(state.revision.to_string());
        state.notes.insert((cx.namespace().to_owned(), note.name_any()), note.clone());
        note
    }
}

impl Get<Note> for Desk {
    async fn get(&self, cx: &Context, name: &str) -> Answer<Option<Note>> {
        Ok(self.state().notes.get(&(cx.namespace().to_owned(), name.to_owned())).cloned())
    }
}

impl List<Note> for Desk {
    async fn list(&self, _: &Context, _: &Query) -> Answer<Page<Note>> {
        let state = self.state();
        Ok(Page::from(state.notes.values().rev().cloned().collect::<Vec<_>>()).at(state.revision.to_string()))
    }
}

impl Create<Note> for Desk {
    async fn create(&self, cx: &Context, note: Note) -> Answer<Note> {
        Ok(self.keep(cx, note))
    }
}

impl Update<Note> for Desk {
    async fn update(&self, cx: &Context, old: &Note, new: Note) -> Answer<Note> {
        let current = self.get(cx, &old.name_any()).await?;
        if current.as_ref() != Some(old) {
            return Err(ApiError::conflict("somebody else wrote on it"));
        }
        Ok(self.keep(cx, new))
    }
}

impl Delete<Note> for Desk {
    async fn delete(&self, cx: &Context, old: &Note) -> Answer<()> {
        self.state().notes.remove(&(cx.namespace().to_owned(), old.name_any()));
        Ok(())
    }
}

impl Watch<Note> for Desk {
    async fn watch(&self, _: &Context, _: &Query, _: WatchFrom, events: &mut Events<Note>) -> Answer<()> {
        let notes: Vec<Note> = self.state().notes.values().cloned().collect();
        for note in &notes {
            events.added(note).await?;
        }
        Err(ApiError::expired("that is all"))
    }
}

impl Connect<NoteEcho> for Desk {
    async fn connect(&self, cx: &Context, name: &str, call: Call) -> Answer<Reply> {
        Ok(Reply::text(format!("{}/{name} {} {:?}", cx.namespace(), call.method(), call.parameter("say"))))
    }
}

async fn desk() -> (TestServer, Api<Note>, Arc<Desk>) {
    let desk = Arc::new(Desk::default());
    let notes = Note::served_by(Arc::clone(&desk)).get().list().watch().create().update().delete();
    let notes = notes.subresource("echo", NoteEcho::served_by(Arc::clone(&desk)).connect());
    let server = serve([notes.into()]).await;
    let api = Api::namespaced(server.client(), "default");
    (server, api, desk)
}

fn note(name: &str, text: &str) -> Note {
    let labels = Some(Map::from([("length".to_owned(), text.len().to_string())]));
    let metadata = ObjectMeta { name: Some(name.to_owned()), labels, ..ObjectMeta::default() };
    Note { metadata, text: text.to_owned() }
}

fn code(error: &KubeError) -> u16 {
    match error {
        KubeError::Api(status) => status.code,
        other => panic!("expected a Status: {other}"),
    }
}

#[tokio::test]
async fn created_objects_are_given_an_identity_and_kept() {
    let (_server, api, _) = desk().await;
    let created = api.create(&PostParams::default(), &note("a", "hello")).await.expect("created");
    assert!(created.metadata.uid.is_some() && created.metadata.creation_timestamp.is_some());
    assert_eq!(api.get("a").await.expect("there").text, "hello");
    assert_eq!(code(&api.get("b").await.expect_err("nothing by that name")), 404);
}

#[tokio::test]
async fn the_schema_judges_what_the_source_gets() {
    let (_server, api, desk) = desk().await;
    let refused = api.create(&PostParams::default(), &note("a", "much longer than twenty characters")).await;
    assert_eq!(code(&refused.expect_err("too long")), 422);
    assert!(desk.state().notes.is_empty());
}

#[tokio::test]
async fn a_dry_run_keeps_nothing() {
    let (_server, api, desk) = desk().await;
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    assert_eq!(api.create(&dry, &note("a", "x")).await.expect("admitted").text, "x");
    assert!(desk.state().notes.is_empty());
}

#[tokio::test]
async fn lists_are_sorted_selected_and_paged() {
    let (_server, api, _) = desk().await;
    for (name, text) in [("c", "xx"), ("a", "x"), ("b", "xx")] {
        api.create(&PostParams::default(), &note(name, text)).await.expect("created");
    }
    let names = |list: &ObjectList<Note>| list.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>();
    let all = api.list(&ListParams::default()).await.expect("listed");
    assert_eq!(
        (names(&all), all.metadata.resource_version.as_deref()),
        (vec!["a".into(), "b".into(), "c".into()], Some("3"))
    );
    let selected = api.list(&ListParams::default().labels("length=2")).await.expect("listed");
    assert_eq!(names(&selected), ["b", "c"]);
    let first = api.list(&ListParams::default().limit(2)).await.expect("listed");
    assert_eq!((names(&first), first.metadata.remaining_item_count), (vec!["a".into(), "b".into()], Some(1)));
    let token = first.metadata.continue_.expect("a token");
    let second = api.list(&ListParams::default().limit(2).continue_token(&token)).await.expect("listed");
    assert_eq!((names(&second), second.metadata.continue_), (vec!["c".to_owned()], None));
}

#[tokio::test]
async fn updates_and_patches_are_guarded_by_the_revision() {
    let (_server, api, _) = desk().await;
    let first = api.create(&PostParams::default(), &note("a", "one")).await.expect("created");
    let patch = Patch::Merge(json!({"text": "two"}));
    let second = api.patch("a", &PatchParams::default(), &patch).await.expect("patched");
    assert_eq!(second.text, "two");
    let stale = api.replace("a", &PostParams::default(), &Note { text: "three".into(), ..first }).await;
    assert_eq!(code(&stale.expect_err("an old revision")), 409);
    let third = api.replace("a", &PostParams::default(), &Note { text: "three".into(), ..second }).await;
    assert_eq!(third.expect("the current revision").text, "three");
}

#[tokio::test]
async fn objects_and_collections_are_deleted() {
    let (_server, api, desk) = desk().await;
    for (name, text) in [("a", "x"), ("b", "xx"), ("c", "xx")] {
        api.create(&PostParams::default(), &note(name, text)).await.expect("created");
    }
    api.delete("a", &DeleteParams::default()).await.expect("deleted");
    assert_eq!(code(&api.delete("a", &DeleteParams::default()).await.expect_err("gone")), 404);
    let selected = ListParams::default().labels("length=2");
    api.delete_collection(&DeleteParams::default(), &selected).await.expect("deleted");
    assert!(desk.state().notes.is_empty());
}

#[tokio::test]
async fn a_watch_ends_with_what_the_source_says() {
    let (_server, api, _) = desk().await;
    api.create(&PostParams::default(), &note("a", "x")).await.expect("created");
    let events = api.watch(&WatchParams::default(), "0").await.expect("a stream");
    let events: Vec<WatchEvent<Note>> = events.try_collect().await.expect("events");
    assert!(
        matches!(&events[..], [WatchEvent::Added(note), WatchEvent::Error(status)]
        if note.text == "x" && status.code == 410),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_subresource_is_answered_by_code() {
    let (server, api, _) = desk().await;
    api.create(&PostParams::default(), &note("a", "x")).await.expect("created");
    let path = "/apis/desk.example.com/v1/namespaces/default/notes/a/echo?say=hi";
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    let reply = server.client().request_text(request).await.expect("an answer");
    assert_eq!(reply, r#"default/a GET Some("hi")"#);
    // Authorized as a watch, so it must not become a call.
    let path = "/apis/desk.example.com/v1/watch/namespaces/default/notes/a/echo?say=hi";
    let request = http::Request::post(path).body(Vec::new()).expect("a request");
    assert_eq!(code(&server.client().request_text(request).await.expect_err("no such call")), 405);
}

#[tokio::test]
async fn discovery_shows_the_verbs_that_were_named() {
    let (server, _, _) = desk().await;
    let resources = server.client().list_api_group_resources("desk.example.com/v1").await.expect("resources");
    let verbs: Map<_, _> =
        resources.resources.iter().map(|found| (found.name.as_str(), found.verbs.join(" "))).collect();
    assert_eq!(verbs["notes"], "create delete deletecollection get list patch update watch");
    assert_eq!(verbs["notes/echo"], "create get");
}
