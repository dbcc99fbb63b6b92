//! Runs, pages and past revisions against a naive model: one map per revision.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use super::super::contents::Contents;
use super::super::window::{Keep, Window};
use super::{object, revision};
use crate::object::Object;
use crate::storage::view::{Change, List, Run};
use crate::storage::{At, Key, Prefix, Query};

/// Names in two namespaces, one of which is the beginning of the other.
fn names() -> impl Strategy<Value = String> {
    (prop_oneof![Just("a"), Just("a-b")], 0..200_usize).prop_map(|(ns, number)| format!("{ns}/o{number:03}"))
}

/// Whether an object of that name is put or removed.
fn script() -> impl Strategy<Value = Vec<(String, bool)>> {
    prop::collection::vec((names(), prop::bool::weighted(0.7)), 0..400)
}

#[derive(Clone, Debug)]
struct Asked {
    under: &'static str,
    from: Option<String>,
    limit: usize,
    max_bytes: usize,
}

fn asked() -> impl Strategy<Value = Asked> {
    let under = prop_oneof![Just("g/ks/"), Just("g/ks/a/"), Just("g/ks/a-b/"), Just("g/ks/none/")];
    let limit = prop_oneof![Just(0), 1..300_usize];
    let max_bytes = prop_oneof![Just(0), 1..9000_usize];
    (under, prop::option::of(0..220_usize), limit, max_bytes).prop_map(|(under, from, limit, max_bytes)| {
        let from =
            from.map(|from| if under == "g/ks/" { format!("a/o{from:03}\0") } else { format!("o{from:03}") });
        Asked { under, from, limit, max_bytes }
    })
}

type Model = BTreeMap<Key, Arc<Object>>;

fn page(model: &Model, asked: &Asked) -> (Vec<u64>, bool, u64) {
    let start = format!("{}{}", asked.under, asked.from.as_deref().unwrap_or_default());
    let rows =
        model.iter().filter(|(key, _)| key.as_str() >= &*start && key.as_str().starts_with(asked.under));
    let rows: Vec<_> = rows.map(|(_, object)| object).collect();
    let mut bytes = 0;
    let fits = |(place, object): &(usize, &&Arc<Object>)| {
        bytes += object.length();
        (asked.limit == 0 || *place < asked.limit)
            && (asked.max_bytes == 0 || *place == 0 || bytes <= asked.max_bytes)
    };
    let page: Vec<_> =
        rows.iter().enumerate().take_while(fits).map(|(_, object)| object.revision().get()).collect();
    let left = rows.len() - page.len();
    (page, left > 0, left as u64)
}

fn told(list: &List) -> (Vec<u64>, bool, u64) {
    assert!(list.items.slices().iter().all(|slice| (1..=Run::MOST).contains(&slice.run().items().len())));
    let revisions = list.items.iter().map(|object| object.revision().get()).collect();
    (revisions, list.more, list.remaining.expect("counted"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_revision_reads_as_it_was(script in script(), asked in prop::collection::vec(asked(), 1..8), hold in any::<bool>()) {
        let root = Prefix::new("g/ks/");
        let mut contents = Contents::empty();
        let mut window = Window::new(revision(1), Keep::default());
        let mut models = HashMap::from([(1, Model::new())]);
        let mut model = Model::new();
        // Snapshots that are held make runs be copied; they must not change.
        let mut held = Vec::new();
        for (number, (name, put)) in (2..).zip(&script) {
            let object = object(name, number, &"x".repeat(name.len() * 3));
            let (old, new) = if *put {
                model.insert(object.key().clone(), Arc::clone(&object));
                (contents.put(Arc::clone(&object)), Some(object))
            } else {
                model.remove(object.key());
                (contents.remove(object.key()), None)
            };
            if old.is_some() || new.is_some() {
                window.push(Arc::new(Change::new(revision(number), old, new)), Instant::now());
            }
            contents.at = revision(number);
            models.insert(number, model.clone());
            if hold && number % 16 == 0 {
                let query = Query::all(root.clone());
                held.push((model.clone(), contents.list(&query).expect("a list").items));
            }
        }
        for (model, items) in &held {
            let held: Vec<_> = items.iter().map(|object| object.revision()).collect();
            prop_assert_eq!(held, model.values().map(|object| object.revision()).collect::<Vec<_>>());
        }
        for asked in &asked {
            let query = Query {
                prefix: Prefix::new(asked.under),
                from: asked.from.as_deref().map(Into::into),
                limit: asked.limit,
                max_bytes: asked.max_bytes,
                at: At::Any,
                count: true,
            };
            prop_assert_eq!(told(&contents.list(&query).expect("a list")), page(&model, asked));
            for (number, model) in models.iter().filter(|(number, _)| *number % 37 == 1) {
                let place = window.place(revision(*number)).expect("kept");
                let list = contents.past(&query, &window, place).expect("a list");
                prop_assert_eq!(told(&list), page(model, asked), "at {}", number);
                for name in ["g/ks/a/o001", "g/ks/a-b/o010"] {
                    let key = Key::new(name);
                    let before = contents.before(&key, &window, place).expect("an object");
                    prop_assert_eq!(before.map(|o| o.revision()), model.get(&key).map(|o| o.revision()));
                }
            }
        }
    }
}
