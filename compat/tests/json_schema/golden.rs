//! Rows recorded from the reference's libraries: texts, and the messages of verdicts. The differences of pairs are compared
//! inside the crate, where those that are compatible can be seen.

use super::try_json;
use crate::support::{Asked, compare, dependency, parse};
use compat::{Dependency, Strictness};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType};
use serde_json::Value;

fn rows(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn dependencies(refs: &Value) -> Vec<Dependency> {
    refs.as_object().into_iter().flatten().map(|(name, text)| dependency(name, text.as_str().unwrap())).collect()
}

#[test]
fn canonical_and_normalised_texts_are_the_references() {
    let (mut passed, mut total) = (0, 0);
    for row in rows(include_str!("../golden/json-canonical.jsonl")) {
        total += 1;
        let id = row["id"].as_str().unwrap();
        // The one row that is refused only where field names are validated, which is the registry's to ask for.
        let text = row["schema"].as_str().unwrap();
        if row["strict"] == true {
            assert!(try_json(text, &[]).is_ok(), "{id}");
            let refused = parse(&SchemaType::Json, text, &[], Strictness::NewFields).unwrap_err().details();
            assert_eq!(refused, "#: Field names cannot start with $$ prefix", "{id}");
            passed += 1;
            continue;
        }
        let parsed = try_json(text, &dependencies(&row["refs"]));
        match (parsed, row.get("error")) {
            (Ok(parsed), None) => {
                assert_eq!(Some(&**parsed.canonical()), row["canonical"].as_str(), "{id}");
                let normalized = parsed.normal().unwrap();
                assert_eq!(Some(&**normalized.canonical()), row["normalized"].as_str(), "{id}");
                assert_eq!(normalized.normal().unwrap().canonical(), normalized.canonical(), "{id}");
                passed += 1;
            }
            (Err(error), Some(recorded)) => {
                // The message of the outermost exception, where that says what is wrong.
                let message = recorded.as_str().unwrap().split(" | ").next().unwrap().split_once(": ").unwrap().1;
                assert!(error.details().starts_with(message), "{id}: {error}, recorded {message}");
                passed += 1;
            }
            (Ok(parsed), Some(_)) => panic!("{id} has to be refused, got {}", parsed.canonical()),
            (Err(error), None) => panic!("{id} is a schema: {error}"),
        }
    }
    println!("rows of json-canonical.jsonl: {passed} of {total}");
    assert_eq!((passed, total), (45, 45));
}

#[test]
fn messages_are_the_references() {
    let (mut passed, mut total) = (0, 0);
    for row in rows(include_str!("../golden/json-compat.jsonl")).filter(|row| row["op"] == "compat") {
        total += 1;
        let schema = |key: &str| try_json(row[key].as_str().unwrap(), &[]).unwrap();
        let policy =
            if row["policy"] == "LENIENT" { CompatibilityPolicy::Lenient } else { CompatibilityPolicy::Strict };
        let messages = compare(CompatibilityLevel::Backward, policy, &schema("new"), &schema("old"), None);
        let recorded: Vec<&str> = row["messages"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
        assert_eq!(messages, recorded, "{}", row["id"]);
        passed += 1;
    }
    println!("rows of json-compat.jsonl with messages: {passed} of {total}");
    assert_eq!((passed, total), (9, 9));
}
