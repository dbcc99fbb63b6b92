//! Types that have no place in a Kubernetes schema, each with the one to write.

use syn::Type;

use crate::errors::Errors;
use crate::model::Field;
use crate::shape::{Shape, shape, written};

/// Reports what in the field's type cannot be published.
pub(super) fn check(field: &Field, errors: &mut Errors) {
    if !field.serde {
        check_type(&field.ty, errors);
    }
}

fn check_type(ty: &Type, errors: &mut Errors) {
    match shape(ty) {
        Shape::Option(inner) => {
            if matches!(shape(inner), Shape::Option(_)) {
                errors.at(
                    ty,
                    "null is absent in Kubernetes, so there is nothing between the two `Option`s: write one",
                );
            }
            check_type(inner, errors);
        }
        Shape::List(item) => list(ty, item, errors),
        Shape::Map(key, value) => {
            if shape(key) != Shape::Text {
                errors
                    .at(key, "the members of a JSON object are named by texts: write `BTreeMap<String, …>`");
            }
            check_type(value, errors);
        }
        Shape::Box(inner) => check_type(inner, errors),
        Shape::Named(name) => named(&name, ty, errors),
        Shape::Other => other(ty, errors),
        Shape::Bool | Shape::Integer | Shape::Number | Shape::Text => {}
    }
}

fn list(ty: &Type, item: &Type, errors: &mut Errors) {
    match shape(item) {
        Shape::Named(name) if name == "u8" => {
            errors.at(ty, "bytes travel as base64 text: write `ByteString`");
        }
        Shape::Option(_) => {
            errors.at(item, "an item of a list is there or it is not: write the type without `Option`");
        }
        _ => check_type(item, errors),
    }
}

fn named(name: &str, ty: &Type, errors: &mut Errors) {
    let sentence = match name {
        "u8" | "u16" | "i8" | "i16" => "write `i32`, with `#[api(minimum = …, maximum = …)]`",
        "u32" | "u64" | "usize" => "write `i32` or `i64`, with `#[api(minimum = 0)]`",
        "i128" | "u128" | "isize" => "write `i64`",
        "f32" => "write `f64`, or `Quantity` for an amount",
        "char" | "str" | "Cow" | "PathBuf" | "OsString" => "write `String`",
        "HashMap" => {
            errors.at(ty, "a `HashMap` is written in another order each time: write `BTreeMap<String, …>`");
            return;
        }
        "HashSet" | "BTreeSet" => {
            errors.at(ty, format!("a `{name}` is a list in JSON: write `Vec<…>` with `#[api(list_set)]`"));
            return;
        }
        "Duration" => "write `String`, or `i64` and say the unit in the name",
        "SystemTime" | "Instant" | "Timestamp" | "DateTime" => "write `Time` or `MicroTime`",
        _ => return,
    };
    errors.at(ty, format!("Kubernetes' schemas have no `{name}`: {sentence}"));
}

fn other(ty: &Type, errors: &mut Errors) {
    let sentence = match ty {
        Type::Tuple(_) => "a tuple has no names for its parts: write a struct",
        Type::Array(_) | Type::Slice(_) => "write `Vec<…>`, with `#[api(min_items = …, max_items = …)]`",
        Type::Reference(_) => "an API object owns its parts: write `String`, or the type without `&`",
        Type::Macro(_) => return,
        _ => {
            let written = written(ty);
            errors.at(
                ty,
                format!("`{written}` has no JSON form: write a struct, a scalar, `Vec` or `BTreeMap`"),
            );
            return;
        }
    };
    errors.at(ty, sentence);
}
