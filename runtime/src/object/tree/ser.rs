//! From typed values to trees: a serializer, and a tree's own form for other serializers.

use serde::ser::{self, Serialize, SerializeMap as _, Serializer};

use super::{Map, Tree, TreeError};

/// The tree of a typed value.
pub fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, TreeError> {
    value.serialize(ToTree)
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Null => serializer.serialize_unit(),
            Tree::Bool(value) => serializer.serialize_bool(*value),
            Tree::Int(number) => serializer.serialize_i64(*number),
            Tree::Float(number) => serializer.serialize_f64(*number),
            Tree::String(text) => serializer.serialize_str(text),
            Tree::List(items) => serializer.collect_seq(items),
            Tree::Map(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

struct ToTree;

/// A list under way; for a tuple variant, the name it stands under.
struct Items {
    items: Vec<Tree>,
    variant: Option<&'static str>,
}

/// An object under way; for a struct variant, the name it stands under.
struct Members {
    members: Map,
    key: Option<String>,
    variant: Option<&'static str>,
}

fn under(variant: Option<&'static str>, tree: Tree) -> Tree {
    match variant {
        None => tree,
        Some(name) => Tree::Map(Map::from([(name.to_owned(), tree)])),
    }
}

impl Serializer for ToTree {
    type Ok = Tree;
    type Error = TreeError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    fn serialize_bool(self, value: bool) -> Result<Tree, TreeError> {
        Ok(Tree::Bool(value))
    }
    fn serialize_i8(self, number: i8) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number.into()))
    }
    fn serialize_i16(self, number: i16) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number.into()))
    }
    fn serialize_i32(self, number: i32) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number.into()))
    }
    fn serialize_i64(self, number: i64) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number))
    }
    fn serialize_u8(self, number: u8) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number.into()))
    }
    fn serialize_u16(self, number: u16) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number.into()))
    }
    fn serialize_u32(self, number: u32) -> Result<Tree, TreeError> {
        Ok(Tree::Int(number.into()))
    }
    fn serialize_u64(self, number: u64) -> Result<Tree, TreeError> {
        i64::try_from(number)
            .map(Tree::Int)
            .map_err(|_| TreeError(format!("number {number} does not fit a 64-bit signed integer")))
    }
    fn serialize_f32(self, number: f32) -> Result<Tree, TreeError> {
        // The shortest text of the f32, not the digits that widening invents.
        self.serialize_f64(number.to_string().parse().unwrap_or_else(|_| number.into()))
    }
    fn serialize_f64(self, number: f64) -> Result<Tree, TreeError> {
        if number.is_finite() {
            Ok(Tree::Float(number))
        } else {
            Err(TreeError(format!("number {number} cannot be written as JSON")))
        }
    }
    fn serialize_char(self, c: char) -> Result<Tree, TreeError> {
        Ok(Tree::String(c.to_string()))
    }
    fn serialize_str(self, text: &str) -> Result<Tree, TreeError> {
        Ok(Tree::from(text))
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Tree, TreeError> {
        Ok(Tree::List(bytes.iter().map(|byte| Tree::Int((*byte).into())).collect()))
    }
    fn serialize_none(self) -> Result<Tree, TreeError> {
        Ok(Tree::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, TreeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Tree, TreeError> {
        Ok(Tree::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, TreeError> {
        Ok(Tree::Null)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Tree, TreeError> {
        Ok(Tree::from(variant))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, TreeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, TreeError> {
        Ok(under(Some(variant), value.serialize(self)?))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Items, TreeError> {
        Ok(Items { items: Vec::with_capacity(length.unwrap_or_default()), variant: None })
    }
    fn serialize_tuple(self, length: usize) -> Result<Items, TreeError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items, TreeError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items, TreeError> {
        Ok(Items { items: Vec::with_capacity(length), variant: Some(variant) })
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Members, TreeError> {
        let members = Map::with_capacity(length.unwrap_or_default());
        Ok(Members { members, key: None, variant: None })
    }
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Members, TreeError> {
        self.serialize_map(Some(length))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Members, TreeError> {
        Ok(Members { members: Map::with_capacity(length), key: None, variant: Some(variant) })
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.items.push(value.serialize(ToTree)?);
        Ok(())
    }

    fn finish(self) -> Tree {
        under(self.variant, Tree::List(self.items))
    }
}

impl Members {
    fn push<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), TreeError> {
        self.members.insert(key, value.serialize(ToTree)?);
        Ok(())
    }

    fn finish(self) -> Tree {
        under(self.variant, Tree::Map(self.members))
    }
}

impl ser::SerializeSeq for Items {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.push(value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.push(value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.push(value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleVariant for Items {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.push(value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}

impl ser::SerializeMap for Members {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), TreeError> {
        self.key = Some(match key.serialize(ToTree)? {
            Tree::String(text) => text,
            Tree::Int(number) => number.to_string(),
            Tree::Bool(value) => value.to_string(),
            other => return Err(TreeError(format!("{other:?} cannot be the key of a JSON object"))),
        });
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        let key = self.key.take().ok_or_else(|| TreeError("a value came without its key".to_owned()))?;
        self.push(key, value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}

impl ser::SerializeStruct for Members {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), TreeError> {
        self.push(key.to_owned(), value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}

impl ser::SerializeStructVariant for Members {
    type Ok = Tree;
    type Error = TreeError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), TreeError> {
        self.push(key.to_owned(), value)
    }
    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.finish())
    }
}
