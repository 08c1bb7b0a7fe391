//! What an attacker or an accident would try, over bare sockets where a library would tidy it up.

use crate::authz_support::{Bank, basic, referring};
use crate::harness::{Node, Settings, named};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// The status that this request line and these headers get.
#[track_caller]
fn status(node: &Node, line: &str, headers: &str, body: &str) -> u16 {
    let mut wire = node.wire();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
    wire.send(format!("{line} HTTP/1.1\r\n{host}{headers}Connection: close\r\n{length}\r\n{body}").as_bytes());
    *wire.reply().statuses().first().unwrap_or(&0)
}

fn json_from(who: &str) -> String {
    format!("Content-Type: application/json\r\nAuthorization: {}\r\n", basic(who, who))
}

#[test]
fn however_a_subject_is_spelt_the_decision_is_its_owners() {
    let bank = Bank::settled(&[]);
    let (wim, body) = (json_from("wim"), r#"{"schema":"\"long\""}"#);
    // Spellings of :.whole:secret, which is cora's, and of names that only look like wim's payments.
    for path in [
        "/subjects/:.whole:secret/versions",
        "/subjects/%3A.whole%3Asecret/versions",
        "/subjects/%3a.whole%3asecret/versions/",
        "/subjects/:.:%3A.whole:secret/versions",
        "/subjects/:.::.whole:secret/versions;x=1",
        "/subjects/:.whole%3Apayments/versions",
        "/subjects/Payments-value/versions",
        "/subjects/payments%E2%80%90value/versions",
        "/subjects/paymentsx/versions",
        "/subjects/payments%252Dvalue/versions",
        "/subjects/versions/versions",
        "/subjects/config/versions",
        "/contexts/.whole/subjects/secret/versions",
        "/contexts/whole/subjects/secret/versions/",
        "/contexts/%3A.whole%3A/subjects/secret/versions",
        "/contexts/%2Ewhole;x=1/subjects/payments-value/versions",
        "/contexts/./subjects/:.whole:secret/versions",
        "/contexts/.other/subjects/%3a.whole%3asecret/versions",
        "/contexts/.whole/subjects/subjects/versions",
        "/contexts/.other/subjects/payments-value/versions",
    ] {
        assert_eq!(status(&bank.node, &format!("POST {path}"), &wim, body), 403, "{path}");
    }
    for path in [
        "/subjects//payments/versions",
        "/subjects/%2e%2e/versions",
        "/subjects/payments%00/versions",
        "/contexts//subjects/payments/versions",
        "/contexts/a%3Ab/subjects/payments/versions",
    ] {
        assert_eq!(status(&bank.node, &format!("POST {path}"), &wim, body), 400, "{path}");
    }
    for path in [
        "/subjects/payments%2Fa/versions",
        "/subjects/payments;x=1/versions/",
        "/subjects/:.:payments/versions",
        "/contexts/./subjects/payments/versions",
        "/contexts/.whole/subjects/:.:payments/versions",
        "/contexts/.whole/subjects/inner-new/versions",
    ] {
        assert_eq!(status(&bank.node, &format!("POST {path}"), &wim, body), 200, "{path}");
    }
    // Of the whole context, which is cora's.
    let level = r#"{"compatibility":"NONE"}"#;
    assert_eq!(status(&bank.node, "PUT /contexts/.whole/config", &json_from("alice"), level), 403);
    assert_eq!(status(&bank.node, "PUT /contexts/.whole/config", &json_from("cora"), level), 200);
    assert_eq!(status(&bank.node, "DELETE /contexts/.whole/mode", &json_from("alice"), ""), 403);
    assert_eq!(status(&bank.node, "PUT /contexts/./config", &json_from("cora"), level), 403);
    assert_eq!(status(&bank.node, "POST /contexts/.a/contexts/./subjects/payments-value", &wim, body), 404);
    let odd = "Content-Type: application/json\r\nX-HTTP-Method-Override: DELETE\r\n";
    assert_eq!(status(&bank.node, "GET /subjects/payments-value/versions", odd, ""), 200);
    assert_eq!(status(&bank.node, "POST /subjects/payments-value", odd, body), 401);
    assert_eq!(status(&bank.node, "PATCH /subjects/payments-value", &json_from("alice"), body), 405);
    assert_eq!(status(&bank.node, "TRACE /subjects", "", ""), 405);
    assert_eq!(status(&bank.node, "OPTIONS /subjects", "", ""), 200);
    assert_eq!(status(&bank.node, "HEAD /subjects", "", ""), 200);
    assert_eq!(bank.node.get("/subjects/payments-value/versions").ok(), json!([1]));
}

#[test]
fn a_wrong_credential_is_never_nobody() {
    let bank = Bank::settled(&[]);
    let target = "GET /subjects/payments-value/versions/1";
    // The answer is cached by now; presenting a wrong credential still is an error.
    (0..3).for_each(|_| assert_eq!(status(&bank.node, target, "", ""), 200));
    let wrong = |value: &str| status(&bank.node, target, &format!("Authorization: {value}\r\n"), "");
    assert_eq!(wrong(&basic("alice", "wrong")), 401);
    assert_eq!(wrong(&basic("nosuch", "wrong")), 401);
    let bytes = |bytes: &[u8]| format!("Basic {}", BASE64.encode(bytes));
    for value in [
        "",
        "Basic",
        "Basic !",
        "Basic\tYWxpY2U6YWxpY2U=",
        "Bearer x",
        "Bearer x, Basic YWxpY2U6YWxpY2U=",
        &format!("{0}, {0}", basic("alice", "alice")),
        &bytes(b"alice"),
        &bytes(b":alice"),
        &bytes(b"alice\0:alice"),
        &bytes(b"al\xefce:alice"),
        &basic("Alice", "alice"),
        &basic(" alice", "alice"),
        &basic("alice", "alice "),
        &basic("alice", &"a".repeat(2000)),
    ] {
        assert_eq!(wrong(value), 401, "{value:?}");
    }
    assert_eq!(wrong(&basic("alice", "alice").to_lowercase().replace("ywxpy2u6ywxpy2u=", "YWxpY2U6YWxpY2U=")), 200);
    assert_eq!(wrong(&format!("{}\r\nAuthorization: {}", basic("alice", "alice"), basic("bob", "bob"))), 401);
    assert_eq!(wrong(&basic("alice", "alice")), 200);
}

#[test]
fn an_answer_that_is_kept_ready_is_only_for_who_may_ask() {
    let bank = Bank::settled(&[]);
    let body = named("Payment");
    for _ in 0..3 {
        for target in ["/subjects/payments-value", "/subjects/payments-value/versions"] {
            bank.send("wim", "POST", target, Some(&body)).ok();
            assert_eq!(bank.send("stranger", "POST", target, Some(&body)).status, 403);
            assert_eq!(bank.send("", "POST", target, Some(&body)).status, 401);
        }
    }
}

#[test]
fn pages_of_other_sites_change_nothing() {
    let bank = Bank::settled(&[]);
    let post = |headers: &str| {
        let headers = format!("{}{headers}", json_from("alice"));
        status(&bank.node, "POST /subjects/payments-value/versions", &headers, &named("Payment").to_string())
    };
    assert_eq!(post("Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_eq!(post("Origin: https://evil.example\r\n"), 403);
    assert_eq!(post("Origin: null\r\n"), 403);
    assert_eq!(post("Host: localhost\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"), 200);
    // On loopback a page whose name was rebound to it would read everything.
    assert_eq!(status(&bank.node, "GET /subjects", "Host: evil.example\r\n", ""), 403);
    for target in ["/subjects", "/subjects/", "/subjects/a:b/versions", "/subjects;x=1"] {
        assert_eq!(status(&bank.node, &format!("GET http://evil.example{target}"), "", ""), 403, "{target}");
    }
    let target = "GET /subjects/payments-value/versions/1";
    (0..2).for_each(|_| assert_eq!(status(&bank.node, target, "", ""), 200));
    assert_eq!(status(&bank.node, target, "Host: evil.example\r\n", ""), 403);
    // Also where nobody can authenticate.
    let open = Node::start();
    assert_eq!(status(&open, "GET /subjects", "Host: evil.example\r\n", ""), 403);
    let cross = "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(status(&open, "POST /subjects/s/versions", cross, r#"{"schema":"\"long\""}"#), 403);
}

#[test]
fn an_alias_opens_nothing_that_it_points_to() {
    let bank = Bank::settled(&[]);
    bank.register("cora", ":.whole:secret", "Secret");
    let alias = |who: &str, of: &str, to: &str| {
        bank.send(who, "PUT", &format!("/config/{of}"), Some(&json!({ "alias": to }))).status
    };
    // Making one takes the right on the subject that is to be an alias.
    assert_eq!(alias("cora", "payments-value", ":.whole:secret"), 403);
    assert_eq!(alias("wim", "payments-alias", "payments-value"), 403);
    // Each request for an alias shows it.
    assert_eq!(alias("alice", "payments-alias", &"x".repeat(10_000)), 422);
    assert_eq!(alias("alice", "payments-alias", ":.whole:secret"), 200);
    // Using one takes the right on what it stands for.
    let body = named("Other");
    for (method, target, body) in [
        ("POST", "/subjects/payments-alias/versions", Some(&body)),
        ("POST", "/subjects/payments-alias", Some(&body)),
        ("POST", "/contexts/./subjects/payments-alias/versions", Some(&body)),
        ("POST", "/compatibility/subjects/payments-alias/versions/latest", Some(&body)),
        ("DELETE", "/subjects/payments-alias", None),
        ("DELETE", "/subjects/payments-alias/versions/1", None),
    ] {
        let answer = bank.send("alice", method, target, body);
        assert_eq!(answer.status, 403, "{method} {target}");
        let json = answer.json();
        let message = json["message"].as_str().unwrap();
        assert!(message.contains("on Subject: :.whole:secret") && message.contains("owner: whole"), "{message}");
        assert!(message.ends_with("; 'payments-alias' is an alias of it"), "{message}");
    }
    // Asking first tells the same.
    for (who, action, allowed, resource) in [
        ("alice", "register", false, ":.whole:secret"),
        ("alice", "delete", false, ":.whole:secret"),
        ("alice", "associate", false, ":.whole:secret"),
        ("alice", "config", true, "payments-alias"),
        ("cora", "register", true, ":.whole:secret"),
    ] {
        let target = format!("/namespaces/payments/can-i?action={action}&subject=payments-alias");
        let told = bank.send(who, "GET", &target, None).ok();
        assert_eq!((&told["allowed"], &told["resource"]), (&json!(allowed), &json!(resource)), "{who} {action}");
    }
    // Also where the answer is cached.
    for _ in 0..3 {
        bank.send("cora", "POST", "/subjects/payments-alias/versions", Some(&named("Secret"))).ok();
        let refused = bank.send("alice", "POST", "/subjects/payments-alias/versions", Some(&named("Secret")));
        assert_eq!(refused.status, 403);
    }
    assert_eq!(bank.send("cora", "DELETE", "/subjects/payments-alias", None).ok(), json!([1]));
    assert_eq!(bank.node.get("/subjects/:.whole:secret/versions").error_code(), 40401);
}

#[test]
fn an_answer_through_an_alias_ends_with_the_alias() {
    let bank = Bank::settled(&[]);
    bank.register("alice", "payments-a", "A");
    bank.register("alice", "payments-b", "B");
    let shown = |target: &str| bank.node.get(target).ok()["subject"].clone();
    for round in 0..4 {
        let target = if round % 2 == 0 { "payments-a" } else { "payments-b" };
        let id = bank.node.get(&format!("/subjects/{target}/versions/1")).ok()["id"].clone();
        bank.send("alice", "PUT", "/config/payments-old", Some(&json!({ "alias": target }))).ok();
        for _ in 0..3 {
            assert_eq!(shown("/subjects/payments-old/versions/1"), target);
            assert_eq!(shown(&format!("/schemas/ids/{id}?subject=payments-old")), target);
        }
    }
    bank.send("alice", "DELETE", "/config/payments-old", None).ok();
    assert_eq!(bank.node.get("/subjects/payments-old/versions/1").error_code(), 40401);
}

#[test]
fn nobody_answers_for_names_of_others() {
    let bank = Bank::settled(&[]);
    // cora's context has a subject whose bare name is payments'.
    bank.register("cora", ":.whole:payments-missing", "Planted");
    assert_eq!(bank.node.get("/subjects/payments-missing/versions/latest").error_code(), 40401);
    assert_eq!(bank.send("wim", "POST", "/subjects/payments-missing", Some(&named("Planted"))).error_code(), 40401);
    for target in ["versions/1", "versions/1/schema", "versions/1/referencedby"] {
        assert_eq!(bank.node.get(&format!("/subjects/payments-missing/{target}")).error_code(), 40401, "{target}");
    }
    let tags = |bank: &Bank, who: &str, subject: &str| {
        bank.send(who, "POST", &format!("/subjects/{subject}/versions/1/tags"), Some(&json!({})))
    };
    assert_eq!(tags(&bank, "wim", "payments-missing").error_code(), 40401);
    let any = Bank::settled(&["--authorization-fall-back", "any"]);
    any.register("cora", ":.whole:payments-missing", "Planted");
    any.node.get("/subjects/payments-missing/versions/latest").ok();
    assert_eq!(tags(&any, "wim", "payments-missing").ok()["version"], 1);

    // Whoever owns the name and the context answers for it from there.
    let claims = json!({ "claims": ["both", ":.both:"], "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/both", Some(&claims)).status, 201);
    bank.register("mona", ":.both:both-x", "Both");
    let shown = |target: &str| bank.node.get(target).ok();
    assert_eq!(shown("/subjects/both-x/versions/latest")["subject"], ":.both:both-x");
    assert_eq!(shown("/schemas/ids/1?subject=both-x")["subject"], ":.both:both-x");
    assert_eq!(shown("/subjects/both-x/versions/1/referencedby"), json!([]));
    assert_eq!(bank.send("mona", "POST", "/subjects/both-x", Some(&named("Both"))).ok()["subject"], ":.both:both-x");
    assert_eq!(tags(&bank, "mona", "both-x").ok()["version"], 1);
    assert_eq!(shown("/subjects/both-x/versions/latest")["subject"], "both-x");
}

#[test]
fn a_context_begins_with_its_owner_and_ids_are_chosen_by_nobody_else() {
    let bank = Bank::settled(&[]);
    let claim = json!({ "claims": [":.new:payments"], "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/guest", Some(&claim)).status, 201);
    let target = "/subjects/:.new:payments/versions";
    assert_eq!(bank.send("mona", "POST", target, Some(&named("First"))).error_code(), 40301);
    bank.send("ada", "POST", "/subjects/:.new:other/versions", Some(&named("First"))).ok();
    bank.send("mona", "POST", target, Some(&named("First"))).ok();

    let import = json!({ "mode": "IMPORT" });
    bank.send("cora", "PUT", "/mode/:.whole:inner-import", Some(&import)).ok();
    let with_id = |id: i64| {
        let text = json!({ "type": "fixed", "name": "F", "size": id % 1000 });
        json!({ "schema": text.to_string(), "id": id })
    };
    let target = "/subjects/:.whole:inner-import/versions";
    assert_eq!(bank.send("alice", "POST", target, Some(&with_id(50))).error_code(), 40301);
    bank.send("cora", "POST", target, Some(&with_id(50))).ok();
    assert_eq!(bank.send("cora", "POST", target, Some(&with_id(2_147_483_647))).error_code(), 40301);
    assert_eq!(bank.send("ada", "POST", target, Some(&with_id(2_147_483_647))).error_code(), 42205);
    bank.send("ada", "POST", &format!("{target}?force=true"), Some(&with_id(2_147_483_647))).ok();
}

#[test]
fn an_owner_may_keep_its_schemas_from_being_referred_to() {
    let bank = Bank::settled(&[]);
    let target = "/subjects/:.whole:other/versions";
    bank.let_refer("members");
    let refused = bank.send("cora", "POST", target, Some(&referring()));
    assert_eq!(refused.error_code(), 40301);
    assert!(refused.text.contains("lets only members refer"), "{refused:?}");
    bank.let_refer("anyone");
    bank.send("cora", "POST", target, Some(&referring())).ok();
}

#[test]
fn only_configured_proxies_are_believed() {
    let last = |bank: &Bank| -> Value {
        let forged = format!("{}X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n", json_from("stranger"));
        assert_eq!(status(&bank.node, "DELETE /subjects/payments-value", &forged, ""), 403);
        let newest = bank.audit("ada", "payments").remove(0);
        assert_eq!(newest["decision"], "refused", "{newest}");
        newest["address"].clone()
    };
    assert_eq!(last(&Bank::settled(&[])), "127.0.0.1");
    assert_eq!(last(&Bank::settled(&["--http-proxies", "127.0.0.0/8"])), "5.6.7.8");
}

#[test]
fn observing_lets_everything_through_and_says_what_it_would_refuse() {
    let bank = Bank::with(&["--authorization-mode", "observe"]);
    assert!(bank.node.greeting().contains("anyone who can reach this address"), "{}", bank.node.greeting());
    bank.node.logged(|line| line.contains("WARN") && line.contains("authorization is not enforced"));
    assert_eq!(bank.send("", "POST", "/subjects/s/versions", Some(&named("A"))).status, 200);
    assert_eq!(bank.send("stranger", "DELETE", "/subjects/s", None).status, 200);
    let entries = bank.audit("ada", "-");
    let told = entries.iter().map(|entry| (entry["principal"].as_str().unwrap(), entry["decision"].as_str().unwrap()));
    let told: Vec<(&str, &str)> = told.collect();
    assert_eq!(told, [("user:basic/stranger", "observed"), ("anonymous", "observed")]);
    let metrics = bank.node.get("/metrics").text;
    assert!(metrics.contains("freehold_refusals_total{decision=\"observed\",namespace=\"-\""), "{metrics}");
}

#[test]
fn without_credentials_other_machines_are_kept_out() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    let outcome =
        crate::harness::command::freehold_with(&["serve", "--listen", "0.0.0.0:0", "--data", data.to_str().unwrap()]);
    let said = outcome.bad();
    assert!(said.contains("--insecure-open") && said.contains("users file"), "{said}");
    let open = Node::with(Settings::flags(&["--insecure-open"]));
    open.register("s", &named("A"));
    assert!(open.logged(|line| line.contains("changed (authorization not enforced)")).contains("caller=\"anonymous\""));
}
