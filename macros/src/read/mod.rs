//! From a derive's input to the [`Model`]: every word is read, and the unknown ones are reported.

mod container;
mod docs;
mod field;
mod foreign;
mod variant;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use crate::errors::Errors;
use crate::model::{Body, Model, Role};
use crate::words::{Word, words};

/// Reads a type; what could not be read is in `errors`.
pub(crate) fn read(input: &DeriveInput, role: Role, errors: &mut Errors) -> Model {
    let words = words(&input.attrs, errors);
    let container = container::read(&words, role, errors);
    if !container.serde {
        foreign::refuse(&input.attrs, errors);
    }
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "an API type is one type in one schema, so it has no generics: write the types out",
        );
    }
    Model {
        ident: input.ident.clone(),
        krate: container.krate.unwrap_or_else(aggboot),
        description: docs::description(&input.attrs),
        root: container.root,
        body: if container.serde { Body::Serde } else { body(input, role, errors) },
    }
}

fn aggboot() -> TokenStream {
    quote!(::aggboot)
}

fn body(input: &DeriveInput, role: Role, errors: &mut Errors) -> Body {
    match (&input.data, role) {
        (Data::Struct(data), _) => match &data.fields {
            Fields::Named(fields) => {
                Body::Object(fields.named.iter().filter_map(|each| field::read(each, errors)).collect())
            }
            Fields::Unnamed(fields) => {
                errors.at(fields, "the fields of an API object have names: write `{ name: Type }`");
                Body::Unreadable
            }
            Fields::Unit => {
                errors
                    .at(&input.ident, "an API object has fields: write `struct Name {}` if it has none yet");
                Body::Unreadable
            }
        },
        (Data::Enum(data), Role::Nested) => variant::read_all(input, data, errors),
        (Data::Enum(data), Role::Root) => {
            errors.at(
                data.enum_token,
                "the root of an API object is a struct; `ApiType` is the derive of enums",
            );
            Body::Unreadable
        }
        (Data::Union(data), _) => {
            errors.at(data.union_token, "a union has no JSON form: write a struct");
            Body::Unreadable
        }
    }
}

/// Reports each word that stands twice and is not in `repeatable`.
fn refuse_repeated(words: &[Word], repeatable: &[&str], errors: &mut Errors) {
    for (index, word) in words.iter().enumerate() {
        let text = word.text();
        if !repeatable.contains(&text.as_str()) && words[..index].iter().any(|other| other.text() == text) {
            errors.at(word, format!("`{text}` is said twice; keep one of them"));
        }
    }
}
