//! `/version`: which Kubernetes this server behaves like, and what it is.

use http::{HeaderValue, header};

use crate::respond::{Body, Response};

/// Clients compare this with their own version, so it is the version of Kubernetes whose behaviour is implemented;
/// ours stands behind it as build metadata.
pub(crate) fn version() -> Response {
    let platform = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let document = serde_json::json!({
        "major": "1",
        "minor": "37",
        "gitVersion": concat!("v1.37.0+aggboot.", env!("CARGO_PKG_VERSION")),
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{platform}", std::env::consts::OS),
    });
    let mut response = Response::new(Body::from(format!("{document:#}")));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
