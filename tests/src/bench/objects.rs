//! The objects of the measurements: flunders of about a kilobyte whose texts all differ.

use super::client::Body;
use super::peers::{Peer, Peers};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// How many each server holds while it is read.
pub(super) const COUNT: u64 = 10_000;
/// Writers that store them.
const WRITERS: u64 = 32;

const WORDS: [&str; 32] = [
    "admission",
    "bookmark",
    "cluster",
    "deployment",
    "endpoint",
    "finalizer",
    "generation",
    "handler",
    "informer",
    "journal",
    "kubelet",
    "label",
    "manifest",
    "namespace",
    "operator",
    "policy",
    "quota",
    "revision",
    "selector",
    "taint",
    "update",
    "volume",
    "watch",
    "exporter",
    "yaml",
    "zone",
    "replica",
    "snapshot",
    "token",
    "upgrade",
    "webhook",
    "condition",
];

/// The path of the collection.
pub(super) fn collection(namespace: &str) -> String {
    format!("/apis/wardle.example.com/v1alpha1/namespaces/{namespace}/flunders")
}

/// The name of the object of this number among those that are read.
pub(super) fn name(number: u64) -> String {
    format!("flunder-{number:05}")
}

/// The object to be sent.
pub(super) fn flunder(name: &str, number: u64) -> Bytes {
    let object = json!({
        "apiVersion": "wardle.example.com/v1alpha1",
        "kind": "Flunder",
        "metadata": {
            "name": name,
            "labels": {"app": format!("app-{}", number % 100), "tier": WORDS[(number % 7) as usize]},
            "annotations": {"example.com/description": text(number, 80)},
        },
        "spec": {"reference": format!("other-{number}"), "referenceType": "Flunder"},
    });
    Bytes::from(object.to_string())
}

/// A POST of that object.
pub(super) fn post(peer: &Peer, path: &str, body: Bytes) -> Request<Body> {
    peer.request(Method::POST, path)
        .header("content-type", "application/json")
        .body(Body::new(body))
        .expect("a request")
}

/// Stores them in both servers, and checks that both then hold as many.
pub(super) async fn store(peers: &Peers) {
    for peer in [&peers.ours, &peers.go] {
        store_more(peer, &peers.read, COUNT).await;
        check(peer, &collection(&peers.read)).await;
    }
}

/// Stores those that are missing up to `count`: numbers begin at 0 and none is left out.
pub(super) async fn store_more(peer: &Arc<Peer>, namespace: &str, count: u64) {
    let connection = peer.connect().await;
    let path = collection(namespace);
    let (status, _, body) = connection.clone().whole(peer.get(&format!("{path}?limit=1"))).await;
    assert_eq!(status, StatusCode::OK, "{}: {body:?}", peer.name());
    let page: Value = serde_json::from_slice(&body).expect("a page is JSON");
    let first = page["items"].as_array().map_or(0, Vec::len) as u64;
    let there = first + page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (peer, mut connection, path) = (Arc::clone(peer), connection.clone(), path.clone());
        writers.spawn(async move {
            for number in (there + writer..count).step_by(WRITERS as usize) {
                let request = post(&peer, &path, flunder(&name(number), number));
                let (status, _, body) = connection.whole(request).await;
                assert_eq!(status, StatusCode::CREATED, "{}: {body:?}", peer.name());
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap_or_else(|error| panic!("storing objects in {}: {error}", peer.name()));
    }
}

/// The bytes of one as served.
pub(super) async fn encoded(peer: &Peer, namespace: &str) -> u64 {
    let path = format!("{}/{}", collection(namespace), name(COUNT / 2));
    let (status, _, body) = peer.connect().await.whole(peer.get(&path)).await;
    assert_eq!(status, StatusCode::OK, "{}: {body:?}", peer.name());
    body.len() as u64
}

/// A figure is void where the answers are wrong.
async fn check(peer: &Peer, collection: &str) {
    let get = |path: &str| peer.request(Method::GET, path).body(Body::default()).expect("a request");
    let mut connection = peer.connect().await;
    let mut read = async |path: &str| -> Value {
        let (status, _, body) = connection.whole(get(path)).await;
        assert_eq!(status, StatusCode::OK, "{path} ({}): {body:?}", peer.name());
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{path} ({}): {error}", peer.name()))
    };
    let list = read(collection).await;
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{}: a list without items", peer.name()));
    assert_eq!(items.len() as u64, COUNT, "{}", peer.name());
    for number in [0, COUNT / 2, COUNT - 1] {
        let one = read(&format!("{collection}/{}", name(number))).await;
        let sent: Value = serde_json::from_slice(&flunder(&name(number), number)).expect("what was sent");
        assert_eq!(one["spec"], sent["spec"], "{}", peer.name());
        assert_eq!(one["metadata"]["annotations"], sent["metadata"]["annotations"], "{}", peer.name());
        let same = |item: &&Value| item["metadata"]["name"] == one["metadata"]["name"];
        let listed = items.iter().find(same).unwrap_or_else(|| panic!("{}: not listed", peer.name()));
        assert_eq!(listed["metadata"], one["metadata"], "{}", peer.name());
    }
}

/// As many words, in an order of their own for each number.
fn text(number: u64, words: usize) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = Vec::with_capacity(words);
    for _ in 0..words {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(WORDS[(state >> 59) as usize]);
    }
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_differ_in_their_text_and_little_in_their_size() {
        let sizes = (0..100).map(|number| flunder(&name(number), number).len()).collect::<Vec<_>>();
        assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{sizes:?}");
        assert_ne!(text(1, 80), text(2, 80));
        assert_eq!(text(1, 80), text(1, 80));
    }
}
