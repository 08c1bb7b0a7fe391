//! What is told of a verdict beside the reference's message.

use super::{DRAFT_2020, json};
use crate::support::{compare, findings};
use compat::{Direction, Finding, Spot};
use model::{CompatibilityLevel, CompatibilityPolicy};

fn only(old: &str, new: &str, direction: Direction) -> Finding {
    let found = findings(direction, &json(new), &json(old));
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

fn spot(path: &str, fragment: &str) -> Spot {
    Spot { path: Some(path.to_owned()), fragment: Some(fragment.to_owned()) }
}

#[test]
fn a_finding_says_where_it_is_in_both_schemas() {
    let old = r#"{ "type": "object", "properties": { "a": { "type": "string", "maxLength": 5 } } }"#;
    let new = r#"{ "type": "object", "properties": { "a": { "maxLength": 4, "type": "string" } } }"#;
    let found = only(old, new, Direction::Backward);
    assert_eq!(found.rule.as_str(), "MAX_LENGTH_DECREASED");
    assert_eq!(found.at, "#/properties/a/maxLength");
    assert_eq!((found.old, found.new), (spot("/properties/a/maxLength", "5"), spot("/properties/a/maxLength", "4")));

    let (without, with) = (r#"{"type":"object"}"#, r#"{"type":"object","properties":{"a/b":{"type":"string"}}}"#);
    let found = only(without, with, Direction::Backward);
    assert_eq!(found.at, "#/properties/a/b");
    assert_eq!(found.new, spot("/properties/a~1b", r#"{"type":"string"}"#));
    assert_eq!(found.old, spot("", without));
    // The other way about the old schema is the reader, and its words change places.
    let back = only(with, without, Direction::Forward);
    assert_eq!((&back.old, &back.new), (&found.new, &found.old));
    assert!(back.rule == found.rule && back.advice() != found.advice());
}

#[test]
fn places_go_by_the_words_of_the_text() {
    let schema = |rest: &str| format!(r#"{{{DRAFT_2020},{rest}}}"#);
    let found = only(
        &schema(r#""prefixItems":[{"type":"string"}]"#),
        &schema(r#""prefixItems":[{"type":"integer"}]"#),
        Direction::Backward,
    );
    assert_eq!((found.at.as_str(), found.new), ("#/items/0", spot("/prefixItems/0", r#"{"type":"integer"}"#)));
    let needs = |names: &str| schema(&format!(r#""dependentRequired":{{"a":[{names}]}}"#));
    let found = only(&needs(r#""b""#), &needs(r#""b","c""#), Direction::Backward);
    assert_eq!((found.at.as_str(), found.new), ("#/dependencies/a", spot("/dependentRequired/a", r#"["b","c"]"#)));
    let required = |names: &str| format!(r#"{{"properties":{{"a":{{}},"b":{{}}}},"required":[{names}]}}"#);
    let found = only(&required(r#""a""#), &required(r#""a","b""#), Direction::Backward);
    assert_eq!((found.at.as_str(), found.new), ("#/required/b", spot("/required/1", r#""b""#)));
}

#[test]
fn messages_come_in_the_order_of_the_reference() {
    // Properties in the order of their hashes (a, b, name, id), then what is said of the others.
    let schema = |kind: &str| {
        format!(
            r#"{{"properties":{{"name":{{"type":"{kind}"}},"id":{{"type":"{kind}"}},"b":{{"type":"{kind}"}},"a":{{"type":"{kind}"}}}}}}"#
        )
    };
    let found = findings(Direction::Backward, &json(&schema("integer")), &json(&schema("string")));
    let paths: Vec<&str> = found.iter().map(|found| found.at.as_str()).collect();
    assert_eq!(paths, ["#/properties/a", "#/properties/b", "#/properties/name", "#/properties/id"]);
}

#[test]
fn percent_signs_are_letters() {
    let (old, new) = (r#"{"properties":{"%s":{"type":"string"}}}"#, r#"{"properties":{"%s":{"type":"null"}}}"#);
    assert_eq!(
        only(old, new, Direction::Backward).message(),
        "{errorType:\"TYPE_CHANGED\", description:\"A type at path '#/properties/%s' is different between the new schema \
         and the old schema'}"
    );
}

#[test]
fn levels_and_policies_only_choose() {
    use CompatibilityLevel::{Backward, Forward, Full};
    let (old, new) = (r#"{"type":"object"}"#, r#"{"type":"object","properties":{"a":{"type":"string"}}}"#);
    let messages = |level, policy| compare(level, policy, &json(new), &json(old), None).len();
    assert_eq!(messages(Backward, CompatibilityPolicy::Strict), 2);
    assert_eq!(messages(Backward, CompatibilityPolicy::Lenient), 0);
    assert_eq!(messages(Forward, CompatibilityPolicy::Strict), 0);
    assert_eq!(messages(Full, CompatibilityPolicy::Strict), 2);
    assert_eq!(messages(CompatibilityLevel::None, CompatibilityPolicy::Strict), 0);
}
