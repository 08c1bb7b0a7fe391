//! `GET /openapi.json`: the description of the API that tools read, and what two of them make of it. `openapi-python-client` makes
//! a client of it, which must work; `schemathesis` sends what the description allows, and much that it does not, and compares
//! status, media type and shape of every answer with it. What both are told is in `tests/clients/openapi`.

use crate::authz_support::Bank;
use crate::clients_python;
use crate::description;
use crate::harness::{Node, Settings, command};
use registry::http::routes::{Operation, ROUTES};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than a run of `schemathesis` takes on two busy cores; what bounds it is how much it is told to ask.
const DEADLINE: Duration = Duration::from_secs(600);

#[test]
fn the_description_is_valid_json_and_has_every_route() {
    let answer = Node::start().get("/openapi.json");
    assert!(answer.header("content-type").is_some_and(|kind| kind.contains("json")), "{:?}", answer.headers);
    let document = answer.ok();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{}", document["openapi"]);
    for route in ROUTES {
        description::operation(&document, route);
    }
}

#[test]
fn a_client_that_is_generated_from_the_description_works() {
    let (node, bank) = (Node::start(), Bank::with(&[]));
    for url in [node.url(), format!("http://ada:ada@{}", bank.node.address)] {
        let outcome = clients_python::script("openapi/generated.py", &url);
        assert!(outcome.status.success(), "{}\n{}", outcome.out, outcome.err);
        assert!(outcome.out.lines().filter(|line| line.starts_with("ok ")).count() >= 9, "{}", outcome.out);
    }
}

#[test]
fn whatever_is_asked_the_answer_is_one_that_the_description_has() {
    let secret = Secret::new();
    let node = Node::with(Settings::flags(&secret.flags()));
    // Without users nobody is an admin, who alone reads the audit.
    fuzz(&node, &[], &[Operation::GetWholeAudit, Operation::GetAudit, Operation::GetApiDescription]);
}

#[test]
fn whatever_an_admin_asks_the_answer_is_one_that_the_description_has() {
    let secret = Secret::new();
    fuzz(&Bank::with(&secret.flags()).node, &["--auth", "ada:ada"], &[Operation::GetApiDescription]);
}

/// The secret of a key management system, so that keys can be made as well.
struct Secret(TempDir);

impl Secret {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("local"), "the secret of the tests").unwrap();
        Secret(directory)
    }

    /// What tells a registry of it.
    fn flags(&self) -> [&str; 4] {
        ["--secrets-dir", self.0.path().to_str().unwrap(), "--kms-local", "*=${file:local}"]
    }
}

/// Lets `schemathesis` ask everything but for the description, which it has read then. Every operation must have succeeded at least once, or nothing of what it answers then has
/// been compared.
#[track_caller]
fn fuzz(node: &Node, arguments: &[&str], never_done: &[Operation]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let program = root.join(".venv/bin/schemathesis");
    assert!(program.exists(), "schemathesis is not installed in .venv: `make test` installs it");
    let configuration = root.join("tests/clients/openapi");
    // It keeps notes where it runs.
    let directory = tempfile::tempdir().unwrap();
    let answered = directory.path().join("answered");
    let mut command = command::isolated(program);
    command.arg("--config-file").arg(configuration.join("schemathesis.toml"));
    command.arg("run").arg(format!("{}/openapi.json", node.url())).args(arguments);
    command.current_dir(directory.path()).env("SCHEMATHESIS_HOOKS", configuration.join("upkeep.py"));
    command.env("ANSWERED", &answered).env("PYTHONDONTWRITEBYTECODE", "1");
    let outcome = command::run_within(DEADLINE, &mut command);
    assert!(outcome.status.success(), "{}\n{}", outcome.out, outcome.err);

    let answered = std::fs::read_to_string(&answered).unwrap();
    let done: BTreeSet<&str> =
        answered.lines().filter_map(|line| line.split_once(" 2").map(|(name, _)| name)).collect();
    let not_done =
        ROUTES.iter().map(|route| route.operation).filter(|name| !done.contains(format!("{name:?}").as_str()));
    assert_eq!(not_done.collect::<Vec<_>>(), never_done, "{answered}");
}
