//! Readers that stall: what they hold ends in time, and so do they.

use bytes::Bytes;
use futures::{Stream, stream};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::*;
use crate::respond::lease::{Held, Leases};
use crate::respond::{Body, Streamed};
use crate::transport::Busy;
use crate::transport::peer::Activity;

const LASTS: Duration = Duration::from_secs(60);

/// A server of endless answers, and what of them is alive.
struct Server {
    connection: JoinSet<()>,
    peer: Arc<Peer>,
    alive: Arc<()>,
}

struct Sending(Busy);

impl Held for Sending {
    fn revoked(self: Box<Self>) -> Box<dyn Send> {
        Box::new(self.0.overdue())
    }
}

/// `/watch` may end at any time, `/list` may not; `/slow` says something now and then, for ten times as long.
fn answered(path: &str, alive: &Arc<()>) -> Streamed {
    let until = Instant::now() + LASTS;
    match path {
        "/watch" => Streamed::events(endless(alive, Duration::ZERO), Some(until)),
        "/slow" => {
            Streamed::events(endless(alive, Duration::from_secs(1)), Some(Instant::now() + LASTS * 10))
        }
        _ => Streamed::document(endless(alive, Duration::ZERO)),
    }
}

fn endless(alive: &Arc<()>, pause: Duration) -> impl Stream<Item = Bytes> + Send + 'static {
    stream::unfold(Arc::clone(alive), move |alive| async move {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some((Bytes::from_static(&[b'x'; 16 * 1024]), alive))
    })
}

fn serve(stream: DuplexStream) -> Server {
    let peer = Arc::new(Peer::new(([127, 0, 0, 1], 1).into(), Vec::new()));
    let (leases, alive) = (Arc::new(Leases::default()), Arc::new(()));
    let mut connection = JoinSet::new();
    let reaper = Arc::clone(&leases);
    let (served, kept) = (Arc::clone(&peer), Arc::clone(&alive));
    connection.spawn(async move {
        let answer = |request: Request<Incoming>| {
            let body = answered(request.uri().path(), &kept);
            let held = Box::new(Sending(served.busy()));
            let deadline = (request.uri().path() == "/list").then(|| Instant::now() + LASTS);
            std::future::ready(Response::new(Body::Stream(body.leased(&leases, deadline, held))))
        };
        let (_open, closing) = watch::channel(false);
        tokio::select! {
            () = requests(stream, &served, Limits::new(1000), answer, closing) => {}
            () = reaper.reap() => {}
        }
    });
    Server { connection, peer, alive }
}

impl Server {
    /// Until the connection is closed by the server.
    async fn closed(mut self) -> Instant {
        let hour = Duration::from_secs(3600);
        tokio::time::timeout(hour, self.connection.join_next()).await.expect("it ends");
        assert_eq!(Arc::strong_count(&self.alive), 1, "nothing is left of the answers");
        Instant::now()
    }
}

type Sender = http2::SendRequest<Empty<Bytes>>;

async fn client(stream: DuplexStream) -> Sender {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(65_535).initial_connection_window_size(1 << 24);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut Sender, path: &str) -> Incoming {
    sender.ready().await.expect("open");
    let request = Request::get(format!("https://localhost{path}")).body(Empty::new()).expect("a request");
    sender.send_request(request).await.expect("an answer").into_body()
}

#[tokio::test(start_paused = true)]
async fn streams_that_nobody_reads_are_freed_and_then_their_connection_ends() {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let (server, begun) = (serve(theirs), Instant::now());
    let mut sender = client(ours).await;
    let stalled = [ask(&mut sender, "/watch").await, ask(&mut sender, "/list").await];
    tokio::time::sleep(LASTS - Duration::from_secs(1)).await;
    assert_eq!(Arc::strong_count(&server.alive), 4);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Arc::strong_count(&server.alive), 2, "the server has its own");
    assert_eq!(server.peer.activity(), Activity { active: 0, begun: 2, overdue: 2 });
    let limits = Limits::new(1);
    let latest = LASTS + limits.idle * 2 + limits.goodbye * 2;
    assert!(server.closed().await - begun <= latest + Duration::from_secs(1));
    drop(stalled);
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_stalled_stream_takes_no_more_and_finishes_the_others() {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let server = serve(theirs);
    let mut sender = client(ours).await;
    let stalled = ask(&mut sender, "/watch").await;
    let mut read = ask(&mut sender, "/slow").await;
    let begun = Instant::now();
    let mut frames = 0;
    while let Some(frame) = read.frame().await {
        // The end may come in a frame of its own, which is empty.
        let data = frame.expect("not broken").into_data().expect("no trailers");
        frames += usize::from(!data.is_empty());
    }
    // The last one is due just when the time is over.
    assert!((599..=600).contains(&frames), "{frames}");
    assert_eq!(begun.elapsed().as_secs(), (LASTS * 10).as_secs());
    let request = Request::get("https://localhost/watch").body(Empty::new()).expect("a request");
    assert!(sender.send_request(request).await.is_err(), "the server said goodbye");
    server.closed().await;
    drop(stalled);
}

#[tokio::test(start_paused = true)]
async fn who_reads_too_late_finds_the_end_of_a_watch_and_a_broken_list() {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let server = serve(theirs);
    let mut sender = client(ours).await;
    let (watch, list) = (ask(&mut sender, "/watch").await, ask(&mut sender, "/list").await);
    tokio::time::sleep(LASTS * 2).await;
    assert_eq!(server.peer.activity().overdue, 2);
    assert!(watch.collect().await.expect("complete").to_bytes().len() >= 65_535);
    assert!(list.collect().await.is_err());
    assert_eq!(server.peer.activity().overdue, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_connection_of_http_1_ends_too() {
    let (mut ours, theirs) = tokio::io::duplex(1024);
    let (server, begun) = (serve(theirs), Instant::now());
    ours.write_all(b"GET /watch HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    tokio::time::sleep(LASTS + Duration::from_secs(1)).await;
    assert_eq!(Arc::strong_count(&server.alive), 2, "the server has its own");
    let limits = Limits::new(1);
    let latest = LASTS + limits.idle * 2 + limits.goodbye * 2;
    assert!(server.closed().await - begun <= latest + Duration::from_secs(1));
    let mut rest = Vec::new();
    ours.read_to_end(&mut rest).await.expect("what was sent");
    assert!(rest.starts_with(b"HTTP/1.1 200 OK\r\n"));
}
