//! The words on a field.

use syn::LitStr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{docs, foreign, refuse_repeated};
use crate::errors::Errors;
use crate::model::{Default, Field, Known, RULES, Rule, RuleValue, Takes};
use crate::suggest;
use crate::words::{Value, Word, words};

const BESIDE_RULES: &[&str] = &["name", "default", "required", "serde"];
const SCALE: &[&str] = &["spec.replicas", "status.replicas", "status.selector"];

/// Reads a named field.
pub(super) fn read(field: &syn::Field, errors: &mut Errors) -> Option<Field> {
    let ident = field.ident.clone()?;
    let words = words(&field.attrs, errors);
    refuse_repeated(&words, &[], errors);
    let mut read = Field {
        name: camel_case(&ident.unraw().to_string()),
        name_span: ident.span(),
        ident,
        ty: field.ty.clone(),
        description: docs::description(&field.attrs),
        default: None,
        required: None,
        serde: false,
        rules: Vec::new(),
    };
    for word in &words {
        field_word(word, &mut read, errors);
    }
    foreign::refuse(&field.attrs, errors);
    Some(read)
}

fn field_word(word: &Word, field: &mut Field, errors: &mut Errors) {
    match word.text().as_str() {
        "name" => {
            if let Some(name) = word.string(errors) {
                field.name_span = name.span();
                field.name = json_name(&name, errors);
            }
        }
        "default" => field.default = default(word, errors),
        "required" => field.required = word.flag(errors).map(|()| word.span()),
        "serde" => field.serde = word.flag(errors).is_some(),
        text => match RULES.iter().find(|known| known.word == text) {
            Some(known) => field.rules.extend(rule(known, word, errors)),
            None => {
                let known: Vec<&str> =
                    BESIDE_RULES.iter().copied().chain(RULES.iter().map(|known| known.word)).collect();
                errors.at(&word.name, format!("unknown word `{text}`; {}", suggest::hint(text, &known)));
            }
        },
    }
}

fn default(word: &Word, errors: &mut Errors) -> Option<Default> {
    match &word.value {
        Value::Nothing => Some(Default::OfType),
        Value::Is(expr) => Some(Default::Is(expr.clone())),
        Value::Words(_) => {
            errors.at(word, "write `default = …`, or `default` alone for the type's own");
            None
        }
    }
}

fn rule(known: &'static Known, word: &Word, errors: &mut Errors) -> Option<Rule> {
    let value = match known.takes {
        Takes::Nothing => word.flag(errors).map(|()| RuleValue::Flag),
        Takes::Number => word.number(errors).map(RuleValue::Number),
        Takes::Count => word.count(errors).map(RuleValue::Count),
        Takes::Text if known.word == "scale" => scale(word, errors),
        Takes::Text => word.string(errors).map(|text| RuleValue::Text(text.value())),
        Takes::Keys => keys(word, errors),
        Takes::Column => column(word, errors),
    }?;
    let span = match &word.value {
        Value::Is(expr) => expr.span(),
        _ => word.span(),
    };
    Some(Rule { known, span, value })
}

fn scale(word: &Word, errors: &mut Errors) -> Option<RuleValue> {
    let path = word.string(errors)?;
    let text = path.value();
    if SCALE.contains(&text.as_str()) {
        return Some(RuleValue::Text(text));
    }
    let hint = suggest::hint(&text, SCALE);
    errors.at(&path, format!("`scale` names the member of the scale object that this field is; {hint}"));
    None
}

fn keys(word: &Word, errors: &mut Errors) -> Option<RuleValue> {
    let Value::Words(words) = &word.value else {
        errors
            .at(word, "`list_map` names the members that tell items apart: write `list_map(key = \"name\")`");
        return None;
    };
    let mut keys = Vec::new();
    for key in words {
        if key.text() != "key" {
            let hint = suggest::hint(&key.text(), &["key"]);
            errors.at(&key.name, format!("unknown word `{}` in `list_map`; {hint}", key.text()));
        } else if let Some(name) = key.string(errors) {
            if keys.contains(&name.value()) {
                errors.at(&name, "this key is named twice");
            }
            keys.push(name.value());
        }
    }
    if words.is_empty() {
        errors.at(&word.name, "`list_map` needs a key: write `list_map(key = \"name\")`");
    }
    Some(RuleValue::Keys(keys))
}

fn column(word: &Word, errors: &mut Errors) -> Option<RuleValue> {
    let (mut name, mut wide, mut format) = (None, false, None);
    match &word.value {
        Value::Nothing => {}
        Value::Is(expr) => {
            errors.at(expr, "write `column`, or `column(name = \"…\", wide)`");
            return None;
        }
        Value::Words(words) => {
            refuse_repeated(words, &[], errors);
            for option in words {
                match option.text().as_str() {
                    "name" => name = option.string(errors).map(|text| text.value()),
                    "format" => format = option.string(errors).map(|text| text.value()),
                    "wide" => wide = option.flag(errors).is_some(),
                    text => {
                        let hint = suggest::hint(text, &["name", "wide", "format"]);
                        errors.at(&option.name, format!("unknown word `{text}` in `column`; {hint}"));
                    }
                }
            }
        }
    }
    Some(RuleValue::Column { name, wide, format })
}

fn json_name(name: &LitStr, errors: &mut Errors) -> String {
    let text = name.value();
    if text.is_empty() || text.contains(char::is_whitespace) {
        errors.at(name, "a JSON name is one word, as `podCIDR`");
    }
    text
}

/// serde's rule: `memory_limit` is `memoryLimit`.
fn camel_case(snake: &str) -> String {
    let mut camel = String::new();
    for part in snake.split('_').filter(|part| !part.is_empty()) {
        let mut letters = part.chars();
        let first = letters.next().expect("empty parts are left out");
        if camel.is_empty() {
            camel.push(first.to_ascii_lowercase());
        } else {
            camel.push(first.to_ascii_uppercase());
        }
        camel.extend(letters);
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn names_are_camel_case() {
        assert_eq!(camel_case("memory_limit"), "memoryLimit");
        assert_eq!(camel_case("replicas"), "replicas");
        assert_eq!(camel_case("pod_cidr"), "podCidr");
    }
}
