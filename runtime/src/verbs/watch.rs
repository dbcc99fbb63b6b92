//! watch: what is there, then what changes, one line an event.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use tokio::time::Instant;

use super::selection::{Selection, selectable};
use super::store::Store;
use super::{failure, list};
use crate::object::Object;
use crate::request::Request;
use crate::request::accept::{Offer, Shape, negotiate_request};
use crate::request::options::ListOptions;
use crate::respond::event::{self, Events};
use crate::respond::list::Item;
use crate::respond::table::IncludeObject;
use crate::respond::{ApiError, ApiResult, Body, Chunks, Response};
use crate::storage::view::{Change, ChangeKind, Changes};
use crate::storage::{Error, Revision, Start};

/// How long a watch lasts that does not say it: between this and twice as much.
const LEAST: Duration = Duration::from_secs(30 * 60);
/// About how often a quiet watch is told how far it is.
const BOOKMARKS: Duration = Duration::from_secs(60);
/// How long before the end it is told for the last time.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);
/// About how many bytes are sent at once.
const CHUNK: usize = 64 << 10;

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
    let mut response = Response::new(Body::Stream(Box::pin(lines)));
    *response.status_mut() = StatusCode::OK;
    let media = HeaderValue::from_static(form.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}

fn duration(options: &ListOptions) -> Duration {
    match options.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok()) {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds),
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
    initial: VecDeque<Arc<Object>>,
    /// The changes, or why there will be none: told in the stream.
    source: Result<Changes, Error>,
    skip_through: Option<Revision>,
    reached: Option<Revision>,
    asked: Option<Revision>,
}

async fn open(store: &Store, namespace: &str, options: &ListOptions) -> ApiResult<Opened> {
    let selection = Selection::new(&store.kind, options);
    let prefix = store.prefix(selection.namespace(namespace));
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
        let source = store.view.watch(&prefix, Start::After(listed.revision)).await.map_err(failed)?;
        return Ok(Opened {
            initial: listed.items.into(),
            source: Ok(source),
            skip_through: None,
            reached: Some(listed.revision),
            asked: None,
        });
    };
    let (source, skip_through) = match store.view.watch(&prefix, Start::After(asked)).await {
        // It is waited for in the stream.
        Err(Error::Future { .. }) => {
            (Ok(store.view.watch(&prefix, Start::Now).await.map_err(failed)?), Some(asked))
        }
        Err(error @ Error::Compacted { .. }) => (Err(error), None),
        Err(error) => return Err(failed(error)),
        Ok(source) => (Ok(source), None),
    };
    Ok(Opened { initial: VecDeque::new(), source, skip_through, reached: Some(asked), asked: Some(asked) })
}

/// The revision to begin behind; one that is no number is a 500, as in Go.
fn revision(options: &ListOptions) -> ApiResult<Option<Revision>> {
    let number = options.revision().map_err(|error| {
        let text = error.message().trim_start_matches("invalid resource version: ").to_owned();
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "", text)
    })?;
    Ok(number.and_then(Revision::new))
}

/// One watch: polled by its connection, and nothing else runs for it.
struct Feed {
    events: Events,
    /// Whole objects: lines are shared with other watches.
    plain: bool,
    selection: Selection,
    initial: VecDeque<Arc<Object>>,
    source: Result<Changes, Error>,
    /// Changes up to here were not asked for.
    skip_through: Option<Revision>,
    reached: Option<Revision>,
    asked: Option<Revision>,
    deadline: Instant,
    bookmarks: Option<Bookmarks>,
    draining: tokio::sync::watch::Receiver<bool>,
}

/// When bookmarks are due.
struct Bookmarks {
    next: Instant,
    last: Option<Instant>,
}

impl Bookmarks {
    fn new(now: Instant, deadline: Instant) -> Self {
        let last = deadline.checked_sub(LAST_BOOKMARK).filter(|last| *last > now);
        Bookmarks { next: now + Bookmarks::pause(), last }
    }

    /// About a minute, give or take a quarter.
    fn pause() -> Duration {
        BOOKMARKS * 3 / 4 + jitter(BOOKMARKS / 2)
    }

    fn due(&self) -> Instant {
        self.last.map_or(self.next, |last| last.min(self.next))
    }

    fn told(&mut self, now: Instant) {
        self.last = self.last.filter(|last| *last > now);
        self.next = now + Bookmarks::pause();
    }
}

/// What ended the wait for the next line.
enum Woken {
    Step(Option<crate::storage::Result<crate::storage::view::Step>>),
    Bookmark,
    End,
}

impl Feed {
    /// The next lines; nothing at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.initial.is_empty() {
            return Some(self.initial_lines());
        }
        loop {
            let woken = self.wake().await;
            let now = Instant::now();
            match woken {
                Woken::End | Woken::Step(None) => return None,
                Woken::Bookmark => {
                    if let Some(line) = self.bookmark(now) {
                        return Some(line);
                    }
                }
                Woken::Step(Some(Err(error))) => return Some(self.failed(error)),
                Woken::Step(Some(Ok(step))) => {
                    let lines = self.lines(&step.changes);
                    self.reached = self.reached.max(Some(step.through));
                    if let Some(lines) = lines {
                        return Some(lines);
                    }
                }
            }
        }
    }

    async fn wake(&mut self) -> Woken {
        let source = match &mut self.source {
            Ok(source) => source,
            Err(Error::Unknown { .. }) => return Woken::End,
            Err(error) => return Woken::Step(Some(Err(error.clone()))),
        };
        let bookmark = async {
            match &self.bookmarks {
                Some(bookmarks) => tokio::time::sleep_until(bookmarks.due()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // The sender is gone only with the server itself.
            _ = self.draining.wait_for(|draining| *draining) => Woken::End,
            () = tokio::time::sleep_until(self.deadline) => Woken::End,
            step = source.next() => Woken::Step(step),
            () = bookmark => Woken::Bookmark,
        }
    }

    /// Some of what was there at the beginning.
    fn initial_lines(&mut self) -> Bytes {
        let mut out = Chunks::default();
        let now = jiff::Timestamp::now();
        while out.len() < CHUNK
            && let Some(object) = self.initial.pop_front()
        {
            let version = object.resource_version();
            self.events.change(&mut out, event::Change::Added, &version, Item::from(&*object), now);
        }
        out.into_bytes()
    }

    /// The lines of the changes that are selected.
    fn lines(&mut self, changes: &[Arc<Change>]) -> Option<Bytes> {
        let mut lines: Vec<Bytes> = Vec::new();
        for change in changes {
            if self.skip_through.is_some_and(|through| change.revision() <= through) {
                continue;
            }
            let selection = &self.selection;
            let Some((kind, object)) = change.seen(|object| selection.matches(object)) else { continue };
            let events = &mut self.events;
            let line = if self.plain {
                change.line(kind, || line(events, kind, object))
            } else {
                line(events, kind, object)
            };
            lines.push(line);
        }
        match lines.len() {
            0 => None,
            1 => lines.pop(),
            _ => Some(lines.concat().into()),
        }
    }

    fn bookmark(&mut self, now: Instant) -> Option<Bytes> {
        if let Some(bookmarks) = &mut self.bookmarks {
            bookmarks.told(now);
        }
        let reached = self.reached?;
        let mut out = Chunks::default();
        self.events.bookmark(&mut out, &reached.to_string(), jiff::Timestamp::now());
        Some(out.into_bytes())
    }

    /// The line that ends a watch in the middle.
    fn failed(&mut self, error: Error) -> Bytes {
        // Whatever it was, the next turn is the end.
        self.source = Err(Error::Unknown { why: "the watch has ended".to_owned() });
        let error = match error {
            Error::Compacted { asked, oldest } => {
                ApiError::watch_expired(self.asked.unwrap_or(asked).get(), oldest.get())
            }
            error => ApiError::internal(error),
        };
        event::error(error.status())
    }
}

fn line(events: &mut Events, kind: ChangeKind, object: &Object) -> Bytes {
    let change = match kind {
        ChangeKind::Added => event::Change::Added,
        ChangeKind::Modified => event::Change::Modified,
        ChangeKind::Deleted => event::Change::Deleted,
    };
    let mut out = Chunks::default();
    let version = object.resource_version();
    events.change(&mut out, change, &version, Item::from(object), jiff::Timestamp::now());
    out.into_bytes()
}
