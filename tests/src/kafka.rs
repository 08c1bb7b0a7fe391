//! A real broker, and a client that is not ours.

use crate::harness::{Broker, command};
use std::path::Path;

/// Runs the script of the Python client against a broker; it must pass so many checks.
#[track_caller]
fn check(broker: &Broker, what: &str, checks: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".venv/bin/python");
    assert!(python.exists(), "the Python clients are not installed in .venv: `make test` installs them");
    let records = root.join("storage/kafka/tests/golden/schemas-topic.jsonl");
    let mut command = command::isolated(&python);
    command.arg("-B").arg(root.join("tests/clients/topic.py")).arg(broker.address()).arg(records).arg(what);
    let outcome = command::run(&mut command);
    assert!(outcome.status.success(), "{}\n{}", outcome.out, outcome.err);
    let passed = outcome.out.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(passed, checks, "{}", outcome.out);
}

#[test]
fn a_broker_keeps_the_records_of_a_topic_and_leaves_nothing_behind() {
    let mut broker = Broker::start();
    check(&broker, "write", 2);
    broker.restart_killed();
    check(&broker, "read", 1);

    let (process, directory) = (format!("/proc/{}", broker.id()), broker.directory().to_owned());
    assert!(Path::new(&process).exists() && directory.join("data/_schemas-0").exists());
    drop(broker);
    assert!(!Path::new(&process).exists() && !directory.exists());
}
