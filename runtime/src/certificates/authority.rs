//! An authority of our own, for local mode and tests, and the leaves it signs.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};

use crate::{Error, Result};

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate and key.
    pub(crate) pair: Pair,
}

/// What a leaf says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Leaf<'a> {
    /// CN: the user, or the server.
    pub(crate) common_name: &'a str,
    /// O: the groups of a user.
    pub(crate) organizations: &'a [&'a str],
    /// The DNS names of a server; a leaf with any names is for serving, others are for clients.
    pub(crate) names: &'a [&'a str],
    /// The addresses of a server.
    pub(crate) addresses: &'a [IpAddr],
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const AUTHORITY_DAYS: u32 = 3650;
const LEAF_DAYS: u32 = 365;

impl Authority {
    /// Makes a new authority.
    pub(crate) fn new(common_name: &str) -> Result<Authority> {
        let mut params = params(common_name, AUTHORITY_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let pair =
            Pair { certificate: params.self_signed(&key).map_err(failed)?.pem(), key: key.serialize_pem() };
        Ok(Authority { issuer: Issuer::new(params, key), pair })
    }

    /// Takes up an authority that was made before.
    pub(crate) fn load(pair: Pair) -> Result<Authority> {
        let key = KeyPair::from_pem(&pair.key).map_err(failed)?;
        let issuer = Issuer::from_ca_cert_pem(&pair.certificate, key).map_err(failed)?;
        Ok(Authority { issuer, pair })
    }

    /// Signs a new leaf.
    pub(crate) fn issue(&self, leaf: Leaf<'_>) -> Result<Pair> {
        let params = leaf_params(leaf)?;
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A certificate that vouches for itself, as Go's servers make when they are given none.
pub(crate) fn self_signed(leaf: Leaf<'_>) -> Result<Pair> {
    let params = leaf_params(leaf)?;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn leaf_params(leaf: Leaf<'_>) -> Result<CertificateParams> {
    let mut params = params(leaf.common_name, LEAF_DAYS);
    // The library keeps one value a type, and takes a type by its number for another one.
    let types = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
    if leaf.organizations.len() > types.len() {
        let groups = leaf.organizations;
        return Err(Error::new(format!("a certificate made here holds two groups at most, not {groups:?}")));
    }
    for (organization, kind) in leaf.organizations.iter().zip(types) {
        params.distinguished_name.push(kind, *organization);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    for name in leaf.names {
        params.subject_alt_names.push(SanType::DnsName((*name).try_into().map_err(failed)?));
    }
    params.subject_alt_names.extend(leaf.addresses.iter().copied().map(SanType::IpAddress));
    params.extended_key_usages = vec![if params.subject_alt_names.is_empty() {
        ExtendedKeyUsagePurpose::ClientAuth
    } else {
        ExtendedKeyUsagePurpose::ServerAuth
    }];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn params(common_name: &str, days: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = SystemTime::now();
    // Clocks differ a little between machines.
    params.not_before = (now - Duration::from_secs(300)).into();
    params.not_after = (now + DAY * days).into();
    params
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: rcgen::Error) -> Error {
    Error::new(format!("making a certificate failed: {error}"))
}
