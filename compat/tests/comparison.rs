//! Verdicts, paths and messages, clause by clause.

use crate::support::*;
use compat::{Direction, Rule, Spot, Work, closing_message, reserved_field_messages};
use model::CompatibilityLevel::{self, *};
use model::CompatibilityPolicy::Strict;
use model::SchemaType;

/// What the findings of reading `old` with `new` are, as `KIND path info`.
fn backward(old: &str, new: &str) -> Vec<String> {
    let told = findings(Direction::Backward, &stored(new), &stored(old));
    told.iter()
        .map(|finding| match finding.rule {
            Rule::Avro(_) => format!("{} {} {}", finding.rule.as_str(), finding.at, finding.detail),
            _ => finding.message(),
        })
        .collect()
}

#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(backward(old, new), expected, "{old} read with {new}");
}

#[test]
fn primitives_promote_as_avro_says() {
    let all = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let promotions = [
        ("int", "long"),
        ("int", "float"),
        ("int", "double"),
        ("long", "float"),
        ("long", "double"),
        ("float", "double"),
        ("bytes", "string"),
        ("string", "bytes"),
    ];
    for old in all {
        for new in all {
            let told = backward(&format!("\"{old}\""), &format!("\"{new}\""));
            let mismatch = format!(
                "TYPE_MISMATCH / reader type: {} not compatible with writer type: {}",
                new.to_uppercase(),
                old.to_uppercase()
            );
            let compatible = old == new || promotions.contains(&(old, new));
            assert_eq!(told, if compatible { vec![] } else { vec![mismatch] }, "{old} read as {new}");
        }
    }
}

#[test]
fn types_of_different_kinds_never_match() {
    let kinds = [
        ("RECORD", r#"{"type":"record","name":"X","fields":[]}"#),
        ("ENUM", r#"{"type":"enum","name":"X","symbols":["A"]}"#),
        ("FIXED", r#"{"type":"fixed","name":"X","size":4}"#),
        ("ARRAY", r#"{"type":"array","items":"int"}"#),
        ("MAP", r#"{"type":"map","values":"int"}"#),
        ("STRING", "\"string\""),
        ("BYTES", "\"bytes\""),
        ("INT", "\"int\""),
        ("BOOLEAN", "\"boolean\""),
        ("NULL", "\"null\""),
    ];
    for (old_kind, old) in kinds {
        for (new_kind, new) in kinds {
            let fits =
                old_kind == new_kind || matches!((old_kind, new_kind), ("STRING", "BYTES") | ("BYTES", "STRING"));
            let mismatch =
                format!("TYPE_MISMATCH / reader type: {new_kind} not compatible with writer type: {old_kind}");
            assert_eq!(backward(old, new), if fits { vec![] } else { vec![mismatch] });
        }
    }
}

#[test]
fn collections_compare_what_they_hold() {
    check(r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"long"}"#, &[]);
    check(
        r#"{"type":"array","items":{"type":"map","values":"int"}}"#,
        r#"{"type":"array","items":{"type":"map","values":"string"}}"#,
        &["TYPE_MISMATCH /items/values reader type: STRING not compatible with writer type: INT"],
    );
}

#[test]
fn names_match_by_their_short_form_or_by_an_alias_of_the_reader() {
    let fixed =
        |name: &str, aliases: &str| format!(r#"{{"type":"fixed","name":"{name}","size":1,"aliases":[{aliases}]}}"#);
    let matches = |old: (&str, &str), new: (&str, &str)| check(&fixed(old.0, old.1), &fixed(new.0, new.1), &[]);
    let differs = |old: (&str, &str), new: (&str, &str)| {
        check(&fixed(old.0, old.1), &fixed(new.0, new.1), &[&format!("NAME_MISMATCH /name expected: {}", old.0)]);
    };
    matches(("x.A", ""), ("y.A", ""));
    matches(("A", ""), ("y.A", ""));
    differs(("x.A", ""), ("x.B", ""));
    matches(("x.A", ""), ("x.B", r#""A""#));
    matches(("x.A", ""), ("y.B", r#""x.A""#));
    matches(("A", ""), ("B", r#""A""#));
    differs(("x.A", ""), ("y.B", r#""A""#));
    differs(("A", ""), ("y.B", r#""A""#));
    differs(("A", ""), ("y.B", r#"".A""#));
    // The writer's aliases are not asked.
    differs(("A", r#""B""#), ("B", ""));
}

#[test]
fn fixed_types_need_the_same_size() {
    check(
        r#"{"type":"fixed","name":"A","size":1}"#,
        r#"{"type":"fixed","name":"B","size":2}"#,
        &["NAME_MISMATCH /name expected: A", "FIXED_SIZE_MISMATCH /size expected: 1, found: 2"],
    );
}

#[test]
fn enums_need_the_writers_symbols_or_a_default() {
    let symbols = |symbols: &str, rest: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]{rest}}}"#);
    check(&symbols(r#""A","B""#, ""), &symbols(r#""B","A","C""#, ""), &[]);
    check(&symbols(r#""C","A","b","B""#, ""), &symbols(r#""A""#, ""), &["MISSING_ENUM_SYMBOLS /symbols [B, C, b]"]);
    check(&symbols(r#""A","B""#, ""), &symbols(r#""A""#, r#","default":"A""#), &[]);
    check(&symbols(r#""A","B""#, r#","default":"A""#), &symbols(r#""A""#, ""), &["MISSING_ENUM_SYMBOLS /symbols [B]"]);
    check(
        r#"{"type":"enum","name":"E","symbols":["A"]}"#,
        r#"{"type":"enum","name":"F","symbols":[]}"#,
        &["NAME_MISMATCH /name expected: E", "MISSING_ENUM_SYMBOLS /symbols [A]"],
    );
}

#[test]
fn a_field_the_writer_lacks_needs_a_default() {
    let a = r#"{"name":"a","type":"int"}"#;
    let and = |field: &str| record(&format!("{a},{field}"));
    check(&record(a), &and(r#"{"name":"b","type":"int","default":1}"#), &[]);
    check(&record(a), &and(r#"{"name":"b","type":["null","int"],"default":null}"#), &[]);
    check(
        &record(a),
        &and(r#"{"name":"b","type":["null","int"]}"#),
        &["READER_FIELD_MISSING_DEFAULT_VALUE /fields/1 b"],
    );
    check(&and(r#"{"name":"b","type":"int"}"#), &record(a), &[]);
    // The reference compares an enum that has a default of its own with the writer's record.
    check(
        &record(a),
        &and(r#"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}"#),
        &["TYPE_MISMATCH /fields/1/type reader type: ENUM not compatible with writer type: RECORD"],
    );
    check(
        &record(a),
        &and(r#"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"},"default":"A"}"#),
        &[],
    );
}

#[test]
fn fields_match_by_name_or_alias_of_the_reader() {
    let one = |rest: &str| record(&format!(r#"{{"name":"b","type":"long"{rest}}}"#));
    let old = record(r#"{"name":"a","type":"int"}"#);
    check(&old, &one(r#","aliases":["x","a"]"#), &[]);
    check(&old, &one(r#","aliases":["x"]"#), &["READER_FIELD_MISSING_DEFAULT_VALUE /fields/0 b"]);
    check(
        &record(r#"{"name":"a","type":"int","aliases":["b"]}"#),
        &one(""),
        &["READER_FIELD_MISSING_DEFAULT_VALUE /fields/0 b"],
    );
}

#[test]
fn a_field_with_several_sources_ends_the_comparison() {
    let old = record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#);
    let told = |new: &str| {
        vec![format!(
            "Unexpected exception during compatibility check: Reader record field {new} matches multiple fields in writer record schema {old}"
        )]
    };
    // Findings before it are forgotten.
    assert_eq!(
        backward(&old, &record(r#"{"name":"a","type":"string"},{"name":"c","type":["null"],"aliases":["a","b"]}"#)),
        told("c type:UNION pos:1")
    );
    // An alias that repeats the name counts as a second source.
    assert_eq!(backward(&old, &record(r#"{"name":"a","type":"int","aliases":["a"]}"#)), told("a type:INT pos:0"));
    // So does one inside a union, where findings otherwise stay unsaid.
    let union = |fields: &str| format!(r#"["null",{}]"#, record(fields));
    let ambiguous = r#"{"name":"b","type":"int","aliases":["a"]}"#;
    assert_eq!(
        backward(&union(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#), &union(ambiguous)),
        told("b type:INT pos:0")
    );
}

#[test]
fn two_unions_compare_branch_by_branch() {
    check(r#"["null","string"]"#, r#"["string","null","int"]"#, &[]);
    check(r#"["null","int"]"#, r#"["null","long"]"#, &[]);
    check(
        r#"["null","string","int"]"#,
        r#"["null"]"#,
        &[
            "MISSING_UNION_BRANCH /1 reader union lacking writer type: STRING",
            "MISSING_UNION_BRANCH /2 reader union lacking writer type: INT",
        ],
    );
    // What is wrong inside a branch is not told.
    check(
        r#"["null",{"type":"record","name":"A","fields":[]}]"#,
        r#"["null",{"type":"record","name":"A","fields":[{"name":"x","type":"int"}]}]"#,
        &["MISSING_UNION_BRANCH /1 reader union lacking writer type: RECORD"],
    );
    check("[]", r#"["null"]"#, &[]);
    check(r#"["null"]"#, "[]", &["MISSING_UNION_BRANCH /0 reader union lacking writer type: NULL"]);
    check(
        &field(r#"["null","string"]"#),
        &field(r#"["null","int"]"#),
        &["MISSING_UNION_BRANCH /fields/0/type/1 reader union lacking writer type: STRING"],
    );
}

#[test]
fn a_union_of_the_writer_alone_is_read_branch_by_branch() {
    check(r#"["int","long"]"#, "\"double\"", &[]);
    check("[]", "\"int\"", &[]);
    check(
        &field(r#"["null","int","string"]"#),
        &field("\"string\""),
        &[
            "TYPE_MISMATCH /fields/0/type/0 reader type: STRING not compatible with writer type: NULL",
            "TYPE_MISMATCH /fields/0/type/1 reader type: STRING not compatible with writer type: INT",
        ],
    );
}

#[test]
fn a_union_of_the_reader_alone_needs_one_branch_that_reads() {
    check("\"int\"", r#"["null","double"]"#, &[]);
    check(
        &field("\"string\""),
        &field(r#"["null","int"]"#),
        &["MISSING_UNION_BRANCH /fields/0/type reader union lacking writer type: STRING"],
    );
    check(
        &record(""),
        &format!(r#"["null",{}]"#, field("\"int\"")),
        &["MISSING_UNION_BRANCH / reader union lacking writer type: RECORD"],
    );
}

#[test]
fn a_type_used_twice_tells_its_findings_twice_with_the_first_path() {
    let twice = |symbols: &str| {
        record(&format!(
            r#"{{"name":"a","type":{{"type":"enum","name":"E","symbols":[{symbols}]}}}},{{"name":"b","type":"E"}}"#
        ))
    };
    let once = "MISSING_ENUM_SYMBOLS /fields/0/type/symbols [B]";
    check(&twice(r#""A","B""#), &twice(r#""A""#), &[once, once]);
    // First met inside a union, the path begins at the branch.
    let union_first = |symbols: &str| {
        let e = format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]}}"#);
        record(&format!(
            r#"{{"name":"u","type":["null",{{"type":"record","name":"Q","fields":[{{"name":"e","type":{e}}}]}}]}},{{"name":"b","type":"E"}}"#
        ))
    };
    check(
        &union_first(r#""A","B""#),
        &union_first(r#""A""#),
        &[
            "MISSING_UNION_BRANCH /fields/0/type/1 reader union lacking writer type: RECORD",
            "MISSING_ENUM_SYMBOLS /fields/0/type/symbols [B]",
        ],
    );
}

#[test]
fn a_pair_first_met_between_two_unions_keeps_the_path_of_a_fresh_start() {
    let record = |name: &str, field: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"f","type":{field}}}]}}"#)
    };
    let two = |p: &str, q: &str| self::record(&format!(r#"{{"name":"p","type":{p}}},{{"name":"q","type":{q}}}"#));
    let old = two(&record("a.Q", r#"["null",{"type":"fixed","name":"X","size":1}]"#), &record("b.Q", "\"a.X\""));
    let new = two(&record("Q", r#"["null","int"]"#), "\"Q\"");
    check(
        &old,
        &new,
        &[
            "MISSING_UNION_BRANCH /fields/0/type/fields/0/type/1 reader union lacking writer type: FIXED",
            "MISSING_UNION_BRANCH / reader union lacking writer type: FIXED",
        ],
    );
}

#[test]
fn recursive_types_are_compared_once() {
    let node = |kind: &str| record(&format!(r#"{{"name":"next","type":["null","R"]}},{{"name":"v","type":"{kind}"}}"#));
    check(&node("int"), &node("long"), &[]);
    check(
        &node("long"),
        &node("int"),
        &["TYPE_MISMATCH /fields/1/type reader type: INT not compatible with writer type: LONG"],
    );
}

#[test]
fn what_data_does_not_depend_on_is_ignored() {
    let old = record(
        r#"{"name":"a","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"x","order":"ignore","default":1}"#,
    );
    let new = record(r#"{"name":"a","type":{"type":"long","logicalType":"timestamp-micros","p":1},"default":2}"#)
        .replace("record", "error");
    check(&old, &new, &[]);
    check(&new, &old, &[]);
}

#[test]
fn a_schema_reads_itself_unless_its_aliases_are_ambiguous() {
    for text in [field("\"int\""), r#"["null","int"]"#.into(), r#"{"type":"enum","name":"E","symbols":[]}"#.into()] {
        check(&text, &text, &[]);
    }
}

/// The messages of a comparison, without the old schema.
fn messages(level: CompatibilityLevel, old: &str, new: &str) -> Vec<String> {
    compare(level, Strict, &stored(new), &stored(old), Some(7))
}

#[test]
fn every_level_asks_its_directions() {
    let (wide, narrow) = ("\"long\"", "\"int\"");
    let reads = |level, old, new| messages(level, old, new).is_empty();
    for level in CompatibilityLevel::ALL {
        let (backward, forward) = match level {
            None => (true, true),
            Backward | BackwardTransitive => (true, false),
            Forward | ForwardTransitive => (false, true),
            Full | FullTransitive => (false, false),
        };
        assert_eq!(reads(level, narrow, wide), backward, "{level}: int to long");
        assert_eq!(reads(level, wide, narrow), forward, "{level}: long to int");
        assert!(reads(level, wide, wide), "{level}: the same");
    }
}

#[test]
fn messages_name_the_reader_and_the_writer_and_end_with_the_old_schema() {
    let mismatch = |reader: &str, writer: &str, old: &str, new: &str| {
        format!(
            "{{errorType:'TYPE_MISMATCH', description:'The type (path '/') of a field in the {reader} schema does not match with the {writer} schema', additionalInfo:'reader type: {old} not compatible with writer type: {new}'}}"
        )
    };
    let tail = ["{oldSchemaVersion: 7}", "{oldSchema: '\"int\"'}"];
    let (backward, forward) = (mismatch("new", "old", "BOOLEAN", "INT"), mismatch("old", "new", "INT", "BOOLEAN"));
    assert_eq!(messages(Backward, "\"int\"", "\"boolean\""), [&backward, tail[0], tail[1]]);
    assert_eq!(messages(ForwardTransitive, "\"int\"", "\"boolean\""), [&forward, tail[0], tail[1]]);
    assert_eq!(messages(Full, "\"int\"", "\"boolean\""), [&forward, &backward, tail[0], tail[1]]);
    // A full check that only fails forward does not show the old schema.
    assert_eq!(messages(FullTransitive, "\"int\"", "\"long\""), [mismatch("old", "new", "INT", "LONG")]);
    // A version without a number is shown without.
    let unnumbered = compare(Backward, Strict, &stored("\"boolean\""), &stored("\"int\""), Option::None);
    assert_eq!(unnumbered, [&backward, tail[1]]);
}

#[test]
fn a_long_old_schema_is_cut_in_utf16_units() {
    let shown = |doc: &str| {
        let old = format!(r#"{{"type":"fixed","name":"F","doc":"{doc}","size":1}}"#);
        let last = messages(Backward, &old, "\"int\"").pop().unwrap();
        (old, last)
    };
    let around = shown("").0.len();
    let (old, last) = shown(&"x".repeat(10_240 - around));
    assert_eq!(last, format!("{{oldSchema: '{old}'}}"));
    let (old, last) = shown(&"x".repeat(10_241 - around));
    assert_eq!(last, format!("{{oldSchema: <truncated> '{}...'}}", &old[..10_240]));
    let (old, last) = shown(&"é".repeat(10_241 - around));
    assert_eq!(last, format!("{{oldSchema: <truncated> '{}...'}}", old.chars().take(10_240).collect::<String>()));
}

#[test]
fn the_list_closes_with_what_was_asked() {
    assert_eq!(closing_message(true, FullTransitive), "{validateFields: 'true', compatibility: 'FULL_TRANSITIVE'}");
}

#[test]
fn reserved_names_stay_reserved_and_unused() {
    let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let removed = |name: &str| {
        format!(
            "The new schema has reserved field {name} removed from its metadata which is present in the old schema's metadata."
        )
    };
    let taken = |name: &str| format!("The new schema has field that conflicts with the reserved field {name}.");
    assert!(reserved_field_messages(Option::None, Option::None, &fields(&["a"])).is_empty());
    assert!(reserved_field_messages(Some("a,b"), Some(" b , a ,c"), &fields(&["d"])).is_empty());
    assert_eq!(reserved_field_messages(Some("a,b"), Some("b"), &[]), [removed("a")]);
    assert_eq!(reserved_field_messages(Some("a,b,,a"), Option::None, &fields(&["a"])), [removed("a"), removed("b")]);
    assert_eq!(
        reserved_field_messages(Some("x"), Some("a, b"), &fields(&["b", "a"])),
        [removed("x"), taken("a"), taken("b")]
    );
    assert_eq!(new(&record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#)).top_level_fields(), ["a", "b"]);
    assert!(new("[]").top_level_fields().is_empty());
}

/// Where the first finding is, in the old schema and in the new one, and the fragments there.
#[track_caller]
fn spots(direction: Direction, old: &str, new: &str, expected: [(&str, &str); 2]) {
    let told = findings(direction, &stored(new), &stored(old));
    let spot = |spot: &Spot| (spot.path.clone().unwrap(), spot.fragment.clone().unwrap());
    let found = [spot(&told[0].old), spot(&told[0].new)];
    let expected = expected.map(|(path, fragment)| (path.to_owned(), fragment.to_owned()));
    assert_eq!(found, expected, "{old} and {new}");
}

#[test]
fn findings_tell_their_places_in_both_schemas() {
    use Direction::{Backward, Forward};
    let (int, string) = (field("\"int\""), field("\"string\""));
    let (at, a) = ("/fields/0/type", "\"int\"");
    spots(Backward, &int, &string, [(at, a), (at, "\"string\"")]);
    spots(Forward, &int, &string, [(at, a), (at, "\"string\"")]);
    // Fields are paired by name, so their places differ.
    let later = record(r#"{"name":"z","type":"int"},{"name":"a","type":{"type":"int","logicalType":"date"}}"#);
    let date = r#"{"type":"int","logicalType":"date"}"#;
    spots(Backward, &later, &string, [("/fields/1/type", date), (at, "\"string\"")]);
    let missing = [("/fields", r#"["a"]"#), ("/fields/0", r#"{"name":"z","type":"int"}"#)];
    spots(Backward, &int, &later, missing);
    // A branch of a union, and one that no branch can read.
    let union = field(r#"["null",{"type":"array","items":"string"}]"#);
    let narrower = field(r#"["null","string"]"#);
    let branch = ("/fields/0/type/1", r#"{"type":"array","items":"string"}"#);
    spots(Backward, &union, &narrower, [branch, (at, r#"["null","string"]"#)]);
    spots(Backward, &int, &narrower, [(at, a), (at, r#"["null","string"]"#)]);
    // The symbol that is missing, or the symbols that several are missing of.
    let symbols = |list: &str| field(&format!(r#"{{"type":"enum","name":"E","symbols":[{list}]}}"#));
    let (abc, a) = (symbols(r#""A","B","C""#), symbols(r#""A""#));
    let there = "/fields/0/type/symbols";
    spots(Backward, &symbols(r#""A","B""#), &a, [("/fields/0/type/symbols/1", "\"B\""), (there, r#"["A"]"#)]);
    spots(Backward, &abc, &a, [(there, r#"["A","B","C"]"#), (there, r#"["A"]"#)]);
    let fixed = |name: &str, size: u32| field(&format!(r#"{{"type":"fixed","name":"{name}","size":{size}}}"#));
    spots(Backward, &fixed("F", 1), &fixed("F", 2), [("/fields/0/type/size", "1"), ("/fields/0/type/size", "2")]);
    spots(
        Backward,
        &fixed("F", 1),
        &fixed("G", 1),
        [("/fields/0/type/name", "\"F\""), ("/fields/0/type/name", "\"G\"")],
    );
}

#[test]
fn a_finding_inside_a_named_type_is_where_that_is_written_out() {
    let of = |inner: &str| {
        let inner = format!(r#"{{"type":"record","name":"x.I","fields":[{{"name":"i","type":"{inner}"}}]}}"#);
        record(&format!(
            r#"{{"name":"a","type":{inner}}},{{"name":"b","type":{{"type":"array","items":"x.I"}}}},{{"name":"c","type":"int"}}"#
        ))
    };
    let expected = [("/fields/0/type/fields/0/type", "\"int\""), ("/fields/0/type/fields/0/type", "\"string\"")];
    let (old, new) = (of("int"), of("string"));
    spots(Direction::Backward, &old, &new, expected);
    let twice = findings(Direction::Backward, &stored(&new), &stored(&old));
    assert_eq!((twice.len(), &twice[0]), (2, &twice[1]));
    // Where a name is what is wrong, it is where it is used.
    let renamed = old.replace(r#""name":"c","type":"int""#, r#""name":"c","type":"x.I""#);
    spots(Direction::Backward, &old, &renamed, [("/fields/2/type", "\"int\""), ("/fields/2/type", "\"x.I\"")]);
}

#[test]
fn a_finding_inside_a_referenced_type_has_a_place_beyond_the_text() {
    let text = field("\"Q\"");
    let with = |inner: &str| {
        let inner = format!(r#"{{"type":"record","name":"Q","fields":[{{"name":"q","type":"{inner}"}}]}}"#);
        try_new(&text, &[dependency("q", &inner)]).unwrap()
    };
    let told = findings(Direction::Backward, &with("int"), &with("long"));
    assert_eq!(told[0].new.path.as_deref(), Some("/fields/0/type/fields/0/type"));
    // In the text itself that is the use of the name.
    let places =
        compat::locate(&SchemaType::Avro, &text, &["/fields/0/type/fields/0/type"], &Work::unlimited()).unwrap();
    let at = places[0].unwrap();
    assert_eq!((at.line, at.column - 1), (1, text.find("\"Q\"").unwrap()));
}

#[test]
fn every_rule_has_a_sentence_of_advice_in_both_directions() {
    let named = |name: &str, rest: &str| field(&format!(r#"{{"name":"{name}",{rest}}}"#));
    let sized = |size: u32| named("F", &format!(r#""type":"fixed","size":{size}"#));
    let symbols = |list: &str| named("E", &format!(r#""type":"enum","symbols":[{list}]"#));
    let (one, two) = (symbols(r#""A""#), symbols(r#""A","B""#));
    let (none, some) = (record(""), field("\"int\""));
    let (int, both) = (field(r#"["int"]"#), field(r#"["int","string"]"#));
    // The reader and what it cannot read; what to do about it as the new schema and as the old one.
    let cases = [
        (&sized(1), &sized(2), "Keep the size", "Keep the size"),
        (&some, &field("\"string\""), "one that Avro promotes it to", "one that Avro promotes to it"),
        (&sized(1), &named("G", r#""type":"fixed","size":1"#), "among the aliases", "Keep the old name"),
        (&one, &two, "Keep the symbols [B]", "Leave out the symbols [B]"),
        (&int, &both, "Keep a branch in the union", "Leave this type out of the union"),
        (&some, &none, "Give the field 'a' a default", "Keep the field 'a'"),
    ];
    for (reader, writer, as_new, as_old) in cases {
        let (reader, writer) = (stored(reader), stored(writer));
        let backward = findings(Direction::Backward, &reader, &writer);
        let forward = findings(Direction::Forward, &writer, &reader);
        for (told, expected) in [(backward, as_new), (forward, as_old)] {
            let advice = told[0].advice().unwrap();
            assert!(advice.contains(expected) && advice.ends_with('.'), "{advice}");
        }
    }
}
