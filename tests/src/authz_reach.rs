//! What an owner might reach beyond its own land: by what holds for a whole context, by offers that were forgotten, by references
//! that are taken over; and what can be prepared while authorization only observes.

use crate::authz_support::{Bank, basic, namespaces};
use serde_json::{Value, json};

/// Mona owns `guest` inside a context that is cora's.
fn with_guest(context: &str) -> Bank {
    let bank = Bank::settled(&[]);
    let guest = json!({ "claims": [format!(":{context}:guest")], "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/guest", Some(&guest)).status, 201);
    bank
}

#[test]
fn an_offer_ends_with_the_land_that_it_is_part_of() {
    let bank = Bank::settled(&[]);
    for (name, who) in [("cards", "mona"), ("risk", "cora")] {
        let body = json!({ "members": { format!("user:basic/{who}"): "owner" } });
        assert_eq!(bank.send("ada", "PUT", &format!("/namespaces/{name}"), Some(&body)).status, 201);
    }
    let offer = json!({ "to": "cards" });
    bank.send("alice", "PUT", "/namespaces/payments/offers/payments.risk.cards", Some(&offer)).ok();
    bank.send("ada", "PUT", "/namespaces/risk/claims/payments.risk", None).ok();
    assert_eq!(bank.node.get("/namespaces/payments").ok()["offers"], json!(null));
    // What lies in another's land cannot be offered.
    let refused = bank.send("alice", "PUT", "/namespaces/payments/offers/payments.risk.cards", Some(&offer));
    assert!(refused.error_code() == 42220 && refused.text.contains("directly below"), "{refused:?}");
    bank.send("cora", "DELETE", "/namespaces/risk/claims/payments.risk", None).ok();
    assert_eq!(bank.send("mona", "PUT", "/namespaces/cards/claims/payments.risk.cards", None).error_code(), 40920);
}

#[test]
fn while_authorization_only_observes_nobody_takes_land_or_reads_the_audit() {
    let bank = Bank::with(&["--authorization-mode", "observe"]);
    let mine = |who: &str| json!({ "claims": ["payments"], "members": { format!("user:basic/{who}"): "owner" } });
    assert_eq!(bank.send("", "PUT", "/namespaces/mine", Some(&mine("stranger"))).error_code(), 40101);
    assert_eq!(bank.send("stranger", "PUT", "/namespaces/mine", Some(&mine("stranger"))).error_code(), 40301);
    assert_eq!(bank.send("ada", "PUT", "/namespaces/pay", Some(&mine("alice"))).status, 201);
    for (target, body) in [
        ("/namespaces/pay", mine("stranger")),
        ("/namespaces/pay/members/user:basic%2Fstranger", json!({ "role": "owner" })),
        ("/namespaces/pay/claims/more", Value::Null),
    ] {
        assert_eq!(bank.send("stranger", "PUT", target, Some(&body)).error_code(), 40301, "{target}");
    }
    // An owner is let through no further than when it is enforced.
    assert_eq!(bank.send("alice", "PUT", "/namespaces/pay/claims/more", None).error_code(), 40920);
    assert_eq!(bank.send("stranger", "DELETE", "/namespaces/pay", None).error_code(), 40301);
    for target in ["/namespaces/pay/audit", "/namespaces/-/audit"] {
        assert_eq!(bank.node.get(target).error_code(), 40101);
        assert_eq!(bank.send("stranger", "GET", target, None).error_code(), 40301);
    }
    // Everything else is let through.
    bank.register("stranger", "payments-value", "Payment");
}
