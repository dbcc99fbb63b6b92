//! What other servers' records look like that are no JSON, and what is to be done about them.

/// Why a value cannot be read, when it is in a form that Kubernetes servers keep objects in.
pub(super) fn foreign(value: &[u8]) -> Option<&'static str> {
    const FORMS: [(&[u8], &str); 4] = [
        (
            b"k8s\0",
            "it is encoded as protobuf: let the server that wrote it store JSON (--storage-media-type=application/json) and write every object once more",
        ),
        (
            b"k8s:enc:",
            "it is encrypted by a Kubernetes server: let that server write every object once more without encryption",
        ),
        (
            b"apiVersion:",
            "it is YAML: let the server that wrote it store JSON (--storage-media-type=application/json) and write every object once more",
        ),
        (
            b"\xd9\xd9\xf7",
            "it is encoded as CBOR: let the server that wrote it store JSON and write every object once more",
        ),
    ];
    FORMS.iter().find(|(begin, _)| value.starts_with(begin)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_others_are_known() {
        for (begin, word) in [
            (&b"k8s\0\x0a"[..], "protobuf"),
            (b"k8s:enc:aescbc:v1:key1:x", "encrypted"),
            (b"apiVersion: v1", "YAML"),
        ] {
            assert!(foreign(begin).is_some_and(|why| why.contains(word)), "{begin:?}");
        }
        assert_eq!((foreign(b"{\"kind\":\"K\"}"), foreign(b"k8s"), foreign(b"")), (None, None, None));
    }
}
