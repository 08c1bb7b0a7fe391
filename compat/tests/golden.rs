//! Rows recorded from the reference's libraries: texts, verdicts and messages have to be the same to the letter.

use crate::support::{Asked, compare, parse};
use compat::{Dependency, Parsed, Strictness, closing_message};
use model::{CompatibilityPolicy, SchemaType, Subject};
use serde_json::Value;

fn rows(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn dependencies(refs: &Value) -> Vec<Dependency> {
    let members = refs.as_object().into_iter().flatten();
    let dependency = |(name, text): (&String, &Value)| Dependency {
        name: name.clone(),
        subject: Subject::parse(name),
        version: 1,
        text: text.as_str().unwrap().into(),
        direct: true,
    };
    members.map(dependency).collect()
}

fn stored(text: &Value, refs: &Value) -> Parsed {
    parse(&SchemaType::Avro, text.as_str().unwrap(), &dependencies(refs), Strictness::Stored).unwrap()
}

/// Rows whose recorded normalised text means something else than the schema, or that the reference fails on: the row, our
/// text, and why.
const NORMALIZED_OTHERWISE: [(&str, &str, &str); 6] = [
    (
        "ns",
        r#"{"type":"record","name":"R","namespace":"x.y","fields":[{"name":"a","type":{"type":"record","name":"Q","fields":[]}},{"name":"b","type":{"type":"record","name":"S","namespace":"","fields":[]}},{"name":"c","type":"Q"},{"name":"d","type":"Q"}]}"#,
        "the record S would become x.y.S",
    ),
    (
        "union default non-first",
        r#"{"type":"record","name":"R","fields":[{"name":"e","type":["null","int"],"default":1}]}"#,
        "a field without its default cannot read what lacks the field",
    ),
    (
        "bad default old",
        r#"{"type":"record","name":"R","fields":[{"name":"e","type":"int","default":"x"}]}"#,
        "verdicts count a default whether or not it is valid",
    ),
    (
        "q2|bytes >ff",
        r#"{"type":"record","name":"R","fields":[{"name":"x","type":"bytes","default":"Ā"}]}"#,
        "a question mark is another default",
    ),
    (
        "float props",
        r#"{"type":"string","a":1.5,"b":1000.0,"c":12345678901234567890,"d":null,"e":[1,{"a":2,"z":1}],"f":1.0}"#,
        "the reference fails on null and on integers beyond 64 bits",
    ),
    (
        "q2|rec extra",
        r#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"record","name":"Q","fields":[{"name":"a","type":"int"}]},"default":{"a":1,"z":2}}]}"#,
        "the reference fails on a member that is no field",
    ),
];

#[test]
fn canonical_normalised_and_resolved_texts_are_the_references() {
    for row in rows(include_str!("golden/avro-canonical.jsonl")) {
        let id = &row["id"];
        let strictness = if row["asNew"] == true { Strictness::New } else { Strictness::Stored };
        let parsed = parse(&SchemaType::Avro, row["schema"].as_str().unwrap(), &dependencies(&row["refs"]), strictness);
        let parsed = match (parsed, row["canonical"].as_str()) {
            (Ok(parsed), Some(canonical)) => {
                assert_eq!(&**parsed.canonical(), canonical, "{id}");
                parsed
            }
            (Err(error), None) => {
                assert_message(id, &error.details(), row["error"].as_str().unwrap());
                continue;
            }
            (Ok(parsed), None) => panic!("{id} has to be refused, got {}", parsed.canonical()),
            (Err(error), Some(_)) => panic!("{id} is a schema: {error}"),
        };
        let normalized = parsed.normal().unwrap();
        let recorded = row["normalized"].as_str();
        match NORMALIZED_OTHERWISE.iter().find(|(other, ..)| id == other) {
            Some((_, ours, _)) => {
                assert_ne!(recorded, Some(*ours), "{id} is normalised as it was recorded");
                assert_eq!(&**normalized.canonical(), *ours, "{id}");
            }
            None => assert_eq!(Some(&**normalized.canonical()), recorded, "{id}"),
        }
        if let Some(resolved) = row["resolved"].as_str() {
            assert_eq!(parsed.format("resolved").unwrap().unwrap(), resolved, "{id}");
        }
    }
}

/// Ours begins with the reference's message, where that is about the schema rather than about Java.
fn assert_message(id: &Value, ours: &str, recorded: &str) {
    let (class, message) = recorded.trim_end_matches(" | ").split_once(": ").unwrap();
    let about_java = message.contains("com.fasterxml") || class.ends_with("NullPointerException");
    assert!(about_java || ours.starts_with(message), "{id}\n  ours:     {ours}\n  recorded: {message}");
}

#[test]
fn verdicts_and_messages_are_the_references() {
    for row in rows(include_str!("golden/avro-compat.jsonl")) {
        let (old, new) = (stored(&row["old"], &Value::Null), stored(&row["new"], &Value::Null));
        let level = row["level"].as_str().unwrap().parse().unwrap();
        let version = row["oldVersion"].as_i64().map(|version| version as i32);
        let messages = compare(level, CompatibilityPolicy::Strict, &new, &old, version);
        let recorded: Vec<&str> = row["messages"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
        assert_eq!(messages, recorded, "{}", row["id"]);
        assert_eq!(messages.is_empty(), row["compatible"] == true, "{}", row["id"]);
    }
    assert_eq!(
        closing_message(false, "backward".parse().unwrap()),
        "{validateFields: 'false', compatibility: 'BACKWARD'}"
    );
}

#[test]
fn schemas_are_the_same_where_the_reference_says_so() {
    for row in rows(include_str!("golden/avro-equal.jsonl")) {
        let (old, new) = (stored(&row["old"], &row["oldRefs"]), stored(&row["new"], &row["newRefs"]));
        let same = row["equivalent"] == true;
        assert_eq!(old.same(&new), same, "{}", row["id"]);
        assert_eq!(new.same(&old), same, "{}", row["id"]);
        assert_eq!(old.fingerprint() == new.fingerprint(), same, "{}", row["id"]);
    }
}
