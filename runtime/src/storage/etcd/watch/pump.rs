//! The task behind one watch: it follows etcd's stream, and begins it again behind what was told when it breaks.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::asking::Asking;
use super::assembly::{self, Assembly, BASE, DATA, Told};
use super::batch;
use super::queue::Sender;
use crate::storage::etcd::base::Base;
use crate::storage::etcd::client::WatchStream;
use crate::storage::etcd::core::Core;
use crate::storage::etcd::failure::Failure;
use crate::storage::etcd::proto::{KeyValue, WatchCreateRequest};
use crate::storage::{Batch, Error};

/// How long etcd may take to begin a watch.
const BEGIN: Duration = Duration::from_secs(5);
/// Between two attempts to begin it again.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is watched, and how far it is.
pub(super) struct Pump {
    pub(super) core: Arc<Core>,
    pub(super) range: (Bytes, Bytes),
    pub(super) previous: bool,
    /// etcd's revision up to which all was told.
    pub(super) through: i64,
    /// Where the base was written that the watch began under. A raise ends it: its reader holds revisions of another life.
    pub(super) life: i64,
    pub(super) wanted: watch::Receiver<i64>,
}

/// Why the following of a stream ended.
pub(super) enum End {
    /// The stream broke, and can be begun again.
    Broken(String),
    /// The reader is too slow for this batch.
    Full(Batch),
    /// The watch is over.
    Over(Error),
}

impl Pump {
    /// Goes on until the watch is over.
    pub(super) async fn run(&mut self, stream: WatchStream, sender: &Sender) -> Error {
        let mut stream = Some(stream);
        let mut pause = PAUSE;
        loop {
            let before = self.through;
            let end = match stream.take() {
                Some(stream) => self.follow(stream, sender).await,
                None => match self.begin().await {
                    Ok(stream) => self.follow(stream, sender).await,
                    Err(end) => end,
                },
            };
            match end {
                Over(error) => return error,
                // The stream is closed meanwhile: what the reader has not got yet, etcd keeps.
                Full(batch) => sender.send_slowly(batch).await,
                Broken(why) => {
                    tracing::debug!(
                        why,
                        through = self.through,
                        "a watch of etcd broke off and is begun again"
                    );
                    pause = if self.through > before { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
                    sleep(pause).await;
                }
            }
        }
    }

    /// A stream whose watches are there.
    pub(super) async fn begin(&mut self) -> Result<WatchStream, End> {
        let begun = timeout(BEGIN, async {
            // A stream says nothing where etcd is not even there yet.
            self.core.look(None).await.map_err(|failure| self.lost(failure))?;
            let mut stream = self.core.client.watch(self.watches()).await.map_err(broken)?;
            let mut assembly = Assembly::behind(self.through);
            loop {
                let response = match stream.next().await {
                    Ok(response) => response,
                    Err(failure) => return Err(self.left(&stream, failure).await),
                };
                match assembly.take(response) {
                    Told::Created => return Ok(stream),
                    Told::Base(kv) => self.learn(&kv)?,
                    Told::Compacted(revision) => return Err(Over(self.compacted(revision))),
                    Told::Ended(why) => return Err(Broken(why)),
                    _ => {}
                }
            }
        });
        begun.await.unwrap_or_else(|_| Err(Broken(format!("no watch began within {} s", BEGIN.as_secs()))))
    }

    fn watches(&self) -> [WatchCreateRequest; 2] {
        let start_revision = self.through + 1;
        let common = WatchCreateRequest { start_revision, fragment: true, ..WatchCreateRequest::default() };
        let (key, range_end) = self.range.clone();
        // That of the data last, so that both are there when it is.
        [
            WatchCreateRequest { key: self.core.layout.base(), watch_id: BASE, ..common.clone() },
            WatchCreateRequest { key, range_end, prev_kv: self.previous, watch_id: DATA, ..common },
        ]
    }

    async fn follow(&mut self, mut stream: WatchStream, sender: &Sender) -> End {
        let mut assembly = Assembly::behind(self.through);
        let mut asking = Asking::from(Instant::now());
        let mut looked = 0;
        loop {
            let wanted = *self.wanted.borrow_and_update();
            if asking.now(Instant::now(), self.through, wanted) {
                stream.ask_progress();
            }
            let response = tokio::select! {
                response = stream.next() => response,
                () = sleep_until(asking.next) => continue,
                changed = self.wanted.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => pending().await,
                },
            };
            let response = match response {
                Ok(response) => response,
                Err(failure) => return self.left(&stream, failure).await,
            };
            let answer = assembly::is_answer(&response);
            let told = assembly.take(response);
            let unsure = matches!(told, Told::Events(_)) && !assembly.settled();
            if unsure && assembly.through() > looked {
                // A raise may lie before these events, and come behind them. One look is enough for all that came until then.
                match self.core.look(None).await {
                    Ok(now) => looked = now.revision,
                    Err(failure) => return self.lost(failure),
                }
                stream.ask_progress();
            }
            if let Some(end) = self.tell(told, &assembly, sender) {
                return end;
            }
            if answer {
                asking.answered(self.through);
            }
        }
    }

    /// Tells the reader what a response means; answers when that is the end.
    fn tell(&mut self, told: Told, assembly: &Assembly, sender: &Sender) -> Option<End> {
        if let Err(failure) = self.core.trust.kept() {
            return Some(Over(failure.of_read()));
        }
        let base = match &told {
            Told::Base(kv) => return self.learn(kv).err(),
            Told::Compacted(revision) => return Some(Over(self.compacted(*revision))),
            Told::Ended(why) => return Some(Broken(why.clone())),
            Told::Nothing | Told::Created => return None,
            Told::Events(_) | Told::Progress => self.core.base(),
        };
        if let Err(end) = self.same_life(&base) {
            // Known from elsewhere before this stream tells it.
            return Some(end);
        }
        let events = if let Told::Events(events) = told { events } else { Vec::new() };
        let events = match batch::events(&self.core, &base, &events, self.previous) {
            Ok(events) => events,
            Err(error) => return Some(Over(error)),
        };
        self.through = assembly.through();
        let batch = Batch { events, through: base.serve(self.through) };
        sender.try_send(batch).err().map(Full)
    }

    /// The end that a broken stream is.
    async fn left(&self, stream: &WatchStream, failure: Failure) -> End {
        self.core.client.leave_stream(stream).await;
        broken(failure)
    }

    /// The end that a failed look is: for good when etcd is not the same any more.
    fn lost(&self, failure: Failure) -> End {
        match self.core.trust.kept() {
            Err(failure) => Over(failure.of_read()),
            Ok(()) => broken(failure),
        }
    }

    /// Takes up what the base is now.
    fn learn(&self, kv: &KeyValue) -> Result<(), End> {
        let base = self.core.learn(Some(kv)).map_err(broken)?;
        self.same_life(&base)
    }

    fn same_life(&self, base: &Base) -> Result<(), End> {
        if base.at == self.life {
            return Ok(());
        }
        let asked = base.serve(self.through);
        Err(Over(Error::Compacted { asked, oldest: base.oldest(0).max(asked.next()) }))
    }

    fn compacted(&self, revision: i64) -> Error {
        let base = self.core.base();
        let asked = base.serve(self.through);
        Error::Compacted { asked, oldest: base.oldest(revision).max(asked.next()) }
    }
}

use End::{Broken, Full, Over};

fn broken(failure: Failure) -> End {
    Broken(failure.of_read().to_string())
}
