//! All 10 000 objects, one request at a time, as they are and compressed.

use super::Plan;
use super::client::Body;
use super::load::Load;
use super::objects::collection;
use super::peers::{Peer, Peers};
use super::rounds::{Pair, rounds};
use super::row::{Row, Unit};
use http::{Method, Request, StatusCode};
use std::sync::Arc;

/// In both encodings.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    vec![
        row(peers, plan, "LIST of 10 000, identity", "identity").await.aiming_at(9.0),
        row(peers, plan, "LIST of 10 000, gzip", "gzip").await.aiming_at(4.0),
    ]
}

async fn row(peers: &Peers, plan: Plan, what: &str, encoding: &'static str) -> Row {
    (plan.tell)(what);
    for peer in [&peers.ours, &peers.go] {
        let request = request(peer, &peers.read, encoding);
        let answer = peer.connect().await.count(request).await.unwrap_or_else(|why| panic!("{what}: {why}"));
        let found = answer.headers.get("content-encoding").and_then(|value| value.to_str().ok());
        assert_eq!(found.unwrap_or("identity"), encoding, "{what} ({})", peer.name());
    }
    let namespace = peers.read.clone();
    let load = Load {
        streams: 1,
        expected: StatusCode::OK,
        request: Arc::new(move |peer, _| request(peer, &namespace, encoding)),
    };
    let samples = rounds(peers, &load, plan).await;
    let millis = |micros: f64| micros / 1000.0;
    let pairs = samples
        .iter()
        .map(|pair| Pair { ours: millis(pair.ours.cpu_micros()), go: millis(pair.go.cpu_micros()) })
        .collect::<Vec<_>>();
    let last = samples[samples.len() - 1];
    Row::of(what, Unit::Millis, &pairs).note(format!(
        "CPU of the server; {:.1} and {:.1} ms from request to last byte; bodies of {:.2} and {:.2} MB",
        1000.0 / last.ours.rate(),
        1000.0 / last.go.rate(),
        last.ours.bytes() as f64 / 1e6,
        last.go.bytes() as f64 / 1e6
    ))
}

fn request(peer: &Peer, namespace: &str, encoding: &str) -> Request<Body> {
    peer.request(Method::GET, &collection(namespace))
        .header("accept-encoding", encoding)
        .body(Body::default())
        .expect("a request")
}
