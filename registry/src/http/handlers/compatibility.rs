//! `/compatibility`

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::wire::finding::FindingOut;
use crate::http::{catalogue, wire};
use authz::Action;
use model::{CompatibilityLevel, Subject};
use rules::delete::Selector;
use rules::fault::Fault;
use rules::matrix::{Matrix, Row};
use rules::verdict::Outcome;
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::{Against, Check, Explain};

/// How many versions a matrix shows, the newest first.
pub const MOST_ROWS: usize = 1_000;

#[derive(Serialize)]
struct Verdict {
    is_compatible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingOut>>,
}

/// `POST /compatibility/subjects/{subject}/versions`
pub async fn check_history(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let (subject, _) = ctx.permit(app, Action::Lookup, subject)?.into_parts();
    check(app, ctx, subject, Against::History, "testCompatibilityForSubject.arg3").await
}

/// `POST /compatibility/subjects/{subject}/versions/{version}`
pub async fn check_version(
    app: &App,
    ctx: &RequestContext,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let (subject, _) = ctx.permit(app, Action::Lookup, subject)?.into_parts();
    check(app, ctx, subject, Against::One(version?), "testCompatibilityBySubjectName.arg4").await
}

async fn check(
    app: &App,
    ctx: &RequestContext,
    subject: Subject,
    against: Against,
    missing: &'static str,
) -> Result<Answer, Fault> {
    let object = ctx.object(app, missing, "RegisterSchemaRequest").await?;
    let verbose = ctx.query.flag("verbose");
    let outcome = match wire::request::schema(&object) {
        Ok(schema) => {
            let normalize = ctx.query.flag("normalize");
            let explain = if verbose { Explain::Places } else { Explain::No };
            Box::pin(app.service.check(Check { subject, schema, normalize, against, explain }, &ctx.work)).await
        }
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok(outcome) => Ok(verdict(&outcome, verbose)),
        // A verbose check explains a schema that does not parse instead of refusing it.
        Err(fault @ Fault::InvalidSchema(_)) if verbose => {
            let messages = Some(vec![catalogue::error_response(&fault).message]);
            Ok(Answer::json(&Verdict { is_compatible: false, messages, findings: None }))
        }
        Err(fault) => Err(fault),
    }
}

fn verdict(outcome: &Outcome, verbose: bool) -> Answer {
    let (messages, findings) =
        if verbose { (Some(outcome.messages()), FindingOut::all(&outcome.told)) } else { (None, None) };
    Answer::json(&Verdict { is_compatible: outcome.is_compatible(), messages, findings })
}

/// `POST /compatibility/subjects/{subject}/matrix`
pub async fn matrix(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let (subject, _) = ctx.permit(app, Action::Lookup, subject)?.into_parts();
    let object = ctx.object(app, "testCompatibilityForSubject.arg3", "RegisterSchemaRequest").await?;
    let (schema, normalize) = (wire::request::schema(&object)?, ctx.query.flag("normalize"));
    let request = Check { subject, schema, normalize, against: Against::History, explain: Explain::Places };
    Ok(Answer::json(&shown(&app.service.matrix(request, &ctx.work).await?)))
}

fn shown(matrix: &Matrix) -> Value {
    use CompatibilityLevel::{Backward, Forward, Full};
    let levels: Map<String, Value> = CompatibilityLevel::ALL
        .into_iter()
        .map(|level| (level.as_str().to_owned(), matrix.allows(level).into()))
        .collect();
    let row = |row: &Row| {
        let mut shown = json!({ "version": row.version });
        for level in [Backward, Forward, Full] {
            shown[level.as_str()] = row.allows(level).into();
        }
        if let Some(error) = &row.error {
            shown["error"] = error.as_str().into();
        }
        shown
    };
    let mut shown = json!({
        "is_compatible": matrix.is_compatible(),
        "level": matrix.level.as_str(),
        "levels": levels,
        "versionCount": matrix.rows.len(),
        "versions": matrix.rows.iter().take(MOST_ROWS).map(row).collect::<Vec<_>>(),
        "findings": FindingOut::all(&matrix.told).unwrap_or_default(),
    });
    if !matrix.reserved.is_empty() {
        shown["messages"] = matrix.reserved.clone().into();
    }
    shown
}
