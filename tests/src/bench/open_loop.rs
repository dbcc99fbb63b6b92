//! Requests sent when their time has come, whether those before are answered or not: a server that
//! falls behind is not spared.

use super::load::{Load, percentile};
use super::peers::Peer;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long one sample takes.
const SAMPLE: Duration = Duration::from_secs(1);
/// How often requests are sent that are due.
const TICK: Duration = Duration::from_millis(1);

/// p99 of the answers in milliseconds, from the moment a request was due, at so many a second.
pub(super) async fn p99(peer: &Arc<Peer>, load: &Load, rate: f64) -> f64 {
    let connection = peer.connect().await;
    let (mut requests, mut sent) = (JoinSet::new(), 0_u32);
    let mut tick = tokio::time::interval(TICK);
    let started = Instant::now();
    while started.elapsed() < SAMPLE {
        tick.tick().await;
        while f64::from(sent) < started.elapsed().as_secs_f64() * rate {
            let due = started + Duration::from_secs_f64(f64::from(sent) / rate);
            let (peer, load, mut connection) = (Arc::clone(peer), load.clone(), connection.clone());
            requests.spawn(async move {
                let request = (load.request)(&peer, peer.number());
                let answer = connection.count(request).await;
                let answer = answer.unwrap_or_else(|why| panic!("{}: {why}", peer.name()));
                assert_eq!(answer.status, load.expected, "{}", peer.name());
                due.elapsed()
            });
            sent += 1;
        }
    }
    let mut latencies = Vec::new();
    while let Some(done) = requests.join_next().await {
        latencies.push(done.unwrap_or_else(|error| panic!("a request to {}: {error}", peer.name())));
    }
    percentile(&mut latencies, 99).as_secs_f64() * 1e3
}
