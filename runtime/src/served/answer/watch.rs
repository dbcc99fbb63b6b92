//! watch of a served kind: the source writes changes, the response reads them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

use super::{Source, unserved};
use crate::kind::Kind;
use crate::object::Tree;
use crate::request::info::ResourceInfo;
use crate::request::options::ListOptions;
use crate::request::{Request, accept};
use crate::respond::event::{self, Events};
use crate::respond::list::Item;
use crate::respond::table::IncludeObject;
use crate::respond::{ApiError, ApiResult, Body, Chunks, Response, Streamed};
use crate::served::events::{Change, Sink};
use crate::served::{Answer, Context, Query, WatchFrom};
use crate::verbs::selection::{Selection, selectable};
use crate::verbs::watch;

pub(super) fn watch(source: Source<'_>, request: &Request, info: &ResourceInfo) -> ApiResult<Response> {
    let verb = Arc::clone(source.verbs.watch.as_ref().ok_or_else(unserved)?);
    let form = accept::negotiate_request(&request.head.headers, &request.query, accept::Offer::Watch)?;
    let name = Some(info.name.as_str()).filter(|name| !name.is_empty());
    let fields = selectable(source.kind);
    let options = ListOptions::parse_without_initial_events(&request.query, &fields, name)?;
    let (cx, query) = (Context::new(request, false), Query::new(&options));
    let from = match options.resource_version.as_str() {
        "" | "0" => WatchFrom::Start,
        revision => WatchFrom::After(revision.to_owned()),
    };
    let end = Instant::now() + watch::duration(&options);
    let (sink, changes) = Sink::new();
    let watching = Watching {
        source: Some(Box::pin(async move { verb.watch(&cx, &query, from, sink).await })),
        changes,
        draining: request.draining.clone(),
        writer: Writer {
            kind: Arc::clone(source.kind),
            selection: Selection::new(source.kind, &options),
            events: Events::new(source.kind, form.shape, IncludeObject::parse(&request.query)?),
            bookmarks: options.allow_watch_bookmarks,
        },
        failure: None,
    };
    let lines = stream::unfold(watching, |mut watching| async move {
        let line = watching.next().await?;
        Some((line, watching))
    });
    let mut response = Response::new(Body::Stream(Streamed::events(lines, Some(end))));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    Ok(response)
}

/// One watch: the source at work and what it has written. Its lease ends it.
struct Watching {
    source: Option<Pin<Box<dyn Future<Output = Answer<()>> + Send>>>,
    changes: Receiver<Change>,
    draining: tokio::sync::watch::Receiver<bool>,
    writer: Writer,
    failure: Option<ApiError>,
}

impl Watching {
    /// The next line, or nothing when the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let working = self.source.is_some();
            let source = async {
                match self.source.as_mut() {
                    Some(source) => source.await,
                    None => Ok(()),
                }
            };
            tokio::select! {
                biased;
                _ = self.draining.wait_for(|draining| *draining) => return None,
                change = self.changes.recv() => match change {
                    Some(change) => if let Some(line) = self.writer.line(change) { return Some(line) },
                    None => return self.failure.take().map(|failure| event::error(failure.status())),
                },
                done = source, if working => {
                    self.source = None;
                    self.failure = done.err();
                }
            }
        }
    }
}

/// Changes become lines.
struct Writer {
    kind: Arc<Kind>,
    selection: Selection,
    events: Events,
    bookmarks: bool,
}

impl Writer {
    /// The line of a change; nothing for what is not asked for.
    fn line(&mut self, change: Change) -> Option<Bytes> {
        let mut out = Chunks::default();
        let (change, tree) = match change {
            Change::Added(tree) => (event::Change::Added, tree),
            Change::Modified(tree) => (event::Change::Modified, tree),
            Change::Deleted(tree) => (event::Change::Deleted, tree),
            Change::Bookmark(_) if !self.bookmarks => return None,
            Change::Bookmark(revision) => {
                self.events.bookmark(&mut out, &revision, jiff::Timestamp::now());
                return Some(out.into_bytes());
            }
        };
        let object = match super::object(&self.kind, &tree) {
            Ok(object) => object,
            Err(failure) => return Some(event::error(failure.status())),
        };
        if !self.selection.matches(&object) {
            return None;
        }
        let revision = tree.at(&["metadata", "resourceVersion"]).and_then(Tree::as_str).unwrap_or_default();
        self.events.change(&mut out, change, revision, Item::from(&object), jiff::Timestamp::now());
        Some(out.into_bytes())
    }
}
