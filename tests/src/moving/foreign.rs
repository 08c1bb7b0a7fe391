//! Registries that lack what ours has, answer in their own way, or not at once.

use super::reported;
use super::server::{Answer, Request, serve};
use crate::harness::Node;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// One without contexts, `/schemas` and `deleted=true`, which shows the mode of the whole for each subject.
fn old(request: &Request) -> Answer {
    let path = request.target.split('?').next().unwrap();
    let version = |number: u64, id: u64, avro: &str| json!({ "subject": "plain/value", "version": number, "id": id, "schema": format!("{{\"type\": \"{avro}\"}}") });
    let shown = |value: Value| (200, "", value.to_string());
    match path {
        "/subjects" => shown(json!(["plain/value", "uses"])),
        "/subjects/plain%2Fvalue/versions" => shown(json!([2, 5])),
        "/subjects/plain%2Fvalue/versions/2" => shown(version(2, 11, "int")),
        "/subjects/plain%2Fvalue/versions/5" => shown(version(5, 12, "long")),
        "/subjects/uses/versions" => shown(json!([1])),
        "/subjects/uses/versions/1" => shown(json!({
            "subject": "uses", "version": 1, "id": 13, "schemaType": "JSON", "schema": "{\"$ref\": \"x.json\"}",
            "references": [{ "name": "x.json", "subject": "not there", "version": 1 }],
        })),
        "/config" => shown(json!({ "compatibilityLevel": "NONE" })),
        "/config/uses" => shown(json!({ "compatibilityLevel": "FULL", "ofTheirOwn": 1 })),
        mode if mode.starts_with("/mode") => shown(json!({ "mode": "READWRITE" })),
        "/schemas" => (200, "Content-Type: text/html\r\n", "<html>a page</html>".to_owned()),
        _ => (404, "", json!({ "error_code": 404, "message": "HTTP 404 Not Found" }).to_string()),
    }
}

#[test]
fn one_that_lacks_things_is_read_as_far_as_it_goes() {
    let (source, destination) = (serve(old), Node::start());
    let (code, report) = reported(&destination.url(), &["--from", &source]);
    assert_eq!((code, &report["registered"], &report["configs"]), (1, &json!(2), &json!(2)), "{report:#}");
    assert_eq!(report["modes"], 0, "the mode of the whole is nobody's own");
    let notes = report["notes"].to_string();
    for part in ["GET /schemas is not served (200", "GET /contexts is not served (404", "does not serve deleted=true"] {
        assert!(notes.contains(part), "{notes}");
    }
    let collisions = report["collisions"].as_array().unwrap();
    assert_eq!((collisions.len(), &collisions[0]["kind"]), (1, &json!("reference")), "{report:#}");
    let moved = destination.get("/subjects/plain%2Fvalue/versions/5").ok();
    assert_eq!((&moved["id"], &moved["schema"]), (&json!(12), &json!("\"long\"")));
    assert_eq!(destination.get("/config/uses").ok(), json!({ "compatibilityLevel": "FULL" }));
    let (_, again) = reported(&destination.url(), &["--from", &source]);
    assert_eq!(
        (&again["registered"], &again["same"], &again["configs"]),
        (&json!(0), &json!(2), &json!(0)),
        "{again:#}"
    );
}

#[test]
fn one_that_has_too_much_to_do_is_asked_again() {
    let seen = Mutex::new(BTreeSet::new());
    let source = serve(move |request| {
        let is_new = seen.lock().unwrap().insert(request.target.clone());
        match request.target.as_str() {
            "/config" if is_new => (429, "Retry-After: 0\r\n", "too many".to_owned()),
            "/subjects/uses/versions/1?deleted=true" if is_new => (503, "", "busy".to_owned()),
            _ => old(request),
        }
    });
    let destination = Node::start();
    let (_, report) = reported(&destination.url(), &["--from", &source]);
    assert_eq!((&report["versions"], &report["failure"]), (&json!(3), &Value::Null), "{report:#}");
}

#[test]
fn what_is_no_registry_or_sends_elsewhere_is_refused() {
    let destination = Node::start();
    #[track_caller]
    fn check(destination: &Node, source: &str, part: &str) {
        let (code, report) = reported(&destination.url(), &["--from", source]);
        let failure = report["failure"].as_str().unwrap();
        assert!(code == 2 && failure.contains(part) && failure.contains(source), "{report:#}");
    }
    let followed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&followed);
    let elsewhere = serve(move |request| {
        flag.store(true, Ordering::SeqCst);
        old(request)
    });
    let elsewhere: &'static str = format!("Location: {elsewhere}/\r\n").leak();
    check(&destination, &serve(move |_| (302, elsewhere, String::new())), "it redirects to");
    check(&destination, &serve(|_| (200, "", "{}".to_owned())), "is it a registry?");
    check(&destination, &serve(|_| (403, "", json!({ "message": "not you" }).to_string())), "403: not you");
    check(&destination, "http://127.0.0.1:1", "refused");
    assert!(!followed.load(Ordering::SeqCst), "nobody follows a redirect");
}
