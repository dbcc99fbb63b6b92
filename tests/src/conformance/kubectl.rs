//! A day with kubectl, as a user with RBAC's rights in one namespace and none elsewhere.

use super::Subject;
use crate::control_plane::users::{User, rule};
use serde_json::json;

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// Somebody with every verb on the kind in a new namespace.
struct Day<'a> {
    subject: &'a Subject<'a>,
    user: User,
    namespace: String,
}

/// Does everything in the order a user would; panics at what is not as promised.
pub async fn check(subject: &Subject<'_>) {
    let plane = subject.plane;
    let namespace = plane.namespace("kubectl").await;
    let user = plane.user(&format!("worker-{}", plane.next()), &["workers"]);
    plane.grant_in(&namespace, &user, &[rule(subject.group, &[subject.plural], &VERBS)]).await;
    let day = Day { subject, user, namespace };
    day.discovers().await;
    day.creates_and_reads().await;
    day.changes().await;
    day.is_refused_elsewhere().await;
    day.deletes().await;
}

impl Day<'_> {
    async fn discovers(&self) {
        let Subject { group, version, plural, kind, .. } = *self.subject;
        let resources = self.user.kubectl(&["api-resources", "--api-group", group]).await.assert_ok();
        resources.assert_says(plural).assert_says(&format!("{group}/{version}")).assert_says(kind);
        let explained = self.user.kubectl(&["explain", plural]).await.assert_ok();
        let explained = explained.assert_says(kind).assert_says(version).assert_says("metadata");
        explained.assert_says("spec");
        let (field, _) = self.subject.change;
        let path = format!("{plural}.spec.{field}");
        self.user.kubectl(&["explain", &path]).await.assert_ok().assert_says(field);
    }

    async fn creates_and_reads(&self) {
        for name in ["first", "second"] {
            let manifest = self.subject.object(name).to_string();
            let created = self.run_with_input(&["create", "-f", "-"], &manifest).await.assert_ok();
            created.assert_says(&format!("{} created", self.subject.reference(name)));
        }
        let again = self.subject.object("first").to_string();
        let again = self.run_with_input(&["create", "-f", "-"], &again).await.assert_failed();
        assert!(again.stderr.contains("(AlreadyExists)"), "{again:#?}");
        let resource = self.subject.resource();
        let table = self.run(&["get", &resource]).await.assert_ok();
        table.assert_says("NAME").assert_says("first").assert_says("second");
        let names = self.run(&["get", &resource, "-o", "name"]).await.assert_ok();
        let expected = ["first", "second"].map(|name| self.subject.reference(name));
        assert_eq!(names.stdout.lines().collect::<Vec<_>>(), expected);
        let list = self.run(&["get", &resource, "-o", "json"]).await.assert_ok().json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "{list:#}");
        let first = self.get("first").await;
        assert_eq!(first["kind"], self.subject.kind);
        assert_eq!(first["metadata"]["namespace"], *self.namespace);
    }

    async fn changes(&self) {
        let (field, value) = self.subject.change;
        let resource = self.subject.resource();
        let merge = json!({"spec": {field: value}}).to_string();
        self.run(&["patch", &resource, "first", "--type=merge", "-p", &merge]).await.assert_ok();
        assert_eq!(self.get("first").await["spec"][field], value);
        let patch = json!([
            {"op": "test", "path": format!("/spec/{field}"), "value": value},
            {"op": "add", "path": "/metadata/annotations", "value": {"patched": "yes"}},
        ]);
        let patch = patch.to_string();
        self.run(&["patch", &resource, "first", "--type=json", "-p", &patch]).await.assert_ok();
        assert_eq!(self.get("first").await["metadata"]["annotations"]["patched"], "yes");
        let labelled = self.run(&["label", &resource, "first", "tier=front"]).await.assert_ok();
        labelled.assert_says("labeled");
        let annotated = self.run(&["annotate", &resource, "first", "note=hello"]).await.assert_ok();
        annotated.assert_says("annotated");
        let selected = self.run(&["get", &resource, "-l", "tier=front", "-o", "name"]).await.assert_ok();
        assert_eq!(selected.stdout.trim(), self.subject.reference("first"));
        let waited = "--for=jsonpath={.metadata.annotations.note}=hello";
        let target = self.subject.reference("first");
        self.run(&["wait", waited, &target, "--timeout=30s"]).await.assert_ok().assert_says("condition met");
    }

    async fn is_refused_elsewhere(&self) {
        let resource = self.subject.resource();
        let refused = self.user.kubectl(&["get", &resource, "-n", "default"]).await.assert_failed();
        let expected = format!(
            "Error from server (Forbidden): {resource} is forbidden: User \"{}\" cannot list resource \"{}\" \
             in API group \"{}\" in the namespace \"default\"",
            self.user.name(),
            self.subject.plural,
            self.subject.group
        );
        assert_eq!(refused.error(), expected);
        let missing = self.run(&["get", &resource, "missing"]).await.assert_failed();
        let expected = format!("Error from server (NotFound): {resource} \"missing\" not found");
        assert_eq!(missing.error(), expected);
    }

    async fn deletes(&self) {
        let resource = self.subject.resource();
        let deleted = self.run(&["delete", &resource, "first"]).await.assert_ok();
        deleted.assert_says("deleted");
        let target = self.subject.reference("first");
        self.run(&["wait", "--for=delete", &target, "--timeout=30s"]).await.assert_ok();
        self.run(&["delete", &resource, "--all"]).await.assert_ok().assert_says("second");
        let left = self.run(&["get", &resource]).await.assert_ok();
        assert!(left.stderr.contains("No resources found"), "{left:#?}");
    }

    async fn get(&self, name: &str) -> serde_json::Value {
        self.run(&["get", &self.subject.resource(), name, "-o", "json"]).await.assert_ok().json()
    }

    async fn run(&self, arguments: &[&str]) -> crate::control_plane::kubectl::Ran {
        self.run_with_input(arguments, "").await
    }

    async fn run_with_input(&self, arguments: &[&str], input: &str) -> crate::control_plane::kubectl::Ran {
        let arguments = [&["--namespace", &self.namespace], arguments].concat();
        self.user.kubectl_with_input(&arguments, input).await
    }
}
