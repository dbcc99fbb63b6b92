//! watch: what is there, then what changes, one line an event.

mod bookmarks;
mod feed;

use std::time::Duration;

use futures::stream;
use http::{HeaderValue, StatusCode, header};
use tokio::time::Instant;

use super::selection::{Selection, selectable};
use super::store::Store;
use super::{failure, list};
use crate::request::Request;
use crate::request::accept::{Offer, Shape, negotiate_request};
use crate::request::options::ListOptions;
use crate::respond::event::Events;
use crate::respond::table::IncludeObject;
use crate::respond::{ApiError, ApiResult, Body, Response, Streamed};
use crate::storage::view::{Changes, Objects, Scope};
use crate::storage::{Error, Revision, Start};
use bookmarks::Bookmarks;
use feed::Feed;

/// How long a watch lasts that does not say it: between this and twice as much.
const LEAST: Duration = Duration::from_secs(30 * 60);
/// Clients ask for the largest number there is; clocks cannot count that far.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Answers the changes that are selected.
pub(super) async fn watch(
    store: &Store,
    request: Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Response> {
    let form = negotiate_request(&request.head.headers, &request.query, Offer::Watch)?;
    let include = match form.shape {
        Shape::Table(_) => IncludeObject::parse(&request.query)?,
        _ => IncludeObject::default(),
    };
    let name = Some(name).filter(|name| !name.is_empty());
    let options = ListOptions::parse(&request.query, &selectable(&store.kind), name)?;
    let opened = open(store, namespace, &options).await?;
    let now = Instant::now();
    let deadline = now + duration(&options);
    let bookmarks = options.allow_watch_bookmarks.then(|| Bookmarks::new(now, deadline));
    let feed = Feed {
        events: Events::new(&store.kind, form.shape, include),
        plain: form.shape == Shape::Object,
        selection: Selection::new(&store.kind, &options),
        initial: opened.initial,
        skip_through: opened.skip_through,
        source: opened.source,
        reached: opened.reached,
        asked: opened.asked,
        deadline,
        bookmarks,
        draining: request.draining,
    };
    let lines = stream::unfold(feed, |mut feed| async move { Some((feed.next().await?, feed)) });
    let mut response = Response::new(Body::Stream(Streamed::events(lines, Some(deadline))));
    *response.status_mut() = StatusCode::OK;
    let media = HeaderValue::from_static(form.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}

/// How long a watch lasts: what was asked, or half an hour to an hour.
pub(crate) fn duration(options: &ListOptions) -> Duration {
    match options.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok()) {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds).min(LONGEST),
        _ => LEAST + jitter(LEAST),
    }
}

/// Anything up to `most`, so that watches begun together do not end together.
fn jitter(most: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() & 0xffff;
    #[allow(clippy::cast_possible_truncation, reason = "sixteen bits")]
    let share = random as u32;
    most * share / 0x1_0000
}

/// Where a watch begins.
struct Opened {
    initial: Objects,
    /// The changes, or why there will be none: told in the stream.
    source: Result<Changes, Error>,
    skip_through: Option<Revision>,
    reached: Option<Revision>,
    asked: Option<Revision>,
}

async fn open(store: &Store, namespace: &str, options: &ListOptions) -> ApiResult<Opened> {
    let selection = Selection::new(&store.kind, options);
    let scope = scope(store, namespace, &selection);
    let failed = |error: Error| failure::answer(&error, store.resource(), "");
    let asked = revision(options)?;
    let Some(asked) = asked else {
        // No revision, or 0: what is there comes first.
        let everything = ListOptions {
            labels: options.labels.clone(),
            fields: options.fields.clone(),
            resource_version: options.resource_version.clone(),
            ..ListOptions::default()
        };
        let listed = list::page(store, namespace, &everything).await?;
        let source = store.view.watch(&scope, Start::After(listed.revision)).await.map_err(failed)?;
        return Ok(Opened {
            initial: listed.items.into_iter(),
            source: Ok(source),
            skip_through: None,
            reached: Some(listed.revision),
            asked: None,
        });
    };
    let (source, skip_through) = match store.view.watch(&scope, Start::After(asked)).await {
        // It is waited for in the stream.
        Err(Error::Future { .. }) => ahead(store, &scope, asked).await.map_err(failed)?,
        Err(error @ Error::Compacted { .. }) => (Err(error), None),
        Err(error) => return Err(failed(error)),
        Ok(source) => (Ok(source), None),
    };
    Ok(Opened { initial: Objects::none(), source, skip_through, reached: Some(asked), asked: Some(asked) })
}

/// The narrowest scope of what is selected.
fn scope(store: &Store, namespace: &str, selection: &Selection) -> Scope {
    let namespace = selection.namespace(namespace);
    match selection.name() {
        Some(name) if !store.kind.namespaced() => Scope::Of(store.key("", name)),
        Some(name) if !namespace.is_empty() => Scope::Of(store.key(namespace, name)),
        _ => Scope::Under(store.prefix(namespace)),
    }
}

/// The revision to begin behind; one that is no number is a 500, as in Go.
fn revision(options: &ListOptions) -> ApiResult<Option<Revision>> {
    let number = options.revision().map_err(|error| {
        let text = error.message().trim_start_matches("invalid resource version: ").to_owned();
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "", text)
    })?;
    Ok(number.and_then(Revision::new))
}

/// A watch from a revision that is not there yet: from now on, passing over what was not asked for.
async fn ahead(
    store: &Store,
    scope: &Scope,
    asked: Revision,
) -> Result<(Result<Changes, Error>, Option<Revision>), Error> {
    let from_now = store.view.watch(scope, Start::Now).await?;
    // Others may have written past it meanwhile: what lies between would be lost.
    match store.view.watch(scope, Start::After(asked)).await {
        Ok(source) => Ok((Ok(source), None)),
        Err(_) => Ok((Ok(from_now), Some(asked))),
    }
}
