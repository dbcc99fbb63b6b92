//! A panic ends one request, not the server.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use http::StatusCode;

use super::Refusal;
use crate::respond::Response;

/// Runs a request. Its state dies with it, so nothing broken is seen by others; shared state guards itself.
pub(super) async fn run(
    request: impl Future<Output = Result<Response, Refusal>>,
    audit_id: &str,
) -> Result<Response, Refusal> {
    AssertUnwindSafe(request).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("?");
        tracing::error!(audit_id, panic = text, "a request caused a panic");
        let text = "This request caused apiserver to panic. Look in the logs for details.";
        Err(Refusal::text(StatusCode::INTERNAL_SERVER_ERROR, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_in_the_words_of_go() {
        let refusal = run(async { panic!("broken") }, "id").await.expect_err("a refusal");
        assert_eq!(refusal.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
