//! Look-ups and registrations that come again: they are not parsed again, and nobody can tell by the answers.

use crate::harness::{Caller, Node, named};
use crate::metrics::value;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn hits(node: &Node) -> f64 {
    value(&node.get("/metrics").text, "freehold_lookup_cache_hits_total")
}

#[test]
fn what_comes_again_gets_the_same_answer_until_something_changes() {
    let node = Node::start();
    node.register("s", &json!({ "schema": r#"{"type":"string","a":1,"b":2}"# }));
    // As it was sent; spelled differently, which shows what is stored; and with parameters.
    let respelt = json!({ "schema": r#"{"b":2,"a":1,"type":"string"}"# });
    for (target, body) in [
        ("/subjects/s/versions", json!({ "schema": r#"{"type":"string","a":1,"b":2}"# })),
        ("/subjects/s", json!({ "schema": r#"{"type":"string","a":1,"b":2}"# })),
        ("/subjects/s/versions", respelt.clone()),
        ("/subjects/s", respelt.clone()),
        ("/subjects/s?format=resolved", respelt.clone()),
        ("/subjects/s?deleted=true&normalize=true", respelt.clone()),
    ] {
        let first = node.post(target, &body).ok();
        let before = hits(&node);
        for _ in 0..3 {
            assert_eq!(node.post(target, &body).ok(), first, "{target} {body}");
        }
        assert_eq!(hits(&node) - before, 3.0, "{target} {body}");
    }
    // The same body elsewhere is something else.
    assert_eq!(node.post("/subjects/t", &respelt).error_code(), 40401);
    // Nothing of it outlives the version.
    node.delete("/subjects/s").ok();
    assert_eq!(node.post("/subjects/s", &respelt).error_code(), 40401);
    assert_eq!(node.post("/subjects/s?deleted=true", &respelt).ok()["version"], 1);
    assert_eq!(node.post("/subjects/s/versions", &respelt).ok()["version"], 2);
    assert_eq!(node.post("/subjects/s", &respelt).ok()["version"], 2);
}

#[test]
fn a_find_never_answers_for_a_version_that_is_gone() {
    let node = Node::start();
    let body = named("R");
    let done = AtomicBool::new(false);
    let version = |answer: &Value| answer["version"].as_u64().unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (mut caller, mut seen) = (node.caller(), 0);
                while !done.load(Ordering::SeqCst) {
                    let answer = caller.post("/subjects/s", &body);
                    match answer.status {
                        404 => {}
                        _ => {
                            let found = version(&answer.ok());
                            assert!(found >= seen, "{found} after {seen}");
                            seen = found;
                        }
                    }
                }
            });
        }
        let _stop = crate::harness::wait::AtEnd(|| done.store(true, Ordering::SeqCst));
        let mut writer: Caller = node.caller();
        for number in 1..150 {
            assert_eq!(version(&writer.post("/subjects/s/versions", &body).ok()), number);
            assert_eq!(version(&writer.post("/subjects/s/versions", &body).ok()), number);
            assert_eq!(version(&writer.post("/subjects/s", &body).ok()), number);
            writer.delete("/subjects/s").ok();
            assert_eq!(writer.post("/subjects/s", &body).error_code(), 40401);
        }
    });
}

/// Hashing, compressing and encoding of what is long is done elsewhere than for what is short.
#[test]
fn what_is_long_is_found_and_compressed_like_what_is_short() {
    let node = Node::start();
    for (id, length) in [(1, 10), (2, 300_000)] {
        let doc = "abc ".repeat(length / 4);
        let body = json!({ "schema": format!(r#"{{"type":"fixed","name":"F{id}","size":1,"doc":"{doc}"}}"#) });
        let register = || node.post(&format!("/subjects/s{id}/versions"), &body).ok();
        register();
        let (again, before) = (register(), hits(&node));
        assert_eq!(register(), again);
        assert_eq!(hits(&node) - before, 1.0);

        let target = format!("/schemas/ids/{id}");
        let get = |headers: &[(&str, &str)]| node.caller().send("GET", &target, headers, None);
        let plain = get(&[]);
        assert!(plain.text.contains(&doc));
        for _ in 0..2 {
            let packed = get(&[("Accept-Encoding", "gzip")]);
            assert_eq!((packed.header("content-encoding"), &packed.text), (Some("gzip"), &plain.text));
            let tag = packed.header("etag").unwrap();
            assert_eq!(get(&[("Accept-Encoding", "gzip"), ("If-None-Match", tag)]).status, 304);
        }
        let wide = get(&[("Accept", "application/json; charset=utf-16")]);
        assert_eq!(wide.header("content-type"), Some("application/json;charset=utf-16"));
    }
}
