//! `/compatibility`

use super::{Answer, Ask};
use crate::app::App;
use crate::fault::Fault;
use crate::http::{catalogue, wire};
use crate::rules::delete::Selector;
use crate::service::{Against, Check};
use authz::Action;
use model::Subject;
use serde::Serialize;

#[derive(Serialize)]
struct Verdict {
    is_compatible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<String>>,
}

/// `POST /compatibility/subjects/{subject}/versions`
pub async fn check_history(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let (subject, _) = ask.permit(app, Action::Lookup, subject)?.into_parts();
    check(app, ask, subject, Against::History, "testCompatibilityForSubject.arg3").await
}

/// `POST /compatibility/subjects/{subject}/versions/{version}`
pub async fn check_version(
    app: &App,
    ask: &Ask,
    subject: Subject,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    let (subject, _) = ask.permit(app, Action::Lookup, subject)?.into_parts();
    check(app, ask, subject, Against::One(version?), "testCompatibilityBySubjectName.arg4").await
}

async fn check(
    app: &App,
    ask: &Ask,
    subject: Subject,
    against: Against,
    missing: &'static str,
) -> Result<Answer, Fault> {
    let object = ask.object(app, missing, "RegisterSchemaRequest").await?;
    let verbose = ask.query.flag("verbose");
    let outcome = match wire::request::schema(&object) {
        Ok(schema) => {
            let normalize = ask.query.flag("normalize");
            app.service.check(Check { subject, schema, normalize, against }, &ask.work).await
        }
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok(messages) => Ok(verdict(messages, verbose)),
        // A verbose check explains a schema that does not parse instead of refusing it.
        Err(fault @ Fault::InvalidSchema(_)) if verbose => Ok(verdict(vec![catalogue::refusal(&fault).message], true)),
        Err(fault) => Err(fault),
    }
}

fn verdict(messages: Vec<String>, verbose: bool) -> Answer {
    Answer::json(&Verdict { is_compatible: messages.is_empty(), messages: verbose.then_some(messages) })
}
