//! Ordered reads.

use super::super::{At, Error, Query, Revision, Write};
use super::Subject;
use super::steps::{Store, behind, contents, key, keys, list, now, pages, prefix, put, remove, text};

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
    for at in [At::Exactly(asked), At::NotBefore(asked)] {
        let refused = store.list(Query { at, ..Query::all(prefix("g/r/")) }).await;
        assert!(matches!(refused, Err(Error::Future { .. })), "{at:?} answered {refused:?}");
    }
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
        let pages = pages(&store, Query { max_bytes, ..Query::all(prefix("g/r/")) }).await;
        for page in &pages {
            let bytes: usize = page.value.items.iter().map(|item| item.value.len()).sum();
            assert!(bytes <= max_bytes.max(100), "{bytes} bytes in a page of {max_bytes}");
        }
        let seen: Vec<_> = pages.iter().flat_map(|page| keys(&page.value)).collect();
        assert_eq!(seen, ["g/r/a", "g/r/b", "g/r/c", "g/r/d"], "pages of {max_bytes} bytes");
    }
}

pub(super) async fn more_is_said_exactly(subject: Subject) {
    let store = subject.open().await;
    let names = ["g/r/a", "g/r/b", "g/r/c", "g/r/d", "g/r/e"];
    for name in names {
        put(&store, name, "1").await;
    }
    put(&store, "g/s/a", "1").await;
    for limit in 0..=6 {
        for skip in 0..=5 {
            let from = names[..skip].last().map(|name| format!("{}\0", &name[4..]).into());
            let query = Query { from, limit, count: true, ..Query::all(prefix("g/r/")) };
            let page = list(&store, query.clone()).await.value;
            let (found, expected) = (keys(&page), &names[skip..]);
            assert!(limit == 0 || found.len() <= limit, "{query:?}: {found:?}");
            assert_eq!(found, expected[..found.len()], "{query:?}");
            let missing = expected.len() - found.len();
            assert!(missing == 0 || !found.is_empty(), "{query:?}: an empty page where items follow");
            assert_eq!(page.more, missing > 0, "{query:?}: more");
            assert!(page.remaining.is_some() || missing == 0, "{query:?}: asked for and not counted");
            assert_eq!(page.remaining.unwrap_or(0), missing as u64, "{query:?}: remaining");
        }
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
    let pages = pages(&store, Query::all(prefix("g/r/"))).await;
    let seen: Vec<_> = pages.iter().flat_map(|page| keys(&page.value)).collect();
    assert!(seen == names, "{} keys, of {}", seen.len(), names.len());
}

/// Writes the first key, then the last, so that any state shows equal numbers, or the first one ahead.
async fn write_both_ends(store: Store) {
    for round in 1..=100 {
        for name in ["g/r/a", "g/r/z"] {
            put(&store, name, &round.to_string()).await;
            tokio::task::yield_now().await;
        }
    }
}

pub(super) async fn a_list_is_of_one_revision(subject: Subject) {
    let store = subject.open().await;
    let between = (0..100).map(|number| Write::create(key(&format!("g/r/m{number}")), "0".into())).collect();
    for outcome in store.write(between).await {
        outcome.expect("written");
    }
    for name in ["g/r/a", "g/r/z"] {
        put(&store, name, "0").await;
    }
    let writer = tokio::spawn(write_both_ends(store.clone()));
    while !writer.is_finished() {
        for limit in [0, 30] {
            let pages = pages(&store, Query { limit, ..Query::all(prefix("g/r/")) }).await;
            let at = pages[0].at;
            assert!(pages.iter().all(|page| page.at == at), "the pages are not all at {at}");
            let items: Vec<_> = pages.iter().flat_map(|page| &page.value.items).collect();
            assert!(items.iter().all(|item| item.revision <= at), "newer than {at}");
            assert_eq!(items.len(), 102, "pages of {limit}");
            let [first, last] =
                [items[0], items[101]].map(|item| text(&item.value).parse::<u32>().expect("a number"));
            assert!(first == last || first == last + 1, "{first} and {last} were never there at once");
        }
        tokio::task::yield_now().await;
    }
    writer.await.expect("all written");
}

pub(super) async fn a_compacted_page_says_so(subject: Subject) {
    let store = subject.open().await;
    for name in ["a", "b", "c", "d"] {
        put(&store, &format!("g/r/{name}"), "old").await;
    }
    let query = Query { limit: 2, ..Query::all(prefix("g/r/")) };
    let page = list(&store, query.clone()).await;
    let last = put(&store, "g/r/d", "new").await;
    let compacted = store.compact(last).await.expect("compacted");
    let next = behind(&query, &page);
    match store.list(next.clone()).await {
        Err(Error::Compacted { asked, oldest }) => {
            assert_eq!(asked, page.at);
            assert!(oldest >= compacted, "{oldest} is below {compacted}");
            let rest = list(&store, Query { at: At::Exactly(oldest), ..next }).await;
            assert_eq!(keys(&rest.value), ["g/r/c", "g/r/d"], "the rest at {oldest}");
        }
        Ok(rest) if subject.remembers() => {
            assert!(rest.value.items.iter().all(|item| item.value == "old"), "{rest:?}");
        }
        other => panic!("{} is compacted: {other:?}", page.at),
    }
}
