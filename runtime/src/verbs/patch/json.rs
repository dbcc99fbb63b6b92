//! JSON patch (RFC 6902), as Go's servers read it: `replace` also sets a member that was not there, and
//! indexes may count from the end.

use http::StatusCode;

use crate::object::Tree;
use crate::respond::{ApiError, ApiResult};

const MOST_OPERATIONS: usize = 10_000;
/// How much `copy` may add: a few operations could otherwise fill the memory.
const MOST_COPIED: usize = 3 << 20;

/// One step of a patch.
#[derive(Debug)]
pub(super) struct Operation {
    op: Op,
    path: String,
    from: String,
    value: Tree,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
    /// Refused when its turn comes, as in Go.
    Unknown,
}

/// Reads the steps; what is no patch at all is a 400.
pub(super) fn read(tree: Tree) -> ApiResult<Vec<Operation>> {
    let decoding = |found: &str| {
        let text = format!(
            "error decoding patch: json: cannot unmarshal {found} into Go value of type []handlers.jsonPatchOp"
        );
        ApiError::bad_request(text)
    };
    let Tree::List(items) = tree else { return Err(decoding("object")) };
    if items.len() > MOST_OPERATIONS {
        return Err(ApiError::too_large(format!(
            "Request entity too large: The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {}",
            items.len()
        )));
    }
    items.into_iter().map(|item| operation(item).ok_or_else(|| decoding("value"))).collect()
}

fn operation(item: Tree) -> Option<Operation> {
    let Tree::Map(mut members) = item else { return None };
    let mut text = |key: &str| match members.shift_remove(key) {
        None | Some(Tree::Null) => Some(String::new()),
        Some(Tree::String(text)) => Some(text),
        Some(_) => None,
    };
    let (op, path, from) = (text("op")?, text("path")?, text("from")?);
    let op = match op.as_str() {
        "add" => Op::Add,
        "remove" => Op::Remove,
        "replace" => Op::Replace,
        "move" => Op::Move,
        "copy" => Op::Copy,
        "test" => Op::Test,
        _ => Op::Unknown,
    };
    Some(Operation { op, path, from, value: members.shift_remove("value").unwrap_or_default() })
}

/// Takes the steps in order; one that cannot be taken is a 422.
pub(super) fn apply(operations: &[Operation], mut document: Tree) -> ApiResult<Tree> {
    let mut copied = 0;
    for operation in operations {
        step(operation, &mut document, &mut copied).ok_or_else(rejected)?;
    }
    Ok(document)
}

/// 422, with the words of Go: what exactly failed is not told.
fn rejected() -> ApiError {
    let text = "the server rejected our request due to an error in our request";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", text).with_empty_details()
}

fn step(operation: &Operation, document: &mut Tree, copied: &mut usize) -> Option<()> {
    let Operation { op, path, from, value } = operation;
    match op {
        Op::Add => Place::of(document, path)?.add(value.clone()),
        Op::Remove => Place::of(document, path)?.remove().map(drop),
        Op::Replace if path.is_empty() => {
            *document = matches!(value, Tree::Map(_) | Tree::List(_)).then(|| value.clone())?;
            Some(())
        }
        Op::Replace => Place::of(document, path)?.replace(value.clone()),
        Op::Move => {
            let moved = Place::of(document, from)?.remove()?;
            Place::of(document, path)?.add(moved)
        }
        Op::Copy => {
            let copy = Place::of(document, from)?.get()?.cloned().unwrap_or_default();
            *copied += copy.to_json().len();
            if *copied > MOST_COPIED {
                return None;
            }
            Place::of(document, path)?.add(copy)
        }
        Op::Test if path.is_empty() => (*document == *value).then_some(()),
        Op::Test => {
            let place = Place::of(document, path)?;
            let found = place.get()?;
            (found.unwrap_or(&Tree::Null) == value).then_some(())
        }
        Op::Unknown => None,
    }
}

/// Where a path leads: the container, which exists, and the key in it, which may not.
struct Place<'a> {
    container: &'a mut Tree,
    key: String,
}

impl<'a> Place<'a> {
    fn of(document: &'a mut Tree, path: &str) -> Option<Place<'a>> {
        // What stands before the first slash is overlooked, as in Go.
        let (_, path) = path.split_once('/')?;
        let (way, key) = path.rsplit_once('/').map_or((None, path), |(way, key)| (Some(way), key));
        let mut container = document;
        for part in way.into_iter().flat_map(|way| way.split('/')) {
            let key = unescape(part);
            container = match container {
                Tree::Map(members) => members.get_mut(&key)?,
                Tree::List(items) => {
                    let index = index(&key, items.len())?;
                    items.get_mut(index)?
                }
                _ => return None,
            };
        }
        matches!(container, Tree::Map(_) | Tree::List(_)).then(|| Place { container, key: unescape(key) })
    }

    /// The value, or nothing at a member that is not there; no answer for an item that is not there.
    fn get(&self) -> Option<Option<&Tree>> {
        match &*self.container {
            Tree::Map(members) => Some(members.get(&self.key)),
            Tree::List(items) => items.get(index(&self.key, items.len())?).map(Some),
            _ => None,
        }
    }

    fn add(self, value: Tree) -> Option<()> {
        match self.container {
            Tree::Map(members) => {
                members.insert(self.key, value);
            }
            Tree::List(items) if self.key == "-" => items.push(value),
            Tree::List(items) => {
                let index = index(&self.key, items.len() + 1)?;
                items.insert(index, value);
            }
            _ => return None,
        }
        Some(())
    }

    fn replace(self, value: Tree) -> Option<()> {
        match self.container {
            Tree::Map(members) => {
                members.insert(self.key, value);
            }
            Tree::List(items) => {
                let index = index(&self.key, items.len())?;
                *items.get_mut(index)? = value;
            }
            _ => return None,
        }
        Some(())
    }

    fn remove(self) -> Option<Tree> {
        match self.container {
            Tree::Map(members) => members.shift_remove(&self.key),
            Tree::List(items) => {
                let index = index(&self.key, items.len())?;
                Some(items.remove(index))
            }
            _ => None,
        }
    }
}

/// An index below `length`; negative ones count from the end.
fn index(key: &str, length: usize) -> Option<usize> {
    let number: i64 = key.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let index = if number < 0 { number + length } else { number };
    (0..length).contains(&index).then(|| usize::try_from(index).ok())?
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Tree {
        Tree::parse_json(json.as_bytes()).expect("valid JSON").0
    }

    fn applied(document: &str, patch: &str) -> Option<Tree> {
        let operations = read(parse(patch)).expect("a patch");
        apply(&operations, parse(document)).ok()
    }

    #[test]
    fn steps_change_the_document() {
        for (document, patch, result) in [
            (r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":2}]"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":[1,3]}"#, r#"[{"op":"add","path":"/a/1","value":2}]"#, r#"{"a":[1,2,3]}"#),
            (r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-","value":2}]"#, r#"{"a":[1,2]}"#),
            (r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-1","value":2}]"#, r#"{"a":[1,2]}"#),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"/b"}]"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":1,"b":2}"#, r#"[{"op":"remove","path":"/a"}]"#, r#"{"b":2}"#),
            (r#"{"a":[1,2]}"#, r#"[{"op":"remove","path":"/a/-1"}]"#, r#"{"a":[1]}"#),
            (r#"{"a":1}"#, r#"[{"op":"replace","path":"/b","value":2}]"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":{"b":2}}]"#, r#"{"b":2}"#),
            (r#"{"a":{"x":1}}"#, r#"[{"op":"move","from":"/a/x","path":"/b"}]"#, r#"{"a":{},"b":1}"#),
            (r#"{"a":[1]}"#, r#"[{"op":"copy","from":"/a/0","path":"/a/0"}]"#, r#"{"a":[1,1]}"#),
            (r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1}]"#, r#"{"a":1}"#),
            (r#"{"a":1}"#, r#"[{"op":"test","path":"/b","value":null}]"#, r#"{"a":1}"#),
            (
                r#"{"a/b":{"c~d":1}}"#,
                r#"[{"op":"replace","path":"/a~1b/c~0d","value":2}]"#,
                r#"{"a/b":{"c~d":2}}"#,
            ),
        ] {
            assert_eq!(applied(document, patch), Some(parse(result)), "{document} {patch}");
        }
    }

    #[test]
    fn a_step_that_cannot_be_taken_fails_the_patch() {
        for (document, patch) in [
            (r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":2}]"#),
            (r#"{"a":1}"#, r#"[{"op":"test","path":"/b","value":2}]"#),
            (r#"{"a":1}"#, r#"[{"op":"remove","path":"/b"}]"#),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"/b/c","value":2}]"#),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"/a/c","value":2}]"#),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"","value":2}]"#),
            (r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":2}]"#),
            (r#"{"a":[1]}"#, r#"[{"op":"replace","path":"/a/1","value":2}]"#),
            (r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/3","value":2}]"#),
            (r#"{"a":[1]}"#, r#"[{"op":"remove","path":"/a/x"}]"#),
            (r#"{"a":1}"#, r#"[{"op":"move","from":"/b","path":"/c"}]"#),
            (r#"{"a":1}"#, r#"[{"op":"nonsense","path":"/a"}]"#),
        ] {
            assert_eq!(applied(document, patch), None, "{document} {patch}");
        }
    }

    #[test]
    fn copies_are_bounded() {
        let document = format!(r#"{{"a":["{}"]}}"#, "x".repeat(1 << 20));
        let patch = r#"{"op":"copy","from":"/a/0","path":"/a/-"}"#;
        assert!(applied(&document, &format!("[{patch},{patch}]")).is_some());
        assert!(applied(&document, &format!("[{patch},{patch},{patch}]")).is_none());
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        for (patch, code) in [("{}", 400), ("[1]", 400), (r#"[{"op":1}]"#, 400)] {
            let error = read(parse(patch)).expect_err(patch);
            assert_eq!(error.code().as_u16(), code);
        }
        let many = format!("[{}1]", "1,".repeat(10_000));
        assert_eq!(read(parse(&many)).expect_err("too many").code().as_u16(), 413);
    }
}
