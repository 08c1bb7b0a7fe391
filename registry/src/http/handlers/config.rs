//! `/config`

use super::{Answer, Ask};
use crate::app::App;
use crate::fault::Fault;
use crate::http::routes::Operation;
use crate::http::wire::config::{ConfigOut, change as edit};
use crate::rules::names::{self, Use};
use crate::service::Inherit;
use authz::Action;

/// `GET /config[/{subject}]`
pub fn get(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    Ok(Answer::json(&ConfigOut::read(&app.service.config(&ask.subject(), inherit(ask))?)))
}

/// `PUT /config[/{subject}]`
pub async fn put(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Config, ask.subject())?;
    let missing = match ask.operation {
        Operation::PutGlobalConfig => "updateTopLevelConfig.arg1",
        _ => "updateSubjectLevelConfig.arg2",
    };
    let edit = edit(&ask.object(app, missing, "ConfigUpdateRequest").await?)?;
    names::check(ask.parameter(0), change.resource(), Use::Settings)?;
    edit.alias.iter().flatten().try_for_each(|alias| names::check_alias(alias))?;
    let done = app.service.change_config(change, edit).await?;
    Ok(Answer::json(&ConfigOut::written(&done.answer)).wrote(done.wrote))
}

/// `DELETE /config[/{subject}]`
pub async fn delete(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Config, ask.subject())?;
    let done = app.service.delete_config(change).await?;
    Ok(Answer::json(&ConfigOut::read(&done.answer)).wrote(done.wrote))
}

/// `defaultToGlobal`
pub fn inherit(ask: &Ask) -> Inherit {
    if ask.query.flag("defaultToGlobal") { Inherit::Yes } else { Inherit::No }
}
