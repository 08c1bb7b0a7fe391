//! What a finding tells a person: the places in both schemas, and what to do.

use super::support::{read, stored};
use crate::support::{dependency, findings};
use compat::{Direction, Finding, Place, Strictness, Work};
use model::SchemaType;

const OLD: &str = "syntax = \"proto2\";\npackage shop;\nmessage Order {\n  required string id = 1;\n  optional int32 amount = 2;\n  \
    optional string note = 3;\n  optional string mail = 4;\n  oneof pay {\n    string card = 5;\n    bool cash = 6;\n  }\n  message \
    Line {\n    optional Part part = 1;\n  }\n  message Part {}\n  message Other {}\n}\nmessage Gone {}\n";

/// The one finding by this rule after a change of the old schema.
#[track_caller]
fn one(rule: &str, direction: Direction, from: &str, to: &str) -> (Finding, String) {
    assert!(OLD.contains(from), "{from}");
    let new = OLD.replace(from, to);
    let told = findings(direction, &stored(&new), &stored(OLD));
    let mut of_rule = told.iter().filter(|finding| finding.rule.as_str() == rule);
    let found = of_rule.next().unwrap_or_else(|| panic!("no {rule} among {told:?}"));
    assert_eq!(found.direction, direction);
    (found.clone(), new)
}

#[track_caller]
fn check(rule: &str, from: &str, to: &str, old: (&str, Option<&str>), new: (&str, Option<&str>), advice: &str) {
    let (found, _) = one(rule, Direction::Backward, from, to);
    assert_eq!((found.old.path.as_deref(), found.old.fragment.as_deref()), (Some(old.0), old.1), "{rule}, old");
    assert_eq!((found.new.path.as_deref(), found.new.fragment.as_deref()), (Some(new.0), new.1), "{rule}, new");
    let told = found.advice().unwrap();
    assert!(told.contains(advice), "{told}");
}

#[test]
fn findings_tell_the_places_in_both_schemas_and_what_to_do() {
    let amount = Some("optional int32 amount = 2");
    check("PACKAGE_CHANGED", "package shop;\n", "", ("#/", Some("package shop")), ("#/", None), "Keep the package");
    check(
        "MESSAGE_REMOVED",
        "message Gone {}",
        "",
        ("#/Gone", Some("message Gone")),
        ("#/", None),
        "Keep the message 'Gone'",
    );
    check(
        "FIELD_SCALAR_KIND_CHANGED",
        "int32 amount",
        "string amount",
        ("#/Order/2", amount),
        ("#/Order/2", Some("optional string amount = 2")),
        "encoded alike",
    );
    check(
        "FIELD_KIND_CHANGED",
        "int32 amount",
        "Part amount",
        ("#/Order/2", amount),
        ("#/Order/2", Some("optional Part amount = 2")),
        "reserve its tag and its name",
    );
    check(
        "FIELD_NUMERIC_LABEL_CHANGED",
        "optional int32",
        "repeated int32",
        ("#/Order/2", amount),
        ("#/Order/2", Some("repeated int32 amount = 2")),
        "Keep the label of the field 'amount'",
    );
    check(
        "FIELD_NAMED_TYPE_CHANGED",
        "optional Part part",
        "optional Other part",
        ("#/Order/Line/1", Some("optional Part part = 1")),
        ("#/Order/Line/1", Some("optional Other part = 1")),
        "Keep the type of the field 'part'",
    );
    check(
        "REQUIRED_FIELD_REMOVED",
        "  required string id = 1;\n",
        "",
        ("#/Order/1", Some("required string id = 1")),
        ("#/Order", None),
        "reserve the tag and the name",
    );
    check(
        "REQUIRED_FIELD_ADDED",
        "required string id = 1;",
        "required string id = 1; required string tax = 9;",
        ("#/Order", None),
        ("#/Order/9", Some("required string tax = 9")),
        "Make the field 'tax' optional",
    );
    check(
        "ONEOF_FIELD_REMOVED",
        "    bool cash = 6;\n",
        "",
        ("#/Order/pay/6", Some("bool cash = 6")),
        ("#/Order/pay", None),
        "reserve the tag and the name",
    );
    check(
        "FIELD_MOVED_TO_EXISTING_ONEOF",
        "  optional string mail = 4;\n  oneof pay {",
        "  oneof pay {\n    string mail = 4;",
        ("#/Order/4", Some("optional string mail = 4")),
        ("#/Order/pay", Some("oneof pay")),
        "This field moved into a oneof",
    );
    check(
        "MULTIPLE_FIELDS_MOVED_TO_ONEOF",
        "  optional string note = 3;\n  optional string mail = 4;\n",
        "  oneof more { string note = 3; string mail = 4; }\n",
        ("#/Order/3", Some("optional string note = 3")),
        ("#/Order/more", Some("oneof more")),
        "These fields moved into a oneof",
    );
}

#[test]
fn old_and_new_change_places_with_the_direction() {
    let (found, _) = one("MESSAGE_REMOVED", Direction::Forward, "message Gone {}", "message Gone {}\nmessage Fresh {}");
    assert_eq!((found.new.path.as_deref(), found.old.path.as_deref()), (Some("#/Fresh"), Some("#/")));
    assert!(found.advice().unwrap().contains("Leave out the message 'Fresh'"));
    let (found, _) = one("ONEOF_FIELD_REMOVED", Direction::Forward, "bool cash = 6;", "bool cash = 6; bool gift = 7;");
    assert_eq!((found.new.path.as_deref(), found.old.path.as_deref()), (Some("#/Order/pay/7"), Some("#/Order/pay")));
    assert!(found.advice().unwrap().contains("as a field outside the oneof"));
}

#[test]
fn places_lead_to_lines_and_columns_of_the_text_that_was_sent() {
    let paths = [
        "#/",
        "#/Order",
        "#/Order/2",
        "#/Order/pay",
        "#/Order/pay/6",
        "#/Order/Line/1",
        "#/Order/nowhere",
        "",
        "#/Gone",
    ];
    let places = compat::locate(&SchemaType::Protobuf, OLD, &paths, &Work::unlimited()).unwrap();
    let place = |line, column| Some(Place { line, column });
    let expected = [
        place(1, 1),
        place(3, 1),
        place(5, 3),
        place(8, 3),
        place(10, 5),
        place(13, 5),
        place(3, 1),
        None,
        place(18, 1),
    ];
    assert_eq!(places, expected);
    let unreadable = compat::locate(&SchemaType::Protobuf, "message {", &["#/"], &Work::unlimited()).unwrap();
    assert_eq!(unreadable, [None]);
}

#[test]
fn a_difference_in_another_file_has_no_place_in_the_schema() {
    let text = "syntax = \"proto3\"; import \"o.proto\"; message M { O o = 1; }";
    let with = |field: &str, version| {
        let file = format!("syntax = \"proto3\"; message O {{ {field} a = 1; }}");
        let file = compat::Dependency { version, ..dependency("o.proto", &file) };
        read(text, &[file], Strictness::New).unwrap()
    };
    let told = findings(Direction::Backward, &with("string", 2), &with("int32", 1));
    let places: Vec<_> = told.iter().map(|finding| (&*finding.at, finding.new.path.as_deref())).collect();
    assert_eq!(places, [("#/O/1", None), ("#/M/1", Some("#/M/1"))]);
    assert_eq!(told[0].new.fragment.as_deref(), Some("string a = 1"));
    assert_eq!(
        findings(Direction::Backward, &with("string", 1), &with("int32", 1)),
        [],
        "the same version is the same"
    );
}

#[test]
fn tags_and_top_level_fields_are_found_by_their_paths() {
    let schema = stored(
        "syntax = \"proto3\"; package p; message M { option (confluent.message_meta).tags = \"A\"; string a = 1 \
         [(confluent.field_meta) = { tags: [\"B\", \"C\"] }]; oneof o { int32 b = 2 [(.confluent.field_meta).tags = [\"D\"]]; } \
         message N { int32 c = 1 [(other).tags = \"E\"]; } } message O { int32 d = 1; }",
    );
    let tagged: Vec<_> = schema
        .inline_tags(&Work::unlimited())
        .unwrap()
        .into_iter()
        .map(|entity| (entity.path, entity.kind.as_str(), entity.tags.join(" ")))
        .collect();
    let expected = [("M", "sr_record", "A"), ("M.a", "sr_field", "B C"), ("M.b", "sr_field", "D")];
    assert_eq!(tagged, expected.map(|(path, kind, tags)| (path.to_owned(), kind, tags.to_owned())));
    assert_eq!(schema.top_level_fields(), ["a", "b", "d"]);
}

#[test]
fn files_name_what_they_import() {
    let text = "syntax = \"proto3\"; import \"./a//b.proto\"; import public \"c.proto\"; import weak \"d.proto\"; import \
        \"google/protobuf/any.proto\"; message M {}";
    let names = compat::names(&SchemaType::Protobuf, text, &Work::unlimited()).unwrap();
    assert_eq!(names.needs, [["a/b.proto"], ["c.proto"], ["d.proto"]]);
}
