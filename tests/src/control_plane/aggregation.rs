//! Putting a server on this machine behind kube-apiserver's aggregation layer.

use super::ControlPlane;
use super::certificates::{Authority, Identity};
use super::users::{User, rule};
use crate::wait::wait_for;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::{
    APIService, APIServiceSpec, ServiceReference,
};
use kube::Api;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams};

/// The namespace of the Services that stand for servers of tests.
const NAMESPACE: &str = "default";

/// A Service's name and a serving certificate for it, signed by an authority of its own.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The Service's name.
    pub service: String,
    /// The only name in the certificate besides loopback's: `<service>.<namespace>.svc`.
    pub host: String,
    /// The pair the server presents.
    pub identity: Identity,
    /// The `caBundle`: PEM of the authority.
    pub ca: String,
}

/// One group version and the server behind it.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    /// The API group.
    pub group: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The port the server listens on, on loopback.
    pub port: u16,
    /// What its certificate says.
    pub serving: &'a Serving,
}

impl ControlPlane {
    /// A certificate for a server behind the Service `service`.
    pub fn serving(&self, service: &str) -> Serving {
        let authority = Authority::new(&format!("{service}-ca"));
        let host = format!("{service}.{NAMESPACE}.svc");
        let identity = authority.server(&[&host, "localhost", "127.0.0.1"]);
        Serving { service: service.to_owned(), host, identity, ca: authority.pem() }
    }

    /// A user with the rights an aggregated server needs towards kube-apiserver: delegated
    /// authentication and authorization, namespaces, Leases, admission configuration, flow control.
    pub async fn server_user(&self, name: &str) -> User {
        let user = self.user(name, &[]);
        self.bind_cluster_role(&user, "system:auth-delegator").await;
        self.bind_role("kube-system", &user, "extension-apiserver-authentication-reader").await;
        let read = ["get", "list", "watch"];
        let admission = [
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ];
        let rules = [
            rule("", &["namespaces"], &read),
            rule("coordination.k8s.io", &["leases"], &["get", "create", "update"]),
            rule("admissionregistration.k8s.io", &admission, &read),
            rule("flowcontrol.apiserver.k8s.io", &["prioritylevelconfigurations", "flowschemas"], &read),
        ];
        self.grant(&user, &rules).await;
        user
    }

    /// Registers a group version with a verified `caBundle`, without waiting. The Service is an
    /// ExternalName for localhost: the aggregator dials that and looks for no endpoints.
    pub async fn register_api_service(&self, registration: &Registration<'_>) {
        let serving = registration.serving;
        let service = Service {
            metadata: named(&serving.service),
            spec: Some(ServiceSpec {
                type_: Some("ExternalName".into()),
                external_name: Some("localhost".into()),
                ..ServiceSpec::default()
            }),
            ..Service::default()
        };
        apply(&Api::namespaced(self.client(), NAMESPACE), &serving.service, &service).await;
        let name = api_service_name(registration.group, registration.version);
        let api_service = APIService {
            metadata: named(&name),
            spec: Some(APIServiceSpec {
                group: Some(registration.group.to_owned()),
                version: Some(registration.version.to_owned()),
                group_priority_minimum: 1000,
                version_priority: 15,
                ca_bundle: Some(ByteString(serving.ca.clone().into_bytes())),
                service: Some(ServiceReference {
                    name: Some(serving.service.clone()),
                    namespace: Some(NAMESPACE.into()),
                    port: Some(registration.port.into()),
                }),
                ..APIServiceSpec::default()
            }),
            status: None,
        };
        apply(&Api::all(self.client()), &name, &api_service).await;
    }

    /// Waits until the APIService is Available.
    pub async fn wait_available(&self, group: &str, version: &str) {
        let name = api_service_name(group, version);
        wait_for(&format!("APIService {name} to be Available"), async || {
            let (status, why) = self.availability(group, version).await;
            if status == "True" { Ok(()) } else { Err(format!("Available={status}: {why}")) }
        })
        .await;
    }

    /// The condition Available of an APIService: its status, and its reason and message.
    pub async fn availability(&self, group: &str, version: &str) -> (String, String) {
        let services = Api::<APIService>::all(self.client());
        let service = match services.get(&api_service_name(group, version)).await {
            Ok(service) => service,
            Err(error) => return ("Unknown".into(), error.to_string()),
        };
        let conditions = service.status.and_then(|status| status.conditions).unwrap_or_default();
        let available = conditions.into_iter().find(|condition| condition.type_ == "Available");
        available.map_or_else(
            || ("Unknown".into(), "no condition yet".into()),
            |condition| {
                let why = [condition.reason, condition.message].map(Option::unwrap_or_default).join(": ");
                (condition.status, why)
            },
        )
    }

    /// Waits until kube-apiserver has read what `kubectl explain` shows: it does so some time after the APIService
    /// is Available, whoever serves it.
    pub async fn wait_published(&self, group: &str, version: &str) {
        let path = format!("/openapi/v3/apis/{group}/{version}");
        wait_for(&format!("kube-apiserver to publish {path}"), async || {
            let answer = self.endpoint().get(&path).identity(self.admin().identity()).send().await;
            let found = answer.status == 200 && answer.text().contains(&format!("/apis/{group}/{version}/"));
            found.then_some(()).ok_or_else(|| format!("{} without its paths", answer.status))
        })
        .await;
    }

    /// Removes an APIService: one whose server is gone blocks the deletion of namespaces.
    pub async fn unregister_api_service(&self, group: &str, version: &str) {
        let name = api_service_name(group, version);
        let removed = Api::<APIService>::all(self.client()).delete(&name, &DeleteParams::default()).await;
        removed.unwrap_or_else(|error| panic!("deleting APIService {name}: {error}"));
    }
}

fn api_service_name(group: &str, version: &str) -> String {
    format!("{version}.{group}")
}

async fn apply<K>(api: &Api<K>, name: &str, object: &K)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
    K: k8s_openapi::Resource,
{
    let mut body = serde_json::to_value(object).expect("an object encodes");
    body["apiVersion"] = <K as k8s_openapi::Resource>::API_VERSION.into();
    body["kind"] = <K as k8s_openapi::Resource>::KIND.into();
    let applied = api.patch(name, &PatchParams::apply("aggboot-tests").force(), &Patch::Apply(&body)).await;
    applied.unwrap_or_else(|error| panic!("applying {name}: {error}"));
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}
