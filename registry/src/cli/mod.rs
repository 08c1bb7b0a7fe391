//! The command line: `serve`, `user`, `namespace`, `audit`, `healthcheck`, `backup`, `restore`, `config`.

mod audit;
mod backup;
mod client;
mod healthcheck;
mod namespace;
mod password;
mod serve;
mod trust;
mod user;

use crate::settings::{self, Gathered, KEYS, Settings};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the command; the exit code.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => error.exit(),
    };
    let outcome = match matches.subcommand() {
        Some(("serve", matches)) => settings(matches).and_then(|(_, settings)| serve::run(&settings)),
        Some(("config", matches)) => settings(matches).map(|(gathered, _)| say(&gathered.printed())),
        Some(("healthcheck", matches)) => settings(matches).and_then(|(_, settings)| healthcheck::run(&settings)),
        Some(("backup", matches)) => {
            settings(matches).and_then(|(_, settings)| backup::backup(&settings, path(matches)))
        }
        Some(("restore", matches)) => {
            settings(matches).and_then(|(_, settings)| backup::restore(&settings, path(matches)))
        }
        Some(("namespace", matches)) => namespace::run(matches),
        Some(("audit", matches)) => audit::run(matches),
        Some(("user", matches)) => user::run(matches),
        _ => Err("there is no such command".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

/// The only writer to standard output.
#[allow(clippy::print_stdout)]
fn say(text: &str) {
    use std::io::Write;
    // A closed pipe (`freehold config | head`) is no reason to panic.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

#[allow(clippy::print_stderr)]
fn complain(message: &str) {
    eprintln!("freehold: {message}");
}

fn command() -> Command {
    let file = Arg::new("file").value_name("FILE").required(true).value_parser(clap::value_parser!(PathBuf));
    Command::new("freehold")
        .version(crate::VERSION)
        .about("A schema registry for Apache Kafka in which every namespace owns its land")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(keyed(Command::new("serve").about("Start the registry")))
        .subcommand(keyed(
            Command::new("config").about("Print the effective configuration and where each value comes from"),
        ))
        .subcommand(keyed(
            Command::new("healthcheck").about("Ask a running registry whether it is ready; exit 0 if it is"),
        ))
        .subcommand(user::command())
        .subcommand(namespace::command())
        .subcommand(audit::command())
        .subcommand(keyed(
            Command::new("backup")
                .about("Write everything to one file, also while the registry is serving")
                .arg(file.clone().help("The file to write; it must not exist")),
        ))
        .subcommand(keyed(
            Command::new("restore")
                .about("Read a backup into an empty data directory, and verify it")
                .arg(file.help("The file to read")),
        ))
}

/// Adds a flag for every configuration key.
fn keyed(command: Command) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .env("FREEHOLD_CONFIG")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Configuration file (TOML)");
    KEYS.iter().fold(command.arg(config), |command, key| {
        let arg = Arg::new(key.name)
            .long(key.flag())
            .value_name("VALUE")
            .action(ArgAction::Set)
            .allow_negative_numbers(true)
            .help(format!("{} [{}; default: {}]", key.help, key.variable(), key.default));
        let switch = |arg: Arg| arg.num_args(0..=1).require_equals(true).default_missing_value("true");
        command.arg(if key.is_switch() { switch(arg) } else { arg })
    })
}

fn settings(matches: &ArgMatches) -> Result<(Gathered, Settings), String> {
    let file = matches.get_one::<PathBuf>("config");
    let flags: Vec<(String, String)> = KEYS
        .iter()
        .filter_map(|key| matches.get_one::<String>(key.name).map(|value| (key.flag(), value.clone())))
        .collect();
    // A variable that is not text cannot hold one of our values.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let gathered =
        settings::gather(file.map(PathBuf::as_path), variables, &flags).map_err(|error| error.to_string())?;
    let settings = gathered.settings().map_err(|error| error.to_string())?;
    Ok((gathered, settings))
}

fn path(matches: &ArgMatches) -> &std::path::Path {
    matches.get_one::<PathBuf>("file").expect("the argument is required")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
