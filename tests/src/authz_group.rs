//! Owners who lose their claims while their changes are on the way: what is ordered after the loss does not stand, however many
//! changes are decided together.

use crate::authz_support::{Bank, send};
use crate::harness::Answer;
use serde_json::{Value, json};
use std::thread;

/// Sends until it is refused, or that went on for far too long. The numbers make requests differ.
fn until_refused(
    bank: &Bank,
    who: &str,
    connection: usize,
    request: impl Fn(usize) -> (&'static str, String, Option<Value>),
) {
    let mut caller = bank.node.caller();
    for number in 0..2_000 {
        let (method, target, body) = request(connection * 10_000 + number);
        let answer: Answer = send(&mut caller, who, method, &target, body.as_ref());
        match answer.status {
            // A member cannot be removed, nor an offer taken back, that another connection has.
            200 | 404 | 422 => {}
            403 => return,
            _ => panic!("{method} {target}: {answer:?}"),
        }
    }
    panic!("{who} is never refused");
}

#[test]
fn who_is_removed_cannot_stay_by_asking_often() {
    let bank = Bank::settled(&[]);
    let itself = "/namespaces/inner/members/user:basic%2Fcora";
    let edits = |number: usize| match number % 4 {
        0 => ("PUT", itself.to_owned(), Some(json!({ "role": "owner" }))),
        1 => ("PUT", "/namespaces/inner/offers/:.whole:inner".to_owned(), Some(json!({ "to": "whole" }))),
        2 => ("PUT", "/namespaces/inner/members/user:basic%2Fmona".to_owned(), Some(json!({ "role": "owner" }))),
        _ => ("PUT", "/namespaces/inner/contact".to_owned(), Some(json!({ "contact": format!("#{number}") }))),
    };
    for round in 0..8 {
        let removed = thread::scope(|scope| {
            let loops: Vec<_> = (0..6)
                .map(|connection| {
                    scope.spawn({
                        let bank = &bank;
                        move || until_refused(bank, "cora", connection, edits)
                    })
                })
                .collect();
            let removed = bank.send("alice", "DELETE", itself, None).ok();
            loops.into_iter().for_each(|edits| edits.join().unwrap());
            removed
        });
        // As her removal left it.
        assert_eq!(bank.send("", "GET", "/namespaces/inner", None).ok(), removed, "round {round}");
        assert_eq!(removed["members"]["user:basic/cora"], Value::Null, "round {round}");
        bank.send("alice", "PUT", itself, Some(&json!({ "role": "owner" }))).ok();
    }
}

#[test]
fn a_claim_that_has_passed_on_takes_no_more_changes_of_its_old_owner() {
    let bank = Bank::settled(&[]);
    for round in 0..6 {
        let land = format!("payments.moving{round}");
        let edits = |number: usize| {
            let target = format!("/config/{land}");
            match number % 3 {
                0 => ("DELETE", target, None),
                1 => ("PUT", target, Some(json!({ "compatibility": "FULL" }))),
                _ => {
                    let schema = json!({ "type": "enum", "name": "E", "symbols": [format!("S{number}")] });
                    let body = json!({ "schema": schema.to_string() });
                    ("POST", format!("/subjects/{land}/versions?force=true"), Some(body))
                }
            }
        };
        let offer = json!({ "to": "whole" });
        bank.send("alice", "PUT", &format!("/namespaces/payments/offers/{land}"), Some(&offer)).ok();
        thread::scope(|scope| {
            for connection in 0..6 {
                let (bank, edits) = (&bank, &edits);
                scope.spawn(move || until_refused(bank, "alice", connection, edits));
            }
            bank.send("cora", "PUT", &format!("/namespaces/whole/claims/{land}?confirm=true"), None).ok();
        });
        let entries = bank.audit("ada", "-");
        let is = |entry: &Value, name: &str, word: &str| entry[name] == word;
        let moved = entries.iter().position(|entry| is(entry, "operation", "namespaces.claims.put"));
        let after = &entries[..moved.expect("the claim is in the audit")];
        let written = after.iter().find(|entry| is(entry, "resource", &land) && is(entry, "decision", "permitted"));
        assert_eq!(written, None, "round {round}");
    }
}
