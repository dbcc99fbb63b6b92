//! Who is told what, and who is left alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use super::super::log::{Cursor, Log, Sight};
use super::super::window::{Keep, Window};
use super::{object, revision};
use crate::storage::view::Change;
use crate::storage::{Error, Key, Prefix};

/// Counts how often it is woken.
#[derive(Default)]
struct Sleeper(AtomicUsize);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A watch and its sleeper.
struct Watch {
    cursor: Cursor,
    sleeper: Arc<Sleeper>,
}

impl Watch {
    fn open(log: &mut Log, sight: Sight) -> Watch {
        let cursor = log.open(sight, None, false).expect("the present is known");
        Watch { cursor, sleeper: Arc::default() }
    }

    /// Reads everything there is, and waits for more.
    fn read(&mut self, log: &mut Log) -> Result<Vec<u64>, Error> {
        let mut seen = Vec::new();
        while let Some(step) = log.read(&mut self.cursor)? {
            seen.extend(step.changes.iter().map(|change| change.revision().get()));
        }
        log.wait(&self.cursor, &Waker::from(Arc::clone(&self.sleeper)));
        Ok(seen)
    }

    fn woken(&self) -> usize {
        self.sleeper.0.load(Ordering::Relaxed)
    }
}

fn log(keep: Keep) -> Log {
    let mut log = Log::new(keep);
    log.restart(Window::new(revision(1), keep), revision(1), &mut Vec::new());
    log
}

fn push(log: &mut Log, name: &str, number: u64) {
    let mut wake = Vec::new();
    let change = Arc::new(Change::new(revision(number), None, Some(object(name, number, ""))));
    log.push(change, Instant::now(), &mut wake);
    log.reach(revision(number), &mut wake);
    wake.into_iter().for_each(Waker::wake);
}

fn sights() -> [Sight; 4] {
    [
        Sight::All,
        Sight::Under(Prefix::new("g/ks/a/")),
        Sight::Under(Prefix::new("g/ks/b/")),
        Sight::Of(Key::new("g/ks/a/x")),
    ]
}

#[test]
fn a_change_wakes_those_who_see_it_and_nobody_else() {
    let mut log = log(Keep::default());
    let mut watches = sights().map(|sight| Watch::open(&mut log, sight));
    watches.iter_mut().for_each(|watch| assert_eq!(watch.read(&mut log), Ok(vec![])));
    for (number, (name, seen)) in (2..).zip([
        ("a/x", [true, true, false, true]),
        ("a/y", [true, true, false, false]),
        ("b/x", [true, false, true, false]),
        ("ab/x", [true, false, false, false]),
    ]) {
        let before = watches.each_ref().map(Watch::woken);
        push(&mut log, name, number);
        for ((watch, before), seen) in watches.iter_mut().zip(before).zip(seen) {
            assert_eq!(watch.woken() - before, usize::from(seen), "{name} {:?}", watch.cursor);
            assert_eq!(watch.read(&mut log), Ok(if seen { vec![number] } else { vec![] }), "{name}");
        }
    }
    for watch in &watches {
        log.close(&watch.cursor);
    }
    assert!(!log.is_watched());
}

#[test]
fn a_busy_namespace_expires_no_quiet_one() {
    let mut log = log(Keep { age: Duration::ZERO, count: 3, bytes: usize::MAX });
    let [all, busy, quiet, object] = sights();
    let mut watches = [all, busy, quiet, object].map(|sight| Watch::open(&mut log, sight));
    watches.iter_mut().for_each(|watch| assert_eq!(watch.read(&mut log), Ok(vec![])));
    push(&mut log, "b/x", 2);
    push(&mut log, "a/x", 3);
    (4..60).for_each(|number| push(&mut log, "a/y", number));
    let [all, busy, quiet, object] = &mut watches;
    for late in [all, busy] {
        assert!(matches!(late.read(&mut log), Err(Error::Compacted { .. })), "{:?}", late.cursor);
    }
    assert_eq!(quiet.read(&mut log), Ok(vec![2]));
    assert_eq!(object.read(&mut log), Ok(vec![3]));
    // Who has lost nothing may also say how far it is.
    assert_eq!(quiet.cursor.reached(), revision(59));
}

#[test]
fn a_watch_that_is_not_read_yet_is_expired_by_what_it_sees_only() {
    let mut log = log(Keep { age: Duration::ZERO, count: 3, bytes: usize::MAX });
    push(&mut log, "b/x", 2);
    push(&mut log, "a/x", 3);
    let open = |log: &mut Log, sight: Sight, after: Option<u64>| {
        let cursor = log.open(sight, after.map(revision), false).expect("kept");
        Watch { cursor, sleeper: Arc::default() }
    };
    // Behind what, and whether something that it sees is in the window then.
    let [_, busy, quiet, object] = sights();
    let mut watches = [
        (open(&mut log, quiet.clone(), Some(2)), Ok(vec![61])),
        (open(&mut log, quiet.clone(), None), Ok(vec![61])),
        (open(&mut log, object.clone(), Some(3)), Ok(vec![])),
        (open(&mut log, object, Some(2)), Err(Error::Compacted { asked: revision(2), oldest: revision(58) })),
        (open(&mut log, quiet, Some(1)), Err(Error::Compacted { asked: revision(1), oldest: revision(58) })),
    ];
    let mut seeing = open(&mut log, busy, Some(3));
    (4..61).for_each(|number| push(&mut log, "a/y", number));
    push(&mut log, "b/x", 61);
    for (watch, expected) in &mut watches {
        assert_eq!(watch.read(&mut log), *expected, "{:?}", watch.cursor);
    }
    assert!(matches!(seeing.read(&mut log), Err(Error::Compacted { .. })), "{:?}", seeing.cursor);
    for watch in watches.iter().map(|(watch, _)| watch).chain([&seeing]) {
        log.close(&watch.cursor);
    }
    assert!(!log.is_watched());
}

/// Changes of an object, and what of them is still kept.
fn push_large(
    log: &mut Log,
    name: &str,
    revisions: std::ops::Range<u64>,
    length: usize,
) -> Vec<Weak<Change>> {
    let object = object(name, 1, &"x".repeat(length));
    let pushed = revisions.map(|number| {
        let change = Arc::new(Change::new(revision(number), None, Some(Arc::clone(&object))));
        let kept = Arc::downgrade(&change);
        log.push(change, Instant::now(), &mut Vec::new());
        kept
    });
    pushed.collect()
}

fn kept(pushed: &[Weak<Change>]) -> usize {
    pushed.iter().filter_map(Weak::upgrade).map(|change| change.size()).sum()
}

#[test]
fn for_a_slow_watch_little_is_kept_and_nothing_once_it_has_lost_something() {
    // A window of the newest change only.
    let mut log = log(Keep { age: Duration::ZERO, count: 100, bytes: 1 });
    let [_, busy, quiet, object] = sights();
    let mut watches = [busy, quiet, object].map(|sight| Watch::open(&mut log, sight));
    watches.iter_mut().for_each(|watch| assert_eq!(watch.read(&mut log), Ok(vec![])));
    push(&mut log, "b/x", 2);
    let mut pushed = push_large(&mut log, "a/x", 3..8, 20 << 10);
    assert_eq!(pushed.iter().filter(|change| change.strong_count() > 0).count(), 5);
    pushed.extend(push_large(&mut log, "a/x", 8..40, 20 << 10));
    assert!(kept(&pushed) < 50 << 10, "{} bytes", kept(&pushed));
    let [busy, quiet, object] = &mut watches;
    for late in [busy, object] {
        assert!(matches!(late.read(&mut log), Err(Error::Compacted { .. })), "{:?}", late.cursor);
    }
    assert_eq!(quiet.read(&mut log), Ok(vec![2]));
}

#[test]
fn all_slow_watches_together_have_a_bound_and_the_quiet_ones_keep_what_is_theirs() {
    let mut log = log(Keep { age: Duration::ZERO, count: 100, bytes: 1 });
    let mut quiet = Watch::open(&mut log, Sight::Under(Prefix::new("g/ks/quiet/")));
    assert_eq!(quiet.read(&mut log), Ok(vec![]));
    push(&mut log, "quiet/x", 2);
    let (mut slow, mut pushed) = (Vec::new(), Vec::new());
    for number in 0..200 {
        let mut watch = Watch::open(&mut log, Sight::Under(Prefix::new(format!("g/ks/{number}/"))));
        assert_eq!(watch.read(&mut log).map(|seen| seen.is_empty()), Ok(true));
        slow.push(watch);
        let first = 3 + number * 2;
        pushed.extend(push_large(&mut log, &format!("{number}/x"), first..first + 2, 50 << 10));
        assert!(kept(&pushed) < 17 << 20, "{number}: {} bytes", kept(&pushed));
    }
    assert!(kept(&pushed) > 4 << 20);
    assert_eq!(quiet.read(&mut log), Ok(vec![2]));
    let (last, first) = slow.split_last_mut().expect("some");
    assert_eq!(last.read(&mut log), Ok(vec![401, 402]));
    assert!(matches!(first[0].read(&mut log), Err(Error::Compacted { .. })));
    for watch in first.iter().chain([&*last]) {
        log.close(&watch.cursor);
    }
    assert!(kept(&pushed) < 1 << 20, "nothing but the window");
}

#[test]
fn what_is_too_old_leaves_little_by_little() {
    let keep = Keep { age: Duration::from_secs(1), count: 10, bytes: usize::MAX };
    let (mut log, start) = (log(keep), Instant::now());
    let mut push = |number, at| {
        let change = Arc::new(Change::new(revision(number), None, Some(object("a", number, ""))));
        log.push(change, at, &mut Vec::new());
        log.window().from(0).count()
    };
    assert_eq!((2..=101).map(|number| push(number, start)).last(), Some(100));
    let later = start + Duration::from_secs(2);
    let left: Vec<_> = (102..=110).map(|number| push(number, later)).collect();
    assert_eq!(left, [85, 70, 55, 40, 25, 10, 10, 10, 10]);
}

#[test]
fn a_watch_catches_up_and_then_follows() {
    let mut log = log(Keep::default());
    (2..6000).for_each(|number| push(&mut log, if number % 3 == 0 { "a/x" } else { "b/x" }, number));
    for sight in sights() {
        let wanted = |number: &u64| match &sight {
            Sight::All => true,
            Sight::Under(prefix) => number.is_multiple_of(3) == (prefix.as_str() == "g/ks/a/"),
            Sight::Of(_) => number.is_multiple_of(3),
        };
        let cursor = log.open(sight.clone(), Some(revision(100)), false).expect("kept");
        let mut watch = Watch { cursor, sleeper: Arc::default() };
        let expected: Vec<_> = (101..6000).filter(wanted).collect();
        assert_eq!(watch.read(&mut log), Ok(expected), "{sight:?}");
        log.close(&watch.cursor);
    }
}

#[test]
fn changes_of_one_revision_stay_together() {
    let mut log = log(Keep::default());
    let mut cursor = log.open(Sight::All, None, false).expect("open");
    for number in [2; 5000].into_iter().chain([3]) {
        push(&mut log, "a/x", number);
    }
    let step = log.read(&mut cursor).expect("kept").expect("changes");
    let of_two = step.changes.iter().filter(|change| change.revision() == revision(2)).count();
    assert_eq!((of_two, step.through), (5000, revision(2)));
    let step = log.read(&mut cursor).expect("kept").expect("changes");
    assert_eq!((step.changes.len(), step.through), (1, revision(3)));
}

#[test]
fn a_large_object_comes_alone() {
    let mut log = log(Keep::default());
    let mut watches = sights().map(|sight| log.open(sight, None, false).expect("open"));
    push(&mut log, "a/x", 2);
    push(&mut log, "a/x", 3);
    push_large(&mut log, "a/x", 4..6, 100 << 10);
    push(&mut log, "a/x", 6);
    push_large(&mut log, "a/x", 6..7, 100 << 10);
    let [all, under, none, of] = &mut watches;
    for cursor in [all, under, of] {
        let mut steps = Vec::new();
        while let Some(step) = log.read(cursor).expect("kept") {
            let told: Vec<_> = step.changes.iter().map(|change| change.revision().get()).collect();
            steps.push((told, step.through.get()));
        }
        // What is of one revision stays together.
        let expected = [(vec![2, 3], 3), (vec![4], 4), (vec![5], 5), (vec![6, 6], 6)];
        assert_eq!(steps, expected, "{cursor:?}");
    }
    let step = log.read(none).expect("kept").expect("where it begins");
    assert_eq!((step.changes.len(), step.through), (0, revision(6)));
}

#[test]
fn a_restart_ends_every_watch() {
    let mut log = log(Keep::default());
    let mut watches = sights().map(|sight| Watch::open(&mut log, sight));
    watches.iter_mut().for_each(|watch| assert_eq!(watch.read(&mut log), Ok(vec![])));
    let mut wake = Vec::new();
    log.restart(Window::new(revision(50), Keep::default()), revision(50), &mut wake);
    wake.into_iter().for_each(Waker::wake);
    for watch in &mut watches {
        assert_eq!(watch.woken(), 1, "{:?}", watch.cursor);
        let ended = Error::Compacted { asked: revision(1), oldest: revision(50) };
        assert_eq!(watch.read(&mut log), Err(ended));
        log.close(&watch.cursor);
    }
    assert!(!log.is_watched());
}
