//! Calls to etcd over one connection at a time, to whichever member answers.
//!
//! A call that certainly was not carried out goes to the next member; one whose outcome is not known does so only where
//! making it twice is harmless. What calls mean is decided above.

mod channel;
mod endpoint;
mod stream;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use prost::Message;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, sleep, timeout};
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic_prost::ProstCodec;

pub(super) use channel::Broken;
pub(super) use stream::WatchStream;
pub(super) use tls::Tls;

use channel::Channel;
use endpoint::Endpoint;

use super::failure::Failure;
use super::proto::{
    CompactionRequest, CompactionResponse, RangeRequest, RangeResponse, StatusRequest, StatusResponse,
    TxnRequest, TxnResponse,
};
use super::version;
use crate::storage::{Error, Result};

/// How long a member may take to be connected to.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a member may take for a small read.
const READ: Duration = Duration::from_secs(3);
/// How long it may take for what is larger.
const PAGE: Duration = Duration::from_secs(30);
/// How long it may take for a write: longer than etcd itself waits, unless its elections are slow.
const WRITE: Duration = Duration::from_secs(10);
/// The pause after every member was asked in vain.
const PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// The largest answer that is taken, in bytes: many times what is asked for, and the largest event with what was there before.
const LARGEST_ANSWER: usize = 64 << 20;

/// The members, and the connection that is used now.
#[derive(Debug)]
pub(super) struct Client {
    endpoints: Vec<Endpoint>,
    tls: Option<Tls>,
    /// How long a call goes from member to member before it is given up.
    patience: Duration,
    /// The connection that is used now. Changes under the lock of the state.
    open: ArcSwapOption<Open>,
    state: Mutex<State>,
    closed: AtomicBool,
    pub(super) largest_answer: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Which member is next.
    at: usize,
    opened: u64,
    /// When no member could be connected to, and why.
    failed: Option<(Instant, String)>,
}

/// One connection and its number.
#[derive(Debug)]
struct Open {
    number: u64,
    channel: Channel,
    /// That its member is new enough for watches, once that is known.
    fit: OnceCell<()>,
}

/// How a call is made.
#[derive(Clone, Copy)]
struct Manner {
    path: &'static str,
    /// Whether it may be made again when its outcome is not known.
    again: bool,
    limit: Duration,
}

const RANGE: Manner = Manner { path: "/etcdserverpb.KV/Range", again: true, limit: PAGE };
const READ_TXN: Manner = Manner { path: "/etcdserverpb.KV/Txn", again: true, limit: READ };
const PAGE_TXN: Manner = Manner { limit: PAGE, ..READ_TXN };
const WRITE_TXN: Manner = Manner { again: false, limit: WRITE, ..READ_TXN };
const COMPACT: Manner = Manner { path: "/etcdserverpb.KV/Compact", again: true, limit: WRITE };
const STATUS: Manner = Manner { path: "/etcdserverpb.Maintenance/Status", again: true, limit: READ };

impl Client {
    pub(super) fn new(urls: &[String], tls: Option<Tls>, patience: Duration) -> Result<Self> {
        let endpoints = urls.iter().map(|url| Endpoint::parse(url)).collect::<Result<Vec<_>>>()?;
        if endpoints.is_empty() {
            return Err(Error::Incompatible("no etcd server is named: --etcd-servers names them".into()));
        }
        if let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.secure != tls.is_some()) {
            let (url, flag) = (endpoint.url(), "--etcd-cafile");
            return Err(Error::Incompatible(if endpoint.secure {
                format!(
                    "{url} cannot be verified: {flag} names the file with the authority of its certificate"
                )
            } else {
                format!(
                    "{url} is not encrypted, so {flag}, --etcd-certfile and --etcd-keyfile have no use: write https://, or leave them out"
                )
            }));
        }
        let (open, state, closed) = (ArcSwapOption::empty(), Mutex::default(), AtomicBool::new(false));
        Ok(Self { endpoints, tls, patience, open, state, closed, largest_answer: LARGEST_ANSWER })
    }

    /// The members, for messages.
    pub(super) fn names(&self) -> String {
        self.endpoints.iter().map(Endpoint::url).collect::<Vec<_>>().join(", ")
    }

    /// No call is begun any more, nor goes on to another member.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Failure> {
        self.call(RANGE, request).await
    }

    /// A transaction that only reads; `large` where it reads more than a record or two.
    pub(super) async fn read(&self, request: TxnRequest, large: bool) -> Result<TxnResponse, Failure> {
        let mut manner = if large { PAGE_TXN } else { READ_TXN };
        if !large && self.endpoints.len() > 1 {
            // Who waits for it does so as long as this in all: another member shall have its turn.
            manner.limit /= 2;
        }
        self.call(manner, request).await
    }

    /// A transaction that may write.
    pub(super) async fn write(&self, request: TxnRequest) -> Result<TxnResponse, Failure> {
        self.call(WRITE_TXN, request).await
    }

    pub(super) async fn compact(&self, revision: i64) -> Result<CompactionResponse, Failure> {
        self.call(COMPACT, CompactionRequest { revision }).await
    }

    /// How the member does that we are connected to.
    pub(super) async fn status(&self) -> Result<StatusResponse, Failure> {
        self.call(STATUS, StatusRequest {}).await
    }

    async fn call<Q, A>(&self, manner: Manner, request: Q) -> Result<A, Failure>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let begun = Instant::now();
        let mut pause = PAUSE;
        for attempt in 1.. {
            let failure = match self.attempt(manner, request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !failure.may_go_elsewhere(manner.again) || begun.elapsed() >= self.patience {
                return Err(failure);
            }
            if attempt % self.endpoints.len() == 0 {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        Err(Failure::Elsewhere("no member answered".into()))
    }

    async fn attempt<Q, A>(&self, manner: Manner, request: Q) -> Result<A, Failure>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let open = self.open().await?;
        self.attempt_at(&open, manner, request).await
    }

    async fn attempt_at<Q, A>(&self, open: &Open, manner: Manner, request: Q) -> Result<A, Failure>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc(open);
        let path = http::uri::PathAndQuery::from_static(manner.path);
        let codec = ProstCodec::<Q, A>::default();
        let answer = match timeout(manner.limit, grpc.unary(asking(request), path, codec)).await {
            Ok(Ok(answer)) => return Ok(answer.into_inner()),
            Ok(Err(status)) => Failure::of(&status),
            Err(_) => Failure::Lost(format!("no answer within {:?}", manner.limit)),
        };
        if answer.may_go_elsewhere(true) {
            self.leave(open.number).await;
        }
        Err(answer)
    }

    /// Turns away from a member that is too old for watches. Members may be of several versions, so each connection is asked
    /// once.
    async fn check(&self, open: &Open) -> Result<(), Failure> {
        let ask = || async {
            let status: StatusResponse = self.attempt_at(open, STATUS, StatusRequest {}).await?;
            let fit = version::check(&status.version, &open.channel.origin().to_string());
            if let Err(why) = &fit {
                tracing::warn!(why, "this member is not watched");
                self.leave(open.number).await;
            }
            fit.map_err(Failure::Elsewhere)
        };
        open.fit.get_or_try_init(ask).await?;
        Ok(())
    }

    fn grpc(&self, open: &Open) -> Grpc<Channel> {
        Grpc::with_origin(open.channel.clone(), open.channel.origin())
            .max_decoding_message_size(self.largest_answer)
    }

    /// The connection that is used now, or a new one to the next member that has one.
    async fn open(&self) -> Result<Arc<Open>, Failure> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Failure::Refused("the store was closed".into()));
        }
        if let Some(open) = self.opened() {
            return Ok(open);
        }
        let mut state = self.state.lock().await;
        // By somebody who was quicker.
        if let Some(open) = self.opened() {
            return Ok(open);
        }
        if let Some((when, why)) = &state.failed
            && when.elapsed() < PAUSE
        {
            return Err(Failure::Elsewhere(why.clone()));
        }
        let mut whys = Vec::new();
        for _ in 0..self.endpoints.len() {
            let endpoint = &self.endpoints[state.at % self.endpoints.len()];
            let connected = timeout(CONNECT, endpoint.connect(self.tls.as_ref())).await;
            match connected.unwrap_or_else(|_| Err(format!("no connection within {} s", CONNECT.as_secs()))) {
                Ok(channel) => {
                    let open = Arc::new(state.begin(channel));
                    self.open.store(Some(Arc::clone(&open)));
                    return Ok(open);
                }
                Err(why) => whys.push(format!("{}: {why}", endpoint.url())),
            }
            state.at += 1;
        }
        let why = whys.join("; ");
        state.failed = Some((Instant::now(), why.clone()));
        Err(Failure::Elsewhere(why))
    }

    /// The connection that is used now, where there is one.
    fn opened(&self) -> Option<Arc<Open>> {
        self.open.load_full().filter(|open| !open.channel.is_closed())
    }

    /// Turns to the next member, unless somebody did already. What is under way on the connection goes on.
    async fn leave(&self, number: u64) {
        let mut state = self.state.lock().await;
        if self.open.load().as_ref().is_some_and(|open| open.number == number) {
            self.open.store(None);
            state.at += 1;
        }
    }
}

impl State {
    fn begin(&mut self, channel: Channel) -> Open {
        self.opened += 1;
        self.failed = None;
        Open { number: self.opened, channel, fit: OnceCell::new() }
    }
}

/// A request that a member without a leader refuses at once instead of keeping it.
fn asking<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
    request
}
