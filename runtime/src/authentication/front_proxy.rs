//! An identity in headers, believed only from a front proxy: its certificate proves that it is one.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use rustls_pki_types::CertificateDer;

use super::Anchors;
use crate::certificates::Subject;
use crate::request::User;

/// Which front proxies are believed, and in which headers they say who asks.
#[derive(Debug)]
pub(crate) struct FrontProxy {
    /// The authorities of front proxies.
    pub(crate) anchors: Anchors,
    /// The CNs that a front proxy may have; empty means any.
    pub(crate) allowed_names: Vec<String>,
    /// The headers.
    pub(crate) headers: Headers,
}

/// The headers of an identity. The first user and uid header with a value wins; groups and extras add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) user: Vec<HeaderName>,
    pub(crate) uid: Vec<HeaderName>,
    pub(crate) group: Vec<HeaderName>,
    /// Prefixes, in lower case.
    pub(crate) extra: Vec<String>,
}

impl FrontProxy {
    /// Whether these certificates are a front proxy's. The error is for the log.
    pub(super) fn verify(&self, certificates: &[CertificateDer<'static>]) -> Result<(), String> {
        self.anchors.verify(certificates)?;
        if self.allowed_names.is_empty() {
            return Ok(());
        }
        let leaf = certificates.first().ok_or("there is no certificate")?;
        let subject = Subject::of(leaf).map_err(|error| error.to_string())?;
        if self.allowed_names.contains(&subject.common_name) {
            Ok(())
        } else {
            Err(format!("x509: subject with cn={} is not in the allowed list", subject.common_name))
        }
    }

    /// The identity in the headers; nobody without a user.
    pub(super) fn identity(&self, headers: &HeaderMap) -> Option<User> {
        let names = &self.headers;
        let name = first(headers, &names.user)?;
        let uid = first(headers, &names.uid).unwrap_or_default();
        let groups = names
            .group
            .iter()
            .flat_map(|name| headers.get_all(name))
            .map(|value| text(value.as_bytes()))
            .filter(|group| !group.is_empty())
            .collect();
        Some(User { name, uid, groups, extra: extra(headers, &names.extra) })
    }
}

/// Removes every header that says who asks, the standard ones and the configured ones.
pub(super) fn strip(proxy: Option<&FrontProxy>, headers: &mut HeaderMap) {
    let says_who = |name: &str| {
        matches!(name, "x-remote-user" | "x-remote-uid" | "x-remote-group")
            || name.starts_with("x-remote-extra-")
            || proxy.is_some_and(|proxy| {
                let names = &proxy.headers;
                names.user.iter().chain(&names.uid).chain(&names.group).any(|header| header == name)
                    || names.extra.iter().any(|prefix| name.starts_with(prefix))
            })
    };
    let found: Vec<HeaderName> = headers.keys().filter(|name| says_who(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn first(headers: &HeaderMap, names: &[HeaderName]) -> Option<String> {
    let value = names.iter().filter_map(|name| headers.get(name)).find(|value| !value.is_empty())?;
    Some(text(value.as_bytes()))
}

fn extra(headers: &HeaderMap, prefixes: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut extra = BTreeMap::<_, Vec<_>>::new();
    for prefix in prefixes {
        for (name, value) in headers {
            if let Some(key) = name.as_str().strip_prefix(prefix.as_str()) {
                extra.entry(unescaped(key)).or_default().push(text(value.as_bytes()));
            }
        }
    }
    extra
}

/// Keys are percent-encoded; one that is not properly so is taken as it stands, as in Go.
fn unescaped(key: &str) -> String {
    let mut rest = key.split('%');
    rest.next();
    let proper =
        rest.all(|part| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    if proper { percent_decode_str(key).decode_utf8_lossy().into_owned() } else { key.to_owned() }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
