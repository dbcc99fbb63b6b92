//! A struct: copy, defaults, JSON out, schema. JSON in stands in `read`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::presence::{
    Presence, call_site, default_function, default_value, is_option, may_be_absent, presence,
};
use super::{read, table};
use crate::model::{Default, Field, Model};

/// Writes the impls of a struct.
pub(super) fn expand(model: &Model, fields: &[Field]) -> TokenStream {
    let table = table::expand(model, fields);
    let defaults = fields.iter().filter_map(default_of_field);
    let clone = clone(model, fields);
    let default = fields.iter().all(|field| may_be_absent(model, field)).then(|| default(model, fields));
    let write = write(model, fields);
    let read = read::expand(model, fields);
    let api_type = api_type(model, fields);
    quote!(#table #(#defaults)* #clone #default #write #read #api_type)
}

fn default_of_field(field: &Field) -> Option<TokenStream> {
    let Some(Default::Is(expr)) = &field.default else { return None };
    let (function, ty) = (default_function(field), &field.ty);
    let value = default_value(expr, ty);
    Some(quote! {
        fn #function() -> #ty {
            #value
        }
    })
}

fn clone(model: &Model, fields: &[Field]) -> TokenStream {
    let ident = &model.ident;
    let members = fields.iter().map(|field| {
        let Field { ident, ty, .. } = field;
        let copy = if field.serde { quote!(__api::Clone::clone) } else { quote!(__api::Of::<#ty>::copy) };
        quote_spanned!(call_site(ty.span())=> #ident: #copy(&self.#ident))
    });
    quote! {
        #[automatically_derived]
        impl __api::Clone for #ident {
            fn clone(&self) -> Self {
                #ident { #(#members),* }
            }
        }
    }
}

fn default(model: &Model, fields: &[Field]) -> TokenStream {
    let ident = &model.ident;
    let members = fields.iter().map(|field| {
        let name = &field.ident;
        let value = match presence(model, field) {
            Presence::Is => {
                let function = default_function(field);
                quote!(#function())
            }
            Presence::Status => quote_spanned!(call_site(field.ty.span())=> __api::empty_status()),
            _ => {
                let ty = &field.ty;
                quote_spanned!(call_site(ty.span())=> __api::Of::<#ty>::blank())
            }
        };
        quote!(#name: #value)
    });
    quote! {
        #[automatically_derived]
        impl __api::Default for #ident {
            fn default() -> Self {
                #ident { #(#members),* }
            }
        }
    }
}

fn write(model: &Model, fields: &[Field]) -> TokenStream {
    let ident = &model.ident;
    let head = model
        .root
        .is_some()
        .then(|| quote!(__api::write_head(&mut map, <#ident as __api::ApiResource>::DESCRIPTOR)?;));
    let members = fields.iter().map(|field| {
        let Field { ident, name, ty, .. } = field;
        let write = match presence(model, field) {
            Presence::Status => quote!(__api::write_status),
            Presence::ByType => quote!(__api::Of::<#ty>::write_by_type),
            Presence::OfType | Presence::Is if is_option(ty) => quote!(__api::write_option),
            _ if field.serde => quote!(__api::write),
            _ => quote!(__api::Of::<#ty>::write),
        };
        quote_spanned!(call_site(ty.span())=> #write(&mut map, #name, &self.#ident)?;)
    });
    quote! {
        #[automatically_derived]
        impl __api::Serialize for #ident {
            fn serialize<__S: __api::Serializer>(&self, serializer: __S) -> __api::Result<__S::Ok, __S::Error> {
                let mut map = __api::Serializer::serialize_map(serializer, __api::None)?;
                #head
                #(#members)*
                __api::SerializeMap::end(map)
            }
        }
    }
}

fn api_type(model: &Model, fields: &[Field]) -> TokenStream {
    let ident = &model.ident;
    let by_type = |field: &Field| matches!(presence(model, field), Presence::ByType);
    let is_absent = fields.iter().all(by_type).then(|| {
        let members = fields.iter().map(|field| {
            let Field { ident, ty, .. } = field;
            quote_spanned!(call_site(ty.span())=> && __api::Of::<#ty>::is_absent(&self.#ident))
        });
        quote! {
            fn is_absent(&self) -> bool {
                true #(#members)*
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl __api::ApiType for #ident {
            #is_absent
            fn schema(generator: &mut __api::SchemaGenerator) -> __api::Schema {
                __api::object(generator, &__OBJECT)
            }
        }
    }
}
