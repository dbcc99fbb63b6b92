//! Enums of unit variants.

use syn::ext::IdentExt;
use syn::{DataEnum, DeriveInput, Fields};

use super::{foreign, refuse_repeated};
use crate::errors::Errors;
use crate::model::{Body, Variant};
use crate::suggest;
use crate::words::words;

/// Reads every variant.
pub(super) fn read_all(input: &DeriveInput, data: &DataEnum, errors: &mut Errors) -> Body {
    if data.variants.is_empty() {
        errors.at(&input.ident, "an enum without variants has no value: add one");
        return Body::Unreadable;
    }
    Body::Enumeration(data.variants.iter().map(|variant| read(variant, errors)).collect())
}

fn read(variant: &syn::Variant, errors: &mut Errors) -> Variant {
    let mut read = Variant {
        ident: variant.ident.clone(),
        name: variant.ident.unraw().to_string(),
        name_span: variant.ident.span(),
    };
    let words = words(&variant.attrs, errors);
    refuse_repeated(&words, &[], errors);
    for word in &words {
        if word.text() != "name" {
            let hint = suggest::hint(&word.text(), &["name"]);
            errors.at(&word.name, format!("unknown word `{}` on a variant; {hint}", word.text()));
        } else if let Some(name) = word.string(errors) {
            read.name = name.value();
            read.name_span = name.span();
        }
    }
    foreign::refuse(&variant.attrs, errors);
    if !matches!(variant.fields, Fields::Unit) {
        errors.at(
            &variant.fields,
            "the value of an API enum is a word, so variants carry no data: write a struct with one `Option` \
             field for each variant, or derive serde's and schemars' traits and say `#[api(serde)]` on the enum",
        );
    }
    read
}
