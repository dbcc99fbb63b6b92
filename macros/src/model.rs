//! What the author said, in the terms of the runtime's tables.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Ident, LitStr, Type};

/// Which derive is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `ApiResource`
    Root,
    /// `ApiType`
    Nested,
}

/// One derived type.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    /// `::aggboot`, or what `crate = "…"` says.
    pub(crate) krate: TokenStream,
    pub(crate) description: String,
    pub(crate) root: Option<Root>,
    pub(crate) body: Body,
}

/// What is said of a kind.
#[derive(Default)]
pub(crate) struct Root {
    pub(crate) group: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) plural: Option<LitStr>,
    pub(crate) singular: Option<LitStr>,
    pub(crate) short_names: Vec<LitStr>,
    pub(crate) categories: Vec<LitStr>,
    pub(crate) cluster: bool,
    /// Members of the runtime's `Strategy` that differ from a custom resource's.
    pub(crate) strategy: Vec<(Ident, bool)>,
}

/// The form of a type.
pub(crate) enum Body {
    /// A struct with named fields.
    Object(Vec<Field>),
    /// An enum of unit variants.
    Enumeration(Vec<Variant>),
    /// `#[api(serde)]`: serde and schemars say everything.
    Serde,
    /// Nothing that can be derived for; the mistake has been reported.
    Unreadable,
}

/// One field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The JSON name, and where it was said.
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) description: String,
    pub(crate) default: Option<Default>,
    /// `required`, and where it was said.
    pub(crate) required: Option<Span>,
    /// `serde`: the type need not be an `ApiType`.
    pub(crate) serde: bool,
    pub(crate) rules: Vec<Rule>,
}

/// What stands for an absent field.
pub(crate) enum Default {
    /// `default`: the type's own.
    OfType,
    /// `default = expr`
    Is(Box<Expr>),
}

/// One fact about a field.
pub(crate) struct Rule {
    pub(crate) known: &'static Known,
    pub(crate) span: Span,
    pub(crate) value: RuleValue,
}

/// What a rule was given.
#[derive(PartialEq)]
pub(crate) enum RuleValue {
    Flag,
    Number(f64),
    Count(u64),
    Text(String),
    Keys(Vec<String>),
    Column { name: Option<String>, wide: bool, format: Option<String> },
}

/// A word that makes a rule.
pub(crate) struct Known {
    pub(crate) word: &'static str,
    /// The variant of the runtime's `Rule`.
    pub(crate) variant: &'static str,
    pub(crate) takes: Takes,
    pub(crate) fits: Fits,
}

/// What stands behind a rule's word.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    Nothing,
    Number,
    Count,
    Text,
    Keys,
    Column,
}

/// Which values a rule is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fits {
    Numbers,
    Texts,
    Scalars,
    Lists,
    /// Maps and structs.
    Objects,
    /// Lists, maps and structs.
    Composites,
    Anything,
}

/// Every word that makes a rule.
pub(crate) const RULES: &[Known] = &[
    known("minimum", "Minimum", Takes::Number, Fits::Numbers),
    known("maximum", "Maximum", Takes::Number, Fits::Numbers),
    known("exclusive_minimum", "ExclusiveMinimum", Takes::Nothing, Fits::Numbers),
    known("exclusive_maximum", "ExclusiveMaximum", Takes::Nothing, Fits::Numbers),
    known("multiple_of", "MultipleOf", Takes::Number, Fits::Numbers),
    known("min_length", "MinLength", Takes::Count, Fits::Texts),
    known("max_length", "MaxLength", Takes::Count, Fits::Texts),
    known("pattern", "Pattern", Takes::Text, Fits::Texts),
    known("format", "Format", Takes::Text, Fits::Scalars),
    known("min_items", "MinItems", Takes::Count, Fits::Lists),
    known("max_items", "MaxItems", Takes::Count, Fits::Lists),
    known("min_properties", "MinProperties", Takes::Count, Fits::Objects),
    known("max_properties", "MaxProperties", Takes::Count, Fits::Objects),
    known("list_map", "ListMap", Takes::Keys, Fits::Lists),
    known("list_set", "ListSet", Takes::Nothing, Fits::Lists),
    known("atomic", "Atomic", Takes::Nothing, Fits::Composites),
    known("preserve_unknown_fields", "PreserveUnknownFields", Takes::Nothing, Fits::Objects),
    known("column", "Column", Takes::Column, Fits::Anything),
    known("selectable", "Selectable", Takes::Nothing, Fits::Scalars),
    known("scale", "Scale", Takes::Text, Fits::Scalars),
];

const fn known(word: &'static str, variant: &'static str, takes: Takes, fits: Fits) -> Known {
    Known { word, variant, takes, fits }
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// The value on the wire.
    pub(crate) name: String,
    pub(crate) name_span: Span,
}

impl Model {
    /// The fields, when this is a struct.
    pub(crate) fn fields(&self) -> &[Field] {
        match &self.body {
            Body::Object(fields) => fields,
            _ => &[],
        }
    }
}

impl Field {
    pub(crate) fn rule(&self, word: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.known.word == word)
    }
}
