//! confluent-kafka for Python, unmodified and as an application configures it. The checks themselves are the scripts in
//! `tests/clients`, which run by hand as well: `.venv/bin/python tests/clients/registry.py http://127.0.0.1:8081`.

use crate::harness::{Node, Settings, command};
use std::path::Path;

/// Runs a script against the registry at this address.
#[track_caller]
pub fn script(name: &str, url: &str) -> command::Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".venv/bin/python");
    assert!(python.exists(), "the Python clients are not installed in .venv: `make test` installs them");
    // No bytecode is left beside the scripts.
    let mut command = command::isolated(&python);
    command::run(command.arg("-B").arg(root.join("tests/clients").join(name)).arg(url))
}

/// Runs a script against a new node, and fails with its lines if it does.
#[track_caller]
fn check(name: &str) -> (Node, String) {
    let node = Node::with(Settings::flags(&["--log-level", "debug"]));
    let outcome = script(name, &node.url());
    assert!(outcome.status.success(), "{}\n{}", outcome.out, outcome.err);
    (node, outcome.out)
}

#[test]
fn the_registry_client_can_do_everything_it_offers() {
    let (_, out) = check("registry.py");
    assert!(out.lines().count() >= 11 && out.lines().all(|line| line.starts_with("ok ")), "{out}");
}

#[test]
fn fields_are_encrypted_for_who_has_the_secret_or_whom_the_registry_unwraps_keys_for() {
    let flags = ["--kms-local", "*=${env:FREEHOLD_SECRET_LOCAL}"];
    let variables = vec![("FREEHOLD_SECRET_LOCAL", "the secret of the tests".to_owned())];
    let node = Node::with(Settings { variables, ..Settings::flags(&flags) });
    let outcome = script("encryption.py", &node.url());
    assert!(outcome.status.success(), "{}\n{}", outcome.out, outcome.err);
    assert!(
        outcome.out.lines().count() >= 5 && outcome.out.lines().all(|line| line.starts_with("ok ")),
        "{}",
        outcome.out
    );
}

#[test]
fn serializers_and_deserializers_round_trip_in_default_configuration_and_others() {
    let (node, out) = check("serializers.py");
    assert!(out.lines().count() >= 11 && out.lines().all(|line| line.starts_with("ok ")), "{out}");
    // Default configuration means that the client asks this first; if it no longer did, the test would show less.
    node.logged(|line| line.contains("/associations/resources/-/defaults"));
}

#[test]
fn protobuf_serializers_register_what_they_import_and_read_it_back() {
    let (_, out) = check("protobuf.py");
    assert!(out.lines().count() >= 9 && out.lines().all(|line| line.starts_with("ok ")), "{out}");
}

#[test]
fn protobuf_files_of_strangers_register_with_their_imports() {
    let (_, out) = check("strangers.py");
    assert!(out.lines().count() >= 2 && out.lines().all(|line| line.starts_with("ok ")), "{out}");
}

#[test]
fn json_serializers_and_deserializers_round_trip_as_well() {
    let (_, out) = check("json_serializers.py");
    assert!(out.lines().count() >= 10 && out.lines().all(|line| line.starts_with("ok ")), "{out}");
}

#[test]
fn rules_that_the_registry_keeps_are_run_by_producers_and_consumers() {
    let (_, out) = check("contracts.py");
    assert!(out.lines().count() >= 4 && out.lines().all(|line| line.starts_with("ok ")), "{out}");
}
