//! Several handles of one store, as several servers have them: cases for stores that are shared.

use super::super::{At, Error, Revision, Start};
use super::Subject;
use super::history::assert_forgotten;
use super::steps::{Store, contents, key, now, put, read, remove, snapshot, told, until, value, watch};
use super::writes::count_up;

/// Two handles of one store, when there may be two.
async fn pair(subject: &Subject) -> Option<(Store, Store)> {
    let one = subject.open().await;
    if !one.facts().shared {
        return None;
    }
    Some((one, subject.open().await))
}

pub(super) async fn a_write_is_seen_by_all(subject: Subject) {
    let Some((one, two)) = pair(&subject).await else { return };
    let mut last: Option<Revision> = None;
    for round in 0..20 {
        let (writer, reader) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let expected = round.to_string();
        let written = match last {
            None => writer.create(key("g/r/a"), expected.clone().into()).await,
            Some(last) => writer.replace(key("g/r/a"), last, expected.clone().into()).await,
        };
        let written = written.expect("the other's revision is known");
        assert!(last < Some(written), "{written} after {last:?}");
        let got = read(reader, "g/r/a", At::Latest).await;
        assert!(got.at >= written, "read at {} after {written}", got.at);
        assert_eq!(got.value.map(|stored| stored.revision), Some(written));
        assert_eq!(contents(reader, "g/r/", At::Latest).await, [format!("a={expected}")]);
        assert_eq!(value(reader, "g/r/a", At::NotBefore(written)).await, Some(expected.clone()));
        assert_eq!(value(reader, "g/r/a", At::Exactly(written)).await, Some(expected));
        assert!(reader.barrier().await.expect("a revision") >= written);
        if let Some(last) = last {
            let refused = reader.replace(key("g/r/a"), last, "stale".into()).await;
            match refused {
                Err(Error::Conflict { current: Some(current), .. }) => assert_eq!(current.revision, written),
                other => panic!("{other:?}"),
            }
        }
        last = Some(written);
    }
}

pub(super) async fn a_watch_sees_the_writes_of_all(subject: Subject) {
    let Some((one, two)) = pair(&subject).await else { return };
    let mut watches = vec![watch(&one, "g/r/", Start::Now).await, watch(&two, "g/r/", Start::Now).await];
    let start = now(&one).await;
    let mut expected = Vec::new();
    let mut last = start;
    for round in 0..10 {
        let writer = if round % 2 == 0 { &one } else { &two };
        put(writer, "g/r/a", &round.to_string()).await;
        put(writer, "g/r/b", "1").await;
        last = remove(writer, "g/r/b").await;
        expected.extend([format!("g/r/a={round}"), "g/r/b=1".into(), "g/r/b-1".into()]);
    }
    watches.push(watch(&one, "g/r/", Start::After(start)).await);
    watches.push(watch(&two, "g/r/", Start::After(start)).await);
    for events in &mut watches {
        assert_eq!(told(&until(events, last).await), expected);
    }
    // A barrier of one moves its own watches, behind the writes of the other.
    let written = put(&two, "g/other/a", "1").await;
    let barrier = one.barrier().await.expect("a revision");
    assert!(barrier >= written);
    assert_eq!(until(&mut watches[0], barrier).await, []);
}

pub(super) async fn a_watch_goes_on_at_another(subject: Subject) {
    let Some((one, two)) = pair(&subject).await else { return };
    let mut events = watch(&one, "g/r/", Start::Now).await;
    put(&one, "g/r/a", "1").await;
    let second = put(&two, "g/r/a", "2").await;
    let mut seen = told(&until(&mut events, second).await);
    drop((events, one));
    let mut events = watch(&two, "g/r/", Start::After(second)).await;
    let last = put(&two, "g/r/a", "3").await;
    seen.extend(told(&until(&mut events, last).await));
    assert_eq!(seen, ["g/r/a=1", "g/r/a=2", "g/r/a=3"]);
}

pub(super) async fn no_update_is_lost_between_them(subject: Subject) {
    let Some((one, two)) = pair(&subject).await else { return };
    put(&one, "g/r/count", "0").await;
    let (state, from) = snapshot(&two, "g/r/").await;
    assert_eq!(state.len(), 1);
    let mut events = watch(&two, "g/r/", Start::After(from)).await;
    let writers: Vec<_> =
        [&one, &two, &one, &two].into_iter().map(|store| tokio::spawn(count_up(store.clone(), 25))).collect();
    for writer in writers {
        writer.await.expect("every increment was written");
    }
    let end = read(&one, "g/r/count", At::Latest).await;
    let values = until(&mut events, end.value.expect("it is there").revision).await;
    let expected: Vec<_> = (1..=100).map(|number| format!("g/r/count={number}")).collect();
    assert_eq!(told(&values), expected);
}

pub(super) async fn forgotten_by_one_is_forgotten_by_all(subject: Subject) {
    let Some((one, two)) = pair(&subject).await else { return };
    let first = put(&one, "g/r/a", "1").await;
    let second = put(&two, "g/r/a", "2").await;
    let last = put(&one, "g/r/a", "3").await;
    let compacted = one.compact(second).await.expect("compacted");
    assert!(compacted >= second);
    for store in [&one, &two] {
        assert_forgotten(store, first, subject.remembers()).await;
        assert!(store.compact(first).await.expect("compacted") >= compacted, "who compacted is told");
        let mut events = watch(store, "g/r/", Start::After(second)).await;
        assert_eq!(told(&until(&mut events, last).await), ["g/r/a=3"]);
    }
}
