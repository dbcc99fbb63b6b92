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
        Self::listening(free_address(), target, |_| true).await
    }

    /// A relay from that address to another; `obeys` is asked about the first bytes of each connection, and connections
    /// that it does not mean are never cut.
    pub async fn listening(
        address: SocketAddr,
        target: SocketAddr,
        obeys: impl Fn(&[u8]) -> bool + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port on loopback");
        let line = Arc::new(watch::Sender::new(Line::Up));
        let told = Arc::clone(&line);
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, target, told.subscribe(), obeys.clone()));
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

async fn carry(
    mut client: TcpStream,
    target: SocketAddr,
    mut line: watch::Receiver<Line>,
    obeys: impl Fn(&[u8]) -> bool,
) {
    let mut first = vec![0; 4096];
    let Ok(length) = client.read(&mut first).await else { return };
    let obeys = obeys(&first[..length]);
    if obeys && *line.borrow() == Line::Down {
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
        () = copy(from_server, to_client, |_| !obeys || *answers.borrow() == Line::Up) => {}
        _ = line.wait_for(|line| obeys && *line == Line::Down) => {}
    }
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
