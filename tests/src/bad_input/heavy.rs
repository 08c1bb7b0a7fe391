//! Schemas that are correct, and meant to cost too much.

use super::lives;
use crate::harness::{Answer, Node};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// An answer, refused or not, comes within this: the server's own limit on a request and what reading the answer takes. The
/// server under test is not optimised, and others may be using the machine.
const BOUND: Duration = Duration::from_secs(45);

#[track_caller]
fn check(node: &Node, method: &str, target: &str, schema: &str) -> Answer {
    let body = json!({ "schema": schema }).to_string();
    let started = Instant::now();
    let headers = [("Content-Type", "application/json")];
    let answer = node.caller().send(method, target, &headers, Some(body.as_bytes()));
    let elapsed = started.elapsed();
    assert!(elapsed < BOUND, "{target}: {elapsed:?}");
    // Work that takes too long is broken off, and that is an answer as well.
    assert!(answer.status < 500 || answer.status == 503 || answer.status == 504, "{target}: {:.300}", answer.text);
    if answer.status != 200 {
        answer.error_code();
    }
    answer
}

fn symbols(count: usize, extra: &str) -> String {
    let mut text = String::from(r#"{"type":"enum","name":"E","symbols":["#);
    for number in 0..count {
        let _ = write!(text, "\"s{number:x}\",");
    }
    let _ = write!(text, "{extra:?}]}}");
    text
}

#[test]
fn an_enum_of_a_million_symbols_is_registered_and_evolves_or_is_refused_in_time() {
    let node = Node::start();
    // Quoted in the body it has some 11 MB, more than the default limit.
    let refused = check(&node, "POST", "/subjects/s/versions", &symbols(1_000_000, "x"));
    assert_eq!(refused.error_code(), 413);
    lives(&node);
    drop(node);

    let node = Node::with(crate::harness::Settings::flags(&["--http-body-limit", "20000000"]));
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &symbols(1_000_000, "x")).status, 200);
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &symbols(1_000_000, "y")).status, 409);
    // Every symbol is missing.
    let other = r#"{"type":"enum","name":"E","symbols":["other"]}"#;
    assert_eq!(check(&node, "POST", "/subjects/s/versions", other).status, 409);
    lives(&node);
}

#[test]
fn a_record_of_many_fields_is_compared_in_time() {
    let node = Node::start();
    let fields = |last: &str| {
        let fields: Vec<Value> = (0..30_000)
            .map(|number| json!({ "name": format!("f{number}"), "type": "int", "default": number }))
            .chain([json!({ "name": last, "type": "int", "default": 0 })])
            .collect();
        json!({ "type": "record", "name": "R", "fields": fields }).to_string()
    };
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &fields("a")).status, 200);
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &fields("b")).status, 200);
    lives(&node);
}

#[test]
fn a_wide_union_is_compared_in_time() {
    let node = Node::start();
    let union = |tag: &str| {
        let branch = |number: usize| json!({ "type": "record", "name": format!("{tag}{number}"), "fields": [] });
        Value::Array((0..2_000).map(branch).collect()).to_string()
    };
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &union("R")).status, 200);
    check(&node, "POST", "/subjects/s/versions", &union("S"));
    check(&node, "POST", "/compatibility/subjects/s/versions/latest?verbose=true", &union("T"));
    lives(&node);
}

/// Each record uses the next one twice: read as a tree it has 2^60 leaves.
#[test]
fn a_schema_that_unfolds_without_end_is_compared_by_its_names() {
    let node = Node::start();
    let unfolding = |leaf: &str| {
        let mut text = json!({ "type": "record", "name": "R60", "fields": [{ "name": "x", "type": leaf }] });
        for number in (0..60).rev() {
            let next = format!("R{}", number + 1);
            let fields = json!([{ "name": "l", "type": text }, { "name": "r", "type": next }]);
            text = json!({ "type": "record", "name": format!("R{number}"), "fields": fields });
        }
        text.to_string()
    };
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &unfolding("int")).status, 200);
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &unfolding("long")).status, 200);
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &unfolding("string")).status, 409);
    let answer = node.get("/schemas/ids/1?format=resolved");
    assert_eq!(answer.status, 200, "{:.300}", answer.text);
    lives(&node);
}

/// A type inside itself, at many places, with a union at each: every pair of places is compared once.
#[test]
fn a_schema_that_contains_itself_at_many_places_is_compared_in_time() {
    let node = Node::start();
    let recursive = |leaf: &str| {
        let fields: Vec<Value> = (0..100)
            .map(|number| json!({ "name": format!("f{number}"), "type": ["null", { "type": "array", "items": "R" }, "R"] }))
            .chain([json!({ "name": "leaf", "type": leaf })])
            .collect();
        json!({ "type": "record", "name": "R", "fields": fields }).to_string()
    };
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &recursive("int")).status, 200);
    assert_eq!(check(&node, "POST", "/subjects/s/versions", &recursive("long")).status, 200);
    check(&node, "POST", "/subjects/s/versions", &recursive("string"));
    lives(&node);
}
