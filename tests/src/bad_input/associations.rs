//! Requests for associations that are not what they should be.

use super::lives;
use crate::harness::{Caller, Node, named};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[track_caller]
fn check(caller: &mut Caller, method: &str, target: &str, body: &Value, code: u64) {
    let answer = caller.send(method, target, &[JSON], Some(body.to_string().as_bytes()));
    assert_eq!(answer.error_code(), code, "{method} {target} {body:.80}: {answer:?}");
}

fn resource(associations: Value) -> Value {
    json!({ "resourceName": "t", "resourceNamespace": "n", "resourceId": "1", "associations": associations })
}

#[test]
fn misshapen_associations_are_refused() {
    let node = Node::start();
    let mut caller = node.caller();
    let long = "x".repeat(257);
    let bodies = [
        (json!([]), 400),
        (json!({ "resourceName": [] }), 400),
        (resource(json!({})), 400),
        (resource(json!([null])), 400),
        (resource(json!([[]])), 400),
        (resource(json!([{ "subject": {} }])), 400),
        (resource(json!([{ "lifecycle": "weak" }])), 400),
        (resource(json!([{ "frozen": "maybe" }])), 400),
        (resource(json!([{ "schema": [] }])), 400),
        (resource(json!([{ "schema": { "schema": {} } }])), 400),
        (resource(json!(null)), 42212),
        (json!({ "resourceName": long, "resourceNamespace": "n", "resourceId": "1", "associations": [{}] }), 42212),
        (json!({ "resourceName": "é", "resourceNamespace": "n", "resourceId": "1", "associations": [{}] }), 42212),
        (json!({ "resourceName": "t", "resourceNamespace": ":.c:", "resourceId": "1", "associations": [{}] }), 42212),
        (resource(json!([{ "schema": { "schema": "\"int\"", "references": [{}] } }])), 42201),
        (resource(json!([{ "schema": { "schema": "\"int\"", "schemaType": "XML" } }])), 42201),
        (resource(json!([{ "schema": { "schema": "\"int\"", "id": 5 } }])), 42205),
        (resource(json!([{ "subject": "a\u{1}b" }])), 42208),
        (resource(json!([{ "subject": "" }])), 42212),
        (resource(json!([{ "subject": "s" }, { "associationType": "key", "subject": "s" }])), 40907),
    ];
    for (body, code) in &bodies {
        check(&mut caller, "POST", "/associations", body, *code);
    }
    check(&mut caller, "POST", "/associations", &json!(null), 422);
    check(&mut caller, "PUT", "/associations/resources/2", &resource(json!([{ "subject": "s" }])), 42212);
    for target in ["/associations:batchGet", "/associations:batchMutate"] {
        check(&mut caller, "POST", target, &json!({}), 42212);
        check(&mut caller, "POST", target, &json!({ "requests": {} }), 400);
        check(&mut caller, "POST", target, &json!({ "requests": [null] }), 400);
        check(&mut caller, "POST", target, &json!({ "requests": vec![json!({}); 1_001] }), 42212);
    }
    let ops = resource(json!(vec![json!({ "opType": "DELETE" }); 1_001]));
    check(&mut caller, "POST", "/associations:batchMutate", &json!({ "requests": [ops] }), 42212);
    let types = json!({ "requests": [{ "resourceId": "1", "associationTypes": "key" }] });
    check(&mut caller, "POST", "/associations:batchGet", &types, 400);
    for target in ["lifecycle=odd", "lifecycle=", "limit=x"] {
        assert_eq!(node.get(&format!("/associations/resources/-/t?{target}")).error_code(), 404);
    }
    assert_eq!(node.get("/associations/resources/-/t?offset=-1").error_code(), 400);
    assert_eq!(node.get("/associations/resources/-/-").ok(), json!([]));
    lives(&node);
}

#[test]
fn a_batch_that_asks_for_everything_again_and_again_is_told_to_ask_for_less() {
    let node = Node::start();
    node.register("s", &named("A"));
    let mut caller = node.caller();
    // One name in many namespaces.
    let create = |n: usize| {
        json!({ "resourceName": "t", "resourceNamespace": format!("n{n}"), "resourceId": n.to_string(),
                "associations": [{ "opType": "CREATE", "subject": "s" }] })
    };
    let all: Vec<Value> = (0..1_000).map(create).collect();
    let made = caller.post("/associations:batchMutate", &json!({ "requests": all }));
    assert_eq!(made.status, 207);
    assert!(made.json()["results"].as_array().unwrap().iter().all(|result| result["error"].is_null()), "{made:?}");
    assert_eq!(node.get("/associations/resources/-/t").ok().as_array().unwrap().len(), 1_000);

    let again = json!({ "requests": vec![json!({ "resourceName": "t" }); 1_000] });
    let found = caller.post("/associations:batchGet", &again);
    assert_eq!(found.status, 207);
    let results = found.json();
    let results = results["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|result| result["error"]["error_code"] == 42212).count(), 990);
    assert_eq!(results[0]["result"]["associations"].as_array().unwrap().len(), 1);
    lives(&node);
}
