//! What a connection says in one turn goes to its socket together.
//!
//! HTTP/2 flushes behind every DATA frame that is not tiny, which makes a TLS record and a system call of each answer
//! and each event. Here a flush is put off until the connection has nothing more to say for now: its turn is over.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is gathered: a peer that takes nothing makes its connection hold as much.
const MOST: usize = 32 << 10;
/// What is as long as a TLS record gains nothing by waiting for more.
const LONG: usize = 16 << 10;

/// A stream whose writes are gathered. Clones are the same stream: one for the connection, one for its turns.
#[derive(Debug)]
pub(super) struct Gathered<S>(Arc<Mutex<Gathering<S>>>);

#[derive(Debug)]
struct Gathering<S> {
    stream: S,
    /// What is gathered, and how much of it is sent already.
    gathered: Vec<u8>,
    sent: usize,
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

impl<S: AsyncWrite + Unpin> Gathered<S> {
    pub(super) fn new(stream: S) -> Self {
        let (gathered, sent, unflushed, broken) = (Vec::new(), 0, false, None);
        Gathered(Arc::new(Mutex::new(Gathering { stream, gathered, sent, unflushed, broken })))
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

impl<S: AsyncWrite + Unpin> Gathering<S> {
    fn end_of_turn(&mut self, cx: &mut Context<'_>) {
        if self.unflushed
            && let Poll::Ready(Err(error)) = self.send(cx)
        {
            self.broken = Some(error);
            cx.waker().wake_by_ref();
        }
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.gathered.len() {
            let rest = &self.gathered[self.sent..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.sent += written,
            }
        }
        // The next turn most likely needs as much room; what a rare one needed goes back.
        if self.gathered.len() < self.gathered.capacity() / 4 {
            self.gathered = Vec::new();
        }
        self.gathered.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Makes room for so many bytes. Says whether they are to be gathered, rather than written at once.
    fn prepare(&mut self, length: usize, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error));
        }
        if length >= LONG || self.gathered.len() + length > MOST {
            ready!(self.drain(cx))?;
        }
        self.unflushed = true;
        Poll::Ready(Ok(length < LONG))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self.lock();
        if !ready!(this.prepare(bytes.len(), cx))? {
            return Pin::new(&mut this.stream).poll_write(cx, bytes);
        }
        this.gathered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self.lock();
        let length = slices.iter().map(|slice| slice.len()).sum();
        if !ready!(this.prepare(length, cx))? {
            return Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        }
        slices.iter().for_each(|slice| this.gathered.extend_from_slice(slice));
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        self.lock().stream.is_write_vectored()
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
mod tests {
    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    /// Counts what a stream is asked to do.
    struct Counted {
        stream: DuplexStream,
        writes: Arc<Mutex<Vec<usize>>>,
    }

    impl AsyncWrite for Counted {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
            self.writes.lock().unwrap().push(written);
            Poll::Ready(Ok(written))
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }

    /// Runs a connection in turns.
    async fn turns<C: Future>(connection: C, stream: &Gathered<Counted>) -> C::Output {
        let mut connection = std::pin::pin!(connection);
        std::future::poll_fn(|cx| {
            let polled = connection.as_mut().poll(cx);
            stream.end_of_turn(cx);
            polled
        })
        .await
    }

    fn counted(room: usize) -> (Gathered<Counted>, DuplexStream, Arc<Mutex<Vec<usize>>>) {
        let (stream, theirs) = tokio::io::duplex(room);
        let writes = Arc::default();
        (Gathered::new(Counted { stream, writes: Arc::clone(&writes) }), theirs, writes)
    }

    #[tokio::test]
    async fn the_answers_of_one_turn_are_one_write() {
        let (gathered, mut theirs, writes) = counted(1 << 20);
        let mut stream = gathered.clone();
        let connection = async {
            for answer in [&[1; 1000][..], &[2; 2000], &[3; 9]] {
                stream.write_all(answer).await.unwrap();
                stream.flush().await.unwrap();
            }
            assert!(writes.lock().unwrap().is_empty());
            std::future::pending::<()>().await;
        };
        assert!(turns(connection, &gathered).now_or_never().is_none());
        assert_eq!(*writes.lock().unwrap(), [3009]);
        let mut read = vec![0; 3009];
        theirs.read_exact(&mut read).await.unwrap();
        assert_eq!((read[999], read[1000], read[3008]), (1, 2, 3));
    }

    #[tokio::test]
    async fn what_is_long_does_not_wait_and_nothing_overtakes() {
        let (gathered, mut theirs, writes) = counted(1 << 20);
        let mut stream = gathered.clone();
        stream.write_all(&[1; 10]).await.unwrap();
        stream.write_all(&[2; LONG]).await.unwrap();
        assert_eq!(*writes.lock().unwrap(), [10, LONG]);
        stream.write_all(&[3; 10]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut read = Vec::new();
        drop((stream, gathered));
        theirs.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, [vec![1; 10], vec![2; LONG], vec![3; 10]].concat());
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_stops_who_writes() {
        let (gathered, mut theirs, _) = counted(100);
        let mut stream = gathered.clone();
        let (mut taken, answer) = (0, [1; 1000]);
        while let Some(written) = stream.write(&answer).now_or_never() {
            taken += written.unwrap();
        }
        assert!(taken <= MOST, "{taken}");
        let reader = tokio::spawn(async move {
            let mut read = Vec::new();
            theirs.read_to_end(&mut read).await.map(|_| read.len())
        });
        stream.shutdown().await.unwrap();
        drop((stream, gathered));
        assert_eq!(reader.await.unwrap().unwrap(), taken);
    }

    #[tokio::test]
    async fn who_writes_to_a_peer_that_is_gone_is_told() {
        let (gathered, theirs, _) = counted(100);
        drop(theirs);
        let mut stream = gathered.clone();
        let connection = async {
            stream.write_all(&[1; 10]).await.expect("gathered");
            tokio::task::yield_now().await;
            stream.flush().await.expect_err("not sent").kind()
        };
        assert_eq!(turns(connection, &gathered).await, io::ErrorKind::BrokenPipe);
    }
}
