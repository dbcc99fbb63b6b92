//! A list, then a watch from there, and again from the start when that breaks.

use std::fmt::Debug;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{ListParams, WatchParams};
use kube::core::WatchEvent;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

/// What happened to objects that are followed.
#[derive(Debug)]
pub(super) enum Change<K> {
    /// These are all there are.
    All(Vec<K>),
    /// This is new, or changed.
    Applied(K),
    /// This is gone.
    Deleted(K),
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Follows objects for ever; trouble is logged and tried again, more and more seldom.
pub(super) async fn follow<K>(api: Api<K>, what: &str, fields: Option<&str>, mut on: impl FnMut(Change<K>))
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut pause = SHORTEST_PAUSE;
    loop {
        let mut listed = false;
        let ended = once(&api, fields, |change| {
            listed = true;
            on(change);
        });
        let Err(error) = ended.await;
        if listed {
            pause = SHORTEST_PAUSE;
            tracing::debug!("following {what} starts over: {error}");
        } else {
            tracing::warn!("{what} cannot be listed; trying again: {error}");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Follows until something breaks.
async fn once<K>(
    api: &Api<K>,
    fields: Option<&str>,
    mut on: impl FnMut(Change<K>),
) -> Result<std::convert::Infallible, String>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let (mut listing, mut watching) = (ListParams::default(), WatchParams::default());
    if let Some(fields) = fields {
        (listing, watching) = (listing.fields(fields), watching.fields(fields));
    }
    let list = api.list(&listing).await.map_err(|error| error.to_string())?;
    let mut revision = list.metadata.resource_version.unwrap_or_default();
    on(Change::All(list.items));
    loop {
        let events = api.watch(&watching, &revision).await.map_err(|error| error.to_string())?;
        let mut events = std::pin::pin!(events);
        // A watch ends after some minutes; the next one goes on behind it.
        while let Some(event) = events.next().await {
            let change = match event.map_err(|error| error.to_string())? {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => Change::Applied(object),
                WatchEvent::Deleted(object) => Change::Deleted(object),
                WatchEvent::Bookmark(bookmark) => {
                    revision = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(status.message.clone()),
            };
            if let Change::Applied(object) | Change::Deleted(object) = &change {
                revision = object.resource_version().unwrap_or_default();
            }
            on(change);
        }
    }
}
