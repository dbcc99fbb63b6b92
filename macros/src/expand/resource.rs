//! The root: one descriptor, and `kube::Resource` so that typed clients work.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::presence::call_site;
use super::table::option;
use crate::model::{Model, Root};

/// Where each is said, nothing is left to take from a custom resource's.
const MEMBERS_OF_STRATEGY: usize = 2;

/// Writes `ApiResource` and `kube::Resource`.
pub(super) fn expand(model: &Model, root: &Root) -> TokenStream {
    let descriptor = descriptor(model, root);
    let kube = kube(model, root);
    quote!(#descriptor #kube)
}

fn descriptor(model: &Model, root: &Root) -> TokenStream {
    let ident = &model.ident;
    let description = &model.description;
    let (group, version, kind) = (&root.group, &root.version, kind(model, root));
    let (plural, singular) = (text(root.plural.as_ref()), text(root.singular.as_ref()));
    let (short_names, categories) = (&root.short_names, &root.categories);
    let scope = if root.cluster { quote!(Cluster) } else { quote!(Namespaced) };
    let strategy = strategy(root);
    quote! {
        #[automatically_derived]
        impl __api::ApiResource for #ident {
            const DESCRIPTOR: &'static __api::Descriptor = {
                use __api::NoHooks as _;
                &__api::Descriptor {
                    group: #group,
                    version: #version,
                    kind: #kind,
                    plural: #plural,
                    singular: #singular,
                    short_names: &[#(#short_names),*],
                    categories: &[#(#categories),*],
                    scope: __api::Scope::#scope,
                    description: #description,
                    schema: <#ident as __api::ApiType>::schema,
                    strategy: #strategy,
                    hooks: __api::HookFns {
                        set_defaults: __api::Probe::<#ident>::SET_DEFAULTS,
                        prepare_for_create: __api::Probe::<#ident>::PREPARE_FOR_CREATE,
                        prepare_for_update: __api::Probe::<#ident>::PREPARE_FOR_UPDATE,
                        validate: __api::Probe::<#ident>::VALIDATE,
                    },
                }
            };
        }
    }
}

/// A custom resource's, but for what was said.
fn strategy(root: &Root) -> TokenStream {
    let members = root.strategy.iter().map(|(member, value)| quote!(#member: #value));
    match root.strategy.len() {
        0 => quote!(__api::Strategy::CUSTOM_RESOURCE),
        MEMBERS_OF_STRATEGY => quote!(__api::Strategy { #(#members),* }),
        _ => quote!(__api::Strategy { #(#members,)* ..__api::Strategy::CUSTOM_RESOURCE }),
    }
}

fn kube(model: &Model, root: &Root) -> TokenStream {
    let ident = &model.ident;
    let (group, version, kind) = (&root.group, &root.version, kind(model, root));
    let scope = if root.cluster { quote!(ClusterResourceScope) } else { quote!(NamespaceResourceScope) };
    let metadata = model.fields().iter().find(|field| field.name == "metadata");
    let metadata = metadata.map(|field| {
        let name = &field.ident;
        quote_spanned!(call_site(field.ty.span())=> self.#name)
    });
    quote! {
        #[automatically_derived]
        impl __api::kube::Resource for #ident {
            type DynamicType = ();
            type Scope = __api::k8s_openapi::#scope;
            fn kind(_: &()) -> __api::Cow<'_, str> {
                __api::Cow::Borrowed(#kind)
            }
            fn group(_: &()) -> __api::Cow<'_, str> {
                __api::Cow::Borrowed(#group)
            }
            fn version(_: &()) -> __api::Cow<'_, str> {
                __api::Cow::Borrowed(#version)
            }
            fn plural(_: &()) -> __api::Cow<'_, str> {
                __api::plural(<#ident as __api::ApiResource>::DESCRIPTOR)
            }
            fn meta(&self) -> &__api::ObjectMeta {
                &#metadata
            }
            fn meta_mut(&mut self) -> &mut __api::ObjectMeta {
                &mut #metadata
            }
        }
    }
}

fn kind(model: &Model, root: &Root) -> String {
    root.kind.as_ref().map_or_else(|| model.ident.unraw().to_string(), LitStr::value)
}

fn text(text: Option<&LitStr>) -> TokenStream {
    option(text.map(LitStr::value).as_deref())
}
