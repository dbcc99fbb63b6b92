//! What a connection says in one turn goes to its socket together, in TLS records that are full.
//!
//! HTTP/2 flushes behind every DATA frame that is not tiny, which makes a TLS record and a system call of each answer
//! and each event. Here a flush is put off until the connection has nothing more to say for now: its turn is over.
//! A frame of the usual size is a little longer than a record and would make two: what is over waits for the next one.

use std::io::{self, IoSlice};
use std::iter;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::hold::{Hold, RECORD};

/// A stream whose writes are gathered. Clones are the same stream: one for the connection, one for its turns.
#[derive(Debug)]
pub(super) struct Gathered<S>(Arc<Mutex<Gathering<S>>>);

#[derive(Debug)]
struct Gathering<S> {
    stream: S,
    /// What is gathered: less than a record.
    gathered: Vec<u8>,
    /// Something was written that may not have left the stream yet.
    unflushed: bool,
    /// Why a turn could not send it; whoever writes next is told.
    broken: Option<io::Error>,
}

impl<S> Clone for Gathered<S> {
    fn clone(&self) -> Self {
        Gathered(Arc::clone(&self.0))
    }
}

impl<S: Hold + Unpin> Gathered<S> {
    pub(super) fn new(stream: S) -> Self {
        let (gathered, unflushed, broken) = (Vec::new(), false, None);
        Gathered(Arc::new(Mutex::new(Gathering { stream, gathered, unflushed, broken })))
    }

    /// Sends what was gathered, as far as the peer takes it; the task is woken when it takes more.
    pub(super) fn end_of_turn(&self, task: &mut Context<'_>) {
        self.lock().end_of_turn(task);
    }
}

impl<S> Gathered<S> {
    /// One task uses the stream; the lock is never waited for.
    fn lock(&self) -> MutexGuard<'_, Gathering<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Hold + Unpin> Gathering<S> {
    fn end_of_turn(&mut self, cx: &mut Context<'_>) {
        if self.unflushed
            && let Poll::Ready(Err(error)) = self.send(cx)
        {
            self.broken = Some(error);
            cx.waker().wake_by_ref();
        }
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let few = self.gathered.len() < self.gathered.capacity() / 4;
        while !self.gathered.is_empty() {
            let taken = ready!(Pin::new(&mut self.stream).poll_hold(cx, &[IoSlice::new(&self.gathered)]))?;
            self.gathered.drain(..taken);
        }
        // The next turn most likely needs as much room; what a rare one needed goes back.
        if few {
            self.gathered = Vec::new();
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Hands over the records that are full, and gathers the rest.
    fn write(&mut self, slices: &[IoSlice<'_>], cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error));
        }
        let length = slices.iter().map(|slice| slice.len()).sum::<usize>();
        self.unflushed = true;
        loop {
            let before = self.gathered.len();
            let full = (before + length) / RECORD * RECORD;
            if full == 0 {
                slices.iter().for_each(|slice| self.gathered.extend_from_slice(slice));
                return Poll::Ready(Ok(length));
            }
            let records = first(full, &self.gathered, slices);
            let taken = ready!(Pin::new(&mut self.stream).poll_hold(cx, &records))?;
            self.gathered.drain(..taken.min(before));
            if taken == full {
                behind(full - before, slices).for_each(|rest| self.gathered.extend_from_slice(rest));
                return Poll::Ready(Ok(length));
            }
            if taken > before {
                return Poll::Ready(Ok(taken - before));
            }
        }
    }
}

/// The first so many bytes of what was gathered and what follows it.
fn first<'a>(bytes: usize, gathered: &'a [u8], slices: &'a [IoSlice<'_>]) -> Vec<IoSlice<'a>> {
    let mut left = bytes;
    let all = iter::once(gathered).chain(slices.iter().map(|slice| &**slice));
    let cut = all.map(|slice| {
        let slice = &slice[..slice.len().min(left)];
        left -= slice.len();
        IoSlice::new(slice)
    });
    cut.filter(|slice| !slice.is_empty()).collect()
}

/// What stands behind the first so many bytes.
fn behind<'a>(bytes: usize, slices: &'a [IoSlice<'_>]) -> impl Iterator<Item = &'a [u8]> {
    let mut left = bytes;
    slices.iter().map(move |slice| {
        let skipped = slice.len().min(left);
        left -= skipped;
        &slice[skipped..]
    })
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(cx, into)
    }
}

impl<S: Hold + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.lock().write(&[IoSlice::new(bytes)], cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.lock().write(slices, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Not yet: at the end of the turn.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.lock().broken.take().map_or(Ok(()), Err))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self.lock();
        ready!(this.send(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "gathered/tests.rs"]
mod tests;
