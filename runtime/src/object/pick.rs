//! Reads the values of a few fields out of JSON text, skipping everything else.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::kind::FieldPath;

/// The scalar values at the paths, in their order, as field selectors compare them; nothing where a path
/// leads to nothing, or to an object or array.
pub(super) fn pick(text: &str, paths: &[FieldPath]) -> Result<Box<[Option<Box<str>>]>, serde_json::Error> {
    let mut values = vec![None; paths.len()].into_boxed_slice();
    if !paths.is_empty() {
        let wanted: Vec<_> =
            paths.iter().enumerate().map(|(place, path)| (place, path.0.as_slice())).collect();
        let mut json = serde_json::Deserializer::from_str(text);
        Level { wanted, values: &mut values }.deserialize(&mut json)?;
        json.end()?;
    }
    Ok(values)
}

/// One level of the document: which paths pass through it, and what is left of them.
struct Level<'p, 'v> {
    wanted: Vec<(usize, &'p [String])>,
    values: &'v mut [Option<Box<str>>],
}

impl Level<'_, '_> {
    fn found(self, value: &str) {
        for (place, rest) in self.wanted {
            if rest.is_empty() {
                self.values[place] = Some(value.into());
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let wanted: Vec<_> = self
                .wanted
                .iter()
                .filter(|(_, rest)| rest.first().is_some_and(|first| *first == key))
                .map(|&(place, rest)| (place, &rest[1..]))
                .collect();
            if wanted.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Level { wanted, values: &mut *self.values })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.found(value);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.found(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.found(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.found(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.found(&value.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_found_and_everything_else_is_skipped() {
        let text =
            r#"{"spec":{"color":"blue","n":3,"on":true,"deep":{"x":"y"},"l":[{"color":"no"}]},"x":null}"#;
        let path = |text: &str| FieldPath(text.split('.').map(str::to_owned).collect());
        let paths =
            ["spec.color", "spec.n", "spec.on", "spec.deep", "spec.deep.x", "spec.l", "spec.none", "x"];
        let values = pick(text, &paths.map(path)).expect("valid JSON");
        let values: Vec<_> = values.iter().map(Option::as_deref).collect();
        assert_eq!(values, [Some("blue"), Some("3"), Some("true"), None, Some("y"), None, None, None]);
    }
}
