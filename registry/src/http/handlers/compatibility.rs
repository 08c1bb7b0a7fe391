//! `/compatibility`

use super::{Answer, Ask};
use crate::app::App;
use crate::fault::Fault;
use crate::http::routes::Operation;
use crate::http::{catalogue, wire};
use crate::service::{Against, Check};
use authz::Action;
use serde::Serialize;

#[derive(Serialize)]
struct Verdict {
    is_compatible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<String>>,
}

/// `POST /compatibility/subjects/{subject}/versions[/{version}]`
pub async fn check(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let (subject, _) = ask.permit(app, Action::Lookup, ask.subject())?.into_parts();
    let (against, missing) = match ask.operation {
        Operation::CheckAgainstHistory => (Against::History, "testCompatibilityForSubject.arg3"),
        _ => (Against::One(ask.selector()?), "testCompatibilityBySubjectName.arg4"),
    };
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
