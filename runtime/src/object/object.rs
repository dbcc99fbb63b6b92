//! An object at rest: its bytes, shared with the store, and what is known of them.

use bytes::Bytes;

use super::Tree;
use super::index::Index;
pub use super::index::Malformed;
use super::splice::{self, Served};
use crate::kind::FieldPath;
use crate::storage::{Key, Revision, Stored};

/// One object at one revision. What verbs, lists and watches pass around, behind an `Arc`.
#[derive(Clone, Debug)]
pub struct Object {
    key: Key,
    /// None in a draft.
    revision: Option<Revision>,
    /// The stored form, shared with the store.
    value: Bytes,
    index: Index,
}

impl Object {
    /// Reads a record of the store; `selectable` are the kind's selectable fields.
    pub fn read(stored: &Stored, selectable: &[FieldPath]) -> Result<Object, Malformed> {
        let index = Index::parse(&stored.value, stored.stale, selectable)?;
        let (key, value) = (stored.key.clone(), stored.value.clone());
        Ok(Object { key, revision: Some(stored.revision), value, index })
    }

    /// An object that is not stored, as a dry run answers it: without a resourceVersion.
    pub fn draft(key: Key, bytes: Bytes, selectable: &[FieldPath]) -> Result<Object, Malformed> {
        let index = Index::parse(&bytes, false, selectable)?;
        Ok(Object { key, revision: None, value: bytes, index })
    }

    /// The same object at another revision: a deletion is told with the object as it last was.
    #[must_use]
    pub fn at(&self, revision: Revision) -> Object {
        Object { revision: Some(revision), ..self.clone() }
    }

    /// Where it is stored.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The revision of the write that made it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision.unwrap_or(Revision::FIRST)
    }

    /// The whole object as it is served: compact JSON, `apiVersion`, `kind`, `metadata` first.
    #[must_use]
    pub fn served(&self) -> Served<'_> {
        Served::new(&self.value, self.cut(), self.revision)
    }

    /// The value of `metadata` as it is served, braces included.
    #[must_use]
    pub fn served_metadata(&self) -> Served<'_> {
        // The cut is behind its first byte.
        Served::new(&self.value[self.index.metadata()], 1, self.revision)
    }

    /// How long the object is as it is served.
    #[must_use]
    pub fn length(&self) -> usize {
        self.value.len() + self.revision.map_or(0, splice::added)
    }

    /// The whole object as it is served, in one piece.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.served().whole().into_owned()
    }

    /// The same and a newline: a whole body.
    #[must_use]
    pub fn line(&self) -> Bytes {
        let mut line = Vec::with_capacity(self.length() + 1);
        self.served().pieces().into_iter().for_each(|piece| line.extend_from_slice(piece));
        line.push(b'\n');
        line.into()
    }

    /// The last of the pieces that are served, shared: all but the head of an object.
    #[must_use]
    pub fn tail(&self) -> Bytes {
        self.value.slice(self.cut()..)
    }

    /// `metadata.resourceVersion`, empty for a draft.
    #[must_use]
    pub fn resource_version(&self) -> String {
        self.revision.map(|revision| revision.to_string()).unwrap_or_default()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// The namespace, empty for objects of the cluster.
    #[must_use]
    pub fn namespace(&self) -> &str {
        // <group>/<resource>/<namespace>/<name>
        let mut parts = self.key.as_str().splitn(4, '/').skip(2);
        match (parts.next(), parts.next()) {
            (Some(namespace), Some(_)) => namespace,
            _ => "",
        }
    }

    /// The uid.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.index.uid(&self.value)
    }

    /// `metadata.generation`, 0 where it is not kept.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.index.generation
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// All labels, in the order of their keys.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.index.labels(&self.value)
    }

    /// The finalizers.
    #[must_use]
    pub fn finalizers(&self) -> &[Box<str>] {
        self.index.more.as_ref().map_or(&[], |more| &more.finalizers)
    }

    /// `metadata.creationTimestamp`, as RFC 3339.
    #[must_use]
    pub fn created(&self) -> &str {
        self.index.created(&self.value)
    }

    /// `metadata.deletionTimestamp`, when the object is being deleted.
    #[must_use]
    pub fn deleted(&self) -> Option<&str> {
        self.index.more.as_ref()?.deleted.as_deref()
    }

    /// The value of the kind's selectable field at that place; empty when there is none.
    #[must_use]
    pub fn selectable(&self, place: usize) -> &str {
        let values = self.index.more.as_ref().map_or(&[][..], |more| &more.selectable);
        values.get(place).and_then(|value| value.as_deref()).unwrap_or_default()
    }

    /// Whether the form at rest is outdated: a write that changes nothing must be carried out.
    #[must_use]
    pub fn stale(&self) -> bool {
        self.index.more.as_ref().is_some_and(|more| more.stale)
    }

    /// The stored form: what it is, without the resourceVersion.
    #[must_use]
    pub fn stored(&self) -> &Bytes {
        &self.value
    }

    /// Whether storing these bytes would change nothing.
    #[must_use]
    pub fn is_stored_as(&self, stored: &[u8]) -> bool {
        self.value == stored
    }

    /// The object, decoded.
    pub fn tree(&self) -> Result<Tree, Malformed> {
        Tree::parse_json(&self.served().whole())
            .map(|(tree, _)| tree)
            .map_err(|error| Malformed(error.to_string()))
    }

    /// Just behind the brace that opens `metadata`, in both forms.
    fn cut(&self) -> usize {
        self.index.metadata().start + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = r#"{"apiVersion":"g/v","kind":"K","metadata":{"annotations":{"x":"\"resourceVersion\":\"7\""},"creationTimestamp":"2026-01-02T03:04:05Z","labels":{"a":"b"},"name":"n","ownerReferences":[{"uid":"o"}],"uid":"u"},"spec":{"color":"blue"}}"#;

    fn object(key: &str, revision: u64) -> Object {
        let stored = Stored {
            key: Key::new(key),
            revision: Revision::new(revision).expect("not 0"),
            value: Bytes::from_static(STORED.as_bytes()),
            stale: false,
        };
        Object::read(&stored, &[FieldPath(vec!["spec".into(), "color".into()])]).expect("an object")
    }

    #[test]
    fn what_is_known_of_an_object_is_what_its_bytes_say() {
        let object = object("g/ks/ns/n", 42);
        assert_eq!((object.namespace(), object.name(), object.uid()), ("ns", "n", "u"));
        assert_eq!((object.label("a"), object.label("b")), (Some("b"), None));
        assert_eq!((object.created(), object.deleted()), ("2026-01-02T03:04:05Z", None));
        assert_eq!((object.selectable(0), object.selectable(1)), ("blue", ""));
        assert!(object.bytes().starts_with(
            br#"{"apiVersion":"g/v","kind":"K","metadata":{"resourceVersion":"42","annotations":"#
        ));
        let metadata = object.served_metadata().whole();
        assert!(metadata.starts_with(br#"{"resourceVersion":"42","#) && metadata.ends_with(br#""uid":"u"}"#));
        assert_eq!(object.stored(), STORED.as_bytes());
        assert!(object.is_stored_as(STORED.as_bytes()));
    }

    #[test]
    fn an_object_of_the_cluster_has_no_namespace() {
        let object = object("g/ks/n", 1);
        assert_eq!((object.namespace(), object.name()), ("", "n"));
    }

    #[test]
    fn a_deletion_is_told_at_its_own_revision() {
        let object = object("g/ks/ns/n", 9).at(Revision::new(1000).expect("not 0"));
        assert!(object.served_metadata().whole().starts_with(br#"{"resourceVersion":"1000","annotations""#));
        assert_eq!(object.stored(), STORED.as_bytes());
        assert!(object.served_metadata().whole().ends_with(br#""uid":"u"}"#));
    }

    #[test]
    fn bytes_that_are_no_object_are_refused() {
        for value in [
            "",
            "[]",
            "{}",
            r#"{"metadata":{}}"#,
            r#"{"metadata":{"name":"a"}"#,
            r#"{"metadata":{"labels":{"a":1}}}"#,
        ] {
            let stored = Stored {
                key: Key::new("g/ks/n"),
                revision: Revision::FIRST,
                value: Bytes::copy_from_slice(value.as_bytes()),
                stale: false,
            };
            assert!(Object::read(&stored, &[]).is_err(), "{value}");
        }
    }
}
