//! Local mode: this machine only, nothing else installed.
//!
//! An authority, a serving and an admin certificate and a kubeconfig live in the data directory, are used again on the
//! next start and renewed before they expire.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Options;
use crate::authentication::{Anchors, Trust};
use crate::certificates::{Authority, Leaf, Pair, files};
use crate::kind::Kind;
use crate::kind::registry::Registry;
use crate::transport::{Identity, Source};
use crate::{Error, Result};

/// What local mode generated.
pub(crate) struct Local {
    /// The authority of everything local.
    pub(crate) authority: Authority,
    /// The certificate of `system:masters`.
    pub(crate) admin: Pair,
    folder: PathBuf,
    serving: Source,
}

/// Certificates are renewed when they would expire within this time.
const MARGIN: Duration = Duration::from_secs(30 * 24 * 3600);
const PORT: u16 = 6443;

impl Local {
    /// Finds or makes everything in the data directory.
    pub(crate) fn prepare(options: &Options) -> Result<Local> {
        let folder = std::path::absolute(&options.data_dir)?;
        let at =
            |name: &str| (folder.join(format!("pki/{name}.crt")), folder.join(format!("pki/{name}.key")));
        let mut renewed = false;
        let authority = match kept(&at("ca"), None)? {
            Some(pair) => Authority::load(pair)?,
            None => {
                renewed = true;
                let authority = Authority::new("aggboot local")?;
                files::write_pair(&authority.pair, &at("ca").0, &at("ca").1)?;
                authority
            }
        };
        let leaf = |name: &str, leaf: Leaf<'_>| match kept(&at(name), Some(renewed))? {
            Some(pair) => Ok(pair),
            None => {
                let pair = authority.issue(leaf)?;
                files::write_pair(&pair, &at(name).0, &at(name).1)?;
                Ok::<_, Error>(pair)
            }
        };
        let addresses = &[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let serving = Leaf { common_name: "localhost", names: &["localhost"], addresses, ..Leaf::default() };
        leaf("serving", serving)?;
        let groups = &["system:masters"];
        let admin = leaf("admin", Leaf { common_name: "admin", organizations: groups, ..Leaf::default() })?;
        let (certificate, key) = at("serving");
        Ok(Local { authority, admin, folder, serving: Source { certificate, key } })
    }

    /// Where to listen: loopback, and nowhere else.
    pub(super) fn address(options: &Options) -> Result<SocketAddr> {
        let address = options.bind_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        if !address.is_loopback() {
            return Err(Error::new(format!(
                "--bind-address {address} is not this machine, and --local serves this machine only; accepted are \
                 127.0.0.1 and ::1"
            )));
        }
        Ok(SocketAddr::new(address, options.secure_port.unwrap_or(PORT)))
    }

    /// The certificate to show.
    pub(super) fn identity(&self) -> Result<(Identity, Source)> {
        let pair = self.serving.read()?.ok_or_else(|| Error::new("the serving certificate is gone"))?;
        Ok((Identity::new(&pair)?, self.serving.clone()))
    }

    /// Who is believed: whoever the authority signed.
    pub(super) fn trust(&self) -> Trust {
        Trust { clients: Anchors::parse(self.authority.pair.certificate.as_bytes()), front_proxy: None }
    }

    /// Writes the kubeconfig of the admin, and answers its path.
    pub(super) fn write_kubeconfig(&self, address: SocketAddr) -> Result<PathBuf> {
        let path = self.folder.join("kubeconfig");
        files::write(&path, self.kubeconfig(address).as_bytes(), 0o600)?;
        Ok(path)
    }

    /// The kubeconfig of the admin.
    pub(crate) fn kubeconfig(&self, address: SocketAddr) -> String {
        let encoded = |pem: &str| BASE64.encode(pem);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: local\nclusters:\n- name: local\n  cluster:\n    \
             server: https://{address}\n    certificate-authority-data: {}\ncontexts:\n- name: local\n  context:\n    \
             cluster: local\n    user: admin\n    namespace: default\nusers:\n- name: admin\n  user:\n    \
             client-certificate-data: {}\n    client-key-data: {}\n",
            encoded(&self.authority.pair.certificate),
            encoded(&self.admin.certificate),
            encoded(&self.admin.key),
        )
    }
}

/// A pair from an earlier start, if it lasts and its authority is still the same.
fn kept((certificate, key): &(PathBuf, PathBuf), authority_is_new: Option<bool>) -> Result<Option<Pair>> {
    let found = files::read_pair(certificate, key)?;
    let usable = |pair: &Pair| authority_is_new != Some(true) && files::lasts(&pair.certificate, MARGIN);
    Ok(found.filter(usable))
}

/// Says how to use the server, on standard output.
pub(super) fn say_how_to_use_it(kubeconfig: &Path, address: SocketAddr, registry: &Registry) -> Result<()> {
    let kubeconfig = kubeconfig.display();
    let mut text =
        format!("\nReady on https://{address} for this machine. Use it from another terminal:\n\n");
    let _ = writeln!(text, "  export KUBECONFIG={kubeconfig}");
    for group in registry.groups() {
        let _ = writeln!(text, "  kubectl api-resources --api-group={}", group.name);
    }
    for kind in kinds(registry) {
        let name = format!("{}.{}.{}", kind.plural, kind.version, kind.group);
        let _ = writeln!(text, "  kubectl get {name}");
        let _ = writeln!(text, "  kubectl explain {}.spec --api-version={}", kind.plural, kind.api_version());
    }
    let _ = writeln!(text, "\nCtrl-C stops it.");
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

fn kinds(registry: &Registry) -> impl Iterator<Item = &Kind> {
    let versions = registry.groups().iter().flat_map(|group| &group.versions);
    versions.flat_map(|version| &version.resources).map(|resource| &*resource.kind)
}
