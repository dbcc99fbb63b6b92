//! What the tokens of a type say of its JSON. Tokens are all a derive sees: an alias is `Named`.

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

/// The JSON form of a type, as far as its tokens tell.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape<'a> {
    Bool,
    /// `i32`, `i64`
    Integer,
    /// `f64`
    Number,
    /// `String`
    Text,
    /// `Option<T>`
    Option(&'a Type),
    /// `Vec<T>`
    List(&'a Type),
    /// `BTreeMap<K, V>`
    Map(&'a Type, &'a Type),
    /// `Box<T>`
    Box(&'a Type),
    /// Any other path: its last name, its first generic argument.
    Named(String),
    /// A tuple, an array, a reference…
    Other,
}

/// The shape of `ty`.
pub(crate) fn shape(ty: &Type) -> Shape<'_> {
    let ty = plain(ty);
    let Type::Path(path) = ty else { return Shape::Other };
    let Some(last) = path.path.segments.last() else { return Shape::Other };
    let arguments: Vec<&Type> = match &last.arguments {
        PathArguments::AngleBracketed(generic) => generic.args.iter().filter_map(argument).collect(),
        _ => Vec::new(),
    };
    let name = last.ident.to_string();
    match (name.as_str(), arguments.as_slice()) {
        ("bool", []) => Shape::Bool,
        ("i32" | "i64", []) => Shape::Integer,
        ("f64", []) => Shape::Number,
        ("String", []) => Shape::Text,
        ("Option", [inner]) => Shape::Option(inner),
        ("Vec", [item]) => Shape::List(item),
        ("BTreeMap", [key, value]) => Shape::Map(key, value),
        ("Box", [inner]) => Shape::Box(inner),
        _ => Shape::Named(name),
    }
}

/// The shape of the value behind `Option` and `Box`.
pub(crate) fn value_shape(ty: &Type) -> Shape<'_> {
    match shape(ty) {
        Shape::Option(inner) | Shape::Box(inner) => value_shape(inner),
        shape => shape,
    }
}

/// The type as its author would write it, for a sentence.
pub(crate) fn written(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    let tight = [(" <", "<"), ("< ", "<"), (" >", ">"), (" ,", ","), (" ::", "::"), (":: ", "::")];
    tight.into_iter().fold(tokens, |text, (loose, tight)| text.replace(loose, tight))
}

/// Without the invisible groups that `macro_rules!` puts around types.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        ty => ty,
    }
}

fn argument(argument: &GenericArgument) -> Option<&Type> {
    match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}
