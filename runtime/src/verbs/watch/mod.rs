//! watch: what is there, then what changes, one line an event.

mod bookmarks;
mod feed;

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use tokio::time::Instant;

use super::failure;
use super::selection::{Selection, selectable};
use super::store::Store;
use crate::request::Request;
use crate::request::accept::{Offer, Shape, negotiate_request};
use crate::request::options::ListOptions;
use crate::respond::event::Events;
use crate::respond::lease::Pinned;
use crate::respond::table::IncludeObject;
use crate::respond::{ApiError, ApiResult, Body, Response, Streamed};
use crate::storage::view::{Changes, Objects, Scope};
use crate::storage::{At, Error, Revision, Start};
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
    let mut draining = request.draining.clone();
    // It may have to wait for what it begins with.
    let opened = tokio::select! {
        biased;
        opened = open(store, namespace, &options) => opened?,
        _ = draining.wait_for(|draining| *draining) => {
            return Err(ApiError::service_unavailable("apiserver is shutting down", 1));
        }
    };
    let (events, selection) =
        (Events::new(&store.kind, form.shape, include), Selection::new(&store.kind, &options));
    let feed = feed(&options, events, selection, opened, request.draining);
    let (deadline, pinned) = (feed.deadline, feed.pinned.clone());
    let lines = stream::unfold(feed, |mut feed| async move { Some((feed.next().await?, feed)) });
    let mut response = Response::new(Body::Stream(Streamed::events(lines, Some(deadline)).pinning(pinned)));
    *response.status_mut() = StatusCode::OK;
    let media = HeaderValue::from_static(form.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}

/// The lines to come of a watch that begins now.
fn feed(
    options: &ListOptions,
    events: Events,
    selection: Selection,
    opened: Opened,
    mut draining: tokio::sync::watch::Receiver<bool>,
) -> Feed {
    let now = Instant::now();
    let deadline = now + duration(options);
    let bookmarks = options.allow_watch_bookmarks.then(|| Bookmarks::new(now, deadline));
    let next = bookmarks.as_ref().map_or(deadline, |bookmarks| bookmarks.due().min(deadline));
    let pinned = (!opened.initial.is_empty()).then(Pinned::new);
    Feed {
        plain: events.are_whole(),
        events,
        selection,
        initial: opened.initial,
        rest: Bytes::new(),
        pinned,
        initial_end: opened.initial_end.filter(|_| options.allow_watch_bookmarks),
        skip_through: opened.skip_through,
        source: opened.source,
        reached: opened.reached,
        asked: opened.asked,
        deadline,
        bookmarks,
        // The sender is gone only with the server itself.
        draining: Box::pin(async move { drop(draining.wait_for(|draining| *draining).await) }),
        timer: Box::pin(tokio::time::sleep_until(next)),
    }
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
    /// The revision of what was there, where that comes first.
    initial_end: Option<Revision>,
    /// The changes, or why there will be none: told in the stream.
    source: Result<Changes, Error>,
    skip_through: Option<Revision>,
    reached: Option<Revision>,
    asked: Option<Revision>,
}

impl Opened {
    /// Behind a revision, with nothing before.
    fn at(asked: Option<Revision>, source: Result<Changes, Error>) -> Opened {
        let (initial, initial_end, skip_through) = (Objects::none(), None, None);
        Opened { initial, initial_end, source, skip_through, reached: asked, asked }
    }
}

async fn open(store: &Store, namespace: &str, options: &ListOptions) -> ApiResult<Opened> {
    let selection = Selection::new(&store.kind, options);
    let scope = scope(store, namespace, &selection);
    let failed = |error: Error| failure::answer(&error, store.resource(), "");
    let asked = revision(options)?;
    if options.send_initial_events == Some(true) {
        return begin_with_what_is_there(store, &scope, options, asked).await.map_err(failed);
    }
    let Some(asked) = asked else {
        let source = store.view.watch(&scope, Start::Now).await.map_err(failed)?;
        return Ok(Opened::at(None, Ok(source)));
    };
    match store.view.watch(&scope, Start::After(asked)).await {
        // It is waited for in the stream.
        Err(Error::Future { .. }) => ahead(store, &scope, asked).await.map_err(failed),
        source => behind(asked, source).map_err(failed),
    }
}

/// A watch behind a revision; that it is forgotten is told in the stream.
fn behind(asked: Revision, source: Result<Changes, Error>) -> Result<Opened, Error> {
    match source {
        source @ (Ok(_) | Err(Error::Compacted { .. })) => Ok(Opened::at(Some(asked), source)),
        Err(error) => Err(error),
    }
}

/// A watch that begins with what is there, which is not older than what was asked for.
async fn begin_with_what_is_there(
    store: &Store,
    scope: &Scope,
    options: &ListOptions,
    asked: Option<Revision>,
) -> Result<Opened, Error> {
    let at = match (asked, options.resource_version.as_str()) {
        (Some(revision), _) => At::NotBefore(revision),
        (None, "") => At::Latest,
        (None, _) => At::Any,
    };
    let read = match store.view.objects(scope, at).await {
        Err(error @ Error::Future { .. }) => return Ok(Opened::at(asked, Err(error))),
        read => read?,
    };
    let source = store.view.watch(scope, Start::After(read.at)).await?;
    Ok(Opened {
        initial: read.value.into_iter(),
        initial_end: Some(read.at),
        source: Ok(source),
        skip_through: None,
        reached: Some(read.at),
        asked: None,
    })
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
async fn ahead(store: &Store, scope: &Scope, asked: Revision) -> Result<Opened, Error> {
    let from_now = store.view.watch(scope, Start::Now).await?;
    // Others may have written past it meanwhile: what lies between would be lost.
    match store.view.watch(scope, Start::After(asked)).await {
        Err(Error::Future { .. }) => {
            Ok(Opened { skip_through: Some(asked), ..Opened::at(Some(asked), Ok(from_now)) })
        }
        source => behind(asked, source),
    }
}
