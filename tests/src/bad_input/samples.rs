//! Sample documents whose few bytes claim to be much: counts, lengths and depths without an end.

use super::lives;
use crate::harness::{Node, schema};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// 2^62 - 1 as Avro writes it.
const ENDLESS: &[u8] = b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f";

#[test]
fn samples_that_claim_to_be_endless_do_not_fit() {
    let node = Node::start();
    #[track_caller]
    fn check(node: &Node, subject: &str, avro: &Value, sample: &[u8]) {
        node.register(subject, &schema(avro));
        let target = format!("/subjects/{subject}/versions/1/validate?encoding=base64");
        let verdict = node.post(&target, &Value::String(STANDARD.encode(sample))).ok();
        assert_eq!(verdict["is_valid"], false, "{subject}: {verdict}");
        assert!(verdict["message"].is_string(), "{subject}: {verdict}");
    }
    let nulls = json!({ "type": "array", "items": "null" });
    check(&node, "items-without-bytes", &nulls, &[ENDLESS, b"\0"].concat());
    check(&node, "blocks-without-end", &nulls, &b"\x02".repeat(2_000_000));
    check(&node, "a-count-below-zero", &nulls, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0");
    check(&node, "a-map", &json!({ "type": "map", "values": "null" }), &[ENDLESS, b"\0"].concat());
    check(&node, "a-text", &json!("string"), ENDLESS);
    check(&node, "a-length-of-many-bytes", &json!("bytes"), &[0xff; 100]);
    let list = json!({ "type": "record", "name": "L", "fields": [{ "name": "next", "type": ["null", "L"] }] });
    check(&node, "a-list-without-end", &list, &b"\x02".repeat(2_000_000));
    let endless = json!({ "type": "record", "name": "S", "fields": [{ "name": "s", "type": "S" }] });
    check(&node, "a-record-within-itself", &endless, b"");
    lives(&node);
}

#[test]
fn a_sample_may_say_of_which_schema_it_is() {
    let node = Node::start();
    let registered = node.post("/subjects/s/versions", &schema(&json!("string"))).ok();
    let id = i32::try_from(registered["id"].as_i64().unwrap()).unwrap();
    let digits = registered["guid"].as_str().unwrap().replace('-', "");
    let guid: Vec<u8> = (0..16).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
    let fits = |sample: &[u8]| {
        let target = "/subjects/s/versions/1/validate?encoding=base64";
        node.post(target, &Value::String(STANDARD.encode(sample))).ok()["is_valid"] == true
    };
    let text = b"\x06abc";
    assert!(fits(text));
    assert!(fits(&[&[0], &id.to_be_bytes()[..], text].concat()));
    assert!(fits(&[&[1], &guid[..], text].concat()));
    // Of another schema, and cut off.
    assert!(!fits(&[&[0], &(id + 1).to_be_bytes()[..], text].concat()));
    assert!(!fits(&[&[1], &[7; 16][..], text].concat()));
    assert!(!fits(&[&[0], &id.to_be_bytes()[..]].concat()));
}
