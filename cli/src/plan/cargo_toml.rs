//! The user's `Cargo.toml`: read for its names, added to where a dependency is missing, otherwise left alone.

use crate::failure::{Failure, Result};
use crate::project::for_tests;
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

const SECTIONS: [&str; 2] = ["dependencies", "dev-dependencies"];

/// `existing` with the dependencies of `wanted` that it lacks.
pub(crate) fn merged(existing: &str, wanted: &str) -> Result<String> {
    let mut document = parse(existing)?;
    let wanted = parse(wanted)?;
    for section in SECTIONS {
        let Some(asked) = wanted.get(section).and_then(Item::as_table_like) else {
            continue;
        };
        let runtime = document
            .get("dependencies")
            .and_then(|table| table.get("aggboot"))
            .and_then(Item::as_value)
            .cloned();
        let missing: Vec<(String, Item)> = {
            let there = document.get(section).and_then(Item::as_table_like);
            let lacks = |name: &str| !there.is_some_and(|table| has(table, name));
            asked
                .iter()
                .filter(|(name, _)| lacks(name))
                .map(|(name, item)| (name.to_owned(), item.clone()))
                .collect()
        };
        if missing.is_empty() {
            continue;
        }
        let table = document.entry(section).or_insert(Item::Table(Table::new()));
        let Some(table) = table.as_table_like_mut() else {
            return Err(broken(format!("{section} is not a table")));
        };
        for (name, item) in missing {
            // Two sources of one crate would be two crates.
            let source = runtime.as_ref().filter(|_| name == "aggboot" && section == "dev-dependencies");
            table.insert(&name, source.map_or(item, |source| value(for_tests(source))));
        }
    }
    Ok(document.to_string())
}

/// What the package is called.
pub(crate) fn package_name(text: &str) -> Result<String> {
    let document = parse(text)?;
    let name = document.get("package").and_then(|package| package.get("name")).and_then(Item::as_str);
    name.map(str::to_owned).ok_or_else(|| broken("it has no package.name".to_owned()))
}

/// What `use` calls the library.
pub(crate) fn crate_name(text: &str) -> Result<String> {
    let document = parse(text)?;
    let library = document.get("lib").and_then(|lib| lib.get("name")).and_then(Item::as_str);
    library.map_or_else(|| Ok(package_name(text)?.replace('-', "_")), |name| Ok(name.to_owned()))
}

fn has(table: &dyn TableLike, name: &str) -> bool {
    let renamed = |item: &Item| item.get("package").and_then(Item::as_str) == Some(name);
    table.contains_key(name) || table.iter().any(|(_, item)| renamed(item))
}

fn parse(text: &str) -> Result<DocumentMut> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        broken(format!("line {}: {message}", before.matches('\n').count() + 1))
    })
}

fn broken(found: String) -> Failure {
    Failure::Broken {
        path: "Cargo.toml".to_owned(),
        found,
        advice: "correct it and run this again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "[dependencies]\naggboot = \"0.1.0\"\ntokio = \"1\"\n[dev-dependencies]\naggboot = { version = \"0.1.0\", features = [\"testing\"] }\n";

    #[test]
    fn only_what_is_missing_is_added() {
        let check = |existing: &str, expected: &str| {
            let once = merged(existing, WANTED).unwrap();
            assert_eq!(once, expected);
            assert_eq!(merged(&once, WANTED).unwrap(), expected, "merged twice");
        };
        let dev = "\n[dev-dependencies]\naggboot = { version = \"0.1.0\", features = [\"testing\"] }\n";
        check(
            "[package]\nname = \"a\"\n",
            &format!("[package]\nname = \"a\"\n\n[dependencies]\naggboot = \"0.1.0\"\ntokio = \"1\"\n{dev}"),
        );
        check(
            "[dependencies] # mine\ntokio = \"2\" # pinned\n",
            &format!("[dependencies] # mine\ntokio = \"2\" # pinned\naggboot = \"0.1.0\"\n{dev}"),
        );
        check(
            "[dependencies]\ntokio.workspace = true\naggboot = { git = \"g\" }\n",
            "[dependencies]\ntokio.workspace = true\naggboot = { git = \"g\" }\n\n[dev-dependencies]\naggboot = { git = \"g\", features = [\"testing\"] }\n",
        );
        check(
            "[dependencies]\nrt = { package = \"tokio\", version = \"1\" }\naggboot = \"0.1.0\"\n\n[dev-dependencies.aggboot]\nversion = \"0.1.0\"\n",
            "[dependencies]\nrt = { package = \"tokio\", version = \"1\" }\naggboot = \"0.1.0\"\n\n[dev-dependencies.aggboot]\nversion = \"0.1.0\"\n",
        );
    }

    #[test]
    fn names() {
        assert_eq!(crate_name("[package]\nname = \"edge-fleet\"\n").unwrap(), "edge_fleet");
        assert_eq!(crate_name("[package]\nname = \"a\"\n[lib]\nname = \"b\"\n").unwrap(), "b");
        assert!(package_name("[workspace]\n").unwrap_err().to_string().contains("package.name"));
        assert!(package_name("\n[package\n").unwrap_err().to_string().contains("line 2"));
    }
}
