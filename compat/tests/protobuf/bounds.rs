//! Input made to hurt: it is read or refused in little time, memory and stack.

use super::support::{read, stored};
use crate::support::{Asked, dependency, findings, timed};
use compat::{Direction, Error, Fit, Halt, Sample, Spent, Strictness, Work};
use model::{CompatibilityPolicy, SchemaType};

fn within(units: u64, text: &str) -> Result<compat::Parsed, Error> {
    compat::parse(&SchemaType::Protobuf, text, &[], Strictness::New, &Work::new(units, &Halt::default()))
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let error = timed(why, || read(text, &[], Strictness::New).unwrap_err().details());
    assert!(error.contains(why), "{}", &error[..error.floor_char_boundary(500)]);
    assert!(error.len() < 5_000, "{} bytes", error.len());
}

#[test]
fn what_nests_too_deeply_is_refused_with_a_sentence() {
    let nested = |levels: usize| format!("syntax=\"proto3\"; {}{}", "message M {".repeat(levels), "}".repeat(levels));
    let deepest = read(&nested(64), &[], Strictness::New).unwrap();
    assert!(deepest.normal().is_ok() && deepest.format("serialized").is_ok());
    assert_eq!(findings(Direction::Backward, &deepest, &deepest), []);
    refused(&nested(65), "messages nest deeper than the 64 levels allowed");
    refused(&nested(100_000), "messages nest deeper than the 64 levels allowed");
    let option = |value: &str| format!("syntax=\"proto3\"; option (x) = {value};");
    for (open, close) in [("{a:", "}"), ("[", "]"), ("{a", "}")] {
        let value = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        refused(&option(&value(100_000)), if open == "{a" { "" } else { "nests deeper than the 64 levels allowed" });
    }
    refused(&format!("option (x){} = 1;", ".a".repeat(100_000)), "nests deeper than the 64 levels allowed");
    let groups = format!("message M {{ {}", "optional group G = 1 {".repeat(100_000));
    refused(&groups, "expected field declaration");
    refused("syntax=\"proto3\"; message M { map<string, map<string, map<string, int32>>> m = 1; }", "cannot be maps");
}

#[test]
fn what_is_long_is_read_or_refused_with_a_short_sentence() {
    refused(
        &format!("message M {{ optional int32 a = {}; }}", "9".repeat(1 << 20)),
        "expected an integer but was 9999",
    );
    refused(&format!("message {} {{}}", "M".repeat(1 << 20)), "a name is longer than the 1024 bytes allowed");
    refused(&format!("package {};", "a.".repeat(1 << 20)), "a name is longer than the 1024 bytes allowed");
    let many: String = (0..1_000).map(|at| format!("message m{at}{} {{}} ", ".a".repeat(500))).collect();
    refused(&many, "take more than the 64 MiB of memory allowed");
    refused(&"x".repeat(1 << 20), "unexpected label");
    refused(&format!("option a = \"{}", "\\x41".repeat(1 << 20)), "unterminated string");
    refused(&"/* ".repeat(1 << 20), "unterminated comment");
    let comment = format!("/*{}*/ // {}\nmessage M {{}}", "*".repeat(4 << 20), "/".repeat(4 << 20));
    timed("a comment of megabytes", || assert_eq!(&**stored(&comment).canonical(), "\nmessage M {}\n"));
    let literal = format!("option (x) = {{{}}};", "a: 1 ".repeat(200_000));
    timed("a member of a literal set over and over", || assert!(stored(&literal).normal().is_ok()));
    let pieces: String = (0..2_000).map(|at| format!("option (x).a{at} = 1;")).collect();
    timed("an option in pieces", || assert!(stored(&pieces).normal().is_ok()));
}

#[test]
fn a_message_of_very_many_fields_is_within_budget_or_refused() {
    let fields = |first: usize, kind: &str| -> String {
        let field = |tag: usize| format!("{kind} f{tag}={tag};");
        let fields: String = (first..first + 100_000).map(field).collect();
        format!("syntax=\"proto3\"; message M {{ {fields} }}")
    };
    let (old, new) = (timed("many fields", || stored(&fields(1, "int32"))), stored(&fields(1, "string")));
    timed("comparing them", || assert_eq!(findings(Direction::Backward, &new, &old).len(), 10_000));
    timed("normalising them", || assert!(old.normal().is_ok()));
    timed("serialising them", || assert!(old.format("serialized").is_ok()));
    let elsewhere = stored(&fields(200_000, "int32"));
    timed("comparing others", || assert_eq!(findings(Direction::Backward, &elsewhere, &old), []));
    assert!(matches!(within(100_000, &fields(1, "int32")), Err(Error::Spent(Spent::TooMuch))));
    let million: String = "a a=1;".repeat(1_500_000);
    refused(&format!("syntax=\"proto3\"; message M {{ {million} }}"), "memory allowed");
}

#[test]
fn names_that_are_sought_far_and_wide_are_paid_for() {
    let package = "a.".repeat(500) + "a";
    let fields: String = (0..100_000).map(|at| format!("nowhere.a.a.a.a f{at} = {at};")).collect();
    let text = format!("syntax=\"proto3\"; package {package}; message M {{ {fields} }}");
    assert!(matches!(within(10_000_000, &text), Err(Error::Invalid { .. } | Error::Spent(_))));
    let stored = stored(&text);
    let work = Work::new(10_000_000, &Halt::default());
    let compared = compat::compare(Direction::Backward, CompatibilityPolicy::Strict, &stored, &stored, &work);
    assert_eq!(compared.unwrap_err(), Spent::TooMuch);
    // Names in full would take gigabytes.
    let deep = format!("{}{}", format!("message {} {{", "M".repeat(1000)).repeat(60), "message N {");
    let fields: String = (0..50_000).map(|at| format!("N f{at} = {at};")).collect();
    let text = format!("syntax=\"proto3\"; {deep}{fields}{}", "}".repeat(61));
    let normal = timed("full names", || read(&text, &[], Strictness::Stored).unwrap().normal());
    assert!(normal.unwrap_err().details().contains("longer than"));
}

#[test]
fn files_that_lead_to_many_others_are_compared_in_time() {
    // Each message uses the next twice, in a file of its own: 2^40 ways to the last.
    let files = |last: &str| -> Vec<compat::Dependency> {
        let file = |at: usize| {
            let body = match at {
                40 => format!("{last} v = 1;"),
                at => format!("T{0} a = 1; T{0} b = 2;", at + 1),
            };
            let mut file =
                dependency(&format!("{at}.proto"), &format!("syntax=\"proto3\"; message T{at} {{ {body} }}"));
            file.direct = false;
            file
        };
        (0..=40).rev().map(file).collect()
    };
    let root = "syntax=\"proto3\"; import \"0.proto\"; message M { T0 t = 1; }";
    let (old, new) = (read(root, &files("int32"), Strictness::New), read(root, &files("string"), Strictness::New));
    let (old, new) = (old.unwrap(), new.unwrap());
    timed("a doubling chain", || {
        let told = findings(Direction::Backward, &new, &old);
        assert!((100..=10_000).contains(&told.len()), "{}", told.len());
        assert_eq!(findings(Direction::Backward, &old, &old), []);
        assert_eq!(old.fits(Sample::Json("{}")), Ok(Fit::Json));
    });
    let chain: Vec<_> = (0..300)
        .rev()
        .map(|at| {
            let file = format!("syntax=\"proto3\"; message T{at} {{ T{} n = 1; }}", (at + 1) % 300);
            let mut file = dependency(&format!("{at}.proto"), &file);
            file.direct = false;
            file
        })
        .collect();
    let long = read(root, &chain, Strictness::New).unwrap();
    let told = timed("a long chain", || findings(Direction::Backward, &long, &long));
    assert!(told[0].message().contains("deeper than the 128 levels allowed"), "{told:?}");
    let _verdict = timed("a sample of it", || long.fits(Sample::Json("{}")));
}

#[test]
fn samples_are_bounded() {
    let schema = stored("syntax=\"proto3\"; message M { M m = 1; repeated M ms = 2; repeated bool b = 3; }");
    let deep = format!("{}{}", "{\"m\":".repeat(5_000), "}".repeat(5_000));
    assert!(timed("deep", || schema.fits(Sample::Json(&deep))).is_err());
    let deep = format!("{}{{}}{}", "{\"m\":".repeat(101), "}".repeat(101));
    let told = schema.fits(Sample::Json(&deep)).unwrap_err();
    assert!(told.message.contains("deeper than the 100 levels allowed"), "{told}");
    let wide = [0x12, 0].repeat(400_000);
    assert!(timed("wide", || schema.fits(Sample::Binary(&wide))).is_ok());
    assert!(schema.fits(Sample::Binary(&vec![0x18; 2 << 20])).unwrap_err().message.contains("longer than"));
    let nested = (0..500).fold(Vec::new(), |nested, _| delimited(1, &nested));
    assert!(timed("nested", || schema.fits(Sample::Binary(&nested))).is_err());
    // Each bool is a byte, and five characters with a comma.
    let bools = delimited(3, &vec![0; 1_000_000]);
    assert!(timed("shown", || schema.decoded(Sample::Binary(&bools))).len() > 6_000_000);
    let long = stored(&format!(
        "syntax=\"proto3\"; message M {{ repeated N ns = 1; }} message N {{ int32 {} = 1; }}",
        "n".repeat(1000)
    ));
    let many = delimited(1, &[8, 1]).repeat(10_000);
    let told = timed("long names", || long.fits(Sample::Binary(&many)));
    assert!(matches!(&told, Ok(Fit::Undecoded(why)) if why.contains("longer than")), "{told:?}");
}

/// A field that is delimited: its number, its length, and what is in it.
fn delimited(number: u8, inside: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = inside.len();
    while length >= 0x80 {
        field.push(length as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(inside);
    field
}

#[test]
fn an_any_inside_an_any_is_followed_as_deep_as_messages_are() {
    let schema =
        stored("syntax=\"proto3\"; import \"google/protobuf/any.proto\"; message M { google.protobuf.Any any = 1; }");
    let nested = |levels: usize| {
        let held = |inside: Vec<u8>, _| [delimited(1, b"/google.protobuf.Any"), delimited(2, &inside)].concat();
        delimited(1, &(0..levels).fold(Vec::new(), held))
    };
    assert!(timed("some", || schema.fits(Sample::Binary(&nested(50)))).is_ok());
    let told = timed("an abyss", || schema.fits(Sample::Binary(&nested(30_000)))).unwrap_err();
    assert!(told.message.contains("deeper than the 100 levels allowed"), "{told}");
    let work = Work::new(10_000_000, &Halt::default());
    assert_eq!(schema.validate(Sample::Binary(&nested(30_000)), &work), Err(Spent::TooMuch));
}
