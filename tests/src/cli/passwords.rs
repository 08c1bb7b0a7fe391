//! How a password is asked for: at a terminal unseen and twice, from a pipe as a line.

use crate::harness::command::{Outcome, freehold, run};
use crate::harness::wait;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
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
    let shown = at_a_terminal(&file, &["New password of alice:=s3cret s3cret", "once more:=s3cret s3cret"]);
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
    check(&["New password=eleven char"], "a new password takes at least 12 characters, and this one has 11");
    check(
        &["New password=one one one one", "once more=two two two two"],
        "the two passwords differ; nothing was changed",
    );
    check(&["New password="], "no password was given");
    check(&["New password=^C"], "broken off; nothing was changed");
    check(&["New password=one one one one", "once more=^C"], "broken off; nothing was changed");
    check(&["New password=a\u{1b}b"], "no control characters");
}

#[test]
fn a_line_of_standard_input_will_do_where_there_is_no_terminal() {
    let (_directory, file) = users();
    let mut command = freehold();
    command.args(["user", "add"]).arg(&file).arg("alice");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"s3cret s3cret\nmore\n").unwrap();
    let status = wait::until("the command ends", || child.try_wait().unwrap());
    assert!(status.success() && file.exists());
}

/// `freehold user …` on this file, with this password to hand.
fn user(arguments: &[&str], file: &Path, password: &str) -> Command {
    let mut command = freehold();
    command.args(["user", arguments[0]]).arg(file).args(&arguments[1..]).env("FREEHOLD_PASSWORD", password);
    command
}

#[test]
fn a_new_password_leaves_the_groups_as_they_are() {
    let (_directory, file) = users();
    let does = |arguments: &[&str]| run(&mut user(arguments, &file, "correct horse battery"));
    assert_eq!(does(&["add", "alice", "--group", "payments", "--group", "risk"]).good(), "user:basic/alice added");
    let listed = || does(&["list"]).good();
    let in_both = "user:basic/alice group:basic/payments group:basic/risk";
    let both = "has a new password; it is in group:basic/payments, group:basic/risk";
    assert_eq!(does(&["add", "alice"]).good(), format!("user:basic/alice {both}"));
    assert_eq!(listed(), in_both);
    let before = std::fs::read_to_string(&file).unwrap();
    assert_eq!(does(&["passwd", "alice"]).good(), "user:basic/alice has a new password");
    assert_eq!(listed(), in_both);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), before);
    does(&["add", "alice", "--group", "markets"]).good();
    assert_eq!(listed(), "user:basic/alice group:basic/markets");
    let none = does(&["add", "alice", "--no-groups"]).good();
    assert_eq!(
        (none.as_str(), listed().as_str()),
        ("user:basic/alice has a new password; it is in no group", "user:basic/alice")
    );
    let unknown = does(&["passwd", "bob"]).bad();
    assert!(unknown.contains("there is no user bob; freehold user add makes one"), "{unknown}");
    let missing = run(&mut user(&["passwd", "bob"], &file.with_file_name("other"), "x")).bad();
    assert!(missing.contains("there is no such file"), "{missing}");
}

#[test]
fn a_short_password_is_refused_unless_the_operator_allows_it() {
    let (_directory, file) = users();
    let said = run(&mut user(&["add", "alice"], &file, "eleven char")).bad();
    assert!(said.contains("at least 12 characters, and this one has 11 (authentication.password-length)"), "{said}");
    assert!(!file.exists());
    run(user(&["add", "alice"], &file, "eleven char").env("FREEHOLD_AUTHENTICATION_PASSWORD_LENGTH", "11")).good();
    run(&mut user(&["passwd", "alice", "--authentication-password-length", "4"], &file, "four")).good();
}

#[test]
fn users_who_are_added_at_once_are_all_there() {
    let (_directory, file) = users();
    let add = |number: usize| {
        let name = format!("user{number}");
        let mut command = user(&["add", &name, "--group", "g"], &file, "correct horse battery");
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    };
    let mut children: Vec<_> = (0..10).map(add).collect();
    for child in &mut children {
        assert!(wait::until("the command ends", || child.try_wait().unwrap()).success());
    }
    let listed = run(&mut user(&["list"], &file, "")).good();
    assert_eq!(listed.lines().filter(|line| line.ends_with(" group:basic/g")).count(), 10, "{listed}");
}

#[test]
fn a_file_that_everybody_may_write_names_nobody() {
    let (directory, file) = users();
    run(&mut user(&["add", "alice"], &file, "correct horse battery")).good();
    std::fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    let mend = format!("chmod o-w {}", file.display());
    for refused in [["add", "bob"], ["passwd", "alice"], ["remove", "alice"]] {
        let said = run(&mut user(&refused, &file, "correct horse battery")).bad();
        assert!(said.contains("mode 0666") && said.contains(&mend), "{said}");
    }
    let mut serve = freehold();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(directory.path().join("data"));
    let said = run(serve.arg("--authentication-users").arg(&file)).bad();
    assert!(said.contains("authentication.users: ") && said.contains(&mend), "{said}");
}
