//! Rows recorded from the reference's libraries: texts, verdicts and messages have to be the same to the letter.

use compat::{Dependency, Parsed, Strictness, closing_message, compare, parse};
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
    };
    members.map(dependency).collect()
}

fn stored(text: &Value, refs: &Value) -> Parsed {
    parse(&SchemaType::Avro, text.as_str().unwrap(), &dependencies(refs), Strictness::Stored).unwrap()
}

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
        match (parsed.normalized(), row["normalized"].as_str()) {
            (Ok(normalized), Some(text)) => assert_eq!(&**normalized.canonical(), text, "{id}"),
            (Err(_), None) => {}
            (Ok(_), None) => panic!("{id} has no normalised form"),
            (Err(error), Some(_)) => panic!("{id} has a normalised form: {error}"),
        }
        if let Some(resolved) = row["resolved"].as_str() {
            assert_eq!(parsed.formatted("resolved").unwrap().unwrap(), resolved, "{id}");
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
        assert_eq!(old.equivalent(&new), same, "{}", row["id"]);
        assert_eq!(new.equivalent(&old), same, "{}", row["id"]);
        assert_eq!(old.fingerprint() == new.fingerprint(), same, "{}", row["id"]);
    }
}
