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
    pub(super) uid: Box<str>,
    pub(super) generation: i64,
    pub(super) labels: BTreeMap<Box<str>, Box<str>>,
    pub(super) finalizers: Box<[Box<str>]>,
    pub(super) owners: Box<[Box<str>]>,
    pub(super) created: Box<str>,
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
    #[serde(default)]
    uid: Box<str>,
    #[serde(default)]
    generation: i64,
    #[serde(default)]
    labels: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    finalizers: Box<[Box<str>]>,
    #[serde(borrow, default)]
    owner_references: Vec<Owner<'a>>,
    #[serde(default)]
    creation_timestamp: Box<str>,
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
        Ok(Index {
            metadata: start..start + raw.len(),
            uid: metadata.uid,
            generation: metadata.generation,
            labels: metadata.labels,
            finalizers: metadata.finalizers,
            owners: metadata.owner_references.iter().map(|owner| Box::from(&*owner.uid)).collect(),
            created: metadata.creation_timestamp,
            deleted: metadata.deletion_timestamp,
            selectable: pick(text, selectable).map_err(malformed)?,
        })
    }
}
