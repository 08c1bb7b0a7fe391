//! `/associations:batchGet` and `/associations:batchMutate`: many resources at once, each of which succeeds or fails by itself.

use super::associations::{context, count_observed, random, requester, run, shown};
use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::body::Object;
use crate::http::wire::association::{self as wire, AskedOp, ResourceOut, ResultOut};
use authz::{Action, Global};
use model::{Context, TOPIC};
use rules::association::end::Ending;
use rules::association::invalid;
use rules::association::request::{self, Asked, Resource, Run, Sent, Verb};
use rules::fault::Fault;
use serde_json::json;
use service::{Class, Element, Filter, Op, Outcome, Schemas, Wanted};
use std::sync::Arc;

/// Elements of a batch, and operations of all its elements: the writer decides on them one after the other.
pub const LARGEST_BATCH: usize = 1_000;

/// `POST /associations:batchGet`
pub async fn get(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    // Of topics that may be anybody's, and changing nothing: like a question about no subject.
    let _permit = ctx.permit(app, Action::Lookup, Global)?;
    let object = ctx.object(app, "batchGetAssociations.body", "AssociationBatchGetRequest").await?;
    let elements = wire::elements(&object)?;
    check_size(elements.len())?;
    let sent: Vec<Sent> = elements.iter().map(|element| wire::resource(element)).collect::<Result<_, _>>()?;
    let wanted: Vec<Wanted> = elements.iter().zip(&sent).map(|(e, sent)| wanted(e, sent)).collect::<Result<_, _>>()?;
    let schemas = if ctx.query.flag("includeSchemas") { Schemas::Shown } else { Schemas::Hidden };
    let there = Arc::clone(app);
    let read = move || {
        let found = there.service.associations_of(&wanted, schemas)?;
        let results = found.iter().zip(&sent).map(|(found, sent)| match found {
            Ok(found) => ResultOut::Result(ResourceOut::found(sent, resource_type(sent), found)),
            Err(fault) => ResultOut::Error(fault.into()),
        });
        Ok(Answer::json(&json!({ "results": results.collect::<Vec<_>>() })).with_status(207))
    };
    app.service.work(Class::List, read).await
}

/// `POST /associations:batchMutate`
pub async fn mutate(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    let object = ctx.object(app, "batchMutateAssociations.body", "AssociationBatchRequest").await?;
    let elements = wire::elements(&object)?;
    check_size(elements.len())?;
    let context = context(ctx)?;
    let mut planned = Vec::with_capacity(elements.len());
    let mut size = 0;
    for object in elements {
        let (sent, ops) = (wire::resource(object)?, wire::operations(object)?);
        size += ops.len();
        check_size(size)?;
        planned.push(element(run(ctx), &context, sent, ops));
    }
    // What is wrong by itself need not be decided on; its place in the answer stays.
    let (mut asked, mut resources) = (Vec::new(), Vec::with_capacity(planned.len()));
    for element in planned {
        resources.push(element.map(|(resource, ops)| {
            asked.push(ops);
            resource
        }));
    }
    let done = app.service.change_associations(requester(ctx), asked, run(ctx), &ctx.work).await?;
    let mut outcomes = done.answer.into_iter();
    let mut next = || outcomes.next().unwrap_or_else(|| Ok(Outcome::default()));
    let results: Vec<Result<(Resource, Outcome), Fault>> =
        resources.into_iter().map(|resource| resource.and_then(|resource| Ok((resource, next()?)))).collect();
    for result in &results {
        match result {
            Ok((_, outcome)) => count_observed(app, ctx, outcome, done.wrote),
            Err(Fault::Denied(refusal)) => {
                let who = (&ctx.caller, None);
                app.access.audit.refused(ctx.operation.audited(), None, &app.service.ownership(), who, refusal);
            }
            Err(_) => {}
        }
    }
    let results = results.iter().map(|result| match result {
        Ok((resource, outcome)) => ResultOut::Result(ResourceOut::bound(resource, shown(ctx, outcome))),
        Err(fault) => ResultOut::Error(fault.into()),
    });
    let body = json!({ "results": results.collect::<Vec<_>>() });
    Ok(Answer::json(&body).with_status(207).wrote(done.wrote))
}

/// What adjacent operations of one kind are together.
enum Group {
    Bind(Verb, Vec<Asked>),
    End(Ending),
}

/// Adjacent operations of one kind are one request, whose associations are looked at together.
fn element(run: Run, context: &Context, sent: Sent, asked: Vec<AskedOp>) -> Result<(Resource, Element), Fault> {
    let resource = request::resource(sent.clone(), run)?;
    if asked.is_empty() {
        return Err(invalid("associations", "cannot be null or empty"));
    }
    let mut groups: Vec<Group> = Vec::new();
    for op in asked {
        let (verb, asked) = match op {
            AskedOp::Create(asked) => (Verb::Create, asked),
            AskedOp::Upsert(asked) => (Verb::Upsert, asked),
            AskedOp::Delete { association_type, cascade } => {
                groups.push(Group::End(Ending {
                    resource_id: resource.id.clone().ok_or_else(|| invalid("resourceId", "cannot be null or empty"))?,
                    resource_type: resource.resource_type.clone(),
                    association_types: vec![request::association_type(association_type.as_deref())?],
                    cascade,
                }));
                continue;
            }
        };
        match groups.last_mut() {
            Some(Group::Bind(of, all)) if *of == verb => all.push(asked),
            _ => groups.push(Group::Bind(verb, vec![asked])),
        }
    }
    let op = |group| match group {
        Group::End(ending) => Ok(Op::End(ending)),
        Group::Bind(verb, asked) => request::check(verb, run, context, sent.clone(), asked, random).map(Op::Bind),
    };
    let ops = groups.into_iter().map(op).collect::<Result<_, Fault>>()?;
    Ok((resource, ops))
}

fn wanted(element: &Object, sent: &Sent) -> Result<Wanted, Fault> {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Ok(Wanted {
        id: named(&sent.id),
        name: named(&sent.name),
        namespace: named(&sent.namespace),
        filter: Filter {
            resource_type: Some(resource_type(sent).to_owned()),
            association_types: wire::texts(element, "associationTypes")?,
            lifecycle: wire::lifecycle(element)?,
        },
    })
}

fn resource_type(sent: &Sent) -> &str {
    sent.resource_type.as_deref().filter(|text| !text.is_empty()).unwrap_or(TOPIC)
}

fn check_size(size: usize) -> Result<(), Fault> {
    if size > LARGEST_BATCH {
        return Err(invalid("requests", format!("cannot hold more than {LARGEST_BATCH} operations")));
    }
    Ok(())
}
