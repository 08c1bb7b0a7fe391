//! Schemas that are correct, and meant to cost too much.

use super::lives;
use crate::harness::{Answer, Node, Settings, wait};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
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

    // A build without optimisation may take more than the default time on busy cores.
    let node = Node::with(Settings::flags(&["--http-body-limit", "20000000", "--http-request-timeout", "120"]));
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

/// Some hundred bytes in which every level of a default tries two branches, each of which looks at the whole rest.
fn branching(name: &str) -> String {
    let union = json!(["null", "A", "B"]);
    let branch = |name: &str| json!({ "type": "record", "name": name, "fields": [{ "name": "x", "type": union }] });
    let value = (0..40).fold(json!(1), |inner, _| json!({ "x": inner }));
    let fields = json!([
        { "name": "a", "type": branch("A") },
        { "name": "b", "type": branch("B") },
        { "name": name, "type": union, "default": value },
    ]);
    json!({ "type": "record", "name": "R", "fields": fields }).to_string()
}

#[test]
fn short_schemas_that_cost_much_do_not_delay_what_is_answered_at_once() {
    let node = Node::start();
    node.register("s", &crate::harness::named("S"));
    let (ended, before) = (AtomicUsize::new(0), node.ticks());
    thread::scope(|scope| {
        for number in 0..3 {
            let (mut caller, ended) = (node.caller(), &ended);
            scope.spawn(move || {
                let body = json!({ "schema": branching(&format!("c{number}")) }).to_string();
                let headers = [("Content-Type", "application/json")];
                let target = "/compatibility/subjects/s/versions";
                let _cut_off = caller.try_send("POST", target, &headers, Some(body.as_bytes()));
                ended.fetch_add(1, Ordering::SeqCst);
            });
        }
        wait::until("the registry works", || (node.ticks() > before + 30).then_some(()));
        for number in 0..20 {
            // Each of another target, so that none is cached.
            assert_eq!(node.get(&format!("/schemas/ids/1?unknown={number}")).status, 200);
        }
        let ended = ended.load(Ordering::SeqCst);
        // Nobody needs to wait for them.
        node.kill_running();
        assert_eq!(ended, 0, "by-id was not answered before that work was done");
    });
}

/// Unions of records that share a type, so that every branch has to be compared with every other, to the end.
fn entangled(version: usize) -> String {
    let shared = json!({ "type": "record", "name": "Shared", "fields": [{ "name": "x", "type": "int" }] });
    let branch = |number: usize| {
        let fields = json!([
            { "name": "shared", "type": ["null", "Shared"], "default": null },
            { "name": "v", "type": "int", "default": version },
        ]);
        json!({ "type": "record", "name": format!("R{number}"), "fields": fields })
    };
    Value::Array(std::iter::once(shared).chain((0..400).map(branch)).collect()).to_string()
}

#[test]
fn a_request_without_end_is_broken_off_and_so_is_its_work() {
    let flags = ["--http-request-timeout", "2", "--http-drain-timeout", "1"];
    let mut node = Node::with(Settings::flags(&flags));
    node.put("/config/s", &json!({ "compatibility": "NONE" })).ok();
    for version in 0..12 {
        assert_eq!(check(&node, "POST", "/subjects/s/versions", &entangled(version)).status, 200);
    }
    node.put("/config/s", &json!({ "compatibility": "FULL_TRANSITIVE" })).ok();
    let answer = check(&node, "POST", "/subjects/s/versions", &entangled(12));
    assert!([504, 422].contains(&answer.status), "{:.300}", answer.text);
    // Nothing goes on working for it.
    wait::until("the registry is idle", || {
        let before = node.ticks();
        thread::sleep(Duration::from_millis(200));
        (node.ticks() <= before + 2).then_some(())
    });
    // With more of them in flight, it ends all the same.
    let target = "/compatibility/subjects/s/versions";
    let body = json!({ "schema": entangled(13) }).to_string();
    let mut wires: Vec<_> = (0..3).map(|_| node.wire()).collect();
    for wire in &mut wires {
        wire.send(
            format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        );
    }
    node.terminate();
    let (status, log) = node.ended();
    assert!(status.success(), "{status}\n{log}");
}
