//! What of a recorded answer another registry must match, and what is the recorder's own.
//!
//! Compared: status, the recorded headers, and the body — JSON without regard to member order, anything else to the byte.
//! Not compared: clock values; the guids of associations, which are random; what a server says of itself under `/v1/metadata`;
//! the order of a few listings that have none; which holder of an id is shown when several hold it; the words of parsers
//! (messages of `error_code` 400, and what follows `details:` in a message about an invalid schema); HTML.

use serde_json::Value;

use super::ids::{self, Ids};
use super::recording::Recorded;
use crate::expect::{Captures, Difference, Expect};
use crate::http::{Request, Response};

/// Members that hold the time of a write, in ms.
const CLOCKS: [&str; 3] = ["ts", "createTs", "updateTs"];

/// All differences of an answer from the recorded one. `recorded` is the request as recorded, with recorded ids.
pub fn differences(recorded: &Request, expected: &Recorded, got: &Response, ids: &Ids) -> Vec<Difference> {
    if expected.status != got.status {
        let got = format!("{} {}", got.status, got.text());
        return vec![difference("status", expected.status.to_string(), got)];
    }
    let mut out = header_differences(recorded, expected, got);
    if recorded.method != "HEAD" && !is_html(expected) {
        out.extend(body_differences(recorded, expected, got, ids));
    } else if recorded.method == "HEAD" && !got.body.is_empty() {
        out.push(difference("body", "nothing", got.text()));
    }
    out
}

/// Whether the recorded body is a page of the servlet container.
pub fn is_html(answer: &Recorded) -> bool {
    answer.header("content-type").is_some_and(|value| value.starts_with("text/html"))
}

fn difference(at: &str, expected: impl Into<String>, got: impl Into<String>) -> Difference {
    Difference { at: at.to_owned(), expected: expected.into(), got: got.into() }
}

fn header_differences(request: &Request, expected: &Recorded, got: &Response) -> Vec<Difference> {
    let mut out = Vec::new();
    for name in ["content-type", "content-encoding", "vary", "allow"] {
        let (expected, got) = (expected.header(name), got.header(name));
        if expected.map(comparable) != got.map(comparable) {
            out.push(difference(&format!("header {name}"), show(expected), show(got)));
        }
    }
    let sent =
        request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-request-id")).map(|(_, v)| v.as_str());
    let id = got.header("x-request-id");
    match expected.header("x-request-id") {
        Some("echoed") if id != sent => out.push(difference("header x-request-id", show(sent), show(id))),
        Some(_) if id.is_none_or(str::is_empty) => out.push(difference("header x-request-id", "some value", show(id))),
        _ => {}
    }
    out
}

fn show(value: Option<&str>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| format!("{value:?}"))
}

/// Lists of header values without regard to case, white space and order.
fn comparable(value: &str) -> Vec<String> {
    let mut parts: Vec<String> = value.split(',').map(|part| part.to_ascii_lowercase().replace(' ', "")).collect();
    parts.sort();
    parts
}

fn body_differences(request: &Request, expected: &Recorded, got: &Response, ids: &Ids) -> Vec<Difference> {
    let target = &request.target;
    let path = &plain_path(target);
    let text = |body: &[u8], header: Option<&str>| match header {
        Some(value) if value.to_ascii_lowercase().contains("utf-16") => utf16(body),
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    let got = text(&got.body, got.header("content-type"));
    let whole = text(&expected.body, Some("utf-16").filter(|_| expected.body.starts_with(&[0xfe, 0xff])));
    let raw = path.ends_with("/schema") && expected.status == 200;
    let json = (!raw).then(|| serde_json::from_str::<Value>(&whole).ok()).flatten();
    let Some(mut json) = json else {
        // The methods of a path, which OPTIONS also says in the body, have no order.
        let same = if request.method == "OPTIONS" { comparable(&whole) == comparable(&got) } else { whole == got };
        return if same { Vec::new() } else { vec![difference("body", whole, got)] };
    };
    ids::rewrite_answer(ids, target, &mut json);
    match serde_json::from_str(&got) {
        Ok(got) => expectation(target, path, &json, ids).differences(&got, &mut Captures::new()),
        Err(_) => vec![difference("body", json.to_string(), format!("{got:?}"))],
    }
}

/// The path without `;parameters` and without a slash at the end.
fn plain_path(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    let segments = path.trim_end_matches('/').split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    segments.collect::<Vec<_>>().join("/")
}

fn utf16(body: &[u8]) -> String {
    let (little, body) = match body {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        all => (false, all),
    };
    let unit =
        |two: &[u8]| if little { u16::from_le_bytes([two[0], two[1]]) } else { u16::from_be_bytes([two[0], two[1]]) };
    String::from_utf16_lossy(&body.chunks_exact(2).map(unit).collect::<Vec<_>>())
}

/// What the recorded body asks of another registry.
fn expectation(target: &str, path: &str, json: &Value, ids: &Ids) -> Expect {
    // Also behind the prefix of a context.
    if path.contains("/v1/metadata/") && json.get("error_code").is_none() {
        return Expect::Shape(json.clone());
    }
    let mut expect = Expect::exactly(json);
    let by_id = ids::id_in_target(target);
    let unordered = by_id.is_some() && (path.ends_with("/subjects") || path.ends_with("/versions"));
    match &mut expect {
        Expect::Array(items) if unordered || path == "/schemas/types" => {
            let mut items = std::mem::take(items);
            // Of a list without order a part is any part of that length.
            if target.contains("limit=") || target.contains("offset=") {
                items.iter_mut().for_each(any_holder);
            }
            expect = Expect::Unordered(items);
        }
        Expect::Object(members, _) => {
            let shared = by_id.is_some_and(|id| ids.shared(&ids::context_of_target(target), id));
            if shared && json.get("error_code").is_none() {
                arbitrary_holder(members);
            }
        }
        _ => {}
    }
    loosen(&mut expect);
    expect
}

fn any_holder(item: &mut Expect) {
    match item {
        Expect::Object(members, _) => arbitrary_holder(members),
        other => *other = Expect::Text,
    }
}

fn arbitrary_holder(members: &mut [(String, Expect)]) {
    for (name, expect) in members {
        match name.as_str() {
            "subject" => *expect = Expect::Text,
            "version" => *expect = Expect::Int,
            "deleted" => *expect = Expect::Bool,
            _ => {}
        }
    }
}

/// Clocks and the words of parsers, wherever they occur.
fn loosen(expect: &mut Expect) {
    match expect {
        Expect::Object(members, _) => {
            let code = members.iter().find(|(name, _)| name == "error_code").map(|(_, code)| code.to_string());
            let association = members.iter().any(|(name, _)| name == "associationType");
            for (name, member) in members {
                match (name.as_str(), &*member) {
                    (clock, Expect::Literal(Value::Number(_))) if CLOCKS.contains(&clock) => *member = Expect::Int,
                    ("guid", _) if association => *member = Expect::Uuid,
                    ("message", Expect::Literal(Value::String(text))) => {
                        *member = message(code.as_deref(), text);
                    }
                    ("messages", _) => loosen_messages(member),
                    _ => loosen(member),
                }
            }
        }
        Expect::Array(items) | Expect::Unordered(items) => items.iter_mut().for_each(loosen),
        _ => {}
    }
}

fn message(code: Option<&str>, text: &str) -> Expect {
    match code {
        Some("400") => Expect::Text,
        Some("42201") => before_details(text),
        _ => Expect::Literal(text.into()),
    }
}

/// Verbose compatibility says of an invalid schema what 42201 says.
fn loosen_messages(messages: &mut Expect) {
    let Expect::Array(items) = messages else { return };
    for item in items {
        match item {
            Expect::Literal(Value::String(text)) if text.starts_with("Invalid schema") => *item = before_details(text),
            _ => {}
        }
    }
}

fn before_details(text: &str) -> Expect {
    match text.find("details:") {
        // `Invalid schema {subject=…}, details: …`: the dump before is the reference's own too.
        Some(_) if text.starts_with("Invalid schema {") => Expect::Starts("Invalid schema".to_owned()),
        Some(at) => Expect::Starts(text[..at].to_owned() + "details:"),
        None => Expect::Literal(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::traces::Pair;

    fn request(target: &str) -> Request {
        Request { method: "GET".into(), target: target.into(), ..Request::default() }
    }

    fn recorded(status: u16, headers: &[(&str, &str)], body: &str) -> Recorded {
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        Recorded { status, headers, body: body.into() }
    }

    fn got(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let Recorded { status, headers, body } = recorded(status, headers, body);
        Response { status, headers, body }
    }

    #[test]
    fn bodies_are_compared_as_far_as_they_are_promised() {
        let check = |target: &str, status: u16, expected: Value, answer: Value, fits: bool| {
            let (expected, answer) = (expected.to_string(), answer.to_string());
            let all = differences(
                &request(target),
                &recorded(status, &[], &expected),
                &got(status, &[], &answer),
                &Ids::default(),
            );
            assert_eq!(all.is_empty(), fits, "{target}: {expected} against {answer}: {all:?}");
        };
        check("/a", 200, json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), true);
        check("/a", 200, json!({"a": 1}), json!({"a": 2}), false);
        check("/a", 200, json!({"a": 1}), json!({"a": 1, "b": 2}), false);
        check("/a", 200, json!([{"ts": 1, "createTs": 2}]), json!([{"ts": 5, "createTs": 6}]), true);
        check("/a", 200, json!({"ts": 1}), json!({}), false);
        check("/v1/metadata/version", 200, json!({"version": "8"}), json!({"version": "0.1"}), true);
        check("/v1/metadata/version", 200, json!({"version": "8"}), json!({"release": "0.1"}), false);
        check("/schemas/ids/1/subjects", 200, json!(["a", "b"]), json!(["b", "a"]), true);
        check("/schemas/ids/1;x/subjects", 200, json!(["a", "b"]), json!(["b", "a"]), true);
        check("/schemas/ids/1/versions", 200, json!([{"version": 1}]), json!([{"version": 2}]), false);
        check("/schemas/ids/1/subjects?limit=1", 200, json!(["a"]), json!(["b"]), true);
        check("/schemas/ids/1/subjects?limit=1", 200, json!(["a"]), json!(["a", "b"]), false);
        check("/subjects", 200, json!(["a", "b"]), json!(["b", "a"]), false);
        let (one, other) = ("f7e9d11e-eb0c-4ae3-b340-872519027f28", "c10c136b-495f-431a-a057-e69e835124cb");
        let associated = |guid: &str| json!([{"guid": guid, "associationType": "value"}]);
        check("/associations/subjects/s", 200, associated(one), associated(other), true);
        check("/associations/subjects/s", 200, associated(one), associated("x"), false);
        check("/a", 200, json!([{"guid": one}]), json!([{"guid": other}]), false);
        let error = |code: u32, message: &str| json!({"error_code": code, "message": message});
        check("/a", 400, error(400, "Unexpected end"), error(400, "EOF"), true);
        check("/a", 400, error(400, "Unexpected end"), error(400, ""), false);
        check("/a", 404, error(40401, "Subject 'a' not found."), error(40401, "no such subject"), false);
        check("/a", 404, error(40401, "x"), error(40403, "x"), false);
        let invalid = "Invalid schema of type AVRO, details: Invalid schema {}";
        check("/a", 422, error(42201, invalid), error(42201, "Invalid schema of type AVRO, details: line 1"), true);
        check("/a", 422, error(42201, invalid), error(42201, "Invalid schema"), false);
        check("/a", 422, error(42201, "Empty schema"), error(42201, "empty"), false);
        let verbose = |message: &str| json!({"is_compatible": false, "messages": [message]});
        check("/a", 200, verbose(invalid), verbose("Invalid schema of type AVRO, details: x"), true);
        check("/a", 200, verbose("{oldSchemaVersion: 1}"), verbose("{oldSchemaVersion: 2}"), false);
    }

    #[test]
    fn raw_schemas_are_compared_to_the_byte() {
        let check = |expected: &str, answer: &str, fits: bool| {
            let all = differences(
                &request("/subjects/a/versions/1/schema?x=1"),
                &recorded(200, &[], expected),
                &got(200, &[], answer),
                &Ids::default(),
            );
            assert_eq!(all.is_empty(), fits, "{expected} against {answer}");
        };
        check("{\"a\":1}", "{\"a\":1}", true);
        check("{\"a\":1}", "{\"a\": 1}", false);
    }

    #[test]
    fn headers_are_compared_as_lists_without_case() {
        let check = |expected: &[(&str, &str)], answer: &[(&str, &str)], fits: bool| {
            let mut request = request("/");
            request.headers.push(("X-Request-ID".into(), "abc".into()));
            let all = differences(&request, &recorded(200, expected, ""), &got(200, answer, ""), &Ids::default());
            assert_eq!(all.is_empty(), fits, "{expected:?} against {answer:?}: {all:?}");
        };
        check(&[("content-type", "a/b;charset=utf-8")], &[("content-type", "a/b; Charset=UTF-8")], true);
        check(&[("content-type", "a/b")], &[("content-type", "a/c")], false);
        check(&[("content-type", "a/b")], &[], false);
        check(&[], &[("content-type", "a/b")], false);
        check(&[("allow", "HEAD,GET")], &[("allow", "GET, HEAD")], true);
        check(&[("vary", "Accept-Encoding")], &[("vary", "accept-encoding")], true);
        check(&[], &[("server", "x"), ("date", "now")], true);
        check(&[("x-request-id", "present")], &[("x-request-id", "1")], true);
        check(&[("x-request-id", "present")], &[], false);
        check(&[("x-request-id", "echoed")], &[("x-request-id", "abc")], true);
        check(&[("x-request-id", "echoed")], &[("x-request-id", "abd")], false);
    }

    #[test]
    fn which_holder_of_a_shared_id_is_shown_does_not_matter() {
        let register = |subject: &str| Pair {
            request: Request {
                method: "POST".into(),
                target: format!("/subjects/{subject}/versions"),
                ..Request::default()
            },
            answer: recorded(200, &[], r#"{"id":1,"version":1}"#),
        };
        let check = |holders: &[&str], fits: bool| {
            let mut ids = Ids::default();
            holders.iter().for_each(|subject| ids.note(&register(subject), true));
            let show = |subject: &str| json!({"subject": subject, "version": 1, "deleted": false}).to_string();
            let expected = recorded(200, &[], &show("a"));
            let all = differences(&request("/schemas/ids/1"), &expected, &got(200, &[], &show("b")), &ids);
            assert_eq!(all.is_empty(), fits, "{holders:?}: {all:?}");
        };
        check(&["a"], false);
        check(&["a", "b"], true);
    }

    #[test]
    fn a_head_answer_has_no_body_and_pages_are_not_compared() {
        let head = Request { method: "HEAD".into(), ..request("/") };
        assert!(differences(&head, &recorded(200, &[], ""), &got(200, &[], ""), &Ids::default()).is_empty());
        assert!(!differences(&head, &recorded(200, &[], ""), &got(200, &[], "{}"), &Ids::default()).is_empty());
        let html = [("content-type", "text/html;charset=iso-8859-1")];
        assert!(
            differences(&request("/"), &recorded(400, &html, "<p>"), &got(400, &html, ""), &Ids::default()).is_empty()
        );
    }
}
