//! From trees to typed values: a deserializer over a borrowed tree, and a tree read from other formats.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Map, Tree, TreeError};

/// The typed value that a tree describes.
pub fn from_tree<T: DeserializeOwned>(tree: &Tree) -> Result<T, TreeError> {
    T::deserialize(tree)
}

/// An integer, also where it was written with a fraction of zero.
macro_rules! integers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
            match whole(self) {
                Some(number) => visitor.visit_i64(number),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

fn whole(tree: &Tree) -> Option<i64> {
    match tree {
        // The bounds are exact in f64; beyond them a cast would saturate.
        Tree::Float(number) if number.fract() == 0.0 && (-9.2e18..9.2e18).contains(number) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
            Some(*number as i64)
        }
        _ => None,
    }
}

impl<'de> Deserializer<'de> for &'de Tree {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Int(number) => visitor.visit_i64(*number),
            Tree::Float(number) => visitor.visit_f64(*number),
            Tree::String(text) => visitor.visit_borrowed_str(text),
            Tree::List(items) => {
                let mut access = SeqDeserializer::new(items.iter());
                let value = visitor.visit_seq(&mut access)?;
                access.end()?;
                Ok(value)
            }
            Tree::Map(members) => {
                let mut access = MapDeserializer::new(members.iter().map(|(key, value)| (Key(key), value)));
                let value = visitor.visit_map(&mut access)?;
                access.end()?;
                Ok(value)
            }
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        match self {
            Tree::String(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Tree::Map(members) if members.len() == 1 => {
                let (name, value) = members.first().expect("one member");
                visitor.visit_enum(Variant { name, value })
            }
            other => Err(de::Error::invalid_type(other.unexpected(), &"a string or an object of one member")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

impl<'de> IntoDeserializer<'de, TreeError> for &'de Tree {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl Tree {
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Tree::Null => Unexpected::Unit,
            Tree::Bool(value) => Unexpected::Bool(*value),
            Tree::Int(number) => Unexpected::Signed(*number),
            Tree::Float(number) => Unexpected::Float(*number),
            Tree::String(text) => Unexpected::Str(text),
            Tree::List(_) => Unexpected::Seq,
            Tree::Map(_) => Unexpected::Map,
        }
    }
}

/// A member's name: borrowed from the tree; a number or a boolean where the map's key type is one.
struct Key<'de>(&'de str);

impl<'de> IntoDeserializer<'de, TreeError> for Key<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed_keys {
    ($($name:ident $visit:ident $type:ty,)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_borrowed_str(self.0)
    }

    parsed_keys! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i64 i64, deserialize_i16 visit_i64 i64, deserialize_i32 visit_i64 i64,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u64 u64, deserialize_u16 visit_u64 u64,
        deserialize_u32 visit_u64 u64, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

struct Variant<'de> {
    name: &'de str,
    value: &'de Tree,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = TreeError;
    type Variant = &'de Tree;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, &'de Tree), TreeError> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<TreeError>::new(self.name))?, self.value))
    }
}

impl<'de> VariantAccess<'de> for &'de Tree {
    type Error = TreeError;

    fn unit_variant(self) -> Result<(), TreeError> {
        <()>::deserialize(self)
    }
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, TreeError> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TreeError> {
        self.deserialize_any(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        self.deserialize_any(visitor)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Int(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        #[expect(clippy::cast_precision_loss, reason = "what does not fit is a float, as in Go")]
        Ok(i64::try_from(number).map_or(Tree::Float(number as f64), Tree::Int))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Float(number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::from(text))
    }
    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::String(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut members = Map::new();
        while let Some((key, value)) = access.next_entry::<String, Tree>()? {
            members.insert(key, value);
        }
        Ok(Tree::Map(members))
    }
}

#[cfg(test)]
mod tests {
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
}
