//! A stream of etcd's Watch service: what is asked on it, and what comes back.

use futures::stream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Streaming;
use tonic_prost::ProstCodec;

use super::{Client, READ, asking};
use crate::storage::etcd::failure::Failure;
use crate::storage::etcd::proto::{
    WatchAsk, WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse,
};

/// Dropping it ends its watches.
#[derive(Debug)]
pub(in crate::storage::etcd) struct WatchStream {
    asks: mpsc::UnboundedSender<WatchRequest>,
    answers: Streaming<WatchResponse>,
    /// Of the connection.
    number: u64,
}

impl Client {
    /// A stream with these watches begun.
    pub(in crate::storage::etcd) async fn watch(
        &self,
        watches: impl IntoIterator<Item = WatchCreateRequest>,
    ) -> Result<WatchStream, Failure> {
        let open = self.open().await?;
        self.check(&open).await?;
        let (asks, asked) = mpsc::unbounded_channel();
        for watch in watches {
            let _ = asks.send(WatchRequest { ask: Some(WatchAsk::Create(watch)) });
        }
        let asked = stream::unfold(asked, async |mut asked| Some((asked.recv().await?, asked)));
        let path = http::uri::PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
        let mut grpc = self.grpc(&open);
        let begun = grpc.streaming(asking(asked), path, ProstCodec::<WatchRequest, WatchResponse>::default());
        let failure = match timeout(READ, begun).await {
            Ok(Ok(answers)) => {
                return Ok(WatchStream { asks, answers: answers.into_inner(), number: open.number });
            }
            Ok(Err(status)) => Failure::of(&status),
            Err(_) => Failure::Lost(format!("no watch began within {} s", READ.as_secs())),
        };
        self.leave(open.number).await;
        Err(failure)
    }

    /// Turns away from the member that a stream came from.
    pub(in crate::storage::etcd) async fn leave_stream(&self, stream: &WatchStream) {
        self.leave(stream.number).await;
    }
}

impl WatchStream {
    /// The next response. A stream does not end by itself.
    pub(in crate::storage::etcd) async fn next(&mut self) -> Result<WatchResponse, Failure> {
        match self.answers.message().await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(Failure::Lost("the watch stream ended".into())),
            Err(status) => Err(Failure::of(&status)),
        }
    }

    /// Asks how far the watches are; there is no answer while one of them is behind.
    pub(in crate::storage::etcd) fn ask_progress(&self) {
        let ask = Some(WatchAsk::Progress(WatchProgressRequest {}));
        // It fails only when the stream has ended, which `next` tells.
        let _ = self.asks.send(WatchRequest { ask });
    }
}
