//! The rules of `metadata`, with Kubernetes' texts (apimachinery `pkg/api/validation/objectmeta.go`).

use super::super::{Map, Tree};
use super::{finalizers, text, words};
use crate::schema::FieldErrors;

const ANNOTATIONS_LIMIT: usize = 256 << 10;
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// Judges the metadata of any object that is about to be stored.
pub fn judge(metadata: &Map, namespaced: bool, errors: &mut FieldErrors) {
    names(metadata, namespaced, errors);
    if let Some(generation) = metadata.get("generation").and_then(Tree::as_i64)
        && generation < 0
    {
        errors.invalid("metadata.generation", generation, "must be greater than or equal to 0");
    }
    labels(metadata, errors);
    annotations(metadata, errors);
    owners(metadata, errors);
    finalizer_names(metadata, errors);
}

/// Judges what an update changed; the rules of [`judge`] come besides.
pub fn judge_update(new: &Map, old: &Map, errors: &mut FieldErrors) {
    if old.contains_key("deletionTimestamp") {
        let mut added: Vec<_> =
            finalizers(new).filter(|name| !finalizers(old).any(|known| known == *name)).collect();
        added.sort_unstable();
        added.dedup();
        if !added.is_empty() {
            let list = added.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            let text = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}"
            );
            errors.forbidden("metadata.finalizers", &text);
        }
    }
    for key in
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        if new.get(key) != old.get(key) {
            let value = new.get(key).unwrap_or(&Tree::Null);
            errors.invalid(format!("metadata.{key}"), value, "field is immutable");
        }
    }
    // Go asks these twice of an update, and names each mistake twice among the causes.
    labels(new, errors);
    annotations(new, errors);
    owners(new, errors);
}

fn names(metadata: &Map, namespaced: bool, errors: &mut FieldErrors) {
    for (key, prefix) in [("generateName", true), ("name", false)] {
        let value = text(metadata, key);
        for mistake in words::path_segment(value, prefix) {
            errors.invalid(format!("metadata.{key}"), value, &mistake);
        }
    }
    if text(metadata, "name").is_empty() {
        errors.required("metadata.name", "name or generateName is required");
    }
    let namespace = text(metadata, "namespace");
    match (namespaced, namespace.is_empty()) {
        (true, true) => errors.required("metadata.namespace", ""),
        (false, false) => errors.forbidden("metadata.namespace", "not allowed on this type"),
        (false, true) => {}
        (true, false) => {
            for mistake in words::dns_label(namespace) {
                errors.invalid("metadata.namespace", namespace, &mistake);
            }
        }
    }
}

fn labels(metadata: &Map, errors: &mut FieldErrors) {
    for (key, value) in pairs(metadata, "labels") {
        for mistake in words::qualified_name(key) {
            errors.invalid("metadata.labels", key, &mistake);
        }
        for mistake in words::label_value(value) {
            errors.invalid("metadata.labels", value, &mistake);
        }
    }
}

fn annotations(metadata: &Map, errors: &mut FieldErrors) {
    let mut size = 0;
    for (key, value) in pairs(metadata, "annotations") {
        size += key.len() + value.len();
        for mistake in words::qualified_name(&key.to_lowercase()) {
            errors.invalid("metadata.annotations", key, &mistake);
        }
    }
    if size > ANNOTATIONS_LIMIT {
        errors.too_long("metadata.annotations", ANNOTATIONS_LIMIT);
    }
}

fn owners(metadata: &Map, errors: &mut FieldErrors) {
    let Some(list) = metadata.get("ownerReferences") else { return };
    let mut controller: Option<String> = None;
    for (place, owner) in list.as_list().unwrap_or_default().iter().enumerate() {
        let Some(owner) = owner.as_map() else { continue };
        one_owner(owner, &format!("metadata.ownerReferences[{place}]"), errors);
        if owner.get("controller") == Some(&Tree::Bool(true)) {
            let name = format!("{}/{}", text(owner, "kind"), text(owner, "name"));
            match &controller {
                None => controller = Some(name),
                Some(first) => errors.invalid(
                    "metadata.ownerReferences",
                    list,
                    &format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                    ),
                ),
            }
        }
    }
}

fn one_owner(owner: &Map, path: &str, errors: &mut FieldErrors) {
    let api_version = text(owner, "apiVersion");
    if api_version.is_empty() {
        errors.required(format!("{path}.apiVersion"), "must not be empty");
    } else if api_version.split('/').count() > 2 || api_version.ends_with('/') {
        let rule = "must be <group>/<version> or <version>";
        errors.invalid(format!("{path}.apiVersion"), api_version, rule);
    }
    for key in ["kind", "name", "uid"] {
        if text(owner, key).is_empty() {
            errors.required(format!("{path}.{key}"), "must not be empty");
        }
    }
    if api_version == "v1" && text(owner, "kind") == "Event" {
        let rule = "/v1, Kind=Event is disallowed from being an owner";
        errors.invalid(path, Tree::Map(owner.clone()), rule);
    }
}

fn finalizer_names(metadata: &Map, errors: &mut FieldErrors) {
    for name in finalizers(metadata) {
        for mistake in words::qualified_name(name) {
            errors.invalid("metadata.finalizers", name, &mistake);
        }
    }
    let has = |wanted| finalizers(metadata).any(|name| name == wanted);
    if has(ORPHAN) && has(FOREGROUND) {
        let value = metadata.get("finalizers").unwrap_or(&Tree::Null);
        let text = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.invalid("metadata.finalizers", value, &text);
    }
}

fn pairs<'a>(metadata: &'a Map, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let members = metadata.get(key).and_then(Tree::as_map).into_iter().flatten();
    members.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Map {
        let (tree, _) = Tree::parse_json(json.as_bytes()).expect("valid JSON");
        tree.as_map().expect("an object").clone()
    }

    fn judged(json: &str) -> Vec<String> {
        let mut errors = FieldErrors::new();
        judge(&parse(json), true, &mut errors);
        errors.errors().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_metadata_has_no_mistakes() {
        let json = r#"{"name":"a","namespace":"n","labels":{"a/b":"c"},"annotations":{"A/b":" "},"finalizers":["a/b"],
            "ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"u","controller":true}]}"#;
        assert_eq!(judged(json), Vec::<String>::new());
    }

    #[test]
    fn each_rule_has_its_text() {
        for (json, text) in [
            (r#"{"namespace":"n"}"#, "metadata.name: Required value: name or generateName is required"),
            (r#"{"name":"a"}"#, "metadata.namespace: Required value"),
            (
                r#"{"name":"a","namespace":"A.b"}"#,
                r#"metadata.namespace: Invalid value: "A.b": a lowercase RFC 1123 label"#,
            ),
            (
                r#"{"name":"a/b","namespace":"n"}"#,
                r#"metadata.name: Invalid value: "a/b": may not contain '/'"#,
            ),
            (
                r#"{"name":"a","namespace":"n","labels":{"a":"b c"}}"#,
                r#"metadata.labels: Invalid value: "b c": a valid label must be"#,
            ),
            (
                r#"{"name":"a","namespace":"n","annotations":{"a b":""}}"#,
                r#"metadata.annotations: Invalid value: "a b": name part must consist"#,
            ),
            (
                r#"{"name":"a","namespace":"n","finalizers":["orphan","foregroundDeletion"]}"#,
                r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#,
            ),
            (
                r#"{"name":"a","namespace":"n","ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n"}]}"#,
                "metadata.ownerReferences[0].uid: Required value: must not be empty",
            ),
            (
                r#"{"name":"a","namespace":"n","ownerReferences":[{"apiVersion":"a/b/c","kind":"K","name":"n","uid":"u"}]}"#,
                r#"metadata.ownerReferences[0].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or <version>"#,
            ),
        ] {
            let mistakes = judged(json);
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(text), "{json}: {mistakes:?}");
        }
        let big =
            format!(r#"{{"name":"a","namespace":"n","annotations":{{"a":"{}"}}}}"#, "x".repeat(262_144));
        assert_eq!(judged(&big), ["metadata.annotations: Too long: may not be more than 262144 bytes"]);
    }

    #[test]
    fn only_one_owner_controls() {
        let owner = |name: &str| {
            format!(r#"{{"apiVersion":"v1","kind":"K","name":"{name}","uid":"{name}","controller":true}}"#)
        };
        let json =
            format!(r#"{{"name":"a","namespace":"n","ownerReferences":[{},{}]}}"#, owner("x"), owner("y"));
        let mistakes = judged(&json);
        assert!(
            mistakes.len() == 1 && mistakes[0].ends_with(r#"in references for K/x and K/y"#),
            "{mistakes:?}"
        );
    }

    #[test]
    fn an_update_keeps_identity_and_adds_no_finalizer_to_a_dying_object() {
        let old = parse(r#"{"name":"a","uid":"u","deletionTimestamp":"t","finalizers":["a/x"]}"#);
        let new = parse(r#"{"name":"a","uid":"v","deletionTimestamp":"t","finalizers":["a/z","a/y","a/x"]}"#);
        let mut errors = FieldErrors::new();
        judge_update(&new, &old, &mut errors);
        let texts: Vec<_> = errors.errors().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/y", "a/z"}"#,
                r#"metadata.uid: Invalid value: "v": field is immutable"#,
            ]
        );
        let mut none = FieldErrors::new();
        judge_update(&old, &old, &mut none);
        assert!(none.is_empty());
    }
}
