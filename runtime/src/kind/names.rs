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
    use super::compare_versions;

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
}
