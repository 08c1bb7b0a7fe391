//! Two teams on one registry, by files and by requests, as an operator's tour would go.

use crate::authz_support::{Bank, namespaces};
use crate::harness::command::{Outcome, freehold, run};
use crate::harness::{named, wait};
use serde_json::{Map, Value, json};

#[test]
fn land_passes_by_offer_and_acceptance_and_never_unnoticed() {
    let bank = Bank::settled(&[]);
    bank.register("alice", "payments.cards-value", "Card");
    let cards = json!({ "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/cards", Some(&cards)).status, 201);
    let take = "/namespaces/cards/claims/payments.cards";
    assert_eq!(bank.send("mona", "PUT", take, None).error_code(), 40920);
    let offer = json!({ "to": "cards" });
    bank.send("alice", "PUT", "/namespaces/payments/offers/payments.cards", Some(&offer)).ok();
    let listed = bank.send("mona", "PUT", take, None);
    assert_eq!(listed.error_code(), 40922);
    assert!(listed.text.contains("payments.cards-value (payments to cards)"), "{listed:?}");
    bank.send("mona", "PUT", &format!("{take}?confirm=true"), None).ok();
    assert_eq!(bank.node.get("/namespaces/cards/subjects").ok(), json!(["payments.cards-value"]));
    assert_eq!(bank.send("alice", "DELETE", "/subjects/payments.cards-value", None).error_code(), 40301);
    assert_eq!(bank.node.get("/namespaces/payments").ok()["offers"], json!(null));
    assert_eq!(bank.send("ada", "DELETE", "/namespaces/cards", None).error_code(), 40921);
    let both = bank.send("alice", "GET", "/namespaces/payments/audit?limit=1", None).ok();
    assert_eq!(both["entries"][0]["operation"], "namespaces.claims.put", "whoever gives a claim up sees it: {both}");
}

#[test]
fn a_change_that_was_not_seen_is_not_overwritten() {
    let bank = Bank::settled(&[]);
    let seen = bank.node.get("/namespaces/payments");
    let tag = seen.header("etag").unwrap().to_owned();
    bank.send("alice", "PUT", "/namespaces/payments/labels", Some(&json!({ "tier": "1" }))).ok();
    let credential = crate::authz_support::basic("alice", "alice");
    let headers = [("If-Match", tag.as_str()), ("Authorization", &credential), ("Content-Type", conformance::JSON)];
    let body = namespaces()[0].1.to_string();
    let answer = bank.node.caller().send("PUT", "/namespaces/payments", &headers, Some(body.as_bytes()));
    assert_eq!(answer.error_code(), 412);
}

/// Runs `freehold namespace` against a bank, as somebody; an empty name is nobody.
fn namespace(bank: &Bank, arguments: &[&str], user: &str) -> Outcome {
    let mut command = freehold();
    command.arg("namespace").args(arguments).args(["--url", &bank.node.url()]);
    if !user.is_empty() {
        command.args(["--user", user]).env("FREEHOLD_PASSWORD", user);
    }
    run(&mut command)
}

#[test]
fn files_are_applied_by_whoever_owns_them_and_by_nobody_else() {
    let bank = Bank::settled(&[]);
    let directory = tempfile::tempdir().unwrap();
    let exported = namespace(&bank, &["export"], "stranger").good();
    let file = directory.path().join("all.yaml");
    std::fs::write(&file, &exported).unwrap();
    let files = directory.path().to_str().unwrap();
    let plan = ["plan", "-f", files, "--exit-code"];
    let same = "nothing to change: 3 as their files say";
    assert_eq!(namespace(&bank, &plan, "alice").good().trim(), same);
    std::fs::write(&file, exported.replace("#payments", "#pay")).unwrap();
    let planned = namespace(&bank, &plan, "alice");
    assert_eq!(planned.status.code(), Some(2), "{}", planned.err);
    assert!(planned.out.contains("~ payments\n    ~ contact #payments -> #pay\n"), "{}", planned.out);
    assert!(planned.out.trim_end().ends_with("namespaces: 1 to change, 2 as their files say"), "{}", planned.out);
    let listed = namespace(&bank, &["plan", "-f", files, "--format", "json"], "alice").good();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let change = json!({ "what": "contact", "key": null, "from": "#payments", "to": "#pay" });
    assert_eq!(listed["namespaces"][0]["changes"], json!([change]));
    assert_eq!(listed["summary"], json!({ "same": 2, "create": 0, "change": 1, "refused": 0 }));
    namespace(&bank, &["apply", "-f", files], "alice").good();
    assert_eq!(bank.node.get("/namespaces/payments").ok()["contact"], "#pay");
    assert_eq!(namespace(&bank, &["apply", "-f", files], "alice").good().trim(), same);

    // What is somebody else's to change makes it fail, and does not keep the rest from being changed.
    let both = exported.replace("#payments", "#paid").replace("name: whole", "name: whole\ncontact: x");
    std::fs::write(&file, both).unwrap();
    #[track_caller]
    fn fails(outcome: &Outcome, parts: &[&str]) {
        assert_eq!(outcome.status.code(), Some(1), "{}{}", outcome.out, outcome.err);
        parts.iter().for_each(|part| assert!(outcome.err.contains(part), "{part}: {}", outcome.err));
        assert!(!outcome.out.contains("nothing to change"), "{}", outcome.out);
    }
    let applied = namespace(&bank, &["apply", "-f", files], "alice");
    fails(&applied, &["whole differs from its file and is not yours to change: "]);
    assert!(applied.out.contains("1 changed, 1 not yours to change, 1 as its file says"), "{}", applied.out);
    assert_eq!(bank.node.get("/namespaces/payments").ok()["contact"], "#paid");
    assert_eq!(bank.node.get("/namespaces/whole").ok()["contact"], json!(null));
    fails(&namespace(&bank, &plan, "alice"), &["whole differs"]);
    // Whoever has no rights, or says no name, hears why.
    std::fs::write(&file, exported).unwrap();
    for user in ["stranger", ""] {
        for verb in ["plan", "apply"] {
            fails(&namespace(&bank, &[verb, "-f", files], user), &["payments differs from its file and is not yours"]);
        }
    }
}

#[test]
fn hostile_texts_come_back_from_an_export() {
    let bank = Bank::settled(&[]);
    let texts = ["no", "null", "1e3", " lead", "a: b", "\"'\\", "\u{202e}x\u{2028}", "<<", "- a", "#", "\u{1f600}"];
    let labels: Map<String, Value> = texts.iter().map(|text| ((*text).to_owned(), json!(text))).collect();
    bank.send("alice", "PUT", "/namespaces/payments/labels", Some(&Value::Object(labels))).ok();
    let claims = json!({ "claims": ["=\"q\": 'r'", "null", "=1e3", ":.no:", "= lead", "\u{e4}#\u{1f600}"] });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/odd", Some(&claims)).status, 201);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("all.yaml");
    std::fs::write(&file, namespace(&bank, &["export"], "").good()).unwrap();
    let planned = namespace(&bank, &["plan", "--exit-code", "-f", file.to_str().unwrap()], "").good();
    assert_eq!(planned.trim(), "nothing to change: 4 as their files say");
}

#[test]
fn the_audit_has_every_change_and_refusal_here_and_in_its_sink() {
    let directory = tempfile::tempdir().unwrap();
    let sink = directory.path().join("audit.log");
    let bank = Bank::settled(&["--audit-sink", sink.to_str().unwrap(), "--audit-required"]);
    assert_eq!(bank.send("stranger", "POST", "/subjects/payments-value/versions", Some(&named("X"))).status, 403);
    let decisions = bank.audit("wim", "payments");
    assert_eq!(decisions.len(), 3, "{decisions:?}");
    assert_eq!(decisions[0]["principal"], "user:basic/stranger");
    assert_eq!(bank.send("stranger", "GET", "/namespaces/payments/audit", None).error_code(), 40301);
    let lines = wait::until("the sink has the same", || {
        let text = std::fs::read_to_string(&sink).ok()?;
        text.contains("user:basic/stranger").then_some(text)
    });
    assert!(!lines.contains("argon2") && !lines.to_lowercase().contains("basic "), "{lines}");
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines}");
}

#[test]
fn where_the_audit_is_required_nothing_changes_without_it() {
    // Every write to this file fails, as on a full disk.
    let bank = Bank::with(&["--audit-sink", "/dev/full", "--audit-required"]);
    wait::until("changes are refused", || {
        let answer = bank.send("ada", "PUT", "/namespaces/a", Some(&json!({ "labels": { "n": "1" } })));
        (answer.status == 503).then_some(()).or_else(|| {
            bank.send("ada", "PUT", "/namespaces/a", Some(&json!({}))).json();
            None
        })
    });
    bank.node.get("/subjects").ok();
    let metrics = bank.node.get("/metrics").text;
    assert!(!metrics.contains("freehold_audit_sink_failures_total 0"), "{metrics}");
}
