use futures::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

/// Counts what a stream is asked to do.
struct Counted {
    stream: DuplexStream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl Hold for Counted {
    fn poll_hold(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, slices)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.writes.lock().unwrap().push(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
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
async fn records_are_full_and_nothing_overtakes() {
    let (gathered, mut theirs, writes) = counted(1 << 20);
    let mut stream = gathered.clone();
    let frame = [vec![1; 9], vec![2; RECORD]].concat();
    stream.write_all(&[0; 100]).await.unwrap();
    for _ in 0..3 {
        let slices = [IoSlice::new(&frame[..200]), IoSlice::new(&[]), IoSlice::new(&frame[200..])];
        assert_eq!(stream.write_vectored(&slices).await.unwrap(), frame.len());
    }
    assert_eq!(*writes.lock().unwrap(), [RECORD; 3]);
    stream.write_all(&vec![3; 2 * RECORD]).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(*writes.lock().unwrap(), [RECORD, RECORD, RECORD, 2 * RECORD, 127]);
    let mut read = Vec::new();
    drop((stream, gathered));
    theirs.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, [vec![0; 100], frame.repeat(3), vec![3; 2 * RECORD]].concat());
}

#[tokio::test]
async fn whatever_a_peer_takes_at_a_time_it_is_the_same() {
    let sent = (0..200_000).map(|byte: u32| byte.to_le_bytes()[1]).collect::<Vec<_>>();
    for room in [1_000, RECORD - 1, RECORD, RECORD + 1, 3 * RECORD] {
        let (gathered, mut theirs, _) = counted(room);
        let mut stream = gathered.clone();
        let writer = async {
            for piece in sent.chunks(RECORD + 9) {
                stream.write_all(piece).await.unwrap();
            }
            stream.shutdown().await.unwrap();
        };
        let mut read = vec![0; sent.len()];
        let (_, taken) = futures::join!(turns(writer, &gathered), theirs.read_exact(&mut read));
        assert_eq!((taken.unwrap(), read == sent), (sent.len(), true), "{room}");
    }
}

#[tokio::test]
async fn a_peer_that_takes_nothing_stops_who_writes() {
    let (gathered, mut theirs, _) = counted(100);
    let mut stream = gathered.clone();
    let (mut taken, answer) = (0, [1; 1000]);
    while let Some(written) = stream.write(&answer).now_or_never() {
        taken += written.unwrap();
    }
    assert!(taken < RECORD + 100, "{taken}");
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
