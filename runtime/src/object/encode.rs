//! From a tree to the bytes that are stored: the one encode of a write.

use bytes::Bytes;

use super::{Map, Tree};

/// What stands first, in this order; everything else follows by name.
const FIRST: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Puts every object's members in order, so that equal objects have equal bytes whoever wrote them.
pub fn canonicalize(tree: &mut Tree) {
    match tree {
        Tree::Map(map) => {
            if !map.keys().is_sorted() {
                map.sort_unstable_keys();
            }
            map.values_mut().for_each(canonicalize);
        }
        Tree::List(items) => items.iter_mut().for_each(canonicalize),
        _ => {}
    }
}

/// The stored form of a canonical object: compact JSON without resourceVersion and managedFields.
#[must_use]
pub fn encode(object: &Map) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    let rest = object.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()));
    let first = FIRST.iter().filter_map(|key| object.get_key_value(*key));
    out.push(b'{');
    for (key, value) in first.chain(rest) {
        match value {
            Tree::Map(metadata) if key == "metadata" => member(&mut out, key, |out| {
                out.push(b'{');
                let kept = metadata.iter().filter(|(key, _)| !is_system(key));
                kept.for_each(|(key, value)| member(out, key, |out| value.write_json(out)));
                out.push(b'}');
            }),
            value => member(&mut out, key, |out| value.write_json(out)),
        }
    }
    out.push(b'}');
    // A store keeps the bytes as they are: not more than it needs.
    out.into_boxed_slice().into()
}

/// Not stored: spliced in when the object is served, and not built yet.
fn is_system(key: &str) -> bool {
    matches!(key, "resourceVersion" | "managedFields" | "selfLink")
}

fn member(out: &mut Vec<u8>, key: &str, value: impl FnOnce(&mut Vec<u8>)) {
    if !out.ends_with(b"{") {
        out.push(b',');
    }
    Tree::from(key).write_json(out);
    out.push(b':');
    value(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(json: &str) -> String {
        let (mut tree, _) = Tree::parse_json(json.as_bytes()).expect("valid JSON");
        canonicalize(&mut tree);
        String::from_utf8(encode(tree.as_map().expect("an object")).to_vec()).expect("UTF-8")
    }

    #[test]
    fn the_head_comes_first_and_the_rest_by_name() {
        let json = r#"{"spec":{"b":1,"a":[{"d":1,"c":2}]},"data":"{","kind":"K","metadata":{"uid":"u","resourceVersion":"7","name":"n","managedFields":[]},"apiVersion":"g/v"}"#;
        let expected = r#"{"apiVersion":"g/v","kind":"K","metadata":{"name":"n","uid":"u"},"data":"{","spec":{"a":[{"c":2,"d":1}],"b":1}}"#;
        assert_eq!(encoded(json), expected);
        assert_eq!(encoded(expected), expected);
    }
}
