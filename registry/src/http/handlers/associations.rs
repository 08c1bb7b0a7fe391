//! `/associations`: default-configured serializers ask the reads before anything else, once per topic.

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::generations::Validity;
use crate::http::pieces::{self, HERE};
use crate::http::prefix;
use crate::http::wire::association::{self as wire, AssociationOut, ResourceOut};
use authz::Scope;
use model::{Context, Guid, Lifecycle, Subject, TOPIC};
use rules::association::bind::Bound;
use rules::association::end::Ending;
use rules::association::invalid;
use rules::association::request::{self, Asked, Run, Sent, Verb};
use rules::fault::Fault;
use service::{Filter, Of, Op, Outcome, Requester};
use std::sync::Arc;
use storage::{State, StoredAssociation};

/// `GET /associations/subjects/{subject}`
pub async fn by_subject(app: &Arc<App>, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let validity = app.response_cache.generations.subject(&subject);
    list(app, ctx, Of::Subject(subject), Some(validity)).await
}

/// `GET /associations/resources/{resource}`
pub async fn by_resource_id(app: &Arc<App>, ctx: &RequestContext, id: &str) -> Result<Answer, Fault> {
    list(app, ctx, Of::Resource(id.to_owned()), None).await
}

/// `GET /associations/resources/{namespace}/{resource}`, where `-` is any.
pub async fn by_resource_name(
    app: &Arc<App>,
    ctx: &RequestContext,
    namespace: &str,
    name: &str,
) -> Result<Answer, Fault> {
    let validity = |name| Some(app.response_cache.generations.resource(name));
    let (of, validity) = match (namespace, name) {
        ("-", "-") => (Of::All, None),
        ("-", name) => (Of::Named(name.to_owned()), validity(name)),
        (namespace, "-") => (Of::Namespace(namespace.to_owned()), None),
        (namespace, name) => (Of::NamedIn(namespace.to_owned(), name.to_owned()), validity(name)),
    };
    list(app, ctx, of, validity).await
}

async fn list(app: &Arc<App>, ctx: &RequestContext, of: Of, validity: Option<Validity>) -> Result<Answer, Fault> {
    // As the reference: with a wildcard the kind of resource is not looked at.
    let narrow = !matches!(of, Of::All | Of::Named(_) | Of::Namespace(_));
    let (offset, limit) = ctx.query.page(1000)?;
    let filter = Filter {
        resource_type: narrow.then(|| ctx.query.text("resourceType").unwrap_or(TOPIC).to_owned()),
        association_types: association_types(ctx),
        lifecycle: lifecycle(ctx)?,
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
pub async fn create(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    let object = ctx.object(app, "createAssociation.body", "AssociationCreateOrUpdateRequest").await?;
    bind(app, ctx, Verb::Create, wire::resource(&object)?, wire::associations(&object)?).await
}

/// `PUT /associations/resources/{resource}`
pub async fn upsert(app: &App, ctx: &RequestContext, id: &str) -> Result<Answer, Fault> {
    let object = ctx.object(app, "createOrUpdateAssociation.body", "AssociationCreateOrUpdateRequest").await?;
    let sent = wire::resource(&object)?;
    if sent.id.as_ref().is_some_and(|sent| !sent.is_empty() && sent != id) {
        return Err(invalid("resourceId", format!("is not that of the path, '{id}'")));
    }
    bind(app, ctx, Verb::Upsert, Sent { id: Some(id.to_owned()), ..sent }, wire::associations(&object)?).await
}

/// `DELETE /associations/resources/{resource}`
pub async fn delete(app: &App, ctx: &RequestContext, id: &str) -> Result<Answer, Fault> {
    let ending = Ending {
        resource_id: id.to_owned(),
        resource_type: ctx.query.text("resourceType").unwrap_or(TOPIC).to_owned(),
        association_types: association_types(ctx),
        cascade: wire::cascade(ctx.query.flag("cascadeLifecycle")),
    };
    let (_, wrote) = change_one(app, ctx, Op::End(ending)).await?;
    Ok(Answer::nothing().wrote(wrote))
}

async fn bind(app: &App, ctx: &RequestContext, verb: Verb, sent: Sent, asked: Vec<Asked>) -> Result<Answer, Fault> {
    let request = request::check(verb, run(ctx), &context(ctx)?, sent, asked, random)?;
    let resource = request.resource.clone();
    let (outcome, wrote) = change_one(app, ctx, Op::Bind(request)).await?;
    Ok(Answer::json(&ResourceOut::bound(&resource, shown(ctx, &outcome))).wrote(wrote))
}

async fn change_one(app: &App, ctx: &RequestContext, op: Op) -> Result<(Outcome, bool), Fault> {
    let done = app.service.change_associations(requester(ctx), vec![vec![op]], run(ctx), &ctx.work).await?;
    let outcome = done.answer.into_iter().next().unwrap_or_else(|| Ok(Outcome::default()))?;
    count_observed(app, ctx, &outcome, done.wrote);
    Ok((outcome, done.wrote))
}

/// A dry run says that it could be done, and shows nothing that is not there.
pub(super) fn shown<'a>(ctx: &RequestContext, outcome: &'a Outcome) -> &'a [Bound] {
    match run(ctx) {
        Run::Real => &outcome.bound,
        Run::Dry => &[],
    }
}

fn association_types(ctx: &RequestContext) -> Vec<String> {
    ctx.query.list("associationType").map(str::to_owned).collect()
}

fn lifecycle(ctx: &RequestContext) -> Result<Option<Lifecycle>, Fault> {
    ctx.query.text("lifecycle").map(str::parse).transpose().map_err(|_| Fault::NoSuchResource)
}

pub(super) fn requester(ctx: &RequestContext) -> Requester {
    Requester { caller: ctx.caller.clone(), operation: ctx.operation.route().name }
}

pub(super) fn run(ctx: &RequestContext) -> Run {
    if ctx.query.flag("dryRun") { Run::Dry } else { Run::Real }
}

/// The context of subjects that name none.
pub(super) fn context(ctx: &RequestContext) -> Result<Context, Fault> {
    prefix::context(ctx.query.text("context").unwrap_or_default()).map_err(Fault::BadBody)
}

pub(super) fn random() -> Guid {
    Guid(crate::http::random_uuid().into_bytes())
}

/// Counts and audits what was let through only because authorization observes, where nothing came of it: a change has its own
/// entry in the audit.
pub(super) fn count_observed(app: &App, ctx: &RequestContext, outcome: &Outcome, wrote: bool) {
    for observed in outcome.observed.iter().filter(|_| !wrote) {
        ctx.observed(app, Scope::Subject(&observed.subject), &observed.refusal);
    }
}
