//! `freehold check`: schemas in files, against others in files or in a registry.

use crate::harness::Node;
use crate::harness::command::{self, FREEHOLD, Outcome, freehold, run};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// A directory with these files.
fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn check(directory: &TempDir, arguments: &[&str]) -> Outcome {
    run(freehold().arg("check").args(arguments).current_dir(directory.path()))
}

fn record(fields: &str) -> String {
    format!("{{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n{fields}\n]}}")
}

const ID: &str = r#"  {"name": "id", "type": "long"}"#;

/// An old schema, one that is compatible with it, and one that is not.
fn three() -> TempDir {
    let with = |more: &str| record(&format!("{ID},\n{more}"));
    files(&[
        ("old.avsc", &record(ID)),
        ("good.avsc", &with(r#"  {"name": "n", "type": "int", "default": 0}"#)),
        ("bad.avsc", &with(r#"  {"name": "n", "type": "int"}"#)),
    ])
}

#[test]
fn the_exit_code_says_what_became_of_it() {
    let directory = three();
    #[track_caller]
    fn ends(directory: &TempDir, arguments: &[&str], code: i32) {
        let outcome = check(directory, arguments);
        assert_eq!(outcome.status.code(), Some(code), "{outcome:?}");
        assert_eq!(outcome.err.is_empty(), code < 2, "{outcome:?}");
    }
    ends(&directory, &["good.avsc", "--against", "old.avsc"], 0);
    ends(&directory, &["bad.avsc", "--against", "old.avsc"], 1);
    ends(&directory, &["bad.avsc", "--against", "old.avsc", "--level", "forward"], 0);
    ends(&directory, &["bad.avsc", "--against", "old.avsc", "--level", "none"], 0);
    ends(&directory, &["good.avsc", "--against", "old.avsc", "--against", "bad.avsc", "--level", "full"], 0);
    ends(&directory, &["old.avsc", "--against", "good.avsc", "--against", "bad.avsc", "--level", "FULL"], 1);
    // What keeps it from being found out is another thing.
    ends(&directory, &["good.avsc"], 2);
    ends(&directory, &["none.avsc", "--against", "old.avsc"], 2);
    ends(&directory, &["good.avsc", "--against", "old.avsc", "--level", "sideways"], 2);
    ends(&directory, &["good.avsc", "--subject", "s", "--url", "http://127.0.0.1:1"], 2);
    std::fs::write(directory.path().join("broken.avsc"), "{\"type\": ").unwrap();
    ends(&directory, &["broken.avsc", "--against", "old.avsc"], 2);
    std::fs::write(directory.path().join("old.txt"), record(ID)).unwrap();
    ends(&directory, &["good.avsc", "--against", "old.txt"], 2);
    ends(&directory, &["good.avsc", "--against", "old.txt", "--type", "avro"], 0);
}

#[test]
fn people_see_the_line_and_what_to_do() {
    let outcome = check(&three(), &["bad.avsc", "--against", "old.avsc"]);
    let expected = [
        "bad.avsc is not compatible with old.avsc (BACKWARD)",
        "",
        "bad.avsc:3:3: READER_FIELD_MISSING_DEFAULT_VALUE",
        r#"  3 |   {"name": "n", "type": "int"}"#,
        "    |   ^",
        "  The new schema cannot read data written with the old one.",
        r#"  old: ["id"], at /fields"#,
        r#"  new: {"name":"n","type":"int"}, at /fields/1"#,
        "  Give the field 'n' a default, which is read where data were written without it.",
    ];
    assert_eq!(outcome.out.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_terminal_has_colours_unless_they_are_declined() {
    let directory = three();
    let shown = |variables: &[(&str, &str)]| {
        let mut command = command::isolated("python3");
        command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/terminal.py"));
        command.args([FREEHOLD, "check", "good.avsc", "--against", "old.avsc", "--"]);
        command.current_dir(directory.path()).env_remove("NO_COLOR").envs(variables.iter().copied());
        run(&mut command).good()
    };
    assert!(shown(&[]).contains("\u{1b}[32mgood.avsc is compatible"), "{:?}", shown(&[]));
    assert!(shown(&[("NO_COLOR", "")]).contains('\u{1b}'));
    assert!(!shown(&[("NO_COLOR", "1")]).contains('\u{1b}'));
    assert!(!check(&directory, &["good.avsc", "--against", "old.avsc"]).out.contains('\u{1b}'));
}

#[test]
fn programs_get_the_form_that_they_read() {
    let directory = three();
    let form = |form: &str| {
        check(&directory, &["bad.avsc", "--against", "old.avsc", "--against", "bad.avsc", "--format", form]).out
    };
    let report: Value = serde_json::from_str(&form("json")).unwrap();
    assert_eq!(report["compatible"], false);
    let comparisons = report["comparisons"].as_array().unwrap();
    assert_eq!((&comparisons[0]["compatible"], &comparisons[1]["compatible"]), (&json!(false), &json!(true)));
    let finding = &comparisons[0]["findings"][0];
    assert_eq!(
        finding["new"],
        json!({ "path": "/fields/1", "fragment": "{\"name\":\"n\",\"type\":\"int\"}", "line": 3, "column": 3 })
    );
    assert_eq!((&finding["old"]["line"], &finding["old"]["column"]), (&json!(1), &json!(43)));

    let github = form("github");
    let first = "::error file=bad.avsc,line=3,col=3,title=READER_FIELD_MISSING_DEFAULT_VALUE::old.avsc: The new schema cannot read";
    assert!(github.starts_with(first), "{github}");
    assert!(github.ends_with("\nbad.avsc is compatible with bad.avsc (BACKWARD)"), "{github}");

    let junit = form("junit");
    assert!(junit.contains(r#"<testsuite name="freehold check" tests="2" failures="1" errors="0">"#), "{junit}");
    assert!(junit.contains(r#"<testcase classname="bad.avsc" name="BACKWARD with bad.avsc"/>"#), "{junit}");
    assert!(junit.contains("&quot;name&quot;:&quot;n&quot;") && !junit.contains(r#"{"name""#), "{junit}");

    let sarif: Value = serde_json::from_str(&form("sarif")).unwrap();
    let (driver, results) = (&sarif["runs"][0]["tool"]["driver"], sarif["runs"][0]["results"].as_array().unwrap());
    assert_eq!((&sarif["version"], results.len()), (&json!("2.1.0"), 1));
    assert_eq!(driver["rules"], json!([{ "id": "READER_FIELD_MISSING_DEFAULT_VALUE" }]));
    let location = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "bad.avsc");
    assert_eq!(location["region"], json!({ "startLine": 3, "startColumn": 3 }));
}

#[test]
fn what_files_refer_to_is_in_directories() {
    let customer = r#"{"type": "record", "name": "Customer", "namespace": "shop", "fields": [{"name": "country", "type": "geo.Country"}]}"#;
    let country = r#"{"type": "enum", "name": "Country", "namespace": "geo", "symbols": ["CH", "AT"]}"#;
    let order = |more: &str| {
        format!(
            r#"{{"type": "record", "name": "Order", "namespace": "shop", "fields": [{{"name": "by", "type": "Customer"}}{more}]}}"#
        )
    };
    let directory = files(&[
        ("types/customer.avsc", customer),
        ("types/geo/country.avsc", country),
        ("types/notes.txt", "no schema"),
        ("old.avsc", &order("")),
        ("new.avsc", &order(r#", {"name": "n", "type": "geo.Country"}"#)),
    ]);
    let alone = check(&directory, &["new.avsc", "--against", "old.avsc"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(alone.err.contains("Undefined schema: shop.Customer"), "{alone:?}");
    let with = check(&directory, &["new.avsc", "--against", "old.avsc", "-I", "types"]);
    assert_eq!(with.status.code(), Some(1), "{with:?}");
    assert!(with.out.contains("Give the field 'n' a default"), "{with:?}");
    assert!(check(&directory, &["old.avsc", "--against", "old.avsc", "--references", "types"]).status.success());
}

#[test]
fn json_schemas_find_each_other_by_path_and_by_uri() {
    let order = |more: &str| {
        format!(
            r#"{{"type": "object", "properties": {{"by": {{"$ref": "people/customer.json"}}, "in": {{"$ref": "https://geo/country"}}{more}}}}}"#
        )
    };
    let directory = files(&[
        ("types/people/customer.json", r#"{"type": "object", "properties": {"at": {"$ref": "address.json"}}}"#),
        ("types/people/address.json", r#"{"type": "string", "maxLength": 9}"#),
        ("types/geo.json", r#"{"$id": "https://geo/country", "type": "string"}"#),
        ("old.json", &order("")),
        ("new.json", &order(r#", "n": {"type": "integer"}"#)),
    ]);
    let ask =
        |more: &[&str]| check(&directory, &[&["new.json", "--against", "old.json", "-I", "types"][..], more].concat());
    let refused = ask(&[]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.out.contains("new.json:1:"), "{refused:?}");
    assert!(refused.out.contains("PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"), "{refused:?}");
    assert!(ask(&["--policy", "lenient"]).status.success(), "{:?}", ask(&["--policy", "lenient"]));
    assert_eq!(check(&directory, &["new.json", "--against", "old.json"]).status.code(), Some(2), "what is not there");
}

#[test]
fn protobuf_files_import_each_other_from_directories() {
    let order = |id: &str| {
        format!(
            "syntax = \"proto3\";\nimport \"shop/part.proto\";\nmessage Order {{\n  {id} id = 1;\n  shop.Part part = 2;\n}}\n"
        )
    };
    let directory = files(&[
        ("old.proto", &order("int32")),
        ("good.proto", &order("int64")),
        ("bad.proto", &order("string")),
        ("lib/shop/part.proto", "syntax = \"proto3\";\npackage shop;\nmessage Part {\n  string sku = 1;\n}\n"),
    ]);
    check(&directory, &["good.proto", "--against", "old.proto", "-I", "lib"]).good();
    let missing = check(&directory, &["good.proto", "--against", "old.proto"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(missing.err.contains("Could not resolve type: shop.Part"), "{}", missing.err);
    let outcome = check(&directory, &["bad.proto", "--against", "old.proto", "-I", "lib"]);
    let expected = [
        "bad.proto is not compatible with old.proto (BACKWARD)",
        "",
        "bad.proto:4:3: FIELD_SCALAR_KIND_CHANGED",
        "  4 |   string id = 1;",
        "    |   ^",
        "  The new schema cannot read data written with the old one.",
        "  old: int32 id = 1, at #/Order/1",
        "  new: string id = 1, at #/Order/1",
    ];
    assert_eq!(outcome.out.lines().take(expected.len()).collect::<Vec<_>>(), expected);
}

#[test]
fn a_subject_is_compared_with_as_its_config_says() {
    let node = Node::start();
    let registered = |subject: &str, text: &str| node.register(subject, &json!({ "schema": text }));
    registered("s", &record(ID));
    registered("s", &record(&format!("{ID},\n  {{\"name\": \"n\", \"type\": \"int\", \"default\": 0}}")));
    // Compatible with the newest version, and not with the one before.
    let directory = files(&[("new.avsc", &record(&format!("{ID},\n  {{\"name\": \"n\", \"type\": \"int\"}}")))]);
    let url = node.url();
    let ask = |subject: &str, more: &[&str]| {
        check(&directory, &[&["new.avsc", "--subject", subject, "--registry", &url][..], more].concat())
    };
    assert_eq!(ask("s", &[]).good(), "new.avsc is compatible with version 2 of s (BACKWARD)");
    node.put("/config/s", &json!({ "compatibility": "BACKWARD_TRANSITIVE" })).ok();
    let transitive = ask("s", &[]);
    assert_eq!(transitive.status.code(), Some(1));
    assert!(transitive.out.contains("compatible with version 2 of s (BACKWARD_TRANSITIVE)\n"), "{transitive:?}");
    assert!(transitive.out.contains("not compatible with version 1 of s (BACKWARD_TRANSITIVE)\n"), "{transitive:?}");
    assert!(ask("s", &["--level", "backward"]).status.success(), "the level that is named counts");
    // A registry says the same of the whole.
    let verdict = node.post(
        "/compatibility/subjects/s/versions",
        &json!({ "schema": std::fs::read_to_string(directory.path().join("new.avsc")).unwrap() }),
    );
    assert_eq!(verdict.ok(), json!({ "is_compatible": false }));
    assert_eq!(ask("unknown", &[]).good(), "new.avsc has nothing to be compatible with");
    // Of versions that refer to others the texts are fetched.
    registered("inner", r#"{"type": "record", "name": "I", "fields": []}"#);
    let outer = record("  {\"name\": \"i\", \"type\": \"I\"}");
    node.register(
        "outer",
        &json!({ "schema": outer, "references": [{ "name": "I", "subject": "inner", "version": 1 }] }),
    );
    let refused = ask("outer", &["--format", "json"]);
    let report: Value = serde_json::from_str(&refused.out).unwrap();
    let versions: Vec<&Value> =
        report["comparisons"].as_array().unwrap().iter().map(|one| &one["findings"][0]["version"]).collect();
    assert_eq!(versions, [&json!(1)], "{report}");
}

#[test]
fn fields_are_validated_where_the_config_or_a_flag_asks_for_it() {
    let node = Node::start();
    let reserved = json!({ "properties": { "confluent:reserved": "gone" } });
    node.register("s", &json!({ "schema": record(ID), "metadata": reserved }));
    let gone = format!("{ID},\n  {{\"name\": \"gone\", \"type\": \"int\", \"default\": 0}}");
    let price = r#"{"type": "object", "properties": {"$$price": {}}}"#;
    let directory = files(&[("new.avsc", &record(&gone)), ("price.json", price)]);
    let url = node.url();
    let ask =
        |more: &[&str]| check(&directory, &[&["new.avsc", "--subject", "s", "--registry", &url][..], more].concat());
    assert!(ask(&[]).status.success());
    node.put("/config/s", &json!({ "validateFields": true })).ok();
    let message = "The new schema has field that conflicts with the reserved field gone.";
    let refused = ask(&[]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.out.starts_with(&format!("new.avsc: {message}\n")), "{refused:?}");
    for (format, part) in [
        ("json", "\"messages\": ["),
        ("github", "::error file=new.avsc,title=RESERVED_FIELDS::The new schema"),
        ("junit", "tests=\"2\" failures=\"1\""),
        ("sarif", "\"ruleId\": \"RESERVED_FIELDS\""),
    ] {
        let told = ask(&["--format", format]);
        assert!(told.status.code() == Some(1) && told.out.contains(part) && told.out.contains(message), "{told:?}");
    }
    // The registry says the same of a registration.
    let registered = node.post("/subjects/s/versions", &json!({ "schema": record(&gone) }));
    assert!(registered.status == 409 && registered.text.contains(message), "{registered:?}");
    let files = ["price.json", "--against", "price.json"];
    assert!(check(&directory, &files).status.success());
    let named = check(&directory, &[&files[..], &["--validate-fields"]].concat());
    assert_eq!(named.status.code(), Some(2));
    assert!(named.err.contains("Field names cannot start with $$ prefix"), "{named:?}");
}
