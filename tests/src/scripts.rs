//! The scripts that a newcomer meets, on a machine that has only what a test gives it.

use crate::harness::Node;
use crate::harness::command::{FREEHOLD, Outcome, isolated, run};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("scripts").join(name)
}

/// A machine with the tools that scripts are written with, and with programs of the test.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Machine { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir(machine.bin()).unwrap();
        let tools = "bash sh env sed sort head tail cut grep mktemp rm cat sleep seq base64 date dirname basename";
        let paths = std::env::var_os("PATH").unwrap();
        for tool in tools.split(' ') {
            let place = std::env::split_paths(&paths).map(|path| path.join(tool)).find(|path| path.is_file());
            symlink(place.unwrap_or_else(|| panic!("{tool} is not installed")), machine.bin().join(tool)).unwrap();
        }
        machine
    }

    fn bin(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    /// A program of this text; `$CALLS` is a file that it can write to.
    fn with(self, name: &str, text: &str) -> Self {
        let path = self.bin().join(name);
        std::fs::write(&path, format!("#!/usr/bin/env bash\nCALLS={}\n{text}\n", self.calls().display())).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    fn calls(&self) -> PathBuf {
        self.directory.path().join("calls")
    }

    fn run(&self, script_and_arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
        let mut command = isolated(self.bin().join("bash"));
        command.arg(script(script_and_arguments[0])).args(&script_and_arguments[1..]);
        command.env("PATH", self.bin()).env("HOME", self.directory.path()).env("TMPDIR", self.directory.path());
        for foreign in ["CARGO_HOME", "LIBCLANG_PATH", "RUSTUP_TOOLCHAIN"] {
            command.env_remove(foreign);
        }
        run(command.envs(variables.iter().copied()))
    }
}

/// As apt talks.
const APT: &str = r#"echo "apt-get $*" >>"$CALLS"; for n in $(seq 220); do echo "Unpacking part $n"; done"#;

/// The value of a key in a TOML file at the root.
fn value(file: &str, key: &str) -> String {
    let text = std::fs::read_to_string(script("..").join(file)).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    line.unwrap_or_else(|| panic!("{file} has no {key}")).trim_matches('"').to_owned()
}

fn pinned() -> String {
    value("rust-toolchain.toml", "channel")
}

#[test]
fn the_toolchain_that_is_pinned_is_the_oldest_that_the_manifest_takes() {
    assert_eq!(pinned(), value("Cargo.toml", "rust-version") + ".0");
}

#[test]
fn without_rust_nothing_is_installed() {
    let machine = Machine::new().with("apt-get", APT).with("apt-cache", "echo Candidate: '(none)'");
    let machine = machine.with("sudo", "exec \"$@\"");
    let said = machine.run(&["install-deps.sh", "build", "test"], &[]).bad();
    assert!(said.contains("cargo is not installed") && said.contains("https://rustup.rs"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(!machine.calls().exists());
}

#[test]
fn the_pinned_toolchain_is_fetched_once_and_aloud() {
    let rustup =
        |has: &str| format!("echo \"rustup $*\" >>\"$CALLS\"; [[ $2 != list ]] || echo {has}-x86_64-unknown-linux-gnu");
    let run = |has: &str, variables: &[(&str, &str)]| {
        let machine = Machine::new().with("rustup", &rustup(has)).with("cargo", "echo cargo 1.999.0");
        let outcome = machine.with("apt-get", APT).with("sudo", "exec \"$@\"");
        let said = outcome.run(&["install-deps.sh", "build"], variables).err;
        (said, std::fs::read_to_string(outcome.calls()).unwrap_or_default())
    };
    let (said, calls) = run("1.2.3", &[]);
    assert!(said.contains("fetching it") && calls.contains("rustup toolchain install "), "{said} {calls}");
    for (has, variables) in [(pinned().as_str(), &[][..]), ("1.2.3", &[("RUSTUP_TOOLCHAIN", "stable")])] {
        let (said, calls) = run(has, variables);
        assert!(!said.contains("fetching") && !calls.contains("toolchain install"), "{said} {calls}");
    }
}

#[test]
fn what_several_goals_need_is_installed_at_once_and_quietly() {
    let machine = Machine::new().with("apt-get", APT).with("cargo", "echo cargo 1.999.0").with("sudo", "exec \"$@\"");
    let outcome = machine.run(&["install-deps.sh", "build", "test", "demo"], &[]);
    let said = format!("{}{}", outcome.err.clone(), outcome.out);
    outcome.good();
    assert!(said.contains("installing with apt-get: g++") && said.contains("curl"), "{said}");
    assert!(!said.contains("Unpacking") && said.lines().count() < 12, "{said}");
    let calls = std::fs::read_to_string(machine.calls()).unwrap();
    assert_eq!(calls.lines().filter(|line| line.contains(" install ")).count(), 1, "{calls}");
}

#[test]
fn what_apt_said_is_shown_where_it_fails() {
    let apt = "echo E: no such package; exit 100";
    let machine = Machine::new().with("apt-get", apt).with("cargo", "echo cargo 1.999.0").with("sudo", "exec \"$@\"");
    let said = machine.run(&["install-deps.sh"], &[]).bad();
    assert!(said.contains("E: no such package") && said.contains("could not install"), "{said}");
}

#[test]
fn a_long_command_is_never_silent_and_ends_as_it_ends() {
    let machine = Machine::new();
    let every = [("STEADILY_SECONDS", "0.05")];
    let outcome = machine.run(&["steadily.sh", "a nap", "bash", "-c", "sleep 0.5; echo done; exit 7"], &every);
    assert_eq!((outcome.status.code(), outcome.out.trim()), (Some(7), "done"));
    assert!(outcome.err.contains("still running: a nap, 0 min"), "{}", outcome.err);
    // Nothing of it outlives the command: this would wait for the pipes to be closed.
    let quiet = machine.run(&["steadily.sh", "nothing", "bash", "-c", "echo done"], &[("STEADILY_SECONDS", "600")]);
    assert_eq!(quiet.err, "");
    assert_eq!(quiet.good().trim(), "done");
}

/// The entrypoint of the container image, whose volume is a directory.
struct Container {
    machine: Machine,
}

impl Container {
    fn new() -> Self {
        let machine = Machine::new();
        symlink(FREEHOLD, machine.bin().join("freehold")).unwrap();
        Container { machine }
    }

    fn users(&self) -> PathBuf {
        self.machine.directory.path().join("users")
    }

    fn node(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Node {
        let mut command = isolated(script("image/entrypoint.sh"));
        let volume = self.machine.directory.path();
        command.arg("serve").args(arguments).env("PATH", self.machine.bin()).env("FREEHOLD_LISTEN", "0.0.0.0:0");
        command.env("FREEHOLD_DATA", volume.join("store")).env("FREEHOLD_AUTHENTICATION_USERS", self.users());
        command.env("FREEHOLD_AUTHORIZATION_ADMINS", "user:basic/admin").envs(variables.iter().copied());
        Node::of(command, volume.join("store"))
    }
}

#[test]
fn a_container_with_an_empty_volume_makes_its_administrator_and_keeps_it() {
    let container = Container::new();
    let node = container.node(&[], &[]);
    let line = node.logged(|line| line.contains("made the user admin"));
    let password = line.split("password ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let schema = serde_json::json!({ "schema": "\"string\"" });
    let register = |node: &Node, credential: Option<&str>| {
        let mut headers = vec![("Content-Type", conformance::JSON)];
        headers.extend(credential.map(|credential| ("Authorization", credential)));
        let body = schema.to_string();
        node.caller().send("POST", "/subjects/s/versions", &headers, Some(body.as_bytes())).status
    };
    assert_eq!(register(&node, None), 401);
    let credential = crate::authz_support::basic("admin", &password);
    assert_eq!(register(&node, Some(&credential)), 200);
    node.get("/subjects").ok();
    node.stop();
    let again = container.node(&[], &[]);
    assert_eq!(register(&again, Some(&credential)), 200);
    assert!(!again.log().contains("password"), "{}", again.log());
    // Whoever reads lines of JSON finds nothing else.
    let container = Container::new();
    let node = container
        .node(&[("FREEHOLD_LOG_FORMAT", "json"), ("FREEHOLD_LISTEN", "127.0.0.1:0")], &["--log-format", "json"]);
    let line = node.logged(|line| line.contains("made the user admin"));
    assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok_and(|line| line["level"] == "WARN"), "{line}");
}

#[test]
fn a_container_is_open_only_where_it_is_told_to() {
    let container = Container::new();
    let node = container.node(&[("FREEHOLD_INSECURE_OPEN", "true")], &[]);
    node.register("s", &serde_json::json!({ "schema": "\"string\"" }));
    assert!(!container.users().exists());
    assert!(!node.log().contains("made the user"), "{}", node.log());
}
