//! Who may associate a subject with a topic. Every client in its default configuration asks the associations of its topic first,
//! so whoever could associate his subject with another team's topic would redirect its producers.

use crate::authz_support::Bank;
use crate::harness::Answer;
use serde_json::{Value, json};

/// What a topic's clients are told, which anybody may ask.
#[track_caller]
fn subjects_of(bank: &Bank, topic: &str) -> Vec<String> {
    let listed = bank.node.get(&format!("/associations/resources/-/{topic}?resourceType=topic&limit=-1")).ok();
    listed.as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect()
}

fn weak(topic: &str, id: &str, subject: &str) -> Value {
    let associations = json!([{ "subject": subject, "associationType": "value" }]);
    json!({ "resourceName": topic, "resourceNamespace": "lkc", "resourceId": id, "associations": associations })
}

fn strong(topic: &str, id: &str) -> Value {
    let associations = json!([{ "associationType": "value", "schema": { "schema": "\"long\"" } }]);
    json!({ "resourceName": topic, "resourceNamespace": "lkc", "resourceId": id, "associations": associations })
}

/// A settled bank, and a namespace `guest` that mona owns, with a subject.
fn with_guest() -> Bank {
    let bank = Bank::settled(&[]);
    let guest = json!({ "claims": ["guest"], "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/guest", Some(&guest)).status, 201);
    bank.register("mona", "guest-value", "Guest");
    bank
}

#[track_caller]
fn check_denied(answer: &Answer, what: &str) {
    assert_eq!(answer.error_code(), 40301, "{answer:?}");
    assert!(answer.text.contains(&format!("denied operation Write on {what} (")), "{answer:?}");
}

#[test]
fn nobody_redirects_the_producers_of_another_team() {
    let bank = with_guest();
    let post = |who: &str, body: &Value| bank.send(who, "POST", "/associations", Some(body));
    let put =
        |who: &str, id: &str, body: &Value| bank.send(who, "PUT", &format!("/associations/resources/{id}"), Some(body));
    check_denied(&post("mona", &weak("payments", "1", "guest-value")), "Topic: payments");
    check_denied(&put("mona", "1", &weak("payments", "1", "guest-value")), "Topic: payments");
    check_denied(&post("mona", &weak("guest", "1", "payments-value")), "Subject: payments-value");
    check_denied(&post("mona", &weak("guest", "1", ":.:payments-value")), "Subject: payments-value");
    // Not even what there is to say about it otherwise.
    check_denied(&post("mona", &weak("payments", "1", "guest-missing")), "Topic: payments");
    check_denied(&post("mona", &strong("payments", "1")), "Subject: :.lkc:payments-value");
    assert_eq!(post("", &weak("guest", "1", "guest-value")).error_code(), 40101);
    assert_eq!(subjects_of(&bank, "payments"), [""; 0]);

    post("wim", &weak("payments", "p-1", "payments-value")).ok();
    assert_eq!(subjects_of(&bank, "payments"), ["payments-value"]);
    // Neither by the id of their topic, nor by taking its association over, nor by ending it.
    let taken = weak("guest", "p-1", "guest-value");
    assert_eq!(put("mona", "p-1", &taken).error_code(), 42212);
    check_denied(&put("mona", "p-2", &weak("payments", "p-2", "payments-value")), "Subject: payments-value");
    let end = bank.send("mona", "DELETE", "/associations/resources/p-1", None);
    check_denied(&end, "Subject: payments-value");
    assert_eq!(bank.send("", "DELETE", "/associations/resources/p-1", None).error_code(), 40101);
    assert_eq!(subjects_of(&bank, "payments"), ["payments-value"]);
    assert_eq!(bank.send("wim", "DELETE", "/associations/resources/p-1", None).status, 204);
    assert_eq!(subjects_of(&bank, "payments"), [""; 0]);
}

#[test]
fn either_side_ends_what_binds_it_once_the_other_has_passed_on() {
    let bank = with_guest();
    let shared =
        |claims: Value, owner: &str| json!({ "claims": claims, "members": { format!("user:basic/{owner}"): "owner" } });
    let put = |name: &str, body: &Value| {
        bank.send("ada", "PUT", &format!("/namespaces/{name}?confirm=true"), Some(body)).ok();
    };
    put("payments", &shared(json!(["payments", "shared"]), "alice"));
    for kind in ["key", "value"] {
        bank.register("alice", &format!("shared-{kind}"), "Shared");
    }
    let mut both = weak("payments", "p-1", "shared-value");
    both["associations"].as_array_mut().unwrap().push(json!({ "subject": "shared-key", "associationType": "key" }));
    bank.send("alice", "POST", "/associations", Some(&both)).ok();
    put("payments", &shared(json!(["payments"]), "alice"));
    put("guest", &shared(json!(["guest", "shared"]), "mona"));

    let end = |who: &str, kind: &str| {
        let target = format!("/associations/resources/p-1?associationType={kind}");
        bank.send(who, "DELETE", &target, None)
    };
    check_denied(&end("cora", "value"), "Subject: shared-value");
    // Making one still takes both.
    let remade = weak("payments", "p-2", "shared-value");
    check_denied(&bank.send("mona", "POST", "/associations", Some(&remade)), "Topic: payments");
    check_denied(&bank.send("alice", "POST", "/associations", Some(&remade)), "Subject: shared-value");
    assert_eq!(end("mona", "value").status, 204);
    assert_eq!(subjects_of(&bank, "payments"), ["shared-key"]);
    assert_eq!(end("alice", "key").status, 204);
    assert_eq!(subjects_of(&bank, "payments"), [""; 0]);
    // The owner of the other side finds it in the audit, under the name of who did it.
    for (reader, namespace) in [("alice", "payments"), ("mona", "guest")] {
        let entries = bank.audit(reader, namespace);
        let ended = |entry: &&Value| entry["operation"] == "associations.delete" && entry["decision"] == "permitted";
        let by: Vec<&Value> = entries.iter().filter(ended).map(|entry| &entry["principal"]).collect();
        assert_eq!(by, ["user:basic/alice", "user:basic/mona"], "{namespace}");
    }
}

#[test]
fn whoever_asks_first_is_told_whose_a_topic_is() {
    let bank = with_guest();
    for (who, topic, allowed) in
        [("mona", "guest", true), ("mona", "payments", false), ("wim", "payments", true), ("", "payments", false)]
    {
        let target = format!("/namespaces/guest/can-i?action=associate&topic={topic}");
        let told = bank.send(who, "GET", &target, None).ok();
        let found = (&told["allowed"], &told["kind"], &told["resource"]);
        assert_eq!(found, (&json!(allowed), &json!("Topic"), &json!(topic)), "{who}");
    }
}

#[test]
fn an_alias_is_judged_by_what_it_stands_for() {
    let bank = with_guest();
    bank.register("mona", "guest-old", "Old");
    let alias = json!({ "alias": "payments-value" });
    bank.send("mona", "PUT", "/config/guest-old", Some(&alias)).ok();
    let through = bank.send("mona", "POST", "/associations", Some(&weak("guest", "1", "guest-old")));
    check_denied(&through, "Subject: payments-value");
}

#[test]
fn each_element_of_a_batch_is_judged_by_itself() {
    let bank = with_guest();
    let element = |operation: &str, mut body: Value| {
        body["associations"][0]["opType"] = operation.into();
        body
    };
    let batch = json!({ "requests": [
        element("CREATE", weak("guest", "g-1", "guest-value")),
        element("CREATE", weak("payments", "p-1", "guest-value")),
        element("UPSERT", weak("guest", "g-2", "guest-missing")),
        element("UPSERT", weak("guest-b", "g-3", "guest-value")),
    ] });
    let answer = bank.send("mona", "POST", "/associations:batchMutate", Some(&batch));
    assert_eq!(answer.status, 207, "{answer:?}");
    let codes: Vec<Value> =
        answer.json()["results"].as_array().unwrap().iter().map(|one| one["error"]["error_code"].clone()).collect();
    assert_eq!(codes, [Value::Null, json!(40301), json!(40907), Value::Null]);
    assert_eq!(subjects_of(&bank, "guest"), ["guest-value"]);
    assert_eq!(subjects_of(&bank, "payments"), [""; 0]);
    assert_eq!(bank.send("", "POST", "/associations:batchMutate", Some(&batch)).error_code(), 40101);
}

#[test]
fn a_subject_that_comes_and_goes_takes_the_rights_for_that() {
    let bank = Bank::settled(&[]);
    let post = |who: &str| bank.send(who, "POST", "/associations", Some(&strong("payments", "p-1")));
    let mut namespace = crate::authz_support::namespaces()[0].1.clone();
    namespace["claims"] = json!(["payments", ":.lkc:payments"]);
    bank.send("ada", "PUT", "/namespaces/payments?confirm=true", Some(&namespace)).ok();
    // The context is nobody's, and it begins with its first subject.
    check_denied(&post("wim"), "Context: .lkc");
    bank.send("ada", "POST", "/subjects/:.lkc:first/versions", Some(&json!({ "schema": "\"int\"" }))).ok();
    post("wim").ok();
    assert_eq!(subjects_of(&bank, "payments"), [":.lkc:payments-value"]);

    let end = |who: &str| bank.send(who, "DELETE", "/associations/resources/p-1?cascadeLifecycle=true", None);
    check_denied(&end("wim"), "Subject: :.lkc:payments-value");
    assert_eq!(end("alice").status, 204);
    assert_eq!(bank.node.get("/subjects/:.lkc:payments-value/versions?deleted=true").error_code(), 40401);

    let page = bank.send("alice", "GET", "/namespaces/payments/audit", None).ok();
    let entry = |entry: &Value| {
        let word = |name: &str| entry[name].as_str().unwrap().to_owned();
        [word("operation"), word("action"), word("kind"), word("resource")].join(" ")
    };
    let told: Vec<String> = page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["decision"] == "permitted" && entry["operation"].as_str().unwrap().starts_with("assoc"))
        .map(entry)
        .collect();
    let expected = [
        "associations.delete delete Subject :.lkc:payments-value",
        "associations.delete associate Topic payments",
        "associations.delete associate Subject :.lkc:payments-value",
        "association.create associate Topic payments",
        "association.create associate Subject :.lkc:payments-value",
        "association.create register Subject :.lkc:payments-value",
    ];
    assert_eq!(told, expected);
}

#[test]
fn observing_says_what_it_would_refuse() {
    let bank = Bank::with(&["--authorization-mode", "observe"]);
    bank.register("", "s", "A");
    assert_eq!(bank.send("", "POST", "/associations", Some(&weak("orders", "1", "s"))).status, 200);
    let page = bank.send("ada", "GET", "/namespaces/-/audit", None).ok();
    let entries = page["entries"].as_array().unwrap();
    let told: Vec<&str> = entries.iter().map(|entry| entry["decision"].as_str().unwrap()).collect();
    assert_eq!(told, ["observed"; 3], "{page:#}");
}
