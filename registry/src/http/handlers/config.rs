//! `/config`

use super::{Answer, Ask, global};
use crate::app::App;
use crate::fault::Fault;
use crate::http::wire::config::{ConfigOut, change as edit};
use crate::rules::names::{self, Use};
use crate::service::Inherit;
use authz::Action;
use model::Subject;

/// `GET /config`
pub fn get_global(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    get(app, ask, global())
}

/// `GET /config/{subject}`
pub fn get(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    Ok(Answer::json(&ConfigOut::read(&app.service.config(&subject, inherit(ask))?)))
}

/// `PUT /config`
pub async fn put_global(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    change(app, ask, global(), "updateTopLevelConfig.arg1").await
}

/// `PUT /config/{subject}`
pub async fn put(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    change(app, ask, subject, "updateSubjectLevelConfig.arg2").await
}

async fn change(app: &App, ask: &Ask, subject: Subject, missing: &'static str) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Config, subject)?;
    let edit = edit(&ask.object(app, missing, "ConfigUpdateRequest").await?)?;
    names::check(ask.subject_text(), change.resource(), Use::Settings)?;
    edit.alias.iter().flatten().try_for_each(|alias| names::check_alias(alias))?;
    let done = app.service.change_config(change, edit).await?;
    Ok(Answer::json(&ConfigOut::written(&done.answer)).wrote(done.wrote))
}

/// `DELETE /config`
pub async fn delete_global(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    delete(app, ask, global()).await
}

/// `DELETE /config/{subject}`
pub async fn delete(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Config, subject)?;
    let done = app.service.delete_config(change).await?;
    Ok(Answer::json(&ConfigOut::read(&done.answer)).wrote(done.wrote))
}

/// `defaultToGlobal`
pub fn inherit(ask: &Ask) -> Inherit {
    if ask.query.flag("defaultToGlobal") { Inherit::Yes } else { Inherit::No }
}
