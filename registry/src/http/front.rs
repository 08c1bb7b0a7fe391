//! The front door: what happens to every request, in order.
//!
//! normalise the target → request id → ready answer, if there is one → router (the matched row is the operation) → headers
//! and body → handler → negotiated, compressed answer → metrics and log. A failure anywhere leaves in the one envelope. This
//! wraps the router, because layers inside it run after routing.

use super::answer::{Answer, Kind};
use super::catalogue::{self, Refusal};
use super::handlers::{self, Ask};
use super::negotiate::{self, Accepted, Media};
use super::query::Query;
use super::ready::{Form, ReadyAnswer};
use super::routes::{Method, Operation, ROUTES};
use super::target;
use crate::app::App;
use crate::fault::Fault;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use tower::ServiceExt;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The service that answers every request.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    router: Router,
}

/// Travels with the answer to the log and the metrics.
#[derive(Clone)]
struct Trail {
    operation: Option<Operation>,
    subject: Option<String>,
    wrote: bool,
    refusal: Option<(u32, String)>,
    cause: Option<String>,
}

impl Front {
    /// Folds the router from the route table.
    pub fn new(app: Arc<App>) -> Self {
        let mut router = Router::new();
        let mut paths: Vec<&'static str> = ROUTES.iter().map(|route| route.path).collect();
        paths.dedup();
        for path in paths {
            let mut methods = MethodRouter::new();
            let mut allow = vec!["HEAD"];
            for route in ROUTES.iter().filter(|route| route.path == path) {
                let operation = route.operation;
                let filter = match route.method {
                    Method::Get => MethodFilter::GET.or(MethodFilter::HEAD),
                    Method::Post => MethodFilter::POST,
                    Method::Put => MethodFilter::PUT,
                    Method::Delete => MethodFilter::DELETE,
                };
                methods = methods.merge(on(
                    filter,
                    move |State(app): State<Arc<App>>, parameters: RawPathParams, request: Request<Body>| {
                        let parameters = parameters.iter().map(|(_, value)| value.to_owned()).collect();
                        async move { handle(app, operation, parameters, request).await }
                    },
                ));
            }
            let of = |method: Method| ROUTES.iter().any(|route| route.path == path && route.method == method);
            if !of(Method::Get) {
                allow.clear();
            }
            for method in [Method::Post, Method::Get, Method::Put, Method::Delete] {
                if of(method) {
                    allow.push(method.as_str());
                }
            }
            allow.push("OPTIONS");
            let methods = methods
                .merge(on(MethodFilter::OPTIONS, move || std::future::ready(options(&allow))))
                .fallback(|| async { refused(&Refusal::plain(405, "HTTP 405 Method Not Allowed"), &Accepted::DEFAULT) });
            router = router.route(path, methods);
        }
        let router = router
            .fallback(|| async { refused(&Refusal::plain(404, "HTTP 404 Not Found"), &Accepted::DEFAULT) })
            .with_state(Arc::clone(&app));
        Front { app, router }
    }

    /// Answers one request.
    pub async fn answer(&self, mut request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let id = request_id(request.headers());
        let method = request.method().clone();
        if let Some(mut response) = self.ready(&request) {
            let operation = response.extensions_mut().remove::<Operation>();
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            response.headers_mut().insert(REQUEST_ID, id);
            self.app.metrics.answered(operation, response.status().as_u16(), started.elapsed());
            return response;
        }
        let path = request.uri().path().to_owned();
        request.extensions_mut().insert(id.clone());
        let mut response = match rewrite(&mut request) {
            Ok(()) => match self.router.clone().oneshot(request).await {
                Ok(response) => response,
                Err(infallible) => match infallible {},
            },
            Err(target::Refusal::TooLong) => refused(&Refusal::plain(414, "URI Too Long"), &Accepted::DEFAULT),
            Err(target::Refusal::Bad(reason)) => {
                refused(&Refusal::plain(400, format!("Bad Request: {reason}")), &Accepted::DEFAULT)
            }
        };
        if matches!(method, http::Method::GET | http::Method::POST) {
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        let trail = response.extensions_mut().remove::<Trail>();
        let operation = trail.as_ref().and_then(|trail| trail.operation);
        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        log(trail.as_ref(), &id, &method, &path, status, elapsed);
        response.headers_mut().insert(REQUEST_ID, id);
        self.app.metrics.answered(operation, status, elapsed);
        response
    }

    /// The ready answer to a GET without anything unusual about it.
    fn ready(&self, request: &Request<Body>) -> Option<Response<Body>> {
        if request.method() != http::Method::GET {
            return None;
        }
        let headers = request.headers();
        let form = form(headers)?;
        let target = request.uri().path_and_query()?.as_str();
        let answer = self.app.ready.get(form, target, b"")?;
        self.app.metrics.ready(true);
        Some(respond(&answer, form, headers))
    }
}

/// The form of a ready answer that these headers get; `None` where they ask for anything unusual.
fn form(headers: &HeaderMap) -> Option<Form> {
    let accepted = negotiate::accept(text(headers, &ACCEPT)?).ok()?;
    negotiate::content_type(text(headers, &CONTENT_TYPE)?).ok()?;
    let gzip = negotiate::takes_gzip(text(headers, &ACCEPT_ENCODING)?);
    accepted.parameters.is_none().then_some(Form { media: accepted.media, gzip })
}

/// The one value of a header as text; the outer `None` where there are several, or it is not text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        (Some(_), Some(_)) => None,
    }
}

/// All values of a header, joined as HTTP joins them.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?.into_owned();
    Some(values.fold(first, |all, value| all + "," + &value))
}

fn respond(answer: &ReadyAnswer, form: Form, headers: &HeaderMap) -> Response<Body> {
    let fresh = headers.get(IF_NONE_MATCH).is_some_and(|seen| seen == answer.etag);
    let mut response = Response::new(if fresh { Body::empty() } else { Body::from(answer.body.clone()) });
    if fresh {
        *response.status_mut() = http::StatusCode::NOT_MODIFIED;
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

/// Replaces the path by its normal form.
fn rewrite(request: &mut Request<Body>) -> Result<(), target::Refusal> {
    let uri = request.uri();
    let normal = match target::normalise(uri.path())? {
        std::borrow::Cow::Borrowed(_) => return Ok(()),
        std::borrow::Cow::Owned(normal) => normal,
    };
    let whole = match uri.query() {
        Some(query) => format!("{normal}?{query}"),
        None => normal,
    };
    *request.uri_mut() = whole.parse::<Uri>().map_err(|_| target::Refusal::Bad("the request target is not a URI"))?;
    Ok(())
}

/// The request's own id when exactly one was sent, else a random UUID.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut sent = headers.get_all(REQUEST_ID).iter();
    match (sent.next(), sent.next()) {
        (Some(id), None) if !id.as_bytes().trim_ascii().is_empty() => id.clone(),
        _ => {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            let text = uuid::Uuid::from_u128(fastrand::u128(..)).into_bytes();
            let text = uuid::Builder::from_random_bytes(text).into_uuid().hyphenated().encode_lower(&mut buffer);
            HeaderValue::from_str(text).expect("a UUID is ASCII")
        }
    }
}

fn options(allow: &[&str]) -> Response<Body> {
    let mut response = Response::new(Body::from(allow.join(", ")));
    let head = response.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    if let Ok(value) = HeaderValue::from_str(&allow.join(",")) {
        head.insert(ALLOW, value);
    }
    response
}

/// The envelope of a failure.
fn refused(refusal: &Refusal, accepted: &Accepted) -> Response<Body> {
    let mut response = Response::new(Body::from(encoded(refusal.body().into(), accepted)));
    *response.status_mut() = http::StatusCode::from_u16(refusal.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, content_type(accepted));
    let refusal = Some((refusal.code, refusal.message.clone()));
    response.extensions_mut().insert(Trail { operation: None, subject: None, wrote: false, refusal, cause: None });
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
    let text = String::from_utf8_lossy(&body);
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect::<Vec<u8>>().into()
}

/// Headers, body, handler, answer.
async fn handle(app: Arc<App>, operation: Operation, parameters: Vec<String>, request: Request<Body>) -> Response<Body> {
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
    let answering = async {
        let body = read(body, app.limits.body).await?;
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
            response.extensions_mut().insert(Trail { operation: Some(operation), subject, wrote: false, refusal: None, cause: None });
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

async fn read(body: Body, limit: usize) -> Result<Bytes, Failure> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Failure::Plain(Refusal::plain(413, format!("The request body is larger than {limit} bytes"))))
        }
        Err(_) => Err(Failure::Plain(Refusal::plain(400, "The request body ended early"))),
    }
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

/// The response to an answer; kept ready if it may be.
fn finish(
    app: &App,
    operation: Operation,
    answer: Answer,
    form: Form,
    accepted: &Accepted,
    target: &str,
    body: &[u8],
) -> Response<Body> {
    let negotiated = answer.kind == Kind::Negotiated;
    let plain = if negotiated { encoded(answer.body, accepted) } else { answer.body };
    let bytes = if form.gzip { gzipped(&plain) } else { plain };
    if let Some(depends) = answer.depends.filter(|_| negotiated && accepted.parameters.is_none()) {
        let ready = ReadyAnswer { operation, etag: etag(&bytes), body: bytes, depends };
        app.ready.keep(form, target, body, ready.clone());
        if operation.route().method == Method::Get {
            app.metrics.ready(false);
        }
        return respond(&ready, form, &HeaderMap::new());
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::OK);
    let content_type = match answer.kind {
        Kind::Negotiated => content_type(accepted),
        Kind::Fixed(content_type) => HeaderValue::from_static(content_type),
    };
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    if form.gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn compress(response: &mut Response<Body>, refusal: &Refusal, accepted: &Accepted, gzip: bool) {
    if gzip {
        *response.body_mut() = Body::from(gzipped(&encoded(refusal.body().into(), accepted)));
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

fn gzipped(bytes: &[u8]) -> Bytes {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 2 + 64), flate2::Compression::fast());
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail").into()
}

fn etag(bytes: &[u8]) -> HeaderValue {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(bytes);
    let mut text = String::with_capacity(34);
    text.push('"');
    for byte in &hash[..16] {
        text.push_str(&format!("{byte:02x}"));
    }
    text.push('"');
    HeaderValue::from_str(&text).expect("hexadecimal digits and quotes are ASCII")
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

/// One line for a change or a refusal; reads that succeed are not news.
fn log(trail: Option<&Trail>, id: &HeaderValue, method: &http::Method, path: &str, status: u16, elapsed: std::time::Duration) {
    let Some(trail) = trail else { return };
    let id = String::from_utf8_lossy(id.as_bytes());
    let operation = trail.operation.map_or("none", |operation| operation.route().name);
    let subject = trail.subject.as_deref().unwrap_or_default();
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    match &trail.refusal {
        Some((code, message)) => {
            let cause = trail.cause.as_deref().unwrap_or_default();
            let message: String = message.chars().take(500).collect();
            if status >= 500 {
                tracing::error!(request_id = %id, operation, subject, %method, path, status, code, micros, cause, "failed: {message}");
            } else {
                tracing::info!(request_id = %id, operation, subject, %method, path, status, code, micros, "refused: {message}");
            }
        }
        None if trail.wrote => {
            tracing::info!(request_id = %id, operation, subject, %method, path, status, micros, "changed");
        }
        None => tracing::debug!(request_id = %id, operation, subject, %method, path, status, micros, "answered"),
    }
}

impl tower::Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let front = self.clone();
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}
