//! Compression of large answers, for clients that ask for it.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, HeaderMap};

/// Answers up to this size are sent as they are: 128 KiB.
pub const THRESHOLD: usize = 128 * 1024;

/// Whether a client asks for gzip. As in Go the word stands alone: `gzip;q=1` is not read.
#[must_use]
pub fn asked(headers: &HeaderMap) -> bool {
    let value = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.split(',').any(|token| token.trim() == "gzip"))
}

/// Compresses pieces into one, quickly rather than tightly.
#[must_use]
pub fn compress<'a>(pieces: impl IntoIterator<Item = &'a Bytes>) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(THRESHOLD / 4), Compression::fast());
    for piece in pieces {
        // Writing into memory does not fail.
        let _ = encoder.write_all(piece);
    }
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use bytes::Bytes;
    use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

    use super::{asked, compress};

    #[test]
    fn only_the_plain_word_counts() {
        for (value, expected) in
            [("gzip", true), ("br, gzip", true), ("gzip;q=1", false), ("identity", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(asked(&headers), expected, "{value}");
        }
        assert!(!asked(&HeaderMap::new()));
    }

    #[test]
    fn what_is_compressed_is_the_same() {
        let pieces = [Bytes::from(vec![b'a'; 100_000]), Bytes::from_static(b"end")];
        let compressed = compress(&pieces);
        assert!(compressed.len() < 1000);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&*compressed).read_to_end(&mut read).unwrap();
        assert_eq!(read, pieces.concat());
    }
}
