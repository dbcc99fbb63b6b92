//! JSON in: one slot for each field, filled by the index of its key in the table.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::presence::{Presence, call_site, default_function, presence};
use crate::model::{Field, Model};

/// `impl Deserialize` of a struct.
pub(super) fn expand(model: &Model, fields: &[Field]) -> TokenStream {
    let ident = &model.ident;
    let slots: Vec<_> = (0..fields.len()).map(|index| format_ident!("__{index}")).collect();
    let types = fields.iter().map(|field| &field.ty);
    let reads = slots.iter().zip(fields).enumerate().map(|(index, (slot, field))| {
        let index = Literal::usize_unsuffixed(index);
        let ty = &field.ty;
        let read = if field.serde { quote!(__api::read_foreign) } else { quote!(__api::Of::<#ty>::read) };
        quote_spanned!(call_site(ty.span())=> #index => #slot = #read(&mut map)?)
    });
    let members = slots.iter().zip(fields).map(|(slot, field)| {
        let name = &field.ident;
        let value = value(model, field, slot);
        quote!(#name: #value)
    });
    quote! {
        #[automatically_derived]
        impl<'de> __api::Deserialize<'de> for #ident {
            fn deserialize<__D: __api::Deserializer<'de>>(deserializer: __D) -> __api::Result<Self, __D::Error> {
                struct __Visitor;
                impl<'de> __api::Visitor<'de> for __Visitor {
                    type Value = #ident;
                    fn expecting(&self, f: &mut __api::Formatter<'_>) -> __api::FmtResult {
                        __api::expecting(f, &__OBJECT)
                    }
                    fn visit_map<__A: __api::MapAccess<'de>>(
                        self,
                        mut map: __A,
                    ) -> __api::Result<#ident, __A::Error> {
                        #(let mut #slots: __api::Option<#types> = __api::None;)*
                        while let __api::Some(index) = __api::member(&mut map, &__OBJECT)? {
                            match index {
                                #(#reads,)*
                                _ => __api::skip(&mut map)?,
                            }
                        }
                        __api::Ok(#ident { #(#members),* })
                    }
                }
                __api::Deserializer::deserialize_map(deserializer, __Visitor)
            }
        }
    }
}

fn value(model: &Model, field: &Field, slot: &proc_macro2::Ident) -> TokenStream {
    let Field { name, ty, .. } = field;
    let span = call_site(ty.span());
    match presence(model, field) {
        Presence::Required => quote!(__api::required(#slot, #name)?),
        Presence::ByType => quote_spanned!(span=> __api::Of::<#ty>::by_type(#slot, #name)?),
        Presence::OfType => {
            quote_spanned!(span=> __api::Option::unwrap_or_else(#slot, __api::Of::<#ty>::blank))
        }
        Presence::Status => quote_spanned!(span=> __api::Option::unwrap_or_else(#slot, __api::empty_status)),
        Presence::Is => {
            let function = default_function(field);
            quote!(__api::Option::unwrap_or_else(#slot, #function))
        }
    }
}
