//! `/`: the paths there are. Unknown paths answer the same list with a 404, as Go's servers do.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::Health;
use crate::kind::registry::Registry;
use crate::respond::{Body, Response};

/// The list of paths, encoded once.
#[derive(Debug)]
pub(crate) struct Index(Bytes);

impl Index {
    pub(crate) fn new(registry: &Registry, health: &Health) -> Self {
        let mut paths = health.paths();
        for path in ["/apis", "/metrics", "/openapi/v2", "/openapi/v3", "/version"] {
            paths.push(path.to_owned());
        }
        for group in registry.groups() {
            paths.push(format!("/apis/{}", group.name));
            paths.extend(
                group.versions.iter().map(|version| format!("/apis/{}/{}", group.name, version.name)),
            );
        }
        paths.sort();
        Index(format!("{:#}", serde_json::json!({ "paths": paths })).into())
    }

    /// 200 at the root, 404 anywhere else.
    pub(crate) fn answer(&self, path: &str) -> Response {
        let mut response = Response::new(Body::from(self.0.clone()));
        if !matches!(path, "" | "/" | "/index.html") {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
