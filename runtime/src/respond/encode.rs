//! The last step of every answer: a JSON body in the negotiated form, compressed where that pays.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};

use super::{ApiError, Body, Listing, Response, gzip, pretty, squeeze, yaml};
use crate::request::QueryPairs;
use crate::request::accept::{Form, Media, Offer, negotiate_request};

/// Answers with a body that is JSON so far. `gzip` says whether the client asked for it.
#[must_use]
pub fn respond(code: StatusCode, form: Form, gzip: bool, json: Body) -> Response {
    let body = match written(form, json) {
        Ok(body) => body,
        Err(error) => return ApiError::internal(error).into_response(),
    };
    let body = if gzip { squeezed(body) } else { (body, false) };
    answer(code, form, body)
}

/// Answers with a list. It is made while it is sent.
#[must_use]
pub fn listed(form: Form, gzip: bool, list: Listing) -> Response {
    answer(StatusCode::OK, form, list.styled(form).into_body(gzip))
}

fn answer(code: StatusCode, form: Form, (body, compressed): (Body, bool)) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    if compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response
}

/// The form in which a client wants failures: as YAML or indented where it asked for that.
#[must_use]
pub fn failure_form(headers: &HeaderMap, query: &QueryPairs) -> Form {
    negotiate_request(headers, query, Offer::Plain).unwrap_or(Form { pretty: true, ..Form::JSON })
}

/// Answers with a failure: a plain `Status`.
#[must_use]
pub fn failure(error: ApiError, form: Form) -> Response {
    let mut response = error.into_response();
    let body = std::mem::take(response.body_mut());
    if let Ok(body) = written(form, body) {
        *response.body_mut() = body;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    }
    response
}

/// `299 - "text"`; nothing for a text that cannot stand in a header.
#[must_use]
pub fn warning_header(text: &str) -> Option<HeaderValue> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    HeaderValue::from_bytes(format!("299 - \"{escaped}\"").as_bytes()).ok()
}

/// The headers for all warnings of a request: once their texts exceed 4096 characters, each is cut to 256.
#[must_use]
pub fn warning_headers<S: AsRef<str>>(texts: &[S]) -> Vec<HeaderValue> {
    const TOTAL: usize = 4096;
    const EACH: usize = 256;
    let length = |text: &str| text.chars().count();
    if texts.iter().map(|text| length(text.as_ref())).sum::<usize>() <= TOTAL {
        return texts.iter().filter_map(|text| warning_header(text.as_ref())).collect();
    }
    let mut written = 0;
    let cut = texts.iter().map(|text| text.as_ref().chars().take(EACH).collect::<String>());
    cut.take_while(|text| {
        let fits = written < TOTAL;
        written += length(text);
        fits
    })
    .filter_map(|text| warning_header(&text))
    .collect()
}

fn written(form: Form, json: Body) -> Result<Body, serde_json::Error> {
    Ok(match form.media {
        Media::Json if form.pretty => match whole(json) {
            Ok(bytes) => pretty::indent(bytes.trim_ascii_end()).into(),
            Err(stream) => stream,
        },
        Media::Json => json,
        Media::Yaml => match whole(json) {
            Ok(bytes) => yaml::from_json(&bytes)?.into(),
            Err(stream) => stream,
        },
    })
}

/// A body in one piece; a stream is not touched.
fn whole(body: Body) -> Result<Bytes, Body> {
    match body {
        Body::Empty => Ok(Bytes::new()),
        Body::Full(bytes) => Ok(bytes),
        Body::Chunks(chunks) => Ok(chunks
            .iter()
            .fold(Vec::new(), |mut whole, chunk| {
                whole.extend_from_slice(chunk);
                whole
            })
            .into()),
        stream @ Body::Stream(_) => Err(stream),
    }
}

/// The body, compressed when it is large, and whether it is.
fn squeezed(body: Body) -> (Body, bool) {
    match body {
        Body::Full(bytes) if bytes.len() > gzip::THRESHOLD => {
            (squeeze::compress([&*bytes]).into_body(), true)
        }
        Body::Chunks(chunks) if chunks.iter().map(Bytes::len).sum::<usize>() > gzip::THRESHOLD => {
            (squeeze::compress(chunks.iter().map(|chunk| &**chunk)).into_body(), true)
        }
        body => (body, false),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};

    use super::{
        Body, Form, Media, QueryPairs, failure, failure_form, respond, warning_header, warning_headers, whole,
    };
    use crate::respond::{ApiError, Response};

    fn text(response: Response) -> String {
        let body = whole(response.into_body()).expect("no stream");
        String::from_utf8(body.to_vec()).expect("text")
    }

    #[test]
    fn a_body_takes_the_form_that_was_asked_for() {
        let json = "{\"a\":1}";
        for (form, content_type, expected) in [
            (Form::JSON, "application/json", json),
            (Form { pretty: true, ..Form::JSON }, "application/json", "{\n  \"a\": 1\n}"),
            (Form { media: Media::Yaml, pretty: true, ..Form::JSON }, "application/yaml", "a: 1\n"),
        ] {
            let response = respond(StatusCode::CREATED, form, true, Body::from(json));
            assert_eq!(response.status(), StatusCode::CREATED);
            assert_eq!(response.headers()[CONTENT_TYPE], content_type);
            assert!(!response.headers().contains_key(CONTENT_ENCODING));
            assert_eq!(text(response), expected);
        }
    }

    #[test]
    fn only_large_bodies_are_compressed_and_only_when_asked() {
        let body = |size| Body::from(vec![b'1'; size]);
        for (size, asked, compressed) in
            [(131_072, true, false), (131_073, true, true), (131_073, false, false)]
        {
            let response = respond(StatusCode::OK, Form::JSON, asked, body(size));
            assert_eq!(response.headers().contains_key(CONTENT_ENCODING), compressed, "{size} {asked}");
            assert_eq!(response.headers().contains_key(VARY), compressed);
        }
    }

    #[test]
    fn a_failure_is_a_status_in_any_language() {
        let answer = |accept| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            text(failure(ApiError::bad_request("no"), failure_form(&headers, &QueryPairs::default())))
        };
        let json = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"BadRequest","code":400}"#;
        assert_eq!(
            answer("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"),
            format!("{json}\n")
        );
        assert!(answer("application/yaml").starts_with("apiVersion: v1\ncode: 400\nkind: Status\n"));
        // Nothing fits: raw JSON, indented, as Go writes it then.
        assert!(answer("text/plain").starts_with("{\n  \"kind\": \"Status\","));
    }

    #[test]
    fn warnings_are_quoted_and_cut() {
        assert_eq!(warning_header(r#"unknown field "a\b""#).unwrap(), r#"299 - "unknown field \"a\\b\"""#);
        assert!(warning_header("two\nlines").is_none() && warning_header("").is_none());
        assert_eq!(warning_headers(&["a", "b"]).len(), 2);
        let long: Vec<String> = (0..20).map(|n| format!("{n}{}", "é".repeat(300))).collect();
        let headers = warning_headers(&long);
        assert_eq!(headers.len(), 16);
        let first = String::from_utf8(headers[0].as_bytes().to_vec()).unwrap();
        assert_eq!(first.chars().count(), 256 + "299 - \"\"".len());
    }
}
