//! `@confluentinc/schemaregistry`, the client of Kafka applications on Node, unmodified and as an application configures it. The
//! checks themselves are the scripts in `tests/clients/node`, which run by hand as well:
//! `.venv/bin/node tests/clients/node/avro.js http://127.0.0.1:8081`.

use crate::harness::{Node, Settings, command};
use std::path::Path;

/// Runs a script against a registry, and fails with its lines if one of its checks does, or if it has not as many.
#[track_caller]
fn check(node: &Node, name: &str, checks: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (program, scripts) = (root.join(".venv/bin/node"), root.join("tests/clients/node"));
    let installed = program.exists() && scripts.join("node_modules").exists();
    assert!(installed, "Node and its packages are not installed: `make test` installs them");
    let mut command = command::isolated(&program);
    let outcome = command::run(command.arg(scripts.join(name)).arg(node.url()));
    assert!(outcome.status.success(), "{}\n{}", outcome.out, outcome.err);
    let passed = outcome.out.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!((passed, outcome.out.lines().count()), (checks, checks), "{}", outcome.out);
}

#[test]
fn avro_serializers_of_node_round_trip_in_default_configuration_and_others() {
    let node = Node::with(Settings::flags(&["--log-level", "debug"]));
    check(&node, "avro.js", 9);
    // Default configuration means that the client asks this first; if it no longer did, the test would show less.
    node.logged(|line| line.contains("/associations/resources/-/defaults"));
}

#[test]
fn json_serializers_of_node_round_trip_as_well() {
    check(&Node::start(), "json.js", 5);
}

#[test]
fn protobuf_serializers_of_node_register_what_they_import_and_read_it_back() {
    check(&Node::start(), "protobuf.js", 7);
}

#[test]
fn node_encrypts_for_who_has_the_secret_or_whom_the_registry_unwraps_keys_for() {
    let flags = ["--kms-local", "*=${env:FREEHOLD_SECRET_LOCAL}"];
    let variables = vec![("FREEHOLD_SECRET_LOCAL", "the secret of the tests".to_owned())];
    check(&Node::with(Settings { variables, ..Settings::flags(&flags) }), "encryption.js", 7);
}
