//! Power cuts: whatever the disk had not synced is lost, torn or kept, and nothing that was acknowledged is gone.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{Batch, Error, Prefix, Query, Retention, Revision, Start, Storage};
use super::super::engine::Pace;
use super::super::{Durability, Embedded, Settings};
use super::disk::{Disk, Random};
use super::model::{Check, Model, ensure, write_all};
use super::{rounds, seed};

/// How many power cuts one disk lives through.
const CUTS: u64 = 10;
const CLIENTS: u64 = 4;
/// More revisions than any write under way can have taken.
const RAISED: u64 = 1000;

pub(super) const PACE: Pace = Pace { first: Duration::from_millis(1), most: Duration::from_millis(4) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_nothing_acknowledged_is_lost_when_the_power_is_cut() {
    let seed = seed();
    for disk in 0..rounds(200) {
        let seed = seed + disk;
        let result = life(&Disk::new(seed), seed, settings(seed)).await;
        result.unwrap_or_else(|why| panic!("AGGBOOT_SEED={seed}: {why}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_without_syncs_a_power_cut_is_noticed() {
    let seed = seed();
    let mut noticed = 0;
    for disk in 0..rounds(100) {
        let seed = seed + disk;
        noticed += u64::from(life(&Disk::without_syncs(seed), seed, settings(seed)).await.is_err());
    }
    let disks = rounds(100);
    assert!(noticed > disks / 2, "{noticed} of {disks} disks that do not sync were found out");
}

/// With little history every other time, so that rows leave the file.
fn settings(seed: u64) -> Settings {
    let bytes = if seed.is_multiple_of(2) { 4096 } else { Retention::default().bytes };
    Settings { retention: Retention { bytes, ..Retention::default() }, ..Settings::default() }
}

async fn life(disk: &Disk, seed: u64, settings: Settings) -> Check {
    let (mut model, mut random) = (Model::default(), Random::new(seed));
    for cut in 0..CUTS {
        if random.below(5) == 0 {
            // While it is opened.
            disk.cut_power_after(1 + random.below(20));
            drop(Embedded::on(Arc::new(disk.clone()), settings, PACE));
            disk.restart();
        }
        let opened = Embedded::on(Arc::new(disk.clone()), settings, PACE);
        let store = Arc::new(opened.map_err(|why| format!("opening after {cut} power cuts: {why}"))?);
        let known = model.highest().map(Revision::get);
        model.agree(&*store, &mut random).await.map_err(|why| format!("after {cut} power cuts: {why}"))?;
        // Not taken for an older copy, which would be raised to the clock.
        let ahead = model.highest().map(Revision::get).zip(known).map_or(0, |(found, known)| found - known);
        ensure!(ahead < RAISED, "after {cut} power cuts: {ahead} ahead of what was seen");
        let store: Arc<dyn Storage> = store;
        let mut watch =
            store.watch(&Prefix::everything(), Start::Now, true).await.map_err(|why| why.to_string())?;
        disk.cut_power_after(1 + random.below(200));
        write_all(&store, &mut model, random.next(), CLIENTS, 200).await?;
        drop(store);
        // What a watcher was told is as good as acknowledged.
        while let Some(Ok(Batch { events, through })) = watch.next().await {
            events.iter().try_for_each(|event| model.durable(event))?;
            model.saw(through);
        }
        disk.restart();
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_relaxed_clients_of_lost_writes_are_told() {
    let seed = seed();
    let mut lost = 0;
    for disk in 0..rounds(200) {
        let seed = seed + disk;
        let result = relaxed(&Disk::new(seed), seed).await;
        lost += result.unwrap_or_else(|why| panic!("AGGBOOT_SEED={seed}: {why}"));
    }
    assert!(lost > 0, "no power cut lost a write that was acknowledged early: nothing was tested");
}

/// Answers how often something acknowledged was lost.
async fn relaxed(disk: &Disk, seed: u64) -> Check<u64> {
    let mut random = Random::new(seed);
    let durability = Durability::Relaxed(Duration::from_millis(1 + random.below(5)));
    let settings = Settings { durability, ..Settings::default() };
    let (mut seen, mut lost) = (None::<(Revision, Model)>, 0);
    for cut in 0..CUTS {
        let opened = Embedded::on(Arc::new(disk.clone()), settings, PACE);
        let store: Arc<dyn Storage> =
            Arc::new(opened.map_err(|why| format!("opening after {cut} cuts: {why}"))?);
        let list = store.list(Query::all(Prefix::everything())).await.map_err(|why| why.to_string())?;
        // Where nothing was written, nothing was given away.
        let seen_more =
            |(began, model): &(Revision, Model)| Some(model.highest()?).filter(|highest| highest > began);
        if let Some((_, model)) = &seen
            && let Some(highest) = seen.as_ref().and_then(seen_more)
        {
            ensure!(highest < list.at, "it is at {}, and {highest} was given away before a crash", list.at);
            let resumed = store.watch(&Prefix::everything(), Start::After(highest), false).await;
            ensure!(
                matches!(resumed, Err(Error::Compacted { .. })),
                "after {highest} a watch goes on: {resumed:?}"
            );
            lost += u64::from(model.is(&list).is_err());
        }
        let (began, mut model) = (list.at, Model::of(list));
        disk.cut_power_after(1 + random.below(60));
        write_all(&store, &mut model, random.next(), CLIENTS, 400).await?;
        model.saw(store.barrier().await.map_err(|why| why.to_string())?);
        drop(store);
        disk.restart();
        seen = Some((began, model));
    }
    Ok(lost)
}
