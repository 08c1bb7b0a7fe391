//! The final form of an answer: status, content type, compression, entity tag, and the envelope of a failure.

use super::access_log::AccessLog;
use super::answer::{Answer, Content, Kind};
use super::catalogue::ErrorResponse;
use super::negotiate::Accepted;
use super::response_cache::{CachedResponse, ResponseForm};
use super::routes::{Face, Operation};
use super::server::Shared;
use super::wire;
use crate::app::App;
use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use rules::fault::Fault;
use service::Class;

/// A cached answer as a response; 304 where the client has it already.
pub fn respond(answer: &CachedResponse, form: ResponseForm, headers: &HeaderMap) -> Response<Body> {
    let fresh = headers.get(IF_NONE_MATCH).is_some_and(|seen| seen == answer.etag);
    let mut response = Response::new(if fresh { Body::empty() } else { Body::from(answer.body.clone()) });
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        Shared::mark(&mut response, &answer.body);
    }
    let head = response.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static(form.media.as_str()));
    if form.gzip {
        head.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    head.insert(ETAG, answer.etag.clone());
    response.extensions_mut().insert(answer.operation);
    response
}

/// The answer to OPTIONS: the methods of the path.
pub fn options(allow: &[&str]) -> Response<Body> {
    let mut response = Response::new(Body::from(allow.join(", ")));
    let head = response.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    if let Ok(value) = HeaderValue::from_str(&allow.join(",")) {
        head.insert(ALLOW, value);
    }
    response
}

/// The envelope of a failure.
pub fn refused(error: &ErrorResponse, accepted: &Accepted) -> Response<Body> {
    refused_on(Face::Api, error, accepted, false)
}

/// A failure as the face of an operation shows it: in the envelope, or to people as its sentence alone.
pub fn refused_on(face: Face, error: &ErrorResponse, accepted: &Accepted, gzip: bool) -> Response<Body> {
    let (body, content_type) = match face {
        Face::Api | Face::Fixed | Face::Stream => (encoded(error.body().into(), accepted), content_type(accepted)),
        Face::Page => (error.message.clone().into(), HeaderValue::from_static("text/plain; charset=utf-8")),
    };
    let mut response = Response::new(Body::from(if gzip { gzipped(&body) } else { body }));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let refusal = Some((error.code, error.message.clone()));
    response.extensions_mut().insert(AccessLog {
        operation: None,
        subject: None,
        caller: None,
        wrote: false,
        open: false,
        refusal,
        cause: None,
    });
    response
}

fn content_type(accepted: &Accepted) -> HeaderValue {
    match accepted.parameters {
        None => HeaderValue::from_static(accepted.media.as_str()),
        Some(_) => HeaderValue::from_str(&accepted.content_type())
            .unwrap_or_else(|_| HeaderValue::from_static(accepted.media.as_str())),
    }
}

/// UTF-16 with a byte order mark for who asks for it by `charset`.
fn encoded(body: Bytes, accepted: &Accepted) -> Bytes {
    if !accepted.wants_utf16() {
        return body;
    }
    utf16(&body, true).into()
}

/// Text in UTF-16, with a byte order mark in front where it is the beginning.
pub fn utf16(text: &[u8], beginning: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mark = beginning.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
}

/// Bytes in their final form, with their entity tag if they are to have one.
struct Encoded {
    bytes: Bytes,
    etag: Option<HeaderValue>,
}

/// How a body becomes its final form.
#[derive(Clone, Copy)]
struct Encoding {
    utf16: bool,
    gzip: bool,
    tag: bool,
}

impl Encoding {
    /// Up to so many bytes take less time than handing them over and coming back.
    const SHORT: usize = 64 << 10;

    fn apply(self, plain: Bytes) -> Encoded {
        let plain = if self.utf16 { utf16(&plain, true).into() } else { plain };
        let bytes = if self.gzip { gzipped(&plain) } else { plain };
        Encoded { etag: self.tag.then(|| etag(&bytes)), bytes }
    }

    /// A long body keeps no other request waiting. It gets its turn however many wait, since it may be the answer to a change.
    async fn apply_to_any(self, app: &App, plain: Bytes) -> Result<Encoded, Fault> {
        if plain.len() <= Self::SHORT || !(self.utf16 || self.gzip || self.tag) {
            return Ok(self.apply(plain));
        }
        app.service.go_on(Class::Parse, move || Ok(self.apply(plain))).await
    }
}

/// The response to an answer; cached if it may be.
///
/// # Errors
/// `Internal`, where a long body could not be encoded.
pub async fn finish(
    app: &App,
    operation: Operation,
    answer: Answer,
    form: ResponseForm,
    accepted: &Accepted,
    target: &str,
) -> Result<Response<Body>, Fault> {
    let negotiated = answer.kind == Kind::Negotiated;
    let tag = answer.etag.as_deref().and_then(|tag| HeaderValue::from_str(tag).ok());
    let gzip = form.gzip && answer.kind != Kind::Nothing;
    let body = match answer.body {
        Content::Stream(stream) => stream.into_body(negotiated && accepted.wants_utf16(), gzip),
        Content::Whole(plain) => {
            let validity = answer.validity.filter(|_| negotiated && accepted.parameters.is_none());
            let encoding = Encoding { utf16: negotiated && accepted.wants_utf16(), gzip, tag: validity.is_some() };
            let Encoded { bytes, etag } = encoding.apply_to_any(app, plain).await?;
            if let (Some(validity), Some(etag)) = (validity, etag) {
                let cached =
                    app.response_cache.keep(form, target, CachedResponse { operation, etag, body: bytes, validity });
                app.metrics.response_cache(false);
                return Ok(respond(&cached, form, &HeaderMap::new()));
            }
            Body::from(bytes)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let content_type = match answer.kind {
        Kind::Negotiated => Some(content_type(accepted)),
        Kind::Fixed(content_type) => Some(HeaderValue::from_static(content_type)),
        Kind::Nothing => None,
    };
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    if let Some(tag) = tag {
        response.headers_mut().insert(ETAG, tag);
    }
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// How much is compressed: answers are made while somebody waits.
pub const GZIP: Compression = Compression::fast();

fn gzipped(bytes: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 2 + 64), GZIP);
    std::io::Write::write_all(&mut encoder, bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail").into()
}

fn etag(bytes: &[u8]) -> HeaderValue {
    HeaderValue::from_str(&wire::entity_tag(bytes)).expect("hexadecimal digits and quotes are ASCII")
}
