//! Answers are for their caller only, unless the one who answers says otherwise.

use http::header::{CACHE_CONTROL, Entry};
use http::{HeaderMap, HeaderValue};

pub(super) fn stamp(headers: &mut HeaderMap) {
    if let Entry::Vacant(vacant) = headers.entry(CACHE_CONTROL) {
        vacant.insert(HeaderValue::from_static("no-cache, private"));
    }
}
