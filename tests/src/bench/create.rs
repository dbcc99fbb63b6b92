//! New objects, each acknowledged when it is on disk: ours embedded, Go's in etcd.

use super::Plan;
use super::load::{Load, Sample};
use super::objects::{collection, flunder, post};
use super::peers::Peers;
use super::rounds::{Pair, rounds};
use super::row::{Row, Unit};
use http::StatusCode;
use std::sync::Arc;

/// CPU and rate at 16 writers, rate at 64.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    let sixteen = samples(peers, plan, 16).await;
    let sixty_four = samples(peers, plan, 64).await;
    vec![
        cpu("CREATE, 16 writers", &sixteen).aiming_at(8.0),
        rate("CREATE, rate of 16 writers", &sixteen),
        rate("CREATE, rate of 64 writers", &sixty_four).aiming_at(6.0),
    ]
}

async fn samples(peers: &Peers, plan: Plan, writers: usize) -> Vec<Pair<Sample>> {
    (plan.tell)(&format!("CREATE, {writers} writers"));
    let path = collection(&peers.written);
    let load = Load {
        streams: writers,
        expected: StatusCode::CREATED,
        request: Arc::new(move |peer, number| {
            post(peer, &path, flunder(&format!("made-by-{writers}-{number:07}"), number))
        }),
    };
    rounds(peers, &load, plan).await
}

fn cpu(what: &str, samples: &[Pair<Sample>]) -> Row {
    let pairs = samples
        .iter()
        .map(|pair| Pair { ours: pair.ours.cpu_micros(), go: pair.go.cpu_micros() })
        .collect::<Vec<_>>();
    let last = samples[samples.len() - 1];
    Row::of(what, Unit::Micros, &pairs).note(format!(
        "CPU of the server, ours with its store in it; Go's etcd {:.0} µs beside; both answer after fsync; \
         tier 1 is that of both on etcd",
        last.go.beside_micros()
    ))
}

fn rate(what: &str, samples: &[Pair<Sample>]) -> Row {
    let pairs =
        samples.iter().map(|pair| Pair { ours: pair.ours.rate(), go: pair.go.rate() }).collect::<Vec<_>>();
    Row::of(what, Unit::PerSecond, &pairs)
}
