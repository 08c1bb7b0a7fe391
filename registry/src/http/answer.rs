//! What a handler answers, before negotiation and compression give it its final form.

use super::pieces::Pieces;
use super::ready::Depends;
use bytes::Bytes;
use serde::Serialize;

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
    /// Made while it is sent.
    Pieces(Pieces),
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
    /// What the answer depends on, where it may be kept ready.
    pub depends: Option<Depends>,
    /// Its entity tag, where it has one besides that of ready answers.
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
        Answer { status: 200, body, kind: Kind::Negotiated, depends: None, etag: None, wrote: false }
    }

    /// 200 with a JSON body that is made while it is sent.
    pub fn pieces(pieces: Pieces) -> Self {
        Answer { body: Content::Pieces(pieces), ..Answer::text(Bytes::new()) }
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

    /// May be kept ready for as long as what it depends on does not change.
    pub fn depending(self, depends: Depends) -> Self {
        Answer { depends: Some(depends), ..self }
    }
}
