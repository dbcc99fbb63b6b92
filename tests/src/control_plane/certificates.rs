//! Authorities and what they sign, made for one run and kept nowhere else.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose,
};

/// A certificate and its private key, both PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its key, PKCS #8.
    pub key: String,
}

/// Something that signs.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority of this name.
    pub fn new(common_name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(common_name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("an authority signs itself");
        Self { issuer }
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A client certificate: the user's name is its CN, the groups its O.
    pub fn client(&self, common_name: &str, organizations: &[&str]) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(common_name, organizations);
        self.sign(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A serving certificate for these names and addresses.
    pub fn server(&self, names: &[&str]) -> Identity {
        let names = names.iter().copied().map(String::from).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names.clone()).expect("names of a server");
        params.distinguished_name = subject(&names[0], &[]);
        self.sign(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    fn sign(&self, mut params: CertificateParams, purpose: ExtendedKeyUsagePurpose) -> Identity {
        params.extended_key_usages = vec![purpose];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("an authority signs");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A key for signing service account tokens and its public half, both PEM.
pub fn signing_key() -> (String, String) {
    let key = key();
    (key.serialize_pem(), key.public_key_pem())
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system gives random numbers")
}

fn subject(common_name: &str, organizations: &[&str]) -> DistinguishedName {
    // rcgen keeps one value per type; the second organization goes in by its object identifier.
    let types = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
    assert!(
        organizations.len() <= types.len(),
        "a generated certificate carries at most {} groups, not {organizations:?}",
        types.len()
    );
    let mut name = DistinguishedName::new();
    for (kind, organization) in types.into_iter().zip(organizations) {
        name.push(kind, *organization);
    }
    name.push(DnType::CommonName, common_name);
    name
}
