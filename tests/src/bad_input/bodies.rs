//! Bodies and parameters that are not what they should be.

use super::lives;
use crate::harness::{Caller, Node, named};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[track_caller]
fn check(caller: &mut Caller, method: &str, target: &str, body: &[u8], code: u64) {
    let answer = caller.send(method, target, &[JSON], Some(body));
    assert_eq!(answer.error_code(), code, "{method} {target} {:.80}: {answer:?}", String::from_utf8_lossy(body));
}

#[test]
fn malformed_and_misshapen_bodies_are_refused_with_400_and_missing_ones_with_422() {
    let node = Node::start();
    let mut caller = node.caller();
    let deep_array = "[".repeat(200_000).into_bytes();
    let deep_object = r#"{"a":"#.repeat(200_000).into_bytes();
    let deep_ignored = format!(r#"{{"schema":"\"int\"","x":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000)).into_bytes();
    let bodies: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"[]",
        b"1",
        b"\"x\"",
        b"{'schema':1}",
        b"{\"schema\":\"x\",}",
        b"{} {}",
        b"// x\n{}",
        b"\0\0\0\0",
        b"{\"schema\":\"\xff\"}",
        b"\xc3\x28",
        b"{\"schema\":\"a\x01b\"}",
        br#"{"schema":"\ud800"}"#,
        br#"{"schema":"\x"}"#,
        br#"{"schema":{}}"#,
        br#"{"schema":[]}"#,
        br#"{"schema":"\"int\"","version":{}}"#,
        br#"{"schema":"\"int\"","version":"one"}"#,
        br#"{"schema":"\"int\"","version":99999999999}"#,
        br#"{"schema":"\"int\"","id":2147483648}"#,
        br#"{"schema":"\"int\"","version":1e999}"#,
        br#"{"schema":"\"int\"","references":5}"#,
        br#"{"schema":"\"int\"","references":[null]}"#,
        br#"{"schema":"\"int\"","references":[7]}"#,
        br#"{"schema":"\"int\"","metadata":[]}"#,
        br#"{"schema":"\"int\"","metadata":{"properties":[]}}"#,
        br#"{"schema":"\"int\"","metadata":{"properties":{"a":null}}}"#,
        br#"{"schema":"\"int\"","ruleSet":"x"}"#,
        br#"{"schema":"\"int\"","ruleSet":{"domainRules":[null]}}"#,
        br#"{"schema":"\"int\"","ruleSet":{"domainRules":[{"name":"r","type":"CEL","mode":"ALWAYS"}]}}"#,
        br#"{"schema":"\"int\"","ruleSet":{"domainRules":[{"name":"r","type":"CEL","params":[1]}]}}"#,
        br#"{"schema":"\"int\"","ruleSet":{"enableAt":"HOME"}}"#,
        br#"{"schema":"\"int\"","propagateSchemaTags":"maybe"}"#,
        br#"{"schema":"\"int\"","schemaTagsToAdd":{}}"#,
        br#"{"schema":"\"int\"","schemaTagsToAdd":[null]}"#,
        br#"{"schema":"\"int\"","schemaTagsToRemove":[{"tags":["T"]}]}"#,
        br#"{"schema":"\"int\"","schemaTagsToRemove":[{"schemaEntity":{"entityPath":"a","entityType":"field"},"tags":["T"]}]}"#,
        br#"{"schema":"\"int\"","schemaTagsToRemove":[{"schemaEntity":{"entityPath":"a","entityType":"sr_field"},"tags":[null]}]}"#,
        &deep_array,
        &deep_object,
        &deep_ignored,
    ];
    for target in ["/subjects/s/versions", "/subjects/s", "/compatibility/subjects/s/versions"] {
        for body in &bodies {
            check(&mut caller, "POST", target, body, 400);
        }
        for body in ["", " \r\n", "null"] {
            check(&mut caller, "POST", target, body.as_bytes(), 422);
        }
    }
    for (target, missing) in [("/config", 422), ("/config/s", 422), ("/mode", 422), ("/mode/s", 422)] {
        check(&mut caller, "PUT", target, b"{", 400);
        check(&mut caller, "PUT", target, b"[]", 400);
        check(&mut caller, "PUT", target, b"", missing);
        check(&mut caller, "PUT", target, &deep_object, 400);
    }
    check(&mut caller, "PUT", "/config/s", br#"{"compatibility":"sideways"}"#, 42203);
    check(&mut caller, "PUT", "/config/s", br#"{"compatibility":{}}"#, 400);
    check(&mut caller, "PUT", "/mode/s", br#"{"mode":"sideways"}"#, 42204);
    check(&mut caller, "PUT", "/mode/s", br#"{"mode":[]}"#, 400);
    lives(&node);
}

#[test]
fn tags_for_no_place_or_no_version_are_refused() {
    let node = Node::start();
    node.register("s", &named("A"));
    let mut caller = node.caller();
    let tags = "/subjects/s/versions/1/tags";
    for body in ["{", "[]", "\"x\"", r#"{"tagsToAdd":5}"#, r#"{"newVersion":"two"}"#, r#"{"rulesToRemove":"r"}"#] {
        check(&mut caller, "POST", tags, body.as_bytes(), 400);
    }
    for body in ["", "null"] {
        check(&mut caller, "POST", tags, body.as_bytes(), 422);
    }
    check(&mut caller, "POST", "/subjects/nobody/versions/1/tags", b"{}", 40401);
    check(&mut caller, "POST", "/subjects/s/versions/2/tags", b"{}", 40402);
    check(&mut caller, "POST", "/subjects/s/versions/0/tags", b"{}", 42202);
    check(&mut caller, "POST", "/subjects/a%C2%85b/versions/1/tags", b"{}", 42208);
    for version in ["-7", "0"] {
        let body = format!(r#"{{"newVersion":{version},"rulesToMerge":{{"domainRules":[{{"name":"r"}}]}}}}"#);
        check(&mut caller, "POST", tags, body.as_bytes(), 42210);
    }
    check(&mut caller, "POST", tags, br#"{"newVersion":1}"#, 42201);
    let edit = |path: &str| {
        let entity = serde_json::json!({ "entityPath": path, "entityType": "sr_field" });
        serde_json::json!({ "tagsToAdd": [{ "schemaEntity": entity, "tags": ["T"] }] }).to_string()
    };
    for path in ["", ".", "A", "A.", "..", "A.\u{0}", &"A.".repeat(100_000), &"x".repeat(1 << 20)] {
        check(&mut caller, "POST", tags, edit(path).as_bytes(), 42201);
    }
    let many: Vec<_> = (0..10_000).map(|n| serde_json::json!({ "schemaEntity": { "entityPath": format!("A.{n}"), "entityType": "sr_field" }, "tags": ["T", "U"] })).collect();
    check(&mut caller, "POST", tags, serde_json::json!({ "tagsToAdd": many }).to_string().as_bytes(), 42201);
    assert_eq!(node.get("/subjects/s/versions").ok(), serde_json::json!([1]));
    lives(&node);
}

#[test]
fn texts_that_are_no_schema_are_refused_with_42201() {
    let node = Node::start();
    let mut caller = node.caller();
    let deep = [
        "[".repeat(100_000),
        r#"{"type":"#.repeat(100_000),
        r#"{"type":"array","items":"#.repeat(50_000) + "\"int\"" + "}".repeat(50_000).as_str(),
        r#"{"type":"record","name":"R","fields":[{"name":"f","type":"#.repeat(20_000),
    ];
    let wrong = [
        "",
        "{",
        "null",
        "5",
        "true",
        "[]x",
        "\"nothing\"",
        r#"{"type":"nothing"}"#,
        r#"{"type":"record"}"#,
        r#"{"type":"record","name":"1","fields":[]}"#,
        r#"{"type":"record","name":"R","fields":{}}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
        r#"{"type":"enum","name":"E","symbols":["A","A"]}"#,
        r#"{"type":"enum","name":"E","symbols":["\u0001"]}"#,
        r#"{"type":"fixed","name":"F","size":-1}"#,
        r#"{"type":"fixed","name":"F","size":1e99}"#,
        r#"["int","int"]"#,
        r#"[["int"]]"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"S"}]}"#,
        "{\"type\":\"in\0t\"}",
    ];
    for text in wrong.iter().map(|text| (*text).to_owned()).chain(deep) {
        let body = serde_json::json!({ "schema": text }).to_string();
        check(&mut caller, "POST", "/subjects/s/versions", body.as_bytes(), 42201);
        check(&mut caller, "POST", "/compatibility/subjects/s/versions/latest", body.as_bytes(), 42201);
        let answer = caller.send("POST", "/subjects/s", &[JSON], Some(body.as_bytes()));
        assert!((400..500).contains(&answer.status), "{answer:?}");
        answer.error_code();
    }
    check(&mut caller, "POST", "/subjects/s/versions", br#"{"schema":"\"int\"","schemaType":"NOPE"}"#, 42201);
    assert_eq!(node.get("/subjects").ok(), serde_json::json!([]));
    lives(&node);
}

#[test]
fn numbers_out_of_range_and_names_out_of_the_alphabet_are_refused() {
    let node = Node::start();
    node.register("s", &named("A"));
    let mut caller = node.caller();
    let body = named("B").to_string();
    for id in ["2147483648", "-2147483649", "99999999999999999999", "x", "1.0", "0x1", "1e1"] {
        check(&mut caller, "GET", &format!("/schemas/ids/{id}"), b"", 404);
    }
    for id in ["0", "-1", "2147483647"] {
        check(&mut caller, "GET", &format!("/schemas/ids/{id}"), b"", 40403);
    }
    for version in ["0", "-2", "2147483648", "99999999999999999999", "x", "1.0"] {
        check(&mut caller, "GET", &format!("/subjects/s/versions/{version}"), b"", 42202);
        check(&mut caller, "DELETE", &format!("/subjects/s/versions/{version}"), b"", 42202);
        check(&mut caller, "POST", &format!("/compatibility/subjects/s/versions/{version}"), body.as_bytes(), 42202);
    }
    check(&mut caller, "GET", "/subjects?offset=-1", b"", 400);
    check(&mut caller, "GET", "/subjects?limit=x", b"", 404);
    check(&mut caller, "GET", "/subjects?offset=99999999999999999999", b"", 404);
    check(&mut caller, "GET", "/schemas/guids/not-a-guid", b"", 40403);
    check(&mut caller, "POST", "/subjects/a%C2%85b/versions", body.as_bytes(), 42208);
    check(&mut caller, "PUT", "/config/a%C2%85b", br#"{"compatibility":"FULL"}"#, 42208);
    for name in ["a%00b", "a%0Ab", "%FF", "%zz", "a%5Cb", "%2e%2e"] {
        check(&mut caller, "GET", &format!("/subjects/{name}/versions"), b"", 400);
        check(&mut caller, "POST", &format!("/subjects/{name}/versions"), body.as_bytes(), 400);
    }
    lives(&node);
}
