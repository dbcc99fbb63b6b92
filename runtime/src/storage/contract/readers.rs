//! Those who read watches: slow ones, idle ones, those that go and come again.

use tokio::task::JoinHandle;

use super::super::{Error, Start, Write};
use super::Subject;
use super::steps::{batch, check_batch, follow, key, now, put, snapshot, told, until, watch};
use super::watches::churn;

pub(super) async fn a_watch_goes_on_where_another_stopped(subject: Subject) {
    let store = subject.open().await;
    let start = now(&store).await;
    let mut whole = watch(&store, "g/r/", Start::After(start)).await;
    let writers: Vec<_> = (0..4).map(|writer| tokio::spawn(churn(store.clone(), writer, 50))).collect();
    let (mut through, mut seen) = (start, Vec::new());
    while !writers.iter().all(JoinHandle::is_finished) {
        let mut part = watch(&store, "g/r/", Start::After(through)).await;
        let next = batch(&mut part).await;
        check_batch(&next, Some(through));
        through = next.through;
        seen.extend(next.events);
        tokio::task::yield_now().await;
    }
    let mut last = start;
    for writer in writers {
        last = last.max(writer.await.expect("all written"));
    }
    let mut rest = watch(&store, "g/r/", Start::After(through)).await;
    seen.extend(until(&mut rest, last).await);
    let whole = until(&mut whole, last).await;
    assert!(seen == whole, "{} events in parts, {} in one", seen.len(), whole.len());
}

pub(super) async fn a_slow_reader_misses_nothing_silently(subject: Subject) {
    let store = subject.open().await;
    let (mut state, from) = snapshot(&store, "g/r/").await;
    let mut slow = watch(&store, "g/r/", Start::After(from)).await;
    let mut last = from;
    for part in 0..200 {
        let writes =
            (0..100).map(|number| Write::create(key(&format!("g/r/{part}/{number}")), "1".into())).collect();
        for outcome in store.write(writes).await {
            last = outcome.expect("written");
        }
    }
    let mut through = None;
    while through < Some(last) {
        match slow.next().await.expect("it ends with an error") {
            Ok(batch) => {
                check_batch(&batch, through);
                through = Some(batch.through);
                follow(&mut state, &batch.events);
            }
            Err(Error::Compacted { .. }) => {
                assert!(slow.next().await.is_none(), "nothing follows the error");
                break;
            }
            Err(why) => panic!("{why}"),
        }
    }
    // Whatever it was told is the state at that revision: a prefix of the events, without a gap.
    if let Some(through) = through {
        let all = snapshot(&store, "g/r/").await.0;
        let then: Vec<_> = all.into_values().filter(|stored| stored.revision <= through).collect();
        assert!(state.into_values().eq(then), "the events up to {through} are not all");
    }
}

pub(super) async fn an_unread_watch_delays_nobody(subject: Subject) {
    let store = subject.open().await;
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(watch(&store, "g/r/", Start::Now).await);
    }
    let (start, mut reading) = (now(&store).await, watch(&store, "g/r/", Start::Now).await);
    let value = "x".repeat(10 << 10);
    let mut last = start;
    let mut seen = Vec::new();
    for round in 0..200 {
        last = put(&store, &format!("g/r/{}", round % 10), &value).await;
        let news = until(&mut reading, last).await;
        assert_eq!(news.len(), 1, "round {round}");
        seen.extend(news);
    }
    // An unread one has all, or says that it has not.
    for mut events in unread {
        let mut late = Vec::new();
        let mut through = None;
        while through < Some(last) {
            match events.next().await.expect("it goes on, or ends with an error") {
                Ok(batch) => {
                    check_batch(&batch, through);
                    through = Some(batch.through);
                    late.extend(batch.events);
                }
                Err(Error::Compacted { .. }) => break,
                Err(why) => panic!("{why}"),
            }
        }
        assert_eq!(late, seen[..late.len()]);
        assert!(through < Some(last) || late.len() == seen.len(), "{} of {}", late.len(), seen.len());
    }
}

pub(super) async fn a_dropped_watch_disturbs_nobody(subject: Subject) {
    let store = subject.open().await;
    let mut stays = watch(&store, "g/r/", Start::Now).await;
    let goes = watch(&store, "g/r/", Start::Now).await;
    let mut read = watch(&store, "g/r/", Start::Now).await;
    batch(&mut read).await;
    put(&store, "g/r/a", "1").await;
    drop((goes, read));
    let last = put(&store, "g/r/b", "1").await;
    assert_eq!(told(&until(&mut stays, last).await), ["g/r/a=1", "g/r/b=1"]);
}
