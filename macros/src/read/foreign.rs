//! Attributes of serde and schemars: refused, each with the word to write instead.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::errors::Errors;

/// Reports every `#[serde(…)]` and `#[schemars(…)]`.
pub(super) fn refuse(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes {
        let owner = match attribute.path().get_ident() {
            Some(ident) if ident == "serde" => "serde",
            Some(ident) if ident == "schemars" => "schemars",
            _ => continue,
        };
        let parsed = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        match parsed {
            Ok(metas) if !metas.is_empty() => {
                for meta in &metas {
                    let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
                    errors.at(meta, format!("`#[{owner}({name})]` is not read here: {}", instead(&name)));
                }
            }
            _ => errors.at(attribute, format!("`#[{owner}]` is not read here: {}", instead(""))),
        }
    }
}

fn instead(name: &str) -> &'static str {
    match name {
        "rename" => "write `#[api(name = \"…\")]`",
        "rename_all" => "names are camelCase already, and `#[api(name = \"…\")]` makes the exception",
        "default" => "write `#[api(default)]` or `#[api(default = …)]`",
        "skip_serializing_if" => "an absent `Option`, an empty list or map is not written anyway; remove it",
        "skip" | "skip_serializing" | "skip_deserializing" => {
            "every field of an API type is published; remove the field"
        }
        "deny_unknown_fields" => "clients say how strictly unknown fields are judged; remove it",
        "flatten" => "every field has a name in the schema: write the fields out",
        "alias" => "a field has one name; a new name needs a new version",
        "with" | "serialize_with" | "deserialize_with" | "try_from" | "from" | "into" | "tag"
        | "untagged" | "content" | "transparent" => {
            "a type with a form of its own derives serde's and schemars' traits and says `#[api(serde)]`"
        }
        "range" => "write `#[api(minimum = …, maximum = …)]`",
        "length" => {
            "write `#[api(min_length = …, max_length = …)]`, or `min_items` and `max_items` on a list"
        }
        "regex" | "pattern" => "write `#[api(pattern = \"…\")]`",
        "description" | "title" => "write a doc comment",
        "extend" => {
            "write `#[api(list_map(key = \"…\"))]`, `list_set`, `atomic` or `preserve_unknown_fields`"
        }
        _ => "what is said of an API type is said in `#[api(…)]`",
    }
}
