//! From a socket to a request with a peer: TCP, TLS, HTTP/1.1 and HTTP/2.
//!
//! What a request means, and whether its peer is believed, is decided behind this.

mod client_certificate;
mod connection;
mod gathered;
mod hold;
mod listener;
mod peer;
mod reload;
mod tls;
mod turn;

pub(crate) use connection::Limits;
pub(crate) use listener::Listener;
pub(crate) use peer::{Busy, Peer};
pub(crate) use reload::{Source, reload};
pub(crate) use tls::{Identity, config};
