//! `/associations`: default-configured serializers ask the reads before anything else, once per topic.

use super::{Answer, Ask};
use crate::app::App;
use crate::fault::Fault;
use crate::http::generations::Validity;
use crate::http::pieces::{self, HERE};
use crate::http::prefix;
use crate::http::wire::association::{self as wire, AssociationOut, ResourceOut};
use crate::rules::association::bind::Bound;
use crate::rules::association::end::Ending;
use crate::rules::association::invalid;
use crate::rules::association::request::{self, Asked, Run, Sent, Verb};
use crate::service::{Filter, Of, Op, Outcome, Requester};
use authz::Scope;
use model::{Context, Guid, Lifecycle, Subject, TOPIC};
use std::sync::Arc;
use storage::{State, StoredAssociation};

/// `GET /associations/subjects/{subject}`
pub async fn by_subject(app: &Arc<App>, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let validity = app.response_cache.generations.subject(&subject);
    list(app, ask, Of::Subject(subject), Some(validity)).await
}

/// `GET /associations/resources/{resource}`
pub async fn by_resource_id(app: &Arc<App>, ask: &Ask, id: &str) -> Result<Answer, Fault> {
    list(app, ask, Of::Resource(id.to_owned()), None).await
}

/// `GET /associations/resources/{namespace}/{resource}`, where `-` is any.
pub async fn by_resource_name(app: &Arc<App>, ask: &Ask, namespace: &str, name: &str) -> Result<Answer, Fault> {
    let validity = |name| Some(app.response_cache.generations.resource(name));
    let (of, validity) = match (namespace, name) {
        ("-", "-") => (Of::All, None),
        ("-", name) => (Of::Named(name.to_owned()), validity(name)),
        (namespace, "-") => (Of::Namespace(namespace.to_owned()), None),
        (namespace, name) => (Of::NamedIn(namespace.to_owned(), name.to_owned()), validity(name)),
    };
    list(app, ask, of, validity).await
}

async fn list(app: &Arc<App>, ask: &Ask, of: Of, validity: Option<Validity>) -> Result<Answer, Fault> {
    // As the reference: with a wildcard the kind of resource is not looked at.
    let narrow = !matches!(of, Of::All | Of::Named(_) | Of::Namespace(_));
    let (offset, limit) = ask.query.page(1000)?;
    let filter = Filter {
        resource_type: narrow.then(|| ask.query.text("resourceType").unwrap_or(TOPIC).to_owned()),
        association_types: association_types(ask),
        lifecycle: lifecycle(ask)?,
    };
    let listing = app.service.associations(of, filter, offset, limit);
    let write =
        |_: &dyn State, stored: StoredAssociation, out: &mut Vec<u8>| pieces::json(&AssociationOut::from(&stored), out);
    let answer = pieces::array(app, listing, HERE, write).await?;
    Ok(match validity {
        Some(validity) => answer.valid_while(validity),
        None => answer,
    })
}

/// `POST /associations`
pub async fn create(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let object = ask.object(app, "createAssociation.body", "AssociationCreateOrUpdateRequest").await?;
    bind(app, ask, Verb::Create, wire::resource(&object)?, wire::associations(&object)?).await
}

/// `PUT /associations/resources/{resource}`
pub async fn upsert(app: &App, ask: &Ask, id: &str) -> Result<Answer, Fault> {
    let object = ask.object(app, "createOrUpdateAssociation.body", "AssociationCreateOrUpdateRequest").await?;
    let sent = wire::resource(&object)?;
    if sent.id.as_ref().is_some_and(|sent| !sent.is_empty() && sent != id) {
        return Err(invalid("resourceId", format!("is not that of the path, '{id}'")));
    }
    bind(app, ask, Verb::Upsert, Sent { id: Some(id.to_owned()), ..sent }, wire::associations(&object)?).await
}

/// `DELETE /associations/resources/{resource}`
pub async fn delete(app: &App, ask: &Ask, id: &str) -> Result<Answer, Fault> {
    let ending = Ending {
        resource_id: id.to_owned(),
        resource_type: ask.query.text("resourceType").unwrap_or(TOPIC).to_owned(),
        association_types: association_types(ask),
        cascade: wire::cascade(ask.query.flag("cascadeLifecycle")),
    };
    let (_, wrote) = change_one(app, ask, Op::End(ending)).await?;
    Ok(Answer::nothing().wrote(wrote))
}

async fn bind(app: &App, ask: &Ask, verb: Verb, sent: Sent, asked: Vec<Asked>) -> Result<Answer, Fault> {
    let request = request::check(verb, run(ask), &context(ask)?, sent, asked, random)?;
    let resource = request.resource.clone();
    let (outcome, wrote) = change_one(app, ask, Op::Bind(request)).await?;
    Ok(Answer::json(&ResourceOut::bound(&resource, shown(ask, &outcome))).wrote(wrote))
}

async fn change_one(app: &App, ask: &Ask, op: Op) -> Result<(Outcome, bool), Fault> {
    let done = app.service.change_associations(requester(ask), vec![vec![op]], run(ask), &ask.work).await?;
    let outcome = done.answer.into_iter().next().unwrap_or_else(|| Ok(Outcome::default()))?;
    count_observed(app, ask, &outcome, done.wrote);
    Ok((outcome, done.wrote))
}

/// A dry run says that it could be done, and shows nothing that is not there.
pub(super) fn shown<'a>(ask: &Ask, outcome: &'a Outcome) -> &'a [Bound] {
    match run(ask) {
        Run::Real => &outcome.bound,
        Run::Dry => &[],
    }
}

fn association_types(ask: &Ask) -> Vec<String> {
    ask.query.list("associationType").map(str::to_owned).collect()
}

fn lifecycle(ask: &Ask) -> Result<Option<Lifecycle>, Fault> {
    ask.query.text("lifecycle").map(str::parse).transpose().map_err(|_| Fault::NoSuchResource)
}

pub(super) fn requester(ask: &Ask) -> Requester {
    Requester { caller: ask.caller.clone(), operation: ask.operation.route().name }
}

pub(super) fn run(ask: &Ask) -> Run {
    if ask.query.flag("dryRun") { Run::Dry } else { Run::Real }
}

/// The context of subjects that name none.
pub(super) fn context(ask: &Ask) -> Result<Context, Fault> {
    prefix::context(ask.query.text("context").unwrap_or_default()).map_err(Fault::BadBody)
}

pub(super) fn random() -> Guid {
    Guid(crate::http::random_uuid().into_bytes())
}

/// Counts and audits what was let through only because authorization observes, where nothing came of it: a change has its own
/// entry in the audit.
pub(super) fn count_observed(app: &App, ask: &Ask, outcome: &Outcome, wrote: bool) {
    for observed in outcome.observed.iter().filter(|_| !wrote) {
        ask.observed(app, Scope::Subject(&observed.subject), &observed.refusal);
    }
}
