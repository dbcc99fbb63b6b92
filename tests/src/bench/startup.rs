//! From the start of the process to `/readyz`, over an empty store and behind a control plane that
//! runs, and what it holds when it has come to rest.

use super::Plan;
use super::client::Connection;
use super::peers::{Peer, Peers};
use super::process::Process;
use super::rounds::Pair;
use super::row::{Row, Unit};
use crate::wait::{PATIENCE, wait_for};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(1);
/// A process is at rest when it used less than this share of a while.
const WHILE: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_millis(5);

/// One start.
#[derive(Clone, Copy, Debug)]
struct Start {
    ready: Duration,
    cpu: Duration,
    resident: u64,
}

/// Time and CPU to ready, memory at rest.
pub(super) async fn rows(peers: &mut Peers, plan: Plan) -> Vec<Row> {
    (plan.tell)("start-up and memory at rest");
    peers.ours.server_mut().stop().await;
    peers.go.server_mut().stop().await;
    let mut pairs = Vec::new();
    for round in 0..=plan.rounds {
        let ours = start(&peers.ours).await;
        let go = start(&peers.go).await;
        if round > 0 {
            pairs.push(Pair { ours, go });
        }
    }
    peers.ours.server_mut().start_again().await;
    peers.go.server_mut().start_again().await;
    let figures = |figure: &dyn Fn(&Start) -> f64| {
        pairs.iter().map(|pair| Pair { ours: figure(&pair.ours), go: figure(&pair.go) }).collect::<Vec<_>>()
    };
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    vec![
        Row::of("start to ready", Unit::Millis, &figures(&|start| millis(start.ready)))
            .aiming_at(8.0)
            .at_most(25.0),
        Row::of("start to ready, CPU", Unit::Millis, &figures(&|start| millis(start.cpu))),
        Row::of("idle RSS", Unit::Mebibytes, &figures(&|start| start.resident as f64 / f64::from(1 << 20)))
            .aiming_at(5.0)
            .at_most(15.0),
    ]
}

async fn start(peer: &Arc<Peer>) -> Start {
    let started = Instant::now();
    let mut running = Running::spawn(peer.server().command(), peer.name());
    let process = Process::of(running.0.id());
    let ready = ready(peer, &mut running, started).await;
    let cpu = process.cpu();
    let resident = at_rest(peer, process).await;
    running.end(peer.name()).await;
    Start { ready, cpu, resident }
}

/// Asks over one connection once there is one: handshakes would be part of what is measured.
async fn ready(peer: &Peer, running: &mut Running, started: Instant) -> Duration {
    let mut connection = None;
    loop {
        if connection.is_none() {
            connection = Connection::open(peer.server().endpoint(), peer.identity()).await.ok();
        }
        if let Some(open) = &mut connection {
            match open.count(peer.get("/readyz")).await {
                Ok(answer) if answer.status.is_success() => return started.elapsed(),
                Ok(_) => {}
                Err(_) => connection = None,
            }
        }
        running.assert_running(peer.name());
        assert!(started.elapsed() < PATIENCE, "{} is not ready after {PATIENCE:?}", peer.name());
        tokio::time::sleep(PAUSE).await;
    }
}

/// Its memory once it has nothing left to do.
async fn at_rest(peer: &Peer, process: Process) -> u64 {
    let what = format!("{} to come to rest", peer.name());
    wait_for(&what, async || {
        let before = process.cpu();
        tokio::time::sleep(WHILE).await;
        let used = process.cpu() - before;
        if used < REST { Ok(process.resident()) } else { Err(format!("it used {used:?} of {WHILE:?}")) }
    })
    .await
}

/// A server started without the shell that ties others to this process: its start is measured.
struct Running(Child);

impl Running {
    fn spawn(command: &Command, name: &str) -> Self {
        let child = Command::new(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("starting {name} ({command:?}): {error}")))
    }

    fn assert_running(&mut self, name: &str) {
        let ended = self.0.try_wait().expect("a child can be waited for");
        assert!(ended.is_none(), "{name} ended before it was ready: {ended:?}");
    }

    async fn end(&mut self, name: &str) {
        let id = self.0.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.is_ok_and(|status| status.success()), "kill -TERM {id} ({name})");
        wait_for(&format!("{name} to end"), async || {
            self.0.try_wait().expect("a child can be waited for").ok_or("it runs")
        })
        .await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
