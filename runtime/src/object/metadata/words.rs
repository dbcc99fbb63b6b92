//! The forms that names, label keys and label values must have, with Kubernetes' texts.
//!
//! Texts follow apimachinery `pkg/api/validate/content`.

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What is wrong with an object's name as a segment of a path; `prefix` for a `generateName`.
pub(super) fn path_segment(name: &str, prefix: bool) -> Vec<String> {
    if !prefix && (name == "." || name == "..") {
        return vec![format!("may not be '{name}'")];
    }
    let illegal = ["/", "%"].into_iter().filter(|part| name.contains(part));
    illegal.map(|part| format!("may not contain '{part}'")).collect()
}

/// What is wrong with a label key, annotation key or finalizer: `[subdomain/]name`.
pub(crate) fn qualified_name(value: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    let name = match value.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                mistakes.push("prefix part must be non-empty".to_owned());
            } else {
                mistakes.extend(subdomain(prefix).into_iter().map(|text| format!("prefix part {text}")));
            }
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        mistakes.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        mistakes.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_name(name) {
        mistakes.push(format!("name part {NAME}"));
    }
    mistakes
}

/// What is wrong with a label's value.
pub(crate) fn label_value(value: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    if value.len() > 63 {
        mistakes.push("must be no more than 63 bytes".to_owned());
    }
    if !value.is_empty() && !is_name(value) {
        mistakes.push(VALUE.to_owned());
    }
    mistakes
}

/// What is wrong with a namespace's name.
pub(super) fn dns_label(value: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    if value.len() > 63 {
        mistakes.push("must be no more than 63 bytes".to_owned());
    }
    if !is_dns_label(value) {
        let dots = value.split('.').all(is_dns_label);
        mistakes.push(if dots { "must not contain dots" } else { LABEL }.to_owned());
    }
    mistakes
}

fn subdomain(value: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    if value.len() > 253 {
        mistakes.push("must be no more than 253 bytes".to_owned());
    }
    if !value.split('.').all(is_dns_label) {
        mistakes.push(SUBDOMAIN.to_owned());
    }
    mistakes
}

fn is_name(value: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_dns_label(value: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = value.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_names() {
        for good in ["a", "A-b_c.d", "example.com/a", "9"] {
            assert!(qualified_name(good).is_empty(), "{good}");
        }
        let long = "a".repeat(64);
        for (bad, text) in [
            ("", "name part must be non-empty"),
            ("/a", "prefix part must be non-empty"),
            ("a/", "name part must be non-empty"),
            ("-a", "name part must consist of alphanumeric"),
            ("EXAMPLE.com/a", "prefix part a lowercase RFC 1123 subdomain"),
            ("a/b/c", "a valid label key must consist of"),
            (&long, "name part must be no more than 63 bytes"),
        ] {
            let mistakes = qualified_name(bad);
            assert!(mistakes.first().is_some_and(|first| first.starts_with(text)), "{bad}: {mistakes:?}");
        }
    }

    #[test]
    fn values_names_and_namespaces() {
        assert!(label_value("").is_empty() && label_value("My_value.1").is_empty());
        assert_eq!((label_value("a b").len(), label_value(&"a".repeat(64)).len()), (1, 1));
        assert!(dns_label("a-1").is_empty());
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(dns_label("A"), [LABEL]);
        assert!(path_segment("A b:c", false).is_empty());
        assert_eq!(path_segment("..", false), ["may not be '..'"]);
        assert!(path_segment("..", true).is_empty());
        assert_eq!(path_segment("a/%", false), ["may not contain '/'", "may not contain '%'"]);
    }
}
