//! Ordered reads.

use super::super::{At, Error, Query, Revision, Write};
use super::Subject;
use super::steps::{contents, key, keys, list, now, prefix, put, remove};

pub(super) async fn order_is_the_byte_order_of_the_key(subject: Subject) {
    let store = subject.open().await;
    for name in ["g/r/ab/x", "g/r/a/x", "g/r/a.b/x", "g/r/a-b/x", "g/r/a/Z", "g/r/a/\u{e9}", "g/r/b"] {
        put(&store, name, "1").await;
    }
    let all = list(&store, Query::all(prefix("g/r/"))).await;
    let order = ["g/r/a-b/x", "g/r/a.b/x", "g/r/a/Z", "g/r/a/x", "g/r/a/\u{e9}", "g/r/ab/x", "g/r/b"];
    assert_eq!(keys(&all.value), order);
    assert!(!all.value.more);
}

pub(super) async fn a_prefix_ends_at_its_slash(subject: Subject) {
    let store = subject.open().await;
    for name in ["g/r/a/x", "g/r/a-b/x", "g/r/a.b/x", "g/r/ab/x", "g/r/a", "g/rr/a/x", "gg/r/a/x"] {
        put(&store, name, "1").await;
    }
    assert_eq!(contents(&store, "g/r/a/", At::Latest).await, ["x=1"]);
    assert_eq!(contents(&store, "g/r/", At::Latest).await, ["a=1", "a-b/x=1", "a.b/x=1", "a/x=1", "ab/x=1"]);
    assert_eq!(contents(&store, "g/", At::Latest).await.len(), 6);
    assert_eq!(contents(&store, "", At::Latest).await.len(), 7);
    assert_eq!(contents(&store, "g/r/none/", At::Latest).await.len(), 0);
}

pub(super) async fn list_sees_what_it_asks_for(subject: Subject) {
    let store = subject.open().await;
    let empty = now(&store).await;
    let a = put(&store, "g/r/a", "1").await;
    put(&store, "g/other/a", "1").await;
    put(&store, "g/r/c", "1").await;
    let c = put(&store, "g/r/c", "2").await;
    remove(&store, "g/r/a").await;
    let b = put(&store, "g/r/b", "1").await;

    assert_eq!(contents(&store, "g/r/", At::Exactly(empty)).await.len(), 0);
    assert_eq!(contents(&store, "g/r/", At::Exactly(a)).await, ["a=1"]);
    assert_eq!(contents(&store, "g/r/", At::Exactly(c)).await, ["a=1", "c=2"]);
    for at in [At::Exactly(b), At::Latest, At::NotBefore(b)] {
        assert_eq!(contents(&store, "g/r/", at).await, ["b=1", "c=2"], "{at:?}");
    }
    let past = list(&store, Query { at: At::Exactly(c), ..Query::all(prefix("g/r/")) }).await;
    assert_eq!(past.at, c);
    assert_eq!(past.value.items.iter().map(|item| item.revision).collect::<Vec<_>>(), [a, c]);

    let asked = Revision::new(b.get() + 1000).expect("not 0");
    let refused = store.list(Query { at: At::Exactly(asked), ..Query::all(prefix("g/r/")) }).await;
    assert!(matches!(refused, Err(Error::Future { .. })), "{refused:?}");
}

pub(super) async fn pages_are_of_one_revision(subject: Subject) {
    let store = subject.open().await;
    for name in ["a", "b", "c", "d", "e"] {
        put(&store, &format!("g/r/{name}"), "old").await;
    }
    let first = Query { limit: 2, count: true, ..Query::all(prefix("g/r/")) };
    let page = list(&store, first.clone()).await;
    assert_eq!(keys(&page.value), ["g/r/a", "g/r/b"]);
    assert_eq!((page.value.more, page.value.remaining), (true, Some(3)));

    // Before, in and behind the pages that are still to come.
    put(&store, "g/r/c", "new").await;
    remove(&store, "g/r/d").await;
    for name in ["aa", "bb", "dd", "z"] {
        put(&store, &format!("g/r/{name}"), "new").await;
    }
    let next = Query { from: Some("b\0".into()), at: At::Exactly(page.at), ..first.clone() };
    let page = list(&store, next.clone()).await;
    assert_eq!(keys(&page.value), ["g/r/c", "g/r/d"]);
    assert!(page.value.items.iter().all(|item| item.value == "old"), "{page:?}");
    assert_eq!((page.value.more, page.value.remaining), (true, Some(1)));
    let page = list(&store, Query { from: Some("d\0".into()), ..next }).await;
    assert_eq!(keys(&page.value), ["g/r/e"]);
    assert_eq!((page.value.more, page.value.remaining.unwrap_or(0)), (false, 0));
    assert_eq!(list(&store, Query { limit: 0, count: false, ..first }).await.value.items.len(), 8);
}

pub(super) async fn from_is_inclusive(subject: Subject) {
    let store = subject.open().await;
    for name in ["n/a", "n/a-b", "n/b", "o/a"] {
        put(&store, &format!("g/r/{name}"), "1").await;
    }
    for (from, expected) in [
        ("", 4),
        ("n/a", 4),
        ("n/a\0", 3),
        ("n/a-b", 3),
        ("n/aa", 2),
        ("n/b\0", 1),
        ("o/", 1),
        ("o/a\0", 0),
        ("zzz", 0),
    ] {
        let query = Query { from: Some(from.into()), ..Query::all(prefix("g/r/")) };
        assert_eq!(list(&store, query).await.value.items.len(), expected, "from {from:?}");
    }
}

pub(super) async fn pages_end_at_their_bytes(subject: Subject) {
    let store = subject.open().await;
    for name in ["a", "b", "c", "d"] {
        put(&store, &format!("g/r/{name}"), &"x".repeat(100)).await;
    }
    // Any backend may end a page earlier, but none is empty, exceeds the bytes or hides what follows.
    for max_bytes in [1, 100, 250, 400] {
        let mut query = Query { max_bytes, ..Query::all(prefix("g/r/")) };
        let mut seen = Vec::new();
        loop {
            let page = list(&store, query.clone()).await;
            let bytes: usize = page.value.items.iter().map(|item| item.value.len()).sum();
            assert!(bytes <= max_bytes.max(100), "{bytes} bytes in a page of {max_bytes}");
            seen.extend(keys(&page.value).iter().map(ToString::to_string));
            if !page.value.more {
                break;
            }
            let last = page.value.items.last().expect("a page with more is not empty");
            query.from = Some(format!("{}\0", last.key.under(&query.prefix).expect("under it")).into());
            query.at = At::Exactly(page.at);
        }
        assert_eq!(seen, ["g/r/a", "g/r/b", "g/r/c", "g/r/d"], "pages of {max_bytes} bytes");
    }
}

pub(super) async fn a_long_list_is_whole(subject: Subject) {
    let store = subject.open().await;
    let names: Vec<String> = (0..5000).map(|number| format!("g/r/{number:05}")).collect();
    for part in names.chunks(500) {
        let writes = part.iter().map(|name| Write::create(key(name), "1".into())).collect();
        for outcome in store.write(writes).await {
            outcome.expect("written");
        }
    }
    let mut query = Query::all(prefix("g/r/"));
    let mut seen = Vec::new();
    loop {
        let page = list(&store, query.clone()).await;
        seen.extend(keys(&page.value).iter().map(ToString::to_string));
        if !page.value.more {
            break;
        }
        let last = page.value.items.last().expect("a page with more is not empty");
        query.from = Some(format!("{}\0", last.key.under(&query.prefix).expect("under it")).into());
        query.at = At::Exactly(page.at);
    }
    assert!(seen == names, "{} keys, of {}", seen.len(), names.len());
}
