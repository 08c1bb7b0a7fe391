//! Who may import whom: a new arrow between crates, or a library in a crate that it has no place in, fails here with the rule
//! that it breaks.

use serde_json::Value;
use std::process::Command;

/// Every member, and which of our own it may import.
const OURS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("compat", &["model"]),
    ("authz", &["model"]),
    ("kms", &[]),
    ("state", &["model"]),
    ("kafka", &["model"]),
    ("storage", &["model", "state"]),
    ("rules", &["model", "compat", "authz", "state"]),
    ("service", &["model", "compat", "authz", "kms", "storage", "rules"]),
    ("registry", &["model", "compat", "authz", "kms", "storage", "rules", "service"]),
    ("conformance", &[]),
    ("e2e", &["registry", "conformance"]),
];

/// Libraries that have one room, and which.
const ROOMS: &[(&str, &[&str])] = &[
    ("axum", &["registry"]),
    ("hyper", &["registry"]),
    ("hyper-util", &["registry"]),
    ("http-body-util", &["registry"]),
    ("tower", &["registry", "authz"]),
    ("tower-http", &["registry", "authz"]),
    ("http", &["registry", "authz"]),
    ("casbin", &["authz"]),
    ("rocksdb", &["storage"]),
    ("rdkafka", &["storage"]),
    ("apache-avro", &["compat"]),
    ("prometheus", &["registry", "service"]),
    ("ring", &["kms"]),
    ("rustls", &["registry", "conformance"]),
    ("ureq", &["registry"]),
];

/// All that `model` may use: the vocabulary is pure.
const PURE: &[&str] = &["thiserror", "md-5"];

/// Arrows that only tests may take.
const TESTS: &[(&str, &str)] = &[("kafka", "state")];

/// The rule that an arrow breaks. `kind` is `null` for what is shipped, else `dev` or `build`.
fn broken(from: &str, to: &str, kind: Option<&str>) -> Option<String> {
    let Some((_, may)) = OURS.iter().find(|(member, _)| *member == from) else {
        return Some(format!("the member {from} is not in the table of tests/src/arrows.rs"));
    };
    if OURS.iter().any(|(member, _)| *member == to) {
        if kind == Some("dev") && TESTS.contains(&(from, to)) {
            return None;
        }
        return (!may.contains(&to)).then(|| format!("{from} imports {to}; of ours it may import {may:?}"));
    }
    // What only tests use is not in any room, except that tests of ours are no way around a wall between ours.
    if kind == Some("dev") {
        return None;
    }
    if from == "model" && !PURE.contains(&to) {
        return Some(format!("model imports {to}; it is pure and uses only {PURE:?}"));
    }
    let (_, rooms) = ROOMS.iter().find(|(library, _)| *library == to)?;
    (!rooms.contains(&from)).then(|| format!("{from} imports {to}, which lives only in {rooms:?}"))
}

/// Every arrow of the workspace: importer, imported, kind.
fn arrows() -> Vec<(String, String, Option<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let metadata: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .flat_map(|package| {
            let arrow = |to: &Value| (text(&package["name"]).unwrap(), text(&to["name"]).unwrap(), text(&to["kind"]));
            package["dependencies"].as_array().unwrap().iter().map(arrow)
        })
        .collect()
}

#[test]
fn no_member_imports_what_it_may_not() {
    let arrows = arrows();
    assert!(arrows.iter().any(|(from, to, _)| from == "registry" && to == "axum"), "{arrows:?}");
    let broken: Vec<String> = arrows.iter().filter_map(|(from, to, kind)| broken(from, to, kind.as_deref())).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn arrows_against_the_design_are_told() {
    #[track_caller]
    fn check(from: &str, to: &str, kind: Option<&str>, told: bool) {
        assert_eq!(broken(from, to, kind).is_some(), told, "{from} -> {to} ({kind:?})");
    }
    check("registry", "storage", None, false);
    check("storage", "registry", None, true);
    check("compat", "storage", Some("dev"), true);
    check("rules", "storage", Some("dev"), true);
    check("rules", "service", None, true);
    check("state", "rocksdb", None, true);
    check("kafka", "state", None, true);
    check("kafka", "state", Some("dev"), false);
    check("conformance", "model", None, true);
    check("newcomer", "model", None, true);
    check("storage", "axum", None, true);
    check("authz", "tower", None, false);
    check("registry", "rocksdb", Some("build"), true);
    check("registry", "casbin", None, true);
    check("model", "serde_json", None, true);
    check("model", "tempfile", Some("dev"), false);
}
