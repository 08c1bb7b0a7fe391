//! The command line: `serve`, `check`, `import`, `export`, `user`, `namespace`, `audit`, `healthcheck`, `backup`, `restore`, `config`.

mod audit;
mod backup;
mod check;
mod client;
mod healthcheck;
mod moving;
mod namespace;
mod password;
mod serve;
mod trust;
mod user;

use crate::log::{self, complain};
use crate::printable::printable_lines;
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
        Some(("serve", matches)) => {
            settings(matches).and_then(|(gathered, settings)| serve::run(&settings, gathered.warnings()))
        }
        Some(("config", matches)) => settings(matches).map(|(gathered, _)| {
            gathered.warnings().iter().for_each(|warning| complain(&format!("warning: {warning}")));
            say(&gathered.printed());
        }),
        Some(("healthcheck", matches)) => healthcheck::run(matches),
        Some(("backup", matches)) => {
            settings(matches).and_then(|(_, settings)| backup::backup(&settings, path(matches)))
        }
        Some(("restore", matches)) => {
            settings(matches).and_then(|(_, settings)| backup::restore(&settings, path(matches)))
        }
        Some(("import", matches)) => return moved(moving::import(matches)),
        Some(("export", matches)) => return moved(moving::export(matches)),
        Some(("namespace", matches)) => match namespace::run(matches) {
            Ok(code) => return code,
            Err(message) => Err(message),
        },
        Some(("check", matches)) => match check::run(matches) {
            Ok(code) => return code,
            Err(message) => {
                complain(&message);
                log::finish();
                // 1 says that schemas are incompatible.
                return ExitCode::from(2);
            }
        },
        Some(("audit", matches)) => audit::run(matches),
        Some(("user", matches)) => user::run(matches),
        _ => Err("there is no such command".to_owned()),
    };
    if let Err(message) = &outcome {
        complain(message);
    }
    log::finish();
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The end of an import or export; 1 says that something is missing.
fn moved(outcome: Result<ExitCode, String>) -> ExitCode {
    let code = outcome.unwrap_or_else(|message| {
        complain(&message);
        ExitCode::from(2)
    });
    log::finish();
    code
}

/// What others have put into the text does nothing to a terminal.
fn say(text: &str) {
    print(&printable_lines(text));
}

/// The only writer to standard output. The text is printable, or coloured around what is.
fn print(text: &str) {
    use std::io::Write;
    // A closed pipe (`freehold config | head`) is no reason to panic.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn command() -> Command {
    let file = Arg::new("file").value_name("FILE").required(true).value_parser(clap::value_parser!(PathBuf));
    Command::new("freehold")
        .version(crate::VERSION)
        .about("A schema registry for Apache Kafka in which every namespace owns its subjects")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(keyed(Command::new("serve").about("Start the registry"), |_| true))
        .subcommand(keyed(
            Command::new("config").about("Print the effective configuration and where each value comes from"),
            |_| true,
        ))
        .subcommand(check::command())
        .subcommand(moving::import_command())
        .subcommand(moving::export_command())
        .subcommand(healthcheck::command())
        .subcommand(user::command())
        .subcommand(namespace::command())
        .subcommand(audit::command())
        .subcommand(keyed(
            Command::new("backup")
                .about("Back the store up into one file, also while the registry is serving")
                .arg(file.clone().help("The file to write; it must not exist")),
            |key| key == "data",
        ))
        .subcommand(keyed(
            Command::new("restore")
                .about("Restore a backup into an empty data directory, and verify it")
                .arg(file.help("The file to read")),
            |key| key == "data",
        ))
}

/// Adds a flag for each configuration key that the command is about; the others it takes from file and environment alone.
fn keyed(command: Command, is_about: impl Fn(&str) -> bool) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .env("FREEHOLD_CONFIG")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Configuration file (TOML)");
    KEYS.iter().filter(|key| is_about(key.name)).fold(command.arg(config), |command, key| {
        let default = if key.default.is_empty() { String::new() } else { format!("; default: {}", key.default) };
        let arg = Arg::new(key.name)
            .long(key.flag())
            .value_name(key.value_name())
            .action(ArgAction::Set)
            .allow_negative_numbers(true)
            .help(format!("{} [{}{default}]", key.help, key.variable()));
        let switch = |arg: Arg| arg.num_args(0..=1).require_equals(true).default_missing_value("true");
        command.arg(if key.is_switch() { switch(arg) } else { arg })
    })
}

fn settings(matches: &ArgMatches) -> Result<(Gathered, Settings), String> {
    let gathered = gathered(matches)?;
    let settings = gathered.settings().map_err(|error| error.to_string())?;
    Ok((gathered, settings))
}

/// The values of all keys, of which the command has some as flags.
fn gathered(matches: &ArgMatches) -> Result<Gathered, String> {
    let file = matches.get_one::<PathBuf>("config");
    let value = |key: &str| matches.try_get_one::<String>(key).ok().flatten().cloned();
    let flags: Vec<(String, String)> = KEYS.iter().filter_map(|key| Some((key.flag(), value(key.name)?))).collect();
    settings::gather(file.map(PathBuf::as_path), std::env::vars_os(), &flags).map_err(|error| error.to_string())
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
