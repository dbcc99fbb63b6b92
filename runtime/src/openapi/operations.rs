//! The operations of a resource, told once; [`super::v2`] and [`super::v3`] write them down.

use super::names::{DELETE_OPTIONS, SCALE, STATUS, list_name};
use crate::kind::Kind;
use crate::kind::registry::Resource;

/// A path and what can be done there.
pub(super) struct Path {
    pub(super) path: String,
    /// `(name, description)` of the parameters in the path.
    pub(super) placeholders: Vec<(&'static str, String)>,
    pub(super) operations: Vec<Operation>,
}

/// One method of a path.
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// Kubernetes' name of the action, as `list` or `deletecollection`.
    pub(super) action: &'static str,
    pub(super) id: String,
    pub(super) description: String,
    pub(super) about: GroupVersionKind,
    /// Group and version of the resource, which make the tag.
    pub(super) tag: (String, String),
    pub(super) body: Body,
    /// The definition of the answer.
    pub(super) answer: String,
    /// The successful codes.
    pub(super) codes: &'static [u16],
}

/// What a request carries.
pub(super) enum Body {
    None,
    /// A definition; whether it must be sent.
    Of(String, bool),
    Patch,
}

/// The kind that an operation is about.
#[derive(Clone)]
pub(super) struct GroupVersionKind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

/// The media types of patches that this server takes.
pub(super) const PATCH_TYPES: &[&str] = &["application/json-patch+json", "application/merge-patch+json"];
/// The media types of answers.
pub(super) const PRODUCES: &[&str] = &["application/json", "application/yaml"];
/// The media types of lists, which may be watched.
pub(super) const PRODUCES_LIST: &[&str] =
    &["application/json", "application/json;stream=watch", "application/yaml"];

/// Everything that can be done with a resource.
pub(super) fn of(resource: &Resource) -> Vec<Path> {
    let names = Names::of(&resource.kind);
    let verbs = resource.verbs();
    let mut paths = vec![names.collection(&verbs), names.item(&verbs)];
    if resource.has_status() {
        paths.push(names.subresource("status", &names.about, &names.definition));
    }
    if resource.has_scale() {
        let about =
            GroupVersionKind { group: "autoscaling".into(), version: "v1".into(), kind: "Scale".into() };
        paths.push(names.subresource("scale", &about, SCALE));
    }
    if resource.kind.namespaced() {
        paths.push(names.all_namespaces(&verbs));
    }
    paths.retain(|path| !path.operations.is_empty());
    paths
}

/// The names that paths and operations of a kind are made of.
struct Names<'a> {
    kind: &'a Kind,
    about: GroupVersionKind,
    definition: String,
    list_definition: String,
    /// `AppsV1`, the middle of operation ids.
    middle: String,
    /// `Namespaced` or nothing.
    scope: &'static str,
    root: String,
}

impl<'a> Names<'a> {
    fn of(kind: &'a Kind) -> Self {
        let definition = kind.schema.root_definition().to_owned();
        Names {
            about: GroupVersionKind {
                group: kind.group.clone(),
                version: kind.version.clone(),
                kind: kind.kind.clone(),
            },
            list_definition: list_name(kind),
            definition,
            middle: format!("{}{}", camel(kind.group.trim_end_matches(".k8s.io")), camel(&kind.version)),
            scope: if kind.namespaced() { "Namespaced" } else { "" },
            root: format!("/apis/{}/{}", kind.group, kind.version),
            kind,
        }
    }

    fn collection(&self, verbs: &[&str]) -> Path {
        let kind = &self.kind.kind;
        let mut operations = Vec::new();
        if verbs.contains(&"list") {
            operations.push(self.list("", format!("list or watch objects of kind {kind}")));
        }
        if verbs.contains(&"create") {
            let id = self.id("create", "", "");
            let body = Body::Of(self.definition.clone(), true);
            let description = format!("create {}", article(kind));
            operations.push(self.operation(
                "post",
                "post",
                id,
                description,
                body,
                &self.definition,
                &[200, 201, 202],
            ));
        }
        if verbs.contains(&"deletecollection") {
            let id = format!("delete{}Collection{}{kind}", self.middle, self.scope);
            let body = Body::Of(DELETE_OPTIONS.to_owned(), false);
            let description = format!("delete collection of {kind}");
            operations.push(self.operation(
                "delete",
                "deletecollection",
                id,
                description,
                body,
                STATUS,
                &[200],
            ));
        }
        Path { path: self.collection_path(), placeholders: self.namespace(), operations }
    }

    fn item(&self, verbs: &[&str]) -> Path {
        let kind = &self.kind.kind;
        let mut operations =
            self.item_operations("", &self.about, &self.definition, |verb| verbs.contains(&verb));
        if verbs.contains(&"delete") {
            let body = Body::Of(DELETE_OPTIONS.to_owned(), false);
            let description = format!("delete {}", article(kind));
            let id = self.id("delete", "", "");
            operations.push(self.operation("delete", "delete", id, description, body, STATUS, &[200, 202]));
        }
        Path { path: format!("{}/{{name}}", self.collection_path()), placeholders: self.name(), operations }
    }

    fn subresource(&self, name: &str, about: &GroupVersionKind, definition: &str) -> Path {
        let operations = self.item_operations(name, about, definition, |_| true);
        let path = format!("{}/{{name}}/{name}", self.collection_path());
        Path { path, placeholders: self.name(), operations }
    }

    /// Get, update and patch, of an object or of one of its subresources.
    fn item_operations(
        &self,
        subresource: &str,
        about: &GroupVersionKind,
        definition: &str,
        served: impl Fn(&str) -> bool,
    ) -> Vec<Operation> {
        let what = if subresource.is_empty() {
            format!("the specified {}", self.kind.kind)
        } else {
            format!("{subresource} of the specified {}", self.kind.kind)
        };
        let body = || Body::Of(definition.to_owned(), true);
        let suffix = camel(subresource);
        let mut operations = Vec::new();
        if served("get") {
            let id = self.id("read", &suffix, "");
            operations.push(self.operation(
                "get",
                "get",
                id,
                format!("read {what}"),
                Body::None,
                definition,
                &[200],
            ));
        }
        if served("update") {
            let id = self.id("replace", &suffix, "");
            operations.push(self.operation(
                "put",
                "put",
                id,
                format!("replace {what}"),
                body(),
                definition,
                &[200, 201],
            ));
        }
        if served("patch") {
            let id = self.id("patch", &suffix, "");
            let description = format!("partially update {what}");
            operations.push(self.operation(
                "patch",
                "patch",
                id,
                description,
                Body::Patch,
                definition,
                &[200, 201],
            ));
        }
        for operation in &mut operations {
            operation.about = about.clone();
        }
        operations
    }

    fn all_namespaces(&self, verbs: &[&str]) -> Path {
        let mut operations = Vec::new();
        if verbs.contains(&"list") {
            let mut list =
                self.list("ForAllNamespaces", format!("list or watch objects of kind {}", self.kind.kind));
            list.id = format!("list{}{}ForAllNamespaces", self.middle, self.kind.kind);
            operations.push(list);
        }
        Path { path: format!("{}/{}", self.root, self.kind.plural), placeholders: Vec::new(), operations }
    }

    fn list(&self, suffix: &str, description: String) -> Operation {
        self.operation(
            "get",
            "list",
            self.id("list", "", suffix),
            description,
            Body::None,
            &self.list_definition,
            &[200],
        )
    }

    #[allow(clippy::too_many_arguments, reason = "one row of a table")]
    fn operation(
        &self,
        method: &'static str,
        action: &'static str,
        id: String,
        description: String,
        body: Body,
        answer: &str,
        codes: &'static [u16],
    ) -> Operation {
        Operation {
            method,
            action,
            id,
            description,
            about: self.about.clone(),
            tag: (self.kind.group.clone(), self.kind.version.clone()),
            body,
            answer: answer.to_owned(),
            codes,
        }
    }

    fn id(&self, action: &str, subresource: &str, suffix: &str) -> String {
        format!("{action}{}{}{}{subresource}{suffix}", self.middle, self.scope, self.kind.kind)
    }

    fn collection_path(&self) -> String {
        let namespaces = if self.kind.namespaced() { "/namespaces/{namespace}" } else { "" };
        format!("{}{namespaces}/{}", self.root, self.kind.plural)
    }

    fn namespace(&self) -> Vec<(&'static str, String)> {
        let description = "object name and auth scope, such as for teams and projects";
        if self.kind.namespaced() { vec![("namespace", description.to_owned())] } else { Vec::new() }
    }

    fn name(&self) -> Vec<(&'static str, String)> {
        let mut placeholders = vec![("name", format!("name of the {}", self.kind.kind))];
        placeholders.extend(self.namespace());
        placeholders
    }
}

/// `wardle.example.com` → `WardleExampleCom`.
pub(super) fn camel(text: &str) -> String {
    text.split(['.', '-']).map(capitalised).collect()
}

/// `wardle.example.com` → `wardleExampleCom`, as tags have it.
pub(super) fn lower_camel(text: &str) -> String {
    let (head, tail) = text.split_once(['.', '-']).unwrap_or((text, ""));
    format!("{head}{}", camel(tail))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['A', 'E', 'I', 'O', 'U']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
