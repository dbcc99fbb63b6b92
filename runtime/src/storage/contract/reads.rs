//! Point reads.

use super::super::{At, Error, Health, Revision};
use super::Subject;
use super::steps::{key, now, put, read, remove, value};

pub(super) async fn an_empty_store_has_a_revision(subject: Subject) {
    let store = subject.open().await;
    let empty = read(&store, "g/r/a", At::Latest).await;
    assert_eq!(empty.value, None);
    assert_eq!(value(&store, "g/r/a", At::Exactly(empty.at)).await, None);
    assert_eq!(*store.health().borrow(), Health::Ready);
    assert!(put(&store, "g/r/a", "1").await > empty.at);
}

pub(super) async fn get_sees_what_it_asks_for(subject: Subject) {
    let store = subject.open().await;
    let empty = now(&store).await;
    let first = put(&store, "g/r/a", "1").await;
    let other = put(&store, "g/r/b", "x").await;
    let second = put(&store, "g/r/a", "2").await;
    assert!(empty < first && first < other && other < second);

    for at in [At::Latest, At::NotBefore(second), At::Exactly(second)] {
        let got = read(&store, "g/r/a", at).await;
        let stored = got.value.expect("it is there");
        assert_eq!((&stored.value[..], stored.revision), (&b"2"[..], second), "{at:?}");
        assert!(got.at >= second && !stored.stale, "{at:?}");
    }
    for at in [At::Exactly(first), At::Exactly(other)] {
        let got = read(&store, "g/r/a", at).await;
        let stored = got.value.expect("it is there");
        assert_eq!((&stored.value[..], stored.revision, At::Exactly(got.at)), (&b"1"[..], first, at));
    }
    assert_eq!(value(&store, "g/r/a", At::Exactly(empty)).await, None);
    assert!(read(&store, "g/r/a", At::NotBefore(first)).await.at >= first);
    let any = read(&store, "g/r/a", At::Any).await;
    assert!(any.value.is_none_or(|stored| stored.revision <= any.at));
}

pub(super) async fn get_of_a_deleted_key_sees_the_past(subject: Subject) {
    let store = subject.open().await;
    let created = put(&store, "g/r/a", "1").await;
    let deleted = remove(&store, "g/r/a").await;
    let again = put(&store, "g/r/a", "2").await;
    assert_eq!(value(&store, "g/r/a", At::Exactly(created)).await.as_deref(), Some("1"));
    assert_eq!(value(&store, "g/r/a", At::Exactly(deleted)).await, None);
    assert_eq!(value(&store, "g/r/a", At::Exactly(again)).await.as_deref(), Some("2"));
    remove(&store, "g/r/a").await;
    assert_eq!(value(&store, "g/r/a", At::Latest).await, None);
}

pub(super) async fn get_refuses_the_future(subject: Subject) {
    let store = subject.open().await;
    let current = put(&store, "g/r/a", "1").await;
    let asked = Revision::new(current.get() + 1000).expect("not 0");
    for at in [At::NotBefore(asked), At::Exactly(asked)] {
        match store.get(&key("g/r/a"), at).await {
            Err(Error::Future { asked: named, current: reached }) => {
                assert!(named == asked && reached >= current && reached < asked, "{named} and {reached}");
            }
            other => panic!("{at:?} answered {other:?}"),
        }
    }
}

pub(super) async fn latest_sees_every_acknowledged_write(subject: Subject) {
    let store = subject.open().await;
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let name = format!("g/r/{writer}");
            for round in 0..25 {
                let written = put(&store, &name, &round.to_string()).await;
                let got = read(&store, &name, At::Latest).await;
                assert!(got.at >= written, "read at {} after {written}", got.at);
                assert_eq!(got.value.map(|stored| stored.revision), Some(written));
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("every read saw its write");
    }
}
