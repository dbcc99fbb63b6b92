//! Kubernetes' rules for the names of a kind, so that the caret stands on the name and not on a start.
//!
//! The runtime judges every descriptor again: these sentences are the early ones.

use heck::ToUpperCamelCase;
use syn::LitStr;

use crate::errors::Errors;
use crate::model::{Model, Root};

/// Reports names that no API server would serve.
pub(super) fn check(model: &Model, root: &Root, errors: &mut Errors) {
    match &root.group {
        None => errors.at(
            &model.ident,
            "which API group? write `#[api(group = \"custom.example.com\", version = \"v1\")]`",
        ),
        Some(group) => group_rule(group, errors),
    }
    match &root.version {
        None => errors.at(&model.ident, "which version? write `#[api(version = \"v1\")]`"),
        Some(version) => version_rule(version, errors),
    }
    match &root.kind {
        None if !is_kind(&model.ident.to_string()) => {
            errors.at(&model.ident, kind_sentence(&model.ident.to_string()));
        }
        Some(kind) if !is_kind(&kind.value()) => errors.at(kind, kind_sentence(&kind.value())),
        _ => {}
    }
    let singular = root.singular.iter().filter(|singular| !singular.value().is_empty());
    for name in root.plural.iter().chain(singular).chain(&root.short_names).chain(&root.categories) {
        if !is_label(&name.value()) {
            errors.at(
                name,
                format!(
                    "{:?} is not a name of a resource: lower-case letters, digits and `-`, at most 63",
                    name.value()
                ),
            );
        }
    }
}

fn group_rule(group: &LitStr, errors: &mut Errors) {
    let text = group.value();
    if text.is_empty() {
        return; // not a text, or the core group: the first is reported, the second is refused at start
    }
    if !text.split('.').all(is_label) || text.len() > 253 {
        errors.at(
            group,
            format!(
                "{text:?} is not an API group: labels of lower-case letters, digits and `-`, joined by dots"
            ),
        );
    } else if !text.contains('.') {
        errors.at(group, format!("an aggregated API's group is a domain name: write \"{text}.example.com\""));
    }
}

fn version_rule(version: &LitStr, errors: &mut Errors) {
    let text = version.value();
    if !text.is_empty() && !is_version(&text) {
        errors.at(version, format!("{text:?} is not a version: write \"v1\", \"v1beta1\" or \"v1alpha1\""));
    }
}

fn kind_sentence(kind: &str) -> String {
    format!("{kind:?} is not a kind: write `{}`", kind.to_upper_camel_case())
}

fn is_kind(kind: &str) -> bool {
    kind.len() <= 63
        && kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_version(version: &str) -> bool {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let Some(rest) = version.strip_prefix('v') else { return false };
    let major = digits(rest);
    let tail = &rest[major..];
    let stage = tail.strip_prefix("alpha").or_else(|| tail.strip_prefix("beta"));
    major > 0
        && !rest.starts_with('0')
        && (tail.is_empty()
            || stage.is_some_and(|n| !n.is_empty() && !n.starts_with('0') && digits(n) == n.len()))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::{is_kind, is_label, is_version};

    #[test]
    fn versions_are_those_that_kubernetes_orders() {
        assert!(["v1", "v10", "v1beta2", "v2alpha11"].into_iter().all(is_version));
        assert!(
            ["1", "v", "v0", "v1.2", "v1gamma1", "v1beta", "v1beta0", "V1"]
                .into_iter()
                .all(|v| !is_version(v))
        );
    }

    #[test]
    fn kinds_and_labels() {
        assert!(is_kind("NodeMetrics") && !is_kind("nodeMetrics") && !is_kind("Node_Metrics"));
        assert!(is_label("node-metrics") && !is_label("-x") && !is_label("Nodes") && !is_label(""));
    }
}
