//! Lists that are sets, or maps by key: no item twice.

use crate::object::{Map, Tree};
use crate::schema::node::ListKind;

/// Whether two items of a list map have the same keys.
pub(super) fn same_keys(keys: &[String], a: &Tree, b: &Tree) -> bool {
    keys.iter().all(|key| a.get(key) == b.get(key))
}

/// Whether an item stands twice. Short lists, which are most, are compared without a copy.
pub(super) fn has_duplicates(kind: &ListKind, items: &[Tree]) -> bool {
    if *kind == ListKind::Atomic || items.len() < 2 {
        return false;
    }
    if items.len() <= 16 {
        let equal = |a, b| compare(kind, a, b).is_eq();
        return items.iter().enumerate().any(|(index, a)| items[index + 1..].iter().any(|b| equal(a, b)));
    }
    let mut found = false;
    duplicates(kind, items, |_, _| found = true);
    found
}

/// Reports the second of each items that are the same: where it stands, and what is the same.
pub(super) fn duplicates(kind: &ListKind, items: &[Tree], mut report: impl FnMut(usize, Tree)) {
    // In order, equal items are neighbours: no comparison of each with each.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| compare(kind, &items[*a], &items[*b]).then(a.cmp(b)));
    let mut seconds = Vec::new();
    let mut run = 1;
    for pair in order.windows(2) {
        let same = compare(kind, &items[pair[0]], &items[pair[1]]).is_eq();
        run = if same { run + 1 } else { 1 };
        if run == 2 {
            seconds.push(pair[1]);
        }
    }
    seconds.sort_unstable();
    for index in seconds {
        report(index, identity(kind, &items[index]));
    }
}

fn compare(kind: &ListKind, a: &Tree, b: &Tree) -> std::cmp::Ordering {
    match kind {
        ListKind::Map(keys) => keys
            .iter()
            .map(|key| order(a.get(key).unwrap_or(&Tree::Null), b.get(key).unwrap_or(&Tree::Null)))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal),
        ListKind::Atomic | ListKind::Set => order(a, b),
    }
}

/// Any total order that holds equal values together.
fn order(a: &Tree, b: &Tree) -> std::cmp::Ordering {
    match (a, b) {
        (Tree::String(a), Tree::String(b)) => a.cmp(b),
        (Tree::Int(a), Tree::Int(b)) => a.cmp(b),
        _ if a == b => std::cmp::Ordering::Equal,
        _ => a.to_json().cmp(&b.to_json()),
    }
}

fn identity(kind: &ListKind, item: &Tree) -> Tree {
    match kind {
        ListKind::Map(keys) => {
            let known = keys.iter().filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
            Tree::Map(known.collect::<Map>())
        }
        ListKind::Atomic | ListKind::Set => item.clone(),
    }
}
