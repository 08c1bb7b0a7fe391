//! From an operation and its parameters to the service and back: one file per resource, named like the URL.

pub(super) mod association_batches;
pub(super) mod associations;
pub(super) mod audit;
pub(super) mod compatibility;
pub(super) mod config;
pub(super) mod deks;
pub(super) mod health;
pub(super) mod keks;
pub(super) mod metadata;
pub(super) mod mode;
pub(super) mod namespaces;
pub(super) mod schemas;
pub(super) mod subjects;
pub(super) mod versions;

pub use association_batches::LARGEST_BATCH;
pub use compatibility::MOST_ROWS;

use super::answer::Answer;
use super::body::{self, Object};
use super::generations::SettingsGeneration;
use super::lookup_cache::{FoundVersion, LookupKey, Showing};
use super::path::Path;
use super::query::Query;
use super::routes::Operation;
use crate::app::App;
use authz::{Action, Caller, Permit, Refusal, Resource, Scope};
use bytes::Bytes;
use compat::Work;
use http::uri::PathAndQuery;
use model::Subject;
use rules::delete::Depth;
use rules::fault::Fault;
use rules::find::Deleted;
use service::change::{self, Change};
use service::{Class, Shown};
use std::sync::Arc;

/// A request whose target, headers and body have been read.
pub struct RequestContext {
    /// What is asked.
    pub operation: Operation,
    /// The target, normalised; aliases are not followed in it.
    pub target: PathAndQuery,
    /// The path parameters, decoded, in the order of the path.
    pub parameters: Vec<String>,
    /// The subject that the path names, or what it is an alias of.
    pub subject: Option<Subject>,
    /// The query parameters.
    pub query: Query,
    /// What the path calls the subject, where that may be an alias of the one that is in the parameters.
    pub named: Option<Subject>,
    /// The body; empty for a GET.
    pub body: Bytes,
    /// Who asks.
    pub caller: Caller,
    /// The settings before aliases were followed.
    pub settings: SettingsGeneration,
    /// What the client expects to find.
    pub conditions: Conditions,
    /// How much work it may still cost.
    pub work: Work,
}

/// The preconditions of a request.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
}

/// Bytes of a body that are read for a unit of work.
const READ: usize = 4;

impl RequestContext {
    /// The parameters of the path, to be read.
    pub fn path(&self) -> Path<'_> {
        Path::new(self.subject.as_ref(), &self.parameters)
    }

    /// The text that names the subject of the path, or what that is an alias of; empty where there is none.
    fn subject_text(&self) -> &str {
        self.parameters.first().map_or("", String::as_str)
    }

    fn deleted(&self) -> Deleted {
        if self.query.flag("deleted") { Deleted::Include } else { Deleted::Ignore }
    }

    fn depth(&self) -> Depth {
        if self.query.flag("permanent") { Depth::Permanent } else { Depth::Soft }
    }

    /// Permission to do this, or the refusal.
    fn permit<R: Resource>(&self, app: &App, action: Action, resource: R) -> Result<Permit<R>, Fault> {
        let permit = app.access.gate.authorizer.permit(&self.caller, action, resource)?;
        if let Some(refusal) = change::observed(permit.grant()) {
            self.observed(app, permit.resource().scope(), refusal);
        }
        Ok(permit)
    }

    /// The same, for a change: its entry in the audit names this operation.
    fn change<R: Resource>(&self, app: &App, action: Action, resource: R) -> Result<Change<R>, Fault> {
        let permit = app.access.gate.authorizer.permit(&self.caller, action, resource)?;
        Ok(Change::new(permit, self.operation.route().name).named(self.named.clone()))
    }

    /// What this request is known by in the lookup cache. A large body is hashed where schemas are parsed.
    async fn lookup_key(&self, app: &App, subject: &Subject) -> Result<LookupKey, Fault> {
        let (target, subject, body) = (self.target.clone(), subject.clone(), self.body.clone());
        let key = move || Ok(LookupKey::new(target.as_str(), &subject, &body));
        app.service.work(Class::to_read(self.body.len()), key).await
    }

    /// The version that a request like this one found, if that still holds.
    fn found(&self, app: &App, key: &LookupKey, subject: &Subject) -> Result<Option<Shown>, Fault> {
        let found = app.response_cache.lookups.get(&app.response_cache.generations, key);
        app.metrics.lookup_cache(found.is_some());
        let Some(found) = found else { return Ok(None) };
        let mut shown = app.service.stored(subject, found.version)?;
        if let Some(shown) = shown.as_mut().filter(|_| found.shown == Showing::AsSent) {
            shown.at = None;
        }
        // Once more, since the version was read after the first time.
        Ok(shown.filter(|_| app.response_cache.generations.holds(&found.validity)))
    }

    /// Remembers where the schema of this request was found.
    fn remember(&self, app: &App, key: LookupKey, found: FoundVersion) {
        if found.validity.since(self.settings) {
            app.response_cache.lookups.keep(key, found);
        }
    }

    /// Counts and audits what is let through only because authorization observes.
    fn observed(&self, app: &App, scope: Scope<'_>, refusal: &Refusal) {
        app.access.audit.observed(self.operation.audited(), scope, &app.service.ownership(), &self.caller, refusal);
    }

    /// What it costs. Another form of a text, or what is tagged in it, is not to be had without parsing.
    fn class(&self) -> Class {
        match self.operation.route().class {
            Class::Ready if self.parses() => Class::Parse,
            class => class,
        }
    }

    /// Does it ask for something about a schema that has to be parsed for it?
    fn parses(&self) -> bool {
        let formatted = self.query.text("format").is_some_and(|format| !format.is_empty() && format != "default");
        formatted || self.query.list("findTags").next().is_some()
    }

    /// Reads the body; a large one where schemas are parsed, so that it keeps no other request waiting.
    async fn object(&self, app: &App, missing: &'static str, what: &'static str) -> Result<Object, Fault> {
        self.work.spend(self.body.len() / READ)?;
        let body = self.body.clone();
        app.service.work(Class::to_read(body.len()), move || body::object(&body, missing, what)).await
    }
}

/// The subject that stands for everything: config and mode of the whole registry.
fn global() -> Subject {
    Subject::parse("")
}

/// Does a part of what a handler does where this class says.
async fn there<T: Send + 'static>(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    class: Class,
    part: impl FnOnce(&App, &RequestContext) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    if class == Class::Ready {
        return part(app, ctx);
    }
    let (app_there, ctx_there) = (Arc::clone(app), Arc::clone(ctx));
    // In a box, as everything large that a request seldom comes to: the future of a handler is copied more than once.
    Box::pin(app.service.work(class, move || part(&app_there, &ctx_there))).await
}

/// Does a part of what a handler does here, and from its beginning among what lists where it turns out to look into many
/// contexts.
async fn here<T: Send + 'static>(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    part: impl Fn(&App, &RequestContext) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let (app_there, ctx_there) = (Arc::clone(app), Arc::clone(ctx));
    app.service.begin_here(Class::List, &ctx.work, move || part(&app_there, &ctx_there)).await
}

/// Makes the answer of a handler that has found a schema.
async fn show(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    make: impl FnOnce(&App, &RequestContext) -> Result<Answer, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    there(app, ctx, if ctx.parses() { Class::Parse } else { Class::Ready }, make).await
}

/// Runs the handler of a read where its class says.
///
/// # Errors
/// `Busy`; those of the handler.
pub async fn read(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    handler: fn(&App, &RequestContext) -> Result<Answer, Fault>,
) -> Result<Answer, Fault> {
    match ctx.class() {
        Class::Ready => here(app, ctx, handler).await,
        class => there(app, ctx, class, handler).await,
    }
}
