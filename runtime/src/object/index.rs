//! What is known of an object without decoding it: made by one parse of its stored bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::pick::pick;
use crate::kind::FieldPath;

/// Why stored bytes cannot be read as an object.
#[derive(Debug, thiserror::Error)]
#[error("the stored bytes are no object: {0}")]
pub struct Malformed(pub(super) String);

/// The few facts of an object that lists, watches and admission ask for.
#[derive(Debug)]
pub(super) struct Index {
    /// The value of `metadata`, braces included, in the stored form.
    pub(super) metadata: Range<usize>,
    pub(super) generation: i64,
    /// What nearly every object has. There is an index for each object in memory.
    texts: Texts,
    pub(super) finalizers: Box<[Box<str>]>,
    pub(super) owners: Box<[Box<str>]>,
    pub(super) deleted: Option<Box<str>>,
    /// The values of the kind's selectable fields, in their order.
    pub(super) selectable: Box<[Option<Box<str>>]>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(default)]
    generation: i64,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    finalizers: Box<[Box<str>]>,
    #[serde(borrow, default)]
    owner_references: Vec<Owner<'a>>,
    #[serde(borrow, default)]
    creation_timestamp: Cow<'a, str>,
    deletion_timestamp: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Owner<'a> {
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
}

impl Index {
    pub(super) fn parse(stored: &[u8], selectable: &[FieldPath]) -> Result<Index, Malformed> {
        let malformed = |error: serde_json::Error| Malformed(error.to_string());
        let text = std::str::from_utf8(stored).map_err(|error| Malformed(error.to_string()))?;
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(malformed)?;
        let raw = envelope.metadata.get();
        // The raw value borrows from `text`: the distance of the two is the offset.
        let start = raw.as_ptr() as usize - text.as_ptr() as usize;
        let metadata: Metadata<'_> = serde_json::from_str(raw).map_err(malformed)?;
        if !raw.starts_with("{\"") {
            return Err(Malformed("its metadata is empty".to_owned()));
        }
        let labels = metadata.labels.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
        Ok(Index {
            metadata: start..start + raw.len(),
            generation: metadata.generation,
            texts: Texts::new([&*metadata.uid, &*metadata.creation_timestamp].into_iter().chain(labels)),
            finalizers: metadata.finalizers,
            owners: metadata.owner_references.iter().map(|owner| Box::from(&*owner.uid)).collect(),
            deleted: metadata.deletion_timestamp,
            selectable: pick(text, selectable).map_err(malformed)?,
        })
    }

    pub(super) fn uid(&self) -> &str {
        self.texts.get(0)
    }

    pub(super) fn created(&self) -> &str {
        self.texts.get(1)
    }

    /// In the order of their keys.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        (2..self.texts.ends.len()).step_by(2).map(|place| (self.texts.get(place), self.texts.get(place + 1)))
    }
}

/// Texts, one behind the other.
#[derive(Debug)]
struct Texts {
    all: Box<str>,
    ends: Box<[u32]>,
}

impl Texts {
    fn new<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Texts {
        let all: String = texts.clone().collect();
        let ends = texts.scan(0, |end, text| {
            *end += text.len();
            // Values are bounded far below 4 GiB.
            Some(u32::try_from(*end).unwrap_or(u32::MAX))
        });
        Texts { all: all.into(), ends: ends.collect() }
    }

    /// The text at a place; empty where there is none.
    fn get(&self, place: usize) -> &str {
        let end = |place: usize| self.ends.get(place).map(|end| *end as usize);
        let start = place.checked_sub(1).map_or(Some(0), end);
        start.zip(end(place)).and_then(|(start, end)| self.all.get(start..end)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_were_put() {
        let texts = ["", "a", "", "bär", ""];
        let kept = Texts::new(texts.into_iter());
        let found: Vec<_> = (0..7).map(|place| kept.get(place)).collect();
        assert_eq!(found, ["", "a", "", "bär", "", "", ""]);
    }

    #[test]
    fn of_labels_of_one_key_the_last_counts() {
        let stored = br#"{"metadata":{"labels":{"b":"1","a":"2","b":"\u0033"},"uid":"u\u0031"}}"#;
        let index = Index::parse(stored, &[]).expect("an object");
        assert_eq!(index.labels().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        assert_eq!((index.uid(), index.created()), ("u1", ""));
    }
}
