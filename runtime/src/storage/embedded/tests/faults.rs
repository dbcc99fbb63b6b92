//! Disks that are full, read-only or fail: what writers, readers and watchers are told, and that it ends by itself.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{Batch, Error, Events, Health, Prefix, Query, Revision, Start, Storage};
use super::super::{Embedded, Settings};
use super::disk::{Disk, Fault, Random};
use super::model::{Check, Model, ensure, write_all};
use super::power::PACE;
use super::{rounds, seed};

const PATIENCE: Duration = Duration::from_secs(60);
/// At how many operations something fails: the first ones make the file, the others are those of its life.
const OPERATIONS: u64 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_a_fault_at_any_operation_passes() {
    let seed = seed();
    let every = OPERATIONS / rounds(OPERATIONS);
    for fault in [Fault::Full, Fault::NoSpace, Fault::ReadOnly, Fault::Sync, Fault::Late, Fault::Write] {
        let mut met = 0;
        for operation in (0..OPERATIONS).step_by(usize::try_from(every).expect("few")) {
            let disk = Disk::new(seed + operation);
            let passes = passes(&disk, operation, fault, seed + operation);
            let result = tokio::time::timeout(PATIENCE, passes).await;
            let result = result.unwrap_or_else(|_| Err("it hangs".into()));
            result.unwrap_or_else(|why| {
                panic!("{fault:?} at operation {operation}, AGGBOOT_SEED={seed}: {why}")
            });
            met += u64::from(disk.met() > 0);
        }
        // The disk is full only for what takes more of it.
        let expected = if fault == Fault::Full { 1 } else { rounds(OPERATIONS) * 9 / 10 };
        assert!(met >= expected, "{fault:?} was met {met} times: nothing was tested");
    }
}

fn open(disk: &Disk) -> Result<Arc<dyn Storage>, Error> {
    Ok(Arc::new(Embedded::on(Arc::new(disk.clone()), Settings::default(), PACE)?))
}

async fn passes(disk: &Disk, operation: u64, fault: Fault, seed: u64) -> Check {
    let mut random = Random::new(seed);
    disk.fail_at(operation, fault);
    let opened = open(disk).or_else(|why| match why {
        Error::Unavailable { .. } => {
            disk.heal();
            open(disk)
        }
        other => Err(other),
    });
    let store = opened.map_err(|why| format!("opening: {why}"))?;
    let list = store.list(Query::all(Prefix::everything())).await.map_err(|why| why.to_string())?;
    let mut watcher = Watcher::new(&*store, list.at).await?;
    let mut model = Model::of(list);

    let mut ready = true;
    while disk.operations() < operation + 10 && ready {
        write_all(&store, &mut model, random.next(), 2, 5).await?;
        ready = watcher.catch_up(&*store, &mut model).await?;
    }
    // Reads go on, whatever happens to the disk.
    let list = store.list(Query::all(Prefix::everything())).await.map_err(|why| why.to_string())?;
    // The outage may have ended before the list: then it has what was unknown, which the watcher is told of.
    watcher.catch_up(&*store, &mut model).await?;
    model.is(&list)?;
    disk.heal();
    is_ready(&*store).await?;
    watcher.catch_up(&*store, &mut model).await?;
    let before = model.count();
    write_all(&store, &mut model, random.next(), 2, 5).await?;
    ensure!(model.count() > before, "nothing can be written afterwards");
    watcher.catch_up(&*store, &mut model).await?;
    model.agree(&*store, &mut random).await?;
    disk.cut_power_after(0);
    drop((watcher, store));
    disk.restart();
    let store = open(disk).map_err(|why| format!("opening after all: {why}"))?;
    model.agree(&*store, &mut random).await
}

struct Watcher {
    events: Events,
    reached: Revision,
}

impl Watcher {
    async fn new(store: &dyn Storage, after: Revision) -> Check<Self> {
        let watch = store.watch(&Prefix::everything(), Start::After(after), true).await;
        let mut events = watch.map_err(|why| why.to_string())?;
        ensure!(matches!(events.next().await, Some(Ok(_))), "a watch begins with a batch");
        Ok(Self { events, reached: after })
    }

    /// Reads up to now. With that everything unknown is known, unless there is an outage, which is answered.
    async fn catch_up(&mut self, store: &dyn Storage, model: &mut Model) -> Check<bool> {
        let ready = *store.health().borrow() == Health::Ready;
        let now = store.barrier().await.map_err(|why| why.to_string())?;
        while self.reached < now {
            match self.events.next().await {
                Some(Ok(Batch { events, through })) => {
                    ensure!(events.iter().all(|event| event.revision > self.reached), "an event came again");
                    events.iter().try_for_each(|event| model.durable(event))?;
                    self.reached = through;
                }
                other => return Err(format!("the watch ended: {other:?}")),
            }
        }
        if ready {
            model.settle();
        }
        Ok(ready)
    }
}

async fn is_ready(store: &dyn Storage) -> Check {
    let mut health = store.health();
    health.wait_for(|health| *health == Health::Ready).await.map(drop).map_err(|why| why.to_string())
}
