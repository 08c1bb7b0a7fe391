//! One exchange with a handler: headers and body are read, the handler is asked, and whatever comes of it, a panic and a
//! time-out included, becomes an answer.

use super::answer::Answer;
use super::catalogue::{self, Refusal};
use super::handlers::{self, Ask};
use super::negotiate::{self, Accepted, Media};
use super::query::Query;
use super::ready::{Form, ReadyAnswer};
use super::reply::{compress, finish, refused, respond};
use super::routes::{Method, Operation};
use super::trail::Trail;
use crate::app::App;
use crate::fault::Fault;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::OwnedSemaphorePermit;

/// Bodies up to this size, in bytes, need no share of the budget for bodies.
const SMALL_BODY: usize = 64 * 1024;

/// Headers, body, handler, answer.
pub async fn handle(
    app: Arc<App>,
    operation: Operation,
    parameters: Vec<String>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let subject = operation.route().path.contains("{subject}").then(|| parameters.first().cloned()).flatten();
    let fixed = matches!(
        operation,
        Operation::GetLiveness | Operation::GetReadiness | Operation::GetMetrics | Operation::GetApiDescription
    );
    let accept = joined(&parts.headers, &ACCEPT);
    let content = joined(&parts.headers, &CONTENT_TYPE);
    let negotiated = negotiate::content_type(content.as_deref())
        .map_err(|refusal| (refusal, negotiate::accept(accept.as_deref()).ok()))
        .and_then(|()| match negotiate::accept(accept.as_deref()) {
            Err(negotiate::Refusal::NotAcceptable) if fixed => Ok(Accepted::DEFAULT),
            other => other.map_err(|refusal| (refusal, None)),
        });
    let accepted = match negotiated {
        Ok(accepted) => accepted,
        Err((refusal, accepted)) => {
            let refusal = match refusal {
                negotiate::Refusal::Malformed => Refusal::plain(400, "Bad Request"),
                negotiate::Refusal::NotAcceptable => Refusal::plain(406, "HTTP 406 Not Acceptable"),
                negotiate::Refusal::Unsupported => Refusal::plain(415, "HTTP 415 Unsupported Media Type"),
            };
            // What cannot be read is answered in plain JSON, as the reference does, which has not negotiated anything yet.
            let plain = Accepted { media: Media::Json, parameters: None };
            let unread = refusal.status == 400;
            let mut response = refused(&refusal, &if unread { plain } else { accepted.unwrap_or(Accepted::DEFAULT) });
            if let Some(trail) = response.extensions_mut().get_mut::<Trail>() {
                (trail.operation, trail.subject) = (Some(operation), subject);
            }
            return response;
        }
    };
    let gzip = matches!(operation.route().method, Method::Get | Method::Post)
        && parts.method != http::Method::HEAD
        && negotiate::takes_gzip(joined(&parts.headers, &ACCEPT_ENCODING).as_deref());
    let form = Form { media: accepted.media, gzip };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());

    let limit = app.limits.request;
    // A client that is too slow is told so; it is not a failure of ours.
    let arrived = AtomicBool::new(false);
    let answering = async {
        let (body, _held) = read(&app, body).await?;
        arrived.store(true, Ordering::Relaxed);
        if let Some(answer) = repeated(&app, operation, form, &accepted, target, &body) {
            return Ok(Outcome::Ready(answer));
        }
        let ask = Ask { operation, parameters, query: Query::parse(parts.uri.query()), body };
        let answer = handlers::answer(&app, &ask).await.map_err(Failure::Fault)?;
        Ok(Outcome::Made(answer, ask.body))
    };
    let outcome = tokio::time::timeout(limit, AssertUnwindSafe(answering).catch_unwind()).await;
    let failure = match outcome {
        Ok(Ok(Ok(Outcome::Ready(answer)))) => {
            let mut response = respond(&answer, form, &HeaderMap::new());
            response.extensions_mut().insert(Trail {
                operation: Some(operation),
                subject,
                wrote: false,
                refusal: None,
                cause: None,
            });
            return response;
        }
        Ok(Ok(Ok(Outcome::Made(answer, body)))) => {
            let trail = Trail { operation: Some(operation), subject, wrote: answer.wrote, refusal: None, cause: None };
            let mut response = finish(&app, operation, answer, form, &accepted, target, &body);
            response.extensions_mut().insert(trail);
            return response;
        }
        Ok(Ok(Err(failure))) => failure,
        Ok(Err(panic)) => Failure::Fault(Fault::Internal(format!("a handler panicked: {}", panic_text(&*panic)))),
        Err(_) if !arrived.load(Ordering::Relaxed) => {
            Failure::Plain(Refusal::plain(408, "The request body did not arrive in time"))
        }
        Err(_) => Failure::Plain(Refusal::plain(504, "Request timed out")),
    };
    let (refusal, cause) = match failure {
        Failure::Plain(refusal) => (refusal, None),
        Failure::Fault(fault) => {
            let cause = match &fault {
                Fault::Store(error) => Some(error.to_string()),
                Fault::Internal(text) => Some(text.clone()),
                _ => None,
            };
            (catalogue::refusal(&fault), cause)
        }
    };
    let mut response = refused(&refusal, &accepted);
    compress(&mut response, &refusal, &accepted, gzip);
    if refusal.status == 503 {
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let refusal = Some((refusal.code, refusal.message));
    response.extensions_mut().insert(Trail { operation: Some(operation), subject, wrote: false, refusal, cause });
    response
}

enum Outcome {
    Ready(ReadyAnswer),
    Made(Answer, Bytes),
}

enum Failure {
    Fault(Fault),
    Plain(Refusal),
}

/// Reads a body. Small ones are free; larger ones share a budget, so that many clients at once cannot fill the memory.
async fn read(app: &App, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let limit = app.limits.body;
    let mut body = std::pin::pin!(Limited::new(body, limit));
    let mut read = BytesMut::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let data = match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_trailers)) => continue,
            Err(error) if error.is::<LengthLimitError>() => {
                let message = format!("The request body is larger than {limit} bytes");
                return Err(Failure::Plain(Refusal::plain(413, message)));
            }
            Err(_) => return Err(Failure::Plain(Refusal::plain(400, "The request body ended early"))),
        };
        if read.is_empty() && body.is_end_stream() {
            return Ok((data, held));
        }
        read.extend_from_slice(&data);
        let paid = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let owed = read.len().saturating_sub(SMALL_BODY + paid);
        if owed > 0 {
            let owed = u32::try_from(owed).unwrap_or(u32::MAX);
            let more = Arc::clone(&app.bodies).try_acquire_many_owned(owed).map_err(|_| Failure::Fault(Fault::Busy))?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
        }
    }
    Ok((read.freeze(), held))
}

/// A look-up or registration that was answered before, word for word, and of which nothing has changed.
fn repeated(
    app: &App,
    operation: Operation,
    form: Form,
    accepted: &Accepted,
    target: &str,
    body: &[u8],
) -> Option<ReadyAnswer> {
    let keeps = matches!(operation, Operation::LookUpSchema | Operation::RegisterSchema);
    let answer = (keeps && accepted.parameters.is_none()).then(|| app.ready.get(form, target, body)).flatten();
    if keeps {
        app.metrics.ready(answer.is_some());
    }
    answer
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

/// All values of a header, joined as HTTP joins them.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?.into_owned();
    Some(values.fold(first, |all, value| all + "," + &value))
}
