//! From the start of the process to `/readyz` and to the first watch, over an empty store or many
//! objects and behind a control plane that runs, and what it holds when it has come to rest.
//!
//! Go's server is ready before it has read anything; a watch is answered once its cache is there.

use super::Plan;
use super::client::Connection;
use super::objects::collection;
use super::peers::{Peer, Peers};
use super::process::Process;
use super::rounds::{Round, figures};
use super::row::{Row, Unit};
use crate::wait::{PATIENCE, wait_for};
use http::StatusCode;
use http_body_util::BodyExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(1);

/// One start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    ready: Duration,
    watching: Duration,
    cpu: Duration,
    resident: u64,
}

/// Starts both, again and again, over what they have stored; afterwards both run.
pub(super) async fn starts(peers: &mut Peers, plan: Plan) -> Vec<Round<Start>> {
    peers.ours.server_mut().stop().await;
    peers.go.server_mut().stop().await;
    let mut rounds = Vec::new();
    for round in 0..=plan.rounds {
        let ours = start(&peers.ours, &peers.watched).await;
        let go = start(&peers.go, &peers.watched).await;
        if round > 0 {
            rounds.push(Round::pair(ours, go));
        }
    }
    peers.ours.server_mut().start_again().await;
    peers.go.server_mut().start_again().await;
    rounds
}

/// Time and CPU to ready, memory at rest, with nothing stored.
pub(super) fn empty(starts: &[Round<Start>]) -> Vec<Row> {
    vec![
        Row::of("W11", "start to ready", Unit::Millis, &ready_millis(starts)).aiming_at(8.0).at_most(25.0),
        Row::of("W11", "start to a watch, CPU", Unit::Millis, &figures(starts, |start| millis(start.cpu))),
        Row::of("W11", "idle RSS", Unit::Mebibytes, &mebibytes(starts)).aiming_at(5.0).at_most(15.0),
    ]
}

/// The same with so many objects stored.
pub(super) fn full(starts: &[Round<Start>], count: u64) -> Vec<Row> {
    let what = format!("start to ready, {count} stored");
    let watching = figures(starts, |start| millis(start.watching));
    vec![
        Row::of("W11", what.as_str(), Unit::Millis, &ready_millis(starts))
            .aiming_at(5.0)
            .note("Go's is ready before it has read them"),
        Row::of("W11", format!("start to a watch, {count} stored"), Unit::Millis, &watching).aiming_at(5.0),
        Row::of(
            "W11",
            format!("start to a watch, {count} stored, CPU"),
            Unit::Millis,
            &figures(starts, |start| millis(start.cpu)),
        ),
        Row::of("W10", format!("RSS, {count} stored"), Unit::Mebibytes, &mebibytes(starts)),
    ]
}

/// What was resident at rest, in bytes.
pub(super) fn resident(starts: &[Round<Start>]) -> Vec<Round<f64>> {
    figures(starts, |start| start.resident as f64)
}

fn ready_millis(starts: &[Round<Start>]) -> Vec<Round<f64>> {
    figures(starts, |start| millis(start.ready))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mebibytes(starts: &[Round<Start>]) -> Vec<Round<f64>> {
    figures(starts, |start| start.resident as f64 / f64::from(1 << 20))
}

async fn start(peer: &Arc<Peer>, namespace: &str) -> Start {
    let started = Instant::now();
    let mut running = Running::spawn(peer.server().command(), peer.name());
    let process = Process::of(running.0.id());
    let mut asking = Asking::default();
    asking.until_ok(peer, &mut running, "/readyz").await;
    let ready = started.elapsed();
    asking.until_ok(peer, &mut running, &watch(namespace)).await;
    let watching = started.elapsed();
    let cpu = process.cpu();
    let resident = process.at_rest(peer.name()).await;
    running.end(peer.name()).await;
    Start { ready, watching, cpu, resident }
}

/// The connection over which a server is asked while it starts: handshakes would be part of what is measured.
#[derive(Default)]
struct Asking(Option<Connection>);

impl Asking {
    /// Asks until the answer begins with 200; a connection that fails is replaced.
    async fn until_ok(&mut self, peer: &Peer, running: &mut Running, path: &str) {
        let patience = Instant::now() + PATIENCE;
        let mut last = "it does not listen".to_owned();
        while Instant::now() < patience {
            match self.ask(peer, path).await {
                Ok(StatusCode::OK) => return,
                Ok(status) => last = status.to_string(),
                Err(why) => (self.0, last) = (None, why),
            }
            running.assert_running(peer.name());
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{} {path}: no 200 in {PATIENCE:?}, at last {last}", peer.name());
    }

    async fn ask(&mut self, peer: &Peer, path: &str) -> Result<StatusCode, String> {
        let connection = match &mut self.0 {
            Some(open) => open,
            none => none.insert(Connection::open(peer.endpoint(), peer.identity()).await?),
        };
        let (status, _, body) = connection.begin(peer.get(path)).await?;
        if status != StatusCode::OK {
            body.collect().await.map_err(|error| error.to_string())?;
        }
        Ok(status)
    }
}

/// A watch of a namespace where little is stored.
fn watch(namespace: &str) -> String {
    format!("{}?watch=true&resourceVersion=0", collection(namespace))
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
