//! `/subjects/{subject}/versions`

use super::schemas::{Extras, physical_format, qualify_references};
use super::{Answer, Ask, here, schemas, show, subjects, there};
use crate::app::App;
use crate::fault::Fault;
use crate::http::lookup_cache::{FoundVersion, Showing};
use crate::http::pieces::{self, HERE};
use crate::http::wire::schema::SchemaOut;
use crate::http::{body, wire};
use crate::rules::delete::Selector;
use crate::rules::find::Deleted;
use crate::rules::names::{self, Use};
use crate::rules::register::{Force, Registered};
use crate::service::{Class, Offered, Rights, Shown, Validation, change};
use authz::{Action, PostReads, Refusal, RegisterPermit, Resource};
use base64::Engine;
use model::Subject;
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{Standing, State};

/// `GET /subjects/{subject}/versions`
pub async fn list(app: &Arc<App>, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let (offset, limit) = ask.query.page(i32::MAX as usize)?;
    let negative = ask.query.flag("deletedAsNegative");
    let standing = if negative { Standing::Any } else { subjects::standing(ask) };
    let exists = ask.query.flag("deleted") || ask.query.flag("deletedOnly");
    let exists = if exists { Deleted::Include } else { Deleted::Ignore };
    let listing = app.service.versions(subject, standing, exists, offset, limit)?;
    let here = if offset == 0 { HERE } else { 0 };
    let write = move |_: &dyn State, (version, deleted): (i32, bool), out: &mut Vec<u8>| {
        pieces::json(&if negative && deleted { -version } else { version }, out)
    };
    pieces::array(app, listing, here, write).await
}

/// `POST /subjects/{subject}/versions`
pub async fn register(app: &Arc<App>, ask: &Arc<Ask>, subject: Subject) -> Result<Answer, Fault> {
    let permit = app.access.gate.authorizer.permit_register(&ask.caller, subject)?;
    let (subject, observed) = (permit.resource().clone(), observed(&permit));
    let key = ask.lookup_key(app, &subject).await?;
    let validity = app.response_cache.generations.subject(&subject);
    if let Some(shown) = ask.found(app, &key, &subject)? {
        say_observed(app, ask, &subject, observed);
        return registered(app, ask, subject, found(shown)).await;
    }
    let rights = Rights { permit, operation: ask.operation.route().name, named: ask.named.clone() };
    let offered = offered(app, ask, &subject).await.map_err(|fault| rights.instead_of(fault))?;
    let alone = offered.schema.references.is_empty();
    let done = app.service.register(rights, offered, &ask.work).await?;
    if !done.wrote {
        say_observed(app, ask, &subject, observed);
    }
    if !done.wrote && alone {
        let found =
            FoundVersion { version: done.answer.version, shown: Showing::by_time(done.answer.stored), validity };
        ask.remember(app, key, found);
    }
    Ok(registered(app, ask, subject, done.answer).await?.wrote(done.wrote))
}

/// What is to be registered.
async fn offered(app: &App, ask: &Ask, subject: &Subject) -> Result<Offered, Fault> {
    let object = ask.object(app, "register.arg6", "RegisterSchemaRequest").await?;
    let schema = wire::request::registrable(&object)?;
    names::check(ask.subject_text(), subject, Use::Register)?;
    let force = if ask.query.flag("force") { Force::Yes } else { Force::No };
    // Before anything is written: whether it can be shown as asked for.
    physical_format(ask)?;
    Ok(Offered { schema, normalize: ask.query.flag("normalize"), force })
}

/// A version found, as the answer to the registration that found it.
fn found(shown: Shown) -> Registered {
    let Shown { stored, content, at } = shown;
    let (id, version, guid) = (stored.id, stored.version, stored.guid);
    Registered { id, version, guid, content: content.into(), stored: at.map(|at| (at, stored.deleted)) }
}

async fn registered(app: &Arc<App>, ask: &Arc<Ask>, subject: Subject, registered: Registered) -> Result<Answer, Fault> {
    show(app, ask, move |app, ask| {
        let text = app.service.formatted_content(&subject, &registered.content, physical_format(ask)?, &ask.work)?;
        Ok(Answer::json(&SchemaOut::registered(&registered).with_text(text.as_deref())))
    })
    .await
}

/// Counts and audits a registration that wrote nothing, where it would have been refused if authorization did not only
/// observe. One that wrote something has its own entry in the audit.
fn say_observed(app: &App, ask: &Ask, subject: &Subject, observed: Option<Refusal>) {
    // Under `effect` nothing would have been refused.
    if app.access.gate.authorizer.settings().post_reads != PostReads::Effect
        && let Some(refusal) = observed
    {
        ask.observed(app, subject.scope(), &refusal);
    }
}

/// What would have been refused if authorization did not only observe.
fn observed(permit: &RegisterPermit<Subject>) -> Option<Refusal> {
    change::observed(permit.to_write().ok()?.grant()).cloned()
}

/// `GET /subjects/{subject}/versions/{version}`
pub fn get(app: &App, ask: &Ask, subject: Subject, version: Result<Selector, Fault>) -> Result<Answer, Fault> {
    let selector = version?;
    let validity = app.response_cache.generations.subject(&subject);
    let mut shown = app.service.version(&subject, selector, ask.deleted(), &ask.work)?;
    physical_format(ask)?;
    let extras = Extras::of(app, ask, &shown)?;
    if qualify_references(ask, &mut shown) {
        // Here, unlike by id, the hash shown is that of the references shown.
        shown.stored.guid = shown.content.guid();
    }
    let answer = Answer::json(&extras.apply(SchemaOut::of_subject(&shown)));
    Ok(if shown.stored.subject == subject { answer.valid_while(validity) } else { answer })
}

/// `DELETE /subjects/{subject}/versions/{version}`
pub async fn delete(app: &App, ask: &Ask, subject: Subject, version: Result<Selector, Fault>) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Delete, subject)?;
    let done = app.service.delete_version(change, version?, ask.depth()).await?;
    Ok(Answer::json(&done.answer).wrote(done.wrote))
}

/// `GET /subjects/{subject}/versions/{version}/schema`
pub fn text(app: &App, ask: &Ask, subject: Subject, version: Result<Selector, Fault>) -> Result<Answer, Fault> {
    let shown = app.service.version(&subject, version?, ask.deleted(), &ask.work)?;
    schemas::text(app, ask, &shown)
}

/// `GET /subjects/{subject}/versions/{version}/referencedby`
pub async fn referenced_by(
    app: &Arc<App>,
    ask: &Arc<Ask>,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let page = ask.query.page(1000)?;
    let selector = version?;
    let referring =
        move |app: &App, ask: &Ask| app.service.referenced_by(&subject, selector, ask.deleted(), page, &ask.work);
    let listing = here(app, ask, referring).await?;
    pieces::array(app, listing, HERE, |_, id, out| pieces::json(&id, out)).await
}

/// `POST /subjects/{subject}/versions/{version}/validate`: the body is a document in Avro's JSON encoding, or, with
/// `encoding=base64`, a JSON string with the base64 of binary data.
pub async fn validate(
    app: &Arc<App>,
    ask: &Arc<Ask>,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let (subject, _) = ask.permit(app, Action::Lookup, subject)?.into_parts();
    let selector = version?;
    let sample = there(app, ask, Class::to_read(ask.body.len()), |_, ask| sample(ask)).await?;
    let outcome = app.service.validate(subject, selector, sample, &ask.work).await?;
    Ok(Answer::json(&match outcome {
        None => json!({ "is_valid": true }),
        Some(mismatch) => json!({ "is_valid": false, "path": mismatch.path, "message": mismatch.message }),
    }))
}

fn sample(ask: &Ask) -> Result<Validation, Fault> {
    let value = body::value(&ask.body)?.ok_or(Fault::MissingBody("validate.sample"))?;
    if ask.query.text("encoding") != Some("base64") {
        return Ok(Validation::Json(value.to_string()));
    }
    let Value::String(text) = value else { return Err(body::mismatch("String", &value)) };
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    decoded.map(Validation::Binary).map_err(|error| Fault::InvalidSample(format!("The body is not base64: {error}")))
}
