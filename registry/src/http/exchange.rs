//! One exchange with a handler: headers are read, the layer of `authz` lets the request through, its body is read and the
//! handler asked. Whatever comes of it, a refusal, a panic and a time-out included, becomes an answer.

use super::alias;
use super::catalogue::{self, Refusal};
use super::cost::Cost;
use super::handlers::{self, Ask, Conditions};
use super::negotiate::{self, Accepted, Media};
use super::query::Query;
use super::ready::{Form, ReadyAnswer, Settings};
use super::reply::{compress, finish, refused, respond};
use super::routes::{Method, Operation};
use super::server::Held;
use super::takes;
use super::trail::Trail;
use crate::app::App;
use crate::fault::Fault;
use crate::service::Class;
use authz::{AuthorizeLayer, Caller, Identity, RefusedRequest, Resource};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use compat::Work;
use futures_util::FutureExt;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::Subject;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;
use tower::{Layer, ServiceExt, service_fn};

/// Bodies that take up to so much memory, in bytes, need no share of the budget for bodies.
const SMALL_BODY: usize = 64 * 1024;

/// Characters of a header that an answer repeats.
const LONGEST_SHOWN: usize = 40;

/// After a body that took longer than this to arrive, who asks is found out again: the user may have been removed
/// meanwhile.
const STALE: Duration = Duration::from_millis(500);

/// Headers, body, handler, answer.
pub async fn handle(
    app: Arc<App>,
    operation: Operation,
    parameters: Vec<String>,
    request: Request<Body>,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let query = Query::parse(parts.uri.query());
    let meant = Meant::read(&app, operation, &parameters, &query);
    let subject = meant.subject(operation, &parameters);
    let accepted = match negotiated(operation, &parts.headers) {
        Ok(accepted) => accepted,
        Err(mut response) => {
            if let Some(trail) = response.extensions_mut().get_mut::<Trail>() {
                (trail.operation, trail.subject) = (Some(operation), subject);
            }
            return *response;
        }
    };
    let gzip = matches!(operation.route().method, Method::Get | Method::Post)
        && parts.method != http::Method::HEAD
        && negotiate::takes_gzip(joined(&parts.headers, &ACCEPT_ENCODING).as_deref());
    let form = Form { media: accepted.media, gzip };
    let (who, arrived) = (OnceLock::new(), AtomicBool::new(false));
    let work = app.service.budget();
    // Whether it was answered, took too long or its client went away: what is still done for it stops.
    let _wanted = work.stop_on_drop();
    let meant = Mutex::new(meant);
    let exchange = Arc::new(Exchange { app, operation, parameters, query, meant, accepted, form, who, arrived, work });

    parts.extensions.insert(operation.route().action);
    let unread = Unread { exchange: Arc::clone(&exchange), body };
    let gate = AuthorizeLayer::new(Arc::clone(&exchange.app.access.gate));
    // Before the body is read: nobody has a large one taken in for nothing.
    let answering = gate.layer(service_fn(admitted)).oneshot(Request::from_parts(parts, unread));
    let limit = exchange.app.limits.request;
    match tokio::time::timeout(limit, AssertUnwindSafe(answering).catch_unwind()).await {
        Ok(Ok(Ok(Answered { mut response, wrote }))) => {
            let trail = exchange.trail(exchange.who.get(), wrote, None, None);
            response.extensions_mut().insert(trail);
            response
        }
        Ok(Ok(Err(failure))) => exchange.failed(failure),
        Ok(Err(panic)) => {
            let text = format!("a handler panicked: {}", panic_text(&*panic));
            exchange.failed(Failure::Fault(Fault::Internal(text)))
        }
        Err(_) if !exchange.arrived.load(Ordering::Relaxed) => {
            exchange.failed(Failure::Plain(Refusal::plain(408, "The request body did not arrive in time")))
        }
        Err(_) => exchange.failed(Failure::Plain(Refusal::plain(504, "Request timed out"))),
    }
}

/// What is known of a request apart from its body, for its handler and for whoever answers where that fails.
struct Exchange {
    app: Arc<App>,
    operation: Operation,
    /// The path parameters as they were sent, decoded.
    parameters: Vec<String>,
    query: Query,
    meant: Mutex<Meant>,
    accepted: Accepted,
    form: Form,
    /// Who asks, once that is known.
    who: OnceLock<Caller>,
    /// Is the body there? A client that is too slow is told so; it is not a failure of ours.
    arrived: AtomicBool,
    /// How much work it may cost.
    work: Work,
}

/// What the subject that a request names stands for, and the settings as they were before that was read: what is answered under
/// an alias that has changed since must not be kept.
#[derive(Clone)]
struct Meant {
    settings: Settings,
    name: Result<Option<alias::Name>, Fault>,
}

impl Meant {
    fn read(app: &App, operation: Operation, parameters: &[String], query: &Query) -> Self {
        let settings = app.ready.stripes.settings();
        Meant { settings, name: alias::Name::read(&app.service, operation, parameters, query) }
    }

    /// The subject of the path, or what it is an alias of.
    fn subject(&self, operation: Operation, parameters: &[String]) -> Option<String> {
        let sent = parameters.first().filter(|_| operation.route().path.contains("{subject}"))?;
        let name = self.name.as_ref().ok().and_then(Option::as_ref);
        let alias_of = name.filter(|name| name.in_path().is_some()).and_then(|name| name.alias_of.as_ref());
        Some(alias_of.map_or_else(|| sent.clone(), Subject::to_string))
    }
}

/// What goes through the gate in place of the body.
struct Unread {
    exchange: Arc<Exchange>,
    body: Body,
}

struct Answered {
    response: Response<Body>,
    /// Did it change anything?
    wrote: bool,
}

enum Failure {
    Fault(Fault),
    Plain(Refusal),
    /// By the gate, which knows who asked.
    Refused(RefusedRequest),
}

impl From<RefusedRequest> for Failure {
    fn from(refused: RefusedRequest) -> Self {
        Failure::Refused(refused)
    }
}

/// Answers a request that has passed the gate.
async fn admitted(request: Request<Unread>) -> Result<Answered, Failure> {
    let (mut parts, unread) = request.into_parts();
    let Unread { exchange, body } = unread;
    let Exchange { ref app, operation, ref accepted, form, .. } = *exchange;
    let mut caller = parts.extensions.remove::<Caller>().expect("the gate names whom it lets through");
    let _unset = exchange.who.set(caller.clone());
    takes::check(operation, &exchange.query).map_err(Failure::Fault)?;
    let asked = Instant::now();
    let (body, _held) = read(app, body).await?;
    exchange.arrived.store(true, Ordering::Relaxed);
    if asked.elapsed() > STALE {
        caller = app.access.gate.admit(&parts).await?;
    }
    let target = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    if accepted.parameters.is_none()
        && let Some(answer) = repeated(app, &parts.method, &caller, form, target.as_str())
    {
        return Ok(Answered { response: respond(&answer, form, &parts.headers), wrote: false });
    }
    // The first look was before the body, which may have taken long.
    if app.ready.stripes.settings() != exchange.meant().settings {
        exchange.look_again();
    }
    let conditions = conditions(&parts.headers);
    let mut ask = exchange.ask(&target, &body, &caller, &conditions)?;
    let mut answered = handlers::answer(app, &ask).await;
    if let Err(Fault::AliasMoved(_)) = answered {
        exchange.look_again();
        ask = exchange.ask(&target, &body, &caller, &conditions)?;
        answered = handlers::answer(app, &ask).await;
    }
    let mut answer = answered.map_err(Failure::Fault)?;
    answer.depends = answer.depends.filter(|depends| depends.since(ask.settings));
    let wrote = answer.wrote;
    let response = finish(app, operation, answer, form, accepted, target.as_str()).await.map_err(Failure::Fault)?;
    Ok(Answered { response, wrote })
}

impl Exchange {
    fn meant(&self) -> Meant {
        self.meant.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks once more what the subject stands for.
    fn look_again(&self) {
        let meant = Meant::read(&self.app, self.operation, &self.parameters, &self.query);
        *self.meant.lock().unwrap_or_else(PoisonError::into_inner) = meant;
    }

    fn subject(&self) -> Option<String> {
        self.meant().subject(self.operation, &self.parameters)
    }

    /// What the handler is asked, about what the subject stands for.
    fn ask(
        &self,
        target: &PathAndQuery,
        body: &Bytes,
        caller: &Caller,
        conditions: &Conditions,
    ) -> Result<Arc<Ask>, Failure> {
        let Meant { settings, name } = self.meant();
        let name = name.map_err(Failure::Fault)?;
        let (mut parameters, mut query) = (self.parameters.clone(), self.query.clone());
        if let Some(name) = &name {
            name.resolve(&mut parameters, &mut query);
        }
        Ok(Arc::new(Ask {
            operation: self.operation,
            target: target.clone(),
            parameters,
            query,
            named: name.and_then(|name| name.in_path().cloned()),
            body: body.clone(),
            caller: caller.clone(),
            settings,
            conditions: conditions.clone(),
            work: self.work.clone(),
        }))
    }

    /// The answer to a failure, which the audit is told of where it is a refusal.
    fn failed(&self, failure: Failure) -> Response<Body> {
        let (fault, who, attempted) = match failure {
            Failure::Plain(refusal) => return self.refused(refusal, self.who.get(), None),
            Failure::Fault(fault) => (fault, self.who.get(), None),
            Failure::Refused(RefusedRequest { refusal, ref caller, attempted }) => {
                (Fault::Denied(refusal), Some(caller), attempted)
            }
        };
        let mut refusal = catalogue::refusal(&fault);
        let Fault::Denied(denied) = fault else {
            let cause = match fault {
                Fault::Store(error) => Some(error.to_string()),
                Fault::Internal(text) => Some(text),
                _ => None,
            };
            return self.refused(refusal, who, cause);
        };
        if let Ok(Some(alias::Name { named, alias_of: Some(_), .. })) = self.meant().name {
            refusal.message += &format!("; '{named}' is an alias of it");
        }
        let mut response = self.refused(refusal, who, None);
        self.say_denied(who.map(|caller| (caller, attempted.as_deref())), &denied, &mut response);
        response
    }

    /// A refusal in the envelope.
    fn refused(&self, refusal: Refusal, who: Option<&Caller>, cause: Option<String>) -> Response<Body> {
        let mut response = refused(&refusal, &self.accepted);
        compress(&mut response, &refusal, &self.accepted, self.form.gzip);
        if refusal.status == 503 {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        let trail = self.trail(who, false, Some((refusal.code, refusal.message)), cause);
        response.extensions_mut().insert(trail);
        response
    }

    /// A refusal goes into the audit, with the user of a wrong credential, and tells the client how to authenticate or when to
    /// come again.
    fn say_denied(&self, who: Option<(&Caller, Option<&str>)>, denied: &authz::Refusal, response: &mut Response<Body>) {
        let Exchange { app, operation, .. } = self;
        if let Some(who) = who {
            let subject = self.subject().as_deref().map(Subject::parse);
            let scope = subject.as_ref().map(Resource::scope);
            app.access.audit.refused(operation.audited(), scope, &app.service.ownership(), who, denied);
        }
        match denied {
            authz::Refusal::Unauthenticated(_) => {
                for challenge in app.access.gate.authentication.challenges() {
                    response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                }
            }
            authz::Refusal::Throttled { retry_after } => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
            }
            _ => {}
        }
    }

    fn trail(&self, who: Option<&Caller>, wrote: bool, refusal: Option<(u32, String)>, cause: Option<String>) -> Trail {
        let caller = who.and_then(Caller::principal).map(ToString::to_string);
        let open = wrote && self.app.access.lets_anyone_write();
        Trail { operation: Some(self.operation), subject: self.subject(), caller, wrote, open, refusal, cause }
    }
}

/// The form that the client takes, or the refusal of what its headers say.
fn negotiated(operation: Operation, headers: &HeaderMap) -> Result<Accepted, Box<Response<Body>>> {
    let fixed = matches!(
        operation,
        Operation::GetLiveness | Operation::GetReadiness | Operation::GetMetrics | Operation::GetApiDescription
    );
    if let Some(coding) = joined(headers, &CONTENT_ENCODING).filter(|coding| !is_plain(coding)) {
        let shown: String = coding.chars().take(LONGEST_SHOWN).collect();
        let message = format!("Request bodies are read as they are; Content-Encoding '{shown}' is not supported");
        let mut response = refused(&Refusal::plain(415, message), &Accepted::DEFAULT);
        response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        return Err(Box::new(response));
    }
    let accept = joined(headers, &ACCEPT);
    let content = joined(headers, &CONTENT_TYPE);
    let negotiated = negotiate::content_type(content.as_deref())
        .map_err(|refusal| (refusal, negotiate::accept(accept.as_deref()).ok()))
        .and_then(|()| match negotiate::accept(accept.as_deref()) {
            Err(negotiate::Refusal::NotAcceptable) if fixed => Ok(Accepted::DEFAULT),
            other => other.map_err(|refusal| (refusal, None)),
        });
    negotiated.map_err(|(refusal, accepted)| {
        let refusal = match refusal {
            negotiate::Refusal::Malformed => Refusal::plain(400, "Bad Request"),
            negotiate::Refusal::NotAcceptable => Refusal::plain(406, "HTTP 406 Not Acceptable"),
            negotiate::Refusal::Unsupported => Refusal::plain(415, "HTTP 415 Unsupported Media Type"),
        };
        // What cannot be read is answered in plain JSON, as the reference does, which has not negotiated anything yet.
        let plain = Accepted { media: Media::Json, parameters: None };
        let unread = refusal.status == 400;
        Box::new(refused(&refusal, &if unread { plain } else { accepted.unwrap_or(Accepted::DEFAULT) }))
    })
}

/// Does `Content-Encoding` say nothing?
fn is_plain(coding: &str) -> bool {
    coding.split(',').map(str::trim).all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
}

/// Reads a body. Small ones are free; larger ones share a budget, so that many clients at once cannot fill the memory. What
/// counts is what they take once their JSON has been read.
async fn read(app: &App, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let limit = app.limits.body;
    let too_large = || {
        let message = format!("The request body is larger than {limit} bytes");
        Failure::Plain(Refusal::plain(413, message))
    };
    if body.size_hint().lower() > limit as u64 {
        // Its length says so: nobody has to send it first.
        return Err(too_large());
    }
    let mut body = std::pin::pin!(Limited::new(body, limit));
    // What is short is read at once, on the thread that it came to: there is never more of it than there are threads.
    let counted = body.size_hint().upper().is_none_or(|most| Class::to_read(most as usize) != Class::Ready);
    let (mut read, mut cost) = (BytesMut::new(), Cost::default());
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let data = match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_trailers)) => continue,
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
            Err(_) => return Err(Failure::Plain(Refusal::plain(400, "The request body ended early"))),
        };
        if counted {
            cost.follow(&data);
        }
        if cost.total() > app.limits.read() {
            let message = format!(
                "The request body holds too many values: to read it would take more than {} bytes of memory",
                app.limits.read()
            );
            return Err(Failure::Plain(Refusal::plain(413, message)));
        }
        let paid = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let owed = cost.total().saturating_sub(SMALL_BODY + paid);
        if owed > 0 {
            let owed = u32::try_from(owed).unwrap_or(u32::MAX);
            let more = app.places.room(&app.bodies, owed, Held::Body).await.ok_or(Failure::Fault(Fault::Busy))?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
        }
        if read.is_empty() && body.is_end_stream() {
            return Ok((data, held));
        }
        read.extend_from_slice(&data);
    }
    Ok((read.freeze(), held))
}

fn conditions(headers: &HeaderMap) -> Conditions {
    Conditions { if_match: joined(headers, &IF_MATCH), if_none_match: joined(headers, &IF_NONE_MATCH) }
}

/// What somebody known reads is kept ready as well; everybody else has been answered by the front.
fn repeated(app: &App, method: &http::Method, caller: &Caller, form: Form, target: &str) -> Option<ReadyAnswer> {
    let known = *method == http::Method::GET && caller.identity != Identity::Anonymous;
    let answer = known.then(|| app.ready.get(form, target)).flatten()?;
    app.metrics.ready(true);
    Some(answer)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

/// All values of a header, joined as HTTP joins them.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?.into_owned();
    Some(values.fold(first, |all, value| all + "," + &*value))
}
