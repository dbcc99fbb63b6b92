//! What may take long leaves the task of its connection, where the other requests of the connection would wait for it.

use http_body::Body as _;

use super::Routes;
use crate::request::{Request, Verb};

/// A body that is read and judged in no time.
const SHORT: u64 = 64 << 10;

/// Steps aside, unless it is one stored object that is asked for or written, or a watch without a beginning. Whoever
/// finds that object to be large does it then.
pub(super) async fn step(routes: &Routes, request: &Request) {
    if !is_short(routes, request) {
        request.aside.step().await;
    }
}

/// Asked for, or as it was before one could ask.
fn begins_with_what_is_there(request: &Request) -> bool {
    let from = request.query.get("resourceVersion").unwrap_or_default();
    request.query.get("sendInitialEvents").is_some() || matches!(from, "" | "0")
}

fn is_short(routes: &Routes, request: &Request) -> bool {
    let bounded = match request.info.verb {
        Verb::Get | Verb::Create | Verb::Update | Verb::Patch | Verb::Delete => true,
        Verb::Watch => !begins_with_what_is_there(request),
        Verb::List | Verb::DeleteCollection | Verb::Other(_) => false,
    };
    let small = request.body.size_hint().upper().is_some_and(|length| length <= SHORT);
    bounded && small && routes.is_stored(&request.info)
}
