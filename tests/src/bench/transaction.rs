//! The floor of writes on etcd: the transaction that a create is, sent by a client that does
//! nothing else. The messages are written by hand: they are five fields.

use super::load::{Sample, percentile};
use super::objects::flunder;
use super::process::Process;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long one sample takes.
const SAMPLE: Duration = Duration::from_millis(700);

/// A client of that etcd. CPU is the client's: what a server on etcd cannot do without.
pub(super) async fn sample(url: &str, numbers: &Arc<AtomicU64>, writers: usize) -> Sample {
    let address = url.trim_start_matches("http://");
    let tcp = TcpStream::connect(address).await.unwrap_or_else(|error| panic!("dialing etcd: {error}"));
    tcp.set_nodelay(true).expect("a socket without delay");
    let (sender, connection) =
        Builder::new(TokioExecutor::new()).handshake(TokioIo::new(tcp)).await.expect("HTTP/2 with etcd");
    tokio::spawn(connection);
    let (started, cpu) = (Instant::now(), Process::own().cpu());
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        tasks.spawn(write(
            sender.clone(),
            format!("http://{address}"),
            Arc::clone(numbers),
            writers,
            started,
        ));
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done.expect("a writer ends"));
    }
    let cpu = Process::own().cpu() - cpu;
    Sample {
        operations: latencies.len() as u64,
        bytes: 0,
        wall: started.elapsed(),
        cpu,
        beside: Duration::ZERO,
        client: Duration::ZERO,
        p99: percentile(&mut latencies, 99),
    }
}

async fn write(
    mut sender: SendRequest<Full<Bytes>>,
    server: String,
    numbers: Arc<AtomicU64>,
    writers: usize,
    started: Instant,
) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while started.elapsed() < SAMPLE {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let name = format!("raw-{writers}-{number:08}");
        let message = create(format!("/raw/{name}").as_bytes(), &flunder(&name, number));
        let request = Request::post(format!("{server}/etcdserverpb.KV/Txn"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(framed(&message)))
            .expect("a request");
        let sent = Instant::now();
        sender.ready().await.expect("a connection to etcd");
        let answer = sender.send_request(request).await.expect("etcd answers");
        let trailers = answer.headers().clone();
        let body = answer.into_body().collect().await.expect("etcd answers whole");
        let status = body.trailers().unwrap_or(&trailers).get("grpc-status").cloned();
        assert!(status.is_some_and(|status| status == "0"), "etcd refused a transaction");
        latencies.push(sent.elapsed());
    }
    latencies
}

/// Put where the key has no revision, else read what is there.
fn create(key: &[u8], value: &[u8]) -> Vec<u8> {
    // Compare { target: MOD, key, mod_revision: 0 }: EQUAL is the default.
    let compare = [number(2, 2), field(3, key), number(6, 0)].concat();
    let put = field(2, &[field(1, key), field(2, value)].concat());
    let range = field(1, &field(1, key));
    [field(1, &compare), field(2, &put), field(3, &range)].concat()
}

fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("a message").to_be_bytes();
    Bytes::from([&[0], length.as_slice(), message].concat())
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    varint(&mut out, bytes.len());
    out.extend_from_slice(bytes);
    out
}

fn number(tag: u8, value: u8) -> Vec<u8> {
    vec![tag << 3, value]
}

fn varint(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_protobuf_has_them() {
        assert_eq!(field(1, b"k"), [0x0a, 1, b'k']);
        assert_eq!(field(2, &[7; 300])[..3], [0x12, 0xac, 0x02]);
        assert_eq!(framed(b"ab")[..], [0, 0, 0, 0, 2, b'a', b'b']);
    }
}
