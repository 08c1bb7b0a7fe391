//! Files that change under load: not one decision is wrong, and a broken file changes nothing.

use crate::authz_load::{Requester, under_load};
use crate::authz_support::{Bank, add_user, basic, remove_user};
use crate::harness::{named, wait};
use serde_json::json;

/// What holds where nothing else is configured.
const POLICY: &str = include_str!("../../authz/policy/policy.csv");
const MODEL: &str = include_str!("../../authz/policy/model.conf");

fn reloads(bank: &Bank, file: &str, outcome: &str, count: u32) -> bool {
    let sample = format!("freehold_reloads_total{{file=\"{file}\",outcome=\"{outcome}\"}} {count}\n");
    bank.node.get("/metrics").text.contains(&sample)
}

#[test]
fn users_come_and_go_under_load_without_one_wrong_decision() {
    let bank = Bank::settled(&[]);
    let looks_up = |who, status| Requester {
        who,
        ask: ("POST", "/subjects/payments-value"),
        body: Some(named("Payment")),
        right: [status, status],
    };
    under_load(&bank, &[looks_up("wim", 200), looks_up("stranger", 403), looks_up("", 401)], |load| {
        let status = |who: &str| bank.send(who, "GET", "/subjects", None).status;
        add_user(&bank.users(), "newcomer");
        bank.node.logged(|line| line.contains("users file has changed and is in force"));
        assert_eq!(status("newcomer"), 200);
        remove_user(&bank.users(), "mona");
        wait::until("mona is gone", || (status("mona") == 401).then_some(()));
        std::fs::write(bank.users(), "broken").unwrap();
        bank.node.logged(|line| line.contains("the users before stay"));
        load.goes_on();
        assert_eq!(status("newcomer"), 200);
    });
    assert!(reloads(&bank, "users", "kept-old", 1));
}

#[test]
fn the_policy_changes_under_load_without_one_wrong_decision() {
    let directory = tempfile::tempdir().unwrap();
    let (file, beside) = (directory.path().join("policy.csv"), directory.path().join("new"));
    std::fs::write(&file, POLICY).unwrap();
    let bank = Bank::settled(&["--authorization-policy", file.to_str().unwrap()]);
    let level = || Some(json!({ "compatibility": "BACKWARD" }));
    let (config, subject) = (("PUT", "/config/payments-value"), ("POST", "/subjects/payments-value"));
    let register = ("POST", "/subjects/payments-value/versions");
    let asks = |who, ask, body, right| Requester { who, ask, body, right };
    let requesters = [
        // What the other policy gives: configuring to writers, looking up to everybody.
        asks("wim", config, level(), [403, 200]),
        asks("stranger", subject, Some(named("Payment")), [403, 200]),
        asks("", subject, Some(named("Payment")), [401, 200]),
        // What it does not touch.
        asks("wim", register, Some(named("Payment")), [200, 200]),
        asks("alice", config, level(), [200, 200]),
        asks("", ("GET", "/subjects/payments-value/versions/1"), None, [200, 200]),
        asks("stranger", config, level(), [403, 403]),
        asks("", config, level(), [401, 401]),
        asks("stranger", register, Some(named("Foreign")), [403, 403]),
        asks("stranger", ("DELETE", "/subjects/payments-value"), None, [403, 403]),
    ];
    let in_force = || bank.node.get("/health/ready").ok()["policy"]["policy"].clone();
    let first = in_force();
    let other = format!("{POLICY}\np, writer, config\np, anyone, lookup\n");
    under_load(&bank, &requesters, |load| {
        load.change(|| std::fs::write(&file, &other).unwrap(), || (in_force() != first).then_some(()));
        let second = in_force();
        let unusable = |text: &str, count| {
            std::fs::write(&file, text).unwrap();
            wait::until("it is refused", || reloads(&bank, "policy", "kept-old", count).then_some(()));
            load.goes_on();
            assert_eq!(in_force(), second);
        };
        unusable("p, writer, fly\n", 1);
        bank.node.logged(|line| line.contains("the policy before stays") && line.contains("unknown action"));
        unusable(&format!("{POLICY}\np, anyone, delete\n"), 2);
        std::fs::write(&beside, POLICY).unwrap();
        load.change(|| std::fs::rename(&beside, &file).unwrap(), || (in_force() == first).then_some(()));
    });
    assert!(reloads(&bank, "policy", "taken", 2));
    assert_eq!(bank.node.get("/subjects/payments-value/versions").ok(), json!([1]));
}

#[test]
fn the_model_changes_under_load_without_one_wrong_decision() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (file, policy) = (at("model.conf"), at("policy.csv"));
    std::fs::write(&file, MODEL).unwrap();
    // The other model knows no role that may what another may, so this says for owners and admins what they keep.
    let spelt_out = "p, writer, read\np, owner, read\np, owner, register\np, context-owner, read\np, admin, read\n";
    std::fs::write(&policy, format!("{POLICY}\n{spelt_out}")).unwrap();
    let (model, policy) = (file.to_str().unwrap(), policy.to_str().unwrap());
    let bank = Bank::settled(&["--authorization-model", model, "--authorization-policy", policy]);
    let asks = |who, ask, body, right| Requester { who, ask, body, right };
    let (register, look_up) = (("POST", "/subjects/payments-value/versions"), ("POST", "/subjects/payments-value"));
    let requesters = [
        asks("alice", look_up, Some(named("Payment")), [200, 403]),
        asks("alice", register, Some(named("Payment")), [200, 200]),
        asks("wim", look_up, Some(named("Payment")), [200, 200]),
        asks("stranger", register, Some(named("Payment")), [403, 403]),
        asks("", ("GET", "/subjects/payments-value/versions/1"), None, [200, 200]),
    ];
    let in_force = || bank.node.get("/health/ready").ok()["policy"]["model"].clone();
    let first = in_force();
    let flat = MODEL.replace("g(r.role, p.role, r.dom)", "r.role == p.role");
    under_load(&bank, &requesters, |load| {
        load.change(|| std::fs::write(&file, &flat).unwrap(), || (in_force() != first).then_some(()));
        let second = in_force();
        std::fs::write(&file, MODEL.replace("r.act == p.act", "r.act == r.act")).unwrap();
        bank.node.logged(|line| line.contains("the policy before stays"));
        load.goes_on();
        assert_eq!(in_force(), second);
        std::fs::write(at("new"), MODEL).unwrap();
        load.change(|| std::fs::rename(at("new"), &file).unwrap(), || (in_force() == first).then_some(()));
    });
}

#[test]
fn a_user_who_is_removed_while_the_body_is_on_its_way_writes_nothing() {
    let bank = Bank::settled(&[]);
    let body = named("Late").to_string();
    let mut wire = bank.node.wire();
    let head = format!(
        "POST /subjects/payments-late/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: {}\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        basic("wim", "wim"),
        body.len()
    );
    wire.send(head.as_bytes()).read_until("100 Continue\r\n\r\n");
    remove_user(&bank.users(), "wim");
    bank.node.logged(|line| line.contains("users file has changed and is in force"));
    wire.send(body.as_bytes());
    assert_eq!(wire.reply().statuses(), [401]);
    assert_eq!(bank.node.get("/subjects/payments-late/versions").error_code(), 40401);
}
