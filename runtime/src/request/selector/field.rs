//! Field selectors as apimachinery `pkg/fields` reads them: `metadata.name=a,spec.color!=b`.

use std::fmt;

/// The fields that every kind can be selected by.
pub const ALWAYS_KNOWN: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// Requirements that must all hold. Without any, everything matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(Vec<FieldRequirement>);

/// One requirement on one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    /// The field, as `metadata.name`.
    pub field: String,
    /// Whether the field must have the value, or must not have it.
    pub equals: bool,
    /// The value, without escapes.
    pub value: String,
}

impl FieldSelector {
    /// Reads a selector; `known` are the fields of the kind besides `metadata.name` and
    /// `metadata.namespace`. The error is the text that a 400 carries.
    pub fn parse<S: AsRef<str>>(text: &str, known: &[S]) -> Result<Self, String> {
        let mut terms = split_terms(text);
        terms.sort_unstable();
        let requirements = terms
            .into_iter()
            .filter(|term| !term.is_empty())
            .map(|term| requirement(text, term))
            .collect::<Result<Vec<_>, _>>()?;
        let is_known =
            |field: &str| ALWAYS_KNOWN.contains(&field) || known.iter().any(|name| name.as_ref() == field);
        match requirements.iter().find(|requirement| !is_known(&requirement.field)) {
            Some(unknown) => Err(unknown_field(&unknown.field, known)),
            None => Ok(Self(requirements)),
        }
    }

    /// Only the object of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let field = "metadata.name".to_owned();
        Self(vec![FieldRequirement { field, equals: true, value: name.to_owned() }])
    }

    /// Whether everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The requirements.
    #[must_use]
    pub fn requirements(&self) -> &[FieldRequirement] {
        &self.0
    }

    /// Whether an object matches; `field` looks up its fields, an absent one counts as empty.
    pub fn matches<'a>(&self, field: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| {
            (field(&requirement.field).unwrap_or_default() == requirement.value) == requirement.equals
        })
    }

    /// The value that a field must have, if the selector says one.
    #[must_use]
    pub fn exact(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|requirement| requirement.equals && requirement.field == field)?;
        Some(&found.value)
    }

    /// The one name that can match.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.exact("metadata.name")
    }

    /// The one namespace that can match.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.exact("metadata.namespace")
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, FieldRequirement { field, equals, value }) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let operator = if *equals { "=" } else { "!=" };
            write!(f, "{comma}{field}{operator}{}", escape(value))?;
        }
        Ok(())
    }
}

/// Cuts at commas that no backslash escapes.
fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (index, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == ',' {
            terms.push(&text[start..index]);
            start = index + 1;
        }
    }
    terms.push(&text[start..]);
    terms
}

fn requirement(selector: &str, term: &str) -> Result<FieldRequirement, String> {
    let found = term.char_indices().find_map(|(index, _)| {
        ["!=", "==", "="].into_iter().find(|operator| term[index..].starts_with(operator)).map(|o| (index, o))
    });
    let Some((index, operator)) = found else {
        return Err(format!("invalid selector: '{selector}'; can't understand '{term}'"));
    };
    let value = unescape(&term[index + operator.len()..])?;
    Ok(FieldRequirement { field: term[..index].to_owned(), equals: operator != "!=", value })
}

fn unescape(text: &str) -> Result<String, String> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => value.push(c),
                Some(c) => return Err(format!("invalid field selector: invalid escape sequence: \\{c}")),
                None => return Err("invalid field selector: invalid escape sequence: \\".to_owned()),
            },
            // Go prints the character's number.
            ',' | '=' => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(c)
                ));
            }
            c => value.push(c),
        }
    }
    Ok(value)
}

fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=")
}

fn unknown_field<S: AsRef<str>>(field: &str, known: &[S]) -> String {
    let names = ALWAYS_KNOWN.into_iter().chain(known.iter().map(AsRef::as_ref));
    let quoted: Vec<_> = names.map(|name| format!("{name:?}")).collect();
    format!("{field:?} is not a known field selector: only {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::FieldSelector;

    const NONE: [&str; 0] = [];

    #[test]
    fn reads_and_writes_as_go() {
        for (text, written) in [
            ("", ""),
            (",", ""),
            ("metadata.name=a", "metadata.name=a"),
            ("metadata.name==a", "metadata.name=a"),
            ("metadata.name!=a", "metadata.name!=a"),
            ("metadata.namespace=b,metadata.name=a", "metadata.name=a,metadata.namespace=b"),
            (r"metadata.name=a\,b\=c\\d", r"metadata.name=a\,b\=c\\d"),
            ("metadata.name=", "metadata.name="),
        ] {
            assert_eq!(
                FieldSelector::parse(text, &NONE).map(|s| s.to_string()),
                Ok(written.to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn refuses_with_the_texts_of_go() {
        for (text, error) in [
            ("x", "invalid selector: 'x'; can't understand 'x'"),
            (r"metadata.name=\a", r"invalid field selector: invalid escape sequence: \a"),
            (r"metadata.name=a\", r"invalid field selector: invalid escape sequence: \"),
            ("metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
            (
                "spec.x=1",
                "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            ),
        ] {
            assert_eq!(FieldSelector::parse(text, &NONE).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn matches_known_fields_and_finds_the_name() {
        let selector = FieldSelector::parse("metadata.name=a,spec.color!=red", &["spec.color"]).unwrap();
        assert_eq!(selector.name(), Some("a"));
        assert_eq!(selector.namespace(), None);
        let object = |color| move |field: &str| if field == "metadata.name" { Some("a") } else { color };
        assert!(selector.matches(object(Some("blue"))));
        assert!(selector.matches(object(None)));
        assert!(!selector.matches(object(Some("red"))));
        assert_eq!(FieldSelector::parse("metadata.name!=a", &NONE).unwrap().name(), None);
        assert_eq!(FieldSelector::of_name("b").to_string(), "metadata.name=b");
    }

    proptest! {
        #[test]
        fn any_value_survives(value in "[a,=\\\\!. é]{0,12}") {
            let written = FieldSelector::of_name(&value).to_string();
            let read = FieldSelector::parse(&written, &NONE).unwrap();
            prop_assert_eq!(read.name(), Some(value.as_str()));
        }

        #[test]
        fn no_text_panics(text in "[a,=\\\\!. é]{0,12}") {
            let _ = FieldSelector::parse(&text, &NONE);
        }
    }
}
