//! A closed loop of requests, long enough to be measured.

use super::client::{Body, Connection};
use super::peers::Peer;
use super::process::Process;
use http::{Request, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// CPU a server spends in one sample, at the least: ten thousand times what reading its clock may
/// be wrong by, and several collections of a Go heap.
const CPU_PER_SAMPLE: Duration = Duration::from_millis(400);
/// How often the clock is looked at for the end of a sample.
const LOOK: Duration = Duration::from_millis(5);

/// What is sent: the number of the request decides which.
#[derive(Clone)]
pub(super) struct Load {
    /// Requests under way at any time.
    pub(super) streams: usize,
    /// The status that every answer must have.
    pub(super) expected: StatusCode,
    /// The request of that number to this server.
    pub(super) request: Arc<Numbered>,
}

/// Makes the request of a number to a server.
type Numbered = dyn Fn(&Peer, u64) -> Request<Body> + Send + Sync;

/// What one sample found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    operations: u64,
    bytes: u64,
    wall: Duration,
    cpu: Duration,
    /// CPU of the process the server keeps its data in.
    beside: Duration,
}

impl Sample {
    /// CPU of the server for one request, in microseconds.
    pub(super) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.operations as f64
    }

    /// CPU of the server's etcd for one request, in microseconds.
    pub(super) fn beside_micros(&self) -> f64 {
        self.beside.as_secs_f64() * 1e6 / self.operations as f64
    }

    /// Requests answered in a second.
    pub(super) fn rate(&self) -> f64 {
        self.operations as f64 / self.wall.as_secs_f64()
    }

    /// Bytes of one answer's body.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes / self.operations
    }
}

/// Loads one server until it has used enough CPU, over one new connection. Requests are numbered
/// from `first`.
pub(super) async fn sample(peer: &Arc<Peer>, load: &Load, first: &Arc<AtomicU64>) -> Sample {
    let connection = peer.connect().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (process, store) = (peer.process(), peer.store());
    let used = |process: Option<Process>| process.map_or(Duration::ZERO, |process| process.cpu());
    let (cpu, beside, started) = (process.cpu(), used(store), Instant::now());
    let mut workers = JoinSet::new();
    for _ in 0..load.streams {
        let (peer, load, connection) = (Arc::clone(peer), load.clone(), connection.clone());
        workers.spawn(work(peer, load, connection, Arc::clone(first), Arc::clone(&stop)));
    }
    let mut look = tokio::time::interval(LOOK);
    while process.cpu() - cpu < CPU_PER_SAMPLE {
        look.tick().await;
        if let Some(early) = workers.try_join_next() {
            panic!("a worker of the load ended before it was told to: {early:?}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut sample =
        Sample { operations: 0, bytes: 0, wall: Duration::ZERO, cpu: Duration::ZERO, beside: Duration::ZERO };
    while let Some(done) = workers.join_next().await {
        let (operations, bytes) = done.unwrap_or_else(|error| panic!("a worker of the load: {error}"));
        sample.operations += operations;
        sample.bytes += bytes;
    }
    sample.wall = started.elapsed();
    sample.cpu = process.cpu() - cpu;
    sample.beside = used(store) - beside;
    sample
}

async fn work(
    peer: Arc<Peer>,
    load: Load,
    mut connection: Connection,
    numbers: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> (u64, u64) {
    let (mut operations, mut bytes) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let request = (load.request)(&peer, numbers.fetch_add(1, Ordering::Relaxed));
        let what = format_args!("{} {}", request.method(), request.uri()).to_string();
        let answer = connection.count(request).await;
        let answer = answer.unwrap_or_else(|why| panic!("{what} ({}): {why}", peer.name()));
        assert_eq!(answer.status, load.expected, "{what} ({})", peer.name());
        operations += 1;
        bytes += answer.bytes;
    }
    (operations, bytes)
}
