//! From what a verb found to a response in the form that was negotiated. Knows nothing of storage:
//! kinds answered by code answer through it too.

use std::sync::Arc;

use http::StatusCode;

use crate::kind::Kind;
use crate::object::Object;
use crate::request::accept::{Form, Offer, Shape, negotiate_request};
use crate::request::{QueryPairs, Request};
use crate::respond::list::ListMeta;
use crate::respond::present::Presentation;
use crate::respond::table::IncludeObject;
use crate::respond::{ApiResult, Body, Response, encode, gzip};
use crate::storage::view::Slices;

/// The form of an answer, negotiated before anything is done.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    form: Form,
    include: IncludeObject,
    gzip: bool,
}

impl Wanted {
    /// What the request wants.
    pub fn by(request: &Request) -> ApiResult<Wanted> {
        Wanted::of(&request.head.headers, &request.query, gzip::asked(&request.head.headers))
    }

    /// What a write wants: its answer is small, and never compressed.
    pub fn by_write(request: &Request) -> ApiResult<Wanted> {
        Wanted::of(&request.head.headers, &request.query, false)
    }

    fn of(headers: &http::HeaderMap, query: &QueryPairs, gzip: bool) -> ApiResult<Wanted> {
        let form = negotiate_request(headers, query, Offer::Resource)?;
        let include = match form.shape {
            Shape::Table(_) => IncludeObject::parse(query)?,
            _ => IncludeObject::default(),
        };
        Ok(Wanted { form, include, gzip })
    }

    /// One object.
    pub fn object(&self, kind: &Arc<Kind>, object: &Object, code: StatusCode) -> ApiResult<Response> {
        let body = self.presentation(kind).object(object)?;
        Ok(encode::respond(code, self.form, self.gzip, body))
    }

    /// A list.
    pub fn list(&self, kind: &Arc<Kind>, meta: &ListMeta, objects: Slices) -> ApiResult<Response> {
        let list = self.presentation(kind).list(meta, objects)?;
        Ok(encode::listed(self.form, self.gzip, list))
    }

    /// Another document, given as compact JSON, that has one shape only.
    #[must_use]
    pub fn document(&self, mut json: Vec<u8>, code: StatusCode) -> Response {
        json.push(b'\n');
        encode::respond(code, self.form, self.gzip, Body::from(json))
    }

    fn presentation<'a>(&self, kind: &'a Arc<Kind>) -> Presentation<'a> {
        let Wanted { form, include, .. } = *self;
        Presentation { kind, shape: form.shape, include, now: jiff::Timestamp::now() }
    }
}
