//! What is known of an object without decoding it: made by one parse of its stored bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::pick::pick;
use crate::kind::FieldPath;

/// Why stored bytes cannot be read as an object.
#[derive(Debug, thiserror::Error)]
#[error("the stored bytes are no object: {0}")]
pub struct Malformed(pub(super) String);

/// The few facts of an object that lists, watches and admission ask for. There is one for each object in memory, so
/// texts stay where the stored form has them.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// The value of `metadata`, braces included.
    metadata: Span,
    pub(super) generation: i64,
    uid: Span,
    created: Span,
    /// The value of `labels`: without escapes, in the order of the keys.
    labels: Span,
    pub(super) more: Option<Arc<More>>,
}

/// What most objects do not have, unless their kind has selectable fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct More {
    pub(super) finalizers: Box<[Box<str>]>,
    pub(super) deleted: Option<Box<str>>,
    /// The values of the kind's selectable fields, in their order.
    pub(super) selectable: Box<[Option<Box<str>>]>,
    pub(super) stale: bool,
    foreign: Option<Foreign>,
}

/// Texts that cannot be taken from the stored form as they are: somebody else wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Foreign {
    uid: Box<str>,
    created: Box<str>,
    labels: BTreeMap<Box<str>, Box<str>>,
}

/// A part of the stored form, which is bounded far below 4 GiB.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
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
    #[serde(borrow)]
    labels: Option<&'a RawValue>,
    #[serde(default)]
    finalizers: Box<[Box<str>]>,
    #[serde(borrow, default)]
    creation_timestamp: Cow<'a, str>,
    deletion_timestamp: Option<Box<str>>,
}

impl Index {
    pub(super) fn parse(stored: &[u8], stale: bool, selectable: &[FieldPath]) -> Result<Index, Malformed> {
        let malformed = |error: serde_json::Error| Malformed(error.to_string());
        let text = std::str::from_utf8(stored).map_err(|error| Malformed(error.to_string()))?;
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(malformed)?;
        let raw = envelope.metadata.get();
        let metadata: Metadata<'_> = serde_json::from_str(raw).map_err(malformed)?;
        if !raw.starts_with("{\"") {
            return Err(Malformed("its metadata is empty".to_owned()));
        }
        let labels = metadata.labels.map_or("", RawValue::get);
        let foreign = metadata.foreign(labels).map_err(malformed)?;
        let (generation, selectable) = (metadata.generation, pick(text, selectable).map_err(malformed)?);
        let span = |part| Span::of(text, part);
        let (uid, created) = (span(&metadata.uid), span(&metadata.creation_timestamp));
        let (finalizers, deleted) = (metadata.finalizers, metadata.deletion_timestamp);
        let more = More { finalizers, deleted, selectable, stale, foreign };
        Ok(Index {
            metadata: span(raw).ok_or_else(|| Malformed("they are too large".to_owned()))?,
            generation,
            uid: uid.unwrap_or_default(),
            created: created.unwrap_or_default(),
            labels: span(labels).unwrap_or_default(),
            more: (more != More::default()).then(|| Arc::new(more)),
        })
    }

    /// The value of `metadata`, braces included, in the stored form.
    pub(super) fn metadata(&self) -> Range<usize> {
        self.metadata.range()
    }

    pub(super) fn uid<'a>(&'a self, stored: &'a [u8]) -> &'a str {
        self.foreign().map_or_else(|| self.uid.text(stored), |foreign| &foreign.uid)
    }

    pub(super) fn created<'a>(&'a self, stored: &'a [u8]) -> &'a str {
        self.foreign().map_or_else(|| self.created.text(stored), |foreign| &foreign.created)
    }

    /// In the order of their keys.
    pub(super) fn labels<'a>(&'a self, stored: &'a [u8]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let foreign = self.foreign().map(|foreign| &foreign.labels);
        let own = if foreign.is_none() { self.labels.text(stored) } else { "" };
        plain(own).chain(foreign.into_iter().flatten().map(|(key, value)| (&**key, &**value)))
    }

    fn foreign(&self) -> Option<&Foreign> {
        self.more.as_ref()?.foreign.as_ref()
    }
}

impl Metadata<'_> {
    /// The texts, where the stored form does not have them as they are.
    fn foreign(&self, labels: &str) -> Result<Option<Foreign>, serde_json::Error> {
        // One that is missing is empty, and owned.
        let found = |text: &Cow<'_, str>| text.is_empty() || matches!(text, Cow::Borrowed(_));
        let plain = labels.is_empty() || serde_json::from_str::<InOrder>(labels).is_ok();
        if plain && found(&self.uid) && found(&self.creation_timestamp) {
            return Ok(None);
        }
        let labels = if labels.is_empty() { BTreeMap::new() } else { serde_json::from_str(labels)? };
        let (uid, created) = ((*self.uid).into(), (*self.creation_timestamp).into());
        Ok(Some(Foreign { uid, created, labels }))
    }
}

impl Span {
    /// Where a part of a text is; nothing if it is none.
    fn of(text: &str, part: &str) -> Option<Span> {
        // The part borrows from the text: the distance of the two is the offset.
        let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let end = start.checked_add(part.len()).filter(|end| *end <= text.len())?;
        Some(Span { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn text(self, stored: &[u8]) -> &str {
        stored.get(self.range()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

/// Labels out of JSON text without escapes: what is between quotes.
fn plain(labels: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut texts = labels.split('"').skip(1).step_by(2);
    std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
}

/// Labels as we write them: without escapes, in the order of their keys.
struct InOrder;

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

impl<'de> Visitor<'de> for InOrder {
    type Value = InOrder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels in order")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
        let mut last = None;
        // A text with escapes cannot be borrowed.
        while let Some((key, _)) = map.next_entry::<&str, &str>()? {
            if last.is_some_and(|last| last >= key) {
                return Err(A::Error::custom("labels are out of order"));
            }
            last = Some(key);
        }
        Ok(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(stored: &str) -> (Index, Vec<(String, String)>) {
        let index = Index::parse(stored.as_bytes(), false, &[]).expect("an object");
        let labels = index.labels(stored.as_bytes()).map(|(key, value)| (key.to_owned(), value.to_owned()));
        let labels = labels.collect();
        (index, labels)
    }

    #[test]
    fn texts_stay_where_they_are() {
        let stored =
            r#"{"kind":"K", "metadata":{"creationTimestamp":"t","labels":{"a": "", "b":"{:,}"},"uid":"u"}}"#;
        let (index, labels) = facts(stored);
        assert!(index.more.is_none());
        assert_eq!(labels, [("a".into(), String::new()), ("b".into(), "{:,}".into())]);
        assert_eq!((index.uid(stored.as_bytes()), index.created(stored.as_bytes())), ("u", "t"));
        let stored = r#"{"metadata":{"labels":{},"name":"n"}}"#;
        let (index, labels) = facts(stored);
        assert!(index.more.is_none() && labels.is_empty());
        assert_eq!((index.uid(stored.as_bytes()), index.created(stored.as_bytes())), ("", ""));
    }

    #[test]
    fn of_labels_of_one_key_the_last_counts() {
        for labels in [
            r#"{"b":"1","a":"2","b":"\u0033"}"#,
            r#"{"b":"1","a":"2"}"#,
            r#"{"a":"1","b":"2","b":"3"}"#,
            r#"{"a":"\"\\","b":"2"}"#,
        ] {
            let stored =
                format!(r#"{{"metadata":{{"creationTimestamp":"t","labels":{labels},"uid":"u\u0031"}}}}"#);
            let (index, found) = facts(&stored);
            let expected: BTreeMap<String, String> = serde_json::from_str(labels).expect("labels");
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
            assert_eq!((index.uid(stored.as_bytes()), index.created(stored.as_bytes())), ("u1", "t"));
        }
    }
}
