//! A relay in front of a port, which can be told to fail in the ways networks fail.

use crate::control_plane::ports::free_address;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of what goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// It arrives.
    Up,
    /// Nothing does: connections end, and new ones end at once.
    Down,
    /// Nothing of the member of this id does.
    DownFrom(u64),
    /// Questions arrive; with the first byte of an answer the connection ends.
    Unanswered,
}

/// A listening relay. Dropping it ends all connections through it.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    line: Arc<watch::Sender<Line>>,
    serving: JoinHandle<()>,
}

impl Relay {
    /// A relay to that address.
    pub async fn to(target: SocketAddr) -> Self {
        let address = free_address();
        let listener = TcpListener::bind(address).await.expect("a free port on loopback");
        let line = Arc::new(watch::Sender::new(Line::Up));
        let told = Arc::clone(&line);
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, target, told.subscribe()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, line, serving }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr, mut line: watch::Receiver<Line>) {
    let mut first = vec![0; 4096];
    let Ok(length) = client.read(&mut first).await else { return };
    let from = sender(&first[..length]);
    let down = |line: Line| line == Line::Down || matches!(line, Line::DownFrom(id) if from == Some(id));
    if down(*line.borrow()) {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    if server.write_all(&first[..length]).await.is_err() {
        return;
    }
    let answers = line.clone();
    let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
    tokio::select! {
        () = copy(from_client, to_server, |_| true) => {}
        () = copy(from_server, to_client, |_| *answers.borrow() != Line::Unanswered) => {}
        _ = line.wait_for(|line| down(*line)) => {}
    }
}

/// The member that sent the head of a request, where it is one of etcd's.
fn sender(head: &[u8]) -> Option<u64> {
    let head = std::str::from_utf8(head).ok()?;
    let line = head.lines().find_map(|line| line.strip_prefix("X-Server-From: "))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Copies as long as `goes_on` says so.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    goes_on: impl Fn(&[u8]) -> bool,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !goes_on(&buffer[..length]) || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
