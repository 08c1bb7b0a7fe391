//! `schema_registry_converter` with Protobuf: messages that are made of JSON by the schema of the registry, and those that other
//! code has encoded.

use crate::clients_rust::settings;
use crate::harness::Node;
use schema_registry_converter::blocking::proto_decoder::ProtoDecoder;
use schema_registry_converter::blocking::proto_encoder::ProtoEncoder;
use schema_registry_converter::blocking::proto_raw::{ProtoRawDecoder, ProtoRawEncoder};
use schema_registry_converter::blocking::schema_registry::post_schema;
use schema_registry_converter::schema_registry_common::{
    SchemaType, SubjectNameStrategy, SuppliedReference, SuppliedSchema,
};
use serde_json::{Value, json};

const MONEY: &str = "syntax = \"proto3\";\npackage shop;\n\nmessage Money {\n  int64 cents = 1;\n}\n";
/// The second message, with one inside, a map, a type that needs no reference and one that does.
const ORDER: &str = r#"syntax = "proto3";
package shop;

import "shop/money.proto";
import "google/protobuf/timestamp.proto";

message Note {
  string text = 1;
}
message Order {
  Money total = 1;
  repeated Line lines = 2;
  map<string, Note> notes = 3;
  google.protobuf.Timestamp at = 4;

  message Line {
    int32 count = 1;
  }
}
"#;

fn schema(text: &str) -> SuppliedSchema {
    SuppliedSchema::new(None, SchemaType::Protobuf, text.to_owned())
}

/// The strategy of an encoder that brings the schema, with what it imports.
fn with_schema(topic: &str) -> SubjectNameStrategy {
    let money = SuppliedReference::new("shop/money.proto".to_owned(), "money".to_owned(), MONEY.to_owned());
    let order = schema(ORDER).with_references(vec![money]);
    SubjectNameStrategy::TopicNameStrategyWithSchema(topic.to_owned(), false, order)
}

fn order() -> Value {
    json!({ "total": { "cents": "700" }, "lines": [{ "count": 3 }], "notes": { "a": { "text": "x" } }, "at": "2026-01-02T03:04:05Z" })
}

/// What a new decoder makes of a message: the name of its type, and its JSON.
#[track_caller]
fn read(node: &Node, message: &[u8]) -> (String, Value) {
    let read = ProtoDecoder::new(settings(node)).decode_with_context(Some(message)).unwrap().unwrap();
    (read.full_name, serde_json::to_value(&read.value).unwrap())
}

#[test]
fn an_encoder_registers_its_schema_with_what_it_imports_and_a_decoder_reads_the_message() {
    let node = Node::start();
    let message =
        ProtoEncoder::new(settings(&node)).encode_json(&order(), "shop.Order", &with_schema("orders")).unwrap();
    // One index, which is 1: the second message.
    assert_eq!(message[5..7], [2, 2]);
    assert_eq!(read(&node, &message), ("shop.Order".to_owned(), order()));
    let stored = node.get("/subjects/orders-value/versions/1").ok();
    assert_eq!((&stored["schemaType"], &stored["schema"]), (&json!("PROTOBUF"), &json!(ORDER)));
    let references = json!([{ "name": "shop/money.proto", "subject": "money", "version": 1 }]);
    assert_eq!(stored["references"], references, "{stored}");
}

#[test]
fn an_encoder_without_a_schema_uses_the_latest_of_its_subject() {
    let node = Node::start();
    post_schema(&settings(&node), "prices-value".to_owned(), schema(MONEY)).unwrap();
    let evolved = MONEY.replace("}\n", "  string currency = 2;\n}\n");
    let posted = post_schema(&settings(&node), "prices-value".to_owned(), schema(&evolved)).unwrap();
    let strategy = SubjectNameStrategy::TopicNameStrategy("prices".to_owned(), false);
    let value = json!({ "cents": "5", "currency": "EUR" });
    let message = ProtoEncoder::new(settings(&node)).encode_json(&value, "shop.Money", &strategy).unwrap();
    assert_eq!(message[..6], [0, 0, 0, 0, u8::try_from(posted.id).unwrap(), 0]);
    assert_eq!(read(&node, &message), ("shop.Money".to_owned(), value));
}

#[test]
fn bytes_of_a_nested_message_are_found_by_its_indexes() {
    let node = Node::start();
    let line = [8, 9];
    let encoder = ProtoRawEncoder::new(settings(&node));
    let message = encoder.encode(&line, "shop.Order.Line", &with_schema("lines")).unwrap();
    assert_eq!(message[5..8], [4, 2, 0]);
    let raw = ProtoRawDecoder::new(settings(&node)).decode(Some(&message)).unwrap().unwrap();
    assert_eq!((raw.full_name.as_str(), raw.bytes.as_slice()), ("shop.Order.Line", &line[..]));
    assert_eq!(read(&node, &message), ("shop.Order.Line".to_owned(), json!({ "count": 9 })));
}

#[test]
fn the_guid_in_a_header_finds_the_schema() {
    let node = Node::start();
    let encoder = ProtoEncoder::new(settings(&node));
    let (bytes, header) =
        encoder.encode_json_with_header_id(&order(), "shop.Order", &with_schema("orders"), false).unwrap();
    assert_eq!((header.name, header.value[0], header.value.len()), ("__value_schema_id", 1, 19));
    let decoder = ProtoDecoder::new(settings(&node));
    let read = decoder.decode_with_context_and_header_id(Some(&header.value), Some(&bytes)).unwrap().unwrap();
    assert_eq!((read.full_name.as_str(), serde_json::to_value(&read.value).unwrap()), ("shop.Order", order()));
}
