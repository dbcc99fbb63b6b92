//! Where records are in etcd, as Go's servers place them: `<prefix>/<group>/<resource>/[<namespace>/]<name>`; and how
//! their values end. Pure.

use bytes::Bytes;

use super::proto::KeyValue;
use crate::storage::foreign::foreign;
use crate::storage::{Key, Prefix};

/// The keys of one `--etcd-prefix`.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Begins and ends with `/`.
    root: String,
}

/// Our own key. No group begins with `~`, which comes behind every letter.
const BASE: &str = "~aggboot/revision-base";
/// Behind every key of a group.
const BEHIND: &str = "~";

impl Layout {
    /// The prefix as Go cleans it: with a leading slash, without empty parts.
    pub(super) fn new(prefix: &str) -> Self {
        let parts: Vec<_> = prefix.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let root = if parts.is_empty() { "/".into() } else { format!("/{}/", parts.join("/")) };
        Self { root }
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn etcd_key(&self, key: &Key) -> Bytes {
        format!("{}{key}", self.root).into()
    }

    pub(super) fn base(&self) -> Bytes {
        format!("{}{BASE}", self.root).into()
    }

    /// The key that etcd knows by this name, when it is one of ours and text.
    pub(super) fn key(&self, etcd: &[u8]) -> Option<Key> {
        let text = std::str::from_utf8(etcd).ok()?.strip_prefix(&self.root)?;
        (!text.is_empty() && !text.ends_with('/')).then(|| Key::new(text))
    }

    /// All keys under a prefix: from the first, to the one behind the last.
    pub(super) fn range(&self, prefix: &Prefix) -> (Bytes, Bytes) {
        let end = prefix.end();
        let start = format!("{}{prefix}", self.root);
        let end = format!("{}{}", self.root, end.as_deref().unwrap_or(BEHIND));
        (start.into(), end.into())
    }

    /// Where to go on looking for another resource than that of this key: behind all of its resource.
    pub(super) fn behind_resource(&self, etcd: &[u8]) -> Bytes {
        let below = self.root.len();
        let slashes = etcd.iter().enumerate().skip(below).filter(|(_, byte)| **byte == b'/');
        match slashes.map(|(at, _)| at).nth(1) {
            Some(end) => [&etcd[..end], b"0"].concat().into(),
            None => [etcd, b"\0"].concat().into(),
        }
    }
}

/// The value as we keep it: not a slice of the whole answer of etcd, which would stay as long as any of its values. Go
/// ends its JSON with a newline, which must not get into a watch; such a value is outdated in form.
pub(super) fn value(kv: &KeyValue) -> (Bytes, bool) {
    match kv.value.strip_suffix(b"\n").filter(|_| foreign(&kv.value).is_none()) {
        Some(without) => (Bytes::copy_from_slice(without), true),
        None => (Bytes::copy_from_slice(&kv.value), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_where_go_places_them() {
        for prefix in [
            "/registry/wardle.example.com",
            "registry/wardle.example.com/",
            "//registry/./wardle.example.com",
        ] {
            let layout = Layout::new(prefix);
            let key = Key::new("wardle.example.com/flunders/default/mine");
            let etcd = layout.etcd_key(&key);
            assert_eq!(etcd, "/registry/wardle.example.com/wardle.example.com/flunders/default/mine");
            assert_eq!(layout.key(&etcd), Some(key));
        }
        assert_eq!(Layout::new("").etcd_key(&Key::new("g/r/n")), "/g/r/n");
        let layout = Layout::new("/p");
        for other in [&b"/q/g/r/n"[..], b"/p", b"/p/", b"/p/g/r/", b"/p/\xff"] {
            assert_eq!(layout.key(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_range_holds_its_prefix_and_nothing_else() {
        let layout = Layout::new("/p");
        for (prefix, inside, outside) in [
            (
                "g/r/",
                &["/p/g/r/a", "/p/g/r/\u{10ffff}/x"][..],
                &["/p/g/r-/a", "/p/g/r", "/p/g/r0", "/p/g/rr/a"][..],
            ),
            (
                "",
                &["/p/0/r/a", "/p/g/r/a", "/p/zz/r/a"],
                &["/p/~aggboot/revision-base", "/p0", "/p-/g/r/a", "/pp/g/r/a"],
            ),
        ] {
            let (start, end) = layout.range(&Prefix::new(prefix));
            for key in inside {
                assert!(start <= *key.as_bytes() && end > *key.as_bytes(), "{key} is under {prefix}");
            }
            for key in outside {
                assert!(start > *key.as_bytes() || end <= *key.as_bytes(), "{key} is not under {prefix}");
            }
        }
        assert!(layout.range(&Prefix::everything()).1 <= layout.base());
    }

    #[test]
    fn the_search_for_other_resources_passes_all_of_one() {
        let layout = Layout::new("/p");
        assert_eq!(layout.behind_resource(b"/p/g/r/ns/a"), "/p/g/r0");
        assert_eq!(layout.behind_resource(b"/p/g/r/a"), "/p/g/r0");
        assert_eq!(layout.behind_resource(b"/p/g/r"), "/p/g/r\0");
        assert_eq!(Layout::new("").behind_resource(b"/g/r/a"), "/g/r0");
    }

    #[test]
    fn an_object_of_a_go_server_is_served_as_ours() {
        let stored = concat!(
            r#"{"kind":"Flunder","apiVersion":"wardle.example.com/v1alpha1","metadata":{"name":"mine","#,
            r#""namespace":"default","uid":"5f6e","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"a":"\u003cb\u003e"},"#,
            r#""managedFields":[{"manager":"kubectl","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}}]},"#,
            r#""spec":{},"status":{}}"#,
            "\n"
        );
        let kv = KeyValue { value: stored.into(), ..KeyValue::default() };
        let (value, stale) = value(&kv);
        let revision = crate::storage::Revision::new(7).expect("not 0");
        let key = Key::new("wardle.example.com/flunders/default/mine");
        let stored = crate::storage::Stored { key, revision, value, stale };
        let object = crate::object::Object::read(&stored, &[]).expect("an object");
        assert_eq!((object.name(), object.uid(), object.label("a")), ("mine", "5f6e", Some("<b>")));
        assert!(object.stale() && !object.bytes().contains(&b'\n'));
        assert!(object.served_metadata().whole().starts_with(br#"{"resourceVersion":"7","name":"mine","#));
    }

    #[test]
    fn a_newline_of_go_is_no_part_of_the_value() {
        let go = KeyValue { value: Bytes::from_static(b"{}\n"), ..KeyValue::default() };
        let ours = KeyValue { value: Bytes::from_static(b"{}"), ..KeyValue::default() };
        assert_eq!(
            (value(&go), value(&ours)),
            ((Bytes::from_static(b"{}"), true), (Bytes::from_static(b"{}"), false))
        );
        // What is not text may end in any byte.
        let foreign = KeyValue { value: Bytes::from_static(b"k8s\0\n"), ..KeyValue::default() };
        assert_eq!(value(&foreign), (Bytes::from_static(b"k8s\0\n"), false));
    }
}
