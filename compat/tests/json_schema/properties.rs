//! Promises that hold for generated schemas, and for schemas broken at random.

use super::json;
use crate::exercise;
use crate::support::{Asked, compare, findings};
use compat::Direction;
use model::{CompatibilityLevel, CompatibilityPolicy};
use proptest::prelude::*;
use serde_json::{Value, json as value};

/// A schema; `at` makes them differ in small things.
fn shape() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(value!(true)),
        Just(value!(false)),
        Just(value!({})),
        (0..4u8).prop_map(|n| value!({"type": "string", "maxLength": n, "pattern": "^a"})),
        (1..4u8).prop_map(|n| value!({"type": "integer", "minimum": n, "multipleOf": n})),
        (0..3usize).prop_map(|n| value!({"enum": (0..=n).collect::<Vec<_>>()})),
        (0..3usize).prop_map(|n| value!({"type": ["string", "null"], "enum": (0..=n).collect::<Vec<_>>()})),
        (0..3usize).prop_map(|n| value!({"const": n, "title": "t"})),
        (0..3usize).prop_map(|n| value!({"$ref": format!("#/definitions/d{n}")})),
        Just(value!({"$ref": "#"})),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list().prop_map(|all| value!({"allOf": all})),
            list().prop_map(|all| value!({"anyOf": all, "default": 1})),
            list().prop_map(|all| value!({"oneOf": all})),
            inner.clone().prop_map(|one| value!({"not": one})),
            inner.clone().prop_map(|one| value!({"type": "array", "items": one})),
            list().prop_map(|all| value!({"type": "array", "items": all, "additionalItems": false})),
            (list(), inner.clone(), 0..3u8).prop_map(|(all, rest, required)| {
                let properties: serde_json::Map<String, Value> =
                    all.into_iter().enumerate().map(|(at, one)| (format!("p{at}"), one)).collect();
                let required: Vec<String> = (0..required).map(|at| format!("p{at}")).collect();
                value!({
                    "type": "object", "properties": properties, "required": required, "additionalProperties": rest,
                    "patternProperties": {"^x": {"type": "string"}},
                })
            }),
            (list(), inner)
                .prop_map(|(all, one)| value!({"type": "object", "anyOf": all, "if": one, "minProperties": 1})),
        ]
    })
}

/// A whole schema, in one of the dialects.
fn schema() -> impl Strategy<Value = String> {
    let dialects = prop::sample::select(vec![
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ]);
    (dialects, shape(), prop::collection::vec(shape(), 3)).prop_map(|(dialect, root, defined)| {
        let mut root = match root {
            Value::Object(members) => members,
            other => [("not".to_owned(), other)].into_iter().collect(),
        };
        root.insert("$schema".to_owned(), value!(dialect));
        let defined: serde_json::Map<String, Value> =
            defined.into_iter().enumerate().map(|(at, one)| (format!("d{at}"), one)).collect();
        root.insert("definitions".to_owned(), Value::Object(defined));
        let text = Value::Object(root).to_string();
        // What one family of dialects refuses.
        let new = dialect.contains("2019") || dialect.contains("2020");
        if new { text.replace("\"items\":[", "\"prefixItems\":[") } else { text }
    })
}

fn loads(text: &str) -> bool {
    // The fourth draft takes no boolean for items.
    !text.contains("draft-04") || !(text.contains("\"items\":true") || text.contains("\"items\":false"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_schema_reads_itself(text in schema().prop_filter("loads", |text| loads(text))) {
        let parsed = json(&text);
        for direction in [Direction::Backward, Direction::Forward] {
            prop_assert_eq!(findings(direction, &parsed, &parsed), vec![]);
        }
    }

    #[test]
    fn directions_are_each_others_mirror(
        a in schema().prop_filter("loads", |text| loads(text)),
        b in schema().prop_filter("loads", |text| loads(text)),
    ) {
        let (a, b) = (json(&a), json(&b));
        let told = |direction, candidate, existing| -> Vec<_> {
            let found = findings(direction, candidate, existing);
            found.into_iter().map(|found| (found.rule, found.at)).collect()
        };
        prop_assert_eq!(told(Direction::Backward, &a, &b), told(Direction::Forward, &b, &a));
        let verdict = |level| compare(level, CompatibilityPolicy::Strict, &a, &b, None).is_empty();
        let both = verdict(CompatibilityLevel::Backward) && verdict(CompatibilityLevel::Forward);
        prop_assert_eq!(verdict(CompatibilityLevel::Full), both);
    }

    #[test]
    fn whatever_strict_lets_pass_lenient_does_where_nothing_is_chosen(
        a in schema().prop_filter("loads", |text| loads(text)),
    ) {
        let a = json(&a);
        prop_assert!(compare(CompatibilityLevel::Full, CompatibilityPolicy::Lenient, &a, &a, None).is_empty());
    }

    #[test]
    fn normalising_twice_changes_nothing(text in schema().prop_filter("loads", |text| loads(text))) {
        let parsed = json(&text);
        let normalized = parsed.normal().unwrap();
        let twice = normalized.normal().unwrap();
        prop_assert_eq!(twice.canonical(), normalized.canonical());
        let again = json(parsed.canonical());
        prop_assert_eq!(again.canonical(), parsed.canonical());
        prop_assert_eq!(again.fingerprint(), parsed.fingerprint());
        prop_assert!(findings(Direction::Backward, &parsed, &normalized).is_empty());
    }

    #[test]
    fn nothing_panics_on_a_schema_that_was_damaged(
        whole in schema(),
        other in schema(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..5),
    ) {
        let mut bytes = other.into_bytes();
        for (at, kind, byte) in damage {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at.min(bytes.len()), b"{}[]\",:0.#"[usize::from(byte) % 10]),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let damaged = String::from_utf8_lossy(&bytes);
        exercise::json_schema(&damaged);
        exercise::json_pair(&whole, &damaged);
    }
}
