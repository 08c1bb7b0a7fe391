//! A registry with owners: users, three namespaces in two contexts, and callers that say who they are.

use crate::harness::command::freehold_with;
use crate::harness::{Answer, Caller, Node, Settings, named};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use conformance::JSON;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Everybody with a password, which is the name.
pub const USERS: [&str; 6] = ["stranger", "wim", "alice", "cora", "ada", "mona"];

/// A registry, and the directory of its data and its users file.
pub struct Bank {
    pub node: Node,
    directory: TempDir,
}

impl Bank {
    /// With these further flags. `ada` is the admin.
    pub fn with(flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let users = directory.path().join("users");
        USERS.iter().for_each(|name| add_user(&users, name));
        Bank { node: node(directory.path(), flags), directory }
    }

    /// Stops in order, and starts again on the same data with these further flags.
    pub fn restart(&mut self, flags: &[&str]) {
        self.node.terminate();
        let (status, log) = self.node.ended();
        assert!(status.success(), "{status}\n{log}");
        self.node = node(self.directory.path(), flags);
    }

    /// The same, with claims given out: `payments` and `inner` (inside `whole`'s context) have alice for owner and wim for
    /// writer; cora owns `whole` and, with alice, `inner`.
    pub fn settled(flags: &[&str]) -> Self {
        let bank = Self::with(flags);
        for (name, body) in namespaces() {
            let answer = bank.send("ada", "PUT", &format!("/namespaces/{name}?confirm=true"), Some(&body));
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        bank.register("alice", "payments-value", "Payment");
        bank.register("cora", ":.whole:inner-value", "Inner");
        bank
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The users file.
    pub fn users(&self) -> PathBuf {
        self.directory.path().join("users")
    }

    /// Sends as somebody; an empty name is nobody.
    #[track_caller]
    pub fn send(&self, who: &str, method: &str, target: &str, body: Option<&Value>) -> Answer {
        send(&mut self.node.caller(), who, method, target, body)
    }

    #[track_caller]
    pub fn register(&self, who: &str, subject: &str, record: &str) {
        let answer = self.send(who, "POST", &format!("/subjects/{subject}/versions"), Some(&named(record)));
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The newest page of a namespace's audit, or of all with `-`, as this user is shown it; the newest entry first.
    #[track_caller]
    pub fn audit(&self, who: &str, namespace: &str) -> Vec<Value> {
        let page = self.send(who, "GET", &format!("/namespaces/{namespace}/audit"), None).ok();
        page["entries"].as_array().unwrap().clone()
    }

    /// Alice says who may refer to schemas of `payments`: `anyone` or `members`.
    #[track_caller]
    pub fn let_refer(&self, referrers: &str) {
        let mut payments = namespaces()[0].1.clone();
        payments["referrers"] = referrers.into();
        self.send("alice", "PUT", "/namespaces/payments", Some(&payments)).ok();
    }
}

/// A record with a field of the type that a settled bank has in `payments-value`.
pub fn referring() -> Value {
    json!({
        "schema": json!({ "type": "record", "name": "R", "fields": [{ "name": "p", "type": "Payment" }] }).to_string(),
        "references": [{ "name": "Payment", "subject": ":.:payments-value", "version": 1 }],
    })
}

fn node(directory: &Path, flags: &[&str]) -> Node {
    let users = directory.join("users");
    let mut all = vec!["--authentication-users", users.to_str().unwrap(), "--authorization-admins", "user:basic/ada"];
    all.extend(flags);
    Node::with(Settings { data: Some(directory.join("data")), ..Settings::flags(&all) })
}

/// The namespaces of a settled bank.
pub fn namespaces() -> [(&'static str, Value); 3] {
    let members = json!({ "user:basic/alice": "owner", "user:basic/wim": "writer" });
    let both = json!({ "user:basic/alice": "owner", "user:basic/cora": "owner", "user:basic/wim": "writer" });
    [
        ("payments", json!({ "claims": ["payments"], "members": members, "contact": "#payments" })),
        ("whole", json!({ "claims": [":.whole:"], "members": { "user:basic/cora": "owner" } })),
        ("inner", json!({ "claims": [":.whole:inner"], "members": both })),
    ]
}

/// Sends as somebody over this connection.
#[track_caller]
pub fn send(caller: &mut Caller, who: &str, method: &str, target: &str, body: Option<&Value>) -> Answer {
    let credential = basic(who, who);
    let mut headers = vec![];
    if !who.is_empty() {
        headers.push(("Authorization", credential.as_str()));
    }
    if body.is_some() {
        headers.push(("Content-Type", JSON));
    }
    let body = body.map(Value::to_string);
    caller.send(method, target, &headers, body.as_deref().map(str::as_bytes))
}

/// Adds a user whose password is the name.
pub fn add_user(file: &Path, name: &str) {
    let mut command: Command = crate::harness::command::freehold();
    command.args(["user", "add", file.to_str().unwrap(), name, "--authentication-password-length", "1"]);
    command.env("FREEHOLD_PASSWORD", name);
    crate::harness::command::run(&mut command).good();
}

/// Removes a user.
pub fn remove_user(file: &Path, name: &str) {
    freehold_with(&["user", "remove", file.to_str().unwrap(), name]).good();
}

/// The value of an `Authorization` header.
pub fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{name}:{password}")))
}
