//! A closed loop of requests, long enough to be measured.

use super::client::{Body, Connection};
use super::peers::Peer;
use super::process::Process;
use http::{Request, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// CPU a server spends in one sample, at the least: ten thousand times what reading its clock may
/// be wrong by, and several collections of a Go heap.
pub(super) const CPU_PER_SAMPLE: Duration = Duration::from_millis(400);
/// How often the clock is looked at for the end of a sample.
pub(super) const LOOK: Duration = Duration::from_millis(5);

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
    pub(super) operations: u64,
    pub(super) bytes: u64,
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    /// CPU of the process the server keeps its data in.
    pub(super) beside: Duration,
    /// CPU of the client.
    pub(super) client: Duration,
    /// Of a hundred answers ninety-nine came sooner.
    pub(super) p99: Duration,
}

impl Sample {
    /// CPU of the server for one request, in microseconds.
    pub(super) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.operations as f64
    }

    /// CPU of the server for one request, in milliseconds.
    pub(super) fn cpu_millis(&self) -> f64 {
        self.cpu_micros() / 1000.0
    }

    /// CPU of the server's etcd for one request, in microseconds.
    pub(super) fn beside_micros(&self) -> f64 {
        self.beside.as_secs_f64() * 1e6 / self.operations as f64
    }

    /// Requests answered in a second.
    pub(super) fn rate(&self) -> f64 {
        self.operations as f64 / self.wall.as_secs_f64()
    }

    /// From request to last byte, in milliseconds, one request at a time.
    pub(super) fn wall_millis(&self) -> f64 {
        1000.0 / self.rate()
    }

    /// Cores that the client kept busy.
    pub(super) fn client_share(&self) -> f64 {
        self.client.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// The slowest but one in a hundred, in milliseconds.
    pub(super) fn p99_millis(&self) -> f64 {
        self.p99.as_secs_f64() * 1e3
    }

    /// Both together; of two p99 the longer one.
    pub(super) fn and(&self, more: &Self) -> Self {
        Self {
            operations: self.operations + more.operations,
            bytes: self.bytes + more.bytes,
            wall: self.wall + more.wall,
            cpu: self.cpu + more.cpu,
            beside: self.beside + more.beside,
            client: self.client + more.client,
            p99: self.p99.max(more.p99),
        }
    }

    /// Bytes of one answer's body.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes / self.operations
    }
}

/// The clocks of everybody who works in a sample.
pub(super) struct Clocks {
    server: Process,
    store: Option<Process>,
    begun: (Instant, [Duration; 3]),
}

impl Clocks {
    /// From now on.
    pub(super) fn start(peer: &Peer) -> Self {
        let (server, store) = (peer.process(), peer.store());
        Self { server, store, begun: (Instant::now(), read(server, store)) }
    }

    /// CPU of the server so far.
    pub(super) fn cpu(&self) -> Duration {
        self.server.cpu() - self.begun.1[0]
    }

    /// A sample of so many operations.
    pub(super) fn stop(&self, operations: u64, bytes: u64, p99: Duration) -> Sample {
        let (started, before) = &self.begun;
        let now = read(self.server, self.store);
        let [cpu, beside, client] = std::array::from_fn(|clock| now[clock] - before[clock]);
        Sample { operations, bytes, wall: started.elapsed(), cpu, beside, client, p99 }
    }
}

fn read(server: Process, store: Option<Process>) -> [Duration; 3] {
    [server.cpu(), store.map_or(Duration::ZERO, |store| store.cpu()), Process::own().cpu()]
}

/// Loads one server until it has used enough CPU, over one new connection.
pub(super) async fn sample(peer: &Arc<Peer>, load: &Load) -> Sample {
    let connection = peer.connect().await;
    let stop = Arc::new(AtomicBool::new(false));
    let clocks = Clocks::start(peer);
    let mut workers = JoinSet::new();
    for _ in 0..load.streams {
        workers.spawn(work(Arc::clone(peer), load.clone(), connection.clone(), Arc::clone(&stop)));
    }
    let mut look = tokio::time::interval(LOOK);
    while clocks.cpu() < CPU_PER_SAMPLE {
        look.tick().await;
        if let Some(early) = workers.try_join_next() {
            panic!("a worker of the load ended before it was told to: {early:?}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    while let Some(done) = workers.join_next().await {
        let (answers, more) = done.unwrap_or_else(|error| panic!("a worker of the load: {error}"));
        latencies.extend(answers);
        bytes += more;
    }
    let sample = clocks.stop(latencies.len() as u64, bytes, Duration::ZERO);
    Sample { p99: percentile(&mut latencies, 99), ..sample }
}

/// That of them which is longer than `percent` in a hundred.
pub(super) fn percentile(latencies: &mut [Duration], percent: usize) -> Duration {
    let place = (latencies.len() * percent / 100).min(latencies.len() - 1);
    *latencies.select_nth_unstable(place).1
}

async fn work(
    peer: Arc<Peer>,
    load: Load,
    mut connection: Connection,
    stop: Arc<AtomicBool>,
) -> (Vec<Duration>, u64) {
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let request = (load.request)(&peer, peer.number());
        let what = format_args!("{} {}", request.method(), request.uri()).to_string();
        let sent = Instant::now();
        let answer = connection.count(request).await;
        let answer = answer.unwrap_or_else(|why| panic!("{what} ({}): {why}", peer.name()));
        assert_eq!(answer.status, load.expected, "{what} ({})", peer.name());
        latencies.push(sent.elapsed());
        bytes += answer.bytes;
    }
    (latencies, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_one_of_the_figures() {
        let mut latencies = (1..=200).rev().map(Duration::from_micros).collect::<Vec<_>>();
        assert_eq!(percentile(&mut latencies, 99), Duration::from_micros(199));
        assert_eq!(percentile(&mut [Duration::from_micros(7)], 99), Duration::from_micros(7));
    }
}
