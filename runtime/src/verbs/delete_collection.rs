//! deletecollection: every object that is selected, one by one.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;

use super::delete;
use super::list::{self, Listed};
use super::present::Wanted;
use super::selection::selectable;
use super::store::Store;
use crate::request::options::{DeleteOptions, ListOptions};
use crate::request::{Aside, Request};
use crate::respond::{ApiError, ApiResult, Response};
use crate::storage::view::Slices;

/// How many objects are read at once.
const PAGE: u64 = 10_000;
/// How many are deleted at once: enough that they share the store's commits.
const AT_ONCE: usize = 32;

/// Deletes what is selected and answers the list of it.
pub(super) async fn delete_collection(
    store: &Store,
    request: Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Response> {
    let wanted = Wanted::by(&request)?;
    let name = Some(name).filter(|name| !name.is_empty());
    let mut selected = ListOptions::parse(&request.query, &selectable(&store.kind), name)?;
    let options = delete::options(request).await?;
    let limited = selected.limit > 0;
    if !limited {
        selected.limit = PAGE;
    }
    let mut whole: Option<Listed> = None;
    loop {
        let mut page = list::page(store, namespace, &selected).await?;
        delete_all(store, &page.items, &options).await?;
        selected.continue_token = std::mem::take(&mut page.continue_token);
        selected.resource_version.clear();
        selected.resource_version_match = None;
        if limited {
            page.continue_token.clone_from(&selected.continue_token);
        }
        let done = limited || selected.continue_token.is_empty();
        match &mut whole {
            Some(whole) => whole.items.append(page.items),
            none => *none = Some(page),
        }
        if let Some(listed) = whole.take_if(|_| done) {
            return wanted.list(&store.kind, &listed.meta(), listed.items);
        }
    }
}

/// Deletes the objects; those that went meanwhile are no failure.
async fn delete_all(store: &Store, items: &Slices, options: &DeleteOptions) -> ApiResult<()> {
    // Owned, or the compiler does not see that this future can move between threads.
    stream::iter(items.clone())
        .map(|object| async move {
            // The request has left its connection already.
            let aside = Aside::default();
            match delete::one(store, &aside, object.namespace(), object.name(), options).await {
                Err(error) if error.code() != StatusCode::NOT_FOUND => Err::<(), ApiError>(error),
                _ => Ok(()),
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}
