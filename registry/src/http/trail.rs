//! What an answer leaves behind for the log: which operation on which subject, whether it changed anything, why it was
//! refused.

use super::routes::Operation;
use http::HeaderValue;
use std::time::Duration;

/// Travels with the answer to the log and the metrics.
#[derive(Clone, Debug)]
pub struct Trail {
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

/// One line for a change or a refusal; reads that succeed are not news.
pub fn log(trail: Option<&Trail>, id: &HeaderValue, method: &http::Method, path: &str, status: u16, elapsed: Duration) {
    let Some(trail) = trail else { return };
    let id = one_line(&String::from_utf8_lossy(id.as_bytes()));
    let operation = trail.operation.map_or("none", |operation| operation.route().name);
    let subject = trail.subject.as_deref().unwrap_or_default();
    let caller = trail.caller.as_deref().unwrap_or("anonymous");
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    match &trail.refusal {
        Some((code, message)) => {
            let cause = trail.cause.as_deref().unwrap_or_default();
            let message = one_line(message);
            if status >= 500 {
                tracing::error!(request_id = %id, operation, subject, caller, %method, path, status, code, micros, cause, "failed: {message}");
            } else {
                tracing::info!(request_id = %id, operation, subject, caller, %method, path, status, code, micros, "refused: {message}");
            }
        }
        None if trail.open => {
            tracing::info!(request_id = %id, operation, subject, caller, %method, path, status, micros, "changed, as anyone may");
        }
        None if trail.wrote => {
            tracing::info!(request_id = %id, operation, subject, caller, %method, path, status, micros, "changed");
        }
        None => {
            tracing::debug!(request_id = %id, operation, subject, caller, %method, path, status, micros, "answered")
        }
    }
}

/// A text of a client as part of a line: bounded, and without what could start another line or move a terminal's cursor.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars().take(500) {
        match character {
            '\u{2028}' | '\u{2029}' => line.extend(character.escape_unicode()),
            control if control.is_control() => line.extend(control.escape_default()),
            other => line.push(other),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn texts_of_clients_stay_within_their_line() {
        #[track_caller]
        fn check(text: &str, line: &str) {
            assert_eq!(one_line(text), line);
        }
        check("Subject 'größe' not found.", "Subject 'größe' not found.");
        check("a\nINFO b\r\t", "a\\nINFO b\\r\\t");
        check("\u{1b}[31m\u{85}\u{2028}", "\\u{1b}[31m\\u{85}\\u{2028}");
        check(&"x".repeat(600), &"x".repeat(500));
    }
}
