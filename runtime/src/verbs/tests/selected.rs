//! Pages of what a selector selects, and how often the view is asked for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{kinds, views};
use crate::cluster::namespaces::EveryNamespace;
use crate::object::Object;
use crate::request::QueryPairs;
use crate::request::options::ListOptions;
use crate::storage::memory::Memory;
use crate::storage::view::{Changes, List, Scope, View};
use crate::storage::{At, BoxFuture, Key, Query, Read, Result, Start, Storage, Stored, Write};
use crate::verbs::Views;
use crate::verbs::list::{Listed, page};
use crate::verbs::store::Store;

/// Counts the lists.
#[derive(Debug)]
struct Counted {
    inner: Arc<dyn View>,
    lists: Arc<AtomicUsize>,
}

impl View for Counted {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Arc<Object>>>>> {
        self.inner.get(key, at)
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<List>>> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.inner.list(query)
    }

    fn is_in_memory(&self, at: At) -> bool {
        self.inner.is_in_memory(at)
    }

    fn watch<'a>(&'a self, scope: &'a Scope, from: Start) -> BoxFuture<'a, Result<Changes>> {
        self.inner.watch(scope, from)
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Option<Arc<Object>>>> {
        self.inner.write(write)
    }

    fn object(&self, stored: &Stored) -> Result<Arc<Object>> {
        self.inner.object(stored)
    }
}

/// Creates widgets, every 300th of which has the label `rare`.
async fn fill(storage: &Memory, numbers: std::ops::Range<usize>) {
    let create = |number: usize| {
        let labels = if number.is_multiple_of(300) { r#"{"rare":"x"}"# } else { "{}" };
        let value = format!(r#"{{"metadata":{{"name":"w{number:04}","labels":{labels}}}}}"#);
        Write::create(Key::new(format!("example.com/widgets/default/w{number:04}")), value.into())
    };
    for written in storage.write(numbers.map(create).collect()).await {
        written.expect("written");
    }
}

#[tokio::test]
async fn pages_of_what_is_rare_are_read_at_once_where_that_costs_nothing() {
    let storage = Arc::new(Memory::new());
    fill(&storage, 0..1300).await;
    let kind = Arc::new(kinds::widget());
    let dynamic = Arc::clone(&storage) as Arc<dyn Storage>;
    let mut store = Store::new(kind, dynamic, Arc::new(EveryNamespace), views());
    store.view.loaded().await;
    let lists = Arc::new(AtomicUsize::new(0));
    store.view = Arc::new(Counted { inner: Arc::clone(&store.view), lists: Arc::clone(&lists) });
    let ask = async |limit: usize, token: &str| -> (Vec<String>, Listed) {
        let query = format!("labelSelector=rare%3Dx&limit={limit}&continue={token}");
        let options = ListOptions::parse(&QueryPairs::parse(Some(&query)), &["spec.color"], None);
        let listed = page(&store, "default", &options.expect("options")).await.expect("a page");
        assert_eq!(listed.remaining, None);
        (listed.items.iter().map(|object| object.name().to_owned()).collect(), listed)
    };
    let (names, first) = ask(3, "").await;
    assert_eq!(names, ["w0000", "w0300", "w0600"]);
    assert_eq!(lists.swap(0, Ordering::Relaxed), 2);
    // What comes later is on no later page.
    fill(&storage, 1300..1600).await;
    let (names, second) = ask(1, &first.continue_token).await;
    assert_eq!((names, second.revision), (vec!["w0900".to_owned()], first.revision));
    lists.store(0, Ordering::Relaxed);
    let (names, last) = ask(500, &second.continue_token).await;
    assert_eq!((names, &*last.continue_token), (vec!["w1200".to_owned()], ""));
    assert_eq!(lists.load(Ordering::Relaxed), 1);
    let (names, _) = ask(500, "").await;
    assert_eq!(names.len(), 6);
    assert_eq!(lists.load(Ordering::Relaxed), if views() == Views::Cached { 3 } else { 5 });
}
