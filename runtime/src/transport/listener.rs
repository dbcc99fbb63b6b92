//! The port: connections are taken until the server stops, and waited for until they are done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
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
                        let _ = socket.set_nodelay(true);
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

/// Ends when the flag is true, or nobody is left to set it.
pub(super) async fn until(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|set| *set).await;
}
