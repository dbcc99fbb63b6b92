//! Whatever the names are, the files come out as rustfmt leaves them.

use aggboot_templates::{Group, Kind, Project, Registration, Templates, Version};
use std::path::Path;
use std::process::Command;

fn kind(name: &str, stem: &str) -> Kind {
    Kind {
        crate_name: "fleet".to_owned(),
        api_group: "inventory.example.com".to_owned(),
        group_module: "inventory".to_owned(),
        version: "v1".to_owned(),
        kind: name.to_owned(),
        module: stem.to_owned(),
        stem: stem.to_owned(),
        plural: None,
        singular: None,
        short_names: vec![],
        categories: vec![],
        namespaced: true,
        status: true,
        scale: true,
    }
}

/// Names of 1 and of 63 characters, with everything and with nothing.
fn kinds() -> Vec<Kind> {
    let long = "K".to_owned() + &"k".repeat(62);
    let long_label = "l".repeat(63);
    let full = |mut kind: Kind| {
        kind.plural = Some(long_label.clone());
        kind.singular = Some(long_label.clone());
        kind.short_names = vec!["a".to_owned(), "b".repeat(63)];
        kind.categories = vec!["all".to_owned()];
        kind.namespaced = false;
        kind
    };
    let least = |mut kind: Kind| {
        (kind.status, kind.scale) = (false, false);
        kind
    };
    let mut widest = full(kind(&long, &long.to_lowercase()));
    widest.crate_name = "p".repeat(63);
    widest.group_module = "g".repeat(63);
    widest.api_group = format!("{}.{}.example.com", "g".repeat(63), "d".repeat(63));
    let mut narrow = full(kind("K", "k"));
    (narrow.crate_name, narrow.group_module, narrow.api_group) =
        ("a".to_owned(), "g".to_owned(), "g.d".to_owned());
    let mut named = kind("Server", "server");
    (named.short_names, named.categories, named.scale) =
        (vec!["srv".to_owned()], vec!["all".to_owned()], false);
    vec![
        kind("K", "k"),
        kind(&long, &long.to_lowercase()),
        least(kind("K", "k")),
        least(widest.clone()),
        widest,
        narrow,
        named,
    ]
}

#[test]
fn kinds_are_formatted() {
    let templates = Templates::load().unwrap();
    for kind in kinds() {
        for file in kind.files(&templates).unwrap() {
            formatted(&file.path, &file.text);
        }
    }
}

/// One per width, so that no length in between is wrapped otherwise.
#[test]
fn attributes_are_formatted_at_every_width() {
    let templates = Templates::load().unwrap();
    let structs = (1..=63).map(|length| {
        let mut kind = kind("K", "k");
        (kind.status, kind.scale) = (false, false);
        kind.short_names = vec!["s".repeat(length)];
        let file = kind.files(&templates).unwrap().swap_remove(1);
        let start = file.text.find("#[derive(ApiResource").unwrap();
        let end = start + file.text[start..].find("\n}\n").unwrap() + 3;
        file.text[start..end].to_owned()
    });
    formatted("widths.rs", &structs.collect::<Vec<_>>().join("\n"));
}

#[test]
fn projects_are_formatted() {
    let templates = Templates::load().unwrap();
    for name in ["a".to_owned(), "edge-fleet".to_owned(), "p".repeat(63)] {
        let project = Project {
            name,
            domain: "example.com".to_owned(),
            aggboot: "\"0.1.0\"".to_owned(),
            aggboot_for_tests: "{ version = \"0.1.0\", features = [\"testing\"] }".to_owned(),
        };
        for file in project.files(&templates).unwrap() {
            formatted(&file.path, &file.text);
        }
    }
}

#[test]
fn registration_is_formatted_in_any_order() {
    let templates = Templates::load().unwrap();
    let names = [
        "v10", "v2", "a_b", "ab", "a1", "a10", "a2b", "type_", "_1a", "_1", "a", "a01", "a_", "v1beta1",
        "v1", "v1alpha2", "x_9", "x_10", "x9",
    ];
    let versions = names.map(|name| Version {
        module: name.to_owned(),
        api_version: format!("g.example.com/{name}"),
        kinds: names.map(str::to_owned).to_vec(),
    });
    let groups = names.map(|name| Group {
        module: name.to_owned(),
        api_group: format!("{name}.example.com"),
        versions: versions.to_vec(),
    });
    for registration in [Registration::default(), Registration { groups: groups.to_vec() }] {
        let files = registration.files(&templates).unwrap();
        formatted(&files[0].path, &files[0].text);
        for file in files.iter().skip(1).take(2) {
            formatted(&file.path, &file.text);
        }
    }
}

/// Ends with one newline, has no trailing blanks, and rustfmt would not change it.
fn formatted(path: &str, text: &str) {
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path} ends with one newline:\n{text}");
    assert!(text.lines().all(|line| line == line.trim_end()), "{path} has trailing blanks:\n{text}");
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.rs");
        // Without its `mod` lines rustfmt would look for more files; as a nested module it does not.
        std::fs::write(&file, text).unwrap();
        let output = Command::new("rustfmt")
            .args(["--edition", "2024", "--check", "--config", "skip_children=true"])
            .arg(&file)
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{path} is not formatted:\n{said}");
    }
}
