//! `/config`

use super::{Answer, RequestContext, global};
use crate::app::App;
use crate::http::wire::config::{ConfigOut, change as edit};
use authz::Action;
use model::Subject;
use rules::fault::Fault;
use rules::names::{self, Use};
use rules::rule_set;
use service::Inherit;

/// `GET /config`
pub fn get_global(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    get(app, ctx, global())
}

/// `GET /config/{subject}`
pub fn get(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    Ok(Answer::json(&ConfigOut::read(&app.service.config(&subject, inherit(ctx))?)))
}

/// `PUT /config`
pub async fn put_global(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    change(app, ctx, global(), "updateTopLevelConfig.arg1").await
}

/// `PUT /config/{subject}`
pub async fn put(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    change(app, ctx, subject, "updateSubjectLevelConfig.arg2").await
}

async fn change(app: &App, ctx: &RequestContext, subject: Subject, missing: &'static str) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Config, subject)?;
    let edit = edit(&ctx.object(app, missing, "ConfigUpdateRequest").await?)?;
    [&edit.default_rule_set, &edit.override_rule_set].into_iter().flatten().flatten().try_for_each(rule_set::check)?;
    names::check(ctx.subject_text(), change.resource(), Use::Settings)?;
    edit.alias.iter().flatten().try_for_each(|alias| names::check_alias(alias))?;
    let done = app.service.change_config(change, edit).await?;
    Ok(Answer::json(&ConfigOut::written(&done.answer)).wrote(done.wrote))
}

/// `DELETE /config`
pub async fn delete_global(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    delete(app, ctx, global()).await
}

/// `DELETE /config/{subject}`
pub async fn delete(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Config, subject)?;
    let done = app.service.delete_config(change).await?;
    Ok(Answer::json(&ConfigOut::read(&done.answer)).wrote(done.wrote))
}

/// `defaultToGlobal`
pub fn inherit(ctx: &RequestContext) -> Inherit {
    if ctx.query.flag("defaultToGlobal") { Inherit::Yes } else { Inherit::No }
}
