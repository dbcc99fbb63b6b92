//! `#[api(…)]` as words, each with what stands behind it. Nothing is judged here.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, ExprUnary, Ident, Lit, LitStr, Meta, Token, UnOp};

use crate::errors::Errors;

/// One word: `selectable`, `minimum = 0` or `column(name = "Phase")`.
pub(crate) struct Word {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What stands behind a word.
pub(crate) enum Value {
    Nothing,
    Is(Box<Expr>),
    Words(Vec<Word>),
}

/// The words of every `#[api(…)]` among `attributes`.
pub(crate) fn words(attributes: &[Attribute], errors: &mut Errors) -> Vec<Word> {
    let mut words = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("api")) {
        let Meta::List(list) = &attribute.meta else {
            errors.at(&attribute.meta, "what is said of an API type stands in parentheses: `#[api(…)]`");
            continue;
        };
        match list.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated) {
            Ok(found) => words.extend(found),
            Err(error) => errors.push(error),
        }
    }
    words
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Is(Box::new(input.parse()?))
        } else if input.peek(syn::token::Paren) {
            let inner;
            syn::parenthesized!(inner in input);
            Value::Words(Punctuated::<Word, Token![,]>::parse_terminated(&inner)?.into_iter().collect())
        } else {
            Value::Nothing
        };
        Ok(Word { name, value })
    }
}

impl Word {
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }

    /// `word = "…"`; otherwise a mistake.
    pub(crate) fn string(&self, errors: &mut Errors) -> Option<LitStr> {
        if let Value::Is(expr) = &self.value
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &**expr
        {
            return Some(text.clone());
        }
        self.wants("a text", "\"…\"", errors);
        None
    }

    /// `word = 3`, `word = -0.5`; otherwise a mistake.
    pub(crate) fn number(&self, errors: &mut Errors) -> Option<f64> {
        let number = match &self.value {
            Value::Is(expr) => number(expr),
            _ => None,
        };
        if number.is_none() {
            self.wants("a number", "1", errors);
        }
        number
    }

    /// `word = 3`, a whole number from 0; otherwise a mistake.
    pub(crate) fn count(&self, errors: &mut Errors) -> Option<u64> {
        if let Value::Is(expr) = &self.value
            && let Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) = &**expr
            && let Ok(count) = count.base10_parse()
        {
            return Some(count);
        }
        self.wants("a whole number", "1", errors);
        None
    }

    /// `word = true`, `word = false`; otherwise a mistake.
    pub(crate) fn boolean(&self, errors: &mut Errors) -> Option<bool> {
        if let Value::Is(expr) = &self.value
            && let Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) = &**expr
        {
            return Some(value.value);
        }
        self.wants("`true` or `false`", "true", errors);
        None
    }

    /// `word` alone; otherwise a mistake.
    pub(crate) fn flag(&self, errors: &mut Errors) -> Option<()> {
        if matches!(self.value, Value::Nothing) {
            return Some(());
        }
        let name = self.text();
        errors.at(self, format!("`{name}` stands alone: write `{name}`"));
        None
    }

    fn wants(&self, what: &str, example: &str, errors: &mut Errors) {
        let name = self.text();
        let sentence = format!("`{name}` takes {what}: write `{name} = {example}`");
        match &self.value {
            Value::Is(expr) => errors.at(expr, sentence),
            _ => errors.at(self, sentence),
        }
    }
}

impl ToTokens for Word {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        self.name.to_tokens(tokens);
        match &self.value {
            Value::Nothing => {}
            Value::Is(expr) => expr.to_tokens(tokens),
            Value::Words(words) => words.iter().for_each(|word| word.to_tokens(tokens)),
        }
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => number(expr).map(|number| -number),
        _ => None,
    }
}
