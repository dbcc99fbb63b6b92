//! The one writer of the file: groups of writes become transactions, in the order they came.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use redb::{Database, Durability, ReadableTable as _};
use tokio::sync::oneshot;

use super::super::table::{Stage, Table};
use super::super::{Error, Event, Health, Result, Revision, Write};
use super::garbage::Garbage;
use super::layout::{self, COMPACTED, LIVE, LOG, META};

/// How many writes share a commit, unless one call brings more.
const GROUP: usize = 256;
/// How many bytes of values share a commit, unless one call brings more.
const GROUP_BYTES: usize = 8 << 20;
/// How many rows of garbage ride on a commit: more at once would keep writers waiting.
const SLICE: usize = 256;
/// When to try again after the file failed.
const RETRY: Duration = Duration::from_secs(5);

pub(super) enum Request {
    Write { writes: Vec<Write>, answer: oneshot::Sender<Vec<Result<Revision>>> },
    Compact { through: Revision, answer: oneshot::Sender<Result<Revision>> },
    Raise { floor: Revision, answer: oneshot::Sender<Result<()>> },
}

pub(super) struct Committer {
    database: Database,
    table: Arc<Table>,
    garbage: Garbage,
    incoming: mpsc::Receiver<Request>,
    /// Why nothing is written any more.
    down: Option<String>,
    row: Vec<u8>,
}

/// The writes of one call, and whom to answer.
type Call = (Vec<Write>, oneshot::Sender<Vec<Result<Revision>>>);

/// A transaction that did not work.
enum Failed {
    /// Certainly nothing of it is written.
    Before(redb::Error),
    /// It may be written.
    AtCommit(redb::Error),
}

impl Committer {
    pub(super) fn new(
        database: Database,
        table: Arc<Table>,
        garbage: Garbage,
        incoming: mpsc::Receiver<Request>,
    ) -> Self {
        Self { database, table, garbage, incoming, down: None, row: Vec::new() }
    }

    /// Until every sender is gone and all that was sent is answered.
    pub(super) fn run(mut self) {
        let mut next = None;
        while let Some(request) = next.take().or_else(|| self.incoming.recv().ok()) {
            match request {
                Request::Write { writes, answer } => {
                    let mut group = vec![(writes, answer)];
                    next = self.gather(&mut group);
                    self.write(group);
                }
                Request::Compact { through, answer } => drop(answer.send(self.compact(through))),
                Request::Raise { floor, answer } => drop(answer.send(self.raise(floor))),
            }
        }
    }

    /// Adds the writes that wait already. Answers what has to come after them.
    fn gather(&self, group: &mut Vec<Call>) -> Option<Request> {
        let (mut count, mut bytes) = weight(&group[0].0);
        while count < GROUP && bytes < GROUP_BYTES {
            match self.incoming.try_recv().ok()? {
                Request::Write { writes, answer } => {
                    let (more, larger) = weight(&writes);
                    (count, bytes) = (count + more, bytes + larger);
                    group.push((writes, answer));
                }
                other => return Some(other),
            }
        }
        None
    }

    fn write(&mut self, group: Vec<Call>) {
        let mut stage = Stage::default();
        let now = Instant::now();
        let state = self.table.state();
        let due = state.due(now);
        let stage_call = |(writes, answer): Call| {
            let outcomes: Vec<_> = writes.into_iter().map(|write| stage.write(&state, write)).collect();
            (outcomes, answer)
        };
        let mut answers: Vec<_> = group.into_iter().map(stage_call).collect();
        drop(state);
        let events = stage.events();
        let committed = if events.is_empty() { Ok(()) } else { self.commit(events, due) };
        match &committed {
            Ok(()) if events.is_empty() => {}
            Ok(()) => self.apply(events, due, now),
            Err(why) => answers.iter_mut().for_each(|(outcomes, _)| spoil(outcomes, why)),
        }
        for (outcomes, answer) in answers {
            // Nobody listens when the future was dropped.
            let _ = answer.send(outcomes);
        }
        if committed.is_ok()
            && let Some(last) = events.last()
        {
            self.table.publish(events, last.revision);
        }
    }

    fn compact(&mut self, through: Revision) -> Result<Revision> {
        let state = self.table.state();
        let (compacted, through) = (state.compacted(), through.min(state.revision()));
        drop(state);
        if through > compacted {
            self.commit(&[], Some(through))?;
            self.apply(&[], Some(through), Instant::now());
        }
        Ok(compacted.max(through))
    }

    fn raise(&mut self, floor: Revision) -> Result<()> {
        let to = floor.next();
        if to <= self.table.state().compacted() {
            return Ok(());
        }
        self.commit(&[], Some(to))?;
        let forgotten = self.table.state_mut().lift(to);
        forgotten.iter().for_each(|event| self.garbage.forget(event));
        let through = self.table.state().revision();
        self.table.publish(&[], through);
        Ok(())
    }

    /// Makes the committed visible.
    fn apply(&mut self, events: &[Arc<Event>], compacted: Option<Revision>, now: Instant) {
        let mut state = self.table.state_mut();
        state.apply(events, now);
        let forgotten = compacted.map(|through| state.compact(through)).unwrap_or_default();
        drop(state);
        forgotten.iter().for_each(|event| self.garbage.forget(event));
    }

    /// One durable transaction: the events, the compacted revision, and a slice of what was compacted before.
    fn commit(&mut self, events: &[Arc<Event>], compacted: Option<Revision>) -> Result<()> {
        if let Some(why) = &self.down {
            return Err(Error::Unavailable { why: why.clone(), retry_after: RETRY });
        }
        // With larger groups larger slices, or garbage would outrun them.
        let slice = SLICE.max(events.len());
        match self.transact(events, compacted, slice) {
            Ok(()) => {
                self.garbage.gone(slice);
                Ok(())
            }
            Err(failed) => Err(self.fail(&failed)),
        }
    }

    fn transact(
        &mut self,
        events: &[Arc<Event>],
        compacted: Option<Revision>,
        slice: usize,
    ) -> Result<(), Failed> {
        let transaction = self.fill(events, compacted, slice).map_err(Failed::Before)?;
        transaction.commit().map_err(|why| Failed::AtCommit(why.into()))
    }

    fn fill(
        &mut self,
        events: &[Arc<Event>],
        compacted: Option<Revision>,
        slice: usize,
    ) -> Result<redb::WriteTransaction, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut log = transaction.open_table(LOG)?;
            let mut live = transaction.open_table(LIVE)?;
            for event in events {
                layout::encode(event, &mut self.row);
                log.insert(event.revision.get(), self.row.as_slice())?;
                match event.value {
                    Some(_) => drop(live.insert(event.key.as_str(), event.revision.get())?),
                    None => drop(live.remove(event.key.as_str())?),
                }
            }
            for revision in self.garbage.slice(slice) {
                log.remove(revision.get())?;
            }
            if let Some(compacted) = compacted {
                let mut meta = transaction.open_table(META)?;
                let known = meta.get(COMPACTED)?.map_or(0, |known| known.value());
                meta.insert(COMPACTED, known.max(compacted.get()))?;
            }
        }
        Ok(transaction)
    }

    /// After a failure the file cannot be trusted before it is opened again: reads go on, writes do not.
    fn fail(&mut self, failed: &Failed) -> Error {
        let why = match failed {
            Failed::Before(why) | Failed::AtCommit(why) => {
                format!("writing to the storage file failed: {why}")
            }
        };
        tracing::error!("{why}; nothing is written until the store is opened again");
        self.table.set_health(Health::Down(why.clone()));
        self.down = Some(why.clone());
        match failed {
            Failed::Before(_) => Error::Unavailable { why, retry_after: RETRY },
            Failed::AtCommit(_) => Error::Unknown { why },
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.table.set_health(Health::Down("the thread that commits panicked".into()));
        }
    }
}

/// The outcomes of writes whose commit failed. What was refused is certainly not written, but what it was compared
/// with may not be either.
fn spoil(outcomes: &mut [Result<Revision>], why: &Error) {
    for outcome in outcomes {
        *outcome = Err(match why {
            Error::Unknown { why } if outcome.is_err() => {
                Error::Unavailable { why: why.clone(), retry_after: RETRY }
            }
            why => why.clone(),
        });
    }
}

fn weight(writes: &[Write]) -> (usize, usize) {
    (writes.len(), writes.iter().filter_map(|write| write.value.as_ref()).map(bytes::Bytes::len).sum())
}
