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
