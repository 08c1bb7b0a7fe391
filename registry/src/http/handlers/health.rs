//! What operators and orchestrators ask: liveness, readiness, metrics, and the description of the API.

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::openapi;
use crate::metrics::Seen;
use rules::fault::Fault;
use serde_json::json;
use storage::Health;

/// `GET /health/live`: the process answers.
pub fn live(_: &App, _: &RequestContext) -> Result<Answer, Fault> {
    Ok(Answer::fixed("application/json", "{\"status\":\"live\"}"))
}

/// `GET /health/ready`: reads and writes work. A registry where nothing can be changed is not ready, and says why.
pub fn ready(app: &App, _: &RequestContext) -> Result<Answer, Fault> {
    let (status, mut body) = match app.service.store().health() {
        Health::Ok if !app.service.is_audited() => {
            (503, json!({ "status": "read-only", "reason": "the audit's sink takes nothing; see the log" }))
        }
        Health::Ok => (200, json!({ "status": "ready" })),
        Health::ReadOnly(_) => {
            (503, json!({ "status": "read-only", "reason": "the store refused a write; see the log" }))
        }
        Health::Corrupt(_) => (503, json!({ "status": "damaged", "reason": "stored data are damaged; see the log" })),
    };
    if !app.access.is_open() {
        // So that nodes can be compared.
        let policy = app.access.gate.authorizer.policy();
        body["policy"] = json!({ "model": policy.model_hash(), "policy": policy.policy_hash() });
    }
    Ok(Answer::fixed("application/json", body.to_string()).with_status(status))
}

/// `GET /metrics`
pub fn metrics(app: &App, _: &RequestContext) -> Result<Answer, Fault> {
    let (totals, keys) = app.service.read(|state| Ok((state.totals()?, state.key_counts()?)))?;
    let store = app.service.store();
    let (jobs, verdicts) = (app.service.jobs(), app.service.verdict_reuse().read());
    let seen = Seen { totals, keys, health: store.health(), usage: store.usage(), jobs, verdicts };
    let text = app.metrics.render(&seen).map_err(Fault::Internal)?;
    Ok(Answer::fixed("text/plain; version=0.0.4; charset=utf-8", text))
}

/// `GET /openapi.json`
pub fn api_description(_: &App, _: &RequestContext) -> Result<Answer, Fault> {
    Ok(Answer::fixed("application/json", openapi::DOCUMENT))
}
