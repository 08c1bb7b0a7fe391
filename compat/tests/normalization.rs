//! The normalised text, with the reference's quirks.

use crate::support::*;
use compat::Error;

#[track_caller]
fn check(text: &str, normalized: &str) {
    assert_eq!(&**stored(text).normalized().unwrap().canonical(), normalized);
}

#[track_caller]
fn has_none(text: &str) {
    let error = stored(text).normalized().unwrap_err();
    assert!(matches!(error, Error::NotNormalizable(_)), "{error}");
}

fn default(schema: &str, default: &str) -> String {
    record(&format!(r#"{{"name":"a","type":{schema},"default":{default}}}"#))
}

#[test]
fn properties_are_sorted_at_every_level() {
    check(
        r#"{"type":"int","z":{"y":[{"d":1,"c":2}],"b":1},"a":2}"#,
        r#"{"type":"int","a":2,"z":{"b":1,"y":[{"c":2,"d":1}]}}"#,
    );
    check(
        &record(r#"{"name":"a","type":"int","z":1,"logicalType":"date","b":2}"#),
        &record(r#"{"name":"a","type":"int","b":2,"logicalType":"date","z":1}"#),
    );
    check(
        r#"{"type":"map","values":"int","z":1,"logicalType":"x","a":2}"#,
        r#"{"type":"map","values":"int","a":2,"logicalType":"x","z":1}"#,
    );
    check(
        &record("").replace("]}", r#"],"z":1,"logicalType":"x","a":2}"#),
        &record("").replace("]}", r#"],"a":2,"logicalType":"x","z":1}"#),
    );
}

#[test]
fn a_valid_logical_type_comes_first() {
    check(
        r#"{"type":"bytes","x":1,"a":2,"scale":2,"logicalType":"decimal","precision":4}"#,
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2,"a":2,"x":1}"#,
    );
    check(
        r#"{"type":"bytes","x":1,"a":2,"scale":0,"logicalType":"decimal","precision":4}"#,
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"a":2,"scale":0,"x":1}"#,
    );
    for (base, logical) in [
        ("int", "date"),
        ("int", "time-millis"),
        ("long", "time-micros"),
        ("long", "timestamp-millis"),
        ("long", "timestamp-micros"),
        ("long", "local-timestamp-millis"),
        ("long", "local-timestamp-micros"),
        ("string", "uuid"),
        ("bytes", "big-decimal"),
    ] {
        let text = |props: &str| format!(r#"{{"type":"{base}",{props}}}"#);
        check(
            &text(&format!(r#""a":1,"logicalType":"{logical}""#)),
            &text(&format!(r#""logicalType":"{logical}","a":1"#)),
        );
    }
    check(
        r#"{"type":"fixed","name":"F","size":12,"a":1,"logicalType":"duration"}"#,
        r#"{"type":"fixed","name":"F","size":12,"logicalType":"duration","a":1}"#,
    );
    // floor(log10(2) * (8 * 4 - 1)) = 9 digits fit into four bytes.
    let decimal = |precision: u32, props: &str| {
        check(
            &format!(r#"{{"type":"fixed","name":"F","size":4,"a":1,"logicalType":"decimal","precision":{precision}}}"#),
            &format!(r#"{{"type":"fixed","name":"F","size":4,{props}}}"#),
        );
    };
    decimal(9, r#""logicalType":"decimal","precision":9,"a":1"#);
    decimal(10, r#""a":1,"logicalType":"decimal","precision":10"#);
}

#[test]
fn an_invalid_logical_type_is_a_property_like_others() {
    for props in [
        r#""a":1,"logicalType":"decimal""#,
        r#""a":1,"logicalType":"decimal","precision":0"#,
        r#""a":1,"logicalType":"decimal","precision":2,"scale":3"#,
        r#""a":1,"logicalType":"decimal","precision":2,"scale":-1"#,
        r#""a":1,"logicalType":"decimal","precision":"2""#,
        r#""a":1,"logicalType":"decimal","precision":2.0"#,
        r#""a":1,"logicalType":"date""#,
        r#""a":1,"logicalType":"nonsense""#,
        r#""a":1,"logicalType":5"#,
    ] {
        let text = format!(r#"{{"type":"bytes",{props}}}"#);
        check(&text, &text);
    }
    let bound = r#"{"type":"string","avro.java.string":"String","logicalType":"uuid"}"#;
    check(bound, bound);
}

#[test]
fn aliases_are_sorted_by_their_full_names() {
    check(
        r#"{"type":"fixed","name":"n.F","size":1,"aliases":["x.B","C","a.D"]}"#,
        r#"{"type":"fixed","name":"F","namespace":"n","size":1,"aliases":["a.D","C","x.B"]}"#,
    );
    check(
        &record(r#"{"name":"a","type":"int","aliases":["q","P","p"]}"#),
        &record(r#"{"name":"a","type":"int","aliases":["P","p","q"]}"#),
    );
}

#[test]
fn an_empty_doc_of_a_type_is_dropped_and_errors_become_records() {
    check(
        r#"{"type":"error","name":"R","doc":"","fields":[{"name":"a","type":{"type":"enum","name":"E","doc":"","symbols":[]},"doc":""}]}"#,
        &record(r#"{"name":"a","type":{"type":"enum","name":"E","symbols":[]},"doc":""}"#),
    );
}

#[test]
fn defaults_take_the_type_of_their_field() {
    check(&default("\"double\"", "1"), &default("\"double\"", "1.0"));
    check(&default("\"double\"", "3000000000"), &default("\"double\"", "3.0E9"));
    check(&default("\"float\"", "16777217"), &default("\"float\"", "1.6777216E7"));
    check(&default("\"float\"", "0.1"), &default("\"float\"", "0.1"));
    check(&default("\"float\"", "1.23456789012"), &default("\"float\"", "1.2345679"));
    check(&default("\"double\"", "\"1e3\""), &default("\"double\"", "1000.0"));
    check(&default("\"bytes\"", "\"\\u00ff\\u0100\\ud83d\\ude00\""), &default("\"bytes\"", "\"\u{ff}??\""));
    check(
        &default(r#"{"type":"map","values":"double"}"#, r#"{"b":1,"a":2}"#),
        &default(r#"{"type":"map","values":"double"}"#, r#"{"a":2.0,"b":1.0}"#),
    );
    check(
        &default(r#"{"type":"array","items":"double"}"#, "[1]"),
        &default(r#"{"type":"array","items":"double"}"#, "[1.0]"),
    );
    let q = r#"{"type":"record","name":"Q","fields":[{"name":"y","type":"double"},{"name":"x","type":"int"}]}"#;
    check(&default(q, r#"{"y":1,"x":2}"#), &default(q, r#"{"x":2,"y":1.0}"#));
}

#[test]
fn a_default_is_one_of_the_first_branch_or_none() {
    check(&default(r#"["null","int"]"#, "null"), &default(r#"["null","int"]"#, "null"));
    check(&default(r#"["int","null"]"#, "5"), &default(r#"["int","null"]"#, "5"));
    check(&default(r#"["double","null"]"#, "5"), &default(r#"["double","null"]"#, "5.0"));
    check(&default(r#"["null","int"]"#, "5"), &field(r#"["null","int"]"#));
    check(&default(r#"["null","string"]"#, "\"x\""), &field(r#"["null","string"]"#));
    // Null, booleans, objects and empty arrays pass unlooked-at.
    for (schema, value) in [
        (r#"["int","null"]"#, "null"),
        (r#"["null","boolean"]"#, "true"),
        (r#"["null",{"type":"map","values":"int"}]"#, r#"{"a":1}"#),
        (r#"["null",{"type":"array","items":"int"}]"#, "[]"),
    ] {
        check(&default(schema, value), &default(schema, value));
    }
}

#[test]
fn an_invalid_default_of_a_stored_schema_is_dropped() {
    check(&default("\"int\"", "\"x\""), &field("\"int\""));
    check(&default("\"int\"", "1.5"), &field("\"int\""));
    check(&default("\"long\"", "99999999999999999999"), &field("\"long\""));
    check(&default("\"string\"", "1"), &field("\"string\""));
}

#[test]
fn some_schemas_have_no_normalised_form() {
    has_none(r#"{"type":"int","a":12345678901234567890}"#);
    has_none(r#"{"type":"int","a":[{"b":12345678901234567890}]}"#);
    has_none(&default(r#"["null",{"type":"array","items":"int"}]"#, "[1]"));
    has_none(&default(r#"{"type":"record","name":"Q","fields":[]}"#, r#"{"z":1}"#));
    has_none(&default(r#"{"type":"array","items":"int"}"#, "[\"x\"]"));
    has_none(&default("[]", "1"));
}

#[test]
fn a_type_without_namespace_moves_into_the_namespace_around_it() {
    let in_a = |schema: &str| {
        format!(r#"{{"type":"record","name":"R","namespace":"a","fields":[{{"name":"n","type":{schema}}}]}}"#)
    };
    check(
        &in_a(r#"{"type":"fixed","name":"N","namespace":"","size":1}"#),
        &in_a(r#"{"type":"fixed","name":"N","size":1}"#),
    );
}

#[test]
fn the_order_of_fields_symbols_and_branches_stays() {
    let text = record(
        r#"{"name":"z","type":["string","null",{"type":"enum","name":"E","symbols":["B","A"],"default":"A"}]},{"name":"a","type":"E","order":"ignore"}"#,
    );
    check(&text, &text);
}

#[test]
fn referenced_types_stay_references() {
    let q = dependency("x.Q", r#"{"type":"record","name":"x.Q","fields":[{"name":"d","type":"double","default":1}]}"#);
    let text = |props: &str| field(&format!(r#"["null","x.Q",{{"type":"map","values":"x.Q"{props}}}]"#));
    let parsed = try_new(&text(r#","z":1,"a":2"#), std::slice::from_ref(&q)).unwrap();
    assert_eq!(&**parsed.normalized().unwrap().canonical(), text(r#","a":2,"z":1"#));
}
