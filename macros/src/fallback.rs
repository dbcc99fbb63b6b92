//! After a mistake: the errors, and impls that keep rustc from reporting it again elsewhere.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::model::{Body, Model};

/// The errors, and impls that never run.
pub(crate) fn expand(input: &DeriveInput, model: &Model, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    if !input.generics.params.is_empty() {
        return errors;
    }
    let krate = &model.krate;
    let values = (!matches!(model.body, Body::Serde)).then(|| values(model));
    let default = matches!(model.body, Body::Object(_)).then(|| default(model));
    let api_type = api_type(model);
    let root = model.root.is_some().then(|| root(model));
    quote! {
        #errors
        const _: () = {
            use #krate::__private as __api;
            #values
            #default
            #api_type
            #root
        };
    }
}

fn values(model: &Model) -> TokenStream {
    let ident = &model.ident;
    quote! {
        impl __api::Clone for #ident {
            fn clone(&self) -> Self {
                ::core::unreachable!()
            }
        }
        impl __api::Serialize for #ident {
            fn serialize<__S: __api::Serializer>(&self, _: __S) -> __api::Result<__S::Ok, __S::Error> {
                ::core::unreachable!()
            }
        }
        impl<'de> __api::Deserialize<'de> for #ident {
            fn deserialize<__D: __api::Deserializer<'de>>(_: __D) -> __api::Result<Self, __D::Error> {
                ::core::unreachable!()
            }
        }
    }
}

fn default(model: &Model) -> TokenStream {
    let ident = &model.ident;
    quote! {
        impl __api::Default for #ident {
            fn default() -> Self {
                ::core::unreachable!()
            }
        }
    }
}

fn api_type(model: &Model) -> TokenStream {
    let ident = &model.ident;
    quote! {
        impl __api::ApiType for #ident {
            fn schema(_: &mut __api::SchemaGenerator) -> __api::Schema {
                ::core::unreachable!()
            }
        }
    }
}

fn root(model: &Model) -> TokenStream {
    let ident = &model.ident;
    quote! {
        impl __api::ApiResource for #ident {
            const DESCRIPTOR: &'static __api::Descriptor = __api::UNREADABLE;
        }
        impl __api::kube::Resource for #ident {
            type DynamicType = ();
            type Scope = __api::k8s_openapi::NamespaceResourceScope;
            fn kind(_: &()) -> __api::Cow<'_, str> {
                ::core::unreachable!()
            }
            fn group(_: &()) -> __api::Cow<'_, str> {
                ::core::unreachable!()
            }
            fn version(_: &()) -> __api::Cow<'_, str> {
                ::core::unreachable!()
            }
            fn plural(_: &()) -> __api::Cow<'_, str> {
                ::core::unreachable!()
            }
            fn meta(&self) -> &__api::ObjectMeta {
                ::core::unreachable!()
            }
            fn meta_mut(&mut self) -> &mut __api::ObjectMeta {
                ::core::unreachable!()
            }
        }
    }
}
