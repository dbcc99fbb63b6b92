//! Pages out of ordered rows.

use bytes::Bytes;

use super::super::{At, Error, Key, Page, Query, Read, Result, Revision, Stored};

pub(super) struct Row<'a> {
    pub(super) key: &'a Key,
    pub(super) revision: Revision,
    pub(super) value: &'a Bytes,
}

/// The page that a query asks for, from the rows where it begins.
pub(super) fn page<'a>(rows: impl Iterator<Item = Row<'a>>, query: &Query) -> Page {
    let mut rows = rows.peekable();
    let mut page = Page::default();
    let mut bytes = 0;
    while let Some(row) = rows.next_if(|row| fits(query, page.items.len(), bytes + row.value.len())) {
        bytes += row.value.len();
        let (key, value) = (row.key.clone(), row.value.clone());
        page.items.push(Stored { key, revision: row.revision, value, stale: false });
    }
    page.more = rows.peek().is_some();
    page.remaining = query.count.then(|| rows.count() as u64);
    page
}

fn fits(query: &Query, items: usize, bytes: usize) -> bool {
    (query.limit == 0 || items < query.limit)
        && (query.max_bytes == 0 || items == 0 || bytes <= query.max_bytes)
}

/// The whole page, read in parts of one revision, so that a long list keeps nobody waiting.
pub(super) fn in_chunks(
    query: &Query,
    chunk: usize,
    read: impl Fn(&Query) -> Result<Read<Page>>,
) -> Result<Read<Page>> {
    let short = query.limit != 0 && query.limit <= chunk;
    if short || query.max_bytes != 0 {
        return read(query);
    }
    let mut whole = read(&Query { limit: chunk, count: false, ..query.clone() })?;
    while whole.value.more && (query.limit == 0 || whole.value.items.len() < query.limit) {
        let next = match read(&following(query, &whole, chunk)) {
            // Compacted between two parts: in one go then.
            Err(Error::Compacted { .. }) if !matches!(query.at, At::Exactly(_)) => return read(query),
            next => next?.value,
        };
        whole.value.items.extend(next.items);
        whole.value.more = next.more;
        whole.value.remaining = next.remaining;
    }
    if query.count && !whole.value.more {
        whole.value.remaining = Some(0);
    }
    Ok(whole)
}

/// The part behind what was read. Only the last part counts what follows.
fn following(query: &Query, whole: &Read<Page>, chunk: usize) -> Query {
    let items = &whole.value.items;
    let last = items.last().and_then(|item| item.key.under(&query.prefix)).unwrap_or_default();
    let missing = if query.limit == 0 { usize::MAX } else { query.limit - items.len() };
    Query {
        from: Some(format!("{last}\0").into()),
        limit: missing.min(chunk),
        at: At::Exactly(whole.at),
        count: query.count && missing <= chunk,
        ..query.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    use super::super::super::{Prefix, Write};
    use super::super::{Retention, Stage, State};
    use super::*;

    fn ten() -> State {
        let retention = Retention { age: Duration::MAX, bytes: usize::MAX };
        let mut state = State::empty(Revision::FIRST, retention);
        for name in "abcdefghij".chars() {
            write(&mut state, Write::create(Key::new(format!("g/r/{name}")), "value".into()));
        }
        state
    }

    fn write(state: &mut State, write: Write) {
        let mut stage = Stage::default();
        stage.write(state, write).expect("the precondition holds");
        state.apply(stage.events(), Instant::now());
    }

    #[test]
    fn a_list_in_parts_is_the_list_in_one() {
        let state = ten();
        for limit in [0, 3, 4, 5, 9, 10, 11] {
            for from in [None, Some("c".into()), Some("c\0".into())] {
                let query = Query { from, limit, count: true, ..Query::all(Prefix::new("g/r/")) };
                let parts = in_chunks(&query, 3, |part| state.list(part)).expect("a list");
                let mut whole = state.list(&query).expect("a list");
                assert_eq!(parts.value.items, whole.value.items, "{query:?}");
                whole.value.items.clear();
                assert_eq!(Page { items: vec![], ..parts.value }, whole.value, "{query:?}");
            }
        }
    }

    #[test]
    fn a_list_in_parts_is_of_one_revision_or_read_again() {
        for compacting in [false, true] {
            let state = std::cell::RefCell::new(ten());
            let parts = Cell::new(0);
            let read = |part: &Query| {
                let page = state.borrow().list(part);
                if parts.replace(parts.get() + 1) == 0 {
                    let last = state.borrow().current("g/r/j").expect("there");
                    write(&mut state.borrow_mut(), Write::delete(last.key, last.revision));
                    if compacting {
                        let now = state.borrow().revision();
                        state.borrow_mut().compact(now);
                    }
                }
                page
            };
            let list = in_chunks(&Query::all(Prefix::new("g/r/")), 3, read).expect("a list");
            assert_eq!(list.value.items.len(), if compacting { 9 } else { 10 });
            assert_eq!(list.at.get(), if compacting { 12 } else { 11 });
        }
    }
}
