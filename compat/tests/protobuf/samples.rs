//! Samples, and what `validateFields` asks.

use super::support::{read, stored};
use crate::support::{Asked, dependency};
use compat::{Parsed, Sample, Strictness};

const ORDERS: &str = "syntax = \"proto3\"; package shop; import \"google/protobuf/timestamp.proto\"; \
    message Order { string id = 1; repeated Line lines = 2; map<string, int64> totals = 3; google.protobuf.Timestamp at = 4; \
    oneof pay { string card = 5; bool cash = 6; } State state = 7; message Line { int32 count = 1; string sku_code = 2; } \
    enum State { OPEN = 0; DONE = 1; } } message Note { bytes text = 1; }";

#[track_caller]
fn json(schema: &Parsed, text: &str, expected: Result<(), (&str, &str)>) {
    match (schema.fits(Sample::Json(text)), expected) {
        (Ok(()), Ok(())) => {}
        (Err(mismatch), Err((path, part))) => {
            assert_eq!(mismatch.path, path, "{text}: {mismatch}");
            assert!(mismatch.message.contains(part), "{text}: {mismatch}");
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn json_fits_a_message_at_the_top_of_the_file_or_says_where_not() {
    let orders = stored(ORDERS);
    let whole = r#"{"id":"a","lines":[{"count":3,"skuCode":"x"},{"count":4,"sku_code":"y"}],"totals":{"k":"12","l":7},
        "at":"2026-01-02T03:04:05Z","cash":true,"state":"DONE"}"#;
    json(&orders, whole, Ok(()));
    json(&orders, "{}", Ok(()));
    json(&orders, r#"{"text":"AAE="}"#, Ok(()));
    json(&orders, r#"{"lines":[{"count":1},{"count":"x"}]}"#, Err(("/lines/1/count", "invalid")));
    json(&orders, r#"{"lines":[{"counts":1}]}"#, Err(("/lines/0", "counts")));
    json(&orders, r#"{"totals":{"a/b":1.5}}"#, Err(("/totals/a~1b", "")));
    json(&orders, r#"{"at":"yesterday"}"#, Err(("/at", "")));
    json(&orders, r#"{"state":"GONE"}"#, Err(("/state", "GONE")));
    json(&orders, "{\n  oops", Err(("/", "line 2")));
    json(&orders, "[1]", Err(("/", "")));
    json(&stored("syntax = \"proto3\"; enum E { A = 0; }"), "{}", Err(("/", "no message")));
}

#[track_caller]
fn binary(schema: &Parsed, sample: Sample<'_>, expected: Result<(), (&str, &str)>) {
    match (schema.fits(sample), expected) {
        (Ok(()), Ok(())) => {}
        (Err(mismatch), Err((path, part))) => {
            assert_eq!(mismatch.path, path, "{sample:?}: {mismatch}");
            assert!(mismatch.message.contains(part), "{sample:?}: {mismatch}");
        }
        other => panic!("{sample:?}: {other:?}"),
    }
}

#[test]
fn bytes_fit_the_first_message_or_the_one_that_their_indexes_name() {
    let orders = stored(ORDERS);
    binary(&orders, Sample::Binary(&[0x0a, 1, b'a', 0x12, 2, 8, 3]), Ok(()));
    binary(&orders, Sample::Binary(&[0x0a, 9, b'a']), Err(("/", "no shop.Order")));
    binary(&orders, Sample::Binary(&[0x12, 2, 0x20, 3]), Err(("/lines/0", "no field 4")));
    // The first message, the second, the one inside the first, and one that is not there.
    binary(&orders, Sample::Framed(&[0, 0x0a, 1, b'a']), Ok(()));
    binary(&orders, Sample::Framed(&[2, 2, 0x0a, 1, 0xff]), Ok(()));
    binary(&orders, Sample::Framed(&[4, 0, 0, 8, 3, 0x12, 1, b'x']), Ok(()));
    binary(&orders, Sample::Framed(&[2, 8, 8, 3]), Err(("/", "indexes [4]")));
    binary(&orders, Sample::Framed(&[]), Err(("/", "indexes")));
}

#[test]
fn samples_are_read_with_imported_types_and_whatever_the_registry_takes_besides() {
    let line = dependency("line.proto", "syntax = \"proto3\"; package x; message Line { int32 n = 1; }");
    let text = "syntax = \"proto3\"; package y; import \"line.proto\"; import \"gone.proto\"; message M { x.Line l = 1 \
        [(nobody.knows) = { a: 1 }]; google.protobuf.Duration d = 2; oneof none {} }";
    let schema = read(text, &[line], Strictness::New).unwrap();
    json(&schema, r#"{"l":{"n":1},"d":"1.5s"}"#, Ok(()));
    let defaults =
        stored("syntax = \"proto2\"; message M { optional bytes b = 1 [default = \"ab\"]; required int32 c = 2; }");
    json(&defaults, r#"{"c":1}"#, Ok(()));
    let twice = stored("syntax = \"proto3\"; message M { int32 a = 1; int32 b = 1; }");
    json(&twice, "{}", Err(("/", "breaks a rule of Protobuf")));
}

#[test]
fn validate_fields_asks_for_what_protoc_accepts() {
    let wrong = |text| read(text, &[], Strictness::NewFields).map(drop).map_err(|error| error.details());
    assert_eq!(wrong(ORDERS), Ok(()));
    let twice = wrong("syntax = \"proto3\"; message A { string a = 1; string b = 1; }").unwrap_err();
    assert!(twice.starts_with("Invalid protobuf schema definition: "), "{twice}");
    for text in [
        "syntax = \"proto3\"; message A { string a = 0; }",
        "syntax = \"proto3\"; message A { reserved 1; string a = 1; }",
        "syntax = \"proto3\"; enum E { A = 1; }",
        "syntax = \"proto3\"; message A { Nope a = 1; }",
    ] {
        assert!(wrong(text).is_err(), "{text}");
    }
}
