//! `/mode`

use super::config::inherit;
use super::{Answer, Ask};
use crate::app::App;
use crate::fault::Fault;
use crate::http::body;
use crate::http::routes::Operation;
use crate::rules::mode::Force;
use crate::rules::names::{self, Use};
use model::Mode;
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

/// `GET /mode[/{subject}]`
pub fn get(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let mode = app.service.mode(&ask.subject(), inherit(ask))?;
    Ok(Answer::json(&ModeOut { mode: Some(mode.as_str()) }))
}

/// `PUT /mode[/{subject}]`
pub async fn put(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let missing = match ask.operation {
        Operation::PutGlobalMode => "updateTopLevelMode.arg1",
        _ => "updateMode.arg2",
    };
    let object = ask.object(app, missing, "ModeUpdateRequest").await?;
    let text = body::text(&object, "mode")?;
    let subject = ask.subject();
    names::check(ask.parameter(0), &subject, Use::Settings)?;
    let mode = match &text {
        Some(text) => Some(text.parse::<Mode>().map_err(|_| Fault::InvalidMode)?),
        None if object.contains_key("mode") => None,
        None => return Err(Fault::InvalidMode),
    };
    let force = if ask.query.flag("force") { Force::Yes } else { Force::No };
    let done = app.service.change_mode(subject, mode, force).await?;
    Ok(Answer::json(&Echo { mode: text.as_deref() }).wrote(done.wrote))
}

/// `DELETE /mode[/{subject}]`
pub async fn delete(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let done = app.service.delete_mode(ask.subject(), ask.query.flag("recursive")).await?;
    Ok(Answer::json(&ModeOut { mode: done.answer.map(Mode::as_str) }).wrote(done.wrote))
}
