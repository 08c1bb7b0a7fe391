//! What an owner might reach beyond its own claims: by what holds for a whole context, by offers that were forgotten, by
//! references that are taken over; and what can be prepared while authorization only observes.

use crate::authz_support::{Bank, basic, referring};
use serde_json::{Value, json};

/// Mona owns `guest` inside a context that is cora's.
fn with_guest(context: &str) -> Bank {
    let bank = Bank::settled(&[]);
    let guest = json!({ "claims": [format!(":{context}:guest")], "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/guest", Some(&guest)).status, 201);
    bank
}

#[test]
fn settings_of_a_context_do_not_undo_those_of_its_guests() {
    let bank = with_guest(".whole");
    bank.register("mona", ":.whole:guest-value", "Guest");
    for (who, scope) in [("mona", ":.whole:guest-value"), ("cora", ":.whole:own")] {
        bank.send(who, "PUT", &format!("/mode/{scope}"), Some(&json!({ "mode": "READONLY" }))).ok();
    }
    let refused = bank.send("cora", "DELETE", "/mode/:.whole:?recursive=true", None);
    assert_eq!(refused.error_code(), 40301);
    assert!(
        refused.text.contains("Subject: :.whole:guest-value") && refused.text.contains("owner: guest"),
        "{refused:?}"
    );
    assert_eq!(bank.node.get("/mode/:.whole:guest-value").ok()["mode"], "READONLY");
    bank.send("ada", "DELETE", "/mode/:.whole:?recursive=true", None).ok();
    assert_eq!(bank.node.get("/mode/:.whole:guest-value").error_code(), 40409);
    for owner in ["whole", "guest"] {
        let entries = bank.audit("ada", owner);
        let told = |entry: &&Value| {
            entry["operation"] == "mode.delete-subject"
                && entry["principal"] == "user:basic/ada"
                && entry["resource"] == ".whole"
        };
        assert_eq!(entries.iter().filter(told).count(), 1, "{owner}: {entries:?}");
    }
}

#[test]
fn a_context_that_begins_to_import_does_not_lose_what_its_guests_have_deleted() {
    let bank = with_guest(".quiet");
    let quiet = json!({ "claims": [":.quiet:"], "members": { "user:basic/cora": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/quiet", Some(&quiet)).status, 201);
    for (who, subject) in [("cora", ":.quiet:own"), ("mona", ":.quiet:guest-value")] {
        bank.register(who, subject, "Record");
        bank.send(who, "DELETE", &format!("/subjects/{subject}"), None).ok();
    }
    let import = json!({ "mode": "IMPORT" });
    assert_eq!(bank.send("cora", "PUT", "/mode/:.quiet:", Some(&import)).error_code(), 40301);
    assert_eq!(bank.node.get("/subjects/:.quiet:guest-value/versions?deleted=true").ok(), json!([1]));
    bank.send("mona", "DELETE", "/subjects/:.quiet:guest-value?permanent=true", None).ok();
    bank.send("cora", "PUT", "/mode/:.quiet:", Some(&import)).ok();
    assert_eq!(bank.node.get("/subjects/:.quiet:own/versions?deleted=true").error_code(), 40401);
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
    // What lies in another's claim cannot be offered.
    let refused = bank.send("alice", "PUT", "/namespaces/payments/offers/payments.risk.cards", Some(&offer));
    assert!(refused.error_code() == 42220 && refused.text.contains("directly below"), "{refused:?}");
    bank.send("cora", "DELETE", "/namespaces/risk/claims/payments.risk", None).ok();
    assert_eq!(bank.send("mona", "PUT", "/namespaces/cards/claims/payments.risk.cards", None).error_code(), 40920);
}

#[test]
fn what_an_owner_writes_into_its_namespace_for_all_to_read_is_short() {
    let bank = Bank::settled(&[]);
    let long = "x".repeat(501);
    for (target, body) in [
        (format!("/namespaces/payments/members/user:basic%2F{long}"), json!({ "role": "writer" })),
        ("/namespaces/payments/contact".into(), json!({ "contact": long })),
        ("/namespaces/payments/contact".into(), json!({ "contact": "a\nb" })),
        ("/namespaces/payments/labels".into(), json!({ "tier": long })),
        ("/namespaces/payments/labels".into(), json!({ long.clone(): "1" })),
    ] {
        assert_eq!(bank.send("alice", "PUT", &target, Some(&body)).error_code(), 42220, "{target:.60}");
    }
}

#[test]
fn of_many_who_claim_the_same_land_at_once_one_gets_it() {
    let bank = Bank::with(&[]);
    let taken: Vec<(u16, u64)> = std::thread::scope(|scope| {
        let claim = |at: usize| {
            let body = json!({ "claims": ["land", format!("own{at}")] });
            let answer = bank.send("ada", "PUT", &format!("/namespaces/n{at}"), Some(&body));
            (answer.status, if answer.status == 201 { 0 } else { answer.error_code() })
        };
        let claimants: Vec<_> = (0..8).map(|at| scope.spawn(move || claim(at))).collect();
        claimants.into_iter().map(|claimant| claimant.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|answer| answer.0 == 201).count(), 1, "{taken:?}");
    assert!(taken.iter().all(|answer| *answer == (201, 0) || *answer == (409, 40920)), "{taken:?}");
    assert_eq!(bank.node.get("/namespaces").ok().as_array().unwrap().len(), 1);
}

#[test]
fn a_reference_that_is_taken_over_from_the_version_before_needs_leave_too() {
    let bank = Bank::settled(&[]);
    let target = "/subjects/:.whole:other/versions";
    bank.send("cora", "POST", target, Some(&referring())).ok();
    bank.let_refer("members");
    let again = json!({ "schema": "", "metadata": { "properties": { "again": "1" } } });
    let refused = bank.send("cora", "POST", target, Some(&again));
    assert!(refused.error_code() == 40301 && refused.text.contains("lets only members refer"), "{refused:?}");
    // What is there already is found: that pins nothing more.
    bank.send("cora", "POST", target, Some(&referring())).ok();
    assert_eq!(bank.node.get(target).ok(), json!([1]));
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

#[test]
fn what_follows_a_refused_request_is_not_read_as_its_body_nor_its_body_as_what_follows() {
    let bank = Bank::settled(&[]);
    let hidden = format!(
        "DELETE /subjects/payments-value HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        basic("alice", "alice")
    );
    let (length, next) = (hidden.len(), "GET /subjects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let post =
        "POST /subjects/payments-value/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for framed in [
        format!("{post}Content-Length: {length}\r\n\r\n{hidden}"),
        format!("{post}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{hidden}\r\n0\r\n\r\n"),
    ] {
        let mut wire = bank.node.wire();
        wire.send(format!("{framed}{next}").as_bytes());
        let statuses = wire.reply().statuses();
        assert!(statuses == [401, 200] || statuses == [401], "{statuses:?}: {framed}");
    }
    assert_eq!(bank.node.get("/subjects/payments-value/versions").ok(), json!([1]));
}
