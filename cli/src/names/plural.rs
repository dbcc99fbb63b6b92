//! The plural of a kind nobody spelled out, as the derive and kube-rs form it.

/// `servers`, `policies`, `switches`.
pub(crate) fn plural(singular: &str) -> String {
    if ["s", "x", "z", "ch", "sh"].iter().any(|end| singular.ends_with(end)) {
        return format!("{singular}es");
    }
    match singular.strip_suffix('y') {
        Some(stem) if stem.ends_with(|c: char| !"aeiou".contains(c)) => format!("{stem}ies"),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals() {
        let check = |singular: &str, expected: &str| assert_eq!(plural(singular), expected);
        check("server", "servers");
        check("policy", "policies");
        check("key", "keys");
        check("switch", "switches");
        check("box", "boxes");
        check("class", "classes");
        check("y", "ys");
        check("s", "ses");
    }
}
