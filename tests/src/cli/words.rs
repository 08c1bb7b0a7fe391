//! Help, version and configuration: what the program says before it serves anything.

use crate::harness::command::{freehold, freehold_with, run};

#[test]
fn version_names_the_program_and_its_release() {
    assert_eq!(freehold_with(&["--version"]).good(), format!("freehold {}", registry::VERSION));
}

#[test]
fn help_lists_every_command_and_the_help_of_serve_every_key() {
    let help = freehold_with(&["--help"]).good();
    for command in ["serve", "config", "check", "healthcheck", "backup", "restore"] {
        assert!(help.contains(&format!("\n  {command}")), "{command} is not in:\n{help}");
    }
    let help = freehold_with(&["serve", "--help"]).good();
    for key in registry::settings::KEYS {
        for word in [format!("--{}", key.flag()), key.variable()] {
            assert!(help.contains(&word), "{word} is not in:\n{help}");
        }
    }
}

#[test]
fn a_command_that_does_not_exist_is_refused_with_a_hint() {
    assert!(freehold_with(&["serv"]).bad().contains("serve"));
    assert!(freehold_with(&["serve", "--lisen", "x"]).bad().contains("--listen"));
}

#[test]
fn config_prints_every_value_with_its_source() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("freehold.toml");
    std::fs::write(&file, "compatibility-level = \"FULL\"\n[http]\nbody-limit = 1000\nconnections = 7\n").unwrap();
    let mut command = freehold();
    command.arg("config").arg("--config").arg(&file).env("FREEHOLD_HTTP_BODY_LIMIT", "2000");
    let printed = run(command.args(["--log-format", "json"])).good();
    #[track_caller]
    fn check(printed: &str, line: &str, source: &str) {
        let found = printed.lines().find(|printed| printed.starts_with(line));
        let found = found.unwrap_or_else(|| panic!("{line:?} is not in:\n{printed}"));
        assert!(found.ends_with(source), "{found}");
    }
    check(&printed, "compatibility-level = \"FULL\"", &format!("# file {}", file.display()));
    check(&printed, "connections = 7", &format!("# file {}", file.display()));
    check(&printed, "body-limit = 2000", "# environment variable FREEHOLD_HTTP_BODY_LIMIT");
    check(&printed, "format = \"json\"", "# flag --log-format");
    check(&printed, "body-memory = \"256MiB\"", "# default");
    check(&printed, "retention = \"90d\"", "# default");
    check(&printed, "admins = []", "# default");
    check(&printed, "listen = \"127.0.0.1:8081\"", "# default");
}

/// Each mistake ends every command that reads the configuration, before anything is opened.
#[test]
fn a_mistake_in_the_configuration_names_key_and_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mistake.toml");
    #[track_caller]
    fn check(file: &std::path::Path, text: &str, variables: &[(&str, &str)], flags: &[&str], parts: &[&str]) {
        std::fs::write(file, text).unwrap();
        // Flags for what it is not about are unknown to the health check.
        let names = if flags.is_empty() { &["serve", "config", "healthcheck"][..] } else { &["serve", "config"] };
        for name in names {
            let mut command = freehold();
            command.arg(name).arg("--config").arg(file).args(flags).envs(variables.iter().copied());
            let said = run(&mut command).bad();
            for part in parts {
                assert!(said.contains(part), "{name}: {part:?} is not in {said:?}");
            }
        }
    }
    check(&file, "lisen = \"x\"", &[], &[], &["mistake.toml", "'lisen'", "'listen'"]);
    check(&file, "[http]\nbody-limit = \"big\"", &[], &[], &["mistake.toml", "'http.body-limit'", "'big'"]);
    check(&file, "listen = ", &[], &[], &["mistake.toml"]);
    check(&file, "", &[("FREEHOLD_LOG_LEVEL", "loud")], &[], &["FREEHOLD_LOG_LEVEL", "'loud'"]);
    check(&file, "", &[], &["--compatibility-level", "sideways"], &["--compatibility-level", "'sideways'"]);
    let missing = run(freehold().args(["config", "--config", "/nowhere/freehold.toml"])).bad();
    assert!(missing.contains("/nowhere/freehold.toml"), "{missing}");
}

/// Others put variables into the environment as well: Kubernetes for each Service, and people who misspell.
#[test]
fn an_unknown_variable_is_said_and_stops_nothing() {
    let mut command = freehold();
    command.arg("config").env("FREEHOLD_LISTN", "x").env("FREEHOLD_PORT", "tcp://10.0.0.1:8081");
    let outcome = run(command.env("FREEHOLD_SERVICE_HOST", "10.0.0.1"));
    let warning = "warning: the environment variable FREEHOLD_LISTN is no setting and changes nothing; did you mean 'FREEHOLD_LISTEN'?";
    assert_eq!(outcome.err, format!("freehold: {warning}"));
    outcome.good();
}

#[test]
fn what_only_a_server_needs_is_not_among_the_flags_of_other_commands() {
    for (command, flags) in [("backup", 2), ("restore", 2), ("healthcheck", 5)] {
        let help = freehold_with(&[command, "--help"]).good();
        let listed = help.lines().filter(|line| line.trim_start().starts_with("--")).count();
        assert_eq!(listed, flags, "{help}");
    }
}
