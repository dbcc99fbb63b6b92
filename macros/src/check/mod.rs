//! Judges what was said: names, types, and rules on fields they do not fit.

mod names;
mod rules;
mod types;

use crate::errors::Errors;
use crate::model::{Body, Field, Model};
use crate::shape::{Shape, shape, written};

/// Reports everything that cannot be served as it was said.
pub(crate) fn check(model: &Model, errors: &mut Errors) {
    if let Some(root) = &model.root {
        names::check(model, root, errors);
        root_fields(model, errors);
    }
    for field in model.fields() {
        types::check(field, errors);
        rules::check(field, errors);
        presence(field, errors);
    }
    match &model.body {
        Body::Object(fields) => {
            distinct(fields.iter().map(|field| (&field.name, field.name_span)), "fields", errors);
            one_scale_each(fields, errors);
        }
        Body::Enumeration(variants) => {
            distinct(variants.iter().map(|variant| (&variant.name, variant.name_span)), "variants", errors);
        }
        Body::Serde | Body::Unreadable => {}
    }
}

/// The envelope of an object: `metadata` is there, `apiVersion` and `kind` are the derive's.
fn root_fields(model: &Model, errors: &mut Errors) {
    let Body::Object(fields) = &model.body else { return };
    if !fields.iter().any(|field| field.name == "metadata") {
        errors.at(&model.ident, "an API object has metadata: add `pub metadata: ObjectMeta`");
    }
    for field in fields {
        match (field.name.as_str(), shape(&field.ty)) {
            ("apiVersion" | "kind", _) => {
                errors
                    .at(&field.ident, format!("the derive writes `{}` itself: remove the field", field.name));
            }
            ("metadata", shape) if !matches!(shape, Shape::Named(_)) => {
                errors.at(&field.ty, "the metadata of an API object is an `ObjectMeta`");
            }
            ("status", Shape::Option(inner)) => {
                let inner = written(inner);
                errors.at(
                    &field.ty,
                    format!("a status may always be absent, and is then its own default: write `{inner}`"),
                );
            }
            _ => {}
        }
    }
}

/// `required`, `default` and `Option` say different things of an absent field.
fn presence(field: &Field, errors: &mut Errors) {
    let Some(required) = field.required else { return };
    if field.default.is_some() {
        errors.push(syn::Error::new(
            required,
            "a field with a default is never missing: remove one of the two",
        ));
    } else if matches!(shape(&field.ty), Shape::Option(_)) {
        errors.push(syn::Error::new(required, "an `Option` may be absent: write the type without `Option`"));
    }
}

fn distinct<'a>(
    names: impl Iterator<Item = (&'a String, proc_macro2::Span)>,
    what: &str,
    errors: &mut Errors,
) {
    let mut seen: Vec<&String> = Vec::new();
    for (name, span) in names {
        if seen.contains(&name) {
            errors.push(syn::Error::new(span, format!("two {what} are named `{name}` in JSON")));
        }
        seen.push(name);
    }
}

fn one_scale_each(fields: &[Field], errors: &mut Errors) {
    let mut seen: Vec<&crate::model::RuleValue> = Vec::new();
    for rule in fields.iter().filter_map(|field| field.rule("scale")) {
        if seen.contains(&&rule.value) {
            errors.push(syn::Error::new(rule.span, "another field is this member of the scale already"));
        }
        seen.push(&rule.value);
    }
}
