//! Reads of states that never were, or are not any more.

use std::sync::Arc;

use super::super::super::{
    At, BoxFuture, Error, Key, Page, Prefix, Query, Read, Result, Revision, Storage as _, Stored,
};
use super::machine::Handle;
use super::twist::Twist;
use super::{Flaw, all_fail};

type Got<'a> = BoxFuture<'a, Result<Read<Option<Stored>>>>;
type Listed<'a> = BoxFuture<'a, Result<Read<Page>>>;

/// Reads what was there one revision ago.
#[derive(Debug)]
struct StaleRead;

impl Twist for StaleRead {
    fn get<'a>(&'a self, inner: &'a Handle, key: &'a Key, at: At) -> Got<'a> {
        Box::pin(async move {
            let read = inner.get(key, at).await?;
            let before = Revision::new(read.at.get() - 1).expect("it begins at the wall clock");
            match inner.get(key, At::Exactly(before)).await {
                Ok(stale) if at == At::Latest => Ok(stale),
                _ => Ok(read),
            }
        })
    }
}

/// Names the revision of the value for that of the state.
#[derive(Debug)]
struct ItsOwnRevision;

impl Twist for ItsOwnRevision {
    fn get<'a>(&'a self, inner: &'a Handle, key: &'a Key, at: At) -> Got<'a> {
        Box::pin(async move {
            let read = inner.get(key, at).await?;
            let at = read.value.as_ref().map_or(read.at, |stored| stored.revision);
            Ok(Read { at, ..read })
        })
    }
}

/// Answers with what there is where something was asked for that is to come.
#[derive(Debug)]
struct NoFuture;

impl Twist for NoFuture {
    fn get<'a>(&'a self, inner: &'a Handle, key: &'a Key, at: At) -> Got<'a> {
        Box::pin(async move {
            match inner.get(key, at).await {
                Err(Error::Future { .. }) => inner.get(key, At::Latest).await,
                read => read,
            }
        })
    }
}

/// Continues a list from what there is now, and says that it is of then.
#[derive(Debug)]
struct StalePage;

impl Twist for StalePage {
    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> Listed<'a> {
        Box::pin(async move {
            let At::Exactly(at) = query.at else { return inner.list(query).await };
            let read = inner.list(Query { at: At::Latest, ..query }).await?;
            Ok(Read { at, ..read })
        })
    }
}

/// Reads one half of a list, and the other a moment later.
#[derive(Debug)]
struct TornList;

impl Twist for TornList {
    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> Listed<'a> {
        Box::pin(async move {
            let mut read = inner.list(query.clone()).await?;
            let (latest, len) = (!matches!(query.at, At::Exactly(_)), read.value.items.len());
            if latest && len > 1 {
                for _ in 0..5 {
                    tokio::task::yield_now().await;
                }
                let later = inner.list(query).await?.value;
                read.value.items.truncate(len / 2);
                let last = read.value.items[len / 2 - 1].key.clone();
                read.value.items.extend(later.items.into_iter().filter(|item| item.key > last));
            }
            Ok(read)
        })
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident: |$query:ident, $page:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        struct $name;

        impl Twist for $name {
            fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> Listed<'a> {
                Box::pin(async move {
                    let $query = query.clone();
                    let mut read = inner.list(query).await?;
                    let $page = &mut read.value;
                    $change;
                    Ok(read)
                })
            }
        }
    )*};
}

lists! {
    /// Never says that items follow.
    NoMore: |_query, page| page.more = false;
    /// Says that items follow when the page is full.
    MoreWhenFull: |query, page| page.more = query.limit > 0 && page.items.len() == query.limit;
    /// Counts the page among what follows it.
    CountsThePage: |_query, page| page.remaining = page.remaining.map(|count| count + page.items.len() as u64);
    /// Loses what it was to begin with.
    Exclusive: |query, page| page.items.retain(|item| item.key.under(&query.prefix) != query.from.as_deref());
    /// Orders names by their parts, so that `a/x` comes before `a-b/x`.
    OrderOfParts: |_query, page| page.items.sort_by(|one, other| {
        one.key.as_str().split('/').cmp(other.key.as_str().split('/'))
    });
}

/// Ignores how many bytes it may answer.
#[derive(Debug)]
struct Fat;

impl Twist for Fat {
    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> Listed<'a> {
        inner.list(Query { max_bytes: 0, ..query })
    }
}

/// Lists what merely begins like the prefix.
#[derive(Debug)]
struct LeakingPrefix;

impl Twist for LeakingPrefix {
    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> Listed<'a> {
        Box::pin(async move {
            let wanted = query.prefix.as_str().trim_end_matches('/').to_owned();
            if wanted.is_empty() || query.from.is_some() {
                return inner.list(query).await;
            }
            let mut read = inner.list(Query { prefix: Prefix::everything(), ..query }).await?;
            read.value.items.retain(|item| item.key.as_str().starts_with(&wanted));
            Ok(read)
        })
    }
}

const FLAWS: &[Flaw] = &[
    (
        || Arc::new(StaleRead),
        &["reads::latest_sees_every_acknowledged_write", "histories::random_calls_keep_their_order"],
    ),
    (|| Arc::new(ItsOwnRevision), &["histories::random_calls_keep_their_order"]),
    (|| Arc::new(NoFuture), &["reads::get_refuses_the_future"]),
    (
        || Arc::new(StalePage),
        &[
            "lists::pages_are_of_one_revision",
            "lists::list_sees_what_it_asks_for",
            "lists::a_compacted_page_says_so",
            "histories::random_calls_keep_their_order",
        ],
    ),
    (|| Arc::new(TornList), &["lists::a_list_is_of_one_revision"]),
    (|| Arc::new(NoMore), &["lists::more_is_said_exactly", "lists::pages_are_of_one_revision"]),
    (|| Arc::new(MoreWhenFull), &["lists::more_is_said_exactly"]),
    (|| Arc::new(CountsThePage), &["lists::more_is_said_exactly"]),
    (|| Arc::new(Exclusive), &["lists::from_is_inclusive"]),
    (|| Arc::new(OrderOfParts), &["lists::order_is_the_byte_order_of_the_key"]),
    (|| Arc::new(Fat), &["lists::pages_end_at_their_bytes"]),
    (|| Arc::new(LeakingPrefix), &["lists::a_prefix_ends_at_its_slash"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_lie_fail_by_name() {
    all_fail(FLAWS).await;
}
