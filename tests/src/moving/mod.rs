//! `freehold import` and `export`: the content of one registry in another, whole or in part, once or again.

mod foreign;
mod server;

use crate::authz_support::Bank;
use crate::harness::command::{self, FREEHOLD, Outcome, freehold, run};
use crate::harness::{Node, Transcript, named, schema};
use serde_json::{Value, json};
use server::{forwarded, serve};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};

/// Runs `freehold import` into this registry.
fn import(into: &str, arguments: &[&str]) -> Outcome {
    run(freehold().args(["import", "--url", into]).args(arguments))
}

/// The same for programs: the exit code, and the report.
#[track_caller]
fn reported(into: &str, arguments: &[&str]) -> (i32, Value) {
    let outcome = import(into, &[arguments, &["--format", "json"]].concat());
    let report = serde_json::from_str(&outcome.out).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    (outcome.status.code().unwrap(), report)
}

/// A registry with what there is to move.
fn filled() -> Node {
    let node = Node::start();
    let register = |subject: &str, body: Value| node.register(subject, &body);
    let record = |fields: Value| json!({ "type": "record", "name": "Order", "namespace": "shop", "fields": fields });
    let id = json!({ "name": "id", "type": "long" });
    register("orders-value", schema(&record(json!([id]))));
    let mut second = schema(&record(json!([id, { "name": "n", "type": "int", "default": 0 }])));
    second["metadata"] = json!({ "properties": { "owner": "shop" }, "tags": { "shop.Order.id": ["PII"] } });
    second["ruleSet"] = json!({ "domainRules": [
        { "name": "positive", "kind": "CONDITION", "type": "CEL", "mode": "WRITE", "expr": "message.id > 0" },
    ] });
    register("orders-value", second);
    node.delete("/subjects/orders-value/versions/1").ok();
    register("gone", named("Gone"));
    node.delete("/subjects/gone").ok();
    let uses = json!({ "type": "record", "name": "Uses", "fields": [{ "name": "o", "type": "shop.Order" }] });
    // By name it comes before what it refers to.
    register(
        "a-uses",
        json!({
            "schema": uses.to_string(),
            "references": [{ "name": "shop.Order", "subject": "orders-value", "version": 2 }],
        }),
    );
    let typed = |language: &str, text: &str, references: Value| json!({ "schemaType": language, "schema": text, "references": references });
    register("common.json", typed("JSON", r#"{"$id":"common.json","type":"string"}"#, json!([])));
    register(
        "json-value",
        typed(
            "JSON",
            r#"{"type":"object","properties":{"a":{"$ref":"common.json"}}}"#,
            json!([{ "name": "common.json", "subject": "common.json", "version": 1 }]),
        ),
    );
    register("other.proto", typed("PROTOBUF", "syntax = \"proto3\"; message Other { string name = 1; }", json!([])));
    register(
        "main",
        typed(
            "PROTOBUF",
            "syntax = \"proto3\"; import \"other.proto\"; message Main { Other other = 1; }",
            json!([{ "name": "other.proto", "subject": "other.proto", "version": 1 }]),
        ),
    );
    register(":.eu:orders%2F..%2Fx", named("Eu"));
    node.put("/config", &json!({ "compatibility": "FORWARD" })).ok();
    node.put("/config/:.eu:", &json!({ "compatibility": "NONE" })).ok();
    node.put("/config/orders-value", &json!({ "compatibility": "FULL", "validateFields": true })).ok();
    node.put("/config/old-orders", &json!({ "alias": "orders-value" })).ok();
    node.put("/mode/json-value", &json!({ "mode": "READONLY" })).ok();
    node
}

/// Everything that a registry shows of its content, but for the times.
fn shown(node: &Node) -> Value {
    let mut schemas = node.get("/schemas?subjectPrefix=:*:&deleted=true").ok();
    for item in schemas.as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("ts");
    }
    let settings = |kind: &str| -> Vec<(u16, String)> {
        let scopes =
            ["", "/:.eu:", "/orders-value", "/old-orders", "/json-value", "/gone", "/a-uses", "/:.eu:orders%2F..%2Fx"];
        let answers = scopes.map(|scope| node.get(&format!("/{kind}{scope}")));
        answers.into_iter().map(|answer| (answer.status, answer.text)).collect()
    };
    json!({
        "schemas": schemas,
        "live": node.get("/subjects?subjectPrefix=:*:").ok(),
        "contexts": node.get("/contexts").ok(),
        "config": settings("config"),
        "mode": settings("mode"),
    })
}

#[test]
fn a_registry_is_copied_whole_and_once() {
    let (source, destination) = (filled(), Node::start());
    let (code, dry) = reported(&destination.url(), &["--from", &source.url(), "--dry-run"]);
    assert_eq!((code, &dry["registered"], &dry["softDeleted"]), (0, &json!(9), &json!(2)), "{dry:#}");
    assert_eq!(destination.get("/subjects?deleted=true").ok(), json!([]), "a dry run changes nothing");
    assert_eq!(destination.get("/config").ok()["compatibilityLevel"], "BACKWARD");

    let (code, report) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!(code, 0, "{report:#}");
    for (member, expected) in [("registered", 9), ("softDeleted", 2), ("same", 0), ("configs", 4), ("modes", 1)] {
        assert_eq!((member, &report[member], &dry[member]), (member, &json!(expected), &json!(expected)));
    }
    assert_eq!(report["complete"], true);
    assert_eq!(shown(&destination), shown(&source));
    assert_eq!(destination.get("/mode/a-uses").status, 404, "the mode is set back");

    let changes = destination.get("/metrics").text;
    let (code, again) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!((code, &again["registered"], &again["same"], &again["configs"]), (0, &json!(0), &json!(9), &json!(0)));
    let writes = |metrics: &str| -> Vec<String> {
        let counted = metrics.lines().filter(|line| line.starts_with("freehold_commits_total"));
        counted.map(str::to_owned).collect()
    };
    assert_eq!(writes(&destination.get("/metrics").text), writes(&changes), "the second run writes nothing");
    let text = import(&destination.url(), &["--from", &source.url()]).good();
    assert!(
        text.contains("9 versions of 8 subjects") && text.contains("0 versions registered, 9 there already"),
        "{text}"
    );
}

#[test]
fn what_changed_in_between_follows_and_a_part_is_a_part() {
    let (source, destination) = (filled(), Node::start());
    let (code, report) = reported(&destination.url(), &["--from", &source.url(), "--prefix", ":.eu:"]);
    assert_eq!((code, &report["registered"], &report["configs"]), (0, &json!(1), &json!(1)), "{report:#}");
    let (code, report) = reported(&destination.url(), &["--from", &source.url(), "--prefix", "a-"]);
    assert_eq!((code, &report["collisions"][0]["kind"]), (1, &json!("reference")), "{report:#}");
    let (code, _) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!(code, 0);
    source.register("later", &named("Later"));
    source.delete("/subjects/main").ok();
    let (code, report) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!((code, &report["registered"], &report["softDeleted"]), (0, &json!(1), &json!(1)), "{report:#}");
    assert_eq!(shown(&destination), shown(&source));
}

#[test]
fn what_stands_in_the_way_stays_and_is_reported() {
    let (source, destination) = (filled(), Node::start());
    destination.register("theirs", &named("Theirs"));
    destination.put("/config", &json!({ "compatibility": "NONE" })).ok();
    let before = destination.get("/schemas?deleted=true").ok();
    let outcome = import(&destination.url(), &["--from", &source.url(), "--dry-run"]);
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    let held = "collision: orders-value version 1: id 1 is held there by other content, that of theirs version 1";
    let config = "collision: the whole registry: its config is {\"compatibilityLevel\":\"NONE\"} there, and";
    assert!(outcome.out.contains(held) && outcome.out.contains(config), "{}", outcome.out);
    assert_eq!(destination.get("/schemas?deleted=true").ok(), before);

    let (code, report) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!((code, &report["registered"], &report["complete"]), (1, &json!(8), &json!(false)), "{report:#}");
    let found = report["collisions"].as_array().unwrap().iter().find(|found| found["kind"] == "id").unwrap();
    assert_eq!((&found["subject"], &found["version"], &found["id"]), (&json!("orders-value"), &json!(1), &json!(1)));
    assert_eq!(destination.get("/subjects/theirs/versions/1").ok()["id"], 1);
    assert_eq!(destination.get("/config").ok()["compatibilityLevel"], "NONE");
    reported(&destination.url(), &["--from", &source.url(), "--overwrite"]);
    assert_eq!(destination.get("/config").ok()["compatibilityLevel"], "FORWARD");
}

#[test]
fn an_import_that_was_stopped_goes_on() {
    let (source, destination) = (Node::start(), Node::start());
    for number in 0..40 {
        source.register(&format!("s{number}"), &named(&format!("R{number}")));
    }
    // From the tenth registration on, requests wait until the import knows that it is to stop.
    let (reached, when_reached) = channel();
    let gate = Arc::new((Mutex::new((0, false)), Condvar::new()));
    let (door, url) = (Arc::clone(&gate), destination.url());
    let front = serve(move |request| {
        if request.method == "POST" {
            let mut state = door.0.lock().unwrap();
            state.0 += 1;
            if state.0 == 10 {
                reached.send(()).unwrap();
            }
            while state.0 >= 10 && !state.1 {
                state = door.1.wait(state).unwrap();
            }
        }
        forwarded(&url, request)
    });
    let mut command = freehold();
    command.args(["import", "--from", &source.url(), "--url", &front]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = Transcript::of(child.stderr.take().unwrap());
    when_reached.recv().unwrap();
    command::signal(child.id(), "INT");
    said.wait_for(|line| line.contains("stopping")).unwrap();
    gate.0.lock().unwrap().1 = true;
    gate.1.notify_all();
    let outcome = child.wait_with_output().unwrap();
    let text = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!(outcome.status.code(), Some(130), "{text}");
    assert!(text.contains("stopped before the end: run it again to go on"), "{text}");
    let moved = destination.get("/subjects").ok().as_array().unwrap().len();
    assert!((9..40).contains(&moved), "{moved}");
    for number in 0..40 {
        assert_eq!(destination.get(&format!("/mode/s{number}")).status, 404, "the mode of s{number} is set back");
    }
    let (code, report) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!((code, &report["registered"], &report["same"]), (0, &json!(40 - moved), &json!(moved)), "{report:#}");
    assert_eq!(shown(&destination)["schemas"], shown(&source)["schemas"]);
}

#[test]
fn an_import_that_was_killed_is_tidied_up_by_the_next() {
    let (source, destination) = (Node::start(), Node::start());
    source.register("s", &named("R"));
    reported(&destination.url(), &["--from", &source.url()]);
    destination.put("/mode/s?force=true", &json!({ "mode": "IMPORT" })).ok();
    let (code, report) = reported(&destination.url(), &["--from", &source.url()]);
    assert_eq!((code, &report["modes"]), (0, &json!(1)), "{report:#}");
    assert!(report["notes"].to_string().contains("as an import that was killed leaves it"), "{report:#}");
    assert_eq!(destination.get("/mode/s").status, 404);
}

#[test]
fn a_terminal_is_shown_a_bar_and_a_file_lines() {
    let (source, destination) = (filled(), Node::start());
    let (from, into) = (source.url(), destination.url());
    let import = ["import", "--from", &from, "--url", &into];
    let mut command = command::isolated("python3");
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/terminal.py"));
    let shown = run(command.arg(FREEHOLD).args(import).arg("--")).good();
    assert!(shown.contains("registering in") && shown.contains("\u{1b}[2K"), "{shown:?}");
    assert!(shown.contains("9 versions registered"), "{shown:?}");
    let lines = run(freehold().args(import));
    assert!(lines.err.contains(&format!("reading {from}: 9\n")) && !lines.err.contains('\u{1b}'), "{lines:?}");
    assert_eq!(lines.out.lines().count(), 1, "{lines:?}");
}

#[test]
fn a_tree_of_files_holds_all_of_it() {
    let (source, destination) = (filled(), Node::start());
    let directory = tempfile::tempdir().unwrap();
    let tree = directory.path().join("schemas");
    let export = |arguments: &[&str]| {
        let mut command = freehold();
        run(command.arg("export").arg(&tree).args(["--url", &source.url()]).args(arguments))
    };
    let text = export(&[]).good();
    assert!(text.contains("8 subjects, 9 versions (2 soft-deleted)"), "{text}");
    let laid_out = std::fs::read_to_string(tree.join("subjects/orders-value/2.avsc")).unwrap();
    assert!(laid_out.contains("\n  \"name\": \"Order\",\n"), "{laid_out}");
    let report: Value = serde_json::from_str(&export(&["--format", "json"]).good()).unwrap();
    assert_eq!((&report["versions"], &report["complete"]), (&json!(9), &json!(true)));

    let from = ["--dir", tree.to_str().unwrap()];
    let (code, dry) = reported(&destination.url(), &[&from[..], &["--dry-run"]].concat());
    assert_eq!((code, &dry["registered"]), (0, &json!(9)), "{dry:#}");
    let (code, report) = reported(&destination.url(), &from);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(shown(&destination), shown(&source));
    let (code, again) = reported(&destination.url(), &from);
    assert_eq!((code, &again["registered"], &again["same"]), (0, &json!(0), &json!(9)), "{again:#}");

    std::fs::write(tree.join("subjects/orders-value/2.avsc"), "{").unwrap();
    let outcome = import(&destination.url(), &from);
    assert_eq!(outcome.status.code(), Some(2));
    assert!(outcome.bad().contains("subjects/orders-value/2.avsc: "));
}

#[test]
fn a_destination_that_may_not_be_written_is_told_of() {
    let (source, destination) = (filled(), Node::start());
    destination.put("/mode", &json!({ "mode": "READONLY" })).ok();
    let outcome = import(&destination.url(), &["--from", &source.url(), "--prefix", ":.:orders"]);
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    let sentence = "collision: orders-value: its mode is READONLY there, and nothing is written to it; set READWRITE or IMPORT first";
    assert!(outcome.out.contains(sentence), "{}", outcome.out);
    assert_eq!(destination.get("/subjects?deleted=true").ok(), json!([]));
}

#[test]
fn rights_are_those_of_whoever_asks() {
    let (bank, source) = (Bank::settled(&[]), Node::start());
    for (subject, id) in [(":.whole:new", 70), ("unowned", 71)] {
        source.put(&format!("/mode/{subject}"), &json!({ "mode": "IMPORT" })).ok();
        let mut body = named(&format!("N{id}"));
        (body["id"], body["version"]) = (id.into(), 1.into());
        source.register(subject, &body);
        source.delete(&format!("/mode/{subject}")).ok();
    }
    let url = bank.node.url();
    let import_as = |name: &str, password: &str, more: &[&str]| {
        let mut command = freehold();
        command.args(["import", "--from", &source.url(), "--url", &url, "--user", name]).args(more);
        run(command.env("FREEHOLD_PASSWORD", password))
    };
    let wrong = import_as("cora", "not this one", &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.err.contains("(401)") && !wrong.err.contains("not this one"), "{wrong:?}");
    // Whoever owns a whole context may import into it.
    let dry = import_as("cora", "cora", &["--dry-run"]);
    assert!(dry.status.code() == Some(1) && dry.out.contains("would be refused: unowned: User is denied"), "{dry:?}");
    let refused = import_as("cora", "cora", &[]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let parts = ["refused: unowned: User is denied", "(403)", "1 version registered", "1 refused"];
    assert!(parts.iter().all(|part| refused.out.contains(part)), "{refused:?}");
    assert_eq!(bank.node.get("/subjects/:.whole:new/versions/1").ok()["id"], 70);
    assert_eq!(bank.node.get("/mode/:.whole:new").status, 404);
    let part = import_as("cora", "cora", &["--namespace", "whole"]);
    assert!(part.status.success() && part.out.contains("1 version of 1 subject"), "{part:?}");
    let nobody = import_as("cora", "cora", &["--namespace", "nobody"]);
    assert!(nobody.status.code() == Some(2) && nobody.err.contains("has no namespace of that name"), "{nobody:?}");
    assert!(import_as("ada", "ada", &[]).status.success());
    assert_eq!(bank.node.get("/subjects/unowned/versions/1").ok()["id"], 71);
}

#[test]
fn the_source_is_told_a_password_of_its_own() {
    let (bank, destination) = (Bank::settled(&[]), Node::start());
    let import = |password: &str| {
        let mut command = freehold();
        command.args(["import", "--from", &bank.node.url(), "--url", &destination.url(), "--from-user", "ada"]);
        run(command.env("FREEHOLD_FROM_PASSWORD", password).env("FREEHOLD_PASSWORD", "ada"))
    };
    assert!(import("wrong").bad().contains("(401)"));
    assert!(import("ada").good().contains("2 versions registered"));
}
