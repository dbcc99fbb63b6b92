//! Who asks: front proxy, then client certificate, then bearer token, then nobody in particular.
//!
//! The first that knows the caller decides. A credential that is present and not believed is a 401, unless another
//! one is believed; it never makes the caller anonymous. The order is that of apiserver `authenticatorfactory`.

mod chain;
mod client_certificate;
mod front_proxy;
mod sources;
mod token_review;
mod trust;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::request::User;
use crate::respond::ApiError;
use crate::transport::Peer;

pub(crate) use chain::Anchors;
pub(crate) use front_proxy::FrontProxy;
pub(crate) use sources::Sources;
pub(crate) use token_review::TokenReviews;
pub(crate) use trust::{Trust, Trusted};

/// Decides who asks.
#[derive(Debug)]
pub(crate) struct Authenticator {
    trusted: Arc<Trusted>,
    tokens: Option<TokenReviews>,
}

/// What the certificates of a connection are worth, as long as the trust is the same.
#[derive(Debug)]
pub(crate) struct Verdict {
    trust: Arc<Trust>,
    at: Instant,
    front_proxy: Opinion<()>,
    client: Opinion<User>,
}

/// What one method says of a credential.
#[derive(Debug)]
enum Opinion<T> {
    /// It is not meant for this method.
    None,
    /// It is believed.
    Yes(T),
    /// It is not believed.
    No,
}

/// After this long a certificate is looked at again, since it may have expired meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

impl Authenticator {
    /// Without reviews bearer tokens mean nothing.
    pub(crate) fn new(trusted: Arc<Trusted>, tokens: Option<TokenReviews>) -> Self {
        Authenticator { trusted, tokens }
    }

    /// The caller; the headers that say who it is are gone afterwards.
    pub(crate) async fn authenticate(&self, peer: &Peer, headers: &mut HeaderMap) -> Result<User, ApiError> {
        let trust = self.trusted.load();
        let mut refused = false;
        let mut user = None;
        if !peer.certificates.is_empty() {
            match self.by_certificate(&trust, peer, headers) {
                Opinion::Yes(found) => user = Some(found),
                Opinion::No => refused = true,
                Opinion::None => {}
            }
        }
        if user.is_none()
            && let (Some(tokens), Some(token)) = (&self.tokens, token_review::bearer(headers))
        {
            user = tokens.user(token).await;
            refused |= user.is_none();
        }
        front_proxy::strip(trust.front_proxy.as_ref(), headers);
        headers.remove(AUTHORIZATION);
        match user {
            Some(user) => Ok(with_authenticated(user)),
            None if refused => Err(ApiError::unauthorized()),
            None => Ok(User::anonymous()),
        }
    }

    fn by_certificate(&self, trust: &Arc<Trust>, peer: &Peer, headers: &HeaderMap) -> Opinion<User> {
        let verdict = peer.verdict(
            |verdict| Arc::ptr_eq(&verdict.trust, trust) && verdict.at.elapsed() < LOOK_AGAIN,
            || judge(trust, peer),
        );
        if let (Opinion::Yes(()), Some(proxy)) = (&verdict.front_proxy, &trust.front_proxy)
            && let Some(user) = proxy.identity(headers)
        {
            return Opinion::Yes(user);
        }
        match (&verdict.client, &verdict.front_proxy) {
            (Opinion::Yes(user), _) => Opinion::Yes(user.clone()),
            (Opinion::No, _) | (_, Opinion::No) => Opinion::No,
            _ => Opinion::None,
        }
    }
}

/// Looks at a connection's certificates, once for many requests.
fn judge(trust: &Arc<Trust>, peer: &Peer) -> Verdict {
    let front_proxy = match &trust.front_proxy {
        None => Opinion::None,
        Some(proxy) => match proxy.verify(&peer.certificates) {
            Ok(()) => Opinion::Yes(()),
            Err(why) => refused(peer, "front proxy", &why),
        },
    };
    let client = match &trust.clients {
        None => Opinion::None,
        Some(anchors) => match client_certificate::user(anchors, &peer.certificates) {
            Ok(Some(user)) => Opinion::Yes(user),
            Ok(None) => Opinion::None,
            Err(why) => refused(peer, "client", &why),
        },
    };
    Verdict { trust: Arc::clone(trust), at: Instant::now(), front_proxy, client }
}

fn refused<T>(peer: &Peer, method: &str, why: &str) -> Opinion<T> {
    tracing::debug!(address = %peer.address, "a certificate is not that of a {method}: {why}");
    Opinion::No
}

/// Whoever is known belongs to `system:authenticated`.
fn with_authenticated(mut user: User) -> User {
    let settled = user.name == "system:anonymous"
        || user.in_group("system:authenticated")
        || user.in_group("system:unauthenticated");
    if !settled {
        user.groups.push("system:authenticated".to_owned());
    }
    user
}

#[cfg(test)]
mod tests;
