//! A bearer token, judged by the cluster.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use kube::api::PostParams;
use kube::{Api, Client};

use crate::cluster::Answers;
use crate::cluster::answers::Parts;
use crate::request::User;

/// Asks the cluster whose a token is.
#[derive(Debug)]
pub(crate) struct TokenReviews {
    api: Api<TokenReview>,
    answers: Answers<Option<Arc<User>>>,
    keep: Duration,
}

const CAPACITY: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(10);

impl TokenReviews {
    pub(crate) fn new(client: Client, keep: Duration) -> Self {
        TokenReviews { api: Api::all(client), answers: Answers::new(CAPACITY), keep }
    }

    /// The user of a token; nobody when it is not believed, or the cluster could not say.
    pub(super) async fn user(&self, token: &str) -> Option<User> {
        let mut parts = Parts::new();
        parts.add(token);
        let answer = self.answers.get(parts.question(), || {
            let (api, keep, token) = (self.api.clone(), self.keep, token.to_owned());
            async move {
                match tokio::time::timeout(PATIENCE, ask(&api, token)).await {
                    Ok(Ok(user)) => (user.map(Arc::new), keep),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "a token could not be reviewed");
                        (None, Duration::ZERO)
                    }
                    Err(_) => (None, Duration::ZERO),
                }
            }
        });
        answer.wait().await.flatten().map(|user| User::clone(&user))
    }
}

/// The token of an `Authorization` header; nothing for other schemes.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let mut words = value.splitn(3, ' ');
    let scheme = words.next()?;
    let token = words.next().filter(|token| !token.is_empty())?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

async fn ask(api: &Api<TokenReview>, token: String) -> Result<Option<User>, kube::Error> {
    let spec = TokenReviewSpec { token, audiences: None };
    let review = TokenReview { spec, ..TokenReview::default() };
    let status = api.create(&PostParams::default(), &review).await?.status.unwrap_or_default();
    Ok(if status.authenticated == Some(true) { status.user.map(user) } else { None })
}

fn user(info: UserInfo) -> User {
    User {
        name: info.username.unwrap_or_default(),
        uid: info.uid.unwrap_or_default(),
        groups: info.groups.unwrap_or_default(),
        extra: info.extra.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_bearer_token_is_the_second_word() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("Bearer abc def", Some("abc")),
            ("Bearer  abc", None),
            ("Bearer", None),
            ("Basic abc", None),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(bearer(&headers), expected, "{value}");
        }
    }
}
