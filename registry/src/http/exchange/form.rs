//! In which form a request is answered: what its headers ask for, of what its face offers.

use super::joined;
use crate::http::catalogue::ErrorResponse;
use crate::http::negotiate::{self, Accepted, Media, NegotiationError};
use crate::http::reply::{refused, refused_on};
use crate::http::response_cache::ResponseForm;
use crate::http::routes::{Face, Method, Route};
use axum::body::Body;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response};

/// Characters of a header that an answer repeats.
const LONGEST_SHOWN: usize = 40;

/// The form that the client takes, or the refusal of what its headers say.
pub(super) fn negotiated(route: &Route, parts: &Parts) -> Result<(Accepted, ResponseForm), Box<Response<Body>>> {
    let headers = &parts.headers;
    if let Some(coding) = joined(headers, &CONTENT_ENCODING).filter(|coding| !is_plain(coding)) {
        return Err(Box::new(coded(&coding)));
    }
    let accept = joined(headers, &ACCEPT);
    let accepted = negotiate::content_type(joined(headers, &CONTENT_TYPE).as_deref())
        .map_err(|error| (error, negotiate::accept(accept.as_deref()).ok()))
        .and_then(|()| accepted(route.face, accept.as_deref()).map_err(|error| (error, None)))
        .map_err(|(error, accepted)| Box::new(said(route.face, error, accepted)))?;
    let gzip = route.face != Face::Stream
        && matches!(route.method, Method::Get | Method::Post)
        && parts.method != http::Method::HEAD
        && negotiate::takes_gzip(joined(headers, &ACCEPT_ENCODING).as_deref());
    let media = accepted.media;
    Ok((accepted, ResponseForm { media, gzip }))
}

/// What a face makes of an `Accept`.
fn accepted(face: Face, accept: Option<&str>) -> Result<Accepted, NegotiationError> {
    match face {
        Face::Api => negotiate::accept(accept),
        Face::Fixed => match negotiate::accept(accept) {
            Err(NegotiationError::NotAcceptable) => Ok(Accepted::DEFAULT),
            other => other,
        },
        Face::Page => negotiate::offer(accept, "text/html"),
        Face::Stream => negotiate::offer(accept, "text/event-stream"),
    }
}

fn said(face: Face, error: NegotiationError, accepted: Option<Accepted>) -> Response<Body> {
    let (error, accepted) = match error {
        // What cannot be read is answered in plain JSON, as the reference does, which has not negotiated anything yet.
        NegotiationError::Malformed => {
            (ErrorResponse::plain(400, "Bad Request"), Some(Accepted { media: Media::Json, parameters: None }))
        }
        NegotiationError::NotAcceptable => (ErrorResponse::plain(406, "HTTP 406 Not Acceptable"), accepted),
        NegotiationError::Unsupported => (ErrorResponse::plain(415, "HTTP 415 Unsupported Media Type"), accepted),
    };
    refused_on(face, &error, &accepted.unwrap_or(Accepted::DEFAULT), false)
}

/// The refusal of a body that would have to be decoded.
fn coded(coding: &str) -> Response<Body> {
    let shown: String = coding.chars().take(LONGEST_SHOWN).collect();
    let message = format!("Request bodies are read as they are; Content-Encoding '{shown}' is not supported");
    let mut response = refused(&ErrorResponse::plain(415, message), &Accepted::DEFAULT);
    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    response
}

/// Does `Content-Encoding` say nothing?
fn is_plain(coding: &str) -> bool {
    coding.split(',').map(str::trim).all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::routes::Operation;
    use http::Request;

    /// How a row of this face is answered: content type of the negotiated answer and whether it is compressed, or the status and
    /// content type of the refusal.
    fn negotiate(face: Face, accept: &str) -> (u16, String, bool) {
        let route = Route { face, ..*Operation::GetRoot.route() };
        let request = Request::get("/").header("accept", accept).header("accept-encoding", "gzip").body(()).unwrap();
        match negotiated(&route, &request.into_parts().0) {
            Ok((accepted, form)) => (200, accepted.content_type(), form.gzip),
            Err(response) => {
                let kind = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
                (response.status().as_u16(), kind, false)
            }
        }
    }

    #[test]
    fn the_face_of_a_row_decides_what_is_accepted_and_what_a_refusal_looks_like() {
        let (v1, json) = (Media::V1.as_str(), Media::Json.as_str());
        let text = "text/plain; charset=utf-8";
        let rows = [
            (Face::Api, "*/*", (200, v1, true)),
            (Face::Api, json, (200, json, true)),
            (Face::Api, "text/html", (406, v1, false)),
            (Face::Api, "/", (400, json, false)),
            (Face::Fixed, "text/plain", (200, v1, true)),
            (Face::Fixed, "/", (400, json, false)),
            (Face::Page, "text/html,application/xhtml+xml,*/*;q=0.8", (200, v1, true)),
            (Face::Page, json, (406, text, false)),
            (Face::Stream, "text/event-stream", (200, v1, false)),
            (Face::Stream, json, (406, v1, false)),
        ];
        for (face, accept, (status, kind, gzip)) in rows {
            assert_eq!(negotiate(face, accept), (status, kind.to_owned(), gzip), "{face:?} {accept}");
        }
    }
}
