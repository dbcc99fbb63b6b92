//! The body of a request: read whole within its limits, and the media type it claims to be.

use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::RequestBody;
use crate::respond::{ApiError, ApiResult};

/// How many bytes a body may have: 3 MiB, as in Go.
pub const LIMIT: usize = 3 * 1024 * 1024;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyMedia {
    /// `application/json`
    Json,
    /// `application/yaml`
    Yaml,
}

/// Reads a body whole. More than `limit` bytes are a 413, a body that does not come in time is a 504.
pub async fn read(body: RequestBody, limit: usize, deadline: Option<Instant>) -> ApiResult<Bytes> {
    let whole = Limited::new(body, limit).collect();
    let whole = match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline.into(), whole)
            .await
            .map_err(|_| ApiError::timeout("request did not complete within the allotted timeout", 0))?,
        None => whole.await,
    };
    match whole {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ApiError::too_large(format!("Request entity too large: limit is {limit}")))
        }
        Err(error) => {
            Err(ApiError::bad_request(format!("the body of the request could not be read: {error}")))
        }
    }
}

/// What a `Content-Type` says of a body; none means JSON. Anything unknown is a 415.
pub fn media(content_type: Option<&str>) -> ApiResult<BodyMedia> {
    let Some(named) = content_type.filter(|named| !named.is_empty()) else { return Ok(BodyMedia::Json) };
    match media_type(named).as_deref() {
        Some("application/json") => Ok(BodyMedia::Json),
        Some("application/yaml") => Ok(BodyMedia::Yaml),
        _ => Err(unsupported(&["application/json", "application/yaml"])),
    }
}

/// The kinds of patches there are, in the order in which errors list them.
pub const PATCHES: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// Which of the `accepted` kinds of patch a `Content-Type` names. A kind that is known but not accepted is a
/// 415 that lists the accepted ones.
pub fn patch_media<'a>(content_type: Option<&str>, accepted: &[&'a str]) -> ApiResult<&'a str> {
    let named = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if !PATCHES.contains(&named.trim_matches(' ')) {
        // Go's router refuses what no patch handler reads.
        return Err(ApiError::unsupported_media_type("415: Unsupported Media Type").with_empty_details());
    }
    accepted.iter().find(|media| **media == named).copied().ok_or_else(|| unsupported(accepted))
}

/// 415, naming what is accepted.
#[must_use]
pub fn unsupported(accepted: &[&str]) -> ApiError {
    ApiError::unsupported_media_type(format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        accepted.join(", ")
    ))
}

/// The media type in lower case; nothing when its parameters are malformed.
fn media_type(content_type: &str) -> Option<String> {
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    parts.all(|parameter| parameter.is_empty() || parameter.contains('=')).then_some(media)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use http_body_util::{BodyExt, Full, StreamBody};

    use super::{BodyMedia, PATCHES, RequestBody, media, patch_media, read};

    fn body(bytes: &'static [u8]) -> RequestBody {
        Full::new(Bytes::from_static(bytes)).map_err(|never| match never {}).boxed()
    }

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn a_body_within_its_limit_is_read() {
        assert_eq!(block(read(body(b"12345"), 5, None)).unwrap(), "12345");
        assert_eq!(block(read(body(b""), 5, None)).unwrap(), "");
    }

    #[test]
    fn a_body_beyond_its_limit_is_refused() {
        let error = block(read(body(b"123456"), 5, None)).unwrap_err();
        assert_eq!((error.code().as_u16(), error.reason()), (413, "RequestEntityTooLarge"));
        assert_eq!(error.message(), "Request entity too large: limit is 5");
    }

    #[test]
    fn a_body_that_never_comes_is_a_timeout() {
        let silent: RequestBody = StreamBody::new(futures::stream::pending()).boxed();
        let error = block(read(silent, 5, Some(Instant::now()))).unwrap_err();
        assert_eq!((error.code().as_u16(), error.reason()), (504, "Timeout"));
    }

    #[test]
    fn media_types_as_go_reads_them() {
        for (content_type, expected) in [
            (None, BodyMedia::Json),
            (Some(""), BodyMedia::Json),
            (Some("application/json"), BodyMedia::Json),
            (Some("Application/JSON; charset=utf-8"), BodyMedia::Json),
            (Some("application/yaml"), BodyMedia::Yaml),
        ] {
            assert_eq!(media(content_type).unwrap(), expected, "{content_type:?}");
        }
        for content_type in
            ["text/plain", "application/vnd.kubernetes.protobuf", ";", "application/json-patch+json"]
        {
            let error = media(Some(content_type)).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (415, "UnsupportedMediaType"));
            assert_eq!(
                error.message(),
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json, application/yaml"
            );
        }
    }
    #[test]
    fn kinds_of_patches_are_told_apart() {
        let accepted = &PATCHES[..2];
        for named in ["application/merge-patch+json", "application/merge-patch+json; charset=utf-8"] {
            assert_eq!(patch_media(Some(named), accepted).unwrap(), "application/merge-patch+json");
        }
        let text = |named| patch_media(named, accepted).unwrap_err().message().to_owned();
        assert_eq!(
            text(Some("application/apply-patch+yaml")),
            "the body of the request was in an unknown format - accepted media types include: \
             application/json-patch+json, application/merge-patch+json"
        );
        assert_eq!(text(Some("application/json")), "415: Unsupported Media Type");
        assert_eq!(text(None), "415: Unsupported Media Type");
    }
}
