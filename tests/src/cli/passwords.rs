//! How a password is asked for: at a terminal unseen and twice, from a pipe as a line.

use crate::harness::command::{Outcome, freehold, run};
use crate::harness::wait;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `freehold user add FILE alice`, at a terminal where somebody types.
fn at_a_terminal(file: &Path, script: &[&str]) -> Outcome {
    let program = freehold();
    let mut command = Command::new("python3");
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/terminal.py"));
    command.arg(program.get_program()).args(["user", "add"]).arg(file).args(["alice", "--"]).args(script);
    for (name, _) in program.get_envs() {
        command.env_remove(name);
    }
    run(&mut command)
}

fn users() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    (directory, file)
}

#[test]
fn a_new_password_is_typed_twice_and_never_shown() {
    let (_directory, file) = users();
    let shown = at_a_terminal(&file, &["New password of alice:=s3cret", "once more:=s3cret"]);
    assert!(shown.status.success(), "{shown:?}");
    assert_eq!(
        shown.out, "New password of alice:\nThe same once more:\nuser:basic/alice added\necho",
        "what was typed is not shown, and the terminal is as it was"
    );
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("alice:$"));
}

#[test]
fn nothing_changes_when_the_two_differ_or_are_broken_off() {
    let (_directory, file) = users();
    let check = |script: &[&str], said: &str| {
        let outcome = at_a_terminal(&file, script);
        assert!(!outcome.status.success() && outcome.out.contains(said), "{outcome:?}");
        assert!(outcome.out.ends_with("\necho"), "the terminal is as it was: {outcome:?}");
        assert!(!file.exists());
    };
    check(&["New password=one", "once more=two"], "the two passwords differ; nothing was changed");
    check(&["New password="], "no password was given");
    check(&["New password=^C"], "broken off; nothing was changed");
    check(&["New password=one", "once more=^C"], "broken off; nothing was changed");
    check(&["New password=a\u{1b}b"], "no control characters");
}

#[test]
fn a_line_of_standard_input_will_do_where_there_is_no_terminal() {
    let (_directory, file) = users();
    let mut command = freehold();
    command.args(["user", "add"]).arg(&file).arg("alice");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"s3cret\nmore\n").unwrap();
    let status = wait::until("the command ends", || child.try_wait().unwrap());
    assert!(status.success() && file.exists());
}
