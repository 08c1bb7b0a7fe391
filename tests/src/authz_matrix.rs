//! Who may do what, asked of the server itself: every operation of the route table, as everybody one can be, under each
//! meaning of a POST. The outcome is a golden file: a changed line is a changed rule.
//!
//! What counts is whether one gets past authorization; so `yes` is any answer but 401 and 403, and requests are chosen that
//! leave things as they are.

use crate::authz_support::{Bank, basic, namespaces};
use crate::harness::named;
use conformance::JSON;
use registry::http::routes::{Operation, ROUTES};
use serde_json::{Value, json};
use std::fmt::Write;

const GOLDEN: &str = include_str!("authz_matrix.txt");

/// Nobody; a wrong password; a stranger; a writer, an owner and a context owner of the subject; an admin.
const WHO: [(&str, &str); 7] = [
    ("nobody", ""),
    ("wrong", "mallory"),
    ("stranger", "stranger"),
    ("writer", "wim"),
    ("owner", "alice"),
    ("context-owner", "cora"),
    ("admin", "ada"),
];

/// A request, and what tells it from others of its operation.
type Asked = (&'static str, String, Option<Value>);

#[test]
fn every_operation_asks_what_it_has_to_ask() {
    let banks = ["method", "operation", "effect"].map(|word| Bank::settled(&["--authorization-post-reads", word]));
    for bank in &banks {
        // So that an id may be chosen there at all.
        let import = json!({ "mode": "IMPORT" });
        bank.send("ada", "PUT", "/mode/:.whole:inner-import", Some(&import)).ok();
        bank.send("ada", "POST", "/associations", Some(&associated("payments", "weak", "payments-value"))).ok();
        bank.send("ada", "POST", "/associations", Some(&owned("strong"))).ok();
        bank.send("ada", "POST", "/dek-registry/v1/keks", Some(&kek("payments-key"))).ok();
        let dek = dek(":.whole:inner-value", "AAAA");
        bank.send("ada", "POST", "/dek-registry/v1/keks/payments-key/deks", Some(&dek)).ok();
    }
    let mut found = format!("{:<44}", "");
    for (who, _) in WHO {
        let _ = write!(found, "{who:<16}");
    }
    found = found.trim_end().to_owned() + "\n";
    for route in ROUTES {
        for (what, target, body) in requests(route.operation) {
            let mut line = format!("{:<44}", format!("{:?} {what}", route.operation));
            for (_, name) in WHO {
                let words = banks.each_ref().map(|bank| outcome(bank, name, route.method.as_str(), &target, &body));
                let _ = match words.iter().all(|word| *word == words[0]) {
                    true => write!(line, "{:<16}", words[0]),
                    false => write!(line, "{:<16}", words.join("/")),
                };
            }
            found += &(line.trim_end().to_owned() + "\n");
        }
    }
    assert!(found == GOLDEN, "the matrix is now:\n{found}");
}

fn outcome(bank: &Bank, name: &str, method: &str, target: &str, body: &Option<Value>) -> &'static str {
    let credential = basic(name, if name == "mallory" { "wrong" } else { name });
    let mut headers = vec![("Content-Type", JSON)];
    if !name.is_empty() {
        headers.push(("Authorization", credential.as_str()));
    }
    let body = body.as_ref().map(Value::to_string);
    let mut caller = bank.node.caller();
    let answer = caller.send(method, target, &headers, body.as_deref().map(str::as_bytes));
    match (answer.status, answer.header("www-authenticate")) {
        (401, Some(challenge)) if challenge.starts_with("Basic ") && answer.error_code() == 40101 => "401",
        (403, None) if answer.error_code() == 40301 => "403",
        (401 | 403, _) => panic!("{method} {target}: {answer:?}"),
        (500.., _) => panic!("{method} {target}: {answer:?}"),
        _ => "yes",
    }
}

/// A topic whose values a subject describes.
fn associated(topic: &str, id: &str, subject: &str) -> Value {
    let associations = json!([{ "subject": subject, "associationType": "value" }]);
    json!({ "resourceName": topic, "resourceNamespace": "lkc", "resourceId": id, "associations": associations })
}

/// A topic of payments that owns a subject in the context of `whole`.
fn owned(id: &str) -> Value {
    let associations = json!([{ "associationType": "value", "schema": { "schema": "\"long\"" } }]);
    json!({ "resourceName": "payments", "resourceNamespace": "whole", "resourceId": id, "associations": associations })
}

/// A KEK that the registry may not use.
fn kek(name: &str) -> Value {
    json!({ "name": name, "kmsType": "local-kms", "kmsKeyId": "key-1" })
}

/// A DEK, wrapped.
fn dek(subject: &str, encrypted: &str) -> Value {
    json!({ "subject": subject, "encryptedKeyMaterial": encrypted })
}

fn deks(subject: &str) -> String {
    format!("/dek-registry/v1/keks/payments-key/deks/{subject}")
}

/// A dry run with the associations of a topic; `cascadeLifecycle=true` may follow its id.
fn dry(id: &str) -> String {
    let (id, further) = id.split_once('&').map_or((id, String::new()), |(id, further)| (id, format!("&{further}")));
    format!("/associations/resources/{id}?dryRun=true{further}")
}

/// Tags for a record that is not there.
fn tagged() -> Value {
    json!({ "tagsToAdd": [{ "schemaEntity": { "entityPath": "no.Such", "entityType": "sr_record" }, "tags": ["PII"] }] })
}

/// What is asked of an operation. An operation that is missing here does not compile.
fn requests(operation: Operation) -> Vec<Asked> {
    use Operation as Op;
    let inner = ":.whole:inner-value";
    let one = |target: &str| vec![("", target.to_owned(), None)];
    let with = |target: &str, body: Value| vec![("", target.to_owned(), Some(body))];
    let level = || json!({ "compatibility": "BACKWARD" });
    let mode = |mode: &str| json!({ "mode": mode });
    let explicit = || json!({ "schema": "\"long\"", "id": 77 });
    match operation {
        Op::GetRoot => one("/"),
        Op::PostRoot => with("/", json!({})),
        Op::GetClusterId => one("/v1/metadata/id"),
        Op::GetServerVersion => one("/v1/metadata/version"),
        Op::GetDeployment => one("/v1/metadata/deployment"),
        Op::ListSchemas => one("/schemas"),
        Op::ListSchemaTypes => one("/schemas/types"),
        Op::GetSchemaById => one("/schemas/ids/1"),
        Op::GetSchemaTextById => one("/schemas/ids/1/schema"),
        Op::ListSubjectsById => one("/schemas/ids/1/subjects"),
        Op::ListVersionsById => one("/schemas/ids/1/versions"),
        Op::GetSchemaByGuid => one("/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d"),
        Op::ListIdsByGuid => one("/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d/ids"),
        Op::ListSubjects => one("/subjects"),
        Op::LookUpSchema => vec![
            ("", format!("/subjects/{inner}"), Some(named("Inner"))),
            ("of nobody's", "/subjects/unclaimed".into(), Some(named("Inner"))),
        ],
        Op::DeleteSubject => vec![
            ("", "/subjects/:.whole:inner-gone".into(), None),
            ("permanent", "/subjects/:.whole:inner-gone?permanent=true".into(), None),
            ("of nobody's", "/subjects/unclaimed".into(), None),
        ],
        Op::GetLatestWithMetadata => one(&format!("/subjects/{inner}/metadata")),
        Op::ListVersions => one(&format!("/subjects/{inner}/versions")),
        Op::RegisterSchema => vec![
            ("again", format!("/subjects/{inner}/versions"), Some(named("Inner"))),
            ("something broken", format!("/subjects/{inner}/versions"), Some(json!({ "schema": "{" }))),
            ("no object at all", format!("/subjects/{inner}/versions"), Some(json!("x"))),
            ("under a reserved name", "/subjects/:.whole:__EMPTY/versions".into(), Some(named("Inner"))),
            ("in nobody's", "/subjects/unclaimed/versions".into(), Some(json!({ "schema": "{" }))),
            ("with an id", "/subjects/:.whole:inner-import/versions".into(), Some(explicit())),
        ],
        Op::GetVersion => one(&format!("/subjects/{inner}/versions/1")),
        Op::DeleteVersion => one("/subjects/:.whole:inner-gone/versions/1"),
        Op::GetVersionText => one(&format!("/subjects/{inner}/versions/1/schema")),
        Op::ListReferencedBy => one(&format!("/subjects/{inner}/versions/1/referencedby")),
        Op::ModifyTags => vec![
            ("", format!("/subjects/{inner}/versions/1/tags"), Some(tagged())),
            ("in nobody's", "/subjects/unclaimed/versions/1/tags".into(), Some(tagged())),
        ],
        Op::ValidateSample => with(&format!("/subjects/{inner}/versions/1/validate"), json!({})),
        Op::CheckAgainstHistory => with(&format!("/compatibility/subjects/{inner}/versions"), named("Inner")),
        Op::CheckAgainstVersion => with(&format!("/compatibility/subjects/{inner}/versions/1"), named("Inner")),
        Op::GetGlobalConfig => one("/config"),
        Op::PutGlobalConfig => with("/config", level()),
        Op::DeleteGlobalConfig => one("/config"),
        Op::CheckMatrix => with(&format!("/compatibility/subjects/{inner}/matrix"), named("Inner")),
        Op::GetConfig => one(&format!("/config/{inner}")),
        Op::PutConfig => vec![
            ("of a subject", format!("/config/{inner}"), Some(level())),
            ("of a context", "/config/:.whole:".into(), Some(level())),
            ("of all contexts", "/config/:.__GLOBAL:".into(), Some(level())),
        ],
        Op::DeleteConfig => one(&format!("/config/{inner}")),
        Op::GetGlobalMode => one("/mode"),
        Op::PutGlobalMode => with("/mode", mode("READWRITE")),
        Op::DeleteGlobalMode => one("/mode"),
        Op::GetMode => one(&format!("/mode/{inner}")),
        Op::PutMode => vec![
            ("of a subject", format!("/mode/{inner}"), Some(mode("READWRITE"))),
            ("IMPORT of a subject", "/mode/:.whole:inner-import".into(), Some(mode("IMPORT"))),
            ("of a context", "/mode/:.whole:".into(), Some(mode("READWRITE"))),
            ("IMPORT in the default context", "/mode/payments-import".into(), Some(mode("IMPORT"))),
        ],
        Op::DeleteMode => one("/mode/:.whole:inner-import"),
        Op::ListContexts => one("/contexts"),
        Op::DeleteContext => one("/contexts/.whole"),
        Op::CreateAssociations => vec![
            ("", "/associations?dryRun=true".into(), Some(associated("payments", "weak", "payments-value"))),
            (
                "of a foreign topic",
                "/associations?dryRun=true".into(),
                Some(associated("other", "x", "payments-value")),
            ),
            (
                "of a foreign subject",
                "/associations?dryRun=true".into(),
                Some(associated("payments", "x", ":.whole:other")),
            ),
            ("with a schema", "/associations?dryRun=true".into(), Some(owned("strong"))),
        ],
        Op::ListAssociationsBySubject => one(&format!("/associations/subjects/{inner}")),
        Op::ListAssociationsByResourceId => one("/associations/resources/x"),
        Op::PutAssociations => vec![
            ("", dry("weak"), Some(associated("payments", "weak", "payments-value"))),
            ("of a foreign topic", dry("x"), Some(associated("other", "x", "payments-value"))),
        ],
        Op::DeleteAssociations => vec![
            ("", dry("weak"), None),
            ("that are frozen", dry("strong"), None),
            ("with the subject", dry("strong&cascadeLifecycle=true"), None),
        ],
        Op::BatchGetAssociations => with("/associations:batchGet", json!({ "requests": [{ "resourceId": "weak" }] })),
        // Each element is judged by itself, and its refusal is in the answer.
        Op::BatchMutateAssociations => with(
            "/associations:batchMutate?dryRun=true",
            json!({ "requests": [{ "resourceId": "weak", "associations": [{ "opType": "DELETE" }] }] }),
        ),
        Op::ListAssociationsByResourceName => one("/associations/resources/x/y"),
        Op::ListKeks => one("/dek-registry/v1/keks"),
        Op::CreateKek => vec![
            ("", "/dek-registry/v1/keks".into(), Some(kek("payments-key"))),
            ("of nobody's", "/dek-registry/v1/keks".into(), Some(kek("unclaimed"))),
        ],
        Op::GetKek => one("/dek-registry/v1/keks/payments-key"),
        Op::PutKek => with("/dek-registry/v1/keks/payments-key", json!({ "doc": "d" })),
        Op::DeleteKek => one("/dek-registry/v1/keks/payments-none"),
        Op::TestKek => one("/dek-registry/v1/keks/payments-key/test"),
        Op::UndeleteKek => one("/dek-registry/v1/keks/payments-key/undelete"),
        Op::GetKekReaders => one("/dek-registry/v1/keks/payments-key/readers"),
        Op::PutKekReaders => with("/dek-registry/v1/keks/payments-key/readers", json!({ "readers": [] })),
        Op::ListDekSubjects => one("/dek-registry/v1/keks/payments-key/deks"),
        Op::CreateDek => with("/dek-registry/v1/keks/payments-key/deks", dek(inner, "AAAA")),
        Op::GetDek => one(&deks(inner)),
        Op::CreateDekOfSubject => vec![
            ("again", deks(inner), Some(dek(inner, "AAAA"))),
            ("no object at all", deks(inner), Some(json!("x"))),
            ("wrapped anew", format!("{}?rewrap=true", deks(inner)), Some(dek(inner, "AAAA"))),
            ("of nobody's", deks("unclaimed"), Some(json!({ "version": 0 }))),
        ],
        Op::DeleteDek => one(&deks(":.whole:inner-none")),
        Op::UndeleteDek => one(&format!("{}/undelete", deks(inner))),
        Op::ListDekVersions => one(&format!("{}/versions", deks(inner))),
        Op::GetDekVersion => one(&format!("{}/versions/1", deks(inner))),
        Op::DeleteDekVersion => one(&format!("{}/versions/9", deks(inner))),
        Op::UndeleteDekVersion => one(&format!("{}/versions/1/undelete", deks(inner))),
        Op::ListNamespaces => one("/namespaces"),
        Op::ListOrphans => one("/namespaces/-/orphans"),
        Op::GetWholeAudit => one("/namespaces/-/audit"),
        Op::GetNamespace => one("/namespaces/inner"),
        Op::PutNamespace => vec![
            ("that is there", "/namespaces/inner".into(), Some(namespaces()[2].1.clone())),
            ("that is new", "/namespaces/new?dryRun=true".into(), Some(json!({}))),
        ],
        Op::DeleteNamespace => one("/namespaces/inner"),
        Op::ListNamespaceSubjects => one("/namespaces/inner/subjects"),
        Op::CanI => one("/namespaces/inner/can-i?action=delete"),
        Op::GetAudit => one("/namespaces/inner/audit"),
        Op::ListMembers => one("/namespaces/inner/members"),
        Op::PutMember => with("/namespaces/inner/members/user:basic%2Fwim", json!({ "role": "writer" })),
        Op::DeleteMember => one("/namespaces/inner/members/user:basic%2Fghost"),
        Op::ListClaims => one("/namespaces/inner/claims"),
        Op::PutClaim => one("/namespaces/inner/claims/:.whole:inner"),
        Op::DeleteClaim => one("/namespaces/inner/claims/other"),
        Op::PutOffer => with("/namespaces/inner/offers/other", json!({ "to": "whole" })),
        Op::DeleteOffer => one("/namespaces/inner/offers/other"),
        Op::PutContact => with("/namespaces/inner/contact", json!({ "contact": null })),
        Op::PutLabels => with("/namespaces/inner/labels", json!({})),
        Op::GetLiveness => one("/health/live"),
        Op::GetReadiness => one("/health/ready"),
        Op::GetMetrics => one("/metrics"),
        Op::GetApiDescription => one("/openapi.json"),
    }
}
