//! JSON merge patch (RFC 7386).

use crate::object::{Map, Tree};

/// Merges a patch into a document.
pub(super) fn apply(target: &mut Tree, patch: &Tree) {
    let Tree::Map(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !matches!(target, Tree::Map(_)) {
        *target = Tree::Map(Map::new());
    }
    let Tree::Map(members) = target else { return };
    for (key, change) in changes {
        if change.is_null() {
            members.shift_remove(key);
        } else {
            apply(members.entry(key.clone()).or_default(), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, r"{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (r"{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let parse = |json: &str| Tree::parse_json(json.as_bytes()).expect("valid JSON").0;
            let mut tree = parse(target);
            apply(&mut tree, &parse(patch));
            assert_eq!(tree, parse(result), "{target} + {patch}");
        }
    }
}
