//! Rules on fields they do not fit, and rules that contradict each other.

use syn::{Expr, ExprLit, Lit};

use crate::errors::Errors;
use crate::model::{Default, Field, Fits, Rule, RuleValue};
use crate::shape::{Shape, value_shape, written};

/// Reports rules of a field that can never hold, or never apply.
pub(super) fn check(field: &Field, errors: &mut Errors) {
    default_literal(field, errors);
    for rule in &field.rules {
        if !fits(rule, field) {
            let ty = written(&field.ty);
            let sentence =
                format!("`{}` is for {}, and this is a `{ty}`", rule.known.word, audience(rule.known.fits));
            errors.push(syn::Error::new(rule.span, sentence));
        }
        scale_type(rule, field, errors);
    }
    ordered(field, "minimum", "maximum", errors);
    ordered(field, "min_length", "max_length", errors);
    ordered(field, "min_items", "max_items", errors);
    ordered(field, "min_properties", "max_properties", errors);
    needs(field, "exclusive_minimum", "minimum", errors);
    needs(field, "exclusive_maximum", "maximum", errors);
    one_of(field, &["list_map", "list_set", "atomic"], errors);
}

/// Whether the rule applies to values of the field's type; a named type may be anything.
fn fits(rule: &Rule, field: &Field) -> bool {
    let shape = value_shape(&field.ty);
    if field.serde || matches!(shape, Shape::Named(_) | Shape::Other) {
        return true;
    }
    let scalar = matches!(shape, Shape::Bool | Shape::Integer | Shape::Number | Shape::Text);
    let map = matches!(shape, Shape::Map(..));
    let list = matches!(shape, Shape::List(_));
    match rule.known.fits {
        Fits::Numbers => matches!(shape, Shape::Integer | Shape::Number),
        Fits::Texts => shape == Shape::Text,
        Fits::Scalars => scalar,
        Fits::Lists => list,
        Fits::Objects => map,
        Fits::Composites => list || map,
        Fits::Anything => true,
    }
}

fn audience(fits: Fits) -> &'static str {
    match fits {
        Fits::Numbers => "numbers",
        Fits::Texts => "texts",
        Fits::Scalars => "single values",
        Fits::Lists => "lists",
        Fits::Objects => "maps and structs",
        Fits::Composites => "lists, maps and structs",
        Fits::Anything => "anything",
    }
}

/// A literal that is no value of the field's type; of anything longer rustc judges.
fn default_literal(field: &Field, errors: &mut Errors) {
    let Some(Default::Is(expr)) = &field.default else { return };
    let Expr::Lit(ExprLit { lit, .. }) = &**expr else { return };
    let shape = value_shape(&field.ty);
    let fits = match lit {
        Lit::Str(_) => matches!(shape, Shape::Text | Shape::Named(_) | Shape::Other),
        Lit::Int(_) => matches!(shape, Shape::Integer | Shape::Number | Shape::Named(_) | Shape::Other),
        Lit::Float(_) => matches!(shape, Shape::Number | Shape::Named(_) | Shape::Other),
        Lit::Bool(_) => matches!(shape, Shape::Bool | Shape::Named(_) | Shape::Other),
        _ => true,
    };
    if !fits {
        let example = match shape {
            Shape::Bool => "true",
            Shape::Integer => "1",
            Shape::Number => "0.5",
            Shape::Text => "\"…\"",
            _ => "…",
        };
        let ty = written(&field.ty);
        errors.at(expr, format!("this default is no `{ty}`: write `default = {example}`"));
    }
}

fn scale_type(rule: &Rule, field: &Field, errors: &mut Errors) {
    let RuleValue::Text(path) = &rule.value else { return };
    let shape = value_shape(&field.ty);
    if rule.known.word != "scale" || matches!(shape, Shape::Named(_) | Shape::Other) || !fits(rule, field) {
        return;
    }
    if path == "status.selector" && shape != Shape::Text {
        errors.push(syn::Error::new(
            rule.span,
            "the selector of a scale is a label selector as text: write `String`",
        ));
    } else if path != "status.selector" && shape != Shape::Integer {
        errors.push(syn::Error::new(rule.span, "the replicas of a scale are a number: write `i32`"));
    }
}

fn ordered(field: &Field, least: &str, most: &str, errors: &mut Errors) {
    let (Some(low), Some(high)) = (field.rule(least), field.rule(most)) else { return };
    let nothing_between = match (&low.value, &high.value) {
        (RuleValue::Number(low), RuleValue::Number(high)) => low > high,
        (RuleValue::Count(low), RuleValue::Count(high)) => low > high,
        _ => false,
    };
    if nothing_between {
        errors
            .push(syn::Error::new(high.span, format!("no value is at least `{least}` and at most `{most}`")));
    }
}

fn needs(field: &Field, word: &str, other: &str, errors: &mut Errors) {
    if let Some(rule) = field.rule(word)
        && field.rule(other).is_none()
    {
        errors.push(syn::Error::new(
            rule.span,
            format!("`{word}` says how `{other}` is meant: add `{other} = …`"),
        ));
    }
}

fn one_of(field: &Field, words: &[&str], errors: &mut Errors) {
    let said: Vec<&Rule> = words.iter().filter_map(|word| field.rule(word)).collect();
    for rule in said.iter().skip(1) {
        let first = said[0].known.word;
        let sentence = format!("`{first}` and `{}` are two ways to merge; keep one of them", rule.known.word);
        errors.push(syn::Error::new(rule.span, sentence));
    }
}
