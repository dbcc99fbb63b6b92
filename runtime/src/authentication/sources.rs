//! Where trust comes from: the files that flags name, else what the cluster publishes.

use std::collections::BTreeMap;

use super::trust::{FrontProxyFlags, published_clients, published_front_proxy};
use super::{Anchors, Trust};
use crate::authentication::front_proxy::Headers;
use crate::certificates::files::read_bundle;
use crate::{Options, Result};

/// What flags say about trust.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    clients: Option<Vec<u8>>,
    front_proxy: Option<FrontProxyFlags>,
    skip_lookup: bool,
}

impl Sources {
    /// Reads the files that flags name.
    pub(crate) fn read(options: &Options) -> Result<Sources> {
        let bundle = |path: &Option<std::path::PathBuf>, flag| {
            path.as_ref().map(|path| read_bundle(path, flag)).transpose()
        };
        let headers = Headers::parse([
            ("--requestheader-username-headers", &options.requestheader_username_headers),
            ("--requestheader-uid-headers", &options.requestheader_uid_headers),
            ("--requestheader-group-headers", &options.requestheader_group_headers),
            ("--requestheader-extra-headers-prefix", &options.requestheader_extra_headers_prefix),
        ])?;
        let proxies = bundle(&options.requestheader_client_ca_file, "--requestheader-client-ca-file")?;
        let allowed_names = options.requestheader_allowed_names.clone();
        Ok(Sources {
            clients: bundle(&options.client_ca_file, "--client-ca-file")?,
            front_proxy: proxies.map(|bundle| FrontProxyFlags { bundle, allowed_names, headers }),
            skip_lookup: options.authentication_skip_lookup,
        })
    }

    /// Whether something is missing that the cluster may publish.
    pub(crate) fn need_the_cluster(&self) -> bool {
        !self.skip_lookup && (self.clients.is_none() || self.front_proxy.is_none())
    }

    /// The trust of flags, with what is published in the gaps.
    pub(crate) fn trust(&self, published: &BTreeMap<String, String>) -> Result<Trust> {
        Ok(Trust {
            clients: match &self.clients {
                Some(bundle) => Anchors::parse(bundle),
                None => published_clients(published),
            },
            front_proxy: match &self.front_proxy {
                Some(flags) => flags.front_proxy(),
                None => published_front_proxy(published)?,
            },
        })
    }
}
