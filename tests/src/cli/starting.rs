//! What a registry says and refuses when it starts.

use crate::authz_support::{Bank, add_user, namespaces};
use crate::harness::command::{freehold, run};
use crate::harness::{Node, Settings, named};
use serde_json::json;
use std::path::Path;

/// `freehold serve` on this directory, which must not start; what it says.
#[track_caller]
fn refused(data: &Path, flags: &[&str]) -> String {
    run(freehold().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(flags)).bad()
}

#[test]
fn a_new_store_is_said_and_made_only_where_it_may_be() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let said = refused(&data, &["--must-exist"]);
    assert!(said.contains("holds no store") && said.contains("must-exist") && !data.exists(), "{said}");

    let made = |node: &Node| node.log().contains(&format!("made a new store at {}", data.display()));
    let node = Node::at(&data);
    node.register("s", &named("A"));
    assert!(made(&node), "{}", node.log());
    node.stop();
    let node = Node::with(Settings { data: Some(data.clone()), ..Settings::flags(&["--must-exist"]) });
    assert!(!made(&node), "{}", node.log());
    assert_eq!(node.get("/subjects").ok(), json!(["s"]));
    node.stop();

    // Nor does a backup make one, to back it up.
    let empty = directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let said = run(freehold().arg("backup").arg("--data").arg(&empty).arg(directory.path().join("file"))).bad();
    assert!(said.contains("holds no store") && empty.read_dir().unwrap().next().is_none(), "{said}");
}

/// Whoever forgets to name the users file does not open everything to everybody.
#[test]
fn land_with_owners_is_not_served_where_nobody_can_be_one() {
    let directory = tempfile::tempdir().unwrap();
    let (data, users) = (directory.path().join("data"), directory.path().join("users"));
    add_user(&users, "ada");
    let flags = ["--authentication-users", users.to_str().unwrap(), "--authorization-admins", "user:basic/ada"];
    let node = Node::with(Settings { data: Some(data.clone()), ..Settings::flags(&flags) });
    let (name, body) = &namespaces()[0];
    let mut caller = node.caller();
    let put = crate::authz_support::send(&mut caller, "ada", "PUT", &format!("/namespaces/{name}"), Some(body));
    assert_eq!(put.status, 201, "{put:?}");
    node.stop();

    let said = refused(&data, &[]);
    assert!(said.contains("have a namespace") && said.contains("authentication.users"), "{said}");
    assert!(said.contains("--insecure-open"), "{said}");
    let node = Node::with(Settings { data: Some(data), ..Settings::flags(&["--insecure-open"]) });
    assert_eq!(node.get("/namespaces/payments").status, 200);
    // What was written while there were owners stays between them.
    for target in ["/namespaces/payments/audit", "/namespaces/-/audit"] {
        assert_eq!(node.get(target).error_code(), 40101, "{target}");
    }
}

#[test]
fn without_authorization_the_audit_is_still_for_those_who_may_read_it() {
    let mut bank = Bank::settled(&[]);
    bank.restart(&["--authorization-mode", "off"]);
    bank.register("stranger", "payments-other", "Another");
    for target in ["/namespaces/payments/audit", "/namespaces/-/audit"] {
        assert_eq!(bank.send("", "GET", target, None).error_code(), 40101, "{target}");
        assert_eq!(bank.send("stranger", "GET", target, None).error_code(), 40301, "{target}");
        assert_eq!(bank.send("ada", "GET", target, None).status, 200, "{target}");
    }
    assert_eq!(bank.send("wim", "GET", "/namespaces/payments/audit", None).status, 200);
    let can_i = bank.send("stranger", "GET", "/namespaces/payments/can-i?action=secret", None).ok();
    assert_eq!(can_i["allowed"], false, "{can_i}");
}

#[test]
fn off_loopback_a_name_that_a_stranger_could_have_is_answered_only_where_it_is_configured() {
    let flags = ["--listen", "0.0.0.0:0", "--insecure-open", "--http-hosts", "sr.bank.example,.eu.bank.example"];
    let node = Node::with(Settings::flags(&flags));
    let check = |host: &str, status: u16| {
        let answer = node.caller().send("GET", "/subjects", &[("Host", host)], None);
        assert_eq!(answer.status, status, "{host}: {answer:?}");
        answer.text
    };
    for host in
        ["10.1.2.3:8081", "schema-registry", "sr.kafka.svc.cluster.local", "sr.bank.example", "a.eu.bank.example"]
    {
        check(host, 200);
    }
    for host in ["evil.example", "bank.example"] {
        assert!(check(host, 403).contains("http.hosts"));
    }
    let said = node.logged(|line| line.contains("answers requests to addresses"));
    assert!(said.contains("hosts=\".eu.bank.example,sr.bank.example\""), "{said}");

    let any = Node::with(Settings::flags(&["--listen", "0.0.0.0:0", "--insecure-open", "--http-hosts", "*"]));
    assert_eq!(any.caller().send("GET", "/subjects", &[("Host", "evil.example")], None).status, 200);
    any.logged(|line| line.contains("WARN") && line.contains("http.hosts is *"));
}

#[test]
fn variables_of_kubernetes_are_nobodys_business_and_misspelt_ones_are_said_in_the_log() {
    let variables =
        [("FREEHOLD_PORT", "tcp://10.0.0.1:8081"), ("FREEHOLD_SERVICE_HOST", "10.0.0.1"), ("FREEHOLD_DATE", "x")];
    let variables = variables.map(|(name, value)| (name, value.to_owned())).to_vec();
    let node = Node::with(Settings { variables, ..Settings::default() });
    node.logged(|line| line.contains("FREEHOLD_DATE is no setting") && line.contains("did you mean 'FREEHOLD_DATA'?"));
    assert!(!node.log().contains("FREEHOLD_PORT") && !node.log().contains("SERVICE_HOST"), "{}", node.log());
}
