//! The canonical and resolved texts, clause by clause.

use crate::support::*;

#[track_caller]
fn check(text: &str, canonical: &str) {
    let parsed = new(text);
    assert_eq!(&**parsed.canonical(), canonical);
    assert_eq!(&**new(canonical).canonical(), canonical, "the canonical text is its own canonical text");
    assert_eq!(&**stored(text).canonical(), canonical, "strictness does not change the text");
}

#[test]
fn primitives_are_bare_unless_they_have_properties() {
    check(r#"{"type":"int"}"#, "\"int\"");
    check(r#"[{"type":"null"},{"type":"int","doc":"x","name":"y","namespace":"z"}]"#, r#"["null","int"]"#);
    check(r#"{ "x" : 1, "type" : "int" }"#, r#"{"type":"int","x":1}"#);
    check(
        r#"{"type":"bytes","scale":2,"logicalType":"decimal","precision":4}"#,
        r#"{"type":"bytes","scale":2,"logicalType":"decimal","precision":4}"#,
    );
    check(r#"{"type":"int","default":1,"order":"x"}"#, r#"{"type":"int","default":1,"order":"x"}"#);
}

#[test]
fn members_come_in_a_fixed_order_and_properties_in_theirs() {
    check(
        r#"{"z":1,"aliases":["B","A"],"fields":[],"doc":"d","namespace":"n","name":"R","a":2,"type":"record"}"#,
        r#"{"type":"record","name":"R","namespace":"n","doc":"d","fields":[],"z":1,"a":2,"aliases":["B","A"]}"#,
    );
    check(
        r#"{"p":1,"default":"A","doc":"d","aliases":["G"],"symbols":["A"],"name":"E","type":"enum"}"#,
        r#"{"type":"enum","name":"E","doc":"d","symbols":["A"],"default":"A","p":1,"aliases":["G"]}"#,
    );
    check(
        r#"{"default":"x","p":1,"aliases":["G"],"size":2,"doc":"d","name":"F","type":"fixed"}"#,
        r#"{"type":"fixed","name":"F","doc":"d","size":2,"default":"x","p":1,"aliases":["G"]}"#,
    );
    check(r#"{"z":1,"items":"int","type":"array","a":2,"doc":"q"}"#, r#"{"type":"array","items":"int","z":1,"a":2}"#);
    check(r#"{"values":"int","type":"map","name":"n","size":1,"q":[]}"#, r#"{"type":"map","values":"int","q":[]}"#);
    check(
        &record(
            r#"{"zz":1,"order":"DESCENDING","aliases":["q","p"],"default":1,"doc":"","type":"int","name":"f","aa":2}"#,
        ),
        &record(
            r#"{"name":"f","type":"int","doc":"","default":1,"order":"descending","aliases":["q","p"],"zz":1,"aa":2}"#,
        ),
    );
    check(
        &record(r#"{"name":"f","type":"int","order":"Ascending","aliases":[]}"#),
        &record(r#"{"name":"f","type":"int"}"#),
    );
    check(
        &record(r#"{"name":"f","type":"int","aliases":["x","x"]}"#),
        &record(r#"{"name":"f","type":"int","aliases":["x"]}"#),
    );
}

#[test]
fn a_doc_that_is_no_string_is_dropped() {
    check(
        r#"{"type":"record","name":"R","doc":["x"],"fields":[{"name":"a","type":"int","doc":null}]}"#,
        &field("\"int\""),
    );
}

#[test]
fn a_namespace_is_written_where_it_changes() {
    let inner = |inner: &str| {
        format!(r#"{{"type":"record","name":"R","namespace":"x","fields":[{{"name":"a","type":{inner}}}]}}"#)
    };
    check(
        &inner(r#"{"type":"fixed","name":"F","namespace":"x","size":1}"#),
        &inner(r#"{"type":"fixed","name":"F","size":1}"#),
    );
    check(
        &inner(r#"{"type":"fixed","name":"y.F","namespace":"ignored","size":1}"#),
        &inner(r#"{"type":"fixed","name":"F","namespace":"y","size":1}"#),
    );
    check(
        &inner(r#"{"type":"fixed","name":".F","size":1}"#),
        &inner(r#"{"type":"fixed","name":"F","namespace":"","size":1}"#),
    );
    check(r#"{"type":"fixed","name":"F","namespace":"","size":1}"#, r#"{"type":"fixed","name":"F","size":1}"#);
    check(r#"{"type":"fixed","name":"F","namespace":1,"size":1}"#, r#"{"type":"fixed","name":"F","size":1}"#);
    // Collections and unions pass the enclosing namespace on.
    check(
        &inner(r#"{"type":"map","values":["null",{"type":"array","items":{"type":"fixed","name":"x.F","size":1}}]}"#),
        &inner(r#"{"type":"map","values":["null",{"type":"array","items":{"type":"fixed","name":"F","size":1}}]}"#),
    );
}

#[test]
fn later_uses_of_a_type_are_names_as_short_as_possible() {
    check(
        r#"{"type":"record","name":"n.R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"n.F"},{"name":"c","type":{"type":"record","name":"m.Q","fields":[{"name":"d","type":"n.F"}]}},{"name":"e","type":["null","R"]}]}"#,
        r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F"},{"name":"c","type":{"type":"record","name":"Q","namespace":"m","fields":[{"name":"d","type":"n.F"}]}},{"name":"e","type":["null","R"]}]}"#,
    );
    for word in ["record", "enum", "array", "map", "union", "fixed", "int"] {
        let text = format!(
            r#"{{"type":"record","name":"R","namespace":"n","fields":[{{"name":"a","type":{{"type":"fixed","name":"{word}","size":1}}}},{{"name":"b","type":"n.{word}"}}]}}"#
        );
        check(&text, &text);
    }
    // "error" is no type word.
    check(
        r#"{"type":"record","name":"n.R","fields":[{"name":"a","type":{"type":"fixed","name":"error","size":1}},{"name":"b","type":"n.error"}]}"#,
        r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":{"type":"fixed","name":"error","size":1}},{"name":"b","type":"error"}]}"#,
    );
    // What was used before its definition is defined at its first use.
    check(
        &record(r#"{"name":"a","type":"F"},{"name":"b","type":{"type":"fixed","name":"F","size":1,"doc":"d"}}"#),
        &record(r#"{"name":"a","type":{"type":"fixed","name":"F","doc":"d","size":1}},{"name":"b","type":"F"}"#),
    );
    // A second definition is a use.
    check(
        &record(
            r#"{"name":"a","type":{"type":"fixed","name":"F","size":1,"doc":"1"}},{"name":"b","type":{"type":"fixed","name":"F","size":1,"doc":"2"}}"#,
        ),
        &record(r#"{"name":"a","type":{"type":"fixed","name":"F","doc":"1","size":1}},{"name":"b","type":"F"}"#),
    );
}

#[test]
fn aliases_are_written_relative_to_their_type() {
    check(
        r#"{"type":"fixed","name":"n.F","size":1,"aliases":["x.B","n.C","D","D",".E","n.int"]}"#,
        r#"{"type":"fixed","name":"F","namespace":"n","size":1,"aliases":["x.B","C","D","E","n.int"]}"#,
    );
    check(
        r#"{"type":"fixed","name":"F","size":1,"aliases":["x.B","C"]}"#,
        r#"{"type":"fixed","name":"F","size":1,"aliases":["x.B","C"]}"#,
    );
}

#[test]
fn numbers_are_javas_and_strings_are_escaped_sparingly() {
    check(
        r#"{"type":"string","a":[1.50,1e3,-0,1E-7,1e400],"b":{"\u0041/":"\u00e9\u0001\/\ud83d\ude00"},"c":123456789012345678901234567890}"#,
        "{\"type\":\"string\",\"a\":[1.5,1000.0,0,1.0E-7,\"Infinity\"],\"b\":{\"A/\":\"é\\u0001/😀\"},\"c\":123456789012345678901234567890}",
    );
    check(
        &record(r#"{"name":"a","type":"double","default":"1.50"}"#),
        &record(r#"{"name":"a","type":"double","default":1.5}"#),
    );
    check(
        &record(r#"{"name":"a","type":"float","default":"-Infinity"}"#),
        &record(r#"{"name":"a","type":"float","default":"-Infinity"}"#),
    );
}

#[test]
fn of_duplicate_members_the_last_value_counts_at_the_first_place() {
    check(r#"{"type":"int","a":1,"b":2,"a":3}"#, r#"{"type":"int","a":3,"b":2}"#);
    check(r#"{"type":"int","type":"string"}"#, "\"string\"");
}

#[test]
fn the_logical_types_of_collections_come_first_where_they_are_valid() {
    let map = |fields: &str, props: &str| {
        format!(r#"{{"type":"array","items":{{"type":"record","name":"kv","fields":[{fields}]}}{props}}}"#)
    };
    let key_value = r#"{"name":"key","type":"int"},{"name":"value","type":"int"}"#;
    check(&map(key_value, r#","x":1,"logicalType":"map""#), &map(key_value, r#","logicalType":"map","x":1"#));
    let other = r#"{"name":"key","type":"int"},{"name":"val","type":"int"}"#;
    check(&map(other, r#","x":1,"logicalType":"map""#), &map(other, r#","x":1,"logicalType":"map""#));
    let variant = |kind: &str, props: &str| {
        record(&format!(r#"{{"name":"metadata","type":"bytes"}},{{"name":"value","type":"{kind}"}}"#))
            .replace("]}", &format!("]{props}}}"))
    };
    check(
        &variant("bytes", r#","x":1,"logicalType":"variant""#),
        &variant("bytes", r#","logicalType":"variant","x":1"#),
    );
    let swapped = |props: &str| {
        record(r#"{"name":"value","type":"bytes"},{"name":"metadata","type":"bytes"}"#)
            .replace("]}", &format!("]{props}}}"))
    };
    check(&swapped(r#","x":1,"logicalType":"variant""#), &swapped(r#","logicalType":"variant","x":1"#));
    check(
        &variant("string", r#","x":1,"logicalType":"variant""#),
        &variant("string", r#","x":1,"logicalType":"variant""#),
    );
}

#[test]
fn referenced_roots_are_named_and_what_lies_in_them_is_written_out() {
    let q = dependency(
        "x.Q",
        r#"{"type":"record","name":"x.Q","fields":[{"name":"i","type":{"type":"fixed","name":"F","size":1}}]}"#,
    );
    let check = |text: &str, canonical: &str, resolved: &str| {
        let parsed = try_new(text, std::slice::from_ref(&q)).unwrap();
        assert_eq!(&**parsed.canonical(), canonical);
        assert_eq!(parsed.format("resolved").unwrap().unwrap(), resolved);
        assert_eq!(parsed.format("default").unwrap(), None);
        assert_eq!(parsed.format("RESOLVED").unwrap(), None);
    };
    let q_text = r#"{"type":"record","name":"Q","namespace":"x","fields":[{"name":"i","type":{"type":"fixed","name":"F","size":1}}]}"#;
    check("\"x.Q\"", "\"x.Q\"", q_text);
    check(&field("\"x.Q\""), &field("\"x.Q\""), &field(q_text));
    check(
        &field("\"x.F\""),
        &field(r#"{"type":"fixed","name":"F","namespace":"x","size":1}"#),
        &field(r#"{"type":"fixed","name":"F","namespace":"x","size":1}"#),
    );
    // Inside the namespace a short name finds it, and is what is stored.
    let r = |inner: &str| {
        format!(r#"{{"type":"record","name":"R","namespace":"x","fields":[{{"name":"a","type":{inner}}}]}}"#)
    };
    check(
        &r("\"x.Q\""),
        &r("\"Q\""),
        &r(r#"{"type":"record","name":"Q","fields":[{"name":"i","type":{"type":"fixed","name":"F","size":1}}]}"#),
    );
    // The same definition again is the referenced type.
    check(q_text, "\"x.Q\"", q_text);
}

#[test]
fn references_may_build_on_each_other() {
    let a = dependency("A", r#"{"type":"fixed","name":"A","size":1}"#);
    let b = dependency("B", r#"{"type":"record","name":"B","fields":[{"name":"a","type":"A"}]}"#);
    let parsed = try_new(&field("\"B\""), &[a.clone(), b.clone()]).unwrap();
    assert_eq!(&**parsed.canonical(), field("\"B\""));
    let error = try_new(&field("\"B\""), &[b, a]).unwrap_err();
    assert!(error.details().starts_with("Undefined schema: A"), "{error}");
}
