//! Keepers of one Lease, against a main API that keeps it in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::{Claim, Holder, Keeper, Standing};
use crate::cluster::main_api;
use crate::respond::Body;
use crate::storage::memory::Memory;
use crate::storage::{Key, Storage};

const NAME: &str = "v1.example.com";
const STORE: &str = "example.com/storage";
const REVISION: &str = "example.com/revision";

/// A main API with at most one Lease.
#[derive(Default)]
struct MainApi {
    lease: Mutex<Option<Value>>,
    /// How many of the next writes are done, and their answers lost.
    losing: Mutex<u32>,
}

impl MainApi {
    async fn serve(self: &Arc<Self>) -> Client {
        let api = Arc::clone(self);
        let address = main_api::serve(move |request| api.answer(&request)).await;
        let uri = format!("http://{address}").parse().expect("an address");
        Client::try_from(Config::new(uri)).expect("a client")
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Body> {
        let (status, answer) = match *request.method() {
            Method::GET => match self.lease() {
                Value::Null => (StatusCode::NOT_FOUND, failure(404, "NotFound")),
                lease => (StatusCode::OK, lease),
            },
            _ => self.write(serde_json::from_slice(request.body()).expect("a Lease")),
        };
        let mut response = Response::new(Body::from(answer.to_string()));
        *response.status_mut() = status;
        response
    }

    fn write(&self, mut sent: Value) -> (StatusCode, Value) {
        let mut lease = self.lease.lock().expect("unpoisoned");
        let version = |lease: &Value| lease["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        let before = lease.as_ref().and_then(version);
        if version(&sent) != before {
            return (StatusCode::CONFLICT, failure(409, "Conflict"));
        }
        let next = before.map_or(1, |before| before.parse::<u32>().expect("a number") + 1);
        sent["metadata"]["resourceVersion"] = json!(next.to_string());
        *lease = Some(sent.clone());
        let mut losing = self.losing.lock().expect("unpoisoned");
        if *losing > 0 {
            *losing -= 1;
            return (StatusCode::INTERNAL_SERVER_ERROR, failure(500, "InternalError"));
        }
        (StatusCode::OK, sent)
    }

    fn lease(&self) -> Value {
        self.lease.lock().expect("unpoisoned").clone().unwrap_or_default()
    }

    /// The highest revision that was served.
    fn served(&self) -> u64 {
        let said = self.lease()["metadata"]["annotations"][REVISION].clone();
        said.as_str().and_then(|said| said.parse().ok()).unwrap_or_default()
    }

    /// Which store the Lease names.
    fn named(&self) -> Value {
        self.lease()["metadata"]["annotations"][STORE].clone()
    }
}

fn failure(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": reason, "reason": reason, "code": code})
}

/// A server, as far as its Lease goes; dropped, it is killed.
struct Server {
    claim: Arc<Claim>,
    keeper: AbortHandle,
}

impl Server {
    /// On a store, by the process of its directory, which has the same name.
    fn start(client: &Client, store: &str) -> Self {
        Self::start_by(client, store, store)
    }

    fn start_by(client: &Client, process: &str, store: &str) -> Self {
        let claim = Arc::new(Claim::new());
        let holder =
            Holder { host: "host".into(), process: process.into(), store: store.into(), _lock: None };
        let keeper = Keeper::new(Arc::clone(&claim), holder, client, "default", vec![NAME.into()]);
        Self { claim, keeper: tokio::spawn(keeper.run()).abort_handle() }
    }

    /// Says that its store is raised.
    async fn name(&self) -> Result<Arc<Memory>, String> {
        let store = Arc::new(Memory::new());
        let named: Arc<dyn Storage> = store.clone();
        self.claim.name_the_store(&named).await.map(|()| store)
    }

    /// Starts whole, as one that may raise its store; says whether it had to.
    async fn serves(client: &Client, store: &str) -> (Self, bool) {
        let server = Self::start(client, store);
        let raises = server.claim.held().await.expect("held");
        server.name().await.expect("named");
        (server, raises)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

#[tokio::test]
async fn a_store_is_named_only_once_it_is_raised() {
    let api = Arc::new(MainApi::default());
    let client = api.serve().await;
    let (first, _) = Server::serves(&client, "one").await;
    assert_eq!(api.named(), "one");
    first.claim.release().await;
    // Neither of these comes to raising its store, nor to serving from it.
    for attempt in 0..2 {
        let failing = Server::start(&client, "two");
        assert_eq!(failing.claim.held().await, Ok(true), "attempt {attempt}");
        assert_eq!(api.named(), "one");
    }
    let (second, raises) = Server::serves(&client, "two").await;
    assert!(raises);
    assert_eq!(api.named(), "two");
    drop(second);
    let (again, raises) = Server::serves(&client, "two").await;
    assert!(!raises, "it was the last one that was served from");
    again.claim.release().await;
    let (_first, raises) = Server::serves(&client, "one").await;
    assert!(raises, "another one was served from meanwhile");
}

#[tokio::test]
async fn a_lost_answer_is_no_reason_to_forget_which_store_was_the_last() {
    let api = Arc::new(MainApi::default());
    let client = api.serve().await;
    let (first, _) = Server::serves(&client, "one").await;
    first.claim.release().await;
    *api.losing.lock().expect("unpoisoned") = 1;
    let (second, raises) = Server::serves(&client, "two").await;
    assert!(raises);
    assert_eq!(api.named(), "two");
    assert_eq!(*api.losing.lock().expect("unpoisoned"), 0);
    // And neither is one that is lost when it is named.
    second.claim.release().await;
    let third = Server::start(&client, "three");
    assert_eq!(third.claim.held().await, Ok(true));
    *api.losing.lock().expect("unpoisoned") = 1;
    third.name().await.expect("named");
    assert_eq!(api.named(), "three");
}

#[tokio::test]
async fn a_start_ends_when_somebody_else_has_the_lease_meanwhile() {
    let api = Arc::new(MainApi::default());
    let client = api.serve().await;
    let server = Server::start(&client, "one");
    assert_eq!(server.claim.held().await, Ok(true));
    let mut stolen = api.lease();
    stolen["spec"]["holderIdentity"] = json!("thief");
    assert_eq!(api.write(stolen).0, StatusCode::OK);
    let naming = tokio::time::timeout(Duration::from_secs(60), server.name());
    let why = naming.await.expect("an answer").expect_err("not held");
    assert!(why.contains("thief has it now"), "{why}");
    assert_eq!(api.named(), Value::Null);
}

#[tokio::test]
async fn a_copy_of_a_store_waits_like_any_other() {
    let api = Arc::new(MainApi::default());
    let client = api.serve().await;
    let (first, _) = Server::serves(&client, "one").await;
    let copy = Server::start_by(&client, "two", "one");
    let mut standing = copy.claim.standing();
    let waits =
        |why: &Standing| matches!(why, Standing::Waiting(why) if why.starts_with("host_one holds the Lease"));
    let seen = standing.wait_for(|now| waits(now) || matches!(now, Standing::Held { .. })).await;
    let seen = seen.expect("the sender lives").clone();
    assert!(waits(&seen), "{seen:?}");
    // One that was given away was given away with all that was served from it.
    first.claim.release().await;
    assert_eq!(copy.claim.held().await, Ok(false));
}

#[tokio::test]
async fn a_lease_that_nobody_gave_away_says_nothing_of_the_store() {
    let api = Arc::new(MainApi::default());
    let client = api.serve().await;
    let (first, _) = Server::serves(&client, "one").await;
    drop(first);
    let mut expired = api.lease();
    expired["spec"]["leaseDurationSeconds"] = json!(0);
    assert_eq!(api.write(expired).0, StatusCode::OK);
    for attempt in 0..2 {
        let copy = Server::start_by(&client, "two", "one");
        assert_eq!(copy.claim.held().await, Ok(true), "attempt {attempt}");
        assert_eq!(api.named(), Value::Null);
    }
    let copy = Server::start_by(&client, "two", "one");
    assert_eq!(copy.claim.held().await, Ok(true));
    copy.name().await.expect("named");
    assert_eq!(api.named(), "one");
}

#[tokio::test]
async fn a_lease_knows_how_high_the_revisions_were_that_were_served() {
    let api = Arc::new(MainApi::default());
    let client = api.serve().await;
    let first = Server::start(&client, "one");
    first.claim.held().await.expect("held");
    assert_eq!((first.claim.served(), api.served()), (0, 0), "nobody served before");
    let store = first.name().await.expect("named");
    assert!(api.served() > 0, "it begins with the name");
    let written = store.create(Key::new("g/r/n/a"), "{}".into()).await.expect("written").get();
    first.claim.release().await;
    assert_eq!(api.served(), written, "a Lease that is given away knows the last one");
    // A copy of the store, from before: the name is the same.
    let copy = Server::start_by(&client, "two", "one");
    assert_eq!(copy.claim.held().await, Ok(false));
    assert_eq!(copy.claim.served(), written);
    drop(copy);

    // One that is lower does not take it back, and what is no revision counts as none.
    let mut lease = api.lease();
    lease["metadata"]["annotations"][REVISION] = json!((u64::MAX / 4).to_string());
    assert_eq!(api.write(lease).0, StatusCode::OK);
    let again = Server::start_by(&client, "two", "one");
    again.claim.held().await.expect("held");
    again.name().await.expect("named");
    again.claim.release().await;
    assert_eq!((again.claim.served(), api.served()), (u64::MAX / 4, u64::MAX / 4));
    let mut lease = api.lease();
    lease["metadata"]["annotations"][REVISION] = json!("much");
    assert_eq!(api.write(lease).0, StatusCode::OK);
    let last = Server::start(&client, "three");
    last.claim.held().await.expect("held");
    assert_eq!(last.claim.served(), 0);
}
