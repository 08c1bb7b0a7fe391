//! When a lookup takes two texts for the same schema.

use crate::support::*;

#[track_caller]
fn check(a: &str, b: &str, same: bool) {
    let (a, b) = (stored(a), stored(b));
    assert_eq!(a.same(&b), same, "{} and {}", a.canonical(), b.canonical());
    assert_eq!(b.same(&a), same, "{} and {}", a.canonical(), b.canonical());
    assert_eq!(a.fingerprint() == b.fingerprint(), same, "fingerprints of {} and {}", a.canonical(), b.canonical());
}

#[test]
fn spelling_does_not_count() {
    check("\"int\"", r#" {"type" : "int"} "#, true);
    check(r#"{"type":"fixed","name":"n.F","size":1}"#, r#"{"size":1,"namespace":"n","name":"F","type":"fixed"}"#, true);
    check(&record(r#"{"name":"a","type":"int","order":"ascending"}"#), &field("\"int\""), true);
    check(&field("\"int\""), &field("\"int\"").replace("\"record\"", "\"error\""), true);
    check(r#"{"type":"int","a":1,"b":{"x":1,"y":2}}"#, r#"{"type":"int","b":{"y":2,"x":1},"a":1}"#, true);
    check(
        r#"{"type":"fixed","name":"n.F","size":1,"aliases":["A","x.B"]}"#,
        r#"{"type":"fixed","name":"n.F","size":1,"aliases":["x.B","n.A"]}"#,
        true,
    );
    check(
        &record(r#"{"name":"a","type":"int","aliases":["x","y"]}"#),
        &record(r#"{"name":"a","type":"int","aliases":["y","x","y"]}"#),
        true,
    );
    check(
        &record(r#"{"name":"a","type":"F"},{"name":"b","type":{"type":"fixed","name":"F","size":1}}"#),
        &record(r#"{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F"}"#),
        true,
    );
    check(
        &record(
            r#"{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":{"type":"fixed","name":"F","size":1}}"#,
        ),
        &record(r#"{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F"}"#),
        true,
    );
    check(
        &record(r#"{"name":"a","type":"double","default":"NaN"}"#),
        &record(r#"{"name":"a","type":"double","default":" NaN "}"#),
        true,
    );
}

#[test]
fn everything_else_does() {
    let fixed = |rest: &str| format!(r#"{{"type":"fixed","name":"F","size":1{rest}}}"#);
    check("\"int\"", "\"long\"", false);
    check(&fixed(""), r#"{"type":"fixed","name":"G","size":1}"#, false);
    check(&fixed(""), r#"{"type":"fixed","name":"n.F","size":1}"#, false);
    check(&fixed(""), r#"{"type":"fixed","name":"F","size":2}"#, false);
    check(&fixed(""), &fixed(r#","doc":"""#), false);
    check(&fixed(r#","doc":"a""#), &fixed(r#","doc":"b""#), false);
    check(&fixed(""), &fixed(r#","aliases":["A"]"#), false);
    check(&fixed(r#","aliases":["A"]"#), &fixed(r#","aliases":["x.A"]"#), false);
    check(&fixed(r#","x":1"#), &fixed(r#","x":1.0"#), false);
    check(&fixed(r#","x":[1,2]"#), &fixed(r#","x":[2,1]"#), false);
    check(&fixed(r#","x":null"#), &fixed(""), false);
    let with = |rest: &str| record(&format!(r#"{{"name":"a","type":["null","double"]{rest}}}"#));
    check(&with(""), &with(r#","default":null"#), false);
    check(&with(r#","default":1"#), &with(r#","default":1.0"#), false);
    check(&with(""), &with(r#","doc":"d""#), false);
    check(&with(""), &with(r#","order":"ignore""#), false);
    check(&with(r#","order":"descending""#), &with(r#","order":"ignore""#), false);
    check(&with(""), &with(r#","aliases":["b"]"#), false);
    check(&with(""), &with(r#","x":1"#), false);
    check(&with(""), &with("").replace(r#"["null","double"]"#, r#"["double","null"]"#), false);
    check(
        &record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#),
        &record(r#"{"name":"b","type":"int"},{"name":"a","type":"int"}"#),
        false,
    );
    let symbols = |rest: &str| format!(r#"{{"type":"enum","name":"E","symbols":["A","B"]{rest}}}"#);
    check(&symbols(""), &symbols(r#","default":"A""#), false);
    check(&symbols(""), r#"{"type":"enum","name":"E","symbols":["B","A"]}"#, false);
    check(r#"{"type":"array","items":"int"}"#, r#"{"type":"map","values":"int"}"#, false);
    check(r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"int","x":1}"#, false);
    check(r#"["null"]"#, r#"["null","int"]"#, false);
    check("[]", "\"null\"", false);
}

#[test]
fn a_repeated_definition_counts_with_its_documentation() {
    let twice = |a: &str, b: &str| {
        let fixed = |doc: &str| format!(r#"{{"type":"fixed","name":"F","size":1,"doc":"{doc}"}}"#);
        record(&format!(r#"{{"name":"a","type":{}}},{{"name":"b","type":{}}}"#, fixed(a), fixed(b)))
    };
    check(&twice("1", "2"), &twice("1", "2"), true);
    check(&twice("1", "2"), &twice("1", "1"), false);
    check(&twice("1", "2"), &twice("2", "1"), false);
}

#[test]
fn recursive_schemas_are_compared_to_the_end() {
    let node = |kind: &str| {
        format!(
            r#"{{"type":"record","name":"N","fields":[{{"name":"next","type":["null","N"]}},{{"name":"v","type":"{kind}"}}]}}"#
        )
    };
    check(&node("int"), &node("int"), true);
    check(&node("int"), &node("long"), false);
}

#[test]
fn a_reference_is_as_good_as_the_definition_it_means() {
    let q = r#"{"type":"record","name":"x.Q","fields":[{"name":"f","type":{"type":"fixed","name":"F","size":1}}]}"#;
    let dependencies = [dependency("x.Q", q)];
    let same = [
        try_new(&record(r#"{"name":"a","type":"x.Q"},{"name":"b","type":"x.F"}"#), &dependencies).unwrap(),
        try_new(&record(&format!(r#"{{"name":"a","type":{q}}},{{"name":"b","type":"x.F"}}"#)), &dependencies).unwrap(),
        new(&record(&format!(r#"{{"name":"a","type":{q}}},{{"name":"b","type":"x.F"}}"#))),
    ];
    for a in &same {
        for b in &same {
            assert!(a.same(b) && a.fingerprint() == b.fingerprint(), "{} and {}", a.canonical(), b.canonical());
        }
    }
    // A referenced definition that is not used does not count, even if it differs in documentation.
    let other = dependency("x.F", r#"{"type":"fixed","name":"x.F","size":1,"doc":"other"}"#);
    let inline = record(r#"{"name":"a","type":{"type":"fixed","name":"x.F","size":1}}"#);
    let (a, b) = (try_new(&inline, &[other]).unwrap(), new(&inline));
    assert!(a.same(&b) && a.fingerprint() == b.fingerprint());
}

#[test]
fn fingerprints_never_change() {
    #[track_caller]
    fn check(text: &str, fingerprint: u64) {
        assert_eq!(stored(text).fingerprint(), fingerprint, "{:#018x}", stored(text).fingerprint());
    }
    check("\"int\"", 0x4771_8b45_305b_aa47);
    check(FULL, 0x624a_fbd8_fa9f_8e89);
}

/// A schema with everything that a fingerprint covers.
const FULL: &str = r#"{"type":"record","name":"n.R","doc":"d","aliases":["A"],"p":{"b":[1,2.5,null,true,"x"],"a":false},"fields":[
    {"name":"u","type":["null","boolean","int","long","float","double","bytes","string"],"default":null,"doc":"d"},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"],"default":"X"},"order":"ignore","aliases":["f"]},
    {"name":"g","type":{"type":"map","values":{"type":"array","items":["R",{"type":"fixed","name":"F","size":3}]}},"order":"descending"},
    {"name":"h","type":"E","q":1}]}"#;
