//! What an answer leaves behind for the log: which operation on which subject, whether it changed anything, why it was
//! refused.

use super::routes::Operation;
use http::HeaderValue;
use model::cut;
use std::time::Duration;

/// Travels with the answer to the log and the metrics.
#[derive(Clone, Debug)]
pub struct AccessLog {
    /// The operation, where a route matched.
    pub operation: Option<Operation>,
    /// The subject of the path.
    pub subject: Option<String>,
    /// Who asked.
    pub caller: Option<String>,
    /// Did it change anything?
    pub wrote: bool,
    /// Might anyone have changed it?
    pub open: bool,
    /// Error code and message.
    pub refusal: Option<(u32, String)>,
    /// What the client is not told.
    pub cause: Option<String>,
}

/// One line for a change or a refusal; reads that succeed are not news. Texts of clients are values of fields, which are
/// quoted, and never part of the message.
pub fn log(
    access_log: Option<&AccessLog>,
    id: &HeaderValue,
    method: &http::Method,
    path: &str,
    status: u16,
    elapsed: Duration,
) {
    let Some(access_log) = access_log else { return };
    let id = String::from_utf8_lossy(id.as_bytes());
    let request_id = bounded(&id);
    let operation = access_log.operation.map_or("none", |operation| operation.route().name);
    // A name may have 8 KiB, and anybody may send one.
    let subject = &*cut(access_log.subject.as_deref().unwrap_or_default());
    let path = &*cut(path);
    let caller = access_log.caller.as_deref().unwrap_or("anonymous");
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    match &access_log.refusal {
        Some((code, message)) => {
            let cause = access_log.cause.as_deref().unwrap_or_default();
            let reason = bounded(without_details(message));
            if status >= 500 {
                tracing::error!(request_id, operation, subject, caller, %method, path, status, code, micros, reason, cause, "failed");
            } else {
                tracing::info!(request_id, operation, subject, caller, %method, path, status, code, micros, reason, "refused");
            }
        }
        None if access_log.open => {
            tracing::info!(request_id, operation, subject, caller, %method, path, status, micros, "changed (authorization not enforced)");
        }
        None if access_log.wrote => {
            tracing::info!(request_id, operation, subject, caller, %method, path, status, micros, "changed");
        }
        None => {
            tracing::debug!(request_id, operation, subject, caller, %method, path, status, micros, "answered")
        }
    }
}

/// What a schema is refused for, without the details: these quote it, and bodies are not logged.
fn without_details(message: &str) -> &str {
    message.split_once(", details: ").map_or(message, |(refusal, _)| refusal)
}

/// The beginning of a text that may be of any length.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(500)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_stay_out_of_the_log() {
        let check = |message, logged| assert_eq!(without_details(message), logged);
        check("Subject 's' not found.", "Subject 's' not found.");
        check("Invalid schema of type AVRO, details: No type: {\"a\":1}", "Invalid schema of type AVRO");
        check(
            "Schema being registered is incompatible with an earlier schema for subject \"s\", details: [{oldSchema: '\"int\"'}]",
            "Schema being registered is incompatible with an earlier schema for subject \"s\"",
        );
    }
}
