//! `/mode`

use super::config::inherit;
use super::{Answer, RequestContext, global};
use crate::app::App;
use crate::http::body;
use authz::Action;
use model::{Mode, Subject};
use rules::fault::Fault;
use rules::mode::Force;
use rules::names::{self, Use};
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
pub fn get_global(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    get(app, ctx, global())
}

/// `GET /mode/{subject}`
pub fn get(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let mode = app.service.mode(&subject, inherit(ctx))?;
    Ok(Answer::json(&ModeOut { mode: Some(mode.as_str()) }))
}

/// `PUT /mode`
pub async fn put_global(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    change(app, ctx, global(), "updateTopLevelMode.arg1").await
}

/// `PUT /mode/{subject}`
pub async fn put(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    change(app, ctx, subject, "updateMode.arg2").await
}

async fn change(app: &App, ctx: &RequestContext, subject: Subject, missing: &'static str) -> Result<Answer, Fault> {
    let least = ctx.change(app, Action::Mode, subject.clone())?;
    let object = ctx.object(app, missing, "ModeUpdateRequest").await?;
    let text = body::text(&object, "mode")?;
    names::check(ctx.subject_text(), least.resource(), Use::Settings)?;
    let mode = match &text {
        Some(text) => Some(text.parse::<Mode>().map_err(|_| Fault::InvalidMode)?),
        None if object.contains_key("mode") => None,
        None => return Err(Fault::InvalidMode),
    };
    let force = if ctx.query.flag("force") { Force::Yes } else { Force::No };
    if force == Force::Yes {
        let _overrules = ctx.permit(app, Action::Force, subject.clone())?;
    }
    // In a mode that takes explicit ids one team could use up everybody's.
    let change = match mode {
        Some(mode) if mode.takes_explicit_ids() => ctx.change(app, Action::Import, subject)?,
        _ => least,
    };
    let done = app.service.change_mode(change, mode, force).await?;
    Ok(Answer::json(&Echo { mode: text.as_deref() }).wrote(done.wrote))
}

/// `DELETE /mode`
pub async fn delete_global(app: &App, ctx: &RequestContext) -> Result<Answer, Fault> {
    delete(app, ctx, global()).await
}

/// `DELETE /mode/{subject}`
pub async fn delete(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Mode, subject)?;
    let done = app.service.delete_mode(change, ctx.query.flag("recursive")).await?;
    Ok(Answer::json(&ModeOut { mode: done.answer.map(Mode::as_str) }).wrote(done.wrote))
}
