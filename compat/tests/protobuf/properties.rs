//! Promises that hold for generated schemas, and for schemas broken at random.

use super::exercise;
use super::support::read;
use crate::support::{Asked, findings};
use compat::{Direction, Strictness, Work};
use proptest::prelude::*;

/// A word that may stand where names do; few, so that they meet.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["A", "B", "C", "message", "A.B", ".A", "a", "b_c", "optional", "x1"])
}

fn kind() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["int32", "string", "bytes", "bool", "sint64", "fixed32", "double"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["A", "B", "p.A", ".p.A", ".p.A.B", "A.B", "..A", "google.protobuf.Timestamp"]).prop_map(str::to_owned),
    ]
}

fn options() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        "",
        " [deprecated = true]",
        " [packed = false, default = \"x\", json_name = \"y\"]",
        " [(confluent.field_meta).tags = \"T\", (confluent.field_meta) = { doc: 'd' params: [{ key: \"k\", value: \"v\" }] }]",
        " [(un.known).a.b = { c: [1, 2.50], d < 3 }]",
        " [(un.known).a.(b.c).d = 1.0, (un.known).a.x = Y]",
    ])
}

fn field() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["", "", "optional ", "repeated "]);
    prop_oneof![
        6 => (label, kind(), name(), 0..9i32, options())
            .prop_map(|(label, kind, name, tag, options)| format!("{label}{kind} {name} = {tag}{options};")),
        1 => (kind(), name(), 0..9i32).prop_map(|(kind, name, tag)| format!("map<string, {kind}> {name} = {tag};")),
        1 => (name(), kind(), name(), 0..9i32, kind(), 0..9i32).prop_map(|(name, one, inner, tag, other, more)| {
            format!("oneof {name} {{ {one} {inner} = {tag}; {other} y = {more}; }}")
        }),
        1 => prop::sample::select(vec![
            "reserved 3, 7 to 9, \"gone\";",
            "extensions 100 to max;",
            "option deprecated = true;",
            "optional group G = 8 { optional int32 z = 1; }",
            "oneof none {}",
            "enum E { option allow_alias = true; Z = 0; Y = 0 [deprecated = true]; N = -1; reserved 5 to 6; }",
            "message En { option map_entry = true; optional string key = 1; optional int32 value = 2; } repeated En en = 12;",
            "extend A { optional int32 more = 100; }",
            ";",
        ]).prop_map(str::to_owned),
    ]
}

fn message() -> impl Strategy<Value = String> {
    let body = prop::collection::vec(field(), 0..6).prop_map(|fields| fields.join(" ")).boxed();
    let leaf = (name(), body.clone()).prop_map(|(name, body)| format!("message {name} {{ {body} }}"));
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (name(), body.clone(), prop::collection::vec(inner, 0..3))
            .prop_map(|(name, body, inner)| format!("message {name} {{ {} {body} }}", inner.join("\n")))
    })
}

fn file() -> impl Strategy<Value = String> {
    let head = prop::sample::select(vec![
        "syntax = \"proto3\";",
        "syntax = \"proto3\"; package p;",
        "syntax = 'proto3'; package p.A;",
    ]);
    let rest = prop::sample::select(vec![
        "",
        "import \"./x//y.proto\"; import public \"google/protobuf/timestamp.proto\"; import weak \"w\";",
        "option java_package = \"a\" 'b'; option (un.known) = { x: \"\\t\\\"\" };",
        "service S { option deprecated = true; rpc R (stream A) returns (.p.A) { option deprecated = false; } }",
        "extend google.protobuf.FieldOptions { repeated string tt = 50001; }",
        "enum E { Z = 0; }",
    ]);
    (head, prop::collection::vec(message(), 1..4), rest)
        .prop_map(|(head, messages, rest)| format!("{head}\n{}\n{rest}\n", messages.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn generated_files_keep_every_promise(a in file(), b in file()) {
        exercise::texts(&format!("{a}\n===\n{b}"));
    }

    #[test]
    fn broken_files_are_read_or_refused(
        text in file(),
        cut in any::<prop::sample::Index>(),
        put in prop::sample::select(vec!["", "{", "}", "\"", "\\", "/*", "[", "=", ";", "é", "\u{0}", ".", "<", "option", "99999999999", "'"]),
    ) {
        let at = text.floor_char_boundary(cut.index(text.len() + 1));
        exercise::texts(&[&text[..at], put, &text[at..]].concat());
        exercise::texts(&text[..at]);
    }

    #[test]
    fn a_field_that_is_added_or_renamed_never_breaks_a_reader(text in file(), tag in 20..30i32) {
        let old = read(&text, &[], Strictness::Stored);
        if let Ok(old) = old {
            let grown = text.replacen('{', &format!("{{ string added = {tag};"), 1);
            if let Ok(new) = read(&grown, &[], Strictness::Stored) && grown.find("message") < grown.find("added") {
                prop_assert_eq!(findings(Direction::Backward, &new, &old), []);
                prop_assert!(!new.same(&old));
            }
        }
    }
}

/// Each was once found by the properties above, or is of the kind of one that was.
#[test]
fn names_and_tags_that_protoc_refuses_keep_every_promise() {
    for body in [
        // Of two fields with one tag another one was the last when the oneofs were sorted.
        "message A { oneof A { int32 A = 2; int32 y = 6; } oneof A { sint64 A = 6; int32 y = 0; } }",
        "message A { oneof a { int32 x = 5; int32 y = 6; } oneof b { string z = 6; int32 w = 1; } string v = 6; }",
        "message A { oneof a { string x = 6; } oneof none {} oneof b { group G = 2 { optional A a = 1; } A y = 6; } }",
        // A type with a dot in its name was not found by its full name.
        "message A { message m.essage { message B {} B b = 1; } m.essage.B c = 2; .p.A.m.essage d = 3; essage e = 4; }",
        "message A { message m.essage { message B {} B b = 1; } m.essage.B c = 2; .p.A.m.essage d = 3; }",
        "enum e.E { Z = 0; } message A { e.E e = 1; map<string, .p.e.E> f = 2; } extend e.E { A a = 1; }",
        "message A.B { C c = 1; } message A { A.B b = 1; A a = 2; message C {} } message A.C {}",
        "message A { A.B b = 1; message C {} } message A.B { C c = 1; A a = 2; } message A.C {}",
        "message a.b.c {} message a.b { b b = 1; } message a { a a = 1; c c = 2; }",
        // Nor one with an empty part in its name.
        "message .A { message message {} .A.message a = 1; message b = 2; } message ..B { .A a = 1; }",
        "message A { enum .E { Z = 0; } .E e = 1; E f = 2; enum E..F { Y = 0; } E..F g = 3; }",
        // Nor one inside the second of two types of one name.
        "message A { message C {} message C { message B { B b = 1; } C c = 1; } C.B d = 1; message C { enum B { Z = 0; } B b = 1; } }",
        "message A { enum E { Z = 0; } message E { message F {} F f = 1; E e = 2; } E.F g = 1; E h = 2; }",
        "message A { message E { extend A { int32 more = 100; } } message E { int32 b = 1 [(more) = 1, (E.more) = 2]; } }",
        // An extension had a full name that meant another one.
        "extend google.protobuf.FieldOptions { int32 x = 5; } message A { int32 a = 1 [(.x) = 1, (..x) = 2, (y).(.x) = 3]; }",
        "extend google.protobuf.FieldOptions { A x = 5; } message p { extend google.protobuf.FieldOptions { A x = 6; } } \
         message A { A a = 1 [(x) = { [p.x] { b: 1 } }, (.p.x).a = { [.p.x]: 1 }, (p.p.x) = {}, (p.x) = {}]; }",
        // What an entry of a map shares its full name with, or has inside, was lost with it.
        "message A { message E { option map_entry = true; string key = 1; A value = 2; message F {} } E.F f = 1; E e = 2; }",
        "message A { message E { int32 x = 1; } message E { option map_entry = true; string key = 1; A value = 2; } E e = 1; }",
        "message A { message E { option map_entry = true; string key = 1; A value = 2; } message E { int32 x = 1; } E e = 1; }",
        "message A { message E { option map_entry = true; string key = 1; A value = 2; } E e = 1; \
         message E { option map_entry = true; int32 key = 1; A value = 2; } E f = 2; }",
        "message A { message E { option map_entry = true; string key = 1; A value = 2; } E e = 1; } message A.E { A a = 1; }",
        "message A { message E { option map_entry = true; string key = 1; A value = 2; } E e = 1; A.E.F f = 2; } message A.E.F {}",
        // A name that begins with a dot was not the path of its own tags.
        "message .A { option (confluent.message_meta).tags = \"T\"; int32 x.A = 1 [(confluent.field_meta).tags = \"T\"]; } message A {}",
        "message A { message c.E { option map_entry = true; string key = 1; A value = 2; } repeated c.E e = 1; }",
        "extend A { int32 a.b = 100; } message A { int32 c = 1 [(a.b) = 1, (.p.a.b) = 2]; }",
    ] {
        for package in ["", "package p;", "package p.;", "package .p;", "package p..A;", "package .;"] {
            exercise::texts(&format!("syntax = \"proto3\"; {package} {body}"));
        }
    }
}

#[test]
fn a_type_is_found_by_each_part_of_its_name() {
    let read = |body: &str| read(&format!("syntax = \"proto3\"; package p.; {body}"), &[], Strictness::New);
    for name in ["m.essage.B", "A.m.essage.B", ".p..A.m.essage.B"] {
        let read = read(&format!("message A {{ message m.essage {{ message B {{}} }} {name} b = 1; }}")).unwrap();
        let normal = read.normalized(&Work::unlimited()).unwrap();
        assert!(normal.canonical().contains("  .p..A.m.essage.B b = 1;"), "{name}: {}", normal.canonical());
    }
    for unknown in ["m", "essage", "m.B", ".p.A.m.essage"] {
        let refused =
            read(&format!("message A {{ message m.essage {{ message B {{}} }} {unknown} b = 1; }}")).unwrap_err();
        assert!(refused.details().contains(&format!("Could not resolve type: {unknown}")), "{}", refused.details());
    }
    // Whether or not what stands before the dot is a type itself, and wherever that is.
    for body in
        ["message A.B {} message A { A a = 1; A.B b = 2; }", "message A { A a = 1; A.B b = 2; } enum A.B { Z = 0; }"]
    {
        assert_eq!(read(body).map(|_| ()), Ok(()), "{body}");
    }
    for refused in ["message A. {}", "message A { message B. {} }", "enum E.. { Z = 0; }"] {
        assert!(read(refused).unwrap_err().details().contains("expected a name but was "), "{refused}");
    }
}

#[test]
fn a_type_is_another_one_where_what_stands_before_the_dot_differs() {
    let of = |name: &str| {
        let text =
            format!("syntax = \"proto3\"; package p; message a.B {{}} message b.B {{}} message M {{ {name} b = 1; }}");
        read(&text, &[], Strictness::New).unwrap()
    };
    assert_eq!(findings(Direction::Backward, &of("a.B"), &of(".p.a.B")), []);
    assert_eq!(findings(Direction::Backward, &of("a.B"), &of("b.B")).len(), 1);
}
