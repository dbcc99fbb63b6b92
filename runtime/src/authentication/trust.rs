//! Which certificates are believed: from flags, and from what the cluster publishes for servers like this one.
//!
//! The ConfigMap `kube-system/extension-apiserver-authentication` is read and watched elsewhere (`cluster`); here is
//! what its contents mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderName;

use super::front_proxy::Headers;
use super::{Anchors, FrontProxy};
use crate::{Error, Result};

/// Which certificates are believed.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// The authorities of users; none: client certificates mean nothing.
    pub(crate) clients: Option<Anchors>,
    /// The front proxies; none: identity headers mean nothing.
    pub(crate) front_proxy: Option<FrontProxy>,
}

/// The trust of now. It is exchanged as a whole; connections notice by its address.
#[derive(Debug)]
pub(crate) struct Trusted(ArcSwap<Trust>);

impl Trusted {
    pub(crate) fn new(trust: Trust) -> Self {
        Trusted(ArcSwap::from_pointee(trust))
    }

    pub(crate) fn load(&self) -> Arc<Trust> {
        self.0.load_full()
    }

    pub(crate) fn replace(&self, trust: Trust) {
        self.0.store(Arc::new(trust));
    }
}

/// What flags say of front proxies; the names of headers have defaults.
#[derive(Clone, Debug)]
pub(crate) struct FrontProxyFlags {
    pub(crate) bundle: Vec<u8>,
    pub(crate) allowed_names: Vec<String>,
    pub(crate) headers: Headers,
}

impl FrontProxyFlags {
    pub(crate) fn front_proxy(&self) -> Option<FrontProxy> {
        Some(FrontProxy {
            anchors: Anchors::parse(&self.bundle)?,
            allowed_names: self.allowed_names.clone(),
            headers: self.headers.clone(),
        })
    }
}

impl Headers {
    /// Reads the names of headers. The error names the flag or the key.
    pub(crate) fn parse(sources: [(&str, &[String]); 4]) -> Result<Headers> {
        let [user, uid, group, extra] = sources;
        let prefixes = extra.1.iter().map(|prefix| header(extra.0, prefix)).collect::<Result<Vec<_>>>()?;
        Ok(Headers {
            user: user.1.iter().map(|name| header(user.0, name)).collect::<Result<_>>()?,
            uid: uid.1.iter().map(|name| header(uid.0, name)).collect::<Result<_>>()?,
            group: group.1.iter().map(|name| header(group.0, name)).collect::<Result<_>>()?,
            extra: prefixes.iter().map(|name| name.as_str().to_owned()).collect(),
        })
    }
}

fn header(source: &str, name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.trim().to_ascii_lowercase().as_bytes()).map_err(|_| {
        Error::new(format!("{source} holds {name:?}, which is no name of a header; X-Remote-User is one"))
    })
}

/// The authorities of users that the ConfigMap publishes.
pub(crate) fn published_clients(data: &BTreeMap<String, String>) -> Option<Anchors> {
    Anchors::parse(data.get("client-ca-file")?.as_bytes())
}

/// The front proxies that the ConfigMap publishes.
pub(crate) fn published_front_proxy(data: &BTreeMap<String, String>) -> Result<Option<FrontProxy>> {
    let Some(bundle) = data.get("requestheader-client-ca-file") else { return Ok(None) };
    let user = list(data, "requestheader-username-headers")?;
    let uid = list(data, "requestheader-uid-headers")?;
    let group = list(data, "requestheader-group-headers")?;
    let extra = list(data, "requestheader-extra-headers-prefix")?;
    let headers = Headers::parse([
        ("requestheader-username-headers", &user),
        ("requestheader-uid-headers", &uid),
        ("requestheader-group-headers", &group),
        ("requestheader-extra-headers-prefix", &extra),
    ])?;
    let flags = FrontProxyFlags {
        bundle: bundle.as_bytes().to_vec(),
        allowed_names: list(data, "requestheader-allowed-names")?,
        headers,
    };
    Ok(flags.front_proxy())
}

/// Lists are JSON arrays of strings; an absent one is empty.
fn list(data: &BTreeMap<String, String>, key: &str) -> Result<Vec<String>> {
    match data.get(key).map(String::as_str) {
        None | Some("") => Ok(Vec::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            Error::new(format!("{key} should be a JSON list of texts and is {text:?}: {error}"))
        }),
    }
}
