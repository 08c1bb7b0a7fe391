//! What a handler answers, before negotiation and compression give it its final form.

use super::generations::Validity;
use axum::body::Body;
use bytes::Bytes;
use serde::Serialize;
use std::fmt;

/// The kind of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// JSON, in the negotiated media type.
    Negotiated,
    /// A body of this content type whatever was negotiated (metrics, health, the API description).
    Fixed(&'static str),
    /// No body.
    Nothing,
}

/// A body, all of it or what makes it.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Whole(Bytes),
    /// Made while it is sent, for as long as that takes: the time-out of requests ends with its beginning.
    Stream(Box<dyn Stream>),
}

/// Makes a body while it is sent.
pub trait Stream: Send + fmt::Debug {
    /// The body, each of its parts in its final form.
    fn into_body(self: Box<Self>, utf16: bool, gzip: bool) -> Body;
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Content,
    /// Its kind.
    pub kind: Kind,
    /// What the answer depends on, where it may be cached.
    pub validity: Option<Validity>,
    /// Its entity tag, where it has one besides that of cached answers.
    pub etag: Option<String>,
    /// Did the request change anything?
    pub wrote: bool,
}

impl Answer {
    /// 200 with a JSON body.
    pub fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("wire types have string keys and no failing parts");
        Answer::text(body)
    }

    /// 200 with a body that is already text (a schema, a number).
    pub fn text(body: impl Into<Bytes>) -> Self {
        let body = Content::Whole(body.into());
        Answer { status: 200, body, kind: Kind::Negotiated, validity: None, etag: None, wrote: false }
    }

    /// 200 with a JSON body that is made while it is sent.
    pub fn stream(stream: impl Stream + 'static) -> Self {
        Answer { body: Content::Stream(Box::new(stream)), ..Answer::text(Bytes::new()) }
    }

    /// 200 with a body of a fixed content type.
    pub fn fixed(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Answer { kind: Kind::Fixed(content_type), ..Answer::text(body) }
    }

    /// 204 without a body.
    pub fn nothing() -> Self {
        Answer { status: 204, kind: Kind::Nothing, ..Answer::text(Bytes::new()) }
    }

    /// With a status.
    pub fn with_status(self, status: u16) -> Self {
        Answer { status, ..self }
    }

    /// With an entity tag.
    pub fn tagged(self, etag: String) -> Self {
        Answer { etag: Some(etag), ..self }
    }

    /// Marked as a change, if it was one.
    pub fn wrote(self, wrote: bool) -> Self {
        Answer { wrote, ..self }
    }

    /// May be cached for as long as what it depends on does not change.
    pub fn valid_while(self, validity: Validity) -> Self {
        Answer { validity: Some(validity), ..self }
    }
}
