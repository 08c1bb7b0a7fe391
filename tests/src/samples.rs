//! `…/validate` with the examples of docs/api.md: what it says of binary documents is what the page says.

use crate::harness::{Node, schema};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const PAYMENT: &str = r#"{"type": "record", "name": "Payment", "fields": [
  {"name": "id", "type": "string"},
  {"name": "amount", "type": ["null", "long"], "default": null},
  {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [{"name": "n", "type": "int"}]}}}]}"#;

const ORDERS: &str = "syntax = \"proto3\";
message Note { string text = 1; }
message Order {
  int64 id = 1;
  map<string, Note> notes = 2;
  message Line { int32 count = 1; }
}
";

/// The rows of the tables of the chapter: body and answer of each.
fn rows(page: &str) -> Vec<(String, String)> {
    let (_, chapter) = page.split_once("## Does a document fit?").unwrap();
    let chapter = chapter.split_once("\n## ").map_or(chapter, |(chapter, _)| chapter);
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once(" | "));
    let code = |cell: &str| cell.trim_matches('`').to_owned();
    rows.map(|(body, answer)| (body.split('`').next().unwrap().to_owned(), code(answer))).collect()
}

#[test]
fn the_examples_of_the_page_are_answered_as_it_says() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md")).unwrap();
    assert!(page.contains(PAYMENT) && page.contains(ORDERS), "the schemas of the page are others");
    let node = Node::start();
    // The page names ids: 3 and 7.
    let filler = |id: usize| json!({ "schema": format!(r#"{{"type":"fixed","name":"F","size":{id}}}"#) });
    for id in 1..=7 {
        let registered = match id {
            3 => node.register("payments-value", &schema(&serde_json::from_str(PAYMENT).unwrap())),
            7 => node.register("orders-value", &json!({ "schema": ORDERS, "schemaType": "PROTOBUF" })),
            id => node.register(&format!("filler-{id}"), &filler(id)),
        };
        assert_eq!(registered, id as u64);
    }
    let (mut avro, mut protobuf, mut before) = (0, 0, String::new());
    for (body, expected) in rows(&page) {
        let binary = body.starts_with('"');
        let of_orders = binary && (body.starts_with("\"AAAAAAc") || body == "\"CgJoaQ==\"");
        *(if of_orders { &mut protobuf } else { &mut avro }) += 1;
        let subject = if of_orders { "orders-value" } else { "payments-value" };
        let encoding = if binary { "base64" } else { "json" };
        let target = format!("/subjects/{subject}/versions/1/validate?encoding={encoding}");
        let answer = node.post(&target, &serde_json::from_str::<Value>(&body).unwrap()).ok();
        let expected = if expected == "the same" { before } else { expected };
        assert_eq!(answer, serde_json::from_str::<Value>(&expected).unwrap(), "{body}");
        before = expected;
    }
    assert_eq!((avro, protobuf), (7, 4), "rows were found");
}
