//! An enum of unit variants: a word on the wire.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::table::path_of;
use crate::model::{Model, Variant};

/// Writes the impls of an enum.
pub(super) fn expand(model: &Model, variants: &[Variant]) -> TokenStream {
    let ident = &model.ident;
    let name = ident.to_string();
    let path = path_of(&name);
    let description = &model.description;
    let names: Vec<&String> = variants.iter().map(|variant| &variant.name).collect();
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let (last, others) = idents.split_last().expect("an enum without variants is refused");
    let indices = (0..others.len()).map(Literal::usize_unsuffixed);
    quote! {
        static __ENUMERATION: __api::Enumeration = __api::Enumeration {
            path: #path,
            name: #name,
            description: #description,
            values: &[#(#names),*],
        };
        #[automatically_derived]
        impl __api::Clone for #ident {
            fn clone(&self) -> Self {
                match self {
                    #(#ident::#idents => #ident::#idents,)*
                }
            }
        }
        #[automatically_derived]
        impl __api::Serialize for #ident {
            fn serialize<__S: __api::Serializer>(&self, serializer: __S) -> __api::Result<__S::Ok, __S::Error> {
                let word = match self {
                    #(#ident::#idents => #names,)*
                };
                __api::Serializer::serialize_str(serializer, word)
            }
        }
        #[automatically_derived]
        impl<'de> __api::Deserialize<'de> for #ident {
            fn deserialize<__D: __api::Deserializer<'de>>(deserializer: __D) -> __api::Result<Self, __D::Error> {
                __api::Ok(match __api::variant(deserializer, &__ENUMERATION)? {
                    #(#indices => #ident::#others,)*
                    _ => #ident::#last,
                })
            }
        }
        #[automatically_derived]
        impl __api::ApiType for #ident {
            fn schema(generator: &mut __api::SchemaGenerator) -> __api::Schema {
                __api::enumeration(generator, &__ENUMERATION)
            }
        }
    }
}
