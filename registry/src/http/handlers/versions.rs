//! `/subjects/{subject}/versions`

use super::schemas::{Extras, physical_format, qualify_references};
use super::{Answer, RequestContext, here, schemas, show, subjects, there};
use crate::app::App;
use crate::http::lookup_cache::{FoundVersion, Showing};
use crate::http::pieces::{self, HERE};
use crate::http::wire::schema::SchemaOut;
use crate::http::{body, wire};
use authz::{Action, PostReads, Refusal, RegisterPermit, Resource};
use base64::Engine;
use compat::Mismatch;
use model::Subject;
use rules::delete::Selector;
use rules::fault::Fault;
use rules::find::Deleted;
use rules::names::{self, Use};
use rules::register::{Force, Registered};
use serde_json::{Value, json};
use service::{Class, Offered, Rights, Shown, Validation, change};
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
    let schema = wire::request::registrable(&object)?;
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
    show(app, ctx, move |app, ctx| {
        let text = app.service.formatted_content(&subject, &registered.content, physical_format(ctx)?, &ctx.work)?;
        Ok(Answer::json(&SchemaOut::registered(&registered).with_text(text.as_deref())))
    })
    .await
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
    let outcome = app.service.validate(subject, selector, sample, &ctx.work).await?;
    Ok(Answer::json(&match outcome {
        None => json!({ "is_valid": true }),
        Some(mismatch) => verdict(&mismatch),
    }))
}

fn verdict(mismatch: &Mismatch) -> Value {
    let mut verdict = json!({ "is_valid": false, "path": mismatch.path, "message": mismatch.message });
    if let Some(keyword) = mismatch.keyword {
        verdict["keyword"] = keyword.into();
    }
    if let Some(path) = &mismatch.schema_path {
        verdict["schemaPath"] = path.as_str().into();
    }
    verdict
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
