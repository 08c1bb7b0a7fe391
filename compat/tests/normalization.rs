//! The normalised text: what it changes, and what it leaves.

use crate::support::*;

#[track_caller]
fn check(text: &str, normalized: &str) {
    assert_eq!(&**stored(text).normal().unwrap().canonical(), normalized);
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
    check(
        &default("\"bytes\"", "\"\\u00ff\\u0100\\ud83d\\ude00\""),
        &default("\"bytes\"", "\"\u{ff}\u{100}\u{1f600}\""),
    );
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
fn a_default_is_one_of_the_first_branch_that_takes_it() {
    check(&default(r#"["null","int"]"#, "null"), &default(r#"["null","int"]"#, "null"));
    check(&default(r#"["int","null"]"#, "5"), &default(r#"["int","null"]"#, "5"));
    check(&default(r#"["double","null"]"#, "5"), &default(r#"["double","null"]"#, "5.0"));
    check(&default(r#"["null","double","long"]"#, "5"), &default(r#"["null","double","long"]"#, "5.0"));
    check(&default(r#"["int","double"]"#, "3000000000"), &default(r#"["int","double"]"#, "3.0E9"));
    // A float cannot hold all digits of this one, which a reader of a float does not see before it is normalised either.
    check(&default(r#"["float","long"]"#, "12345678901"), &default(r#"["float","long"]"#, "1.2345679E10"));
    check(&default(r#"["double","long"]"#, "12345678901"), &default(r#"["double","long"]"#, "1.2345678901E10"));
    check(&default(r#"["int","long"]"#, "12345678901"), &default(r#"["int","long"]"#, "12345678901"));
    check(&default(r#"["long","float"]"#, "12345678901"), &default(r#"["long","float"]"#, "12345678901"));
    check(&default(r#"["int","float"]"#, "12345678901"), &default(r#"["int","float"]"#, "1.2345679E10"));
    let records = r#"[{"type":"record","name":"A","fields":[{"name":"x","type":"string"}]},{"type":"record","name":"B","fields":[{"name":"y","type":"int"},{"name":"x","type":"float"}]}]"#;
    check(&default(records, r#"{"y":1,"x":2}"#), &default(records, r#"{"x":2.0,"y":1}"#));
    for (schema, value) in [
        (r#"["null","int"]"#, "5"),
        (r#"["null","string"]"#, "\"x\""),
        (r#"["int","null"]"#, "null"),
        (r#"["null","boolean"]"#, "true"),
        (r#"["null",{"type":"map","values":"int"}]"#, r#"{"a":1}"#),
        (r#"["null",{"type":"array","items":"int"}]"#, "[]"),
        (r#"["null",{"type":"array","items":"int"}]"#, "[1]"),
    ] {
        check(&default(schema, value), &default(schema, value));
    }
}

#[test]
fn what_is_no_value_of_its_type_stays() {
    for (schema, value) in [
        ("\"int\"", "\"x\""),
        ("\"int\"", "1.5"),
        ("\"long\"", "99999999999999999999"),
        ("\"string\"", "1"),
        ("[]", "1"),
        (r#"{"type":"array","items":"int"}"#, "[\"x\"]"),
    ] {
        check(&default(schema, value), &default(schema, value));
    }
    check(
        &default(r#"{"type":"record","name":"Q","fields":[{"name":"y","type":"double"}]}"#, r#"{"z":1,"y":1}"#),
        &default(r#"{"type":"record","name":"Q","fields":[{"name":"y","type":"double"}]}"#, r#"{"y":1.0,"z":1}"#),
    );
}

#[test]
fn numbers_that_a_type_cannot_hold_stay() {
    let long = format!("1{}", "0".repeat(400));
    check(&default("\"double\"", &long), &default("\"double\"", &long));
    check(&default("\"float\"", &"9".repeat(40)), &default("\"float\"", &"9".repeat(40)));
    check(&default("\"double\"", "12345678901234567890"), &default("\"double\"", "1.2345678901234567E19"));
    check(
        r#"{"type":"int","b":[{"z":12345678901234567890,"y":null}],"a":12345678901234567890}"#,
        r#"{"type":"int","a":12345678901234567890,"b":[{"y":null,"z":12345678901234567890}]}"#,
    );
}

#[test]
fn a_type_without_namespace_stays_outside_the_namespace_around_it() {
    let text = r#"{"type":"record","name":"R","namespace":"a","fields":[{"name":"n","type":{"type":"fixed","name":"N","namespace":"","size":1}},{"name":"m","type":["null","N"]}]}"#;
    check(text, text);
}

#[test]
fn types_of_a_referenced_text_stay_as_they_are_there() {
    let inner = |default: &str| {
        format!(
            r#"{{"type":"record","name":"N","fields":[{{"name":"d","type":"double","default":{default}}}],"z":1,"a":2}}"#
        )
    };
    let q =
        dependency("Q", &format!(r#"{{"type":"record","name":"Q","fields":[{{"name":"n","type":{}}}]}}"#, inner("1")));
    let normalized = |text: &str| {
        let parsed = try_new(text, std::slice::from_ref(&q)).unwrap();
        let normalized = parsed.normal().unwrap().canonical().clone();
        assert_eq!(try_new(&normalized, std::slice::from_ref(&q)).unwrap().canonical(), &normalized);
        normalized
    };
    assert_eq!(&*normalized(&field(r#"["N","Q"]"#)), field(&format!("[{},\"Q\"]", inner("1"))));
    // Defined again, its default must be the one that it has there.
    let again = r#"{"type":"record","name":"N","fields":[{"name":"d","type":"double","default":1}],"a":2,"z":1}"#;
    assert_eq!(&*normalized(&field(&inner("1"))), field(again));
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
    assert_eq!(&**parsed.normal().unwrap().canonical(), text(r#","a":2,"z":1"#));
}
