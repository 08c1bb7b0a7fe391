//! `freehold export`: what a registry holds, into files for version control.

use super::exported::Exported;
use super::import::part;
use super::inventory::Texts;
use super::progress::Progress;
use super::registry::{Halt, Registry};
use super::selection::{self, Selection};
use super::stop::Stop;
use super::tree;
use crate::cli::namespace::reaching;
use clap::{Arg, ArgMatches, Command};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The command.
pub fn command() -> Command {
    let dir = Arg::new("dir").value_name("DIR").required(true).value_parser(clap::value_parser!(PathBuf));
    let dir =
        dir.help("The directory to write; it is new, empty, or holds an earlier export, which is brought up to date");
    let command = Command::new("export")
        .about("Write schemas with their ids, versions, deletions, configs and modes into files, for version control")
        .after_help(format!("'freehold import --dir DIR' reads them back.\n\n{}", super::EXIT_CODES))
        .arg(dir)
        .args(selection::arguments())
        .arg(super::format_argument())
        .arg(super::url_argument());
    reaching(command)
}

/// Runs it; the exit code.
///
/// # Errors
/// It cannot even begin.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, String> {
    let stop = Stop::on_signals()?;
    let registry = super::registry(matches, &stop)?;
    let selection = Selection::of(matches, || registry.ownership())?;
    let path = matches.get_one::<PathBuf>("dir").ok_or("say which directory")?;
    let mut report =
        Exported { source: registry.url.clone(), directory: path.display().to_string(), ..Exported::default() };
    let outcome = exported(path, &registry, &selection, &stop, &mut report);
    match &outcome {
        Ok(()) => {}
        Err(Halt::Asked) => report.stopped = true,
        Err(Halt::Failed(reason)) => report.failure = Some(reason.clone()),
    }
    Ok(super::ended(matches, outcome, report.unreadable.is_empty(), report.text(), report.json()))
}

fn exported(
    path: &Path,
    registry: &Registry,
    selection: &Selection,
    stop: &Stop,
    report: &mut Exported,
) -> Result<(), Halt> {
    let tree = tree::Writer::begin(path)?;
    let progress = Progress::on_standard_error();
    let (inventory, unreadable) = part(registry, selection, &mut Texts::default(), progress, &mut report.notes)?;
    report.unreadable = unreadable;
    tree.write(&inventory, selection, progress, stop)?;
    report.subjects = inventory.subjects().len();
    (report.versions, report.deleted) = inventory.counts();
    report.scopes = inventory.settings.len();
    report.is_written = true;
    Ok(())
}
