//! Kinds beside each other: which names, types and files two of them cannot share. Pure.

use super::Kind;
use crate::failure::Failure;

/// What keeps `new` from standing beside `others`, if anything.
pub(crate) fn clash(new: &Kind, others: &[Kind], domain: &str) -> Option<Failure> {
    others.iter().find_map(|other| {
        if new.group == other.group {
            in_group(new, other, domain)
        } else {
            across_groups(new, other, domain)
        }
    })
}

fn in_group(new: &Kind, other: &Kind, domain: &str) -> Option<Failure> {
    let place = format!("{}/{}", other.api_group(domain), other.version);
    if new.kind == other.kind {
        let rule = format!(
            "{} is served in {place}, and a second version needs conversions that this command does not write",
            other.kind
        );
        return Some(refused("--version", &new.version, rule, "try another --kind".to_owned()));
    }
    if let Some((argument, name)) = shared_name(new, other) {
        let rule = format!("it leads to {} in {place}", other.kind);
        return Some(refused(argument, name, rule, format!("try {argument} {name}-{}", new.version)));
    }
    if new.version == other.version && new.module() == other.module() {
        let rule = format!("its file would be that of {}, {}.rs", other.kind, other.module());
        return Some(refused("--kind", &new.kind, rule, format!("try --kind {}Item", new.kind)));
    }
    let shared = types(new)
        .into_iter()
        .find(|name| types(other).contains(name))
        .filter(|_| new.version == other.version);
    shared.map(|name| {
        let rule = format!("{name} would name a type of both {} and {} in {place}", new.kind, other.kind);
        refused("--kind", &new.kind, rule, format!("try --kind {}Item", new.kind))
    })
}

fn across_groups(new: &Kind, other: &Kind, domain: &str) -> Option<Failure> {
    if new.group_module() == other.group_module() {
        let rule =
            format!("its module would be that of the group {:?}, {}", other.group, other.group_module());
        return Some(refused("--group", &new.group, rule, format!("try --group {}", other.group)));
    }
    if new.file_name() == other.file_name() {
        let rule = format!("its test would be that of {}, tests/{}.rs", other.kind, other.file_name());
        return Some(refused("--kind", &new.kind, rule, format!("try --kind {}Item", new.kind)));
    }
    let short = |kind: &Kind, name: &str| kind.short_names.iter().any(|short| short == name);
    let (argument, name) =
        shared_name(new, other).filter(|(_, name)| short(new, name) || short(other, name))?;
    let rule = format!(
        "it leads to {} in {}, and a short name is good in one place of a project",
        other.kind,
        other.api_group(domain)
    );
    Some(refused(argument, name, rule, format!("try {argument} {name}-{}", new.version)))
}

/// The first name of `new` that leads to `other`, and the argument that chose it.
fn shared_name<'a>(new: &'a Kind, other: &Kind) -> Option<(&'static str, &'a str)> {
    let arguments = ["--plural", "--singular"].into_iter().chain(std::iter::repeat("--short-name"));
    arguments.zip(new.client_names()).find(|(_, name)| other.client_names().any(|taken| taken == *name))
}

/// The type names a kind makes, which are published once per group and version.
fn types(kind: &Kind) -> [String; 4] {
    ["", "List", "Spec", "Status"].map(|end| format!("{}{end}", kind.kind))
}

fn refused(argument: &str, value: &str, rule: String, advice: String) -> Failure {
    Failure::Refused { argument: argument.to_owned(), value: value.to_owned(), rule, advice }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Asked, Scope};

    fn kind(group: &str, version: &str, kind: &str, plural: Option<&str>, short: &[&str]) -> Kind {
        let asked = Asked {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.map(str::to_owned),
            singular: plural.map(|name| format!("{name}-one")),
            short_names: short.iter().map(|name| (*name).to_owned()).collect(),
            categories: vec!["all".to_owned()],
            scope: Scope::Namespaced,
            status: true,
            scale: false,
        };
        asked.judge("example.com").unwrap()
    }

    #[test]
    fn what_two_kinds_cannot_share() {
        let there = [kind("inventory", "v1", "Server", None, &["srv"])];
        let check = |new: Kind, argument: Option<&str>| {
            let found = clash(&new, &there, "example.com");
            let said = found.as_ref().map(|failure| match failure {
                Failure::Refused { argument, .. } => argument.as_str(),
                other => panic!("{other}"),
            });
            assert_eq!(said, argument, "{new:?}");
        };
        check(kind("inventory", "v1", "Rack", None, &["rk"]), None);
        check(kind("inventory", "v2", "Rack", None, &[]), None);
        check(kind("inventory", "v2", "Server", None, &[]), Some("--version"));
        check(kind("inventory", "v1", "SERVER", None, &[]), Some("--plural"));
        check(kind("inventory", "v1", "Host", Some("servers"), &[]), Some("--plural"));
        check(kind("inventory", "v2", "Host", None, &["srv"]), Some("--short-name"));
        check(kind("inventory", "v1", "Host", Some("srv"), &[]), Some("--plural"));
        check(kind("inventory", "v1", "ServerSpec", None, &[]), Some("--kind"));
        check(kind("inventory", "v1", "ServerList", None, &[]), Some("--kind"));
        check(kind("inventory", "v2", "ServerList", None, &[]), None);
        check(kind("network", "v1", "Server", None, &[]), None);
        check(kind("network", "v1", "Service", None, &["srv"]), Some("--short-name"));
        check(kind("network", "v1", "Rack", Some("srv"), &[]), Some("--plural"));
    }

    #[test]
    fn what_two_files_cannot_share() {
        let check = |there: Kind, new: Kind, argument: &str| {
            let said = clash(&new, &[there], "example.com").unwrap().to_string();
            assert!(said.starts_with(argument), "{said}");
        };
        check(
            kind("a", "v1", "HTTPRoute", None, &[]),
            kind("a", "v1", "HttpRoute", Some("hr"), &[]),
            "--kind",
        );
        check(kind("a-b", "v1", "One", None, &[]), kind("a--b", "v1", "Two", None, &[]), "--group");
        check(kind("a-v1", "v2", "Kind", None, &[]), kind("a", "v1", "V2Kind", None, &[]), "--kind");
    }
}
