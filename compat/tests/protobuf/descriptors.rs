//! Descriptors in base64 instead of texts, and texts as descriptors.

use super::support::{read, stored};
use crate::support::{Asked, dependency};
use compat::Strictness;
use model::SchemaType;

/// Recorded: a text, its descriptor, and the text that the descriptor is shown as (the canonical one, where there is none).
const RECORDED: [(&str, &str, Option<&str>); 10] = [
    (
        "syntax = \"proto3\";\npackage com.acme.sales;\nmessage Order {\n  string amount = 1;\n  int32 street = 2;\n}\n",
        "CgdkZWZhdWx0Eg5jb20uYWNtZS5zYWxlcyIjCgVPcmRlchIMCgZhbW91bnQYASgJEgwKBnN0cmVldBgCKAViBnByb3RvMw==",
        None,
    ),
    (
        "syntax = \"proto2\"; package p; message A { required int32 a = 1; optional string b = 2 [default = \"x\", deprecated = \
         true]; repeated int32 c = 3 [packed = true]; extensions 100 to 199; reserved 9 to 11, 15; reserved \"q\"; }",
        "CgdkZWZhdWx0EgFwIkcKAUESCQoBYRgBIAIoBRIQCgFiGAIgASgJOgF4QgIYARINCgFjGAMgAygFQgIQASoHCGQQyAEaAEoECAkQDEoECA8QEFIBcWIGcHJvdG8y",
        Some(
            "syntax = \"proto2\";\npackage p;\n\nmessage A {\n  reserved 9 to 11;\n  reserved 15;\n  reserved \"q\";\n\n  required \
             int32 a = 1;\n  optional string b = 2 [\n    deprecated = true,\n    default = \"x\"\n  ];\n  repeated int32 c = 3 \
             [packed = true];\n\n  extensions 100 to 199;\n}\n",
        ),
    ),
    ("message A { optional int32 a = 1; }", "CgdkZWZhdWx0Ig4KAUESCQoBYRgBIAEoBQ==", None),
    ("syntax = \"proto3\"; message A {}", "CgdkZWZhdWx0IgMKAUFiBnByb3RvMw==", None),
    ("syntax = \"proto3\"; enum E { A = 0; }", "CgdkZWZhdWx0KgoKAUUSBQoBQRAAYgZwcm90bzM=", None),
    ("syntax = \"proto3\";", "CgdkZWZhdWx0YgZwcm90bzM=", None),
    (
        "syntax = \"proto3\"; message A { optional string a = 1; string b_c = 2 [json_name = \"bC2\"]; }",
        "CgdkZWZhdWx0IisKAUESDgoBYRgBIAEoCUgAiAEBEg4KA2JfYxgCKAlSA2JDMkIGCgJfYRIAYgZwcm90bzM=",
        None,
    ),
    (
        "syntax = \"proto3\"; import \"confluent/meta.proto\"; message A { option (confluent.message_meta).doc = \"d\"; string a \
         = 1 [(confluent.field_meta) = { doc: \"x\", tags: [\"T\"] }]; }",
        "CgdkZWZhdWx0GhRjb25mbHVlbnQvbWV0YS5wcm90byIfCgFBEhIKAWEYASgJQgmCRAYKAXgaAVQ6BoJEAwoBZGIGcHJvdG8z",
        Some(
            "syntax = \"proto3\";\n\nimport \"confluent/meta.proto\";\n\nmessage A {\n  option (confluent.message_meta) = {\n    \
             doc: \"d\"\n  };\n\n  string a = 1 [(confluent.field_meta) = {\n    doc: \"x\",\n    tags: [\n      \"T\"\n    ]\n  \
             }];\n}\n",
        ),
    ),
    (
        "syntax = \"proto3\"; message B { A.C x = 1; } message A { message C { int32 y = 1; } C z = 2; B b = 3; }",
        "CgdkZWZhdWx0IhEKAUISDAoBeBgBKAsyA0EuQyIpCgFBEgoKAXoYAigLMgFDEgoKAWIYAygLMgFCGgwKAUMSBwoBeRgBKAViBnByb3RvMw==",
        None,
    ),
    (
        "syntax = \"proto3\"; message A { group G = 1 { int32 a = 2; } }",
        "CgdkZWZhdWx0IgMKAUFiBnByb3RvMw==",
        Some("syntax = \"proto3\";\n\nmessage A {}\n"),
    ),
];

#[test]
fn texts_become_descriptors_and_descriptors_texts_as_recorded() {
    for (text, descriptor, shown) in RECORDED {
        let schema = stored(text);
        assert_eq!(schema.format("serialized").unwrap().as_deref(), Some(descriptor), "{text}");
        assert!(compat::may_be_serialized(&SchemaType::Protobuf, descriptor), "{text}");
        assert!(!compat::may_be_serialized(&SchemaType::Protobuf, text), "{text}");
        let back = read(descriptor, &[], Strictness::New).unwrap();
        assert_eq!(&**back.canonical(), shown.unwrap_or(schema.canonical()), "{descriptor}");
    }
}

#[test]
fn imports_that_resolve_are_listed() {
    let text = "syntax = \"proto3\";\npackage com.acme.sales;\nimport \"addr.proto\";\nimport \
        \"google/protobuf/timestamp.proto\";\nimport \"gone.proto\";\nmessage Order {\n  string amount = 1;\n  \
        .com.acme.sales.Addr addr = 7;\n  .google.protobuf.Timestamp ts = 8;\n}\n";
    let addr = dependency("addr.proto", "syntax = \"proto3\"; package com.acme.sales; message Addr {}");
    let schema = read(text, &[addr], Strictness::New).unwrap();
    assert_eq!(
        schema.format("serialized").unwrap().unwrap(),
        "CgdkZWZhdWx0Eg5jb20uYWNtZS5zYWxlcxoKYWRkci5wcm90bxofZ29vZ2xlL3Byb3RvYnVmL3RpbWVzdGFtcC5wcm90byJdCgVPcmRlchIMCgZhbW91b\
         nQYASgJEiAKBGFkZHIYBygLMhQuY29tLmFjbWUuc2FsZXMuQWRkchIkCgJ0cxgIKAsyGi5nb29nbGUucHJvdG9idWYuVGltZXN0YW1wYgZwcm90bzM="
    );
}

#[test]
fn what_is_a_descriptor_reads_back_as_what_it_was_made_of() {
    let text = "syntax = \"proto3\"; package p; import public \"google/protobuf/any.proto\"; option java_package = \"x\"; \
        message M { map<string, N> by_name = 1; oneof o { N n = 2; int32 i = 3; } repeated E es = 4; reserved 7, 9 to max; \
        message N { bytes b = 1; } enum E { option allow_alias = true; reserved 4 to 6; Z = 0; Y = 0 [deprecated = true]; } } \
        extend google.protobuf.FieldOptions { string note = 50000; } service S { rpc R (stream M) returns (M) { option \
        idempotency_level = NO_SIDE_EFFECTS; } }";
    let schema = read(text, &[], Strictness::New).unwrap();
    let back = read(&schema.format("serialized").unwrap().unwrap(), &[], Strictness::New).unwrap();
    assert!(back.canonical().contains("import public \"google/protobuf/any.proto\";"), "{}", back.canonical());
    assert_eq!(back.normal().unwrap().canonical(), schema.normal().unwrap().canonical());
}

#[test]
fn options_of_a_descriptor_are_read_by_their_definitions() {
    // Made by protoc of a file that defines options and sets them.
    let descriptor = "CgdvLnByb3RvEgFwGiBnb29nbGUvcHJvdG9idWYvZGVzY3JpcHRvci5wcm90byJPCgRSdWxlEhQKBWxlYXN0GAEgASgDUgVsZWFzdBIUCgV3b3\
         JkcxgCIAMoCVIFd29yZHMSGwoEa2luZBgDIAEoDjIHLnAuS2luZFIEa2luZCKsAQoBTRIzCgNhX2IYASABKAw6B1wwMDFcInpCGRgBirUYEwj9\
         //////////8BEgF4EgF5GAFSAmFCEiUKBXJ1bGVzGAIgAygLMg8ucC5NLlJ1bGVzRW50cnlSBXJ1bGVzGkEKClJ1bGVzRW50cnkSEAoDa2V5GA\
         EgASgJUgNrZXkSHQoFdmFsdWUYAiABKAsyBy5wLlJ1bGVSBXZhbHVlOgI4AToIkLUYB5C1GAgqFAoES2luZBIFCgFBEAASBQoBQhABOjwKBHJ1\
         bGUSHS5nb29nbGUucHJvdG9idWYuRmllbGRPcHRpb25zGNGGAyABKAsyBy5wLlJ1bGVSBHJ1bGU6NwoFbWFya3MSHy5nb29nbGUucHJvdG9idW\
         YuTWVzc2FnZU9wdGlvbnMY0oYDIAMoBVIFbWFya3M=";
    let schema = read(descriptor, &[], Strictness::New).unwrap();
    let shown = "package p;\n\nimport \"google/protobuf/descriptor.proto\";\n\nmessage Rule {\n  optional int64 \
        least = 1;\n  repeated string words = 2;\n  optional .p.Kind kind = 3;\n}\nmessage M {\n  option (p.marks) = 7;\n  option \
        (p.marks) = 8;\n\n  optional bytes a_b = 1 [\n    deprecated = true,\n    (p.rule) = {\n      least: -3,\n      words: [\n\
        \x20       \"x\",\n        \"y\"\n      ],\n      kind: B\n    },\n    default = \"\u{1}\\\"z\"\n  ];\n  map<string, \
        .p.Rule> rules = 2;\n}\nenum Kind {\n  A = 0;\n  B = 1;\n}\n\nextend .google.protobuf.FieldOptions {\n  optional .p.Rule \
        rule = 50001;\n}\nextend .google.protobuf.MessageOptions {\n  repeated int32 marks = 50002;\n}\n";
    assert_eq!(&**schema.canonical(), shown);
}

#[test]
fn what_is_no_descriptor_is_refused_as_the_text_that_it_is() {
    for (text, why) in [
        (
            "bm8gZGVzY3JpcHRvcg==",
            "Could not parse Protobuf - Syntax error in :1:1: unexpected label: bm8gZGVzY3JpcHRvcg",
        ),
        ("cgMoAg==", "Could not parse Protobuf - Syntax error in :1:1: unexpected label: cgMoAg"),
        // Edition 2023.
        ("CgFhYghlZGl0aW9uc3DoBw==", "Could not parse Protobuf - edition is not currently supported"),
    ] {
        assert_eq!(read(text, &[], Strictness::New).unwrap_err().details(), why);
    }
}
