//! `/config`

use super::{Answer, Ask};
use crate::app::App;
use crate::fault::Fault;
use crate::http::routes::Operation;
use crate::http::wire::config::{ConfigOut, change};
use crate::rules::names::{self, Use};
use crate::service::Inherit;

/// `GET /config[/{subject}]`
pub fn get(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    Ok(Answer::json(&ConfigOut::read(&app.service.config(&ask.subject(), inherit(ask))?)))
}

/// `PUT /config[/{subject}]`
pub async fn put(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let missing = match ask.operation {
        Operation::PutGlobalConfig => "updateTopLevelConfig.arg1",
        _ => "updateSubjectLevelConfig.arg2",
    };
    let change = change(&ask.object(app, missing, "ConfigUpdateRequest").await?)?;
    let subject = ask.subject();
    names::check(ask.parameter(0), &subject, Use::Settings)?;
    let done = app.service.change_config(subject, change).await?;
    Ok(Answer::json(&ConfigOut::written(&done.answer)).wrote(done.wrote))
}

/// `DELETE /config[/{subject}]`
pub async fn delete(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let done = app.service.delete_config(ask.subject()).await?;
    Ok(Answer::json(&ConfigOut::read(&done.answer)).wrote(done.wrote))
}

/// `defaultToGlobal`
pub fn inherit(ask: &Ask) -> Inherit {
    if ask.query.flag("defaultToGlobal") { Inherit::Yes } else { Inherit::No }
}
