//! What a `$ref` leads to.

use super::{DRAFT_2020, json, try_json};
use crate::support::{Asked, compare, dependency, findings, parse};
use compat::{Direction, Strictness};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType};

const STRING: &str = r#"{"type":"string","definitions":{"x":{"type":"integer"}}}"#;

#[test]
fn references_are_found_by_name_and_from_the_root() {
    #[track_caller]
    fn check(name: &str, id: &str, reference: &str, found: bool) {
        for head in ["", &format!("{DRAFT_2020},")] {
            let text = format!(r#"{{{head}{id}"properties":{{"a":{{"$ref":"{reference}"}}}}}}"#);
            let parsed = try_json(&text, &[dependency(name, STRING)]);
            assert_eq!(parsed.is_ok(), found, "{text} with {name}: {:?}", parsed.err());
        }
    }
    let id = r#""$id":"http://e.com/root.json","#;
    check("ref.json", "", "ref.json", true);
    check("ref.json", "", "./ref.json", true);
    check("ref.json", "", "ref.json#/definitions/x", true);
    check("ref.json", "", "ref.json#/$defs/x", true);
    check("ref.json", "", "ref.json#/definitions/y", false);
    check("ref.json", id, "ref.json", true);
    check("http://e.com/ref.json", id, "ref.json", true);
    check("ref.json", id, "http://e.com/ref.json", true);
    check("http://e.com/ref.json", "", "http://e.com/ref.json", true);
    check("ref.json", r#""$id":"phone-feed","#, "ref.json", true);
    check("ref.json", "", "other.json", false);
    check("ref.json", "", "http://e.com/ref.json", false);
}

#[test]
fn references_lead_on_through_other_texts() {
    let middle = r#"{"$id":"http://elsewhere.org/m.json","properties":{"i":{"$ref":"inner.json#/definitions/x"}}}"#;
    let root = |inner: &str| {
        let needed = [dependency("inner.json", inner), dependency("middle.json", middle)];
        try_json(r#"{"properties":{"m":{"$ref":"middle.json"}}}"#, &needed).unwrap()
    };
    let (string, integer) = (root(r#"{"definitions":{"x":{"type":"string"}}}"#), root(STRING));
    let found = findings(Direction::Backward, &integer, &string);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].at, "#/properties/m/properties/i");
    assert_eq!(found[0].new.path.as_deref(), Some("inner.json#/definitions/x"));
    assert_eq!(found[0].new.fragment.as_deref(), Some(r#"{"type":"integer"}"#));
}

#[test]
fn ids_and_anchors_inside_a_text_are_found() {
    for text in [
        r##"{"definitions":{"a":{"$id":"#here","type":"string"}},"$ref":"#here"}"##,
        r#"{"$id":"http://e.com/a/root.json","definitions":{"a":{"$id":"b/sub.json","type":"string"}},"properties":{"p":{"$ref":"b/sub.json"},"q":{"$ref":"http://e.com/a/b/sub.json#"}}}"#,
        r##"{"definitions":{"a b":{"type":"string"}},"properties":{"p":{"$ref":"#/definitions/a%20b"}}}"##,
        r##"{"properties":{"a/b":{"type":"string"},"p":{"$ref":"#/properties/a~1b"}}}"##,
        r##"{"allOf":[{"type":"string"}],"properties":{"p":{"$ref":"#/allOf/0"}}}"##,
    ] {
        json(text);
    }
    json(&format!(r##"{{{DRAFT_2020},"$defs":{{"a":{{"$anchor":"here","type":"string"}}}},"$ref":"#here"}}"##));
    assert!(try_json(r##"{"$ref":"#nowhere"}"##, &[]).is_err());
    assert!(try_json(r#"{"enum":[{"$ref":"nowhere.json"}]}"#, &[]).is_ok(), "a value is no schema");
}

#[test]
fn a_stored_schema_may_refer_to_what_others_would_fetch() {
    let old = r#"{"properties":{"a":{"$ref":"https://example.org/other.json"}}}"#;
    assert!(
        try_json(old, &[]).unwrap_err().details().contains("Remote schema reference fetching over HTTP(S) is disabled")
    );
    let old = parse(&SchemaType::Json, old, &[], Strictness::Stored).unwrap();
    let messages = compare(CompatibilityLevel::Backward, CompatibilityPolicy::Strict, &json("{}"), &old, Some(1));
    assert_eq!(messages[0], "A previous schema version contains an unsupported external reference");
    assert!(old.same(&old.clone()));
}

#[test]
fn whatever_is_stored_has_its_text() {
    for (text, canonical) in [("[ 1 ]", "[1]"), (r#"{"type": "foo"}"#, r#"{"type":"foo"}"#), ("", "null")] {
        let stored = parse(&SchemaType::Json, text, &[], Strictness::Stored).unwrap();
        assert_eq!(&**stored.canonical(), canonical);
        assert!(try_json(text, &[]).is_err());
    }
    assert!(parse(&SchemaType::Json, "{", &[], Strictness::Stored).is_err());
}

#[test]
fn what_does_not_load_is_refused_with_its_place() {
    #[track_caller]
    fn check(text: &str, says: &str, place: &str) {
        let details = try_json(text, &[]).unwrap_err().details();
        assert!(details.contains(says) && details.ends_with(place), "{text}: {details}");
    }
    check("{\n  \"type\": \"foo\"}", "unknown type: [foo]", "(line 2, column 11)");
    check(r#"{"minimum":"a"}"#, "minimum: expected type: Number, found: String", "(line 1, column 12)");
    check(r#"{"properties":{"a":{"required":true}}}"#, "required: expected type: JsonArray", "(line 1, column 32)");
    check("{\"a\":}", "Invalid JSON schema: Unexpected character", "(line 1, column 6)");
    let dependency = [dependency("ref.json", r#"{"type":"foo"}"#)];
    let details = try_json(r#"{"$ref":"ref.json"}"#, &dependency).unwrap_err().details();
    assert!(details.contains(r#"(line 1, column 9) in the schema referenced as "ref.json""#), "{details}");
}
