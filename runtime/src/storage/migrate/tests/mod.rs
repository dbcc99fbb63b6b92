//! Migrations that come through, that are broken off anywhere and gone on with, and those that are refused.

mod cut;

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;

use self::cut::Cut;
use super::super::memory::Memory;
use super::super::{Prefix, Query, Start, Stored, Write};
use super::*;

const NAME: &str = "memory:source";

fn key(number: usize) -> Key {
    Key::new(format!("g/r/n/{number}"))
}

fn value(number: usize, generation: usize) -> Bytes {
    format!("{{\"number\":{number},\"generation\":{generation}}}").into()
}

/// A store with so many objects, and one that was deleted last.
async fn filled(count: usize) -> Arc<dyn Storage> {
    let store = Memory::new();
    let creates = (0..count).map(|number| Write::create(key(number), value(number, 1)));
    for outcome in store.write(creates.collect()).await {
        outcome.expect("written");
    }
    let gone = store.create(Key::new("g/r/n/gone"), "{}".into()).await.expect("written");
    store.delete(Key::new("g/r/n/gone"), gone).await.expect("deleted");
    // What a target begins with must not be above it by chance.
    store.raise(Revision::new(1 << 60).expect("not 0")).await.expect("raised");
    Arc::new(store)
}

fn empty() -> Arc<dyn Storage> {
    Arc::new(Memory::new())
}

async fn all(store: &dyn Storage) -> Vec<Stored> {
    store.list(Query::all(Prefix::everything())).await.expect("listed").value.items
}

async fn plain(store: &dyn Storage) -> Vec<(Key, Bytes)> {
    all(store).await.into_iter().map(|stored| (stored.key, stored.value)).collect()
}

async fn migrated(source: &dyn Storage, target: &dyn Storage) -> Result<Migrated> {
    told(source, target, &mut |_, _, _| ()).await
}

async fn told(source: &dyn Storage, target: &dyn Storage, progress: Progress<'_>) -> Result<Migrated> {
    let migration = Migration { source, name: NAME, target };
    let plan = migration.plan(progress).await?;
    migration.run(plan, progress).await
}

/// The same objects, none at a revision that the source served, and no client goes on from such a one unawares.
async fn whole(source: &dyn Storage, target: &dyn Storage, migrated: &Migrated) {
    assert_eq!(plain(source).await, plain(target).await);
    let served = source.barrier().await.expect("a barrier");
    assert!(migrated.above >= served && migrated.revision > served, "{migrated:?}, {served}");
    assert!(all(target).await.iter().all(|stored| stored.revision > served));
    assert_eq!(unfinished(target).await, Ok(None));
    let watch = target.watch(&Prefix::everything(), Start::After(served), false).await.map(|_| ());
    assert!(matches!(watch, Err(StorageError::Compacted { .. })), "{watch:?}");
}

#[tokio::test]
async fn everything_arrives_above_all_that_was_served() {
    let (source, target) = (filled(2500).await, empty());
    let mut stages = Vec::new();
    let mut note = |stage, done, total| {
        assert!(done <= total && total == 2500, "{done} of {total}");
        if stages.last() != Some(&stage) {
            stages.push(stage);
        }
    };
    let moved = told(&*source, &*target, &mut note).await.expect("migrated");
    assert_eq!(stages, [Stage::Comparing, Stage::Copying, Stage::Verifying]);
    assert_eq!((moved.tally.objects, moved.tally.created, moved.tally.kept), (2500, 2500, 0));
    whole(&*source, &*target, &moved).await;

    // Once more, as after a crash behind the very end: there is nothing to do, and nothing is done.
    let again = migrated(&*source, &*target).await.expect("the same");
    assert_eq!((again.tally.kept, again.revision, &again.sha256), (2500, moved.revision, &moved.sha256));
}

#[tokio::test]
async fn a_plan_changes_nothing() {
    let (source, target) = (filled(3).await, empty());
    let before = target.barrier().await.expect("a barrier");
    let migration = Migration { source: &*source, name: NAME, target: &*target };
    let plan = migration.plan(&mut |_, _, _| ()).await.expect("a plan");
    assert_eq!((plan.found, plan.tally.created), (Found::Nothing, 3));
    assert_eq!(target.barrier().await, Ok(before));
    assert_eq!(unfinished(&*target).await, Ok(None));
}

#[tokio::test]
async fn an_empty_source_still_raises_the_target() {
    let (source, target) = (filled(0).await, empty());
    let moved = migrated(&*source, &*target).await.expect("migrated");
    whole(&*source, &*target, &moved).await;
}

/// What the source becomes between two tries.
async fn change(source: &dyn Storage) {
    let stored = all(source).await;
    let (first, last) = (stored.first().expect("objects"), stored.last().expect("objects"));
    source.delete(first.key.clone(), first.revision).await.expect("deleted");
    source.replace(last.key.clone(), last.revision, value(0, 2)).await.expect("written");
    source.create(Key::new("g/r/n/new"), "{}".into()).await.expect("written");
}

#[tokio::test]
async fn broken_off_anywhere_it_ends_right_the_next_time() {
    const OBJECTS: usize = 20;
    // The raise, the record of the migration, the objects, and that record again.
    for changes in 0..OBJECTS + 3 {
        for (happens, changed) in [(false, false), (true, false), (false, true), (true, true)] {
            let (source, target) = (filled(OBJECTS).await, empty());
            let case = format!("after {changes} changes, {happens}, {changed}");
            migrated(&*source, &Cut::after(changes, happens, &target)).await.expect_err(&case);
            let last = changes == OBJECTS + 2 && happens;
            if !all(&*target).await.is_empty() && !last {
                let marker = unfinished(&*target).await.expect("read").expect(&case);
                assert_eq!(marker.source, NAME, "{case}");
            }
            // Once the target is whole and says so, it is no longer the next step of the same migration.
            if changed && !last {
                change(&*source).await;
            }
            let moved = migrated(&*source, &*target).await.expect(&case);
            whole(&*source, &*target, &moved).await;
        }
    }
}

#[tokio::test]
async fn what_is_there_already_is_not_written_again() {
    let (source, target) = (filled(2500).await, empty());
    migrated(&*source, &Cut::after(2000, false, &target)).await.expect_err("cut off");
    let before = all(&*target).await;
    let moved = migrated(&*source, &*target).await.expect("migrated");
    assert_eq!((moved.tally.kept, moved.tally.created, moved.tally.replaced), (1998, 502, 0));
    whole(&*source, &*target, &moved).await;
    let after = all(&*target).await;
    assert!(
        before
            .iter()
            .filter(|stored| stored.key.under(&Prefix::new("g")).is_some())
            .all(|stored| after.contains(stored))
    );
}

#[tokio::test]
async fn what_the_source_may_have_served_is_written_again() {
    let (source, target) = (filled(10).await, empty());
    migrated(&*source, &Cut::after(8, false, &target)).await.expect_err("cut off");
    // The source went on, through the revisions that the target has given out.
    let high = target.barrier().await.expect("a barrier");
    source.raise(high).await.expect("raised");
    let moved = migrated(&*source, &*target).await.expect("migrated");
    assert_eq!((moved.tally.kept, moved.tally.replaced, moved.tally.created), (0, 6, 4));
    whole(&*source, &*target, &moved).await;
}

#[tokio::test]
async fn a_source_that_went_back_does_not_take_the_target_back() {
    let (source, target) = (filled(10).await, empty());
    migrated(&*source, &Cut::after(8, false, &target)).await.expect_err("cut off");
    let copy = Memory::new();
    let creates = (0..10).map(|number| Write::create(key(number), value(number, 1))).collect();
    assert!(copy.write(creates).await.iter().all(std::result::Result::is_ok));
    let moved = migrated(&copy, &*target).await.expect("migrated");
    assert!(moved.above >= source.barrier().await.expect("a barrier"));
    whole(&copy, &*target, &moved).await;
    assert!(all(&*target).await.iter().all(|stored| stored.revision > moved.above));
}

#[tokio::test]
async fn what_must_not_be_filled_is_left_alone() {
    let source = filled(3).await;
    let occupied = filled(2).await;
    let other = empty();
    let stranger =
        Migration { source: &*source, name: "memory:other", target: &Cut::after(3, false, &other) };
    let plan = stranger.plan(&mut |_, _, _| ()).await.expect("a plan");
    stranger.run(plan, &mut |_, _, _| ()).await.expect_err("cut off");
    for (from, to, expected) in [
        (&source, &occupied, "the target holds 2 objects that do not come from a migration"),
        (&source, &other, "the target holds an unfinished migration from memory:other"),
        (&other, &empty(), "the source holds an unfinished migration from memory:other"),
    ] {
        let before = (all(&**to).await, to.barrier().await);
        let refused = migrated(&**from, &**to).await.expect_err(expected).to_string();
        assert!(refused.starts_with(expected), "{refused}");
        assert_eq!((all(&**to).await, to.barrier().await), before);
    }
}

#[tokio::test]
async fn a_source_that_is_written_to_is_noticed() {
    for stage in [Stage::Comparing, Stage::Copying, Stage::Verifying] {
        let (source, target) = (filled(3).await, empty());
        let mut write = Some((Key::new("g/a/n/a"), "{}".into()));
        let mut disturb = |at, _, _| {
            if at == stage
                && let Some((key, value)) = write.take()
            {
                source.create(key, value).now_or_never().expect("memory never waits").expect("written");
            }
        };
        let refused = told(&*source, &*target, &mut disturb).await.expect_err("the source moved");
        assert!(matches!(&refused, Error::Moved { key, .. } if key.as_str() == "g/a/n/a"), "{refused:?}");
        let begun = unfinished(&*target).await.expect("read").is_some();
        assert_eq!(begun, stage != Stage::Comparing, "what was not begun left nothing");
        let moved = migrated(&*source, &*target).await.expect("run again");
        whole(&*source, &*target, &moved).await;
    }
}

#[tokio::test]
async fn a_target_that_is_written_to_is_noticed() {
    for stage in [Stage::Copying, Stage::Verifying] {
        let (source, target) = (filled(3).await, empty());
        let mut write = Some((Key::new("z/a/n/a"), "{}".into()));
        let mut disturb = |at, _, _| {
            if at == stage
                && let Some((key, value)) = write.take()
            {
                target.create(key, value).now_or_never().expect("memory never waits").expect("written");
            }
        };
        // While it is read, it may come too late to be seen; then it is an object that a server made.
        match told(&*source, &*target, &mut disturb).await {
            Err(Error::Differs(why)) => assert!(why.starts_with("4 records in place of 3"), "{why}"),
            other => assert!(stage == Stage::Verifying && other.is_ok(), "{other:?}"),
        }
    }
}
