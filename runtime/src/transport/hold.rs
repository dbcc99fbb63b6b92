//! Streams that can be given bytes without sending them yet.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;

/// The most that a TLS record holds.
pub(super) const RECORD: usize = 16 << 10;
/// Records that go to the socket in one system call.
const RECORDS: usize = 4;
/// What TLS 1.3 puts around the bytes of a record.
const AROUND: usize = 22;

/// A stream that holds what it is given until it is flushed, or has much of it.
pub(super) trait Hold: AsyncWrite {
    /// Takes bytes, at least one where there are any.
    fn poll_hold(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;
}

/// Lets a connection hold so many records: the last one fits, and nothing behind it.
pub(super) fn hold_records(connection: &mut ServerConnection) {
    connection.set_buffer_limit(Some(RECORDS * (RECORD + AROUND) - 1));
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Hold for TlsStream<IO> {
    /// Encrypts without sending: records that follow each other leave together.
    fn poll_hold(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            let (_, connection) = TlsStream::get_mut(&mut self);
            let taken = io::Write::write_vectored(&mut connection.writer(), slices)?;
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
            ready!(self.as_mut().poll_flush(cx))?;
        }
    }
}

/// Holds nothing.
#[cfg(test)]
impl Hold for tokio::io::DuplexStream {
    fn poll_hold(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, slices)
    }
}
