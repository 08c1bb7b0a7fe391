//! `/mode`

use super::config::inherit;
use super::{Answer, Ask, global};
use crate::app::App;
use crate::fault::Fault;
use crate::http::body;
use crate::rules::mode::Force;
use crate::rules::names::{self, Use};
use authz::Action;
use model::{Mode, Subject};
use serde::Serialize;

#[derive(Serialize)]
struct ModeOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
}

/// The answer to PUT echoes the request, its letter case and a `null` included.
#[derive(Serialize)]
struct Echo<'a> {
    mode: Option<&'a str>,
}

/// `GET /mode`
pub fn get_global(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    get(app, ask, global())
}

/// `GET /mode/{subject}`
pub fn get(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let mode = app.service.mode(&subject, inherit(ask))?;
    Ok(Answer::json(&ModeOut { mode: Some(mode.as_str()) }))
}

/// `PUT /mode`
pub async fn put_global(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    change(app, ask, global(), "updateTopLevelMode.arg1").await
}

/// `PUT /mode/{subject}`
pub async fn put(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    change(app, ask, subject, "updateMode.arg2").await
}

async fn change(app: &App, ask: &Ask, subject: Subject, missing: &'static str) -> Result<Answer, Fault> {
    let least = ask.change(app, Action::Mode, subject.clone())?;
    let object = ask.object(app, missing, "ModeUpdateRequest").await?;
    let text = body::text(&object, "mode")?;
    names::check(ask.subject_text(), least.resource(), Use::Settings)?;
    let mode = match &text {
        Some(text) => Some(text.parse::<Mode>().map_err(|_| Fault::InvalidMode)?),
        None if object.contains_key("mode") => None,
        None => return Err(Fault::InvalidMode),
    };
    let force = if ask.query.flag("force") { Force::Yes } else { Force::No };
    if force == Force::Yes {
        let _overrules = ask.permit(app, Action::Force, subject.clone())?;
    }
    // In a mode that takes explicit ids one team could use up everybody's.
    let change = match mode {
        Some(mode) if mode.takes_explicit_ids() => ask.change(app, Action::Import, subject)?,
        _ => least,
    };
    let done = app.service.change_mode(change, mode, force).await?;
    Ok(Answer::json(&Echo { mode: text.as_deref() }).wrote(done.wrote))
}

/// `DELETE /mode`
pub async fn delete_global(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    delete(app, ask, global()).await
}

/// `DELETE /mode/{subject}`
pub async fn delete(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Mode, subject)?;
    let done = app.service.delete_mode(change, ask.query.flag("recursive")).await?;
    Ok(Answer::json(&ModeOut { mode: done.answer.map(Mode::as_str) }).wrote(done.wrote))
}
