//! The static table of a struct's fields.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::presence::{Presence, call_site, default_function, presence};
use crate::model::{Field, Model, Rule, RuleValue};
use crate::shape::{Shape, shape};

/// `static __OBJECT`: what the schema is made of, and what keys are looked up in.
pub(super) fn expand(model: &Model, fields: &[Field]) -> TokenStream {
    let name = model.ident.to_string();
    let path = path_of(&name);
    let description = &model.description;
    let fields = fields.iter().map(|field| entry(model, field));
    quote! {
        static __OBJECT: __api::Object = __api::Object {
            path: #path,
            name: #name,
            description: #description,
            fields: &[#(#fields),*],
        };
    }
}

/// `module_path!()::Name`
pub(super) fn path_of(name: &str) -> TokenStream {
    let tail = format!("::{name}");
    quote!(::core::concat!(::core::module_path!(), #tail))
}

fn entry(model: &Model, field: &Field) -> TokenStream {
    let Field { name, description, ty, .. } = field;
    let span = call_site(ty.span());
    let presence = presence(model, field);
    let schema =
        if field.serde { bridge(ty) } else { quote_spanned!(span=> <#ty as __api::ApiType>::schema) };
    let required = match presence {
        Presence::Required => quote!(true),
        Presence::ByType => quote_spanned!(span=> !<#ty as __api::ApiType>::OPTIONAL),
        Presence::OfType | Presence::Status | Presence::Is => quote!(false),
    };
    let default = match (&presence, &field.default) {
        (Presence::Is, _) => {
            let function = default_function(field);
            Some(quote!(__api::Rule::Default(|| __api::default_tree(&#function()))))
        }
        (_, Some(_)) => Some(quote_spanned!(span=> __api::Rule::Default(__api::default_of_type::<#ty>))),
        _ => None,
    };
    let rules = default.into_iter().chain(field.rules.iter().map(rule));
    quote! {
        __api::Field {
            name: #name,
            description: #description,
            schema: #schema,
            required: #required,
            rules: &[#(#rules),*],
        }
    }
}

/// The schema of a field that is no `ApiType`; `Option` never reaches schemars.
fn bridge(ty: &Type) -> TokenStream {
    let ty = match shape(ty) {
        Shape::Option(inner) => inner,
        _ => ty,
    };
    quote_spanned!(call_site(ty.span())=> __api::bridge::<#ty>)
}

fn rule(rule: &Rule) -> TokenStream {
    let variant = format_ident!("{}", rule.known.variant);
    match &rule.value {
        RuleValue::Flag => quote!(__api::Rule::#variant),
        RuleValue::Number(number) => quote!(__api::Rule::#variant(#number)),
        RuleValue::Count(count) => quote!(__api::Rule::#variant(#count)),
        RuleValue::Text(text) => quote!(__api::Rule::#variant(#text)),
        RuleValue::Keys(keys) => quote!(__api::Rule::#variant(&[#(#keys),*])),
        RuleValue::Column { name, wide, format } => {
            let (name, format) = (option(name.as_deref()), option(format.as_deref()));
            quote!(__api::Rule::#variant { name: #name, wide: #wide, format: #format })
        }
    }
}

/// A constant of type `Option<&str>`.
pub(super) fn option(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(__api::Some(#text)),
        None => quote!(__api::None),
    }
}
