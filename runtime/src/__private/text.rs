//! `#[api(default = "…")]`: which types a text makes.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// A type that a text between quotes can stand for.
#[diagnostic::on_unimplemented(
    message = "a text between quotes is no `{Self}`",
    label = "not a `{Self}`",
    note = "write an expression of type `{Self}`"
)]
pub trait FromText {
    /// The value that the text stands for.
    fn from_text(text: &str) -> Self;
}

impl FromText for String {
    fn from_text(text: &str) -> Self {
        text.to_owned()
    }
}

impl FromText for Quantity {
    fn from_text(text: &str) -> Self {
        Quantity(text.to_owned())
    }
}

impl FromText for IntOrString {
    fn from_text(text: &str) -> Self {
        IntOrString::String(text.to_owned())
    }
}
