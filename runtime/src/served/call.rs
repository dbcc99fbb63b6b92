//! A call on a subresource that is code, and its reply.

use bytes::Bytes;

/// What was sent.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) method: String,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl Call {
    /// `GET` or `POST`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path behind the subresource, segment by segment.
    #[must_use]
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// The first value of a query parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The media type of the body.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The body: at most 3 MiB.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) code: u16,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

impl Reply {
    /// 200, with plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Reply::bytes("text/plain; charset=utf-8", text.into())
    }

    /// 200, with anything.
    #[must_use]
    pub fn bytes(content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Reply { code: 200, content_type: content_type.into(), body: body.into() }
    }

    /// Another HTTP status.
    #[must_use]
    pub fn with_code(mut self, code: u16) -> Self {
        self.code = code;
        self
    }
}
