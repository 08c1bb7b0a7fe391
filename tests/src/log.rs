//! The log: a line for each start, change and refusal, which names the request, as text or JSON, and never a secret.

use crate::harness::command::{ADDRESS_LINE, freehold, signal};
use crate::harness::{Caller, Node, Settings, Transcript, named, wait};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Stdio};

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
    let registered = [
        "INFO",
        "changed (authorization not enforced)",
        "request_id=\"request-7\"",
        "subjects.versions.register",
        "orders",
    ];
    check(&log, &registered);
    check(&log, &["INFO", "refused", "request_id=\"request-7\"", "code=42201", "status=422"]);
    check(&log, &["INFO", "refused", "request_id=\"request-7\"", "code=40401", "nobody"]);
    check(&log, &["stopped"]);
    // Reads that succeed are not news.
    assert!(!log.contains("subjects.list"), "{log}");
}

/// A registry whose log goes where the test says.
struct Logging {
    child: Child,
    url: String,
}

impl Logging {
    fn to(data: &Path, log: impl Into<Stdio>) -> Self {
        let mut command = freehold();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let said = Transcript::of(child.stdout.take().unwrap());
        let Some(line) = said.wait_for(|line| line.contains(ADDRESS_LINE)) else {
            let _ = child.kill();
            panic!("the server does not start: {}", said.whole());
        };
        Logging { child, url: format!("http://{}", line.rsplit("http://").next().unwrap().trim()) }
    }

    /// SIGTERM ends it in order.
    #[track_caller]
    fn stop(mut self) {
        signal(self.child.id(), "TERM");
        let status = wait::until("it ends", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes lines until some are lost.
fn lose_lines(caller: &mut Caller) {
    let (id, subject) = ("r".repeat(490), "s".repeat(250));
    let target = format!("/subjects/{subject}/versions");
    wait::until("lines are lost", || {
        for _ in 0..100 {
            assert_eq!(caller.send("GET", &target, &[("X-Request-ID", &id)], None).status, 404);
        }
        let page = caller.get("/metrics").text;
        let line = page.lines().find(|line| line.starts_with("freehold_log_lines_lost_total ")).unwrap().to_owned();
        (!line.ends_with(" 0")).then_some(())
    });
}

#[test]
fn a_log_on_a_full_disk_delays_and_fails_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let node = Logging::to(directory.path(), full);
    let mut caller = Caller::new(&node.url);
    let id = caller.post("/subjects/s/versions", &named("A")).ok()["id"].clone();
    lose_lines(&mut caller);
    assert_eq!(caller.post("/subjects/s/versions", &named("A")).ok()["id"], id);
    assert_eq!(caller.get("/schemas/ids/1").status, 200);
    node.stop();
}

#[test]
fn a_log_that_nobody_reads_delays_and_fails_nobody_and_says_what_was_lost() {
    let directory = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let node = Logging::to(&directory.path().join("one"), writer);
    let mut caller = Caller::new(&node.url);
    caller.post("/subjects/s/versions", &named("A")).ok();
    lose_lines(&mut caller);
    assert_eq!(caller.get("/schemas/ids/1").status, 200);
    node.stop();
    drop(reader);

    let (reader, writer) = std::io::pipe().unwrap();
    let node = Logging::to(&directory.path().join("two"), writer);
    lose_lines(&mut Caller::new(&node.url));
    let log = Transcript::of(reader);
    let line = log.wait_for(|line| line.contains("log lines were lost here")).unwrap();
    assert!(line.contains("ERROR"), "{line}");
    node.stop();
    assert!(log.whole().contains("stopped"), "{}", log.whole());
}

#[test]
fn json_lines_parse_and_have_the_same_fields() {
    let mut node = Node::with(Settings::flags(&["--log-format", "json"]));
    use_it(&node);
    node.terminate();
    let (_, log) = node.ended();
    assert_eq!(node.said(), "", "nothing is said besides");
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
    let target = "/subjects/x%C2%85y%E2%80%A8z%E2%80%AEw%E2%81%A6%22%20caller=%22admin%22/versions";
    let answer = node.caller().send("GET", target, &header, None);
    assert_eq!(answer.status, 404, "{answer:?}");
    let body = r#"{"schema":"{\"type\":\"evil\\nINFO serving forged\"}"}"#;
    node.caller().send("POST", "/subjects/s/versions", &[("Content-Type", "application/json")], Some(body.as_bytes()));
    node.terminate();
    let (_, log) = node.ended();
    assert!(!log.lines().any(|line| line.trim_start().starts_with("INFO serving forged")), "{log}");
    assert!(log.contains("request_id=\"id\\u{9b}31m\\u{85}\""), "{log}");
    let odd = ['\u{1b}', '\u{85}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{2066}'];
    assert!(!log.contains(odd), "{log:?}");
    // What looks like a field of ours is inside of quotes.
    assert!(!log.contains(" caller=\"admin\""), "{log}");
}
