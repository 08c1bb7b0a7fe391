//! From an operation and its parameters to the service and back: one file per resource, named like the URL.

mod association_batches;
mod associations;
mod audit;
mod compatibility;
mod config;
mod health;
mod metadata;
mod mode;
mod namespaces;
mod schemas;
mod subjects;
mod versions;

pub use association_batches::LARGEST_BATCH;

use super::answer::Answer;
use super::body::{self, Object};
use super::finds::{Find, Request, Showing};
use super::query::Query;
use super::ready::Settings;
use super::routes::Operation;
use crate::app::App;
use crate::fault::Fault;
use crate::rules::delete::{Depth, Selector};
use crate::rules::find::Deleted;
use crate::service::change::{self, Change};
use crate::service::{Class, Shown};
use authz::{Action, Caller, Permit, Refusal, Resource, Scope};
use bytes::Bytes;
use compat::Work;
use http::uri::PathAndQuery;
use model::Subject;
use std::sync::Arc;

/// A request whose target, headers and body have been read.
pub struct Ask {
    /// What is asked.
    pub operation: Operation,
    /// The target, normalised; aliases are not followed in it.
    pub target: PathAndQuery,
    /// The path parameters, decoded, in the order of the path.
    pub parameters: Vec<String>,
    /// The query parameters.
    pub query: Query,
    /// What the path calls the subject, where that may be an alias of the one that is in the parameters.
    pub named: Option<Subject>,
    /// The body; empty for a GET.
    pub body: Bytes,
    /// Who asks.
    pub caller: Caller,
    /// The settings before aliases were followed.
    pub settings: Settings,
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

impl Ask {
    fn parameter(&self, at: usize) -> &str {
        self.parameters.get(at).map_or("", String::as_str)
    }

    fn subject(&self) -> Subject {
        Subject::parse(self.parameter(0))
    }

    /// `latest` in any letter case, or -1; else a number from 1.
    fn selector(&self) -> Result<Selector, Fault> {
        let text = self.parameter(1);
        match text.trim() {
            trimmed if trimmed.eq_ignore_ascii_case("latest") || trimmed == "-1" => Ok(Selector::Latest),
            trimmed => match decimal(trimmed) {
                Some(number) if number >= 1 => Ok(Selector::Number(number)),
                _ => Err(Fault::InvalidVersion(text.to_owned())),
            },
        }
    }

    /// The `{id}` of a path.
    fn id(&self) -> Result<i32, Fault> {
        self.parameter(0).parse().map_err(|_| Fault::NoSuchResource)
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

    /// What this request is known by among the finds. A large body is hashed where schemas are parsed.
    async fn request(&self, app: &App, subject: &Subject) -> Result<Request, Fault> {
        let (target, subject, body) = (self.target.clone(), subject.clone(), self.body.clone());
        let request = move || Ok(Request::new(target.as_str(), &subject, &body));
        app.service.work(Class::to_read(self.body.len()), request).await
    }

    /// The version that a request like this one found, if that still holds.
    fn found(&self, app: &App, request: &Request, subject: &Subject) -> Result<Option<Shown>, Fault> {
        let find = app.ready.finds.get(&app.ready.stripes, request);
        app.metrics.found(find.is_some());
        let Some(find) = find else { return Ok(None) };
        let mut shown = app.service.stored(subject, find.version)?;
        if let Some(shown) = shown.as_mut().filter(|_| find.shown == Showing::AsSent) {
            shown.at = None;
        }
        // Once more, since the version was read after the first time.
        Ok(shown.filter(|_| app.ready.stripes.holds(&find.depends)))
    }

    /// Remembers where the schema of this request was found.
    fn remember(&self, app: &App, request: Request, find: Find) {
        if find.depends.since(self.settings) {
            app.ready.finds.keep(request, find);
        }
    }

    /// Counts and audits what is let through only because authorization observes.
    fn observed(&self, app: &App, scope: Scope<'_>, refusal: &Refusal) {
        app.access.audit.observed(self.operation.audited(), scope, &app.service.ownership(), &self.caller, refusal);
    }

    /// What it costs. Another form of a text, or what is tagged in it, is not to be had without parsing.
    fn class(&self) -> Class {
        match self.operation.class() {
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

/// Reads a number as Java does: digits of any script count.
fn decimal(text: &str) -> Option<i32> {
    let ascii: String = text.chars().map(|c| digit(c).map_or(c, |d| char::from(b'0' + d))).collect();
    ascii.parse().ok()
}

/// The value of a decimal digit of any script; their blocks of ten begin at these code points.
fn digit(c: char) -> Option<u8> {
    const ZEROS: [u32; 22] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1b50, 0xff10,
    ];
    ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&(c as u32))).map(|zero| (c as u32 - zero) as u8)
}

/// Does a part of what a handler does where this class says.
async fn there<T: Send + 'static>(
    app: &Arc<App>,
    ask: &Arc<Ask>,
    class: Class,
    part: impl FnOnce(&App, &Ask) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    if class == Class::Ready {
        return part(app, ask);
    }
    let (app_there, ask_there) = (Arc::clone(app), Arc::clone(ask));
    app.service.work(class, move || part(&app_there, &ask_there)).await
}

/// Does a part of what a handler does here, and from its beginning among what lists where it turns out to look into many
/// contexts.
async fn here<T: Send + 'static>(
    app: &Arc<App>,
    ask: &Arc<Ask>,
    part: impl Fn(&App, &Ask) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let (app_there, ask_there) = (Arc::clone(app), Arc::clone(ask));
    app.service.begin_here(Class::List, &ask.work, move || part(&app_there, &ask_there)).await
}

/// Makes the answer of a handler that has found a schema.
async fn show(
    app: &Arc<App>,
    ask: &Arc<Ask>,
    make: impl FnOnce(&App, &Ask) -> Result<Answer, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    there(app, ask, if ask.parses() { Class::Parse } else { Class::Ready }, make).await
}

/// Runs the handler of a read.
async fn read(
    app: &Arc<App>,
    ask: &Arc<Ask>,
    handler: fn(&App, &Ask) -> Result<Answer, Fault>,
) -> Result<Answer, Fault> {
    match ask.class() {
        Class::Ready => here(app, ask, handler).await,
        class => there(app, ask, class, handler).await,
    }
}

/// Answers a request.
///
/// # Errors
/// The fault.
pub async fn answer(app: &Arc<App>, ask: &Arc<Ask>) -> Result<Answer, Fault> {
    use Operation as Op;
    match ask.operation {
        Op::GetRoot => Ok(metadata::root()),
        Op::PostRoot => there(app, ask, Class::to_read(ask.body.len()), metadata::post_root).await,
        Op::GetClusterId => Ok(metadata::cluster_id(app)),
        Op::GetServerVersion => Ok(metadata::version()),
        Op::GetDeployment => Ok(metadata::deployment()),
        Op::ListSchemas => schemas::list(app, ask).await,
        Op::ListSchemaTypes => Ok(schemas::types()),
        Op::GetSchemaById => read(app, ask, schemas::by_id).await,
        Op::GetSchemaTextById => read(app, ask, schemas::text_by_id).await,
        Op::ListSubjectsById => schemas::subjects_by_id(app, ask).await,
        Op::ListVersionsById => schemas::versions_by_id(app, ask).await,
        Op::GetSchemaByGuid => read(app, ask, schemas::by_guid).await,
        Op::ListIdsByGuid => read(app, ask, schemas::ids_by_guid).await,
        Op::ListSubjects => subjects::list(app, ask).await,
        Op::LookUpSchema => subjects::look_up(app, ask).await,
        Op::DeleteSubject => subjects::delete(app, ask).await,
        Op::GetLatestWithMetadata => read(app, ask, subjects::latest_with_metadata).await,
        Op::ListVersions => versions::list(app, ask).await,
        Op::RegisterSchema => versions::register(app, ask).await,
        Op::GetVersion => read(app, ask, versions::get).await,
        Op::DeleteVersion => versions::delete(app, ask).await,
        Op::GetVersionText => read(app, ask, versions::text).await,
        Op::ListReferencedBy => versions::referenced_by(app, ask).await,
        Op::ValidateSample => versions::validate(app, ask).await,
        Op::CheckAgainstHistory | Op::CheckAgainstVersion => compatibility::check(app, ask).await,
        Op::GetGlobalConfig | Op::GetConfig => read(app, ask, config::get).await,
        Op::PutGlobalConfig | Op::PutConfig => config::put(app, ask).await,
        Op::DeleteGlobalConfig | Op::DeleteConfig => config::delete(app, ask).await,
        Op::GetGlobalMode | Op::GetMode => read(app, ask, mode::get).await,
        Op::PutGlobalMode | Op::PutMode => mode::put(app, ask).await,
        Op::DeleteGlobalMode | Op::DeleteMode => mode::delete(app, ask).await,
        Op::ListContexts => metadata::contexts(app, ask).await,
        Op::DeleteContext => metadata::delete_context(app, ask).await,
        Op::ListAssociationsBySubject | Op::ListAssociationsByResourceId | Op::ListAssociationsByResourceName => {
            associations::list(app, ask).await
        }
        Op::CreateAssociations => associations::create(app, ask).await,
        Op::PutAssociations => associations::upsert(app, ask).await,
        Op::DeleteAssociations => associations::delete(app, ask).await,
        Op::BatchGetAssociations => association_batches::get(app, ask).await,
        Op::BatchMutateAssociations => association_batches::mutate(app, ask).await,
        Op::ListNamespaces => namespaces::list(app, ask).await,
        Op::ListOrphans => namespaces::orphans(app, ask).await,
        Op::GetWholeAudit => audit::whole(app, ask).await,
        Op::GetNamespace | Op::ListMembers | Op::ListClaims => read(app, ask, namespaces::get).await,
        Op::PutNamespace => namespaces::put(app, ask).await,
        Op::DeleteNamespace => namespaces::delete(app, ask).await,
        Op::ListNamespaceSubjects => namespaces::subjects(app, ask).await,
        Op::CanI => read(app, ask, namespaces::can_i).await,
        Op::GetAudit => audit::get(app, ask).await,
        Op::PutMember => namespaces::put_member(app, ask).await,
        Op::DeleteMember => namespaces::delete_member(app, ask).await,
        Op::PutClaim => namespaces::put_claim(app, ask).await,
        Op::DeleteClaim => namespaces::delete_claim(app, ask).await,
        Op::PutOffer => namespaces::put_offer(app, ask).await,
        Op::DeleteOffer => namespaces::delete_offer(app, ask).await,
        Op::PutContact => namespaces::put_contact(app, ask).await,
        Op::PutLabels => namespaces::put_labels(app, ask).await,
        Op::GetLiveness => Ok(health::live()),
        Op::GetReadiness => Ok(health::ready(app)),
        Op::GetMetrics => health::metrics(app),
        Op::GetApiDescription => Ok(health::api_description()),
    }
}
