//! Watchers of one collection in one server, who count what reaches them and when.

use super::client::Connection;
use super::objects::collection;
use super::peers::Peer;
use crate::wait::wait_for;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Writes whose time is remembered; none is under way for longer.
const REMEMBERED: u64 = 1 << 16;
/// How long watchers may take to see the last write.
const PATIENCE: Duration = Duration::from_secs(30);

/// How watchers share connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// All on one, as behind kube-apiserver.
    One,
    /// Each on its own.
    Each,
}

/// All of them; they end when it is dropped.
pub(super) struct Crowd {
    watchers: Vec<Arc<Watcher>>,
    writes: Arc<Writes>,
    _tasks: JoinSet<()>,
}

/// One of them.
#[derive(Default)]
struct Watcher {
    seen: AtomicU64,
    ended: AtomicBool,
}

/// When each write was sent, and how long it took to reach each watcher.
struct Writes {
    clock: Instant,
    sent: Vec<AtomicU64>,
    latencies: Histogram,
}

impl Crowd {
    /// Opens `count` watches of `namespace` from now on.
    pub(super) async fn open(peer: &Peer, namespace: &str, count: usize, connections: Connections) -> Self {
        let path = match peer.is_floor() {
            true => "/watch".to_owned(),
            false => {
                format!("{}?watch=1&resourceVersion={}", collection(namespace), now(peer, namespace).await)
            }
        };
        let writes = Arc::new(Writes::new());
        let mut crowd = Self { watchers: Vec::new(), writes, _tasks: JoinSet::new() };
        let mut connection = peer.connect().await;
        for number in 0..count {
            if connections == Connections::Each && number > 0 {
                connection = peer.connect().await;
            }
            let body = watch(&mut connection, peer.get(&path)).await;
            let watcher = Arc::new(Watcher::default());
            crowd.watchers.push(Arc::clone(&watcher));
            // The connection lives as long as a stream of it is read.
            crowd._tasks.spawn(follow(body, watcher, Arc::clone(&crowd.writes), connection.clone()));
        }
        crowd
    }

    /// Remembers when the write of this number, counted from 0, is sent.
    pub(super) fn sending(&self, number: u64) {
        self.writes.sending(number);
    }

    /// Waits until everybody who still watches has seen so many writes; counts those who ended.
    pub(super) async fn seen(&self, writes: u64) -> usize {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.watchers.iter().filter(|watcher| watcher.ended.load(Ordering::Acquire)).count();
            let behind = self.watchers.iter().filter(|watcher| watcher.is_behind(writes)).count();
            if behind == 0 {
                return ended;
            }
            assert!(Instant::now() < deadline, "{behind} watchers did not see all of {writes} writes");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Events that reached somebody, so far.
    pub(super) fn delivered(&self) -> u64 {
        self.watchers.iter().map(|watcher| watcher.seen.load(Ordering::Relaxed)).sum()
    }

    /// From the sending of a write to a watcher: of a hundred ninety-nine were sooner. Forgets them.
    pub(super) fn p99(&self) -> Duration {
        self.writes.latencies.take_percentile(0.99)
    }
}

impl Watcher {
    fn is_behind(&self, writes: u64) -> bool {
        !self.ended.load(Ordering::Acquire) && self.seen.load(Ordering::Acquire) < writes
    }
}

impl Writes {
    fn new() -> Self {
        let sent = (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect();
        Self { clock: Instant::now(), sent, latencies: Histogram::default() }
    }

    fn sending(&self, number: u64) {
        let now = u64::try_from(self.clock.elapsed().as_nanos()).expect("less than 500 years");
        self.sent[(number % REMEMBERED) as usize].store(now, Ordering::Release);
    }

    /// Everybody sees every write, one after the other: the number says which it is.
    fn arrived(&self, numbers: std::ops::Range<u64>) {
        let now = self.clock.elapsed();
        for number in numbers {
            let sent = self.sent[(number % REMEMBERED) as usize].load(Ordering::Acquire);
            self.latencies.add(now.saturating_sub(Duration::from_nanos(sent)));
        }
    }
}

/// The revision of the collection; a server that has just started may ask for patience first.
pub(super) async fn now(peer: &Peer, namespace: &str) -> String {
    let body = wait_for(&format!("{} to list", peer.name()), async || {
        let (status, _, body) = peer.connect().await.whole(peer.get(&collection(namespace))).await;
        if status == StatusCode::OK { Ok(body) } else { Err(status) }
    })
    .await;
    let list: serde_json::Value = serde_json::from_slice(&body).expect("a list is JSON");
    list["metadata"]["resourceVersion"].as_str().expect("a list has a revision").to_owned()
}

/// Begins a watch.
pub(super) async fn watch(connection: &mut Connection, request: Request<super::client::Body>) -> Incoming {
    let (status, _, body) = connection.begin(request).await.unwrap_or_else(|why| panic!("watching: {why}"));
    assert_eq!(status, StatusCode::OK, "watching");
    body
}

/// Counts lines: an event is one.
async fn follow(mut body: Incoming, watcher: Arc<Watcher>, writes: Arc<Writes>, _connection: Connection) {
    while let Some(Ok(frame)) = body.frame().await {
        let lines = frame.data_ref().map_or(0, |data| data.iter().filter(|byte| **byte == b'\n').count());
        let before = watcher.seen.load(Ordering::Relaxed);
        writes.arrived(before..before + lines as u64);
        watcher.seen.store(before + lines as u64, Ordering::Release);
    }
    watcher.ended.store(true, Ordering::Release);
}

/// Durations, each known to a twentieth.
struct Histogram(Vec<AtomicU64>);

impl Default for Histogram {
    fn default() -> Self {
        Self((0..400).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Histogram {
    const STEP: f64 = 1.05;

    fn add(&self, duration: Duration) {
        let micros = (duration.as_secs_f64() * 1e6).max(1.0);
        let place = (micros.ln() / Self::STEP.ln()) as usize;
        self.0[place.min(self.0.len() - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// The duration below which so many lie; empty from then on.
    fn take_percentile(&self, share: f64) -> Duration {
        let counts = self.0.iter().map(|count| count.swap(0, Ordering::Relaxed)).collect::<Vec<_>>();
        let wanted = counts.iter().sum::<u64>() as f64 * share;
        let mut sum = 0;
        let place = counts.iter().position(|count| {
            sum += count;
            sum as f64 >= wanted
        });
        Duration::from_secs_f64(Self::STEP.powi(place.unwrap_or(0) as i32 + 1) / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_of_the_histogram_is_near_that_of_the_figures() {
        let histogram = Histogram::default();
        (1..=1000).map(Duration::from_millis).for_each(|duration| histogram.add(duration));
        let p99 = histogram.take_percentile(0.99).as_secs_f64();
        assert!((0.98..1.05).contains(&p99), "{p99}");
    }
}
