//! The dispatcher: what happens to every request, in order.
//!
//! request id → normalised target, the prefix of a context taken off → cached answer, if there is one → router (the matched row
//! is the operation) → `exchange` (headers, permission, body, handler) → metrics and log. A failure anywhere leaves in the one
//! envelope. This wraps the router, because layers inside it run after routing.

use super::access_log::{AccessLog, log};
use super::catalogue::ErrorResponse;
use super::date::date;
use super::exchange::handle;
use super::negotiate::{self, Accepted};
use super::prefix;
use super::reply::{options, refused, respond};
use super::response_cache::ResponseForm;
use super::routes::{Method, Operation, ROUTES};
use super::server::{Answers, Places};
use super::target::{self, TargetError};
use crate::app::App;
use crate::metrics::Connected;
use authz::{Peer, RequestId};
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, DATE, HOST, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, Version};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tower::ServiceExt;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is answered on connections that are kept back for it.
const FOR_OPERATORS: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// What the listener knows of a request that its head does not say.
#[derive(Clone, Copy, Default, Debug)]
pub struct Arrival {
    /// It came with both `Transfer-Encoding` and `Content-Length`.
    pub ambiguous: bool,
    /// Its connection is one of those that are kept back for health and metrics.
    pub spare: bool,
}

/// The service that answers every request.
#[derive(Clone)]
pub struct Dispatcher {
    app: Arc<App>,
    router: Router,
    peer: Option<SocketAddr>,
    /// Counts the connection for as long as anything of it is there.
    _connected: Option<Arc<Connected>>,
}

impl Dispatcher {
    /// Folds the router from the route table.
    pub fn new(app: Arc<App>) -> Self {
        let mut paths: Vec<&'static str> = ROUTES.iter().map(|route| route.path).collect();
        paths.dedup();
        let routed = paths.into_iter().fold(Router::new(), |router, path| router.route(path, methods(path)));
        let router = routed
            .fallback(|| async { refused(&ErrorResponse::plain(404, "HTTP 404 Not Found"), &Accepted::DEFAULT) })
            .with_state(Arc::clone(&app));
        Dispatcher { app, router, peer: None, _connected: None }
    }

    /// The same for one connection, from this address.
    pub fn at(self, peer: SocketAddr) -> Self {
        let _connected = Some(Arc::new(self.app.metrics.connected()));
        Dispatcher { peer: Some(peer), _connected, ..self }
    }

    /// Who may keep a connection open.
    pub fn places(&self) -> &Arc<Places> {
        &self.app.places
    }

    /// The budget of answers on their way to clients.
    pub fn answers(&self) -> &Arc<Answers> {
        &self.app.answers
    }

    /// Answers one request.
    pub async fn answer(&self, mut request: Request<Body>, arrival: Arrival) -> Response<Body> {
        let started = Instant::now();
        let id = request_id(request.headers());
        let method = request.method().clone();
        let sent = request.uri().clone();
        let mut fit = framed(&request, arrival).and_then(|()| rewrite(&mut request));
        if fit.is_ok() && arrival.spare && !FOR_OPERATORS.contains(&request.uri().path()) {
            let message = "All connections are taken; this one is for health and metrics. Try again in a moment";
            fit = Err(ErrorResponse::plain(503, message));
        }
        if fit.is_ok()
            && let Some(mut response) = self.cached(&request)
            && self.app.answers.admit(&mut response, false).await.is_ok()
        {
            let operation = response.extensions_mut().remove::<Operation>();
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            response.headers_mut().insert(REQUEST_ID, id);
            response.headers_mut().insert(DATE, date());
            self.app.metrics.answered(operation, response.status().as_u16(), started.elapsed());
            return response;
        }
        request.extensions_mut().insert(RequestId(String::from_utf8_lossy(id.as_bytes()).into()));
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(Peer(peer));
        }
        let later = fit.as_ref().is_err_and(|refusal| refusal.status == 503);
        let mut response = match fit {
            Ok(()) => match self.router.clone().oneshot(request).await {
                Ok(response) => response,
                Err(infallible) => match infallible {},
            },
            Err(refusal) => refused(&refusal, &Accepted::DEFAULT),
        };
        let wrote = response.extensions().get::<AccessLog>().is_some_and(|access_log| access_log.wrote);
        if self.app.answers.admit(&mut response, wrote).await.is_err() {
            response = no_room(response);
        }
        if later {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if arrival.ambiguous || arrival.spare {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if matches!(method, http::Method::GET | http::Method::POST) {
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        let access_log = response.extensions_mut().remove::<AccessLog>();
        let operation = access_log.as_ref().and_then(|access_log| access_log.operation);
        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        log(access_log.as_ref(), &id, &method, sent.path(), status, elapsed);
        response.headers_mut().insert(DATE, date());
        response.headers_mut().insert(REQUEST_ID, id);
        self.app.metrics.answered(operation, status, elapsed);
        response
    }

    /// The cached answer to a GET without anything unusual about it.
    fn cached(&self, request: &Request<Body>) -> Option<Response<Body>> {
        if request.method() != http::Method::GET {
            return None;
        }
        let headers = request.headers();
        let gate = &self.app.access.gate;
        // A credential that is presented is checked, also where none is needed.
        let presents = headers.contains_key(AUTHORIZATION) && !self.app.access.is_open();
        if presents || gate.browsers.check_host(headers, request.uri()).is_err() {
            return None;
        }
        let form = form(headers)?;
        let target = request.uri().path_and_query()?.as_str();
        let answer = self.app.response_cache.get(form, target)?;
        self.app.metrics.response_cache(true);
        Some(respond(&answer, form, headers))
    }
}

/// The methods of a path. HEAD is GET; OPTIONS lists what there is; anything else is 405.
fn methods(path: &'static str) -> MethodRouter<Arc<App>> {
    let of_path = || ROUTES.iter().filter(move |route| route.path == path);
    let mut methods = MethodRouter::new();
    for route in of_path() {
        let operation = route.operation;
        let filter = match route.method {
            Method::Get => MethodFilter::GET.or(MethodFilter::HEAD),
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
        };
        let handler = move |State(app): State<Arc<App>>, parameters: RawPathParams, request: Request<Body>| {
            let parameters = parameters.iter().map(|(_, value)| value.to_owned()).collect();
            handle(app, operation, parameters, request)
        };
        methods = methods.merge(on(filter, handler));
    }
    // The order in which the reference names them.
    let order = [
        (Method::Get, "HEAD"),
        (Method::Post, "POST"),
        (Method::Get, "GET"),
        (Method::Put, "PUT"),
        (Method::Delete, "DELETE"),
    ];
    let named = order.into_iter().filter(|(method, _)| of_path().any(|route| route.method == *method));
    let allow: Vec<&str> = named.map(|(_, name)| name).chain(["OPTIONS"]).collect();
    methods
        .merge(on(MethodFilter::OPTIONS, move || std::future::ready(options(&allow))))
        .fallback(|| async { refused(&ErrorResponse::plain(405, "HTTP 405 Method Not Allowed"), &Accepted::DEFAULT) })
}

/// The form of a cached answer that these headers get; `None` where they ask for anything unusual.
fn form(headers: &HeaderMap) -> Option<ResponseForm> {
    let accepted = negotiate::accept(text(headers, &ACCEPT)?).ok()?;
    negotiate::content_type(text(headers, &CONTENT_TYPE)?).ok()?;
    let gzip = negotiate::takes_gzip(text(headers, &ACCEPT_ENCODING)?);
    accepted.parameters.is_none().then_some(ResponseForm { media: accepted.media, gzip })
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

/// The refusal of an answer for which there is no room, in place of it.
fn no_room(response: Response<Body>) -> Response<Body> {
    let message = "Too many answers are waiting to be taken by their clients; try again in a moment";
    let mut refusal = refused(&ErrorResponse::plain(503, message), &Accepted::DEFAULT);
    let before = response.extensions().get::<AccessLog>();
    if let (Some(access_log), Some(before)) = (refusal.extensions_mut().get_mut::<AccessLog>(), before) {
        *access_log = AccessLog { refusal: access_log.refusal.take(), ..before.clone() };
    }
    refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    refusal
}

/// Is the request one whose end, and for whom it is, no two readers can see differently?
fn framed(request: &Request<Body>, arrival: Arrival) -> Result<(), ErrorResponse> {
    let refusal = |why| Err(ErrorResponse::plain(400, format!("Bad Request: {why}")));
    if arrival.ambiguous {
        return refusal("the request has both Transfer-Encoding and Content-Length");
    }
    match request.headers().get_all(HOST).iter().count() {
        0 if request.version() == Version::HTTP_11 => refusal("the request has no Host"),
        0 | 1 => Ok(()),
        _ => refusal("the request has more than one Host"),
    }
}

/// Replaces the target by its normal form: one spelling, no context in front.
fn rewrite(request: &mut Request<Body>) -> Result<(), ErrorResponse> {
    let uri = request.uri();
    let normal = target::normalise(uri.path()).map_err(|refusal| match refusal {
        TargetError::TooLong => ErrorResponse::plain(414, "URI Too Long"),
        TargetError::Bad(reason) => ErrorResponse::plain(400, format!("Bad Request: {reason}")),
    })?;
    let stripped =
        prefix::strip(request.method(), &normal, uri.query()).map_err(|why| ErrorResponse::plain(400, why))?;
    let whole = match (stripped, normal, uri.query()) {
        (Some(stripped), _, _) => stripped,
        (None, Cow::Borrowed(_), _) => return Ok(()),
        (None, Cow::Owned(normal), None) => normal,
        (None, Cow::Owned(normal), Some(query)) => format!("{normal}?{query}"),
    };
    let mut parts = uri.clone().into_parts();
    let unreadable = "Bad Request: the request target is not a URI";
    parts.path_and_query = Some(whole.parse().map_err(|_| ErrorResponse::plain(400, unreadable))?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| ErrorResponse::plain(400, unreadable))?;
    Ok(())
}

/// The request's own id when exactly one was sent, else a random UUID.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut sent = headers.get_all(REQUEST_ID).iter();
    match (sent.next(), sent.next()) {
        (Some(id), None) if !id.as_bytes().trim_ascii().is_empty() => id.clone(),
        _ => {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            let text = super::random_uuid().hyphenated().encode_lower(&mut buffer);
            HeaderValue::from_str(text).expect("a UUID is ASCII")
        }
    }
}
