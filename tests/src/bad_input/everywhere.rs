//! Every operation of the route table with what nobody should send: in each parameter of its path and of its query, in each member
//! of its body, and bodies that are none. Names, parameters and a good body come from the description, so that an operation is
//! here as soon as it is described, and one that is not fails.
//!
//! A refusal is a 4xx with a sentence, has a status that the description names, and leaves nothing: the store has committed nothing
//! for it. What is taken after all, a name that is odd or a number that is large, must be answered like any other.

use super::lives;
use super::mutations::{Hostile, hostile};
use crate::authz_support::Bank;
use crate::description;
use crate::harness::{Answer, Caller, named};
use registry::http::routes::{Method, Operation, ROUTES, Route};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const ADMIN: (&str, &str) = ("Authorization", "Basic YWRhOmFkYQ==");

/// Whose body is a sample document, and that can be anything.
const TAKES_ANY_JSON: [Operation; 1] = [Operation::ValidateSample];

#[test]
fn whatever_is_wrong_with_a_request_is_refused_with_a_sentence_and_leaves_nothing() {
    let document = description::document();
    // As an admin: a refusal of who may not is written to the audit, some time later.
    let bank = Bank::with(&[]);
    let mut caller = bank.node.caller();
    let mut asked = 0;
    for route in ROUTES {
        prepare(&mut caller);
        let requests = hostile(&document, route);
        for request in &requests {
            let answer = send(&mut caller, route, request);
            let described = &description::operation(&document, route)["responses"][answer.status.to_string()];
            // An odd name may lead elsewhere: to no route, or to one that has other methods.
            let led_elsewhere = request.in_path && matches!(answer.status, 400 | 404 | 405);
            assert!(described.is_object() || led_elsewhere, "{} {}: {answer:?}", route.name, request.target);
        }
        asked += requests.len();
    }
    assert!(asked > 2_000, "{asked}");
    lives(&bank.node);
}

/// What the examples of the description name.
fn prepare(caller: &mut Caller) {
    let order = json!({ "schema": named("Order")["schema"] });
    let kek = json!({ "name": "orders", "kmsType": "local-kms", "kmsKeyId": "orders" });
    let dek = json!({ "encryptedKeyMaterial": "AAAA" });
    let topic = json!({ "resourceName": "orders", "resourceNamespace": "lkc-1", "resourceId": "id-1",
        "associations": [{ "subject": "orders-value" }] });
    let keks = "/dek-registry/v1/keks";
    let dek_path = format!("{keks}/orders/deks/orders-value");
    for target in ["/mode", "/mode/:.__GLOBAL:", "/mode/orders-value", "/config"] {
        caller.send("DELETE", target, &[ADMIN], None);
    }
    for (method, target, body) in [
        ("POST", "/subjects/orders-value/versions", &order),
        ("POST", keks, &kek),
        ("POST", &format!("{keks}/orders/undelete"), &Value::Null),
        ("POST", &dek_path, &dek),
        ("POST", &format!("{dek_path}/undelete"), &Value::Null),
        ("POST", "/associations", &topic),
        ("PUT", "/namespaces/payments?confirm=true", &json!({ "claims": ["payments"] })),
    ] {
        // What is there already is refused, and is there.
        let answer = caller.send(method, target, &[JSON, ADMIN], Some(body.to_string().as_bytes()));
        assert!(answer.status < 500, "{method} {target}: {answer:?}");
    }
}

#[track_caller]
fn send(caller: &mut Caller, route: &Route, request: &Hostile) -> Answer {
    let method = route.method.as_str();
    // What reads is not even heard by the writer.
    let before = (route.method != Method::Get).then(|| commits(caller));
    let headers: &[(&str, &str)] = if request.body.is_some() { &[JSON, ADMIN] } else { &[ADMIN] };
    let answer = caller.send(method, &request.target, headers, request.body.as_deref());
    let shown = || {
        let body = request.body.as_deref().map(String::from_utf8_lossy);
        format!(
            "{method} {:.200} {:.200}: {} {:.300}",
            request.target,
            body.unwrap_or_default(),
            answer.status,
            answer.text
        )
    };
    assert!(answer.status < 500, "{}", shown());
    let any_json = TAKES_ANY_JSON.contains(&route.operation) && request.is_json();
    assert!(answer.status >= 400 || !request.never_taken || any_json, "{}", shown());
    if answer.status >= 400 {
        assert!(is_a_refusal(&answer), "{}", shown());
        assert!(before.is_none_or(|before| commits(caller) == before), "{}", shown());
    }
    answer
}

/// The envelope, with a code of its status and a sentence.
fn is_a_refusal(answer: &Answer) -> bool {
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let code = body["error_code"].as_u64().unwrap_or_default();
    let of_status = code == u64::from(answer.status) || code / 100 == u64::from(answer.status);
    of_status && body["message"].as_str().is_some_and(|message| message.contains(' '))
}

/// How many commits have written something so far.
fn commits(caller: &mut Caller) -> String {
    let page = caller.get("/metrics").text;
    page.lines().find(|line| line.starts_with("freehold_commits_total ")).unwrap().to_owned()
}
