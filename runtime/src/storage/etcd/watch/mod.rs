//! Watches: one stream of etcd's each, followed by a task, read through a bounded queue.

mod asking;
mod assembly;
mod batch;
mod pump;
mod queue;

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use tokio::sync::watch;

use super::core::Core;
use super::failure::unavailable;
use super::proto::RangeRequest;
use crate::storage::{Batch, Error, Events, Prefix, Result, Start};

use pump::{End, Pump};

impl Core {
    /// Begins a watch, and answers when etcd has begun it. It ends when `closing` becomes true.
    pub(super) async fn watch(
        self: &Arc<Self>,
        prefix: &Prefix,
        from: Start,
        previous: bool,
        mut closing: watch::Receiver<bool>,
    ) -> Result<Events> {
        let (through, looked) = match from {
            Start::Now => self.now().await.map(|now| (now.revision, now))?,
            Start::After(asked) => self.past(asked, &self.tiny()).await?,
        };
        let at = looked.base.serve(through);
        let wanted = self.wanted.subscribe();
        let range = self.layout.range(prefix);
        let life = looked.base.at;
        let mut pump = Pump { core: Arc::clone(self), range, previous, through, life, wanted };
        let begun = pump.begin().await.map_err(|end| match end {
            End::Over(error) => error,
            End::Broken(why) => unavailable(&why),
            End::Full(_) => unavailable("the watch did not begin"),
        })?;
        let (sender, batches) = queue::queue();
        tokio::spawn(async move {
            let error = tokio::select! {
                error = pump.run(begun, &sender) => error,
                _ = closing.wait_for(|closing| *closing) => Error::closed(),
                () = sender.closed() => return,
            };
            sender.end(error);
        });
        let first = stream::iter([Ok(Batch { events: Vec::new(), through: at })]);
        Ok(Events::new(first.chain(batches)))
    }

    /// A read that costs nothing, to know whether a revision can be read.
    fn tiny(&self) -> RangeRequest {
        RangeRequest { keys_only: true, ..self.base_range() }
    }
}
