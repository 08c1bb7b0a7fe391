//! Samples, and what `validateFields` asks.

use super::support::{read, stored};
use crate::support::{Asked, dependency};
use compat::{Fit, Parsed, Sample, Strictness};

const ORDERS: &str = "syntax = \"proto3\"; package shop; import \"google/protobuf/timestamp.proto\"; \
    message Order { string id = 1; repeated Line lines = 2; map<string, int64> totals = 3; google.protobuf.Timestamp at = 4; \
    oneof pay { string card = 5; bool cash = 6; } State state = 7; message Line { int32 count = 1; string sku_code = 2; } \
    enum State { OPEN = 0; DONE = 1; } } message Note { bytes text = 1; }";

#[track_caller]
fn json(schema: &Parsed, text: &str, expected: Result<(), (&str, &str)>) {
    match (schema.fits(Sample::Json(text)), expected) {
        (Ok(Fit::Json), Ok(())) => {}
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

/// Says what it says, which fits as JSON again where it need not say which message it is; or does not fit, and where.
#[track_caller]
fn binary(schema: &Parsed, sample: Sample<'_>, expected: Result<&str, (&str, &str)>) {
    match (schema.fits(sample), expected) {
        (Ok(Fit::Decoded(document)), Ok(expected)) => {
            assert_eq!(document, expected, "{sample:?}");
            if let Sample::Binary(_) = sample {
                json(schema, &document, Ok(()));
            }
        }
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
    binary(&orders, Sample::Binary(&[0x0a, 1, b'a', 0x12, 2, 8, 3]), Ok(r#"{"id":"a","lines":[{"count":3}]}"#));
    binary(&orders, Sample::Binary(&[]), Ok("{}"));
    binary(&orders, Sample::Binary(&[0x0a, 9, b'a']), Err(("/", "no shop.Order")));
    binary(&orders, Sample::Binary(&[0x12, 2, 0x20, 3]), Err(("/lines/0", "no field 4")));
    // The first message, the second, the one inside the first, and one that is not there.
    binary(&orders, Sample::Framed(&[0, 0x0a, 1, b'a']), Ok(r#"{"id":"a"}"#));
    binary(&orders, Sample::Framed(&[2, 2, 0x0a, 1, 0xff]), Ok(r#"{"text":"/w=="}"#));
    binary(&orders, Sample::Framed(&[4, 0, 0, 8, 3, 0x12, 1, b'x']), Ok(r#"{"count":3,"skuCode":"x"}"#));
    binary(&orders, Sample::Framed(&[2, 8, 8, 3]), Err(("/", "indexes [4]")));
    binary(&orders, Sample::Framed(&[]), Err(("/", "indexes")));
}

/// A field of Protobuf's binary encoding that is delimited: its tag, its length, and what is in it.
fn delimited(tag: u8, inside: &[u8]) -> Vec<u8> {
    let length = u8::try_from(inside.len()).unwrap();
    assert!(length < 128);
    [&[tag << 3 | 2, length], inside].concat()
}

#[test]
fn the_json_of_bytes_has_what_is_set_in_the_order_of_numbers_and_keys() {
    let entry = |key: &[u8], value: u8| delimited(3, &[delimited(1, key), vec![2 << 3, value]].concat());
    let pay = [6 << 3, 0, 7 << 3, 1];
    let whole = [
        &pay[..],
        &delimited(4, &[8, 5]),
        &entry(b"k2", 2),
        &entry(b"", 1),
        &entry(b"k1", 0),
        &delimited(2, &[]),
        &delimited(1, "é\"".as_bytes()),
    ];
    let says = r#"{"id":"é\"","lines":[{}],"totals":{"":"1","k1":"0","k2":"2"},"at":"1970-01-01T00:00:05Z","cash":false,"state":"DONE"}"#;
    binary(&stored(ORDERS), Sample::Binary(&whole.concat()), Ok(says));
    // An enum of proto3 has values without a name.
    binary(&stored(ORDERS), Sample::Binary(&[7 << 3, 9]), Ok(r#"{"state":9}"#));
}

#[test]
fn numbers_are_as_protobuf_has_them_in_json() {
    let numbers = stored(
        "syntax = \"proto3\"; import \"google/protobuf/wrappers.proto\"; message N { double d = 1; float f = 2; \
        repeated int64 l = 3; uint32 u = 4; sint32 s = 5; google.protobuf.FloatValue w = 6; map<bool, bytes> m = 7; \
        optional fixed64 o = 8; }",
    );
    let double = |value: f64| [&[9][..], &value.to_le_bytes()].concat();
    let float = |value: f32| [&[2 << 3 | 5][..], &value.to_le_bytes()].concat();
    let says = |bytes: &[u8], document| binary(&numbers, Sample::Binary(bytes), Ok(document));
    says(&double(0.1), r#"{"d":0.1}"#);
    says(&double(f64::NAN), r#"{"d":"NaN"}"#);
    says(&double(f64::NEG_INFINITY), r#"{"d":"-Infinity"}"#);
    says(&float(1e10), r#"{"f":1.0E10}"#);
    says(&delimited(3, &[1, 0x80, 1]), r#"{"l":["1","128"]}"#);
    says(&[4 << 3, 0xff, 0xff, 0xff, 0xff, 0x0f, 5 << 3, 1], r#"{"u":4294967295,"s":-1}"#);
    says(&delimited(6, &[]), r#"{"w":0.0}"#);
    says(&delimited(6, &[&[8 | 5][..], &f32::INFINITY.to_le_bytes()].concat()), r#"{"w":"Infinity"}"#);
    says(&[delimited(7, &[8, 1, 18, 1, 7]), delimited(7, &[])].concat(), r#"{"m":{"false":"","true":"Bw=="}}"#);
    says(&[8 << 3 | 1, 1, 0, 0, 0, 0, 0, 0, 0], r#"{"o":"1"}"#);
}

#[test]
fn names_are_as_the_schema_spells_them_in_json_and_escaped_in_paths() {
    let odd = stored(
        "syntax = \"proto2\"; message A { optional B b = 1 [json_name = \"x/y~\"]; extensions 10 to 20; } \
        message B { optional int32 c = 1; } extend A { optional B more = 10; }",
    );
    binary(&odd, Sample::Binary(&delimited(1, &[8, 1])), Ok(r#"{"x/y~":{"c":1}}"#));
    binary(&odd, Sample::Binary(&delimited(1, &[16, 1])), Err(("/x~1y~0", "no field 2")));
    binary(&odd, Sample::Binary(&delimited(10, &[8, 1])), Ok(r#"{"[more]":{"c":1}}"#));
    binary(&odd, Sample::Binary(&delimited(10, &[16, 1])), Err(("/[more]", "no field 2")));
}

#[test]
fn what_an_any_holds_is_read_where_its_type_is_known() {
    let schema = stored(
        "syntax = \"proto3\"; package p; import \"google/protobuf/any.proto\"; import \"google/protobuf/duration.proto\"; \
        message M { google.protobuf.Any any = 1; } message N { int32 n = 1; google.protobuf.Duration d = 2; }",
    );
    let any = |name: &str, inside: &[u8]| {
        let url = delimited(1, format!("t/{name}").as_bytes());
        delimited(1, &[url, delimited(2, inside)].concat())
    };
    let says = |bytes: &[u8], document| binary(&schema, Sample::Binary(bytes), Ok(document));
    says(&any("p.N", &[8, 5]), r#"{"any":{"@type":"t/p.N","n":5}}"#);
    says(&any("google.protobuf.Duration", &[8, 5]), r#"{"any":{"@type":"t/google.protobuf.Duration","value":"5s"}}"#);
    says(&any("p.M", &any("p.N", &[])), r#"{"any":{"@type":"t/p.M","any":{"@type":"t/p.N"}}}"#);
    let unfit = |bytes: &[u8], expected| binary(&schema, Sample::Binary(bytes), Err(expected));
    unfit(&any("p.N", &[8]), ("/any", "no p.N"));
    unfit(&any("p.M", &any("p.N", &[24, 1])), ("/any/any", "no field 3"));
    // What JSON cannot say, since nobody here knows the type.
    let unknown = Ok(Fit::Decoded(r#"{"any":{"@type":"t/q.Gone","value":"CAU="}}"#.to_owned()));
    assert_eq!(schema.fits(Sample::Binary(&any("q.Gone", &[8, 5]))), unknown);
}

#[test]
fn a_message_without_json_fits_and_is_not_shown() {
    let schema = stored(
        "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; import \"google/protobuf/duration.proto\"; \
        message M { google.protobuf.Timestamp t = 1; google.protobuf.Duration d = 2; string s = 3; }",
    );
    let extreme = |tag, last: u8| {
        let seconds = [&[8][..], &[0x80; 8], &[0x80 | last, 1]].concat();
        delimited(tag, &[&seconds[..], &[16, 0xff, 0xff, 0xff, 0xff, 0x07]].concat())
    };
    for bytes in [extreme(1, 0), extreme(1, 0x7f), extreme(2, 0), extreme(2, 0x7f)] {
        let fit = schema.fits(Sample::Binary(&[bytes, delimited(3, b"x")].concat())).unwrap();
        assert!(matches!(&fit, Fit::Undecoded(why) if why.contains("has no JSON")), "{fit:?}");
    }
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
