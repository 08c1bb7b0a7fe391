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

/// The answer about a schema with these fields, as far as it is about levels and versions.
fn matrix(node: &Node, subject: &str, fields: &str) -> Value {
    node.post(&format!("/compatibility/subjects/{subject}/matrix"), &record(fields)).ok()
}

#[test]
fn a_matrix_says_what_checks_at_every_level_say() {
    let node = Node::start();
    let id = r#"  {"name": "id", "type": "long"}"#;
    let with = |more: &str| format!("{id},\n  {more}");
    let (plain, optional) = (r#"{"name": "n", "type": "int"}"#, r#"{"name": "n", "type": "int", "default": 0}"#);
    node.register("s", &record(id));
    node.register("s", &record(&with(optional)));
    let shown = matrix(&node, "s", &with(plain));
    let row = |version: u32, backward: bool, forward: bool| json!({ "version": version, "BACKWARD": backward, "FORWARD": forward, "FULL": backward && forward });
    assert_eq!(shown["versions"], json!([row(2, true, true), row(1, false, true)]));
    assert_eq!(
        (&shown["versionCount"], &shown["level"], &shown["is_compatible"]),
        (&json!(2), &json!("BACKWARD"), &json!(true))
    );
    let findings = shown["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &findings[0]["version"], &findings[0]["new"]["line"]), (1, &json!(1), &json!(4)));
    for candidate in
        [with(plain), with(optional), id.to_owned(), "  {\"name\": \"x\", \"type\": \"string\"}".to_owned()]
    {
        let levels = matrix(&node, "s", &candidate)["levels"].clone();
        for (level, allowed) in levels.as_object().unwrap() {
            node.put("/config/s", &json!({ "compatibility": level })).ok();
            let checked = node.post("/compatibility/subjects/s/versions", &record(&candidate)).ok();
            assert_eq!(&checked["is_compatible"], allowed, "{level} {candidate}");
            assert_eq!(&matrix(&node, "s", &candidate)["is_compatible"], allowed, "{level} {candidate}");
        }
        assert_eq!(levels.as_object().unwrap().len(), 7);
    }
    // One of its own that it takes, and another that it does not.
    assert_eq!(node.post("/compatibility/subjects/s/matrix?verbose=true", &record(id)).error_code(), 400);
    assert_eq!(node.post("/compatibility/subjects/s/matrix", &json!({ "schema": "{" })).error_code(), 42201);
    let unknown = matrix(&node, "unknown", id);
    assert_eq!(
        (&unknown["is_compatible"], &unknown["versionCount"], &unknown["findings"]),
        (&json!(true), &json!(0), &json!([]))
    );
}

#[test]
fn a_matrix_of_many_versions_shows_the_newest_and_counts_all() {
    let node = Node::start();
    node.put("/config/s", &json!({ "compatibility": "NONE" })).ok();
    let mut caller = node.caller();
    for n in 0..1_010 {
        let field = format!(r#"  {{"name": "f{n}", "type": "int"}}"#);
        assert_eq!(caller.post("/subjects/s/versions", &record(&field)).status, 200);
    }
    let shown = matrix(&node, "s", r#"  {"name": "f1009", "type": "int"}"#);
    let versions = shown["versions"].as_array().unwrap();
    assert_eq!(
        (versions.len(), &versions[0]["version"], &shown["versionCount"]),
        (1_000, &json!(1_010), &json!(1_010))
    );
    assert_eq!((&shown["levels"]["FULL"], &shown["levels"]["FULL_TRANSITIVE"]), (&json!(true), &json!(false)));
    assert_eq!(shown["findings"].as_array().unwrap().len(), 50);
}

#[test]
fn a_schema_inside_an_association_is_told_where_it_is_wrong_as_well() {
    let node = Node::start();
    let associated = |schema: &Value| {
        let value = json!({ "subject": "s", "associationType": "value", "schema": schema });
        json!({ "resourceName": "a", "resourceNamespace": "n", "resourceId": "1", "associations": [value] })
    };
    node.register("s", &record(r#"  {"name": "id", "type": "long"}"#));
    let bound = json!({ "resourceName": "a", "resourceNamespace": "n", "resourceId": "1",
        "associations": [{ "subject": "s", "associationType": "value" }] });
    node.post("/associations", &bound).ok();
    let wrong = record("  {\"name\": \"id\",\n   \"type\": \"string\"}");
    for target in ["/associations/resources/1", "/associations/resources/1?dryRun=true"] {
        let refused = node.put(target, &associated(&wrong));
        assert_eq!(refused.error_code(), 40901, "{refused:?}");
        let new = &refused.json()["findings"][0]["new"];
        assert_eq!((&new["line"], &new["column"]), (&json!(4), &json!(12)), "{refused:?}");
    }
}

#[test]
fn rules_that_do_not_parse_are_told_and_kept() {
    let node = Node::start();
    let rule = |name: &str, expr: &str| json!({ "name": name, "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": expr });
    let mut body = record(r#"{"name": "id", "type": "long"}"#);
    body["ruleSet"] = json!({ "domainRules": [rule("good", "message.id > 0"), rule("bad", "message.id >")] });
    let told = |answer: &Value| answer["ruleFindings"].clone();
    let registered = node.post("/subjects/s/versions", &body).ok();
    let findings = told(&registered);
    let [finding] = &findings.as_array().unwrap()[..] else { panic!("{registered}") };
    assert_eq!([&finding["rule"], &finding["line"]], [&json!("bad"), &json!(1)]);
    assert!(finding["column"].as_u64().is_some_and(|column| column > 1) && finding["message"].is_string(), "{finding}");
    // Found again, made again and validated against, it says so again; and it is what clients get.
    assert_eq!(told(&node.post("/subjects/s/versions", &body).ok()), told(&registered));
    assert_eq!(told(&node.post("/subjects/s/versions/1/tags", &json!({})).ok()), told(&registered));
    let sample = node.post("/subjects/s/versions/1/validate", &json!({ "id": 1 })).ok();
    assert_eq!((&sample["is_valid"], told(&sample)), (&json!(true), told(&registered)));
    assert_eq!(node.get("/subjects/s/versions/1").ok()["ruleSet"]["domainRules"][1]["expr"], "message.id >");
    body["ruleSet"] = json!({ "domainRules": [rule("good", "message.id > 0")] });
    assert_eq!(told(&node.post("/subjects/s/versions", &body).ok()), Value::Null);
}
