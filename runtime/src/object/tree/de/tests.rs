use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Tree, from_tree};
use crate::object::tree::to_tree;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    small: i32,
    whole: u16,
    ratio: f64,
    text: String,
    absent: Option<String>,
    list: Vec<Option<i64>>,
    by_number: BTreeMap<u32, Variant>,
    pair: (u8, char),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Variant {
    Unit,
    One(i8),
    Two(i8, i8),
    Named { x: i8 },
}

fn everything() -> (Everything, Tree) {
    let value = Everything {
        flag: true,
        small: -3,
        whole: 7,
        ratio: 0.5,
        text: "x".into(),
        absent: None,
        list: vec![Some(1), None],
        by_number: BTreeMap::from([
            (1, Variant::Unit),
            (2, Variant::One(1)),
            (3, Variant::Two(1, 2)),
            (4, Variant::Named { x: 1 }),
        ]),
        pair: (1, 'c'),
    };
    let tree = json!({
        "flag": true, "small": -3, "whole": 7, "ratio": 0.5, "text": "x", "absent": null, "list": [1, null],
        "by_number": {"1": "Unit", "2": {"One": 1}, "3": {"Two": [1, 2]}, "4": {"Named": {"x": 1}}},
        "pair": [1, "c"],
    });
    (value, tree.into())
}

#[test]
fn typed_values_go_there_and_back() {
    let (value, tree) = everything();
    assert_eq!(to_tree(&value).expect("a tree"), tree);
    assert_eq!(from_tree::<Everything>(&tree).expect("a value"), value);
}

#[test]
fn a_fraction_of_zero_is_an_integer() {
    assert_eq!(from_tree::<i32>(&Tree::Float(3.0)), Ok(3));
    let error = from_tree::<i32>(&Tree::Float(3.5)).expect_err("a fraction");
    assert_eq!(error.to_string(), "invalid type: floating point `3.5`, expected i32");
}

#[test]
fn what_json_cannot_hold_is_refused() {
    assert!(to_tree(&f64::NAN).is_err());
    assert!(to_tree(&u64::MAX).is_err());
    assert_eq!(to_tree(&0.1_f32).expect("finite"), Tree::Float(0.1));
}

#[test]
fn a_tree_reads_itself_from_any_format() {
    let (_, tree) = everything();
    let json = tree.to_json();
    assert_eq!(serde_json::from_slice::<Tree>(&json).expect("JSON"), tree);
    assert_eq!(from_tree::<Tree>(&tree).as_ref(), Ok(&tree));
    assert_eq!(to_tree(&tree).as_ref(), Ok(&tree));
}
