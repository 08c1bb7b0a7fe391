//! Why a schema is incompatible, one finding at a time, beside the messages of the reference.

use crate::harness::Node;
use serde_json::{Value, json};

fn record(fields: &str) -> Value {
    json!({ "schema": format!("// An order.\n{{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n{fields}\n]}}") })
}

#[test]
fn a_refused_registration_says_what_where_and_what_to_do() {
    let node = Node::start();
    node.register("s", &record(r#"  {"name": "id", "type": "long"}"#));
    let wrong = record("  {\"name\": \"id\", \"type\": \"string\"},\n  {\"name\": \"n\", \"type\": \"int\"}");
    let refused = node.post("/subjects/s/versions", &wrong);
    assert_eq!(refused.error_code(), 40901);
    let body = refused.json();
    let findings = body["findings"].as_array().unwrap();
    let shown = |finding: &Value| -> Vec<Value> {
        let (old, new) = (&finding["old"], &finding["new"]);
        vec![
            &finding["rule"],
            &finding["direction"],
            &finding["version"],
            &old["path"],
            &new["path"],
            &new["line"],
            &new["column"],
        ]
        .into_iter()
        .cloned()
        .collect()
    };
    let expected = [
        json!(["TYPE_MISMATCH", "BACKWARD", 1, "/fields/0/type", "/fields/0/type", 3, 26]),
        json!(["READER_FIELD_MISSING_DEFAULT_VALUE", "BACKWARD", 1, "/fields", "/fields/1", 4, 3]),
    ];
    assert_eq!(findings.iter().map(shown).map(Value::from).collect::<Vec<_>>(), expected);
    assert_eq!(findings[0]["old"]["fragment"], "\"long\"");
    assert_eq!(
        findings[1]["advice"],
        "Give the field 'n' a default, which is read where data were written without it."
    );
    // Each is one of the messages.
    let message = body["message"].as_str().unwrap();
    assert!(findings.iter().all(|finding| message.contains(finding["message"].as_str().unwrap())), "{message}");

    let verbose = node.post("/compatibility/subjects/s/versions?verbose=true", &wrong).ok();
    assert_eq!(verbose["findings"], body["findings"]);
    let short = node.post("/compatibility/subjects/s/versions", &wrong).ok();
    assert_eq!(short, json!({ "is_compatible": false }));
    let fits = node
        .post("/compatibility/subjects/s/versions?verbose=true", &record("  {\"name\": \"id\", \"type\": \"long\"}"));
    assert_eq!(fits.ok(), json!({ "is_compatible": true, "messages": [] }));
}

#[test]
fn of_many_findings_the_first_are_told() {
    let node = Node::start();
    let fields = |kind: &str| {
        (0..200).map(|n| format!(r#"  {{"name": "f{n}", "type": "{kind}"}}"#)).collect::<Vec<_>>().join(",\n")
    };
    node.register("s", &record(&fields("long")));
    let verdict = node.post("/compatibility/subjects/s/versions?verbose=true", &record(&fields("string"))).ok();
    assert_eq!(verdict["messages"].as_array().unwrap().len(), 203);
    let findings = verdict["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 50);
    assert_eq!(findings[49]["new"]["line"], 52);
}

#[test]
fn a_type_that_is_defined_elsewhere_is_where_it_is_used() {
    let node = Node::start();
    let inner = |kind: &str| json!({ "schema": format!(r#"{{"type":"record","name":"I","fields":[{{"name":"i","type":"{kind}"}}]}}"#) });
    node.register("inner", &inner("int"));
    node.register("other", &inner("string"));
    let outer = |subject: &str| {
        let mut outer = record("  {\"name\": \"a\", \"type\": \"I\"}");
        outer["references"] = json!([{ "name": "I", "subject": subject, "version": 1 }]);
        outer
    };
    node.register("s", &outer("inner"));
    let refused = node.post("/subjects/s/versions", &outer("other")).json();
    let new = &refused["findings"][0]["new"];
    assert_eq!(
        *new,
        json!({ "path": "/fields/0/type/fields/0/type", "fragment": "\"string\"", "line": 3, "column": 25 })
    );
}
