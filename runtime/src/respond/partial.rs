//! Objects reduced to their metadata: a fixed head and a slice of the encoded object.

use super::pieces::Json as _;
use crate::gzip::Pieces;
use crate::object::Served;
use crate::request::accept::MetaVersion;

/// Writes `PartialObjectMetadata` around the encoded value of `metadata`.
pub fn write(out: &mut impl Pieces, version: MetaVersion, metadata: Served<'_>) {
    out.text(match version {
        MetaVersion::V1 => {
            "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":"
        }
        MetaVersion::V1Beta1 => {
            "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1beta1\",\"metadata\":"
        }
    });
    out.served(metadata);
    out.text("}");
}

#[cfg(test)]
mod tests {
    use super::{MetaVersion, write};

    #[test]
    fn only_metadata_is_left() {
        for (version, name) in [(MetaVersion::V1, "v1"), (MetaVersion::V1Beta1, "v1beta1")] {
            let mut out = Vec::new();
            write(&mut out, version, br#"{"name":"a"}"#[..].into());
            let expected = format!(
                r#"{{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/{name}","metadata":{{"name":"a"}}}}"#
            );
            assert_eq!(out, expected.as_bytes());
        }
    }
}
