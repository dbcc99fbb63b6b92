//! How groups and kinds are called as Rust modules and as files.

use heck::ToSnakeCase;

/// Reserved words, and `aggboot`, which would hide the crate of that name.
const NOT_MODULES: &[&str] = &[
    "abstract", "aggboot", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The module of a group or kind below the module `parent`: `type` is `type_`, and no module is called as its parent.
pub(crate) fn module(name: &str, parent: &str) -> String {
    let stem = stem(name);
    if NOT_MODULES.contains(&stem.as_str()) || stem == parent { format!("{stem}_") } else { stem }
}

/// The name as a file: `HTTPRoute` is `http_route`, `my-group` is `my_group`, `1a` is `_1a`.
pub(crate) fn stem(name: &str) -> String {
    let snake = name.to_snake_case();
    if snake.starts_with(|c: char| c.is_ascii_digit()) { format!("_{snake}") } else { snake }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules() {
        let check = |name: &str, parent: &str, expected: &str| assert_eq!(module(name, parent), expected);
        check("inventory", "apis", "inventory");
        check("my-group", "apis", "my_group");
        check("1a", "apis", "_1a");
        check("type", "apis", "type_");
        check("aggboot", "apis", "aggboot_");
        check("apis", "apis", "apis_");
        check("Server", "v1", "server");
        check("HTTPRoute", "v1", "http_route");
        check("Mod", "v1", "mod_");
        check("V1", "v1", "v1_");
        assert_eq!(stem("Mod"), "mod");
    }
}
