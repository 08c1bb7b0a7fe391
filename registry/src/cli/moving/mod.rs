//! `freehold import` and `freehold export`: the content of a registry, or of a part of it, into another registry or into files.
//!
//! Both read everything first, and decide by comparing (`plan`) what has to be done. So an import that was broken off goes on
//! where it was, and one that is complete does nothing.

mod act;
mod export;
mod exported;
mod import;
mod inventory;
mod modes;
mod order;
mod plan;
#[cfg(test)]
mod plan_tests;
mod progress;
mod reading;
mod registry;
mod report;
mod same;
mod scopes;
mod selection;
mod settings;
mod stop;
mod tree;

use super::client::Client;
use super::say;
use crate::log::complain;
use clap::{Arg, ArgMatches};
use registry::{Halt, Registry};
use serde_json::Value;
use std::process::ExitCode;
use stop::Stop;

pub use export::command as export_command;
pub use export::run as export;
pub use import::command as import_command;
pub use import::run as import;

/// The exit code where all was done that could be, and something is not there: it collides, or was refused.
const INCOMPLETE: u8 = 1;
/// The exit code where it could not be done, or not to its end.
const FAILED: u8 = 2;
/// The exit code after Ctrl-C.
const BROKEN_OFF: u8 = 130;

const EXIT_CODES: &str = "Exit code: 0 everything is there, 1 something is not (the report says what), 2 it could not be done or \
                          broke off, 130 it was stopped.";

fn format_argument() -> Arg {
    let format = Arg::new("format").long("format").value_name("FORMAT").value_parser(["text", "json"]);
    format.default_value("text").help("For people, or for programs")
}

fn url_argument() -> Arg {
    let url = Arg::new("url").long("url").value_name("URL").default_value("http://127.0.0.1:8081");
    url.help("The registry, http:// or https://")
}

/// The registry that `--url` names.
fn registry(matches: &ArgMatches, stop: &Stop) -> Result<Registry, String> {
    let url = matches.get_one::<String>("url").map_or("", String::as_str);
    let client: Client = super::namespace::client(matches, "url")?;
    Ok(Registry::new(client, url, stop))
}

/// Prints what became of it; the exit code.
fn ended(matches: &ArgMatches, outcome: Result<(), Halt>, whole: bool, text: String, json: Value) -> ExitCode {
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => say(&format!("{json:#}\n")),
        _ => say(&text),
    }
    ExitCode::from(match outcome {
        Ok(()) if whole => return ExitCode::SUCCESS,
        Ok(()) => INCOMPLETE,
        Err(Halt::Asked) => BROKEN_OFF,
        Err(Halt::Failed(reason)) => {
            complain(&reason);
            FAILED
        }
    })
}
