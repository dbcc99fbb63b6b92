//! What an absent field means, decided once for reading, writing, the schema and `Default`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Lit, Type};

use crate::model::{Default, Field, Model};
use crate::shape::{Shape, shape};

/// What an absent field means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It must be there.
    Required,
    /// The type says: `ApiType::OPTIONAL`.
    ByType,
    /// `Default::default()` of the type, as for `metadata`, or a bare `default`.
    OfType,
    /// The same for a root's `status`, which is not written while it says nothing.
    Status,
    /// `default = expr`
    Is,
}

/// What the absence of `field` means.
pub(super) fn presence(model: &Model, field: &Field) -> Presence {
    let at_root = |name| model.root.is_some() && field.name == name;
    match &field.default {
        Some(Default::OfType) => Presence::OfType,
        Some(Default::Is(_)) => Presence::Is,
        None if field.required.is_some() => Presence::Required,
        None if at_root("metadata") => Presence::OfType,
        None if at_root("status") => Presence::Status,
        None if !field.serde => Presence::ByType,
        None if is_container(&field.ty) => Presence::OfType,
        None => Presence::Required,
    }
}

/// Whether `Default` can say what an absent field means, as far as tokens tell.
pub(super) fn may_be_absent(model: &Model, field: &Field) -> bool {
    match presence(model, field) {
        Presence::Required => false,
        Presence::ByType => is_container(&field.ty),
        Presence::OfType | Presence::Status | Presence::Is => true,
    }
}

/// `Option`, `Vec` and `BTreeMap`, as far as tokens tell.
fn is_container(ty: &Type) -> bool {
    matches!(shape(ty), Shape::Option(_) | Shape::List(_) | Shape::Map(..))
}

pub(super) fn is_option(ty: &Type) -> bool {
    matches!(shape(ty), Shape::Option(_))
}

/// The function that makes the default, for a field that has an expression.
pub(super) fn default_function(field: &Field) -> Ident {
    format_ident!("__default_{}", field.ident.unraw())
}

/// The expression as a value of the field's type: a text becomes a `String`, a whole number an `f64`.
pub(super) fn default_value(expr: &Expr, ty: &Type) -> TokenStream {
    let Expr::Lit(literal) = expr else { return expr.to_token_stream() };
    let inner = match shape(ty) {
        Shape::Option(inner) => inner,
        _ => ty,
    };
    let span = call_site(expr.span());
    let value = match &literal.lit {
        Lit::Str(text) => quote_spanned!(span=> __api::FromText::from_text(#text)),
        Lit::Int(number) if shape(inner) == Shape::Number && number.suffix().is_empty() => {
            let mut float = proc_macro2::Literal::f64_unsuffixed(number.base10_parse().unwrap_or_default());
            float.set_span(span);
            quote!(#float)
        }
        _ => expr.to_token_stream(),
    };
    if is_option(ty) { quote!(__api::Some(#value)) } else { value }
}

/// The place of `span` with the names that the derive sees.
pub(super) fn call_site(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}
