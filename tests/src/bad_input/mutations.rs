//! What is made of the description of an operation: requests that are good but for one thing.

use crate::description;
use registry::http::routes::Route;
use serde_json::{Value, json};

/// A request with something in it that nobody should send.
pub struct Hostile {
    pub target: String,
    pub body: Option<Vec<u8>>,
    /// Whether it is the path that is wrong.
    pub in_path: bool,
    /// Whether it can only be refused.
    pub never_taken: bool,
}

impl Hostile {
    /// Whether its body is JSON, of whatever shape.
    pub fn is_json(&self) -> bool {
        self.body.as_deref().is_some_and(|body| serde_json::from_slice::<Value>(body).is_ok())
    }
}

/// Texts for a segment of a path, percent-encoded, and for a value in a query.
fn names() -> Vec<String> {
    let short = [
        "",
        "%20",
        "%00",
        "a%0Ab",
        "%FF",
        "%zz",
        "%5C",
        "%2e%2e",
        "..",
        "a%2Fb",
        "a%C2%85b",
        "%F0%9F%92%A5",
        "%E2%80%AEx",
        "-1",
        "0",
        "2147483648",
        "99999999999999999999999999",
        "1e309",
        "NaN",
        "%27%3B--",
        "%3Cscript%3E",
        "$%7Bjndi:x%7D",
        ":.:",
        ":.a:b:c",
        ":*:",
        "__GLOBAL",
        "user:basic%2Fa",
    ];
    short.map(str::to_owned).into_iter().chain(["a".repeat(4_000), "%C3%A9".repeat(600)]).collect()
}

/// Bodies that are no JSON, or not an object.
fn bodies() -> Vec<Vec<u8>> {
    let texts =
        ["", " ", "{", "}", "{}x", "{'a':1}", "// x\n{}", "null", "[]", "1", "true", "\"x\"", "{\"a\":\"\\x\"}"];
    let deep = ["[".repeat(100_000), "{\"a\":".repeat(100_000)];
    let bytes = [b"\xff".to_vec(), b"{\"a\":\"\xc3\"}".to_vec(), b"\0".to_vec()];
    texts.map(|text| text.as_bytes().to_vec()).into_iter().chain(deep.map(String::into_bytes)).chain(bytes).collect()
}

/// What a member of a body is replaced with.
fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!({}),
        json!([]),
        json!([null]),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("a\u{0}b"),
        json!("\u{202e}\u{1f4a5}"),
        json!("x".repeat(100_000)),
        json!({ "a": { "b": [[[]]] } }),
    ]
}

/// The requests for an operation.
pub fn hostile(document: &Value, route: &Route) -> Vec<Hostile> {
    let good = path(document, route, None);
    let body = good_body(document, route);
    let with_target = |target: String, in_path: bool| {
        let body = body.as_ref().map(|body| body.to_string().into_bytes());
        Hostile { target, body, in_path, never_taken: false }
    };
    let mut requests = Vec::new();
    // Headers have the rules of HTTP, and `sockets` sends what breaks those.
    for (name, _) in description::parameters(document, route, "path") {
        requests.extend(names().iter().map(|value| with_target(path(document, route, Some((name, value))), true)));
    }
    for (name, _) in description::parameters(document, route, "query") {
        requests.extend(names().iter().map(|value| with_target(format!("{good}?{name}={value}"), false)));
    }
    if let Some(body) = &body {
        let required = described_body(document, route)["required"] == true;
        requests.extend(of_body(&good, body, required));
    }
    requests
}

/// Those with something else for a body, or for a part of it.
fn of_body(target: &str, good: &Value, required: bool) -> Vec<Hostile> {
    // Nothing, blanks and null are a missing body.
    let missing = |body: &[u8]| body.trim_ascii().is_empty() || body == b"null";
    let whole = bodies().into_iter().map(|body| (required || !missing(&body), body));
    let parts = members(good, String::new()).into_iter().flat_map(|pointer| {
        let with = move |value| {
            let mut changed = good.clone();
            *changed.pointer_mut(&pointer).unwrap() = value;
            (false, changed.to_string().into_bytes())
        };
        values().into_iter().map(with)
    });
    let request =
        |(never_taken, body)| Hostile { target: target.to_owned(), body: Some(body), in_path: false, never_taken };
    whole.chain(parts).map(request).collect()
}

/// The path, with the examples of the description but for one parameter.
fn path(document: &Value, route: &Route, other: Option<(&str, &str)>) -> String {
    let mut path = route.path.to_owned();
    for (name, parameter) in description::parameters(document, route, "path") {
        let example = match &parameter["example"] {
            Value::String(text) => text.replace('/', "%2F"),
            Value::Number(number) => number.to_string(),
            _ => panic!("{}: the parameter {name} has no example", route.name),
        };
        let value = other.filter(|(changed, _)| *changed == name).map_or(example.as_str(), |(_, value)| value);
        path = path.replace(&format!("{{{name}}}"), value);
    }
    path
}

fn described_body<'a>(document: &'a Value, route: &Route) -> &'a Value {
    description::resolved(document, &description::operation(document, route)["requestBody"])
}

/// The example of the body that an operation takes.
fn good_body(document: &Value, route: &Route) -> Option<Value> {
    let content = described_body(document, route)["content"].as_object()?;
    let example = content.values().find_map(|shape| shape.get("example"));
    Some(example.unwrap_or_else(|| panic!("{}: its body has no example", route.name)).clone())
}

/// Pointers to all that is inside a value.
fn members(value: &Value, at: String) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return Vec::new(),
    };
    inside
        .into_iter()
        .flat_map(|(name, value)| {
            let pointer = format!("{at}/{name}");
            let deeper = members(value, pointer.clone());
            [pointer].into_iter().chain(deeper)
        })
        .collect()
}
