//! One exchange with a handler: from the head of a request to the answer, whatever comes of it.
//!
//! The steps, in their order; each has one job and answers what it refuses:
//!
//! | step | function | refuses with |
//! |---|---|---|
//! | what the subject stands for | `Meant::read` | |
//! | in which form it is answered | `form::negotiated` | 400, 406, 415 |
//! | how long it may take, and what if it panics | `within` | 408, 504, 500 |
//! | who asks, and may they ask for this at all | `authz::Authorize` | 401, 403, 429 |
//! | what our own routes take in their query | `takes::check` | 400 |
//! | the body, and whether it is still known who asks | `Exchange::received` | 400, 413, 503 |
//! | a cached answer for whoever is known | `Exchange::repeated` | |
//! | the handler, once more if an alias has moved | `Exchange::answered` | what the catalogue says of a fault |
//! | the final form | `reply::finish` | |
//! | what is told of it to log and audit | `Exchange::told`, `Exchange::failed` | |

mod failure;
mod form;
mod intake;
mod meant;

use super::access_log::AccessLog;
use super::answer::{Answer, Content};
use super::catalogue::ErrorResponse;
use super::generations::SettingsGeneration;
use super::handlers::{Conditions, RequestContext};
use super::negotiate::Accepted;
use super::query::Query;
use super::reply::{finish, respond};
use super::response_cache::ResponseForm;
use super::routes::{Operation, dispatch};
use super::takes;
use crate::app::App;
use authz::{AuthorizeLayer, Caller, Identity};
use axum::body::Body;
use compat::{StopOnDrop, Work};
use failure::Failure;
use form::negotiated;
use futures_util::FutureExt;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body_util::BodyExt;
use intake::Received;
use meant::Meant;
use rules::fault::Fault;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tower::{Layer, ServiceExt, service_fn};

/// What is known of a request apart from its body, for its handler and for whoever answers where that fails.
struct Exchange {
    app: Arc<App>,
    operation: Operation,
    /// The path parameters as they were sent, decoded.
    parameters: Vec<String>,
    query: Query,
    meant: Mutex<Meant>,
    accepted: Accepted,
    form: ResponseForm,
    /// Who asks, once that is known.
    who: OnceLock<Caller>,
    /// Is the body there? A client that is too slow is told so; it is not a failure of ours.
    arrived: AtomicBool,
    /// How much work it may cost.
    work: Work,
}

/// What goes through the gate in place of the body.
struct Unread {
    exchange: Arc<Exchange>,
    body: Body,
}

/// A request that was answered.
struct Answered {
    response: Response<Body>,
    /// Did it change anything?
    wrote: bool,
    /// Is the body made while it is sent?
    streams: bool,
}

/// Answers a request to an operation.
pub async fn handle(
    app: Arc<App>,
    operation: Operation,
    parameters: Vec<String>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let query = Query::parse(parts.uri.query());
    let meant = Meant::read(&app, operation.route().about, &parameters, &query);
    let (accepted, form) = match negotiated(operation.route(), &parts) {
        Ok(negotiated) => negotiated,
        Err(mut response) => {
            if let Some(access_log) = response.extensions_mut().get_mut::<AccessLog>() {
                (access_log.operation, access_log.subject) =
                    (Some(operation), meant.told(operation.route().about, &parameters));
            }
            return *response;
        }
    };
    let (who, arrived, work) = (OnceLock::new(), AtomicBool::new(false), app.service.budget());
    // Whether it was answered, took too long or its client went away: what is still done for it stops.
    let wanted = work.stop_on_drop();
    let meant = Mutex::new(meant);
    let exchange = Arc::new(Exchange { app, operation, parameters, query, meant, accepted, form, who, arrived, work });
    match within(&exchange, authorized(&exchange, parts, body)).await {
        Ok(answered) => exchange.told(answered, wanted),
        Err(failure) => exchange.failed(failure),
    }
}

/// Ends what takes too long or panics before there is an answer. A body that is made while it is sent is not part of that.
async fn within(
    exchange: &Exchange,
    answering: impl Future<Output = Result<Answered, Failure>>,
) -> Result<Answered, Failure> {
    let limit = exchange.app.limits.request;
    match tokio::time::timeout(limit, AssertUnwindSafe(answering).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => {
            let text = format!("a handler panicked: {}", panic_text(&*panic));
            Err(Fault::Internal(text).into())
        }
        Err(_) if !exchange.arrived.load(Ordering::Relaxed) => {
            Err(ErrorResponse::plain(408, "The request body did not arrive in time").into())
        }
        Err(_) => Err(ErrorResponse::plain(504, "Request timed out").into()),
    }
}

/// Lets the layer of `authz` decide before the body is read: nobody has a large one taken in for nothing.
async fn authorized(exchange: &Arc<Exchange>, mut parts: Parts, body: Body) -> Result<Answered, Failure> {
    parts.extensions.insert(exchange.operation.route().action);
    let unread = Unread { exchange: Arc::clone(exchange), body };
    let gate = AuthorizeLayer::new(Arc::clone(&exchange.app.access.gate));
    // What is behind the gate is large, and would be copied with each of the futures around it.
    let admitted = service_fn(|request| Box::pin(admitted(request)));
    gate.layer(admitted).oneshot(Request::from_parts(parts, unread)).await
}

/// Answers a request that has passed the gate.
async fn admitted(request: Request<Unread>) -> Result<Answered, Failure> {
    let (mut parts, Unread { exchange, body }) = request.into_parts();
    let caller = parts.extensions.remove::<Caller>().expect("the gate names whom it lets through");
    let _unset = exchange.who.set(caller.clone());
    takes::check(exchange.operation, &exchange.query)?;
    let received = exchange.received(&parts, caller, body).await?;
    let target = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    if let Some(response) = exchange.repeated(&parts, &received.caller, &target) {
        return Ok(Answered { response, wrote: false, streams: false });
    }
    let answer = exchange.answered(&parts.headers, &target, &received).await?;
    let (wrote, streams) = (answer.wrote, matches!(answer.body, Content::Stream(_)));
    let Exchange { app, operation, form, accepted, .. } = &*exchange;
    let response = finish(app, *operation, answer, *form, accepted, target.as_str()).await?;
    Ok(Answered { response, wrote, streams })
}

impl Exchange {
    fn meant(&self) -> MutexGuard<'_, Meant> {
        self.meant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks once more what the subject stands for.
    fn look_again(&self) {
        let meant = Meant::read(&self.app, self.operation.route().about, &self.parameters, &self.query);
        *self.meant() = meant;
    }

    /// What the log calls the subject.
    fn subject(&self) -> Option<String> {
        self.meant().told(self.operation.route().about, &self.parameters)
    }

    /// What somebody known reads is cached as well; everybody else has been answered by the dispatcher.
    fn repeated(&self, parts: &Parts, caller: &Caller, target: &PathAndQuery) -> Option<Response<Body>> {
        let known = parts.method == http::Method::GET && caller.identity != Identity::Anonymous;
        let plain = known && self.accepted.parameters.is_none();
        let answer = plain.then(|| self.app.response_cache.get(self.form, target.as_str())).flatten()?;
        self.app.metrics.response_cache(true);
        Some(respond(&answer, self.form, &parts.headers))
    }

    /// Has the handler answer about what the subject stands for now that the body is there, which may have taken long; and once
    /// more, where its alias moves meanwhile.
    async fn answered(
        &self,
        headers: &HeaderMap,
        target: &PathAndQuery,
        received: &Received,
    ) -> Result<Answer, Failure> {
        let stale = self.app.response_cache.generations.settings() != self.meant().settings;
        if stale {
            self.look_again();
        }
        let ctx = self.request_context(headers, target, received)?;
        let (answer, settings) = match dispatch(&self.app, &ctx).await {
            Err(Fault::AliasMoved(_)) => {
                self.look_again();
                let ctx = self.request_context(headers, target, received)?;
                (dispatch(&self.app, &ctx).await?, ctx.settings)
            }
            outcome => (outcome?, ctx.settings),
        };
        Ok(keeping(answer, settings))
    }

    /// What the handler gets.
    fn request_context(
        &self,
        headers: &HeaderMap,
        target: &PathAndQuery,
        received: &Received,
    ) -> Result<Arc<RequestContext>, Failure> {
        let Meant { settings, name, subject } = self.meant().clone();
        let name = name?;
        let (mut parameters, mut query) = (self.parameters.clone(), self.query.clone());
        if let Some(name) = &name {
            name.resolve(&mut parameters, &mut query);
        }
        Ok(Arc::new(RequestContext {
            operation: self.operation,
            target: target.clone(),
            parameters,
            subject,
            query,
            named: name.and_then(|name| name.in_path().cloned()),
            body: received.body.clone(),
            caller: received.caller.clone(),
            settings,
            conditions: conditions(headers),
            work: self.work.clone(),
        }))
    }

    /// The answer, with what the log is to know. The work for a body that is made while it is sent is wanted until it ends.
    fn told(&self, answered: Answered, wanted: StopOnDrop) -> Response<Body> {
        let Answered { mut response, wrote, streams } = answered;
        let access_log = self.access_log(self.who.get(), wrote, None, None);
        response.extensions_mut().insert(access_log);
        if streams { response.map(|body| held(body, wanted)) } else { response }
    }

    fn access_log(
        &self,
        who: Option<&Caller>,
        wrote: bool,
        refusal: Option<(u32, String)>,
        cause: Option<String>,
    ) -> AccessLog {
        let caller = who.and_then(Caller::principal).map(ToString::to_string);
        let open = wrote && self.app.access.lets_anyone_write();
        AccessLog { operation: Some(self.operation), subject: self.subject(), caller, wrote, open, refusal, cause }
    }
}

/// What was answered under settings that have changed since is not kept.
fn keeping(mut answer: Answer, settings: SettingsGeneration) -> Answer {
    answer.validity = answer.validity.filter(|validity| validity.since(settings));
    answer
}

/// A body that holds something for as long as any of it is to come.
fn held(body: Body, wanted: StopOnDrop) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &wanted;
        frame
    }))
}

fn conditions(headers: &HeaderMap) -> Conditions {
    Conditions { if_match: joined(headers, &IF_MATCH), if_none_match: joined(headers, &IF_NONE_MATCH) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use compat::Halt;

    #[tokio::test]
    async fn the_work_for_a_body_is_wanted_until_it_ends() {
        let work = Work::new(10, &Halt::default());
        let body = held(Body::from("made while it is sent"), work.stop_on_drop());
        assert!(!work.is_stopped());
        assert_eq!(body.collect().await.unwrap().to_bytes(), "made while it is sent");
        assert!(work.is_stopped());
    }
}
