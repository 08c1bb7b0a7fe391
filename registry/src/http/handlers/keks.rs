//! `/dek-registry/v1/keks`: the keys that wrap others.

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::pieces::{self, HERE};
use crate::http::wire::encryption::{self as wire, KekOut, ReadersOut};
use authz::Action;
use rules::encryption::kek;
use rules::fault::Fault;
use service::KekName;
use std::sync::Arc;

/// `GET /dek-registry/v1/keks`
pub async fn list(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    let prefixes: Vec<String> = ctx.query.list("subjectPrefix").map(str::to_owned).collect();
    // Prefixes are looked for among all DEKs.
    let here = if prefixes.is_empty() && offset == 0 { HERE } else { 0 };
    let listing = app.service.kek_names(prefixes, ctx.deleted(), offset, limit);
    pieces::array(app, listing, here, |_, name, out| pieces::json(&name, out)).await
}

/// `POST /dek-registry/v1/keks`
pub async fn create(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    let object = ctx.object(app, "createKek.arg2", "CreateKekRequest").await?;
    let wanted = kek::check(wire::kek(&object)?)?;
    let action = app.service.action_to_make_kek(&wanted)?;
    let change = ctx.change(app, action, KekName::new(&wanted.name))?;
    let done = app.service.create_kek(change, wanted, tested(ctx)).await?;
    Ok(Answer::json(&KekOut::from(&done.answer)).wrote(done.wrote))
}

/// `GET /dek-registry/v1/keks/{kek}`
pub fn get(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    Ok(Answer::json(&KekOut::from(&app.service.kek(name, ctx.deleted())?)))
}

/// `PUT /dek-registry/v1/keks/{kek}`
pub async fn put(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Config, KekName::new(name))?;
    let object = ctx.object(app, "putKek.arg3", "UpdateKekRequest").await?;
    let done = app.service.change_kek(change, wire::kek_change(&object)?, tested(ctx)).await?;
    Ok(Answer::json(&KekOut::from(&done.answer)).wrote(done.wrote))
}

/// `DELETE /dek-registry/v1/keks/{kek}`
pub async fn delete(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Delete, KekName::new(name))?;
    let done = app.service.delete_kek(change, ctx.depth()).await?;
    Ok(Answer::nothing().wrote(done.wrote))
}

/// `POST /dek-registry/v1/keks/{kek}/test`
pub async fn test(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let permit = ctx.permit(app, Action::Register, KekName::new(name))?;
    let stored = app.service.test_kek(permit).await?;
    Ok(Answer::json(&KekOut::from(&stored).tried()))
}

/// `POST /dek-registry/v1/keks/{kek}/undelete`
pub async fn undelete(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Delete, KekName::new(name))?;
    let done = app.service.undelete_kek(change).await?;
    Ok(Answer::nothing().wrote(done.wrote))
}

/// `GET /dek-registry/v1/keks/{kek}/readers`
pub fn readers(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    Ok(Answer::json(&ReadersOut::from(&app.service.kek(name, ctx.deleted())?.kek)))
}

/// `PUT /dek-registry/v1/keks/{kek}/readers`
pub async fn put_readers(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Govern, KekName::new(name))?;
    let object = ctx.object(app, "putReaders.body", "Readers").await?;
    let done = app.service.set_readers(change, wire::readers(&object)?).await?;
    Ok(Answer::json(&ReadersOut::from(&done.answer.kek)).wrote(done.wrote))
}

/// `testSharing`: is the key management system tried first?
fn tested(ctx: &RequestContext) -> bool {
    ctx.query.flag("testSharing")
}
