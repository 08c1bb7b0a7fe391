//! `/`, `/v1/metadata` and `/contexts`.

use super::{Answer, RequestContext, there};
use crate::app::App;
use crate::http::body;
use crate::http::pieces::{self, HERE};
use authz::{Action, Global};
use model::Context;
use rules::fault::Fault;
use serde_json::{Value, json};
use service::Class;
use std::sync::Arc;

/// `GET /`: serializers' probes want an empty object.
pub fn root(_: &App, _: &RequestContext) -> Result<Answer, Fault> {
    Ok(empty())
}

fn empty() -> Answer {
    Answer::text("{}")
}

/// `POST /`: any object of texts, or nothing.
pub async fn post_root(app: &Arc<App>, ctx: &Arc<RequestContext>) -> Result<Answer, Fault> {
    let _permit = ctx.permit(app, Action::Lookup, Global)?;
    there(app, ctx, Class::to_read(ctx.body.len()), |_, ctx| match body::value(&ctx.body)? {
        None | Some(Value::Null | Value::Object(_)) => Ok(empty()),
        Some(other) => Err(body::mismatch("Map", &other)),
    })
    .await
}

/// `GET /v1/metadata/id`
pub fn cluster_id(app: &App, _: &RequestContext) -> Result<Answer, Fault> {
    Ok(Answer::json(&json!({
        "scope": {
            "path": [],
            "clusters": { "kafka-cluster": app.identity.kafka_cluster, "schema-registry-cluster": app.identity.registry_cluster },
        }
    })))
}

/// `GET /v1/metadata/version`
pub fn version(_: &App, _: &RequestContext) -> Result<Answer, Fault> {
    Ok(Answer::json(&json!({ "version": crate::VERSION, "commitId": crate::COMMIT })))
}

/// `GET /v1/metadata/deployment`: no attributes; clients take their presence for features of other products.
pub fn deployment(_: &App, _: &RequestContext) -> Result<Answer, Fault> {
    Ok(Answer::text("{\"attributes\":[]}"))
}

/// `GET /contexts`
pub async fn contexts(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    let prefix = ctx.query.text("contextPrefix").unwrap_or_default();
    let listing = app.service.contexts(prefix, offset, limit);
    pieces::array(app, listing, HERE, |_, context, out| pieces::json(&context.as_str(), out)).await
}

/// `DELETE /contexts/{context}`: of an empty one. The default context is always there.
pub async fn delete_context(app: &App, ctx: &RequestContext, context: Result<Context, Fault>) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::DeleteContext, context?)?;
    if change.resource().is_default() {
        return Err(Fault::NoSuchResource);
    }
    let done = app.service.delete_context(change).await?;
    Ok(Answer::nothing().wrote(done.wrote))
}
