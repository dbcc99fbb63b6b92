//! What a project may be called: a Cargo package and, later, the Kubernetes objects that run it.

use super::{Objection, label};

/// Crates of the toolchain and of the project itself, and folders that Cargo keeps in `target`.
const TAKEN: &[&str] = &[
    "aggboot",
    "alloc",
    "apis",
    "build",
    "core",
    "deps",
    "examples",
    "futures",
    "incremental",
    "k8s-openapi",
    "proc-macro",
    "serde-json",
    "std",
    "test",
    "tokio",
];

/// `edge-fleet`.
pub(crate) fn package(value: &str) -> Result<String, Objection> {
    let free = |name: String| if taken(&name) { format!("{name}-server") } else { name };
    label(value, "fleet").map_err(|objection| Objection { example: free(objection.example), ..objection })?;
    if taken(value) {
        let rule = "the name is a Rust keyword, or one that Cargo or the project's own crates use";
        return Err(Objection::new(value, rule, format!("{value}-server")));
    }
    Ok(value.to_owned())
}

fn taken(name: &str) -> bool {
    TAKEN.contains(&name) || super::module(name, "") != super::stem(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages() {
        for good in ["fleet", "edge-fleet", "a", "a1"] {
            assert_eq!(package(good).as_deref(), Ok(good));
        }
        let check = |bad: &str, example: &str| {
            assert_eq!(package(bad).unwrap_err().example, example, "{bad}");
            assert_eq!(package(example).as_deref(), Ok(example), "what is suggested passes");
        };
        check("Edge Fleet", "edge-fleet");
        check(".tmpAbC", "tmpabc");
        check("1st", "st");
        check("tokio", "tokio-server");
        check("Tokio", "tokio-server");
        check("type", "type-server");
        check("", "fleet");
    }
}
