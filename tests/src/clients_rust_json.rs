//! `schema_registry_converter` with JSON Schema: its encoder and its decoder validate what passes.

use crate::clients_rust::settings;
use crate::harness::Node;
use schema_registry_converter::blocking::json::{JsonDecoder, JsonEncoder};
use schema_registry_converter::blocking::schema_registry::post_schema;
use schema_registry_converter::schema_registry_common::{
    SchemaType, SubjectNameStrategy, SuppliedReference, SuppliedSchema,
};
use serde_json::{Value, json};

const MONEY: &str = r#"{"type":"object","properties":{"cents":{"type":"integer"}},"required":["cents"]}"#;
const BILL: &str = r#"{"type":"object","properties":{"total":{"$ref":"money.json"}},"required":["total"],"additionalProperties":false}"#;

fn schema(text: &str) -> SuppliedSchema {
    SuppliedSchema::new(None, SchemaType::Json, text.to_owned())
}

/// What a new decoder makes of a message, which must fit the schema that it names.
#[track_caller]
fn read(node: &Node, message: &[u8]) -> Value {
    let decoder = JsonDecoder::new(settings(node));
    let read = decoder.decode(Some(message)).unwrap().unwrap();
    decoder.validate(&read.schema, &read.value).unwrap();
    read.value
}

#[test]
fn an_encoder_registers_its_schema_and_a_decoder_reads_the_message() {
    let node = Node::start();
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema("prices".to_owned(), false, schema(MONEY));
    let encoder = JsonEncoder::new(settings(&node));
    let message = encoder.encode(&json!({ "cents": 700 }), &strategy).unwrap();
    assert_eq!(read(&node, &message), json!({ "cents": 700 }));
    let stored = node.get("/subjects/prices-value/versions/latest").ok();
    assert_eq!((&stored["schemaType"], &stored["schema"]), (&json!("JSON"), &json!(MONEY)));
    let error = encoder.encode(&json!({ "cents": "700" }), &strategy).unwrap_err();
    assert!(format!("{error:?}").contains("700"), "{error:?}");
}

#[test]
fn an_encoder_without_a_schema_uses_the_latest_of_its_subject() {
    let node = Node::start();
    let posted = post_schema(&settings(&node), "prices-value".to_owned(), schema(MONEY)).unwrap();
    let strategy = SubjectNameStrategy::TopicNameStrategy("prices".to_owned(), false);
    let message = JsonEncoder::new(settings(&node)).encode(&json!({ "cents": 1 }), &strategy).unwrap();
    assert_eq!(message[..5], [0, 0, 0, 0, u8::try_from(posted.id).unwrap()]);
    assert_eq!(read(&node, &message), json!({ "cents": 1 }));
}

#[test]
fn references_are_registered_by_the_encoder_and_resolved_by_the_decoder() {
    let node = Node::start();
    let reference = SuppliedReference::new("money.json".to_owned(), "money".to_owned(), MONEY.to_owned());
    let bill = schema(BILL).with_references(vec![reference]);
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema("bills".to_owned(), false, bill);
    let encoder = JsonEncoder::new(settings(&node));
    let message = encoder.encode(&json!({ "total": { "cents": 5 } }), &strategy).unwrap();
    assert_eq!(read(&node, &message), json!({ "total": { "cents": 5 } }));
    // What is refused is so by the schema that is referred to.
    encoder.encode(&json!({ "total": { "cents": "5" } }), &strategy).unwrap_err();
    let stored = node.get("/subjects/bills-value/versions/1").ok();
    assert_eq!(stored["references"], json!([{ "name": "money.json", "subject": "money", "version": 1 }]), "{stored}");
}

#[test]
fn the_guid_in_a_header_finds_the_schema() {
    let node = Node::start();
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema("prices".to_owned(), false, schema(MONEY));
    let encoder = JsonEncoder::new(settings(&node));
    let (bytes, header) = encoder.encode_with_header_id(&json!({ "cents": 3 }), &strategy, false).unwrap();
    assert_eq!((header.name, header.value[0]), ("__value_schema_id", 1));
    let decoder = JsonDecoder::new(settings(&node));
    let read = decoder.decode_with_header_id(Some(&header.value), Some(&bytes)).unwrap().unwrap();
    assert_eq!((read.value, &read.schema.schema), (json!({ "cents": 3 }), &serde_json::from_str(MONEY).unwrap()));
}
