//! Point reads.

use bytes::Bytes;

use super::super::{At, Error, Health, Query, Revision, Start};
use super::Subject;
use super::steps::{key, keys, list, now, prefix, put, read, remove, until, value, watch};

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

pub(super) async fn any_does_not_go_back(subject: Subject) {
    let store = subject.open().await;
    put(&store, "g/r/a", "start").await;
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..100 {
                put(&store, "g/r/a", &round.to_string()).await;
                tokio::task::yield_now().await;
            }
        })
    };
    let mut last = None;
    while !writer.is_finished() {
        let got = read(&store, "g/r/a", At::Any).await;
        let seen = Some((got.at, got.value.map(|stored| stored.revision)));
        assert!(seen >= last, "{seen:?} after {last:?}");
        last = seen;
        tokio::task::yield_now().await;
    }
    writer.await.expect("all written");
}

pub(super) async fn values_are_opaque_bytes(subject: Subject) {
    let store = subject.open().await;
    let all: Vec<u8> = (0..=255).collect();
    let values = [
        Bytes::new(),
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"\n\r\n "),
        Bytes::from_static(b"\xff\xfe not UTF-8"),
        Bytes::from(all.repeat(500)),
    ];
    let start = now(&store).await;
    let mut revision = None;
    for value in &values {
        let written = match revision {
            None => store.create(key("g/r/a"), value.clone()).await,
            Some(revision) => store.replace(key("g/r/a"), revision, value.clone()).await,
        };
        let written = written.expect("written");
        for at in [At::Latest, At::Exactly(written)] {
            let stored = read(&store, "g/r/a", at).await.value.expect("it is there");
            assert!(stored.value == *value, "{} bytes came back as {:?}", value.len(), stored.value);
        }
        let page = list(&store, Query::all(prefix("g/r/"))).await.value;
        assert!(page.items.iter().all(|item| item.value == *value), "{page:?}");
        revision = Some(written);
    }
    let mut events = watch(&store, "g/r/", Start::After(start)).await;
    let seen = until(&mut events, revision.expect("some were written")).await;
    assert!(seen.iter().map(|event| event.value.as_ref()).eq(values.iter().map(Some)), "{seen:?}");
    let replaced = seen.iter().skip(1).map(|event| event.previous.as_ref().map(|stored| &stored.value));
    assert!(replaced.eq(values.iter().take(4).map(Some)), "{seen:?}");
}

pub(super) async fn names_are_kept_as_they_are(subject: Subject) {
    let store = subject.open().await;
    let long = "x".repeat(253);
    let names = [
        "UPPER",
        "system:admin",
        "with.dots",
        "with-dashes",
        "under_score",
        "sp ace",
        "per%2Fcent",
        "\u{fc}",
    ];
    let mut all: Vec<String> = names.iter().map(|name| format!("g/r/n/{name}")).collect();
    all.push(format!("g/r/n/{long}"));
    for name in &all {
        put(&store, name, name).await;
    }
    for name in &all {
        assert_eq!(value(&store, name, At::Latest).await.as_ref(), Some(name));
    }
    assert_eq!(value(&store, "g/r/n/upper", At::Latest).await, None);
    assert_eq!(value(&store, "g/r/n/per/cent", At::Latest).await, None);
    all.sort_unstable();
    assert_eq!(keys(&list(&store, Query::all(prefix("g/r/"))).await.value), all);
}
