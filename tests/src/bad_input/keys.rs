//! Requests for encryption keys that are not what they should be.

use super::lives;
use crate::harness::Node;
use serde_json::{Value, json};

const KEKS: &str = "/dek-registry/v1/keks";
const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn misshapen_requests_for_keys_are_refused() {
    let node = Node::start();
    let mut caller = node.caller();
    let kek = json!({ "name": "k", "kmsType": "local-kms", "kmsKeyId": "i" });
    caller.post(KEKS, &kek).ok();
    caller.post(&format!("{KEKS}/k/deks/s"), &json!({ "encryptedKeyMaterial": "AAAA" })).ok();
    let with = |name: &str, value: Value| {
        let mut kek = json!({ "name": "new", "kmsType": "local-kms", "kmsKeyId": "i" });
        kek[name] = value;
        kek
    };
    let long = "x".repeat(100_000);
    let own = format!("{KEKS}/k");
    let deks = format!("{KEKS}/k/deks");
    let dek = format!("{KEKS}/k/deks/s");
    let version = format!("{dek}/versions/1");
    let of_dek = |name: &str, value: Value| {
        let mut dek = json!({ "encryptedKeyMaterial": "AAAA", "subject": "t", "version": 2 });
        dek[name] = value;
        dek
    };
    let rows: Vec<(&str, &str, Value, u64)> = vec![
        ("POST", KEKS, json!([]), 400),
        ("POST", KEKS, json!(null), 422),
        ("POST", KEKS, with("name", json!([])), 400),
        ("POST", KEKS, with("name", json!(7)), 42271),
        ("POST", KEKS, with("name", json!("a/b")), 42271),
        ("POST", KEKS, with("name", json!("a".repeat(257))), 42271),
        ("POST", KEKS, with("name", json!("a\u{0}")), 42271),
        ("POST", KEKS, with("kmsType", json!({})), 400),
        ("POST", KEKS, with("kmsType", json!("")), 42271),
        ("POST", KEKS, with("kmsKeyId", json!(long)), 42271),
        ("POST", KEKS, with("kmsProps", json!([])), 400),
        ("POST", KEKS, with("kmsProps", json!({ "a": {} })), 400),
        ("POST", KEKS, with("kmsProps", json!({ "a": long })), 42271),
        ("POST", KEKS, with("kmsProps", json!({ "client.secret": "x" })), 42271),
        ("POST", KEKS, with("doc", json!({})), 400),
        ("POST", KEKS, with("doc", json!(long)), 42271),
        ("POST", KEKS, with("shared", json!("maybe")), 400),
        ("POST", KEKS, with("deleted", json!([])), 400),
        ("PUT", &own, json!("x"), 400),
        ("PUT", &own, json!({ "shared": {} }), 400),
        ("PUT", &own, json!({ "kmsProps": "x" }), 400),
        ("PUT", &own, json!({ "kmsProps": { "token": "x" } }), 42271),
        ("PUT", &own, json!({ "doc": long }), 42271),
        ("POST", &deks, json!({}), 42271),
        ("POST", &deks, of_dek("subject", json!("")), 42271),
        ("POST", &deks, of_dek("subject", json!("a\u{1}b")), 42271),
        ("POST", &deks, of_dek("subject", json!(long)), 42271),
        ("POST", &deks, of_dek("subject", json!({})), 400),
        ("POST", &deks, of_dek("version", json!(0)), 42271),
        ("POST", &deks, of_dek("version", json!(-1)), 42271),
        ("POST", &deks, of_dek("version", json!(2_147_483_648u64)), 400),
        ("POST", &deks, of_dek("version", json!("x")), 400),
        ("POST", &deks, of_dek("algorithm", json!("AES")), 400),
        ("POST", &deks, of_dek("algorithm", json!([])), 400),
        ("POST", &deks, of_dek("encryptedKeyMaterial", json!(long)), 42271),
        ("POST", &deks, of_dek("encryptedKeyMaterial", json!(null)), 42271),
        ("POST", &deks, of_dek("deleted", json!("x")), 400),
        ("POST", &dek, json!([]), 400),
        ("POST", &dek, json!(null), 422),
        ("POST", "/dek-registry/v1/keks/none/deks/s", of_dek("version", json!(1)), 40470),
        ("PUT", "/dek-registry/v1/keks/k/readers", json!({}), 42271),
        ("PUT", "/dek-registry/v1/keks/k/readers", json!({ "readers": "x" }), 400),
        ("PUT", "/dek-registry/v1/keks/k/readers", json!({ "readers": [7] }), 400),
        ("PUT", "/dek-registry/v1/keks/k/readers", json!({ "readers": ["alice"] }), 42271),
        ("PUT", "/dek-registry/v1/keks/k/readers", json!({ "readers": [], "more": 1 }), 400),
        ("PUT", "/dek-registry/v1/keks/k/readers?x=1", json!({ "readers": [] }), 400),
        ("POST", "/dek-registry/v1/keks/k/test", json!({}), 42271),
        ("POST", "/dek-registry/v1/keks/1k/undelete", json!({}), 42271),
    ];
    for (method, target, body, code) in rows {
        let answer = caller.send(method, target, &[JSON], Some(body.to_string().as_bytes()));
        assert_eq!(answer.error_code(), code, "{method} {target} {body:.80}: {answer:?}");
    }
    for (method, target, code) in [
        ("GET", format!("{KEKS}/1x"), 42271),
        ("GET", format!("{KEKS}/none"), 40470),
        ("GET", format!("{KEKS}?offset=-1"), 400),
        ("GET", format!("{KEKS}?limit=x"), 404),
        ("GET", format!("{KEKS}/none/deks"), 40470),
        ("GET", format!("{KEKS}/a%2Fb/deks"), 42271),
        ("GET", format!("{KEKS}/k/deks/a%C2%85b"), 42271),
        ("GET", format!("{dek}?algorithm=aes256_gcm"), 404),
        ("GET", format!("{dek}?algorithm="), 404),
        ("GET", format!("{dek}/versions?algorithm=x"), 404),
        ("GET", format!("{dek}/versions/x"), 42202),
        ("GET", format!("{dek}/versions/0"), 42202),
        ("GET", format!("{dek}/versions/99999999999"), 42202),
        ("GET", format!("{dek}/versions/9"), 40470),
        ("DELETE", format!("{dek}/versions/x"), 42202),
        ("DELETE", format!("{dek}?algorithm=x"), 404),
        ("DELETE", format!("{dek}?permanent=true"), 40471),
        ("DELETE", format!("{version}?permanent=true"), 40471),
        ("DELETE", own.clone(), 42272),
        ("DELETE", format!("{own}?permanent=true"), 42272),
        ("POST", format!("{dek}/versions/x/undelete"), 42202),
        ("POST", format!("{KEKS}/k/deks/none/undelete"), 40470),
        ("PATCH", own.clone(), 405),
    ] {
        assert_eq!(caller.send(method, &target, &[], None).error_code(), code, "{method} {target}");
    }
    assert_eq!(caller.get(KEKS).ok(), json!(["k"]));
    assert_eq!(caller.get(&deks).ok(), json!(["s"]));
    lives(&node);
}
