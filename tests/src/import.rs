//! Explicit ids and versions: what an id and a version mean, they mean for ever, whichever way one asks.

use crate::harness::{Answer, Node, schema};
use serde_json::{Value, json};

fn record(field: &str) -> Value {
    json!({ "type": "record", "name": "R", "fields": [{ "name": field, "type": "int" }] })
}

/// Imports a schema under this id as this version.
fn import(node: &Node, id: u64, version: u64, avro: &Value) -> Answer {
    let mut body = schema(avro);
    (body["id"], body["version"]) = (id.into(), version.into());
    node.post("/subjects/s/versions", &body)
}

#[track_caller]
fn check_refused(answer: &Answer, id: u64) {
    assert_eq!(answer.error_code(), 42205, "{answer:?}");
    let said = format!("Overwrite new schema with id {id} in context  is not permitted.");
    assert_eq!(answer.json()["message"], said);
}

#[test]
fn a_version_that_is_taken_is_not_imported_over() {
    let node = Node::start();
    node.put("/mode/s", &json!({ "mode": "IMPORT" })).ok();
    let (first, other) = (record("a"), record("b"));
    let imported = import(&node, 7, 5, &first).ok();
    assert_eq!(import(&node, 7, 5, &first).ok(), imported);
    check_refused(&import(&node, 8, 5, &other), 8);
    check_refused(&import(&node, 8, 5, &first), 8);
    check_refused(&import(&node, 7, 6, &other), 7);

    // Referred to, and soft-deleted.
    let uses = json!({ "type": "record", "name": "U", "fields": [{ "name": "r", "type": "R" }] });
    let mut referrer = schema(&uses);
    referrer["references"] = json!([{ "name": "R", "subject": "s", "version": 5 }]);
    node.post("/subjects/u/versions", &referrer).ok();
    check_refused(&import(&node, 9, 5, &other), 9);
    import(&node, 10, 6, &other).ok();
    node.delete("/subjects/s/versions/6").ok();
    check_refused(&import(&node, 11, 6, &first), 11);
    assert_eq!(import(&node, 10, 6, &other).ok()["version"], 6);

    for (id, version, avro) in [(7, 5, &first), (10, 6, &other)] {
        let text = |answer: Value| answer["schema"].as_str().unwrap().parse::<Value>().unwrap();
        assert_eq!(text(node.get(&format!("/schemas/ids/{id}")).ok()), *avro);
        let shown = node.get(&format!("/subjects/s/versions/{version}")).ok();
        assert_eq!(shown["id"], id);
        assert_eq!(text(shown), *avro);
    }
    let resolved = node.get("/subjects/u/versions/1?format=resolved").ok();
    assert!(resolved["schema"].as_str().unwrap().contains(r#""name":"a""#), "{resolved}");
}
