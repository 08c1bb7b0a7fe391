//! The program as a command.

use super::transcript::Transcript;
use super::wait;
use std::ffi::OsStr;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// What the greeting says before the address.
pub const ADDRESS_LINE: &str = "listening  http://";

/// Where the program is.
pub const FREEHOLD: &str = env!("CARGO_BIN_EXE_freehold-under-test");

/// The program, in an environment without configuration of its own.
pub fn freehold() -> Command {
    isolated(FREEHOLD)
}

/// The same with a lower limit on open files, which it cannot raise.
pub fn limited(open_files: u32) -> Command {
    let mut command = isolated("sh");
    command.args(["-c", &format!("ulimit -n {open_files} && exec \"$0\" \"$@\""), FREEHOLD]);
    command
}

/// Any program, in an environment that configures neither ours nor a proxy on the way to it.
pub fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy().to_lowercase();
        if known.starts_with("freehold_") || known.ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Outcome {
    /// It succeeded; what it printed.
    #[track_caller]
    pub fn good(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.out
    }

    /// It failed, politely and on standard error; what it said.
    #[track_caller]
    pub fn bad(self) -> String {
        assert!(self.status.code().is_some_and(|code| code > 0), "{self:?}");
        assert!(self.out.is_empty() && !self.err.is_empty() && !self.err.contains("panicked"), "{self:?}");
        self.err
    }
}

/// Runs a command to its end, within the deadline.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    run_within(wait::DEADLINE, command)
}

/// Runs a command to its end, within this deadline.
#[track_caller]
pub fn run_within(deadline: Duration, command: &mut Command) -> Outcome {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = Transcript::of(child.stdout.take().unwrap());
    let err = Transcript::of(child.stderr.take().unwrap());
    let status = wait::within(deadline, &format!("{command:?} ends"), || child.try_wait().unwrap());
    Outcome { status, out: out.whole(), err: err.whole() }
}

/// Runs the program with these arguments to its end.
#[track_caller]
pub fn freehold_with(arguments: &[&str]) -> Outcome {
    run(freehold().args(arguments))
}

/// Sends a signal by its name. The shell knows `kill` itself, also where no such program is installed.
pub fn signal(process: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    assert!(status.success());
}
