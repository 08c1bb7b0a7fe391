//! What our own routes take: a misspelt parameter, value or name is refused and changes nothing.

use crate::authz_support::Bank;
use serde_json::{Value, json};

#[test]
fn a_slip_in_a_query_changes_nothing() {
    let bank = Bank::settled(&[]);
    let names = ["payments", "whole", "inner", "empty"];
    let all = || names.map(|name| bank.send("", "GET", &format!("/namespaces/{name}"), None).ok());
    let (empty, role) = (json!({}), json!({ "role": "owner" }));
    let rows: [(&str, &str, Option<&Value>, &str); 12] = [
        ("PUT", "/namespaces/payments?dryRun=1", Some(&empty), "'dryRun' is 'true' or 'false', not '1'"),
        ("PUT", "/namespaces/payments?dryrun=true", Some(&empty), "did you mean 'dryRun'?"),
        ("PUT", "/namespaces/payments?dry_run=true&confirm=true", Some(&empty), "no parameter 'dry_run'"),
        ("DELETE", "/namespaces/empty?dryRun=yes", None, "'dryRun' is"),
        ("DELETE", "/namespaces/empty?dry=true", None, "no parameter 'dry'"),
        ("PUT", "/namespaces/payments/members/user:basic%2Fmona?dryRun=0", Some(&role), "'dryRun' is"),
        ("DELETE", "/namespaces/payments/members/user:basic%2Fwim?dryRun=&confirm=true", None, "'dryRun' is"),
        ("PUT", "/namespaces/payments/claims/x?dryRun=true&dryRun=false", None, "given twice"),
        ("GET", "/namespaces?limt=1", None, "did you mean 'limit'?"),
        ("GET", "/namespaces/-/orphans?limit=0", None, "from 1 to 1000"),
        ("GET", "/namespaces/payments/can-i?action=register&sbject=x", None, "did you mean 'subject'?"),
        ("GET", "/namespaces/payments/can-i?action=register&subject=x&topic=y", None, "Only one of"),
    ];
    bank.send("ada", "PUT", "/namespaces/empty", Some(&json!({}))).json();
    let before = all();
    for (method, target, body, said) in rows {
        let answer = bank.send("ada", method, target, body);
        assert_eq!(answer.error_code(), 400, "{method} {target}: {answer:?}");
        assert!(answer.text.contains(said), "{method} {target}: {answer:?}");
    }
    // Nor does a misspelt member of a body clear what it was meant to set.
    for (target, body, said) in [
        ("contact", json!({ "contct": "#new" }), "did you mean 'contact'?"),
        ("offers/payments", json!({ "to": "whole", "From": "x" }), "An offer has no 'From' (it has to)"),
        ("members/user:basic%2Fmona", json!({ "role": "writer", "expires": 1 }), "A member has no 'expires'"),
    ] {
        let answer = bank.send("alice", "PUT", &format!("/namespaces/payments/{target}"), Some(&body));
        assert_eq!(answer.error_code(), 42220, "{target}: {answer:?}");
        assert!(answer.text.contains(said), "{target}: {answer:?}");
    }
    assert_eq!(all(), before);
    // The routes of the Confluent API take anything, as the reference does.
    bank.node.get("/subjects?limt=1&x=y").ok();
    bank.node.get("/health/ready?probe=7").ok();
}

#[test]
fn a_deletion_can_be_tried() {
    let bank = Bank::settled(&[]);
    bank.send("ada", "PUT", "/namespaces/empty", Some(&json!({ "contact": "#x" }))).json();
    let tried = bank.send("ada", "DELETE", "/namespaces/empty?dryRun=true", None).ok();
    assert_eq!(bank.send("", "GET", "/namespaces/empty", None).ok(), tried);
    assert_eq!(bank.send("ada", "DELETE", "/namespaces/payments?dryRun=true", None).error_code(), 40921);
    assert_eq!(bank.send("alice", "DELETE", "/namespaces/empty?dryRun=true", None).error_code(), 40301);
    assert_eq!(bank.send("ada", "DELETE", "/namespaces/empty?dryRun=false", None).ok(), tried);
    assert_eq!(bank.send("", "GET", "/namespaces/empty", None).error_code(), 40420);
}

#[test]
fn only_a_put_of_the_whole_makes_a_namespace() {
    let bank = Bank::settled(&[]);
    let before = bank.send("", "GET", "/namespaces", None).ok();
    let role = json!({ "role": "owner" });
    for (method, part, body) in [
        ("PUT", "members/user:basic%2Falice", Some(&role)),
        ("DELETE", "members/user:basic%2Falice", None),
        ("PUT", "claims/new", None),
        ("DELETE", "claims/new", None),
        ("PUT", "offers/new", Some(&json!({ "to": "whole" }))),
        ("PUT", "contact", Some(&json!({ "contact": "#x" }))),
        ("PUT", "labels", Some(&json!({ "tier": "1" }))),
    ] {
        let target = format!("/namespaces/paymnets/{part}");
        let answer = bank.send("ada", method, &target, body);
        assert_eq!(answer.error_code(), 40420, "{method} {target}: {answer:?}");
        assert!(answer.text.contains("Did you mean 'payments'?"), "{method} {target}: {answer:?}");
        // Who may not make one is not told what there is.
        assert_eq!(bank.send("mona", method, &target, body).error_code(), 40301, "{method} {target}");
    }
    assert_eq!(bank.send("", "GET", "/namespaces", None).ok(), before);
    assert_eq!(bank.send("ada", "PUT", "/namespaces/paymnets", Some(&json!({}))).status, 201);
}
