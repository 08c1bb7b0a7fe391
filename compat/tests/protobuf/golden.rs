//! Rows recorded from the reference's libraries: texts, differences, verdicts and messages have to be the same to the letter.

use super::support::read;
use crate::support::{Asked, compare};
use compat::{Dependency, Parsed, Strictness, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, Subject};
use serde_json::Value;

fn rows(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// The dependencies of a row. Those without a reference are as if they were referred to by what is.
fn dependencies(texts: &Value, references: &Value) -> Vec<Dependency> {
    let members = texts.as_object().into_iter().flatten();
    let dependency = |(name, text): (&String, &Value)| {
        let reference = references.as_array().into_iter().flatten().find(|reference| reference["name"] == **name);
        let subject = reference.map_or(&**name, |reference| reference["subject"].as_str().unwrap());
        let version = reference.map_or(1, |reference| reference["version"].as_i64().unwrap());
        Dependency {
            name: name.clone(),
            subject: Subject::parse(subject),
            version: version.try_into().unwrap(),
            text: text.as_str().unwrap().into(),
            direct: reference.is_some(),
        }
    };
    members.map(dependency).collect()
}

#[test]
fn canonical_and_normalised_texts_are_the_references() {
    let (mut texts, mut normal, mut refused) = (0, 0, 0);
    for row in rows(include_str!("../golden/protobuf-canonical.jsonl")) {
        let id = &row["id"];
        let others = dependencies(&row["deps"], &Value::Null);
        let text = row["schema"].as_str().unwrap();
        let error = row["error"].as_str().map(|error| error.split_once(": ").unwrap().1);
        let Some(canonical) = row["canonical"].as_str() else {
            let ours = read(text, &others, Strictness::Stored).map(|parsed| parsed.canonical().clone()).unwrap_err();
            assert_eq!(ours.details(), format!("Could not parse Protobuf - {}", error.unwrap()), "{id}");
            refused += 1;
            continue;
        };
        let parsed = read(text, &others, Strictness::Stored).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(&**parsed.canonical(), canonical, "{id}");
        texts += 1;
        let candidate = read(text, &others, Strictness::New);
        match (row["normalized"].as_str(), error) {
            (Some(normalized), None) => {
                assert_eq!(&**parsed.normal().unwrap().canonical(), normalized, "{id}");
                assert!(candidate.is_ok(), "{id}");
                normal += 1;
            }
            (None, Some(error)) => {
                for ours in [candidate.unwrap_err(), parsed.normal().unwrap_err()] {
                    assert!(ours.details().starts_with(error), "{id}: {ours}");
                }
                refused += 1;
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    println!("protobuf-canonical: {texts} canonical, {normal} normalised, {refused} refused");
    assert_eq!((texts, normal, refused), (41, 39, 14));
}

fn stored(row: &Value, side: &str) -> Parsed {
    let others = dependencies(&row[format!("{side}Deps")], &row[format!("{side}Refs")]);
    read(row[side].as_str().unwrap(), &others, Strictness::Stored).unwrap()
}

fn differences(new: &Parsed, old: &Parsed) -> Vec<String> {
    let (Parsed::Protobuf(new), Parsed::Protobuf(old)) = (new, old) else { panic!("both are Protobuf") };
    let all = new.differences(old, &Work::unlimited()).unwrap().unwrap();
    all.into_iter().map(|(rule, path)| format!("{} {path}", rule.name())).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn differences_and_messages_are_the_references() {
    let (mut pairs, mut in_order, mut messages) = (0, 0, 0);
    for row in rows(include_str!("../golden/protobuf-compat.jsonl")) {
        let (id, old, new) = (&row["id"], stored(&row, "old"), stored(&row, "new"));
        let compatible = row["compatible"] == true;
        if row["op"] == "diff" {
            let (mut ours, mut recorded) = (differences(&new, &old), texts(&row["diffs"]));
            in_order += usize::from(ours == recorded);
            ours.sort();
            recorded.sort_unstable();
            assert_eq!(ours, recorded, "{id}");
            let told = compare(CompatibilityLevel::Backward, CompatibilityPolicy::Strict, &new, &old, None);
            assert_eq!(told.is_empty(), compatible, "{id}");
            pairs += 1;
        } else {
            let level = row["level"].as_str().unwrap_or("BACKWARD").parse().unwrap();
            let ours = compare(level, CompatibilityPolicy::Strict, &new, &old, Some(1));
            assert_eq!(ours, texts(&row["messages"]), "{id}");
            assert_eq!(ours.is_empty(), compatible, "{id}");
            messages += 1;
        }
    }
    println!("protobuf-compat: {pairs} pairs ({in_order} in the recorded order), {messages} lists of messages");
    assert_eq!((pairs, in_order, messages), (348, 348, 13));
}
