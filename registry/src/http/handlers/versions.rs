//! `/subjects/{subject}/versions`

use super::schemas::{Extras, physical_format, qualify_references};
use super::{Answer, RequestContext, here, schemas, subjects, there};
use crate::app::App;
use crate::http::lookup_cache::{FoundVersion, Showing};
use crate::http::pieces::{self, HERE};
use crate::http::wire::sample::SampleVerdict;
use crate::http::wire::schema::SchemaOut;
use crate::http::{body, wire};
use authz::{Action, PostReads, Refusal, RegisterPermit, Resource};
use base64::Engine;
use compat::Fit;
use model::Subject;
use rules::delete::Selector;
use rules::expression::{self, RuleFinding};
use rules::fault::Fault;
use rules::find::Deleted;
use rules::names::{self, Use};
use rules::register::{Force, Registered};
use serde_json::Value;
use service::{Class, Modified, Offered, Rights, Shown, Validated, Validation, change};
use std::sync::Arc;
use storage::{Standing, State};

/// `GET /subjects/{subject}/versions`
pub async fn list(app: &Arc<App>, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    let negative = ctx.query.flag("deletedAsNegative");
    let standing = if negative { Standing::Any } else { subjects::standing(ctx) };
    let exists = ctx.query.flag("deleted") || ctx.query.flag("deletedOnly");
    let exists = if exists { Deleted::Include } else { Deleted::Ignore };
    let listing = app.service.versions(subject, standing, exists, offset, limit)?;
    let here = if offset == 0 { HERE } else { 0 };
    let write = move |_: &dyn State, (version, deleted): (i32, bool), out: &mut Vec<u8>| {
        pieces::json(&if negative && deleted { -version } else { version }, out)
    };
    pieces::array(app, listing, here, write).await
}

/// `POST /subjects/{subject}/versions`
pub async fn register(app: &Arc<App>, ctx: &Arc<RequestContext>, subject: Subject) -> Result<Answer, Fault> {
    let permit = app.access.gate.authorizer.permit_register(&ctx.caller, subject)?;
    let (subject, observed) = (permit.resource().clone(), observed(&permit));
    let key = ctx.lookup_key(app, &subject).await?;
    let validity = app.response_cache.generations.subject(&subject);
    if let Some(shown) = ctx.found(app, &key, &subject)? {
        say_observed(app, ctx, &subject, observed);
        return registered(app, ctx, subject, found(shown)).await;
    }
    let rights = Rights { permit, operation: ctx.operation.route().name, named: ctx.named.clone() };
    let offered = offered(app, ctx, &subject).await.map_err(|fault| rights.instead_of(fault))?;
    let alone = offered.schema.references.is_empty();
    let done = Box::pin(app.service.register(rights, offered, &ctx.work)).await?;
    if !done.wrote {
        say_observed(app, ctx, &subject, observed);
    }
    if !done.wrote && alone {
        let found =
            FoundVersion { version: done.answer.version, shown: Showing::by_time(done.answer.stored), validity };
        ctx.remember(app, key, found);
    }
    Ok(registered(app, ctx, subject, done.answer).await?.wrote(done.wrote))
}

/// What is to be registered.
async fn offered(app: &App, ctx: &RequestContext, subject: &Subject) -> Result<Offered, Fault> {
    let object = ctx.object(app, "register.arg6", "RegisterSchemaRequest").await?;
    let schema = wire::request::schema(&object)?;
    names::check(ctx.subject_text(), subject, Use::Register)?;
    let force = if ctx.query.flag("force") { Force::Yes } else { Force::No };
    // Before anything is written: whether it can be shown as asked for.
    physical_format(ctx)?;
    Ok(Offered { schema, normalize: ctx.query.flag("normalize"), force })
}

/// A version found, as the answer to the registration that found it.
fn found(shown: Shown) -> Registered {
    let Shown { stored, content, at } = shown;
    let (id, version, guid) = (stored.id, stored.version, stored.guid);
    Registered { id, version, guid, content: content.into(), stored: at.map(|at| (at, stored.deleted)) }
}

async fn registered(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    subject: Subject,
    registered: Registered,
) -> Result<Answer, Fault> {
    there(app, ctx, class(ctx, &registered), move |app, ctx| {
        let text = app.service.formatted_content(&subject, &registered.content, physical_format(ctx)?, &ctx.work)?;
        let findings = rule_findings(ctx, &registered);
        let out = SchemaOut::registered(&registered).with_text(text.as_deref());
        Ok(Answer::json(&out.with_rule_findings(&findings)))
    })
    .await
}

/// What it costs to show a version that was registered.
fn class(ctx: &RequestContext, registered: &Registered) -> Class {
    let parses = ctx.parses() || registered.content.rule_set.as_ref().is_some_and(expression::has_any);
    if parses { Class::Parse } else { Class::Ready }
}

/// The rules whose expressions do not parse, as far as there is work left to look.
fn rule_findings(ctx: &RequestContext, registered: &Registered) -> Vec<RuleFinding> {
    let rules = registered.content.rule_set.as_ref();
    rules.and_then(|rules| expression::findings(rules, &ctx.work).ok()).unwrap_or_default()
}

/// Counts and audits a registration that wrote nothing, where it would have been refused if authorization did not only
/// observe. One that wrote something has its own entry in the audit.
fn say_observed(app: &App, ctx: &RequestContext, subject: &Subject, observed: Option<Refusal>) {
    // Under `effect` nothing would have been refused.
    if app.access.gate.authorizer.settings().post_reads != PostReads::Effect
        && let Some(refusal) = observed
    {
        ctx.observed(app, subject.scope(), &refusal);
    }
}

/// What would have been refused if authorization did not only observe.
fn observed(permit: &RegisterPermit<Subject>) -> Option<Refusal> {
    change::observed(permit.to_write().ok()?.grant()).cloned()
}

/// `GET /subjects/{subject}/versions/{version}`
pub fn get(
    app: &App,
    ctx: &RequestContext,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let selector = version?;
    let validity = app.response_cache.generations.subject(&subject);
    let mut shown = app.service.version(&subject, selector, ctx.deleted(), &ctx.work)?;
    physical_format(ctx)?;
    let extras = Extras::of(app, ctx, &shown)?;
    if qualify_references(ctx, &mut shown) {
        // Here, unlike by id, the hash shown is that of the references shown.
        shown.stored.guid = shown.content.guid();
    }
    let answer = Answer::json(&extras.apply(SchemaOut::of_subject(&shown)));
    Ok(if shown.stored.subject == subject { answer.valid_while(validity) } else { answer })
}

/// `DELETE /subjects/{subject}/versions/{version}`
pub async fn delete(
    app: &App,
    ctx: &RequestContext,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Delete, subject)?;
    let done = app.service.delete_version(change, version?, ctx.depth()).await?;
    Ok(Answer::json(&done.answer).wrote(done.wrote))
}

/// `GET /subjects/{subject}/versions/{version}/schema`
pub fn text(
    app: &App,
    ctx: &RequestContext,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let shown = app.service.version(&subject, version?, ctx.deleted(), &ctx.work)?;
    physical_format(ctx)?;
    schemas::text(app, ctx, &shown)
}

/// `GET /subjects/{subject}/versions/{version}/referencedby`
pub async fn referenced_by(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let page = ctx.query.page(1000)?;
    let selector = version?;
    let referring = move |app: &App, ctx: &RequestContext| {
        app.service.referenced_by(&subject, selector, ctx.deleted(), page, &ctx.work)
    };
    let listing = here(app, ctx, referring).await?;
    pieces::array(app, listing, HERE, |_, id, out| pieces::json(&id, out)).await
}

/// `POST /subjects/{subject}/versions/{version}/tags`: a new version made of that one.
pub async fn modify_tags(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let permit = app.access.gate.authorizer.permit_register(&ctx.caller, subject)?;
    let rights = Rights { permit, operation: ctx.operation.route().name, named: ctx.named.clone() };
    let modified = modified(app, ctx, rights.permit.resource(), version).await;
    let modified = modified.map_err(|fault| rights.instead_of(fault))?;
    let done = Box::pin(app.service.modify_tags(rights, modified, &ctx.work)).await?;
    let registered = done.answer;
    let answer = there(app, ctx, class(ctx, &registered), move |_, ctx| {
        let findings = rule_findings(ctx, &registered);
        Ok(Answer::json(&SchemaOut::registered(&registered).with_rule_findings(&findings)))
    });
    Ok(answer.await?.wrote(done.wrote))
}

/// What is to become of the version.
async fn modified(
    app: &App,
    ctx: &RequestContext,
    subject: &Subject,
    version: Result<Selector, Fault>,
) -> Result<Modified, Fault> {
    let object = ctx.object(app, "modifyTags.arg4", "TagSchemaRequest").await?;
    let modified = wire::request::modified(&object, version.clone().unwrap_or(Selector::Latest))?;
    names::check(ctx.subject_text(), subject, Use::Register)?;
    version.map(|_| modified)
}

/// `POST /subjects/{subject}/versions/{version}/validate`: the body is a document in the JSON encoding of the
/// schema's language, or, with `encoding=base64`, a JSON string with the base64 of binary data.
pub async fn validate(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let (subject, _) = ctx.permit(app, Action::Lookup, subject)?.into_parts();
    let selector = version?;
    let sample = there(app, ctx, Class::to_read(ctx.body.len()), |_, ctx| sample(ctx)).await?;
    let validated = app.service.validate(subject, selector, sample, &ctx.work).await?;
    let length = if let Ok(Fit::Decoded(document)) = &validated.outcome { document.len() } else { 0 };
    let verdict = move |_: &App, _: &RequestContext| {
        let Validated { outcome, rule_findings } = validated;
        Ok(Answer::json(&SampleVerdict::of(outcome, &rule_findings)))
    };
    there(app, ctx, Class::to_read(length), verdict).await
}

fn sample(ctx: &RequestContext) -> Result<Validation, Fault> {
    let value = body::value(&ctx.body)?.ok_or(Fault::MissingBody("validate.sample"))?;
    if ctx.query.text("encoding") != Some("base64") {
        return Ok(Validation::Json(value.to_string()));
    }
    let Value::String(text) = value else { return Err(body::mismatch("String", &value)) };
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    decoded.map(Validation::Binary).map_err(|error| Fault::InvalidSample(format!("The body is not base64: {error}")))
}
