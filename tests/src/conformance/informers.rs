//! client-go's informers hold what the server holds, also after the server was away.

use super::Subject;
use crate::control_plane::informer::{Held, INFORMERS, Informer};
use crate::control_plane::server::Server;
use crate::wait::wait_for;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams};

/// First list and watch, with and without a list that arrives as a watch.
pub async fn check(subject: &Subject<'_>) {
    for watch_list in [true, false] {
        let namespace = subject.plane.namespace("informed").await;
        subject.create(&namespace, "before").await;
        let mut informer = start(subject, &namespace, watch_list).await;
        subject.create(&namespace, "after").await;
        wait_in_step(subject, &namespace, &mut informer).await;
    }
}

/// How the server goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By SIGTERM, and it ends by itself. A Go server keeps its watches open for a minute then.
    Asked,
    /// By SIGKILL.
    Killed,
}

/// Objects come and go before and after the server was away; the informers run all the time.
pub async fn check_through_a_restart(subject: &Subject<'_>, server: &mut Server, end: End) {
    let namespace = subject.plane.namespace("restarted").await;
    for name in ["kept", "removed"] {
        subject.create(&namespace, name).await;
    }
    let mut informers = [start(subject, &namespace, true).await, start(subject, &namespace, false).await];
    match end {
        End::Asked => server.stop().await,
        End::Killed => server.component().kill(),
    }
    server.start_again().await;
    server.wait_available(subject.plane).await;
    // Go's server takes calls before it has read whom to trust, and takes everybody for anonymous until then.
    wait_for("the server to know its callers again", async || {
        subject.api(&namespace).list(&ListParams::default()).await.map(drop)
    })
    .await;
    subject.create(&namespace, "added").await;
    let deleted = subject.api(&namespace).delete("removed", &DeleteParams::default()).await;
    deleted.expect("deleting an object after the restart");
    for informer in &mut informers {
        wait_in_step(subject, &namespace, informer).await;
    }
}

async fn start(subject: &Subject<'_>, namespace: &str, watch_list: bool) -> Informer {
    let resource = format!("{}/{}/{}", subject.group, subject.version, subject.plural);
    let mut informer = Informer::start(subject.plane.admin(), &resource, Some(namespace), watch_list).await;
    informer.wait_synced().await;
    informer
}

async fn wait_in_step(subject: &Subject<'_>, namespace: &str, informer: &mut Informer) {
    let listed = subject.api(namespace).list(&ListParams::default()).await;
    let listed = listed.unwrap_or_else(|error| panic!("listing {}: {error}", subject.resource()));
    let revision = |object: &kube::api::DynamicObject| object.resource_version().unwrap_or_default();
    let expected = listed.items.iter().map(|object| {
        let key = format!("{namespace}/{}", object.name_any());
        (key, revision(object))
    });
    let expected = expected.collect::<Held>();
    wait_for("the informers to hold what the server holds", async || {
        let held = informer.dump().await;
        match INFORMERS.iter().find(|name| held[**name] != expected) {
            Some(name) => Err(format!("{name} holds {:?}, the server {expected:?}", held[*name])),
            None => Ok(()),
        }
    })
    .await;
}
