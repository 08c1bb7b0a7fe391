//! Plans as tables: two registries in short notation, and what is to be done.

use super::inventory::{Inventory, Settings, version};
use super::plan::{Overwrite, Plan, Step, plan};
use model::Subject;
use serde_json::{Value, json};

/// A registry: `s1=7:int` is version 1 of s, with id 7 and the Avro type int; `-` before it, soft-deleted; `>t2` behind it, with
/// a reference to version 2 of t. `s!{…}` is a config, `s@MODE` a mode.
fn registry(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    for word in text.split_whitespace() {
        let settings = |inventory: &mut Inventory, scope: &str, change: &dyn Fn(&mut Settings)| {
            change(inventory.settings.entry(Subject::parse(scope)).or_default());
        };
        if let Some((scope, mode)) = word.split_once('@') {
            settings(&mut inventory, scope, &|own| own.mode = Some(mode.to_owned()));
        } else if let Some((scope, config)) = word.split_once('!') {
            let config: Value = serde_json::from_str(config).unwrap();
            settings(&mut inventory, scope, &|own| own.config = config.as_object().cloned());
        } else {
            let deleted = word.starts_with('-');
            let (key, content) = word.trim_start_matches('-').split_once('=').unwrap();
            let (id, content) = content.split_once(':').unwrap();
            let (avro, target) = content.split_once('>').unwrap_or((content, ""));
            let split =
                |text: &str| (text[..text.len() - 1].to_owned(), text[text.len() - 1..].parse::<i32>().unwrap());
            let (subject, number) = split(key);
            let references = (!target.is_empty()).then(|| split(target)).into_iter();
            let references: Vec<Value> = references
                .map(|(subject, version)| json!({ "name": "x", "subject": subject, "version": version }))
                .collect();
            let answer = json!({
                "subject": subject, "version": number, "id": id.parse::<i32>().unwrap(), "schema": format!("{avro:?}"),
                "deleted": deleted, "references": references,
            });
            let (key, entry, _) = version(&answer).unwrap();
            inventory.versions.insert(key, entry);
        }
    }
    inventory
}

fn shown(plan: &Plan) -> String {
    let step = |step: &Step| match step {
        Step::Register((subject, number)) => format!("+{subject}{number}"),
        Step::Delete((subject, number)) => format!("-{subject}{number}"),
        Step::Config(scope, body) => format!("{scope}!{body}"),
        Step::Mode(scope, mode) => format!("{scope}@{}", mode.as_deref().unwrap_or("none")),
    };
    plan.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(source: &str, destination: &str, steps: &str, collisions: &[&str]) {
    let plan = plan(&registry(source), &registry(destination), Overwrite::No);
    let found: Vec<String> =
        plan.collisions.iter().map(|found| format!("{} {}", found.kind.as_str(), found.message)).collect();
    assert_eq!(
        (shown(&plan).as_str(), found.as_slice()),
        (steps, collisions.iter().map(|&s| s.to_owned()).collect::<Vec<_>>().as_slice())
    );
}

#[test]
fn what_is_missing_is_registered_in_order_and_deleted_in_reverse() {
    check("a1=1:int a2=2:long b1=3:string", "", "+a1 +a2 +b1", &[]);
    check("-a1=2:int>b1 -b1=1:long -b2=3:string", "", "+b1 +a1 +b2 -b2 -a1 -b1", &[]);
    check("a1=1:int", "a1=1:int b7=9:long", "", &[]);
}

#[test]
fn a_version_that_is_there_only_changes_how_it_stands() {
    check("-a1=1:int", "a1=1:int", "-a1", &[]);
    check("a1=1:int", "-a1=1:int", "+a1", &[]);
    check("-a1=1:int", "-a1=1:int", "", &[]);
    let same = plan(&registry("a1=1:int -a2=2:long"), &registry("a1=1:int a2=2:long"), Overwrite::No).same;
    assert_eq!(same, 2);
}

#[test]
fn what_is_taken_stays_and_is_reported() {
    check("a1=1:int", "a1=1:long", "", &["version a version 1: it is there with other content, under id 1 (1 here)"]);
    check("a1=1:int", "a1=2:int", "", &["version a version 1: it is there under id 2 (1 here)"]);
    check(
        "a1=1:int a2=2:long",
        "b3=1:string",
        "+a2",
        &["id a version 1: id 1 is held there by other content, that of b version 3"],
    );
    check("a1=1:int", "b3=1:int", "+a1", &[]);
    // Ids are those of a context.
    check("a1=1:int", ":.c:b3=1:string", "+a1", &[]);
    check(
        "a1=1:int b1=1:long",
        "",
        "+a1",
        &["id b version 1: id 1 is held in the source itself by other content, that of a version 1"],
    );
}

#[test]
fn what_refers_to_something_that_is_not_brought_is_not_brought_either() {
    let not_brought = "reference a version 1: it refers to b version 1, which is not brought itself";
    check(
        "a1=2:int>b1 b1=1:long",
        "c1=1:string",
        "",
        &["id b version 1: id 1 is held there by other content, that of c version 1", not_brought],
    );
    let missing = "reference a version 1: it refers to b version 1, which is neither there nor in what is moved";
    check("a1=2:int>b1", "", "", &[missing]);
    check("a1=2:int>b1", "b1=9:string", "+a1", &[]);
    // The reference is of the referrer's context.
    check(
        ":.c:a1=2:int>b1",
        "b1=9:string",
        "",
        &["reference :.c:a version 1: it refers to :.c:b version 1, which is neither there nor in what is moved"],
    );
    check(
        "a1=2:int>b1 b1=1:int>a1",
        "",
        "",
        &[
            "reference a version 1: it refers to itself, through others or not",
            "reference b version 1: it refers to itself, through others or not",
        ],
    );
    check("a1=2:int>b1", "a1=2:int>b1", "", &[]);
}

#[test]
fn an_alias_is_not_written_through() {
    check(
        "a1=1:int b1=2:long",
        r#"a!{"alias":"z"}"#,
        "+b1",
        &["alias a: it is an alias of z there, and its own versions cannot be written"],
    );
    check("a1=1:int", r#"a1=1:int a!{"alias":"z"}"#, "", &[]);
    check(r#"a1=1:int a!{"alias":"z"}"#, "", r#"+a1 a!{"alias":"z"}"#, &[]);
}

#[test]
fn configs_and_modes_come_last_and_overwrite_nothing_unasked() {
    check(
        r#"a1=1:int !{"compatibilityLevel":"FULL"} @READONLY a!{"alias":"z"} b!{"normalize":true}"#,
        "",
        r#"+a1 !{"compatibility":"FULL"} a!{"alias":"z"} b!{"normalize":true} @READONLY"#,
        &[],
    );
    check(r#"!{"compatibilityLevel":"FULL"} @READONLY"#, r#"!{"compatibilityLevel":"FULL"} @READONLY"#, "", &[]);
    let (source, destination) = (
        r#"a!{"compatibilityLevel":"FULL"} a@READONLY"#,
        r#"a!{"compatibilityLevel":"NONE","normalize":true} a@READWRITE"#,
    );
    check(
        source,
        destination,
        "",
        &[
            r#"config a: its config is {"compatibilityLevel":"NONE","normalize":true} there, and {"compatibilityLevel":"FULL"} here"#,
            r#"mode a: its mode is "READWRITE" there, and "READONLY" here"#,
        ],
    );
    let overwritten = plan(&registry(source), &registry(destination), Overwrite::Yes);
    assert_eq!(shown(&overwritten), r#"a!{"compatibility":"FULL","normalize":null} a@READONLY"#);
    // What the source says nothing about stays.
    check("a1=1:int", r#"a1=1:int a!{"normalize":true} a@READONLY :.c:@IMPORT"#, "", &[]);
}

#[test]
fn a_mode_that_a_killed_import_left_is_removed() {
    check("a1=1:int", "a1=1:int a@IMPORT", "a@none", &[]);
    check("a1=1:int a@READONLY", "a1=1:int a@IMPORT", "a@READONLY", &[]);
    check("a1=1:int", "a1=1:int @IMPORT b@IMPORT", "", &[]);
}

#[test]
fn what_may_not_be_written_is_left_alone() {
    let read_only = "its mode is READONLY there, and nothing is written to it; set READWRITE or IMPORT first";
    let a = format!("read-only a: {read_only}");
    check("a1=1:int a2=2:long b1=3:string", "a@READONLY", "+b1", &[&a]);
    check("a1=1:int", "@READONLY", "", &[&a]);
    check("-a1=1:int", "a1=1:int @READONLY", "", &[&a]);
    check("a1=1:int", "@READONLY a@READWRITE", "+a1", &[]);
    check("a1=1:int", "a1=1:int @READONLY", "", &[]);
    let config = format!("read-only context .c: {read_only}");
    check(r#":.c:!{"normalize":true}"#, ":.c:@READONLY", "", &[&config]);
}

#[test]
fn what_a_registry_starts_with_was_chosen_by_nobody() {
    let initial = r#"!{"compatibilityLevel":"BACKWARD"} @READWRITE"#;
    check(r#"!{"compatibilityLevel":"FULL"} @READONLY"#, initial, r#"!{"compatibility":"FULL"} @READONLY"#, &[]);
    check(initial, initial, "", &[]);
    let chosen = r#"config the whole registry: its config is {"compatibilityLevel":"FULL"} there, and {"compatibilityLevel":"BACKWARD"} here"#;
    check(initial, r#"!{"compatibilityLevel":"FULL"} @READWRITE"#, "", &[chosen]);
    // Members that nobody can set do not count.
    check(r#"a!{"normalize":true,"ofTheirOwn":1}"#, r#"a!{"normalize":true}"#, "", &[]);
}
