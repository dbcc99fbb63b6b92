//! W3: pages of 500, from the first to the last and again.

use super::Plan;
use super::load::{Load, Sample, sample};
use super::objects::{COUNT, collection};
use super::peers::{Peer, Peers};
use super::rounds::{figures, rounds};
use super::row::{Row, Unit};
use http::StatusCode;
use std::sync::Arc;

/// Objects in a page.
const PAGE: u64 = 500;
/// Where the floor keeps the bytes of one.
const BARE: &str = "/page";

/// CPU of one page.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    (plan.tell)("pages of 500");
    let collection = collection(&peers.read);
    peers.teach(BARE, peers.ours.get(&format!("{collection}?limit={PAGE}"))).await;
    let samples = rounds(peers.three(), plan, async |peer| {
        let (pages, found) = walk(peer, &collection, usize::MAX).await;
        assert!(peer.is_floor() || found == COUNT, "{found} objects in the pages of {}", peer.name());
        sample(peer, &load(Arc::new(pages))).await
    })
    .await;
    let last = samples[samples.len() - 1];
    let wall = last.map(Sample::wall_millis);
    let row = Row::of("W3", "page of 500 from 10 000", Unit::Millis, &figures(&samples, Sample::cpu_millis));
    vec![row.aiming_at(9.0).within(1.5).note(format!(
        "CPU of the server; {:.2} and {:.2} ms from request to last byte",
        wall.ours,
        wall.go.unwrap_or(0.0)
    ))]
}

/// These pages in turn.
pub(super) fn load(pages: Arc<Vec<String>>) -> Load {
    let request =
        Arc::new(move |peer: &Peer, number: u64| peer.get(&pages[(number % pages.len() as u64) as usize]));
    Load { streams: 1, expected: StatusCode::OK, request }
}

/// The paths of so many pages, as their continue tokens say, and how many objects they hold.
pub(super) async fn walk(peer: &Peer, collection: &str, most: usize) -> (Vec<String>, u64) {
    if peer.is_floor() {
        return (vec![BARE.to_owned()], 0);
    }
    let mut connection = peer.connect().await;
    let (mut pages, mut found) = (vec![format!("{collection}?limit={PAGE}")], 0);
    loop {
        let (status, _, body) = connection.whole(peer.get(&pages[pages.len() - 1])).await;
        assert_eq!(status, StatusCode::OK, "a page ({}): {body:?}", peer.name());
        let page: serde_json::Value = serde_json::from_slice(&body).expect("a page is JSON");
        found += page["items"].as_array().map_or(0, Vec::len) as u64;
        let token = page["metadata"]["continue"].as_str().unwrap_or_default();
        if token.is_empty() || pages.len() == most {
            return (pages, found);
        }
        pages.push(format!("{collection}?limit={PAGE}&continue={token}"));
    }
}
