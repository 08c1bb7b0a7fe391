//! What is a schema, and what is said about a text that is none.

use crate::support::*;
use compat::{Error, Place, Strictness};
use model::SchemaType;

/// The text is refused both as a candidate and as a stored schema.
#[track_caller]
fn refused(text: &str, details: &str) {
    for strictness in [Strictness::New, Strictness::Stored] {
        let error = parse(&SchemaType::Avro, text, &[], strictness).expect_err(text).details();
        assert!(error.starts_with(details), "{strictness:?} {text}\n  said:     {error}\n  expected: {details}");
    }
}

/// The text is refused as a candidate, and read if it is stored.
#[track_caller]
fn refused_when_new(text: &str, details: &str) {
    let error = try_new(text, &[]).expect_err(text).details();
    assert!(error.starts_with(details), "{text}\n  said:     {error}\n  expected: {details}");
    stored(text);
}

#[track_caller]
fn accepted(text: &str) {
    new(text);
    stored(text);
}

#[test]
fn other_languages_are_unknown_by_name() {
    let error = parse(&SchemaType::parse("XML"), "", &[], Strictness::New).unwrap_err();
    assert_eq!(error, Error::UnknownType("XML".into()));
    assert_eq!(error.to_string(), "Invalid schema type XML");
}

#[test]
fn the_text_around_the_schema_is_checked() {
    refused("", "Cannot parse <null> schema");
    refused("  \n ", "Cannot parse <null> schema");
    refused("// nothing", "Cannot parse <null> schema");
    refused("string", "Unrecognized token 'string'");
    refused("{", "Unexpected end-of-input");
    refused("\"string\" x", "dangling content after end of schema: x (line 1, column 10)");
    refused("\"string\",\"int\"", "dangling content after end of schema: ,\"int\"");
    refused("\"string\" /* c */", "dangling content after end of schema: /* c */");
    accepted(" /* a */ \"string\" \n");
    accepted("{\"type\" /* b */ : // c\n \"string\"}");
}

#[test]
fn a_root_that_is_no_type_is_refused() {
    refused("1", "Schema not yet supported: 1");
    refused("1e2", "Schema not yet supported: 100.0");
    refused("true", "Schema not yet supported: true");
    refused("null", "Schema not yet supported: null");
    refused("{}", "No type: {}");
    refused(r#"{"type":1}"#, r#"No type: {"type":1}"#);
    refused(r#"{"type":{"type":"string"}}"#, r#"No type: {"type":{"type":"string"}}"#);
    refused(r#"{"type":["null","int"]}"#, r#"No type: {"type":["null","int"]}"#);
    refused(&field(r#"{"type":["null","int"]}"#), "No type: ");
}

#[test]
fn names_have_the_characters_of_names() {
    refused(r#"{"type":"record","name":"R-x","fields":[]}"#, "Illegal character in: R-x");
    refused(r#"{"type":"record","name":"1R","fields":[]}"#, "Illegal initial character: 1R");
    refused(r#"{"type":"enum","name":"E","symbols":["a-b"]}"#, "Illegal character in: a-b");
    refused(r#"{"type":"enum","name":"E","symbols":[""]}"#, "Empty name");
    refused(r#"{"type":"fixed","name":"F.","size":1}"#, "Empty name");
    refused(&record(r#"{"name":"a b","type":"int"}"#), "Illegal character in: a b");
    refused_when_new(r#"{"type":"record","name":"Ré","fields":[]}"#, "Illegal character in: Ré");
    refused_when_new(r#"{"type":"enum","name":"E","symbols":["é"]}"#, "Illegal initial character: é");
    refused_when_new(&record(r#"{"name":"größe","type":"int"}"#), "Illegal character in: größe");
}

#[test]
fn namespaces_and_aliases_of_stored_schemas_are_not_checked() {
    let bad = "Namespace part \"a-b\" is invalid: Illegal character in: a-b";
    refused_when_new(r#"{"type":"record","name":"R","namespace":"a-b","fields":[]}"#, bad);
    refused_when_new(r#"{"type":"record","name":"x.a-b.R","fields":[]}"#, bad);
    refused_when_new(r#"{"type":"fixed","name":"a..F","size":1}"#, "Namespace part \"\" is invalid: Empty name");
    refused_when_new(r#"{"type":"record","name":"R","aliases":["a-b"],"fields":[]}"#, "Illegal character in: a-b");
    // Only the last part of an alias is looked at, and field aliases not at all.
    accepted(r#"{"type":"record","name":"R","aliases":["a-b.c"],"fields":[]}"#);
    accepted(&record(r#"{"name":"a","type":"int","aliases":["x-y",""]}"#));
}

#[test]
fn a_name_is_needed_and_is_no_primitive() {
    refused(r#"{"type":"record","fields":[]}"#, r#"No name in schema: {"type":"record","fields":[]}"#);
    refused(r#"{"type":"enum","name":1,"symbols":[]}"#, r#"No name in schema: {"type":"enum","name":1,"symbols":[]}"#);
    for word in ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] {
        let text = format!(r#"{{"type":"fixed","name":"{word}","size":1}}"#);
        refused(&text, &format!("Schemas may not be named after primitives: {word}"));
    }
    accepted(r#"{"type":"record","name":"n.int","fields":[]}"#);
    accepted(r#"{"type":"record","name":"record","fields":[]}"#);
}

#[test]
fn records_have_fields_with_names_and_types() {
    refused(r#"{"type":"record","name":"R"}"#, r#"Record has no fields: {"type":"record","name":"R"}"#);
    refused(r#"{"type":"record","name":"R","fields":{}}"#, "Record has no fields: ");
    refused(&record("1"), "No field name: 1");
    refused(&record(r#"{"type":"int"}"#), r#"No field name: {"type":"int"}"#);
    refused(&record(r#"{"name":"a"}"#), r#"No field type: {"name":"a"}"#);
    refused(&field("null"), "Schema not yet supported: null");
    refused(
        &record(r#"{"name":"a","type":"int"},{"name":"a","type":["null"]}"#),
        "Duplicate field a in record R: a type:UNION pos:1 and a type:INT pos:0.",
    );
    refused(&record(r#"{"name":"a","type":"int","aliases":1}"#), "aliases not an array: ");
    refused(&record(r#"{"name":"a","type":"int","aliases":[1]}"#), "alias not a string: 1");
    accepted(&record(""));
    accepted(r#"{"type":"error","name":"E","fields":[]}"#);
}

#[test]
fn the_order_of_a_field_is_one_of_three_in_any_case() {
    for order in ["ascending", "Descending", "IGNORE"] {
        accepted(&record(&format!(r#"{{"name":"a","type":"int","order":"{order}"}}"#)));
    }
    refused(
        &record(r#"{"name":"a","type":"int","order":"sideways"}"#),
        "No enum constant org.apache.avro.Schema.Field.Order.SIDEWAYS",
    );
    refused(&record(r#"{"name":"a","type":"int","order":1}"#), "Field order is not a string: 1");
}

#[test]
fn enums_have_distinct_symbols_and_a_default_among_them() {
    refused(r#"{"type":"enum","name":"E"}"#, r#"Enum has no symbols: {"type":"enum","name":"E"}"#);
    refused(r#"{"type":"enum","name":"E","symbols":"A"}"#, "Enum has no symbols: ");
    refused(r#"{"type":"enum","name":"E","symbols":["A","A"]}"#, "Duplicate enum symbol: A");
    refused(r#"{"type":"enum","name":"E","symbols":[1]}"#, "Null name");
    refused(
        r#"{"type":"enum","name":"E","symbols":["A","C"],"default":"B"}"#,
        "The Enum Default: B is not in the enum symbol set: [A, C]",
    );
    accepted(r#"{"type":"enum","name":"E","symbols":[]}"#);
    // A default that is no string is as good as none.
    accepted(r#"{"type":"enum","name":"E","symbols":["A"],"default":null}"#);
    accepted(r#"{"type":"enum","name":"E","symbols":["A"],"default":1}"#);
}

#[test]
fn fixed_types_have_a_size() {
    for size in ["\"4\"", "2.0", "null", "3000000000", "1e1"] {
        refused(&format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#), "Invalid or no size: ");
    }
    refused(r#"{"type":"fixed","name":"F"}"#, r#"Invalid or no size: {"type":"fixed","name":"F"}"#);
    refused(r#"{"type":"fixed","name":"F","size":-1}"#, "Malformed data. Length is negative: -1");
    refused(r#"{"type":"fixed","name":"F","size":2147483647}"#, "Cannot read arrays longer than 2147483639 bytes");
    accepted(r#"{"type":"fixed","name":"F","size":0}"#);
    accepted(r#"{"type":"fixed","name":"F","size":2147483639}"#);
}

#[test]
fn arrays_and_maps_have_types_of_items() {
    refused(r#"{"type":"array"}"#, r#"Array has no items type: {"type":"array"}"#);
    refused(r#"{"type":"map"}"#, r#"Map has no values type: {"type":"map"}"#);
    refused(r#"{"type":"array","items":null}"#, "Schema not yet supported: null");
}

#[test]
fn unions_hold_distinct_types_and_no_unions() {
    refused(r#"["null",["int"]]"#, r#"Nested union: ["null",["int"]]"#);
    refused(r#"["int","int"]"#, "Duplicate in union:int");
    refused(r#"["int",{"type":"int","logicalType":"date"}]"#, "Duplicate in union:int");
    refused(r#"[{"type":"map","values":"int"},{"type":"map","values":"long"}]"#, "Duplicate in union:map");
    let same = r#"{"type":"fixed","name":"n.F","size":1}"#;
    refused(&format!("[{same},{same}]"), "Duplicate in union:n.F");
    refused(&format!(r#"[{same},"n.F"]"#), "Duplicate in union:n.F");
    // Both branches mean a type that comes later.
    let later = record(r#"{"name":"a","type":["F","F"]},{"name":"b","type":{"type":"fixed","name":"F","size":1}}"#);
    refused(&later, "Duplicate in union:F");
    accepted("[]");
    accepted(r#"["null"]"#);
    accepted(r#"[{"type":"fixed","name":"a.F","size":1},{"type":"fixed","name":"b.F","size":1}]"#);
    accepted(r#"["int","long","float","double","bytes","string","boolean","null"]"#);
}

#[test]
fn a_name_means_a_type_of_its_namespace_else_one_without_namespace() {
    refused(&field("\"Foo\""), "Undefined schema: Foo");
    refused(r#"{"type":"foo"}"#, "Undefined schema: foo");
    refused("\"foo\"", "Undefined schema: foo");
    refused(r#"{"type":"record","name":"n.R","fields":[{"name":"a","type":"Foo"}]}"#, "Undefined schema: n.Foo");
    // Later definitions count too, but then only in the namespace of the use.
    accepted(&record(r#"{"name":"a","type":"E"},{"name":"b","type":{"type":"enum","name":"E","symbols":[]}}"#));
    let null_namespace = r#"{"type":"enum","name":"E","namespace":"","symbols":[]}"#;
    let before = format!(r#"{{"name":"x","type":{null_namespace}}},{{"name":"y","type":"E"}}"#);
    accepted(&format!(r#"{{"type":"record","name":"n.R","fields":[{before}]}}"#));
    let after = format!(r#"{{"name":"y","type":"E"}},{{"name":"x","type":{null_namespace}}}"#);
    refused(&format!(r#"{{"type":"record","name":"n.R","fields":[{after}]}}"#), "Undefined schema: n.E");
    // A leading dot means the null namespace where a type is defined, and nothing where it is used.
    refused(
        &record(r#"{"name":"a","type":{"type":"enum","name":"E","symbols":[]}},{"name":"b","type":".E"}"#),
        "Undefined schema: .E",
    );
    // A type object may name a type; whatever else it says is dropped.
    assert_eq!(
        &**new(&record(
            r#"{"name":"a","type":{"type":"enum","name":"E","symbols":[]}},{"name":"b","type":{"type":"E","x":1}}"#
        ))
        .canonical(),
        record(r#"{"name":"a","type":{"type":"enum","name":"E","symbols":[]}},{"name":"b","type":"E"}"#)
    );
}

#[test]
fn a_name_may_be_defined_again_if_it_is_the_same() {
    let twice = |a: &str, b: &str| {
        record(&format!(r#"{{"name":"a","type":{{"type":{a}}}}},{{"name":"b","type":{{"type":{b}}}}}"#))
    };
    accepted(&twice(r#""enum","name":"E","symbols":["A"]"#, r#""enum","name":"E","symbols":["A"]"#));
    // Documentation, aliases and the default of an enum may differ; the first definition counts.
    accepted(&twice(
        r#""enum","name":"E","symbols":["A"],"doc":"x""#,
        r#""enum","name":"E","symbols":["A"],"default":"A""#,
    ));
    accepted(&twice(r#""record","name":"Q","fields":[]"#, r#""error","name":"Q","fields":[],"aliases":["P"]"#));
    refused(
        &twice(r#""enum","name":"E","symbols":["A"]"#, r#""enum","name":"E","symbols":["B"]"#),
        "Can't redefine: E",
    );
    refused(&twice(r#""enum","name":"E","symbols":[]"#, r#""fixed","name":"E","size":1"#), "Can't redefine: E");
    refused(
        &twice(r#""fixed","name":"n.F","size":1"#, r#""fixed","name":"n.F","size":1,"x":1"#),
        "Can't redefine: n.F",
    );
    // Recursively, what data depends on and properties have to be the same.
    let q = |field: &str| format!(r#""record","name":"Q","fields":[{field}]"#);
    let a = q(r#"{"name":"a","type":["null",{"type":"array","items":{"type":"int","x":1}}]}"#);
    accepted(&twice(&a, &a.replace(r#""x":1"#, r#" "x" : 1 "#)));
    for (part, other) in [
        (r#""x":1"#, r#""x":2"#),
        (r#""array","items""#, r#""map","values""#),
        (r#""int""#, r#""long""#),
        (r#"["null","#, "["),
        (r#""name":"a""#, r#""name":"a","default":null"#),
        (r#""name":"a""#, r#""name":"b""#),
        (r#""name":"a""#, r#""name":"a","order":"ignore""#),
        (r#""name":"a""#, r#""name":"a","p":1"#),
    ] {
        refused(&twice(&a, &a.replace(part, other)), "Can't redefine: Q");
    }
    let dependency = dependency("Q", r#"{"type":"fixed","name":"Q","size":1}"#);
    let error = try_new(r#"{"type":"fixed","name":"Q","size":2}"#, &[dependency]).unwrap_err();
    assert!(error.details().starts_with("Can't redefine: Q"), "{error}");
}

#[test]
fn defaults_of_new_schemas_fit_their_types() {
    let with = |schema: &str, default: &str| record(&format!(r#"{{"name":"a","type":{schema},"default":{default}}}"#));
    let fits = |schema: &str, defaults: &[&str]| defaults.iter().for_each(|default| accepted(&with(schema, default)));
    let unfit = |schema: &str, printed: &str, defaults: &[(&str, &str)]| {
        for (default, shown) in defaults {
            refused_when_new(&with(schema, default), &format!("Invalid default for field a: {shown} not a {printed}"));
        }
    };
    let same = |text: &'static str| (text, text);
    fits("\"null\"", &["null"]);
    unfit("\"null\"", "\"null\"", &[same("0"), same("\"\"")]);
    fits("\"boolean\"", &["true", "false"]);
    unfit("\"boolean\"", "\"boolean\"", &[same("\"true\""), same("0"), same("null")]);
    fits("\"int\"", &["0", "-2147483648", "2147483647"]);
    unfit("\"int\"", "\"int\"", &[same("2147483648"), ("1.0", "1.0"), ("1e3", "1000.0"), same("\"1\""), same("null")]);
    fits("\"long\"", &["9223372036854775807", "-9223372036854775808"]);
    unfit("\"long\"", "\"long\"", &[same("9223372036854775808"), ("1e3", "1000.0")]);
    for floating in ["\"float\"", "\"double\"", r#"{"type":"double"}"#] {
        fits(
            floating,
            &["0", "1.5", "1e300", "\"NaN\"", "\"-Infinity\"", "\"1.5\"", "\" 2 \"", "99999999999999999999"],
        );
    }
    unfit("\"float\"", "\"float\"", &[same("true"), same("null"), same("[]")]);
    refused(&with("\"float\"", "\"abc\""), "For input string: \"abc\"");
    refused(&with("\"double\"", "\"\""), "empty String");
    for textual in [
        "\"string\"",
        "\"bytes\"",
        r#"{"type":"enum","name":"E","symbols":["A"]}"#,
        r#"{"type":"fixed","name":"F","size":2}"#,
    ] {
        fits(textual, &["\"\"", "\"Z\"", "\"\\u0100abc\""]);
    }
    unfit("\"string\"", "\"string\"", &[same("1"), same("null")]);
    fits(r#"{"type":"array","items":"int"}"#, &["[]", "[1,2]"]);
    unfit(
        r#"{"type":"array","items":"int"}"#,
        r#"{"type":"array","items":"int"}"#,
        &[same("[1,\"x\"]"), same("{}"), same("null")],
    );
    fits(r#"{"type":"map","values":"int"}"#, &["{}", r#"{"x":1}"#]);
    unfit(r#"{"type":"map","values":"int"}"#, r#"{"type":"map","values":"int"}"#, &[same(r#"{"x":null}"#), same("[]")]);
    // A string in a collection of floats is not read as a number.
    unfit(r#"{"type":"array","items":"float"}"#, r#"{"type":"array","items":"float"}"#, &[same("[\"NaN\"]")]);
    // Any branch of a union will do.
    fits(r#"["null","int"]"#, &["null", "5"]);
    unfit(r#"["null","int"]"#, r#"["null","int"]"#, &[same("\"x\"")]);
    unfit("[]", "[]", &[same("null")]);
    let q =
        r#"{"type":"record","name":"Q","fields":[{"name":"b","type":"int"},{"name":"c","type":"int","default":3}]}"#;
    fits(q, &[r#"{"b":1}"#, r#"{"c":2,"b":1}"#, r#"{"b":1,"other":null}"#]);
    unfit(q, q, &[same("{}"), same(r#"{"c":1}"#), same(r#"{"b":"x"}"#), same("[]")]);
}

#[test]
fn a_default_that_needs_itself_is_invalid() {
    let text = record(r#"{"name":"a","type":"R","default":{}}"#);
    refused_when_new(&text, "Invalid default for field a: {} not a ");
}

#[test]
fn a_place_is_told_by_line_and_column() {
    #[track_caller]
    fn check(text: &str, line: usize, column: usize) {
        let place = match try_new(text, &[]).unwrap_err() {
            Error::Syntax { place, .. } | Error::Invalid { place, .. } => place,
            other => panic!("{other}"),
        };
        assert_eq!(place, Place { line, column }, "{text}");
    }
    check("{\n  \"type\": \"record\",\n  \"name\": \"a-b\", \"fields\": []}", 3, 11);
    check("{\"type\":\"record\",\"name\":\"R\",\n\"fields\":[\n  {\"name\":\"x\",\"type\":\"Foo\"}]}", 3, 22);
    check("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\n\"A\"]}", 2, 1);
    check("[\"null\",\n \"é\", oops]", 2, 7);
    check(&record("{\"name\":\"a\",\n\"type\":\"int\",\n\"default\":\"x\"}"), 3, 11);
    check("\"int\"\n\n  x", 3, 3);
    let error = try_new("{\"type\":\"record\",\"name\":\"a-b\",\"fields\":[]}", &[]).unwrap_err();
    assert_eq!(error.details(), "Illegal character in: a-b (line 1, column 25)");
}

#[test]
fn a_referenced_schema_that_does_not_parse_is_named() {
    let error = try_new("\"int\"", &[dependency("x.Q", "{\"type\":\"record\"}")]).unwrap_err();
    assert_eq!(
        error.details(),
        "No name in schema: {\"type\":\"record\"} (line 1, column 1) in the schema referenced as \"x.Q\" (subject \"x.Q\", version 1)"
    );
}
