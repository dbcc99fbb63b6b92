//! Clients of the main API: from a kubeconfig, or as a pod has them.

use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::{Error, Options, Result};

/// A client for each purpose; they are the same one where no flag tells them apart.
pub(crate) struct Clients {
    /// Namespaces.
    pub(crate) core: Client,
    /// TokenReview, and what the cluster publishes about authentication.
    pub(crate) authentication: Client,
    /// SubjectAccessReview.
    pub(crate) authorization: Client,
}

impl Clients {
    /// Makes the clients. Nothing is asked yet.
    pub(crate) async fn new(options: &Options) -> Result<Clients> {
        let everything = options.kubeconfig.as_deref();
        let authentication = options.authentication_kubeconfig.as_deref();
        let authorization = options.authorization_kubeconfig.as_deref();
        // A server that is given the kubeconfigs of Go's flags only has one for namespaces too.
        let core = everything.or(authorization).or(authentication);
        Ok(Clients {
            core: client(core, "--kubeconfig").await?,
            authentication: client(authentication.or(everything), "--authentication-kubeconfig").await?,
            authorization: client(authorization.or(everything), "--authorization-kubeconfig").await?,
        })
    }
}

async fn client(kubeconfig: Option<&Path>, flag: &str) -> Result<Client> {
    let config = match kubeconfig {
        Some(path) => {
            let failed = |error: &dyn std::fmt::Display| {
                Error::new(format!("reading the kubeconfig {} ({flag}): {error}", path.display()))
            };
            let kubeconfig = Kubeconfig::read_from(path).map_err(|error| failed(&error))?;
            let options = KubeConfigOptions::default();
            Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| failed(&error))?
        }
        None => Config::incluster().map_err(|error| {
            Error::new(format!(
                "there is no cluster to ask: {flag} is not given and this is not a pod ({error}); give --kubeconfig, \
                 or --local to serve this machine without a cluster"
            ))
        })?,
    };
    Client::try_from(config).map_err(|error| Error::new(format!("making a client ({flag}): {error}")))
}
