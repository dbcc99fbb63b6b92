//! W16: does a request cost more where more is stored? And, with 100 000 objects stored, what a
//! start costs (W11) and what each object holds (W10).

use super::Plan;
use super::crowd::{Connections, Crowd};
use super::fanout::{self, Pace};
use super::load::{Load, Sample, sample};
use super::objects::{collection, name, store_more};
use super::page;
use super::peers::{Peer, Peers};
use super::rounds::{Contest, Round, figures, rounds};
use super::row::{Row, Spread, Unit};
use http::{Method, StatusCode, header};
use std::sync::Arc;

/// How many are stored when ours is measured.
const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How many Go's is given, at the most.
const GO_SIZE: u64 = 100_000;
/// Rounds for each size: what counts is the slope over all of them.
const ROUNDS: usize = 3;
/// Watchers of the object that is written.
const WATCHERS: usize = 100;
/// Pages that are walked through: what a page costs is asked, not how many there are.
const PAGES: usize = 20;

/// One kind of request and what it took at each size, in microseconds.
struct Curve {
    what: &'static str,
    at_most: f64,
    ours: Vec<(u64, f64)>,
    go: Vec<(u64, f64)>,
}

/// Stores up to the size that Go's is given.
pub(super) async fn fill(peers: &Peers, plan: Plan, size: u64) {
    for peer in [&peers.ours, &peers.go] {
        (plan.tell)(&format!("storing {size} objects in {}", peer.name()));
        store_more(peer, &peers.grown, size).await;
    }
}

/// The exponents, each of the curve of one kind of request.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    fanout::store(peers).await;
    let curve = |what, at_most| Curve { what, at_most, ours: Vec::new(), go: Vec::new() };
    let mut curves = [
        curve("GET", 0.1),
        curve("page of 500", 0.1),
        curve("PATCH of 1000 names, 16 writers", 0.1),
        curve("delivery to 100 watchers", 0.1),
        curve("LIST of all", 1.02),
    ];
    for size in SIZES {
        let both = size <= GO_SIZE;
        match both {
            true => fill(peers, plan, size).await,
            false => store_more(&peers.ours, &peers.grown, size).await,
        }
        (plan.tell)(&format!("requests where {size} objects are stored"));
        let contest = Contest { ours: &peers.ours, go: both.then_some(&peers.go), floor: None };
        for (curve, samples) in curves.iter_mut().zip(at(contest, peers, plan, size).await) {
            curve.add(size, &figures(&samples, Sample::cpu_micros));
        }
    }
    curves.iter().map(Curve::row).collect()
}

/// Samples of every kind of request, in the order of the curves.
async fn at(contest: Contest<'_>, peers: &Peers, plan: Plan, size: u64) -> [Vec<Round<Sample>>; 5] {
    let plan = Plan { rounds: plan.rounds.min(ROUNDS), ..plan };
    let path = collection(&peers.grown);
    let get = load(32, {
        let path = path.clone();
        move |peer, number| peer.get(&format!("{path}/{}", name(number % 16 * (size / 16))))
    });
    let patch = load(16, {
        let path = path.clone();
        // Both servers ask once for each name whether it may be written: as many names at each size.
        let named = move |number: u64| name(number.wrapping_mul(7919) % SIZES[0] * (size / SIZES[0]));
        move |peer, number| patch(peer, &format!("{path}/{}", named(number)), number)
    });
    let list = load(1, {
        let path = path.clone();
        move |peer, _| peer.get(&path)
    });
    [
        rounds(contest, plan, async |peer| sample(peer, &get).await).await,
        rounds(contest, plan, async |peer| {
            let pages = page::walk(peer, &path, PAGES).await.0;
            sample(peer, &page::load(Arc::new(pages))).await
        })
        .await,
        rounds(contest, plan, async |peer| sample(peer, &patch).await).await,
        rounds(contest, plan, async |peer| {
            let crowd = Crowd::open(peer, &peers.watched, WATCHERS, Connections::One).await;
            fanout::sample(peer, &peers.watched, &crowd, &mut 0, Pace::Full).await.0
        })
        .await,
        rounds(contest, plan, async |peer| sample(peer, &list).await).await,
    ]
}

fn load(
    streams: usize,
    request: impl Fn(&Peer, u64) -> http::Request<super::client::Body> + Send + Sync + 'static,
) -> Load {
    Load { streams, expected: StatusCode::OK, request: Arc::new(request) }
}

fn patch(peer: &Peer, path: &str, number: u64) -> http::Request<super::client::Body> {
    let body = format!(r#"{{"metadata":{{"annotations":{{"example.com/changed":"{number}"}}}}}}"#);
    peer.request(Method::PATCH, path)
        .header(header::CONTENT_TYPE, "application/merge-patch+json")
        .body(body.into())
        .expect("a request")
}

impl Curve {
    fn add(&mut self, size: u64, rounds: &[Round<f64>]) {
        self.ours.push((size, Spread::of(rounds.iter().map(|round| round.ours).collect()).median));
        let go = rounds.iter().filter_map(|round| round.go).collect::<Vec<_>>();
        if !go.is_empty() {
            self.go.push((size, Spread::of(go).median));
        }
    }

    fn row(&self) -> Row {
        let points = |points: &[(u64, f64)]| {
            points
                .iter()
                .map(|(size, micros)| format!("{micros:.0} µs at {size}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let exponent = Round { ours: exponent(&self.ours), go: None, floor: None };
        let what = format!("{}: exponent of CPU against objects", self.what);
        Row::of("W16", what, Unit::Plain, &[exponent]).at_most(self.at_most).note(format!(
            "ours {}; Go's {}: exponent {:.2}",
            points(&self.ours),
            points(&self.go),
            exponent_of_some(&self.go)
        ))
    }
}

fn exponent_of_some(points: &[(u64, f64)]) -> f64 {
    if points.len() < 2 { f64::NAN } else { exponent(points) }
}

/// The slope of the line nearest to the points, both axes logarithmic.
fn exponent(points: &[(u64, f64)]) -> f64 {
    let logs = points.iter().map(|(size, figure)| ((*size as f64).ln(), figure.ln())).collect::<Vec<_>>();
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>();
    covariance / logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_what_is_flat_is_0_and_of_what_doubles_with_it_1() {
        let flat = SIZES.map(|size| (size, 7.0));
        let linear = SIZES.map(|size| (size, size as f64 * 3.0));
        assert!(exponent(&flat).abs() < 1e-9);
        assert!((exponent(&linear) - 1.0).abs() < 1e-9);
    }
}
