//! `/namespaces/{namespace}/audit`, which alone of all that is read takes a right.

use super::{Answer, Ask};
use crate::access::shown;
use crate::app::App;
use crate::fault::Fault;
use crate::http::wire::namespace::parsed;
use crate::service::AuditPage;
use authz::{Action, Global};
use model::NamespaceName;
use serde_json::{Value, json};
use storage::AuditPlace;

/// `GET /namespaces/{namespace}/audit?from=&to=&limit=&before=`
pub async fn get(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let permit = ask.permit(app, Action::Secret, parsed::<NamespaceName>(ask.parameter(0))?)?;
    app.service.namespace(permit.resource().as_str())?;
    page(app, ask, Some(permit.resource())).await
}

/// `GET /namespaces/-/audit`: of all namespaces, and of what nobody owns.
pub async fn whole(app: &App, ask: &Ask) -> Result<Answer, Fault> {
    let _permit = ask.permit(app, Action::Secret, Global)?;
    page(app, ask, None).await
}

async fn page(app: &App, ask: &Ask, namespace: Option<&NamespaceName>) -> Result<Answer, Fault> {
    let limit = ask.query.page(1000)?.1;
    let time = |name: &str| match ask.query.text(name) {
        None | Some("") => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
            Fault::InvalidNamespace(format!("'{name}' is a time in milliseconds since 1970, not '{text}'"))
        }),
    };
    let from = time("from")?.map_or(AuditPlace::FIRST, AuditPlace::since);
    let mut to = time("to")?.map_or(AuditPlace::LAST, AuditPlace::since);
    if let Some(text) = ask.query.text("before") {
        let unknown = || Fault::InvalidNamespace(format!("'{text}' is no 'next' of an earlier page"));
        let (at, position) = text.split_once('.').ok_or_else(unknown)?;
        let place =
            AuditPlace { at: at.parse().map_err(|_| unknown())?, position: position.parse().map_err(|_| unknown())? };
        to = to.min(place);
    }
    app.access.audit.written().await;
    let AuditPage { entries, next } = app.service.audit(namespace, from, to, limit)?;
    let entries: Vec<Value> = entries.iter().map(|entry| shown(entry.place.at, &entry.record)).collect();
    let mut answer = json!({ "entries": entries });
    if let Some(next) = next {
        answer["next"] = format!("{}.{}", next.at, next.position).into();
    }
    Ok(Answer::json(&answer))
}
