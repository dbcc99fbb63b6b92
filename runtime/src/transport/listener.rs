//! The port: connections are taken until the server stops, and waited for until they are done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Limits, connection};
use crate::layers::Stack;
use crate::{Error, Result};

/// A bound port, not served yet.
#[derive(Debug)]
pub(crate) struct Listener(TcpListener);

/// How long connections may take to say goodbye once nothing is being answered on them any more.
const GOODBYE: Duration = Duration::from_secs(5);

/// When a silent peer is asked whether it is there, and how often again, as in Go's servers: one that is gone without
/// a word would hold its connection for as long as nothing is sent.
const SILENCE: Duration = Duration::from_secs(3 * 60);
const AGAIN: Duration = Duration::from_secs(15);

impl Listener {
    /// Binds the port.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Listener> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Error::new(format!(
                "listening on {address} (--bind-address, --secure-port): {error}; choose another port, or stop what holds it"
            ))
        })?;
        Ok(Listener(listener))
    }

    /// The address, with the port that the system chose when 0 was asked for.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }

    /// Takes connections until `draining`, then waits for those it has until `closing` and a little longer.
    pub(crate) async fn serve(
        self,
        tls: Arc<ServerConfig>,
        limits: Limits,
        stack: Arc<Stack>,
        mut draining: watch::Receiver<bool>,
        mut closing: watch::Receiver<bool>,
    ) {
        let tls = TlsAcceptor::from(tls);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.0.accept() => match accepted {
                    Ok((socket, address)) => {
                        prepare(&socket);
                        let (tls, stack, closing) = (tls.clone(), Arc::clone(&stack), closing.clone());
                        connections.spawn(connection::serve(socket, address, tls, limits, stack, closing));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        // Out of file descriptors, most likely: let some connections end.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = until(&mut draining) => break,
            }
        }
        drop(self.0);
        until(&mut closing).await;
        let goodbye = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        connections.abort_all();
    }
}

/// A connection works without any of this.
fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
    let keep_alive = TcpKeepalive::new().with_time(SILENCE).with_interval(AGAIN);
    let _ = SockRef::from(socket).set_tcp_keepalive(&keep_alive);
}

/// Ends when the flag is true, or nobody is left to set it.
pub(super) async fn until(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|set| *set).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_silent_peer_is_asked_whether_it_is_there() {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let _client = TcpStream::connect(listener.address().expect("bound")).await.expect("connected");
        let (socket, _) = listener.0.accept().await.expect("accepted");
        prepare(&socket);
        let options = SockRef::from(&socket);
        assert!(socket.nodelay().expect("known") && options.keepalive().expect("known"));
        #[cfg(target_os = "linux")]
        {
            assert_eq!(options.tcp_keepalive_time().expect("known"), SILENCE);
            assert_eq!(options.tcp_keepalive_interval().expect("known"), AGAIN);
        }
    }
}
