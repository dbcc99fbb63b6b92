//! Users of the cluster: a client certificate, a kubeconfig and what RBAC gives them.

use super::ControlPlane;
use super::certificates::Identity;
use super::kubeconfig::kubeconfig;
use crate::http::Endpoint;
use crate::wait::wait_for;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use kube::config::Kubeconfig;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::path::{Path, PathBuf};

/// Somebody who may talk to a server.
#[derive(Clone, Debug)]
pub struct User {
    name: String,
    identity: Identity,
    home: PathBuf,
    kubeconfig: PathBuf,
    config: kube::Config,
}

impl User {
    /// A user of the server at `endpoint` whose kubeconfig and kubectl cache live in `home`.
    pub fn new(name: &str, identity: Identity, endpoint: &Endpoint, home: &Path) -> Self {
        let text = kubeconfig(&endpoint.url(), &endpoint.ca, Some(&identity));
        let path = home.join("kubeconfig");
        std::fs::write(&path, &text).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
        let config = config(endpoint, &text);
        Self { name: name.to_owned(), identity, home: home.to_owned(), kubeconfig: path, config }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client certificate and its key.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The path of the kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The directory for what this user's programs keep.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// A client, belonging to the calling test's runtime.
    pub fn client(&self) -> kube::Client {
        kube::Client::try_from(self.config.clone())
            .unwrap_or_else(|error| panic!("making a client for {}: {error}", self.name))
    }
}

/// `verbs` on `resources` of `group`, for [`ControlPlane::grant`].
pub fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let owned = |words: &[&str]| words.iter().copied().map(String::from).collect::<Vec<_>>();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(owned(resources)),
        verbs: owned(verbs),
        ..PolicyRule::default()
    }
}

impl ControlPlane {
    /// A user of the cluster's client authority who may nothing yet.
    pub fn user(&self, name: &str, groups: &[&str]) -> User {
        let identity = self.authorities.client.client(name, groups);
        let home = self.directory.create_dir(&format!("user-{}-{}", name.replace(':', "-"), self.next()));
        User::new(name, identity, &self.endpoint, &home)
    }

    /// Allows `user` these in every namespace, and waits until kube-apiserver thinks so.
    pub async fn grant(&self, user: &User, rules: &[PolicyRule]) {
        let name = format!("test-{}", self.next());
        let role =
            ClusterRole { metadata: named(&name), rules: Some(rules.to_vec()), ..ClusterRole::default() };
        create(&Api::all(self.client()), &role).await;
        self.bind_cluster_role(user, &name).await;
        for rule in rules {
            self.wait_allowed(user, None, rule).await;
        }
    }

    /// Allows `user` these in one namespace, and waits until kube-apiserver thinks so.
    pub async fn grant_in(&self, namespace: &str, user: &User, rules: &[PolicyRule]) {
        let name = format!("test-{}", self.next());
        let role = Role { metadata: named(&name), rules: Some(rules.to_vec()) };
        create(&Api::namespaced(self.client(), namespace), &role).await;
        self.bind_role(namespace, user, &name).await;
        for rule in rules {
            self.wait_allowed(user, Some(namespace), rule).await;
        }
    }

    /// Binds an existing ClusterRole to `user`.
    pub async fn bind_cluster_role(&self, user: &User, role: &str) {
        let binding = ClusterRoleBinding {
            metadata: named(&format!("test-{}", self.next())),
            role_ref: role_ref("ClusterRole", role),
            subjects: Some(vec![subject(user)]),
        };
        create(&Api::all(self.client()), &binding).await;
    }

    /// Binds an existing Role of `namespace` to `user`.
    pub async fn bind_role(&self, namespace: &str, user: &User, role: &str) {
        let binding = RoleBinding {
            metadata: named(&format!("test-{}", self.next())),
            role_ref: role_ref("Role", role),
            subjects: Some(vec![subject(user)]),
        };
        create(&Api::namespaced(self.client(), namespace), &binding).await;
    }

    /// A new namespace whose name begins with `prefix`.
    pub async fn namespace(&self, prefix: &str) -> String {
        let name = format!("{prefix}-{}", self.next());
        let namespace = Namespace { metadata: named(&name), ..Namespace::default() };
        create(&Api::all(self.client()), &namespace).await;
        name
    }

    async fn wait_allowed(&self, user: &User, namespace: Option<&str>, rule: &PolicyRule) {
        let first = |words: &Option<Vec<String>>| words.as_ref().and_then(|words| words.first().cloned());
        let resource = first(&rule.resources);
        let (resource, subresource) = match resource.as_deref().and_then(|name| name.split_once('/')) {
            Some((resource, subresource)) => (Some(resource.to_owned()), Some(subresource.to_owned())),
            None => (resource, None),
        };
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: Some(user.name.clone()),
                resource_attributes: Some(ResourceAttributes {
                    group: first(&rule.api_groups),
                    resource,
                    subresource,
                    verb: rule.verbs.first().cloned(),
                    namespace: namespace.map(String::from),
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let reviews = Api::<SubjectAccessReview>::all(self.client());
        wait_for(&format!("RBAC to allow {} {rule:?}", user.name), async || {
            let answer = reviews.create(&PostParams::default(), &review).await;
            let status = answer.map_err(|error| error.to_string())?.status;
            status.filter(|status| status.allowed).map(|_| ()).ok_or_else(|| "not allowed".to_owned())
        })
        .await;
    }
}

/// A client's configuration of what a kubeconfig says; made by hand, since loading one is async.
fn config(endpoint: &Endpoint, kubeconfig: &str) -> kube::Config {
    let url = endpoint.url().parse().expect("the URL of a server");
    let mut config = kube::Config::new(url);
    let roots =
        CertificateDer::pem_slice_iter(endpoint.ca.as_bytes()).map(|root| root.map(|root| root.to_vec()));
    config.root_cert = Some(roots.collect::<Result<_, _>>().expect("PEM of an authority"));
    let parsed = Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig");
    config.auth_info = parsed.auth_infos.into_iter().find_map(|named| named.auth_info).expect("its user");
    config
}

async fn create<K>(api: &Api<K>, object: &K)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let made = api.create(&PostParams::default(), object).await;
    made.unwrap_or_else(|error| panic!("creating {object:?}: {error}"));
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: Some("rbac.authorization.k8s.io".into()), kind: kind.into(), name: name.into() }
}

fn subject(user: &User) -> Subject {
    Subject {
        api_group: Some("rbac.authorization.k8s.io".into()),
        kind: "User".into(),
        name: user.name.clone(),
        namespace: None,
    }
}
