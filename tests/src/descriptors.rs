//! Descriptors of Protobuf files: what `format=serialized` shows of a version finds that version. That real files do so is in
//! `tests/clients/strangers.py`.

use crate::harness::{Caller, Node};
use serde_json::{Value, json};

/// Options in another order than that of their numbers, and those of others: neither is in a descriptor.
const ORDERS: &str = r#"syntax = "proto3";
package shop;

import "money.proto";
import "google/protobuf/descriptor.proto";

option java_package = "com.shop";
option go_package = "shop";
option java_multiple_files = true;

message Order {
  Money total = 1 [(note) = "ours"];
}

extend google.protobuf.FieldOptions {
  string note = 50000;
}
"#;

fn protobuf(text: &str, references: &Value) -> Value {
    json!({ "schemaType": "PROTOBUF", "schema": text, "references": references })
}

fn serialized(caller: &mut Caller, version: u64) -> String {
    let shown = caller.get(&format!("/subjects/orders/versions/{version}?format=serialized")).ok();
    shown["schema"].as_str().unwrap().to_owned()
}

#[test]
fn the_descriptor_that_is_shown_of_a_version_finds_it_and_registers_as_what_it_says() {
    let node = Node::start();
    let mut caller = node.caller();
    caller.put("/config", &json!({ "compatibility": "NONE" })).ok();
    node.register(
        "money",
        &protobuf("syntax = \"proto3\"; package shop; message Money { int64 cents = 1; }", &json!([])),
    );
    let references = json!([{ "name": "money.proto", "subject": "money", "version": 1 }]);
    let id = node.register("orders", &protobuf(ORDERS, &references));
    let shown = serialized(&mut caller, 1);
    let body = protobuf(&shown, &references);
    for target in ["/subjects/orders", "/subjects/orders?normalize=true"] {
        let found = caller.post(target, &body).ok();
        assert_eq!((&found["id"], &found["version"]), (&json!(id), &json!(1)), "{target}");
        assert_eq!(found["schema"], ORDERS, "it is shown as it is stored");
    }
    // The option of others alone is another: the newest of those that are shown alike, and of those that are there.
    node.register("orders", &protobuf(&ORDERS.replace("ours", "theirs"), &references));
    assert_eq!(serialized(&mut caller, 2), shown);
    assert_eq!(caller.post("/subjects/orders", &body).ok()["version"], 2);
    caller.delete("/subjects/orders/versions/2").ok();
    assert_eq!(caller.post("/subjects/orders", &body).ok()["version"], 1);
    assert_eq!(caller.post("/subjects/orders?deleted=true", &body).ok()["version"], 2);
    // What differs in anything that is in a descriptor is another schema, as is what differs beside the text.
    let without = ORDERS.replace("option go_package = \"shop\";\n", "");
    node.register("other", &protobuf(&without, &references));
    assert_eq!(caller.post("/subjects/other", &body).error_code(), 40403);
    let mut described = body.clone();
    described["metadata"] = json!({ "properties": { "owner": "ours" } });
    assert_eq!(caller.post("/subjects/orders", &described).error_code(), 40403);
    // A registration takes it for what it says.
    assert_ne!(node.register("orders", &body), id);
}
