//! Samples that fit their schema, and where others do not.

use crate::support::*;
use compat::{Parsed, Sample};

#[track_caller]
fn fits(schema: &Parsed, json: &str) {
    schema.fits(Sample::Json(json)).unwrap_or_else(|mismatch| panic!("{json}: {mismatch}"));
}

#[track_caller]
fn unfit(schema: &Parsed, json: &str, path: &str, message: &str) {
    let mismatch = schema.fits(Sample::Json(json)).expect_err(json);
    assert_eq!(mismatch.path, path, "{json}: {mismatch}");
    assert!(mismatch.message.contains(message), "{json}: {mismatch}");
}

#[track_caller]
fn fits_binary(schema: &Parsed, bytes: &[u8]) {
    schema.fits(Sample::Binary(bytes)).unwrap_or_else(|mismatch| panic!("{bytes:02x?}: {mismatch}"));
}

#[track_caller]
fn unfit_binary(schema: &Parsed, bytes: &[u8], path: &str, message: &str) {
    let mismatch = schema.fits(Sample::Binary(bytes)).expect_err("has to be refused");
    assert_eq!(mismatch.path, path, "{bytes:02x?}: {mismatch}");
    assert!(mismatch.message.contains(message), "{bytes:02x?}: {mismatch}");
}

#[test]
fn primitives_take_their_values() {
    let schema = |name: &str| new(&format!("\"{name}\""));
    fits(&schema("null"), "null");
    unfit(&schema("null"), "0", "/", "expected null, found the number 0");
    fits(&schema("boolean"), "true");
    unfit(&schema("boolean"), "\"true\"", "/", "expected a boolean, found a string");
    fits(&schema("int"), "-2147483648");
    unfit(&schema("int"), "2147483648", "/", "out of the range of an int");
    unfit(&schema("int"), "1.0", "/", "expected an int");
    fits(&schema("long"), "9223372036854775807");
    unfit(&schema("long"), "9223372036854775808", "/", "out of the range of a long");
    fits(&schema("float"), "1.5");
    fits(&schema("double"), "1");
    fits(&schema("double"), "\"NaN\"");
    unfit(&schema("double"), "\"1.5\"", "/", "expected a double, found a string");
    fits(&schema("string"), "\"é😀\"");
    fits(&schema("bytes"), "\"\\u0000\\u00ff\"");
    unfit(&schema("bytes"), "\"\\u0100\"", "/", "stands for no byte");
    unfit(&schema("bytes"), "[1]", "/", "expected bytes");
}

#[test]
fn a_sample_that_is_no_json_is_told_with_its_place() {
    unfit(&new("\"int\""), "[1,", "/", "Unexpected end-of-input");
    unfit(&new("\"int\""), "1\n2", "/", "(line 2, column 1)");
    unfit(&new("\"int\""), "", "/", "No content");
}

/// An order with nested lines.
fn order() -> Parsed {
    new(r#"{"type":"record","name":"x.Order","fields":[
        {"name":"id","type":{"type":"fixed","name":"Id","size":2}},
        {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","DONE"]}},
        {"name":"items","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
            {"name":"price","type":"double"},{"name":"note","type":["null","string","State"],"default":null}]}}},
        {"name":"tags","type":{"type":"map","values":"long"}}]}"#)
}

#[test]
fn a_mismatch_is_told_with_its_path() {
    let schema = order();
    let sample = |id: &str, state: &str, items: &str, tags: &str| {
        format!(r#"{{"tags":{tags},"id":{id},"state":{state},"items":{items}}}"#)
    };
    let good = [
        r#""ab""#,
        r#""OPEN""#,
        r#"[{"price":1,"note":null},{"price":2.5,"note":{"string":"x"}},{"price":3,"note":{"x.State":"DONE"}}]"#,
        r#"{"a":1}"#,
    ];
    fits(&schema, &sample(good[0], good[1], good[2], good[3]));
    unfit(&schema, &sample(r#""abc""#, good[1], good[2], good[3]), "/id", "expected 2 bytes, found 3");
    unfit(
        &schema,
        &sample(good[0], r#""LOST""#, good[2], good[3]),
        "/state",
        "\"LOST\" is not a symbol of the enum x.State",
    );
    unfit(&schema, &sample(good[0], "1", good[2], good[3]), "/state", "expected a symbol");
    let third = |line: &str| format!(r#"[{{"price":1,"note":null}},{{"price":1,"note":null}},{line}]"#);
    unfit(
        &schema,
        &sample(good[0], good[1], &third(r#"{"price":"x","note":null}"#), good[3]),
        "/items/2/price",
        "expected a double",
    );
    unfit(
        &schema,
        &sample(good[0], good[1], &third(r#"{"price":1}"#), good[3]),
        "/items/2/note",
        "field of the record x.Line is missing",
    );
    unfit(
        &schema,
        &sample(good[0], good[1], &third(r#"{"price":1,"note":null,"q":1}"#), good[3]),
        "/items/2/q",
        "no such field",
    );
    unfit(
        &schema,
        &sample(good[0], good[1], &third(r#"{"price":1,"note":"x"}"#), good[3]),
        "/items/2/note",
        "a value of the union [null, string, x.State]",
    );
    unfit(
        &schema,
        &sample(good[0], good[1], &third(r#"{"price":1,"note":{"State":"DONE"}}"#), good[3]),
        "/items/2/note/State",
        "no such branch",
    );
    unfit(
        &schema,
        &sample(good[0], good[1], &third(r#"{"price":1,"note":{"string":1}}"#), good[3]),
        "/items/2/note/string",
        "expected a string",
    );
    unfit(&schema, &sample(good[0], good[1], &third("1"), good[3]), "/items/2", "the record x.Line");
    unfit(&schema, &sample(good[0], good[1], "{}", good[3]), "/items", "expected an array, found an object");
    unfit(&schema, &sample(good[0], good[1], good[2], r#"{"a/b~":"x"}"#), "/tags/a~1b~0", "expected a long");
    unfit(&schema, "[]", "/", "the record x.Order");
    unfit(&new(r#"["int"]"#), "null", "/", "null is no branch of the union [int]");
}

#[test]
fn binary_samples_are_decoded_to_the_last_byte() {
    let schema = order();
    // "ab", OPEN, one block of two lines (1.0, null) and (0.0, string "x"), end; one tag a=1, end.
    let mut good = vec![b'a', b'b', 0, 4];
    good.extend(1f64.to_le_bytes());
    good.push(0);
    good.extend(0f64.to_le_bytes());
    good.extend([2, 2, b'x', 0, 2, 2, b'a', 2, 0]);
    let says = r#"{"id":"ab","state":"OPEN","items":[{"price":1.0,"note":null},{"price":0.0,"note":{"string":"x"}}],"tags":{"a":1}}"#;
    assert_eq!(schema.decoded(Sample::Binary(&good)), says);
    fits(&schema, says);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    unfit_binary(&schema, &with(2, 4), "/state", "has 2 symbols, none at position 2");
    unfit_binary(&schema, &with(12, 6), "/items/0/note", "has 3 branches, none at position 3");
    unfit_binary(&schema, &with(12, 1), "/items/0/note", "none at position -1");
    unfit_binary(&schema, &with(22, 1), "/items/1/note/string", "negative");
    unfit_binary(&schema, &with(22, 100), "/items/1/note/string", "50 bytes was expected");
    unfit_binary(&schema, &with(23, 0xff), "/items/1/note/string", "not UTF-8");
    unfit_binary(&schema, &good[..good.len() - 1], "/tags", "the sample ends");
    unfit_binary(&schema, &[&good[..], &[0]].concat(), "/", "1 byte is left over");
    unfit_binary(&schema, &[], "/id", "2 bytes was expected, 0 are left");
}

#[test]
fn binary_samples_are_shown_in_the_json_encoding() {
    #[track_caller]
    fn check(schema: &str, bytes: &[u8], document: &str) {
        assert_eq!(new(schema).decoded(Sample::Binary(bytes)), document, "{schema}");
        fits(&new(schema), document);
    }
    check("\"null\"", &[], "null");
    check("\"boolean\"", &[1], "true");
    check("\"int\"", &[1], "-1");
    check("\"long\"", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "-9223372036854775808");
    check("\"float\"", &0.1f32.to_le_bytes(), "0.1");
    check("\"double\"", &1e300f64.to_le_bytes(), "1.0E300");
    check("\"double\"", &f64::NEG_INFINITY.to_le_bytes(), "\"-Infinity\"");
    check("\"bytes\"", &[6, 0, b'"', 0xff], "\"\\u0000\\\"\u{ff}\"");
    check(r#"{"type":"array","items":"int"}"#, &[2, 2, 4, 4, 6, 0], "[1,2,3]");
    check(r#"{"type":"map","values":"int"}"#, &[2, 2, b'a', 2, 2, 2, b'"', 4, 0], r#"{"a":1,"\"":2}"#);
    check(r#"["null",{"type":"fixed","name":"x.F","size":2}]"#, &[2, b'a', b'b'], r#"{"x.F":"ab"}"#);
}

#[test]
fn binary_numbers_and_blocks_are_checked() {
    fits_binary(&new("\"int\""), &[0xff, 0xff, 0xff, 0xff, 0x0f]);
    unfit_binary(&new("\"int\""), &[0x80, 0x80, 0x80, 0x80, 0x10], "/", "out of the range of an int");
    fits_binary(&new("\"long\""), &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    unfit_binary(
        &new("\"long\""),
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        "/",
        "longer than 64 bits",
    );
    unfit_binary(&new("\"long\""), &[0xff; 11], "/", "longer than 64 bits");
    unfit_binary(&new("\"boolean\""), &[2], "/", "0 or 1");
    let ints = new(r#"{"type":"array","items":"int"}"#);
    fits_binary(&ints, &[0]);
    fits_binary(&ints, &[3, 4, 2, 4, 2, 6, 0]);
    unfit_binary(&ints, &[3, 6, 2, 4, 0], "/", "a block has 2 bytes, but says 3");
    unfit_binary(&ints, &[2, 2, 2], "/1", "the sample ends");
}

#[test]
fn schemas_that_other_readers_do_not_take_can_be_validated_against() {
    fits(
        &new(
            r#"{"type":"error","name":"E","fields":[{"name":"a","type":"F"},{"name":"b","type":{"type":"fixed","name":"F","size":1}}]}"#,
        ),
        r#"{"a":"x","b":"y"}"#,
    );
    fits(&stored(r#"{"type":"enum","name":"É","symbols":["ß"]}"#), "\"ß\"");
    fits(&stored(&record(r#"{"name":"a","type":"int","default":"wrong"}"#)), r#"{"a":1}"#);
    let with_empty = new(&field(r#"["null",{"type":"enum","name":"E","symbols":[]}]"#));
    fits(&with_empty, r#"{"a":null}"#);
    fits_binary(&with_empty, &[0]);
    unfit(&new("[]"), "null", "/", "null is no branch");
}

#[test]
fn referenced_types_are_part_of_the_schema() {
    let q = dependency("x.Q", r#"{"type":"fixed","name":"x.Q","size":1}"#);
    let schema = try_new(&field(r#"["null","x.Q"]"#), &[q]).unwrap();
    fits(&schema, r#"{"a":{"x.Q":"1"}}"#);
    unfit(&schema, r#"{"a":{"x.Q":"12"}}"#, "/a/x.Q", "expected 1 bytes");
}

#[test]
fn samples_are_bounded() {
    let list = new(r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#);
    let nested = |depth: usize| r#"{"next":{"L":"#.repeat(depth) + r#"{"next":null}"# + &"}}".repeat(depth);
    fits(&list, &nested(60));
    let mismatch = list.fits(Sample::Json(&nested(100))).unwrap_err();
    assert!(mismatch.message.contains("nests deeper"), "{mismatch}");
    fits_binary(&list, &[2, 2, 2, 0]);
    let mismatch = list.fits(Sample::Binary(&[2; 100_000])).unwrap_err();
    assert!(mismatch.message.contains("nests deeper"), "{mismatch}");
    // A record that holds itself has no end, and takes no bytes.
    let endless = new(r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#);
    let mismatch = endless.fits(Sample::Binary(&[])).unwrap_err();
    assert!(mismatch.message.contains("nests deeper"), "{mismatch}");
    // A billion nulls in six bytes.
    let nulls = new(r#"{"type":"array","items":"null"}"#);
    let mismatch = nulls.fits(Sample::Binary(&[0x80, 0xa8, 0xd6, 0xb9, 0x07, 0])).unwrap_err();
    assert!(mismatch.message.contains("values allowed"), "{mismatch}");
    let mismatch = new("\"bytes\"").fits(Sample::Binary(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])).unwrap_err();
    assert!(mismatch.message.contains("are left"), "{mismatch}");
}
