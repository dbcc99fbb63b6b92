//! From a judged [`Model`] to impls: a table, and calls into `aggboot::__private`.
//!
//! Everything stands in one anonymous constant, names nothing of the prelude and leaves no name behind.

mod enumeration;
mod object;
mod presence;
mod read;
mod resource;
mod table;

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Body, Model};

/// Writes the impls.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let krate = &model.krate;
    let items = match &model.body {
        Body::Object(fields) => {
            let object = object::expand(model, fields);
            quote! {
                use __api::Reported as _;
                #object
            }
        }
        Body::Enumeration(variants) => enumeration::expand(model, variants),
        Body::Serde => bridge(model),
        Body::Unreadable => TokenStream::new(),
    };
    let root = model.root.as_ref().map(|root| resource::expand(model, root));
    quote! {
        const _: () = {
            use #krate::__private as __api;
            #items
            #root
        };
    }
}

/// A type with serde's own forms: only its schema is asked for.
fn bridge(model: &Model) -> TokenStream {
    let ident = &model.ident;
    quote! {
        #[automatically_derived]
        impl __api::ApiType for #ident {
            fn schema(generator: &mut __api::SchemaGenerator) -> __api::Schema {
                __api::bridge::<#ident>(generator)
            }
        }
    }
}
