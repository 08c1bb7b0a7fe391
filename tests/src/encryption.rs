//! Encryption keys: who is shown a key in the clear, what a registry does that is not told its secret, and that a key is shown
//! nowhere else. Whether clients understand the answers is in `clients_python`.

use crate::authz_support::Bank;
use crate::harness::{Node, Settings};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const KEKS: &str = "/dek-registry/v1/keks";

/// A directory with a secret, and the flags that name it.
fn secret() -> (TempDir, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("local"), "a secret of the tests\n").unwrap();
    let path = directory.path().to_str().unwrap().to_owned();
    (directory, ["--kms-local", "*=${file:local}", "--secrets-dir", &path].map(str::to_owned).into())
}

fn open_with_secret(data: &Path, flags: &[String]) -> Node {
    Node::with(Settings { data: Some(data.to_owned()), flags: flags.to_vec(), ..Settings::default() })
}

fn kek(name: &str, kms_type: &str, shared: bool) -> Value {
    let id = if kms_type == "aws-kms" { "arn:aws:kms:eu:1:key/a" } else { "key-1" };
    json!({ "name": name, "kmsType": kms_type, "kmsKeyId": id, "shared": shared })
}

#[test]
fn a_key_is_shown_to_who_may_see_secrets_of_its_subject_and_to_readers_each_in_the_audit() {
    let (_secrets, flags) = secret();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let bank = Bank::settled(&flags);
    bank.send("wim", "POST", KEKS, Some(&kek("payments-key", "local-kms", true))).ok();
    let dek = format!("{KEKS}/payments-key/deks/payments-value");
    let made = bank.send("wim", "POST", &dek, Some(&json!({}))).ok();
    let key = made["keyMaterial"].as_str().unwrap().to_owned();
    let shown = |who: &str| {
        let found = bank.send(who, "GET", &dek, None).ok();
        assert_eq!(found["encryptedKeyMaterial"], made["encryptedKeyMaterial"], "{who}");
        found["keyMaterial"].as_str().map(str::to_owned)
    };
    for (who, may) in [("", false), ("stranger", false), ("cora", false), ("wim", true), ("alice", true)] {
        assert_eq!(shown(who), may.then(|| key.clone()), "{who}");
    }
    // Readers are chosen by the owner of the KEK alone.
    let readers = format!("{KEKS}/payments-key/readers");
    let body = json!({ "readers": ["user:basic/mona", "namespace:whole"] });
    assert_eq!(bank.send("wim", "PUT", &readers, Some(&body)).error_code(), 40301);
    assert_eq!(bank.send("alice", "PUT", &readers, Some(&body)).ok(), body);
    for (who, may) in [("", false), ("stranger", false), ("cora", true), ("mona", true)] {
        assert_eq!(shown(who), may.then(|| key.clone()), "{who}");
    }
    let entries = bank.audit("alice", "payments");
    let of_reveals = |entry: &&Value| entry["operation"] == "deks.get" && entry["action"] == "secret";
    let by: Vec<(&str, &str)> = entries
        .iter()
        .filter(of_reveals)
        .map(|entry| (entry["principal"].as_str().unwrap(), entry["rule"].as_str().unwrap()))
        .collect();
    let expected = [
        ("user:basic/mona", "kek:reader"),
        ("user:basic/cora", "kek:reader"),
        ("user:basic/alice", "role:owner"),
        ("user:basic/wim", "role:writer"),
    ];
    assert_eq!(by, expected);
    assert!(!entries.iter().any(|entry| entry.to_string().contains(&key)), "a key is in the audit");
}

#[test]
fn who_may_only_register_neither_replaces_nor_deletes_nor_revives_a_key() {
    let bank = Bank::settled(&[]);
    bank.send("wim", "POST", KEKS, Some(&kek("payments-key", "local-kms", false))).ok();
    let dek = format!("{KEKS}/payments-key/deks/payments-value");
    let body = |encrypted: &str, deleted: bool| json!({ "encryptedKeyMaterial": encrypted, "deleted": deleted });
    bank.send("wim", "POST", &dek, Some(&body("AAAA", false))).ok();
    // As clients do that both make it.
    assert_eq!(bank.send("wim", "POST", &dek, Some(&body("BBBB", false))).error_code(), 40971);
    let again = format!("{dek}?rewrap=true");
    assert_eq!(bank.send("wim", "POST", &again, Some(&body("BBBB", false))).error_code(), 40301);
    assert_eq!(bank.send("alice", "POST", &again, Some(&body("BBBB", false))).ok()["encryptedKeyMaterial"], "BBBB");
    assert_eq!(bank.send("wim", "POST", &dek, Some(&body("BBBB", true))).error_code(), 40301);
    assert_eq!(bank.send("alice", "POST", &dek, Some(&body("BBBB", true))).ok()["deleted"], true);
    assert_eq!(bank.send("wim", "POST", &dek, Some(&body("BBBB", false))).error_code(), 40301);
    assert_eq!(bank.node.get(&dek).error_code(), 40470);
    assert_eq!(bank.send("alice", "POST", &dek, Some(&body("BBBB", false))).status, 200);
    let deleted = json!({ "deleted": true, "name": "payments-key", "kmsType": "local-kms", "kmsKeyId": "key-1" });
    assert_eq!(bank.send("wim", "POST", KEKS, Some(&deleted)).error_code(), 40301);
    assert_eq!(bank.send("alice", "POST", KEKS, Some(&deleted)).ok()["deleted"], true);
}

#[test]
fn a_registry_that_is_not_told_the_secret_shows_keys_wrapped_and_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (_secrets, flags) = secret();
    let dek = format!("{KEKS}/k/deks/s");
    let node = open_with_secret(&data, &flags);
    node.caller().post(KEKS, &kek("k", "local-kms", true)).ok();
    let made = node.caller().post(&dek, &json!({})).ok();
    let tried = node.caller().post(&format!("{KEKS}/k/test"), &json!({})).ok();
    assert_eq!((&tried["type"], &tried["deleted"]), (&json!("KEK"), &json!(false)));
    let log = stopped(node);
    let key = made["keyMaterial"].as_str().unwrap();
    assert!(!log.contains(key), "a key is in the log");

    let node = Node::at(&data);
    let found = node.get(&dek).ok();
    assert_eq!((&found["encryptedKeyMaterial"], &found["keyMaterial"]), (&made["encryptedKeyMaterial"], &Value::Null));
    let mut caller = node.caller();
    for (target, body) in [
        (format!("{KEKS}/k/deks/t"), json!({})),
        (format!("{KEKS}/k/test"), json!({})),
        (format!("{KEKS}?testSharing=true"), kek("new", "aws-kms", true)),
    ] {
        let refused = caller.post(&target, &body);
        assert_eq!(refused.error_code(), 42225, "{target}");
        assert!(refused.text.contains("The key cannot be used: this registry"), "{refused:?}");
    }
    assert_eq!(node.get(&format!("{KEKS}/new")).error_code(), 40470, "nothing half done");
    drop(node);

    // Told another one, it says that it cannot, and nothing of why.
    std::fs::write(_secrets.path().join("local"), "another").unwrap();
    let node = open_with_secret(&data, &flags);
    let refused = node.get(&dek);
    assert_eq!(refused.error_code(), 50070);
    assert!(!refused.text.contains("wrapped"), "{refused:?}");
    assert_eq!(node.get(&format!("{KEKS}/k")).ok()["shared"], true);
}

fn stopped(mut node: Node) -> String {
    node.terminate();
    let (status, log) = node.ended();
    assert!(status.success(), "{log}");
    log
}

#[test]
fn what_is_sent_as_wrapped_by_a_shared_key_must_be() {
    let directory = tempfile::tempdir().unwrap();
    let (_secrets, flags) = secret();
    let node = open_with_secret(&directory.path().join("data"), &flags);
    let mut caller = node.caller();
    caller.post(KEKS, &kek("k", "local-kms", true)).ok();
    let made = caller.post(&format!("{KEKS}/k/deks/s"), &json!({})).ok();
    let of = |encrypted: &str, algorithm: &str| json!({ "encryptedKeyMaterial": encrypted, "algorithm": algorithm });
    let encrypted = made["encryptedKeyMaterial"].as_str().unwrap();
    for (encrypted, algorithm) in
        [("AAAA", "AES256_GCM"), ("not base64", "AES256_GCM"), (encrypted, "AES128_GCM"), (encrypted, "AES256_SIV")]
    {
        let refused = caller.post(&format!("{KEKS}/k/deks/t"), &of(encrypted, algorithm));
        assert_eq!(refused.error_code(), 42271, "{encrypted} {algorithm}");
    }
    let taken = caller.post(&format!("{KEKS}/k/deks/t"), &of(encrypted, "AES256_GCM")).ok();
    assert_eq!(taken["keyMaterial"], made["keyMaterial"]);
    // Wrapped anew it is the same key.
    let again = caller.post(&format!("{KEKS}/k/deks/s?rewrap=true"), &json!({})).ok();
    assert_eq!(again["keyMaterial"], made["keyMaterial"]);
    assert_ne!(again["encryptedKeyMaterial"], made["encryptedKeyMaterial"]);
    assert_eq!(node.get(&format!("{KEKS}/k/deks/s")).ok()["encryptedKeyMaterial"], again["encryptedKeyMaterial"]);
    let page = node.get("/metrics").text;
    for line in ["freehold_keks 1", "freehold_shared_keks 1", "freehold_deks 2"] {
        assert!(page.lines().any(|found| found == line), "{line}");
    }
    assert!(
        page.contains(r#"freehold_kms_requests_total{driver="local-kms",operation="unwrap",outcome="not-wrapped"}"#)
    );
}

#[test]
fn an_alias_for_deks_comes_before_the_one_for_everything() {
    let node = Node::start();
    let mut caller = node.caller();
    caller.post(KEKS, &kek("k", "local-kms", false)).ok();
    caller.put("/config/old", &json!({ "alias": "new", "aliasForDeks": "keys" })).ok();
    caller.put("/config/other", &json!({ "alias": "new" })).ok();
    let dek = |subject: &str| format!("{KEKS}/k/deks/{subject}");
    let made = |encrypted: &str| json!({ "encryptedKeyMaterial": encrypted });
    assert_eq!(caller.post(&dek("old"), &made("AAAA")).ok()["subject"], "keys");
    assert_eq!(caller.post(&dek("other"), &made("BBBB")).ok()["subject"], "new");
    assert_eq!(caller.get(&dek("keys")).ok()["encryptedKeyMaterial"], "AAAA");
    // Of spellings that mean one subject each has its own.
    assert_eq!(caller.post(&dek(":.:keys"), &made("CCCC")).ok()["subject"], ":.:keys");
    assert_eq!(caller.get(&format!("{KEKS}/k/deks")).ok(), json!([":.:keys", "keys", "new"]));
    assert_eq!(caller.get(&format!("{KEKS}?subjectPrefix=ne&subjectPrefix=x")).ok(), json!(["k"]));
    assert_eq!(caller.get(&format!("{KEKS}?subjectPrefix=x")).ok(), json!([]));
}

#[test]
fn of_many_who_make_a_key_at_once_one_does() {
    let directory = tempfile::tempdir().unwrap();
    let (_secrets, flags) = secret();
    let node = open_with_secret(&directory.path().join("data"), &flags);
    node.caller().post(KEKS, &kek("k", "local-kms", true)).ok();
    let answers: Vec<(u16, Option<String>)> = std::thread::scope(|scope| {
        let make = || {
            let answer = node.caller().post(&format!("{KEKS}/k/deks/s"), &json!({}));
            (answer.status, answer.json()["keyMaterial"].as_str().map(str::to_owned))
        };
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    let made: Vec<&String> = answers.iter().filter_map(|(_, key)| key.as_ref()).collect();
    assert!(made.len() == 1 && answers.iter().all(|(status, _)| matches!(status, 200 | 409)), "{answers:?}");
    assert_eq!(node.get(&format!("{KEKS}/k/deks/s")).ok()["keyMaterial"], **made[0]);
}

#[test]
fn no_spelling_leads_to_the_keys_of_somebody_else() {
    let bank = Bank::settled(&[]);
    bank.send("wim", "POST", KEKS, Some(&kek("payments-key", "local-kms", false))).ok();
    let deks = "dek-registry/v1/keks/payments-key/deks";
    let body = |subject: &str| json!({ "subject": subject, "encryptedKeyMaterial": "AAAA" });
    // `other` in the context of `whole` is not wim's, however he names it; what he may name in the body is not looked at.
    for target in [
        format!("/{deks}/:.whole:other"),
        format!("/{deks}/%3A.whole%3Aother"),
        format!("/{deks}/:.whole:other/"),
        format!("/{deks};x=1/:.whole:other"),
        format!("/contexts/.whole/{deks}/other"),
        format!("/contexts/whole/{deks}/other"),
        format!("/contexts/:.whole:/{deks}/other"),
    ] {
        let refused = bank.send("wim", "POST", &target, Some(&body("payments-value")));
        assert!(
            refused.error_code() == 40301 && refused.text.contains("Subject: :.whole:other"),
            "{target}: {refused:?}"
        );
    }
    let refused = bank.send("wim", "POST", &format!("/{deks}"), Some(&body(":.whole:other")));
    assert!(refused.text.contains("Subject: :.whole:other"), "{refused:?}");
    // Through an alias it is what that stands for, for DEKs alone or for everything.
    for alias in [json!({ "aliasForDeks": ":.whole:other" }), json!({ "alias": ":.whole:other", "aliasForDeks": null })]
    {
        bank.send("alice", "PUT", "/config/payments-old", Some(&alias)).ok();
        let refused = bank.send("wim", "POST", &format!("/{deks}/payments-old"), Some(&body("payments-old")));
        assert!(refused.text.contains("Subject: :.whole:other"), "{refused:?}");
    }
    // A whole context is its owner's, and the registry as a whole the admins'.
    for (subject, told) in [(":.whole:", "Context: .whole"), (":.:", "Global")] {
        let refused = bank.send("wim", "POST", &format!("/{deks}/{subject}"), Some(&body(subject)));
        assert!(refused.error_code() == 40301 && refused.text.contains(told), "{refused:?}");
    }
    assert_eq!(bank.node.get(&format!("/{deks}")).ok(), json!([]));
    // A KEK is on the land of a topic of its name, in whatever context it is made.
    let refused =
        bank.send("wim", "POST", "/contexts/.whole/dek-registry/v1/keks", Some(&kek("other", "local-kms", false)));
    assert!(refused.error_code() == 40301 && refused.text.contains("Topic: other"), "{refused:?}");
}
