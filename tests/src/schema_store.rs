//! The real schemas of SchemaStore over the API: each that is no longer than `LONGEST` registers or is refused with 42201, reads
//! back with the same text, and is checked against itself and a copy that lacks a property. `make test` fetches them
//! (scripts/corpora.sh). Those that refer to others are refused here; the tests of `compat` give them their references, say why
//! each of the refused is, and take the longer ones too.

use crate::harness::Node;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a text.
const LONGEST: usize = 8 << 10;

/// Says something that is to be read also where the test passes.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn texts() -> Option<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let Ok(folder) = fs::read_dir(root.join(".corpora/schemastore/schemas")) else {
        say("SKIPPED: schemastore is not in .corpora: `make test` fetches it, as does scripts/corpora.sh");
        return None;
    };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.into_iter().map(|path| fs::read_to_string(path).unwrap());
    Some(texts.filter(|text| text.len() <= LONGEST).collect())
}

/// The body that registers a text.
fn body(text: &str) -> Value {
    json!({ "schemaType": "JSON", "schema": text })
}

/// The same values, numbers by what they are worth.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        _ => a == b,
    }
}

#[test]
fn the_schemas_of_schema_store_register_and_read_back_with_the_same_text() {
    let Some(texts) = texts() else { return };
    let node = Node::start();
    node.put("/config", &json!({ "compatibility": "FULL" })).ok();
    let mut caller = node.caller();
    let (mut registered, mut slowest) = (0, Duration::ZERO);
    for (at, text) in texts.iter().enumerate() {
        let (versions, check) =
            (format!("/subjects/s{at}/versions"), format!("/compatibility/subjects/s{at}/versions"));
        let begin = Instant::now();
        let answer = caller.post(&versions, &body(text));
        slowest = slowest.max(begin.elapsed());
        if answer.status != 200 {
            assert_eq!(answer.error_code(), 42201, "{answer:?}\n{text}");
            continue;
        }
        registered += 1;
        let read = caller.get(&format!("{versions}/1/schema")).text;
        let (sent, kept): (Value, Value) = (serde_json::from_str(text).unwrap(), serde_json::from_str(&read).unwrap());
        assert!(same(&sent, &kept), "{text}\n{read}");
        assert_eq!(caller.post(&check, &body(&read)).ok(), json!({ "is_compatible": true }), "{text}");
        let mut copy = sent;
        if let Some(properties) = copy["properties"].as_object_mut().filter(|properties| !properties.is_empty()) {
            let last = properties.keys().next_back().unwrap().clone();
            properties.shift_remove(&last);
            let checked = caller.post(&check, &body(&copy.to_string()));
            // What was taken out may be referred to.
            assert!(checked.status == 200 || checked.error_code() == 42201, "{checked:?}\n{text}");
        }
    }
    let total = texts.len();
    say(&format!(
        "SchemaStore over the API: {registered} of {total} schemas up to {LONGEST} bytes registered and read back, {} \
         refused; the slowest registration took {} ms",
        total - registered,
        slowest.as_millis()
    ));
    assert!(total > 200 && registered * 4 > total * 3, "{registered} of {total}");
}
