//! Kinds: UpperCamelCase, and not a name the generated file or every API group already uses.

use super::Objection;
use heck::ToUpperCamelCase;

const LONGEST: usize = 63;

/// What a kind's own file needs under these names.
const OF_RUST: &[&str] = &["Self", "String", "Option", "Vec", "Box", "Result"];
/// What `use crate::App; use aggboot::prelude::*;` brings into it.
const OF_AGGBOOT: &[&str] = &[
    "App",
    "ApiResource",
    "ApiType",
    "ObjectMeta",
    "Registration",
    "Validate",
    "FieldErrors",
    "SetDefaults",
    "PrepareForCreate",
    "PrepareForUpdate",
];
/// What Kubernetes serves in every group and version, or wraps answers in.
const OF_KUBERNETES: &[&str] = &[
    "List",
    "WatchEvent",
    "CreateOptions",
    "DeleteOptions",
    "GetOptions",
    "ListOptions",
    "PatchOptions",
    "UpdateOptions",
];

/// `Server`, `HTTPRoute`, `V1Thing`.
pub(crate) fn kind(value: &str) -> Result<String, Objection> {
    let camel = value.starts_with(|c: char| c.is_ascii_uppercase())
        && value.chars().all(|c| c.is_ascii_alphanumeric());
    if !camel || value.len() > LONGEST {
        let rule = "a kind is UpperCamelCase: letters and digits, beginning with a capital letter, at most 63 characters";
        return Err(Objection::new(value, rule, corrected(value)));
    }
    match taken(value) {
        Some(by) => Err(Objection::new(value, format!("the name is taken by {by}"), format!("{value}Item"))),
        None => Ok(value.to_owned()),
    }
}

fn taken(kind: &str) -> Option<&'static str> {
    match kind {
        name if OF_RUST.contains(&name) => Some("Rust, and the kind's own file needs it"),
        name if OF_AGGBOOT.contains(&name) => Some("aggboot, and the kind's own file needs it"),
        name if OF_KUBERNETES.contains(&name) => Some("Kubernetes in every API group"),
        _ => None,
    }
}

fn corrected(value: &str) -> String {
    let ascii: String = value.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let camel = ascii.to_upper_camel_case();
    let from_letter = camel.trim_start_matches(|c: char| c.is_ascii_digit()).to_upper_camel_case();
    match &from_letter[..from_letter.len().min(LONGEST)] {
        "" => "Server".to_owned(),
        name if taken(name).is_some() => format!("{name}Item"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let longest = "K".repeat(63);
        for good in
            ["Server", "S", "HTTPRoute", "V1Thing", "Mod", "Type", "Status", "ServerList", longest.as_str()]
        {
            assert_eq!(kind(good).as_deref(), Ok(good));
        }
        let check = |bad: &str, example: &str| {
            assert_eq!(kind(bad).unwrap_err().example, example, "{bad}");
            assert_eq!(kind(example).as_deref(), Ok(example), "what is suggested passes");
        };
        check("server", "Server");
        check("my-server", "MyServer");
        check("My_Server", "MyServer");
        check("1Server", "Server");
        check("", "Server");
        check("Sérver", "SRver");
        check("server list", "ServerList");
        check("self", "SelfItem");
        check("Option", "OptionItem");
        check("Self", "SelfItem");
        check("App", "AppItem");
        check("List", "ListItem");
        check("DeleteOptions", "DeleteOptionsItem");
        assert!(kind(&"K".repeat(64)).is_err());
    }
}
