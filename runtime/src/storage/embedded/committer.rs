//! The one writer: groups of writes become transactions, in the order they came.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::super::table::{Stage, Table};
use super::super::{Error, Event, Health, Result, Revision, Write};
use super::ballast::Ballast;
use super::engine::{Change, Engine};
use super::garbage::Garbage;
use super::load;
use super::pending::Pending;
use super::reopen;
use super::space::{FULL, Space};
use super::witness::Witness;

/// How many writes share a commit, unless one call brings more.
const GROUP: usize = 256;
/// How many bytes of values share a commit, unless one call brings more.
const GROUP_BYTES: usize = 8 << 20;
/// How many rows of garbage ride on a commit: more at once would keep writers waiting.
const SLICE: usize = 256;
/// How often a full disk is asked for space.
const ASK: Duration = Duration::from_secs(1);

pub(super) enum Request {
    Write { writes: Vec<Write>, answer: oneshot::Sender<Vec<Result<Revision>>> },
    Compact { through: Revision, answer: oneshot::Sender<Result<Revision>> },
    Raise { floor: Revision, answer: oneshot::Sender<Result<()>> },
}

pub(super) struct Committer {
    pub(super) engine: Engine,
    pub(super) ballast: Arc<Ballast>,
    pub(super) witness: Witness,
    pub(super) table: Arc<Table>,
    pub(super) garbage: Garbage,
    /// There where writes are acknowledged before they are durable.
    pub(super) pending: Option<Pending>,
    pub(super) incoming: mpsc::Receiver<Request>,
    /// When to ask a full disk for space.
    pub(super) ask_at: Option<Instant>,
    pub(super) slice: Vec<Revision>,
}

/// The writes of one call, and whom to answer.
type Call = (Vec<Write>, oneshot::Sender<Vec<Result<Revision>>>);

impl Committer {
    /// Until every sender is gone and all that was sent is answered.
    pub(super) fn run(mut self) {
        let mut next = None;
        while let Ok(request) = next.take().map_or_else(|| self.receive(), |next| Ok(Some(next))) {
            match request {
                Some(Request::Write { writes, answer }) => {
                    let mut group = vec![(writes, answer)];
                    next = self.gather(&mut group);
                    self.write(group);
                }
                Some(Request::Compact { through, answer }) => drop(answer.send(self.compact(through))),
                Some(Request::Raise { floor, answer }) => drop(answer.send(self.raise(floor))),
                None => {}
            }
            self.tend(Instant::now());
        }
        self.end();
    }

    /// The next request, or nothing when something else is due first.
    fn receive(&self) -> Result<Option<Request>, mpsc::RecvError> {
        let flush = self.pending.as_ref().and_then(Pending::flush_at);
        let retry = self.engine.retry_at();
        // During an outage nothing can be flushed.
        let alarm = retry.or(flush).into_iter().chain(self.ask_at).min();
        let Some(alarm) = alarm else { return self.incoming.recv().map(Some) };
        match self.incoming.recv_timeout(alarm.saturating_duration_since(Instant::now())) {
            Ok(request) => Ok(Some(request)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(mpsc::RecvError),
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
        let now = Instant::now();
        let (count, bytes) = group.iter().map(|(writes, _)| weight(writes)).fold((0, 0), add);
        if let Err(why) = self.may_issue(count, now).and_then(|()| self.make_room(bytes)) {
            return group
                .into_iter()
                .for_each(|(writes, answer)| drop(answer.send(vec![Err(why.clone()); writes.len()])));
        }
        let mut space = self.space(bytes);
        let mut stage = Stage::default();
        let state = self.table.state();
        let due = state.due(now);
        let stage_call = |(writes, answer): Call| {
            let outcome =
                |write: Write| space.refuse(&state, &write).unwrap_or_else(|| stage.write(&state, write));
            (writes.into_iter().map(outcome).collect(), answer)
        };
        let mut answers: Vec<(Vec<_>, _)> = group.into_iter().map(stage_call).collect();
        drop(state);
        let events = stage.events();
        let committed = if events.is_empty() { Ok(()) } else { self.keep(events, due, now) };
        if let Err(why) = &committed {
            answers.iter_mut().for_each(|(outcomes, _)| spoil(outcomes, why));
            self.show_health();
        }
        // Watchers first: a cache among them is then up to date when the writers look into it.
        if committed.is_ok()
            && let Some(last) = events.last()
        {
            self.table.publish(events, last.revision);
        }
        for (outcomes, answer) in answers {
            // Nobody listens when the future was dropped.
            let _ = answer.send(outcomes);
        }
    }

    /// Makes events durable, now or soon, and visible.
    fn keep(&mut self, events: &[Arc<Event>], due: Option<Revision>, now: Instant) -> Result<()> {
        match &mut self.pending {
            Some(pending) => pending.add(events, due, now),
            None => self.commit(events, due, None)?,
        }
        self.apply(events, due, now);
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

    fn compact(&mut self, through: Revision) -> Result<Revision> {
        let state = self.table.state();
        let (compacted, through) = (state.compacted(), through.min(state.revision()));
        drop(state);
        if through > compacted {
            self.settle(Some(through), None)?;
            self.apply(&[], Some(through), Instant::now());
        }
        Ok(compacted.max(through))
    }

    fn raise(&mut self, floor: Revision) -> Result<()> {
        let to = floor.next();
        if to <= self.table.state().compacted() {
            return Ok(());
        }
        self.settle(Some(to), None)?;
        let forgotten = self.table.state_mut().lift(to);
        forgotten.iter().for_each(|event| self.garbage.forget(event));
        let through = self.table.state().revision();
        self.table.publish(&[], through);
        Ok(())
    }

    /// Makes durable what is pending, and these.
    fn settle(&mut self, compacted: Option<Revision>, ceiling: Option<u64>) -> Result<()> {
        let Some(mut pending) = self.pending.take() else { return self.commit(&[], compacted, ceiling) };
        let written = self.commit(&pending.events, compacted.max(pending.compacted), ceiling);
        if written.is_ok() {
            pending.settled();
            pending.ceiling = ceiling.unwrap_or(pending.ceiling);
        }
        self.pending = Some(pending);
        written
    }

    /// One durable transaction, with a slice of what was compacted before.
    fn commit(
        &mut self,
        events: &[Arc<Event>],
        compacted: Option<Revision>,
        ceiling: Option<u64>,
    ) -> Result<()> {
        self.slice.clear();
        // With larger groups larger slices, or garbage would outrun them.
        self.slice.extend(self.garbage.slice(SLICE.max(events.len())));
        let life = self.witness.name(Instant::now());
        self.engine.commit(Change { events, garbage: &self.slice, compacted, ceiling, life })?;
        self.witness.committed(events.last().map(|event| event.revision).max(compacted));
        self.garbage.gone(self.slice.len());
        self.ballast.shrink();
        Ok(())
    }

    /// Whether so many revisions can be given away.
    fn may_issue(&mut self, count: usize, now: Instant) -> Result<()> {
        if let Some(refusal) = self.engine.refusal(now) {
            return Err(refusal);
        }
        let current = self.table.state().revision();
        let ceiling = self.pending.as_ref().and_then(|pending| pending.ceiling_for(current, count));
        if ceiling.is_none() {
            return Ok(());
        }
        self.settle(None, ceiling).map_err(|why| {
            self.show_health();
            certainly_not(&why)
        })
    }

    /// What is pending becomes durable first, where there might be no space for both, or only with a larger ballast.
    fn make_room(&mut self, bytes: usize) -> Result<()> {
        let waiting = self.waiting();
        if waiting == 0 || (self.ballast.is_enough_for(bytes + waiting) && self.has_space(bytes)) {
            return Ok(());
        }
        self.settle(None, None).map_err(|why| {
            self.show_health();
            certainly_not(&why)
        })
    }

    /// How much of what is pending has to find space, as bytes of values.
    fn waiting(&self) -> usize {
        self.pending.as_ref().map_or(0, Pending::weight)
    }

    fn has_space(&self, bytes: usize) -> bool {
        !self.ballast.is_low() && self.ballast.cover(bytes + self.waiting()).is_ok()
    }

    /// Which writes find space.
    fn space(&self, bytes: usize) -> Space {
        if self.has_space(bytes) {
            return Space::Enough;
        }
        let why = Error::Unavailable { why: FULL.into(), retry_after: ASK };
        if self.ballast.cover(self.waiting()).is_err() {
            return Space::None(why);
        }
        Space::ForDeletions { why, to_spare: self.ballast.to_spare() }
    }

    /// Does what is due, and shows how it is.
    pub(super) fn tend(&mut self, now: Instant) {
        if self.engine.retry_at().is_some_and(|at| at <= now) {
            self.reopen(now, false);
        }
        let flush = self.pending.as_ref().is_some_and(|pending| pending.is_due(now));
        if flush && self.engine.why_down().is_none() {
            // A failure is an outage; what is pending stays.
            let _ = self.settle(None, None);
        }
        if !self.ballast.is_low() || self.engine.is_opening() {
            self.ask_at = None;
        } else if self.ask_at.is_none_or(|at| at <= now) {
            self.ask_at = self.ballast.fill().is_err().then(|| now + ASK);
        }
        self.show_health();
    }

    /// Goes on with opening the file, until it is in use again.
    fn reopen(&mut self, now: Instant, wait: bool) {
        let Some(opened) = self.engine.open_again(now, wait) else { return };
        let path = self.engine.path().to_owned();
        let (table, garbage) = (&self.table, &mut self.garbage);
        let opened = load::guarded(&path, || {
            let database = opened?;
            reopen::catch_up(&database, &path, table, garbage, self.pending.as_mut())?;
            Ok(database)
        });
        match opened {
            Ok(database) => {
                self.engine.resume(database);
                tracing::info!("{} is open again", path.display());
            }
            Err(why) => {
                tracing::warn!("{} cannot be used yet: {why}", path.display());
                self.engine.postpone(&why.to_string(), now);
            }
        }
    }

    fn show_health(&self) {
        let (full, down) = (self.ballast.is_low(), self.engine.why_down());
        let changed = self.table.set_health(match down {
            Some(why) => Health::Down(why.to_owned()),
            None if full => Health::ReadOnly(FULL.into()),
            None => Health::Ready,
        });
        match down {
            None if changed && full => tracing::warn!("{FULL}"),
            None if changed => tracing::info!("the storage takes writes again"),
            // What happens to the file is told where it happens.
            _ => {}
        }
    }

    /// In good order: nothing is pending, and no revision was given away that is not durable.
    fn end(&mut self) {
        let Some(pending) = &self.pending else { return };
        if pending.ceiling == 0 {
            return;
        }
        if self.engine.why_down().is_some() {
            self.reopen(Instant::now(), true);
        }
        if let Err(why) = self.settle(None, Some(0)) {
            tracing::error!("what was acknowledged last is not durable: {why}");
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.table.set_health(Health::Down("the thread that commits panicked".into()));
        }
    }
}

/// The outcomes of writes whose commit failed. What was refused is certainly not written, but what it was compared
/// with may not be either.
fn spoil(outcomes: &mut [Result<Revision>], why: &Error) {
    for outcome in outcomes {
        *outcome = Err(if outcome.is_err() { certainly_not(why) } else { why.clone() });
    }
}

/// The failure of a commit, for a write that was not in it.
fn certainly_not(why: &Error) -> Error {
    match why {
        Error::Unknown { why } => {
            Error::Unavailable { why: why.clone(), retry_after: Duration::from_secs(1) }
        }
        why => why.clone(),
    }
}

fn weight(writes: &[Write]) -> (usize, usize) {
    (writes.len(), writes.iter().filter_map(|write| write.value.as_ref()).map(bytes::Bytes::len).sum())
}

fn add(one: (usize, usize), other: (usize, usize)) -> (usize, usize) {
    (one.0 + other.0, one.1 + other.1)
}
