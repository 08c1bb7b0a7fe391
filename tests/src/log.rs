//! The log: a line for each start, change and refusal, which names the request, as text or JSON, and never a secret.

use crate::harness::{Node, Settings, named};
use serde_json::Value;

const REQUEST: (&str, &str) = ("X-Request-ID", "request-7");
const SECRET: &str = "c2VjcmV0OmFsc28gc2VjcmV0";

/// One change, one refusal, one read and one request without a route.
fn use_it(node: &Node) {
    let headers = [("Content-Type", "application/json"), REQUEST];
    let mut caller = node.caller();
    caller.send("POST", "/subjects/orders/versions", &headers, Some(named("A").to_string().as_bytes())).ok();
    let refused = caller.send("POST", "/subjects/orders/versions", &headers, Some(br#"{"schema":"{"}"#));
    assert_eq!(refused.error_code(), 42201);
    let authorized = [("Authorization", &*format!("Bearer {SECRET}")), REQUEST];
    caller.send("GET", "/subjects", &authorized, None);
    caller.send("GET", &format!("/subjects/nobody/versions?token={SECRET}"), &authorized, None);
}

#[test]
fn a_start_a_change_and_a_refusal_are_one_line_each_with_the_request_id() {
    let mut node = Node::start();
    use_it(&node);
    node.terminate();
    let (_, log) = node.ended();
    #[track_caller]
    fn check(log: &str, parts: &[&str]) {
        let lines: Vec<&str> = log.lines().filter(|line| parts.iter().all(|part| line.contains(part))).collect();
        assert_eq!(lines.len(), 1, "lines with {parts:?} in:\n{log}");
    }
    check(&log, &["INFO", "serving", &node.address, &node.data().display().to_string(), registry::VERSION]);
    let registered = ["INFO", "changed, as anyone may", "request_id=request-7", "subjects.versions.register", "orders"];
    check(&log, &registered);
    check(&log, &["INFO", "refused", "request_id=request-7", "code=42201", "status=422"]);
    check(&log, &["INFO", "refused", "request_id=request-7", "code=40401", "nobody"]);
    check(&log, &["stopped"]);
    // Reads that succeed are not news.
    assert!(!log.contains("subjects.list"), "{log}");
}

#[test]
fn json_lines_parse_and_have_the_same_fields() {
    let mut node = Node::with(Settings::flags(&["--log-format", "json"]));
    use_it(&node);
    node.terminate();
    let (_, log) = node.ended();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = |message: &str| {
        let line = lines.iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)));
        line.unwrap_or_else(|| panic!("{message:?} is not in:\n{log}"))
    };
    assert_eq!(found("serving")["level"], "INFO");
    let changed = found("changed");
    assert_eq!(
        (&changed["request_id"], &changed["operation"]),
        (&"request-7".into(), &"subjects.versions.register".into())
    );
    assert_eq!((&changed["subject"], &changed["status"]), (&"orders".into(), &200.into()), "{changed}");
    assert_eq!(found("refused")["code"], 42201);
    assert!(lines.iter().all(|line| line["timestamp"].is_string()), "{log}");
}

#[test]
fn no_secret_of_a_request_is_in_the_log_at_any_level() {
    let mut node = Node::with(Settings::flags(&["--log-level", "trace"]));
    use_it(&node);
    node.terminate();
    let (_, log) = node.ended();
    assert!(log.contains("request-7") && !log.contains(SECRET), "{log}");
}

/// A path can hold what looks like a line of its own; it must not become one.
#[test]
fn nothing_a_client_sends_breaks_out_of_its_line() {
    let mut node = Node::start();
    let header = [("X-Request-ID", "id\u{9b}31m\u{85}")];
    let answer = node.caller().send("GET", "/subjects/x%C2%85y%E2%80%A8z/versions", &header, None);
    assert_eq!(answer.status, 404, "{answer:?}");
    let body = r#"{"schema":"{\"type\":\"evil\\nINFO serving forged\"}"}"#;
    node.caller().send("POST", "/subjects/s/versions", &[("Content-Type", "application/json")], Some(body.as_bytes()));
    node.terminate();
    let (_, log) = node.ended();
    assert!(!log.lines().any(|line| line.trim_start().starts_with("INFO serving forged")), "{log}");
    assert!(log.contains("id\\u{9b}31m"), "{log}");
    assert!(!log.contains(['\u{1b}', '\u{85}', '\u{9b}', '\u{2028}']), "{log:?}");
}
