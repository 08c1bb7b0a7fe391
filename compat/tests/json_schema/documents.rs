//! Documents against schemas.

use super::{DRAFT_2020, json, try_json};
use crate::support::{Asked, dependency};
use compat::{Fit, Halt, Mismatch, Parsed, Sample, Spent, Work};

fn misfit(schema: &Parsed, document: &str) -> Mismatch {
    schema.fits(Sample::Json(document)).expect_err("the document does not fit")
}

#[track_caller]
fn check(schema: &str, document: &str, path: &str, message: &str, schema_path: &str) {
    let found = misfit(&json(schema), document);
    assert_eq!((found.path.as_str(), found.message.as_str()), (path, message), "{schema} {document}");
    assert_eq!(found.schema_path.as_deref(), Some(schema_path), "{schema} {document}");
    assert!(found.keyword.is_none_or(|keyword| schema_path.ends_with(&format!("/{keyword}"))));
}

#[test]
fn a_document_that_does_not_fit_is_told_where_and_why() {
    let payment = r##"{"type":"object","properties":{"id":{"type":"string","maxLength":3},"lines":{"type":"array",
        "items":{"$ref":"#/definitions/line"}}},"required":["id"],"additionalProperties":false,
        "definitions":{"line":{"properties":{"n/m":{"type":"integer","minimum":1}}}}}"##;
    assert_eq!(json(payment).fits(Sample::Json(r#" {"id":"a","lines":[{"n/m":1}]} "#)), Ok(Fit::Json));
    assert_eq!(json(payment).decoded(Sample::Binary(br#" {"id":"a"} "#)), r#"{"id":"a"}"#);
    check(payment, "[]", "/", "expected object, found array", "/type");
    check(payment, "{}", "/", "the property 'id' is missing", "/required");
    check(payment, r#"{"id":1}"#, "/id", "expected string, found integer", "/properties/id/type");
    check(payment, r#"{"id":"abcd"}"#, "/id", "has more than 3 characters: 4", "/properties/id/maxLength");
    check(payment, r#"{"id":"a","x":1}"#, "/", "the property 'x' is not permitted", "/additionalProperties");
    let line = "/definitions/line/properties/n~1m";
    check(
        payment,
        r#"{"id":"a","lines":[{},{"n/m":0}]}"#,
        "/lines/1/n~1m",
        "is less than 1",
        &format!("{line}/minimum"),
    );
    check(
        payment,
        r#"{"id":"a","lines":[{"n/m":1.5}]}"#,
        "/lines/0/n~1m",
        "expected integer, found number",
        &format!("{line}/type"),
    );
}

#[test]
fn each_keyword_is_told() {
    check(r#"{"enum":[1,"a"]}"#, "2", "/", "is none of the values that are permitted", "/enum");
    check(r#"{"const":{"a":1}}"#, r#"{"a":2}"#, "/", "is not the one value that is permitted", "/const");
    check(r#"{"pattern":"^a"}"#, r#""b""#, "/", "does not match the pattern", "/pattern");
    check(r#"{"multipleOf":0.1}"#, "0.35", "/", "is no multiple of 0.1", "/multipleOf");
    check(r#"{"exclusiveMinimum":1}"#, "1.0", "/", "is not beyond 1", "/exclusiveMinimum");
    check(r#"{"not":{}}"#, "1", "/", "fits the schema that it must not fit", "/not");
    check(
        r#"{"anyOf":[{"type":"null"},false]}"#,
        "1",
        "/",
        "fits none of the schemas of which it has to fit some",
        "/anyOf",
    );
    check(r#"{"oneOf":[{},{}]}"#, "1", "/", "fits 2 of the schemas of which it has to fit exactly one", "/oneOf");
    check(r#"{"uniqueItems":true}"#, "[1,1.0]", "/", "has the same item twice", "/uniqueItems");
    check(r#"{"items":[{}],"additionalItems":false}"#, "[1,2]", "/", "item 1 is not permitted", "/additionalItems");
    check(r#"{"contains":{"type":"null"}}"#, "[1]", "/", "has no item that fits", "/contains");
    check(
        r#"{"dependencies":{"a":["b"]}}"#,
        r#"{"a":1}"#,
        "/",
        "the property 'b' is missing, which 'a' needs",
        "/dependencies",
    );
    check(
        r#"{"propertyNames":{"maxLength":1}}"#,
        r#"{"ab":1}"#,
        "/ab",
        "the name of the property does not fit: has more than 1 characters: 2",
        "/propertyNames/maxLength",
    );
    check(r#"{"properties":{"a":false}}"#, r#"{"a":1}"#, "/a", "nothing is permitted here", "/properties/a");
    let new = format!(r#"{{{DRAFT_2020},"allOf":[{{"properties":{{"a":{{}}}}}}],"unevaluatedProperties":false}}"#);
    check(&new, r#"{"a":1,"b":2}"#, "/", "the property 'b' is not permitted", "/unevaluatedProperties");
}

#[test]
fn a_document_is_one_json_value() {
    let any = json("true");
    for text in ["", "1 2", "{", "NaN", "[1,]", "// a\n1"] {
        assert!(any.fits(Sample::Json(text)).is_err(), "{text}");
    }
    assert!(any.fits(Sample::Binary(b"\xff")).is_err());
    assert_eq!(misfit(&any, "{\n 1}").path, "/");
}

#[test]
fn a_schema_that_it_refers_to_is_named() {
    let schema = r#"{"properties":{"a":{"$ref":"ref.json#/definitions/x"}}}"#;
    let needed = [dependency("ref.json", r#"{"definitions":{"x":{"maximum":1}}}"#)];
    let found = misfit(&try_json(schema, &needed).unwrap(), r#"{"a":2}"#);
    assert_eq!(found.schema_path.as_deref(), Some("ref.json#/definitions/x/maximum"));
}

#[test]
fn a_meta_schema_is_looked_into() {
    let old = r#"{"properties":{"schema":{"$ref":"http://json-schema.org/draft-07/schema#"}}}"#;
    assert_eq!(json(old).fits(Sample::Json(r#"{"schema":{"items":[true,{"minLength":0}]}}"#)), Ok(Fit::Json));
    check(
        old,
        r#"{"schema":{"items":[true,{"minLength":-1}]}}"#,
        "/schema/items",
        "fits none of the schemas of which it has to fit some",
        "http://json-schema.org/draft-07/schema#/properties/items/anyOf",
    );
    let part = r#"{"$ref":"https://json-schema.org/draft-04/schema#/definitions/positiveInteger"}"#;
    let minimum = "http://json-schema.org/draft-04/schema#/definitions/positiveInteger/minimum";
    check(part, "-1", "/", "is less than 0", minimum);
    let new = format!(r#"{{{DRAFT_2020},"$ref":"https://json-schema.org/draft/2020-12/schema"}}"#);
    assert_eq!(json(&new).fits(Sample::Json(r#"{"properties":{"a":{"type":["string","null"]}}}"#)), Ok(Fit::Json));
    check(
        &new,
        r#"{"properties":{"a":{"not":{"required":"b"}}}}"#,
        "/properties/a/not/required",
        "expected array, found string",
        "https://json-schema.org/draft/2020-12/meta/validation#/$defs/stringArray/type",
    );
    let nowhere = r#"{"$ref":"http://json-schema.org/draft-07/schema#/definitions/nothing"}"#;
    check(
        nowhere,
        "{}",
        "/",
        "the schema refers to what is not among its references, and nothing is ever fetched",
        "/$ref",
    );
}

#[test]
fn a_meta_schema_that_is_registered_says_which_keywords_count() {
    let vocabulary = "https://json-schema.org/draft/2020-12/vocab";
    let meta = |listed: &str| {
        let text = format!(r#"{{{DRAFT_2020},"$vocabulary":{{{listed}}}}}"#);
        [dependency("http://example.com/meta", &text)]
    };
    let schema = r#"{"$schema":"http://example.com/meta","type":"object","properties":{"a":{"minimum":1},"b":false},
        "unevaluatedProperties":false}"#;
    let applicator = try_json(schema, &meta(&format!(r#""{vocabulary}/applicator":true"#))).unwrap();
    assert_eq!(applicator.fits(Sample::Json(r#"{"a":0,"c":0}"#)), Ok(Fit::Json));
    assert_eq!(applicator.fits(Sample::Json("1")), Ok(Fit::Json));
    assert_eq!(misfit(&applicator, r#"{"b":1}"#).schema_path.as_deref(), Some("/properties/b"));
    let validation = try_json(schema, &meta(&format!(r#""{vocabulary}/validation":true"#))).unwrap();
    assert_eq!(validation.fits(Sample::Json(r#"{"b":1}"#)), Ok(Fit::Json));
    assert_eq!(misfit(&validation, "1").keyword, Some("type"));
    let unknown = misfit(&try_json(schema, &meta(r#""http://example.com/units":true"#)).unwrap(), "{}");
    assert_eq!(
        (unknown.message.as_str(), unknown.schema_path.as_deref()),
        ("the meta-schema needs the vocabulary 'http://example.com/units', which is not known here", Some("/$schema"))
    );
    let optional = try_json(schema, &meta(r#""http://example.com/units":false"#)).unwrap();
    assert_eq!(optional.fits(Sample::Json("1")), Ok(Fit::Json));
}

#[test]
fn documents_and_schemas_that_go_round_end() {
    for text in [
        r##"{"$ref":"#"}"##,
        r##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"##,
        r##"{"not":{"$ref":"#"}}"##,
        r##"{"items":{"$ref":"#"},"additionalProperties":{"allOf":[{"$ref":"#"}]}}"##,
    ] {
        let schema = json(text);
        for document in ["1", "[[[]]]", r#"{"a":{"b":[]}}"#] {
            let _ = schema.fits(Sample::Json(document));
        }
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        let _ = schema.fits(Sample::Json(&deep));
    }
    // Each level is tried twice on each level.
    let text = r##"{"definitions":{"d":{"anyOf":[{"items":{"$ref":"#/definitions/d"}},{"items":{"$ref":"#/definitions/d"},
        "title":"again"}],"minItems":1}},"$ref":"#/definitions/d"}"##;
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    let work = Work::new(1 << 20, &Halt::default());
    assert_eq!(json(text).validate(Sample::Json(&deep), &work), Err(Spent::TooMuch));
    let nested = format!("{}{{}}{}", r#"{"allOf":["#.repeat(127), "]}".repeat(127));
    assert_eq!(json(&nested).fits(Sample::Json("1")), Ok(Fit::Json));
}
