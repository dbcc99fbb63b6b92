//! The derives of aggboot: `ApiResource` for the root of an API object, `ApiType` for what stands below.
//!
//! A derive is four steps, each a pure function: `words` reads `#[api(…)]` without judging it,
//! `read` makes the `model`, `check` judges what was said, `expand` writes the impls. After a
//! mistake only the errors are written, and impls that keep rustc from reporting it again (`fallback`).
//! What the code does at run time stands in `aggboot::__private`; the expansion is tables and calls.

mod check;
mod errors;
mod expand;
mod fallback;
mod model;
mod read;
mod shape;
mod suggest;
#[cfg(test)]
mod tests;
mod words;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use errors::Errors;
use model::Role;

/// The root of an API object: `Widget`, with `metadata` and most often `spec` and `status`.
///
/// Emits `Clone`, `Serialize`, `Deserialize`, `Default` (where every field may be absent), `ApiType`,
/// `ApiResource` and `kube::Resource`; derive `Debug` beside it, and neither `Clone` nor `Default`.
///
/// On the struct: `group`, `version`, and if need be `kind`, `plural`, `singular`, `short_name`,
/// `category` (both repeatable), `scope = "Cluster"`, `generation = false`, `unconditional_update = true`,
/// `crate = "…"`. Fields take the words of `ApiType`.
#[proc_macro_derive(ApiResource, attributes(api, serde, schemars))]
pub fn api_resource(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(&syn::parse_macro_input!(input as DeriveInput), Role::Root).into()
}

/// A struct or an enum of unit variants below the root of an API object.
///
/// Emits `Clone`, `Serialize`, `Deserialize`, `ApiType`, and for a struct `Default` where every field
/// may be absent; derive `Debug` beside it, and neither `Clone` nor a struct's `Default`.
///
/// JSON names are camelCase. On a field: `name`, `default`, `required`, `minimum`, `maximum`,
/// `exclusive_minimum`, `exclusive_maximum`, `multiple_of`, `min_length`, `max_length`, `pattern`,
/// `format`, `min_items`, `max_items`, `min_properties`, `max_properties`, `list_map(key = "…")`,
/// `list_set`, `atomic`, `preserve_unknown_fields`, `column`, `selectable`, `scale`, `serde`.
/// On a variant: `name`. On a type that has serde's own forms: `serde`.
#[proc_macro_derive(ApiType, attributes(api, serde, schemars))]
pub fn api_type(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(&syn::parse_macro_input!(input as DeriveInput), Role::Nested).into()
}

fn derive(input: &DeriveInput, role: Role) -> TokenStream {
    let mut errors = Errors::default();
    let read = read::read(input, role, &mut errors);
    check::check(&read, &mut errors);
    if errors.is_empty() { expand::expand(&read) } else { fallback::expand(input, &read, errors) }
}
