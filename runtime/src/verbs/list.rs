//! list: the objects of a namespace or of the cluster, whole or page by page.

use super::failure;
use super::present::Wanted;
use super::selection::{Selection, selectable};
use super::store::Store;
use crate::request::Request;
use crate::request::continuation::{self, Continuation};
use crate::request::options::{ListOptions, VersionMatch};
use crate::respond::list::ListMeta;
use crate::respond::{ApiError, ApiResult, Response};
use crate::storage::view::Slices;
use crate::storage::{At, Error, Prefix, Query, Revision};

/// What a list answers, before it is given a form.
#[derive(Debug)]
pub struct Listed {
    /// The objects, in the byte order of their keys.
    pub items: Slices,
    /// The revision of the list: the first page's.
    pub revision: Revision,
    /// The token of the next page; empty when there is none.
    pub continue_token: String,
    /// How many objects follow the page, where that is known.
    pub remaining: Option<u64>,
}

impl Listed {
    /// The metadata of the list.
    #[must_use]
    pub fn meta(&self) -> ListMeta {
        ListMeta {
            resource_version: self.revision.to_string(),
            continue_token: self.continue_token.clone(),
            remaining: self.remaining,
        }
    }
}

/// Answers the objects that are selected.
pub(super) async fn list(
    store: &Store,
    request: &Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Response> {
    let wanted = Wanted::by(request)?;
    let name = Some(name).filter(|name| !name.is_empty());
    let options = ListOptions::parse(&request.query, &selectable(&store.kind), name)?;
    let listed = page(store, namespace, &options).await?;
    wanted.list(&store.kind, &listed.meta(), listed.items)
}

/// Reads one page, or everything without a limit.
pub(super) async fn page(store: &Store, namespace: &str, options: &ListOptions) -> ApiResult<Listed> {
    let selection = Selection::new(&store.kind, options);
    let scope = selection.namespace(namespace);
    let known_place = !store.kind.namespaced() || !scope.is_empty();
    match selection.name() {
        Some(name) if options.continue_token.is_empty() && known_place => {
            // A limit means nothing here, neither for how many nor for which revision.
            let plan = Plan::new(&ListOptions { limit: 0, ..options.clone() })?;
            one(store, &plan, scope, name, &selection).await
        }
        _ => many(store, &Plan::new(options)?, scope, &selection).await,
    }
}

/// How the options want the list read.
struct Plan {
    at: At,
    limit: usize,
    continuation: Option<Continuation>,
}

impl Plan {
    fn new(options: &ListOptions) -> ApiResult<Plan> {
        let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
        if !options.continue_token.is_empty() {
            let continuation = continuation::decode(&options.continue_token)?;
            if !matches!(options.resource_version.as_str(), "" | "0") {
                let text = "specifying resource version is not allowed when using continue";
                return Err(ApiError::bad_request(text));
            }
            let at = continuation.revision.and_then(Revision::new).map_or(At::Latest, At::Exactly);
            return Ok(Plan { at, limit, continuation: Some(continuation) });
        }
        let revision = options.revision()?;
        let (at, limit) = match (revision.map(Revision::new), options.resource_version_match) {
            (None, _) => (At::Latest, limit),
            // Anything will do, so a whole list from memory will.
            (Some(None), _) => (At::Any, 0),
            // A limit alone once meant exactly that revision, and still does.
            (Some(Some(revision)), wanted)
                if wanted == Some(VersionMatch::Exact) || wanted.is_none() && limit > 0 =>
            {
                (At::Exactly(revision), limit)
            }
            (Some(Some(revision)), _) => (At::NotBefore(revision), limit),
        };
        Ok(Plan { at, limit, continuation: None })
    }

    /// A failed read; an expired page says how to go on.
    fn failed(&self, error: &Error, store: &Store) -> ApiError {
        match (&self.continuation, error) {
            (Some(continuation), Error::Compacted { .. }) => continuation::expired(continuation),
            _ => failure::answer(error, store.resource(), ""),
        }
    }
}

/// A list that can hold one object only.
async fn one(
    store: &Store,
    plan: &Plan,
    namespace: &str,
    name: &str,
    selection: &Selection,
) -> ApiResult<Listed> {
    let key = store.key(if store.kind.namespaced() { namespace } else { "" }, name);
    let read = store.view.get(&key, plan.at).await.map_err(|error| plan.failed(&error, store))?;
    let items = read.value.into_iter().filter(|object| selection.matches(object)).collect();
    Ok(Listed { items, revision: read.at, continue_token: String::new(), remaining: None })
}

async fn many(store: &Store, plan: &Plan, namespace: &str, selection: &Selection) -> ApiResult<Listed> {
    /// Selectors may pass over many objects: read some more than asked.
    const LEAST: usize = 500;
    let everything = selection.is_everything();
    let prefix = store.prefix(namespace);
    let start = plan.continuation.as_ref().map(|continuation| continuation.start.as_str().into());
    let limit = if everything || plan.limit == 0 { plan.limit } else { plan.limit.max(LEAST) };
    let count = everything && plan.limit > 0;
    let mut query = Query { prefix, from: start, limit, max_bytes: 0, at: plan.at, count };
    let mut items = Slices::default();
    loop {
        let read = store.view.list(query.clone()).await.map_err(|error| plan.failed(&error, store))?;
        let (page, revision) = (read.value, read.at);
        let last = page.items.last().map(|object| object.key().clone());
        items.append(match everything {
            true => page.items,
            false => {
                let selected = page.items.into_iter().filter(|object| selection.matches(object));
                // One more says that more follows.
                let most = plan.limit.checked_sub(items.len()).filter(|most| *most > 0);
                selected.take(most.map_or(usize::MAX, |most| most.saturating_add(1))).collect()
            }
        });
        let cut = plan.limit > 0 && items.len() > plan.limit;
        items.truncate(if cut { plan.limit } else { usize::MAX });
        let full = plan.limit > 0 && items.len() == plan.limit;
        let more = cut || page.more;
        if !more || full {
            let remaining = page.remaining.filter(|_| more && count);
            let continue_token = if more { token(&items, &query.prefix, revision) } else { String::new() };
            return Ok(Listed { items, revision, continue_token, remaining });
        }
        let Some(last) = last else {
            return Err(ApiError::internal("the storage says that more follows an empty page"));
        };
        query.from = last.under(&query.prefix).map(|key| format!("{key}\0").into());
        query.at = At::Exactly(revision);
        if count {
            query.limit = plan.limit - items.len();
        } else if store.view.is_in_memory(query.at) {
            // What is selected is rare: the rest at once, which costs no more than the next of many pages.
            query.limit = 0;
        }
    }
}

fn token(items: &Slices, prefix: &Prefix, revision: Revision) -> String {
    let last = items.last().and_then(|object| object.key().under(prefix)).unwrap_or_default();
    continuation::encode(last, revision.get())
}
