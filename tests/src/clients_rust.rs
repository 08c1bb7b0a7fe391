//! `schema_registry_converter`, the Rust client of Kafka applications: what its encoder writes, its decoder reads. Here with Avro;
//! the other languages are beside it.

use crate::harness::Node;
use apache_avro::types::Value;
use schema_registry_converter::blocking::avro::{AvroDecoder, AvroEncoder};
use schema_registry_converter::blocking::schema_registry::{
    SrSettings, get_all_subjects, get_all_versions, get_schema_by_id, get_schema_by_subject, is_compatible_schema,
    post_schema,
};
use schema_registry_converter::schema_registry_common::{
    SchemaType, SubjectNameStrategy, SuppliedReference, SuppliedSchema,
};

const MONEY: &str = r#"{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}"#;
/// This client finds what a reference names only by its short name, in the same namespace.
const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"total","type":"Money"}]}"#;

/// A client as an application configures it, save that it finds no proxy on the way.
pub fn settings(node: &Node) -> SrSettings {
    SrSettings::new_builder(node.url()).no_proxy().build().unwrap()
}

fn avro(schema: &str) -> SuppliedSchema {
    SuppliedSchema::new(None, SchemaType::Avro, schema.to_owned())
}

fn money(cents: i64) -> Value {
    Value::Record(vec![("cents".to_owned(), Value::Long(cents))])
}

#[test]
fn an_encoder_registers_its_schema_and_a_decoder_reads_the_message() {
    let node = Node::start();
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema("prices".to_owned(), false, avro(MONEY));
    let message = AvroEncoder::new(settings(&node)).encode(vec![("cents", Value::Long(700))], &strategy).unwrap();
    let read = AvroDecoder::new(settings(&node)).decode(Some(&message)).unwrap();
    assert_eq!(read.value, money(700));
    assert_eq!(get_all_subjects(&settings(&node)).unwrap(), ["prices-value"]);
}

#[test]
fn an_encoder_without_a_schema_uses_the_latest_of_its_subject() {
    let node = Node::start();
    let posted = post_schema(&settings(&node), "prices-value".to_owned(), avro(MONEY)).unwrap();
    let strategy = SubjectNameStrategy::TopicNameStrategy("prices".to_owned(), false);
    let message = AvroEncoder::new(settings(&node)).encode(vec![("cents", Value::Long(1))], &strategy).unwrap();
    assert_eq!(message[..5], [0, 0, 0, 0, u8::try_from(posted.id).unwrap()]);
    assert_eq!(AvroDecoder::new(settings(&node)).decode(Some(&message)).unwrap().value, money(1));
    let latest = get_schema_by_subject(&settings(&node), &strategy).unwrap();
    assert_eq!((latest.id, latest.schema.as_str()), (posted.id, MONEY));
    assert_eq!(get_schema_by_id(posted.id, &settings(&node)).unwrap().schema, MONEY);
    assert_eq!(get_all_versions(&settings(&node), "prices-value".to_owned()).unwrap(), [1]);
}

#[test]
fn references_are_registered_by_the_encoder_and_resolved_by_the_decoder() {
    let node = Node::start();
    let reference = SuppliedReference::new("shop.Money".to_owned(), "money".to_owned(), MONEY.to_owned());
    let order = avro(ORDER).with_references(vec![reference]);
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema("orders".to_owned(), false, order);
    let message = AvroEncoder::new(settings(&node)).encode(vec![("total", money(5))], &strategy).unwrap();
    let read = AvroDecoder::new(settings(&node)).decode(Some(&message)).unwrap();
    assert_eq!(read.value, Value::Record(vec![("total".to_owned(), money(5))]));
    let stored = node.get("/subjects/orders-value/versions/1").ok();
    let expected = serde_json::json!([{ "name": "shop.Money", "subject": "money", "version": 1 }]);
    assert_eq!(stored["references"], expected, "{stored}");
}

#[test]
fn compatibility_is_asked_and_an_incompatible_schema_is_an_error() {
    let node = Node::start();
    post_schema(&settings(&node), "s".to_owned(), avro(MONEY)).unwrap();
    let other = MONEY.replace("cents", "euros");
    assert!(!is_compatible_schema(&settings(&node), "s".to_owned(), avro(&other)).unwrap());
    assert!(is_compatible_schema(&settings(&node), "s".to_owned(), avro(MONEY)).unwrap());
    let error = post_schema(&settings(&node), "s".to_owned(), avro(&other)).unwrap_err();
    assert!(error.cause.as_deref().is_some_and(|cause| cause.contains("40901")), "{error:?}");
}
