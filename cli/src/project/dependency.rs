//! Where a generated project takes the runtime from.

use std::path::Path;

use toml_edit::{Array, InlineTable, Value};

/// The runtime as a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dependency {
    /// As published, in the CLI's own version.
    Version(String),
    /// A folder, written as it is.
    Path(String),
}

impl Dependency {
    /// `given` wins; then the checkout this command was built in, as long as it is there; then the published crate.
    pub(crate) fn choose(given: Option<String>, root: &Path) -> Self {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
        let checkout = built_in.filter(|folder| folder.join("runtime/Cargo.toml").is_file());
        match (given, checkout) {
            (Some(path), _) => Self::Path(path),
            (None, Some(checkout)) => Self::Path(runtime_of(&checkout, root)),
            (None, None) => Self::Version(env!("CARGO_PKG_VERSION").to_owned()),
        }
    }

    /// As a value of `[dependencies]`.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Version(version) => version.as_str().into(),
            Self::Path(path) => InlineTable::from_iter([("path", path.as_str())]).into(),
        }
    }
}

/// The same dependency with the feature that tests need.
pub(crate) fn for_tests(dependency: &Value) -> Value {
    let mut table = match dependency {
        Value::InlineTable(table) => table.clone(),
        version => InlineTable::from_iter([("version", version.clone())]),
    };
    table.insert("features", Array::from_iter(["testing"]).into());
    table.fmt();
    table.into()
}

/// Relative inside the checkout, so that what is checked in there works everywhere; else absolute.
fn runtime_of(checkout: &Path, root: &Path) -> String {
    let path = match root.strip_prefix(checkout) {
        Ok(inside) => inside.components().map(|_| "..").chain(["runtime"]).collect(),
        Err(_) => checkout.join("runtime"),
    };
    slashed(&path)
}

fn slashed(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_versions() {
        let check = |dependency: &Dependency, plain: &str, tests: &str| {
            let value = dependency.value();
            assert_eq!(value.to_string().trim(), plain);
            assert_eq!(for_tests(&value).to_string().trim(), tests);
        };
        check(
            &Dependency::Version("0.1.0".to_owned()),
            "\"0.1.0\"",
            "{ version = \"0.1.0\", features = [\"testing\"] }",
        );
        check(
            &Dependency::Path("../rt".to_owned()),
            "{ path = \"../rt\" }",
            "{ path = \"../rt\", features = [\"testing\"] }",
        );
    }

    #[test]
    fn a_checkout_is_named_relatively_from_inside() {
        let check = |root: &str, expected: &str| {
            assert_eq!(runtime_of(Path::new("/src/aggboot"), Path::new(root)), expected);
        };
        check("/src/aggboot/examples/fleet", "../../runtime");
        check("/src/aggboot", "runtime");
        check("/src/fleet", "/src/aggboot/runtime");
    }
}
