//! What no recorded topic holds: records that stop the reference server, bounds, and the property of any bytes.

use super::*;
use crate::{encode, noop};
use proptest::prelude::*;

fn decoded(key: &str, value: &str) -> Decoded {
    decode(key.as_bytes(), Some(value.as_bytes()))
}

#[test]
fn a_key_whose_type_is_unknown_is_refused() {
    for (key, shown) in [
        ("{}", "missing"),
        ("{\"keytype\":null}", "missing"),
        ("{\"keytype\":\"schema\",\"subject\":\"s\",\"version\":1,\"magic\":1}", "\"schema\""),
        ("{\"keytype\":\"HOUSE\",\"magic\":0}", "\"HOUSE\""),
        ("{\"keytype\":[]}", "not a text"),
        ("{\"keytype\":1}", "\"1\""),
    ] {
        for value in [None, Some(&b"{}"[..])] {
            let Decoded::Refused(refused) = decode(key.as_bytes(), value) else { panic!("{key}") };
            assert_eq!(refused, Refused::KeyType(shown.to_owned()), "{key}");
        }
    }
    let long = format!("{{\"keytype\":\"{}\"}}", "é".repeat(100_000));
    let Decoded::Refused(refused) = decoded(&long, "{}") else { panic!() };
    assert!(refused.to_string().len() < 1_000);
}

#[test]
fn what_the_reference_passes_over_is_foreign_and_says_why() {
    let association = "{\"keytype\":\"ASSOC\",\"tenant\":\"default\",\"resourceName\":\"t\",\"resourceNamespace\":\"n\",\
                       \"resourceType\":\"topic\",\"associationType\":\"value\",\"subject\":\"s\",\"magic\":0}";
    for (key, value, expected) in [
        ("[]", "{}", Foreign::Key),
        ("null", "{}", Foreign::Key),
        ("\"SCHEMA\"", "{}", Foreign::Key),
        ("{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":\"x\"}", "{}", Foreign::KeyMember("version")),
        ("{\"keytype\":\"SCHEMA\",\"subject\":[],\"version\":1}", "{}", Foreign::KeyMember("subject")),
        ("{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":-1}", "{}", Foreign::Magic(-1)),
        (
            "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}",
            "{\"id\":1,\"references\":[{\"name\":\"n\",\"subject\":\"s\"}]}",
            Foreign::ValueMember("references"),
        ),
        (
            "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}",
            "{\"id\":1,\"ruleSet\":{\"domainRules\":[{\"kind\":\"condition\"}]}}",
            Foreign::ValueMember("kind"),
        ),
        (
            "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}",
            "{\"id\":1,\"metadata\":{\"tags\":{\"a\":[[]]}}}",
            Foreign::ValueMember("tags"),
        ),
        (
            "{\"keytype\":\"CONFIG\",\"subject\":\"s\"}",
            "{\"compatibilityPolicy\":\"strict\"}",
            Foreign::ValueMember("compatibilityPolicy"),
        ),
        ("{\"keytype\":\"CONFIG\",\"subject\":\":.:s\"}", "{}", Foreign::Unreachable),
        ("{\"keytype\":\"MODE\",\"subject\":\":.c\"}", "{\"mode\":\"READONLY\"}", Foreign::Unreachable),
        ("{\"keytype\":\"CLEAR_SUBJECT\",\"subject\":\"s\"}", "{}", Foreign::Contradiction),
        ("{\"keytype\":\"CLEAR_SUBJECT\",\"subject\":\"s\"}", "null", Foreign::Past),
        ("{\"keytype\":\"DELETE_SUBJECT\",\"subject\":\"s\"}", "null", Foreign::Past),
        ("{\"keytype\":\"CONTEXT\",\"tenant\":\"default\",\"context\":\"c\"}", "{}", Foreign::KeyMember("context")),
        (association, "{\"lifecycle\":\"STRONG\"}", Foreign::ValueMember("guid")),
        (&association.replace("default", "other"), "null", Foreign::Tenant),
    ] {
        assert_eq!(decoded(key, value), Decoded::Foreign(expected), "{key} {value}");
    }
}

#[test]
fn clearing_no_subject_is_clearing_all() {
    let cleared = Decoded::Record(RegistryRecord::ClearSubject { scope: Subject::parse(":.__GLOBAL:") });
    assert_eq!(decoded("{\"keytype\":\"CLEAR_SUBJECT\",\"magic\":0}", "{}"), cleared);
}

#[test]
fn a_record_is_bounded_in_bytes_and_not_in_depth() {
    let key = "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}";
    let padded = |length: usize| format!("{{\"id\":1,\"schema\":\"{}\"}}", "x".repeat(length));
    let overhead = key.len() + padded(0).len();
    assert!(matches!(decoded(key, &padded(MAX_BYTES - overhead)), Decoded::Record(_)));
    assert_eq!(decoded(key, &padded(MAX_BYTES - overhead + 1)), Decoded::Refused(Refused::TooLarge(MAX_BYTES + 1)));
    let deep = "[".repeat(1_000_000);
    assert_eq!(decoded(&deep, "{}"), Decoded::Foreign(Foreign::Key));
    assert_eq!(decoded(key, &format!("{{\"id\":1,\"metadata\":{deep}")), Decoded::Foreign(Foreign::Value));
    let closed = deep.clone() + &"]".repeat(1_000_000);
    assert!(matches!(decoded(key, &format!("{{\"id\":1,\"x\":{closed}}}")), Decoded::Record(_)));
    assert_eq!(
        decoded(key, &format!("{{\"id\":1,\"references\":{closed}}}")),
        Decoded::Foreign(Foreign::ValueMember("references"))
    );
}

/// Texts that records are made of, so that chance gets beyond the first brace.
fn json(depth: u32) -> BoxedStrategy<String> {
    let names = prop::sample::select(vec![
        "keytype",
        "subject",
        "version",
        "magic",
        "id",
        "schema",
        "schemaType",
        "deleted",
        "metadata",
        "tags",
        "properties",
        "sensitive",
        "ruleSet",
        "domainRules",
        "kind",
        "mode",
        "references",
        "name",
        "compatibilityLevel",
        "tenant",
        "context",
        "guid",
        "lifecycle",
        "resourceName",
        "frozen",
    ]);
    let kinds = ["SCHEMA", "CONFIG", "MODE", "DELETE_SUBJECT", "CLEAR_SUBJECT", "CONTEXT", "ASSOC", "NOOP", "default"];
    let words = prop::sample::select([&kinds[..], &["NONE", "READONLY", "STRONG", ".c", ":.c:s", ""]].concat());
    let leaf = prop_oneof![
        words.prop_map(|word| format!("\"{word}\"")),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<i32>().prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1.5e3".to_owned()),
    ];
    leaf.prop_recursive(depth, 64, 8, move |inner| {
        let member = (names.clone(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            4 => prop::collection::vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(","))),
            1 => prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
        ]
    })
    .boxed()
}

/// What was read is written so that it reads the same, under the key that `key` says.
fn holds(key: &[u8], value: Option<&[u8]>) {
    match decode(key, value) {
        Decoded::Record(record) => {
            let encoded = encode(&record);
            assert_eq!(encoded.key, crate::key(&record));
            let again = decode(&encoded.key, encoded.value.as_deref());
            let Decoded::Record(again) = again else { panic!("{record:?} was written and is {again:?}") };
            // Empty texts that may be absent are not written.
            assert_eq!(encode(&again), encoded);
        }
        Decoded::Foreign(why) => assert!(!why.to_string().is_empty()),
        Decoded::Refused(why) => assert!(!why.to_string().is_empty()),
        Decoded::Noop => {}
    }
}

proptest! {
    #[test]
    fn any_bytes_are_something(key: Vec<u8>, value: Option<Vec<u8>>) {
        holds(&key, value.as_deref());
    }

    #[test]
    fn any_json_is_something_and_what_is_read_can_be_written(key in json(2), value in prop::option::of(json(4))) {
        holds(key.as_bytes(), value.as_deref().map(str::as_bytes));
    }

    #[test]
    fn any_value_under_a_good_key_is_something(
        kind in prop::sample::select(vec!["SCHEMA", "CONFIG", "MODE", "DELETE_SUBJECT", "CLEAR_SUBJECT", "CONTEXT", "ASSOC"]),
        subject: String,
        value in prop::option::of(json(4)),
    ) {
        let subject = serde_json::to_string(&subject).unwrap();
        let key = format!(
            "{{\"keytype\":\"{kind}\",\"subject\":{subject},\"version\":1,\"tenant\":\"default\",\"context\":\".c\",\
             \"resourceName\":{subject},\"resourceNamespace\":\"n\",\"resourceType\":\"topic\",\"associationType\":\"key\"}}"
        );
        holds(key.as_bytes(), value.as_deref().map(str::as_bytes));
    }
}

#[test]
fn the_barrier_is_nothing() {
    let barrier = noop();
    assert_eq!(barrier.key, b"{\"keytype\":\"NOOP\",\"magic\":0}");
    assert_eq!(decode(&barrier.key, barrier.value.as_deref()), Decoded::Noop);
    assert_eq!(decoded("{\"keytype\":\"NOOP\",\"magic\":0}", "junk"), Decoded::Noop);
}
