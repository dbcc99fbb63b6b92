//! Names: plurals, and Kubernetes' rules for groups, versions, kinds and resources.

use std::cmp::Ordering;

/// Kubernetes' order of versions, the preferred one first: GA before beta before alpha, higher before
/// lower, anything else last by name (apimachinery `pkg/version`, CompareKubeAwareVersionStrings).
#[must_use]
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    match (rank(a), rank(b)) {
        (Some(a), Some(b)) => b.cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// A group: a DNS subdomain with a dot in it, since groups without one belong to Kubernetes.
pub(super) fn check_group(group: &str) -> Result<(), String> {
    if group.len() > 253 || !group.split('.').all(is_label) {
        return Err(format!(
            "the group {group:?} is no DNS subdomain: labels of lower-case letters, digits and \"-\", joined by \
             dots, as \"custom.example.com\""
        ));
    }
    if !group.contains('.') {
        return Err(format!("the group {group:?} has no domain: write \"{group}.example.com\""));
    }
    Ok(())
}

/// A version that Kubernetes can order.
pub(super) fn check_version(version: &str) -> Result<(), String> {
    match rank(version) {
        Some(_) => Ok(()),
        None => Err(format!(
            "the version {version:?} is none that Kubernetes orders: write one like \"v1\", \"v1beta1\" or \
             \"v2alpha3\""
        )),
    }
}

/// A kind: a word in upper camel case whose lower case is a DNS label.
pub(super) fn check_kind(kind: &str) -> Result<(), String> {
    let camel = kind.starts_with(|c: char| c.is_ascii_uppercase()) && is_label(&kind.to_ascii_lowercase());
    if camel && !kind.contains('-') {
        return Ok(());
    }
    Err(format!(
        "the kind {kind:?} is none: at most 63 letters and digits, a capital first, as \"Widget\" or \"NodeMetrics\""
    ))
}

/// The name of a resource (`what` says which): a DNS label.
pub(super) fn check_resource(what: &str, name: &str) -> Result<(), String> {
    if is_label(name) {
        return Ok(());
    }
    Err(format!(
        "the {what} {name:?} is no DNS label: at most 63 lower-case letters, digits and \"-\", with a letter or \
         digit at both ends"
    ))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The plural of a kind by the rule of Kubernetes' clients: `Widget` is `widgets`.
#[must_use]
pub fn plural(kind: &str) -> String {
    let word = kind.to_ascii_lowercase();
    match word.as_str() {
        "endpoints" | "endpointslices" => return word,
        "nodemetrics" => return "nodes".to_owned(),
        "podmetrics" => return "pods".to_owned(),
        _ => {}
    }
    if ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end)) {
        return format!("{word}es");
    }
    match word.strip_suffix('y') {
        Some(stem) if !stem.is_empty() && !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{word}s"),
    }
}

/// Stability, major, minor; greater is preferred.
fn rank(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (major, tail) = rest.split_at(digits);
    let major = number(major)?;
    if tail.is_empty() {
        return Some((2, major, 0));
    }
    if let Some(minor) = tail.strip_prefix("beta") {
        return Some((1, major, number(minor)?));
    }
    Some((0, major, number(tail.strip_prefix("alpha")?)?))
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ga_comes_before_beta_before_alpha_and_higher_before_lower() {
        let mut versions =
            ["v1alpha1", "foo", "v1", "v10", "v2beta1", "v2", "v1beta2", "v11alpha2", "v3beta1"];
        versions.sort_by(|a, b| compare_versions(a, b));
        assert_eq!(
            versions,
            ["v10", "v2", "v1", "v3beta1", "v2beta1", "v1beta2", "v11alpha2", "v1alpha1", "foo"]
        );
    }

    #[test]
    fn plurals_follow_the_rule_of_kubernetes_clients() {
        let cases = [
            ("Widget", "widgets"),
            ("Policy", "policies"),
            ("Day", "days"),
            ("Fox", "foxes"),
            ("Batch", "batches"),
            ("Class", "classes"),
            ("NodeMetrics", "nodes"),
            ("Y", "ys"),
        ];
        for (kind, expected) in cases {
            assert_eq!(plural(kind), expected, "{kind}");
        }
    }

    #[test]
    fn groups_are_domains() {
        let good = ["custom.example.com", "a.b", "x-1.example"];
        let bad = ["", "custom", "Custom.example.com", "-a.b", "a..b", "a.b.", "a_b.c"];
        assert!(good.into_iter().all(|group| check_group(group).is_ok()));
        assert!(bad.into_iter().all(|group| check_group(group).is_err()));
        assert!(check_group(&"abcdefg.".repeat(40)[..319]).is_err());
    }

    #[test]
    fn versions_and_kinds() {
        assert!(["v1", "v1beta2", "v11alpha1"].into_iter().all(|version| check_version(version).is_ok()));
        let bad = ["1", "v0", "v1gamma1", "v1beta", "V1", ""];
        assert!(bad.into_iter().all(|version| check_version(version).is_err()));
        assert!(["Widget", "V2Ray", "A"].into_iter().all(|kind| check_kind(kind).is_ok()));
        assert!(
            ["widget", "My-Kind", "My_Kind", "", "2Fast"].into_iter().all(|kind| check_kind(kind).is_err())
        );
    }

    #[test]
    fn names_of_resources_are_labels_of_at_most_63() {
        assert!(check_resource("plural", &"a".repeat(63)).is_ok());
        let error = check_resource("short name", &"a".repeat(64)).unwrap_err();
        assert!(error.starts_with("the short name \"aaa"), "{error}");
        assert!(check_resource("plural", "Widgets").is_err());
    }
}
