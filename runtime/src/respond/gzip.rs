//! Which answers are compressed: large ones, for clients that ask for it.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HeaderMap};

use super::squeeze;

/// Answers up to this size are sent as they are: 128 KiB.
pub const THRESHOLD: usize = 128 * 1024;

/// Whether a client asks for gzip. As in Go the word stands alone: `gzip;q=1` is not read.
#[must_use]
pub fn asked(headers: &HeaderMap) -> bool {
    let value = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.split(',').any(|token| token.trim() == "gzip"))
}

/// A document, compressed.
#[must_use]
pub fn compress(document: &[u8]) -> Bytes {
    squeeze::compress([document]).into_bytes()
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

    use super::asked;

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
}
