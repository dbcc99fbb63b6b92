//! Two values, and the places where they differ.

use std::fmt;

use serde_json::Value;

/// One place where two answers differ.
#[derive(Debug)]
pub(super) struct Difference {
    path: String,
    theirs: Option<Value>,
    ours: Option<Value>,
}

impl Difference {
    /// Whether the place is `path` or below it. `*` stands for one step.
    pub(super) fn is_below(&self, path: &str) -> bool {
        let mut steps = self.path.split('/');
        path.trim_end_matches('/').split('/').all(|wanted| {
            let step = steps.next();
            step.is_some_and(|step| wanted == "*" || step == wanted)
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show =
            |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        write!(f, "{}: Go has {}, ours {}", self.path, show(&self.theirs), show(&self.ours))
    }
}

/// Every place where the two differ, deepest first found.
pub(super) fn differences(theirs: &Value, ours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(&mut String::new(), Some(theirs), Some(ours), &mut found);
    found
}

fn walk(path: &mut String, theirs: Option<&Value>, ours: Option<&Value>, found: &mut Vec<Difference>) {
    match (theirs, ours) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let mut keys: Vec<_> =
                left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))).collect();
            keys.sort();
            for key in keys {
                step(path, &key.replace('/', "~1"), left.get(key), right.get(key), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for at in 0..left.len().max(right.len()) {
                step(path, &at.to_string(), left.get(at), right.get(at), found);
            }
        }
        (left, right) if left == right => {}
        (left, right) => {
            found.push(Difference { path: path.clone(), theirs: left.cloned(), ours: right.cloned() });
        }
    }
}

fn step(
    path: &mut String,
    name: &str,
    theirs: Option<&Value>,
    ours: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    let length = path.len();
    path.push('/');
    path.push_str(name);
    walk(path, theirs, ours, found);
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::differences;
    use serde_json::json;

    #[test]
    fn differences_are_named_by_their_place() {
        let found = differences(&json!({"a": [1, 2], "b": 1}), &json!({"a": [1, 3, 4], "c": 1}));
        let paths: Vec<_> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["/a/1", "/a/2", "/b", "/c"]);
        assert!(found[0].is_below("/a") && found[0].is_below("/a/*") && !found[0].is_below("/b"));
    }
}
