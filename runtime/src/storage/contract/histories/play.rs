//! Playing a script: every task at once, on real threads, with everything written down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::super::{Error, Events, Prefix, Query, Revision, Start};
use super::super::Subject;
use super::super::steps::{Store, now};
use super::actor::Actor;
use super::record::{Call, Clock, History, Watched};
use super::script::{Script, Step};

/// How often a last barrier may lag behind what was seen.
const BARRIERS: usize = 100;

/// Where a history happens: a store that may be crashed, and a prefix that was never used.
pub(super) struct Place<'a> {
    subject: &'a Subject,
    /// The handles that tasks use: two of a shared store.
    stores: Vec<Store>,
    under: Prefix,
}

/// What the tasks of one history share.
pub(super) struct Scene {
    pub(super) under: Prefix,
    pub(super) clock: Clock,
    /// How far every watch has to come; unknown until all calls are answered.
    end: watch::Sender<Option<Revision>>,
}

/// Watches that are being read.
pub(super) type Reading = JoinSet<Result<Watched, String>>;

impl<'a> Place<'a> {
    pub(super) async fn open(subject: &'a Subject, under: Prefix) -> Self {
        let mut stores = vec![subject.open().await];
        if stores[0].facts().shared {
            stores.push(subject.open().await);
        }
        Place { subject, stores, under }
    }

    /// Plays a script from the beginning to the end.
    pub(super) async fn play(self, script: &Script) -> Result<History, String> {
        let store = &self.stores[0];
        let scene = Scene::new(self.under.clone());
        let start = now(store).await;
        let mut log = Reading::new();
        log.spawn(scene.read(scene.under.clone(), start, open(store, &scene.under, start).await?));
        let (calls, mut watches) = scene.act(&self.stores, script, 0).await?;
        scene.finish(&self.stores, &calls).await?;
        let log = joined(&mut log).await?.remove(0);
        let watches = joined(&mut watches).await?;
        Ok(History { start, log, calls, watches, crashed: false, shared: store.facts().shared })
    }

    /// Plays a script, cuts the power in its midst, and plays it once more on what survived.
    pub(super) async fn play_over_a_crash(mut self, script: &Script) -> Result<History, String> {
        let keeps_history = |step: &Step| !matches!(step, Step::Compact);
        let script: Script =
            script.iter().map(|steps| steps.iter().copied().filter(keeps_history).collect()).collect();
        let scene = Scene::new(self.under.clone());
        let start = now(&self.stores[0]).await;
        let (mut calls, mut watches) = self.act_until_a_crash(&scene, &script).await?;
        // A watch may hope until its store is closed.
        self.stores.clear();
        let mut watches = joined(&mut watches).await?;

        let place = Place::open(self.subject, self.under).await;
        let store = &place.stores[0];
        let (more, mut reading) = scene.act(&place.stores, &script, script.len()).await?;
        calls.extend(more);
        scene.finish(&place.stores, &calls).await?;
        watches.extend(joined(&mut reading).await?);
        let whole = open(store, &scene.under, start).await?;
        let log = scene.read(scene.under.clone(), start, whole).await?;
        Ok(History { start, log, calls, watches, crashed: true, shared: store.facts().shared })
    }

    async fn act_until_a_crash(
        &self,
        scene: &Arc<Scene>,
        script: &Script,
    ) -> Result<(Vec<Call>, Reading), String> {
        let done = AtomicBool::new(false);
        // A call takes two ticks: this is about the middle.
        let middle = script.iter().map(Vec::len).sum::<usize>() as u64;
        let crash = async {
            while scene.clock.now() < middle && !done.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            self.subject.crash().await;
        };
        let act = async {
            let acted = scene.act(&self.stores, script, 0).await;
            done.store(true, Ordering::SeqCst);
            acted
        };
        tokio::join!(act, crash).0
    }
}

async fn open(store: &Store, prefix: &Prefix, from: Revision) -> Result<Events, String> {
    let opened = store.watch(prefix, Start::After(from), true).await;
    opened.map_err(|why| format!("watching {prefix} after {from}: {why}"))
}

/// What every task of a set answered. A panic of one is its text.
async fn joined<T: 'static>(tasks: &mut JoinSet<Result<T, String>>) -> Result<Vec<T>, String> {
    let mut all = Vec::new();
    while let Some(task) = tasks.join_next().await {
        all.push(task.unwrap_or_else(|panic| Err(super::super::reason(panic)))?);
    }
    Ok(all)
}

impl Scene {
    fn new(under: Prefix) -> Arc<Self> {
        Arc::new(Self { under, clock: Clock::default(), end: watch::Sender::new(None) })
    }

    /// Lets every task play its steps. The watches that they open go on.
    async fn act(
        self: &Arc<Self>,
        stores: &[Store],
        script: &Script,
        first: usize,
    ) -> Result<(Vec<Call>, Reading), String> {
        let (opened, mut watches) = tokio::sync::mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for (number, steps) in script.iter().enumerate() {
            let store = Arc::clone(&stores[number % stores.len()]);
            let actor = Actor::new(Arc::clone(self), store, first + number, opened.clone());
            tasks.spawn(actor.play(steps.clone()));
        }
        drop(opened);
        let mut reading = Reading::new();
        // Ends when every task has dropped its end.
        while let Some((prefix, from, events)) = watches.recv().await {
            reading.spawn(self.read(prefix, from, events));
        }
        let calls = joined(&mut tasks).await?.into_iter().flatten().collect();
        Ok((calls, reading))
    }

    /// Tells every watch how far it has to come: not below anything that was seen.
    async fn finish(&self, stores: &[Store], calls: &[Call]) -> Result<(), String> {
        let store = &stores[0];
        let last = store.list(Query::all(self.under.clone())).await;
        let last = last.map_err(|why| format!("the last list: {why}"))?.at;
        let target = calls.iter().filter_map(Call::shows).fold(last, Revision::max);
        for _ in 0..BARRIERS {
            let barrier = store.barrier().await.map_err(|why| format!("the last barrier: {why}"))?;
            if barrier >= target {
                // A barrier moves the watches of its own replica only.
                for other in &stores[1..] {
                    other.barrier().await.map_err(|why| format!("the last barrier: {why}"))?;
                }
                self.end.send_replace(Some(barrier));
                return Ok(());
            }
        }
        Err(format!("barriers stay below {target}, which was seen"))
    }

    /// Reads a watch to the end of the history, or to its own.
    fn read(
        self: &Arc<Self>,
        prefix: Prefix,
        from: Revision,
        mut events: Events,
    ) -> impl Future<Output = Result<Watched, String>> + Send + use<> {
        let (scene, mut end) = (Arc::clone(self), self.end.subscribe());
        async move {
            let mut watched =
                Watched { prefix, from, events: Vec::new(), progress: Vec::new(), failed: None };
            loop {
                if end.borrow_and_update().is_some_and(|end| end <= watched.through()) {
                    return Ok(watched);
                }
                tokio::select! {
                    batch = events.next() => match batch {
                        Some(Ok(batch)) => {
                            watched.progress.push((scene.clock.tick(), batch.through));
                            watched.events.extend(batch.events);
                        }
                        Some(Err(why)) => {
                            watched.failed = Some(why);
                            return Ok(watched);
                        }
                        None => return Err(format!("the watch of {} ended without an error", watched.prefix)),
                    },
                    _ = end.changed() => {}
                }
            }
        }
    }
}

/// Whether a call may answer so because the store was crashed.
pub(super) fn gone(why: &Error) -> bool {
    matches!(why, Error::Unavailable { .. } | Error::Timeout { .. } | Error::Unknown { .. })
}
