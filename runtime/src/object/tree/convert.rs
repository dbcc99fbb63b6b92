//! To and from `serde_json::Value`, where a library speaks it.

use serde_json::{Number, Value};

use super::Tree;

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Tree::Null,
            Value::Bool(value) => Tree::Bool(value),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Tree::Int(integer),
                None => Tree::Float(number.as_f64().unwrap_or(f64::MAX)),
            },
            Value::String(text) => Tree::String(text),
            Value::Array(items) => Tree::List(items.into_iter().map(Tree::from).collect()),
            Value::Object(members) => {
                Tree::Map(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

impl From<Tree> for Value {
    fn from(tree: Tree) -> Self {
        match tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(value),
            Tree::Int(number) => number.into(),
            Tree::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Tree::String(text) => Value::String(text),
            Tree::List(items) => items.into_iter().map(Value::from).collect(),
            Tree::Map(members) => {
                Value::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Tree;

    #[test]
    fn values_go_there_and_back() {
        let value = json!({"a": [null, true, 1, -2.5, "x", {"b": {}}]});
        assert_eq!(Value::from(Tree::from(value.clone())), value);
    }
}
