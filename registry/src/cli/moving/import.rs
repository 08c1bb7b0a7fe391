//! `freehold import`: what another registry or a directory holds, into a registry.

use super::act::{carry_out, foreseen};
use super::inventory::{Inventory, Texts};
use super::plan::{self, Overwrite};
use super::progress::Progress;
use super::registry::{Halt, Registry, last_resort, whole};
use super::report::{Counts, Report, unreadable};
use super::selection::{self, Selection};
use super::stop::Stop;
use super::{reading, settings, tree};
use crate::cli::client::Client;
use crate::cli::namespace::reaching;
use crate::cli::password;
use crate::cli::trust::Trust;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use model::{Context, Subject};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Holds the password for the registry that is read.
const FROM_PASSWORD: &str = "FREEHOLD_FROM_PASSWORD";

/// The command.
pub fn command() -> Command {
    let from = Arg::new("from").long("from").value_name("URL");
    let from = from.help("The registry to copy from, any with the Confluent API; http:// or https://");
    let dir = Arg::new("dir").long("dir").value_name("DIR").value_parser(clap::value_parser!(PathBuf));
    let dir = dir.help("The directory to read, as 'freehold export' writes it");
    let from_user = Arg::new("from-user").long("from-user").value_name("NAME").requires("from").help(format!(
        "Whose password to send to --from: that of {FROM_PASSWORD}, typed at the terminal, or the first line of standard input"
    ));
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let command = Command::new("import")
        .about("Copy schemas with their ids, versions, deletions, configs and modes into a registry")
        .after_help(format!(
            "What is there already stays as it is, so the same import may be run again: it goes on where it ended. Nothing is \
             overwritten; what another content stands in the way of is reported as a collision, and the rest is moved. Subjects \
             are in mode IMPORT while they are written, and set back.\n\n{}",
            super::EXIT_CODES
        ))
        .arg(from)
        .arg(dir)
        .arg(from_user)
        .arg(Trust::argument_named("from-ca-file").requires("from"))
        .args(selection::arguments())
        .arg(switch("dry-run").help("Change nothing; report what would be done, and what collides"))
        .arg(switch("overwrite").help("Also replace configs and modes that differ; versions and ids never are"))
        .arg(switch("force").help("Also take ids far beyond the highest of their context, as an admin may"))
        .arg(super::format_argument())
        .arg(super::url_argument())
        .group(ArgGroup::new("source").args(["from", "dir"]).required(true));
    reaching(command)
}

/// Runs it; the exit code.
///
/// # Errors
/// It cannot even begin.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, String> {
    let stop = Stop::on_signals()?;
    let source = Source::of(matches, &stop)?;
    let registry = super::registry(matches, &stop)?;
    let selection = Selection::of(matches, || registry.ownership())?;
    let mut report = Report {
        dry_run: matches.get_flag("dry-run"),
        source: source.name(),
        destination: registry.url.clone(),
        ..Report::default()
    };
    let outcome = moved(matches, &source, &selection, &registry, &mut report);
    match &outcome {
        Ok(()) => {}
        Err(Halt::Asked) => report.stopped = true,
        Err(Halt::Failed(reason)) => report.failure = Some(reason.clone()),
    }
    Ok(super::ended(matches, outcome, report.is_whole(), report.text(), report.json()))
}

fn moved(
    matches: &ArgMatches,
    source: &Source,
    selection: &Selection,
    registry: &Registry,
    report: &mut Report,
) -> Result<(), Halt> {
    let (mut texts, progress) = (Texts::default(), Progress::on_standard_error());
    let wanted = source.read(selection, &mut texts, progress, report)?;
    report.subjects = wanted.subjects().len();
    report.versions = wanted.versions.len();
    let present = present(registry, &wanted, &mut texts, progress, report)?;
    let overwrite = if matches.get_flag("overwrite") { Overwrite::Yes } else { Overwrite::No };
    let plan = plan::plan(&wanted, &present, overwrite);
    report.same = plan.same;
    report.notes.extend_from_slice(&plan.notes);
    report.collisions.extend_from_slice(&plan.collisions);
    report.is_planned = true;
    if report.dry_run {
        report.done = Counts::of(&plan.steps);
        report.refusals = foreseen(&plan, registry, progress)?;
        return Ok(());
    }
    carry_out(&plan, &wanted, &present, registry, matches.get_flag("force"), progress, report)
}

/// Where it is from.
enum Source {
    Registry(Registry),
    Directory(PathBuf),
}

impl Source {
    fn of(matches: &ArgMatches, stop: &Stop) -> Result<Self, String> {
        if let Some(path) = matches.get_one::<PathBuf>("dir") {
            return Ok(Source::Directory(path.clone()));
        }
        let url = matches.get_one::<String>("from").map_or("", String::as_str);
        let trust = Trust::of_named(matches, "from-ca-file");
        let client = match matches.get_one::<String>("from-user") {
            Some(name) => {
                let password = password::present_in(FROM_PASSWORD, &format!("{name} at {url}"))?;
                Client::new(url, &trust, Some((name, &password)))?
            }
            None => Client::new(url, &trust, None)?,
        };
        Ok(Source::Registry(Registry::new(client, url, stop)))
    }

    fn name(&self) -> String {
        match self {
            Source::Registry(registry) => registry.url.clone(),
            Source::Directory(path) => path.display().to_string(),
        }
    }

    fn read(
        &self,
        selection: &Selection,
        texts: &mut Texts,
        progress: Progress,
        report: &mut Report,
    ) -> Result<Inventory, Halt> {
        match self {
            Source::Registry(registry) => {
                let (inventory, missing) = part(registry, selection, texts, progress, &mut report.notes)?;
                report.collisions.extend(unreadable(missing));
                Ok(inventory)
            }
            Source::Directory(path) => {
                let mut inventory = tree::read(path, texts)?;
                inventory.retain(selection);
                Ok(inventory)
            }
        }
    }
}

/// Reads a part of a registry; besides, the versions that it has and does not show.
///
/// # Errors
/// The registry cannot be asked.
pub fn part(
    registry: &Registry,
    selection: &Selection,
    texts: &mut Texts,
    progress: Progress,
    notes: &mut Vec<String>,
) -> Result<(Inventory, Vec<String>), Halt> {
    let read = reading::read(registry, selection, texts, progress)?;
    notes.extend(read.notes);
    let mut inventory = Inventory { versions: read.versions, ..Inventory::default() };
    let subjects = inventory.subjects();
    let contexts = settings::contexts(registry, &subjects, notes)?;
    let global = [Context::default_context(), Context::global()];
    let contexts = contexts.into_iter().chain(global).filter(|context| selection.includes_context(context));
    let scopes = subjects.into_iter().cloned().chain(read.aliases).chain(contexts.map(Subject::of_context));
    let scopes: BTreeSet<Subject> = scopes.collect();
    let scopes: Vec<Subject> = scopes.into_iter().collect();
    inventory.settings = settings::read(registry, &scopes, progress, notes)?;
    Ok((inventory, read.unreadable))
}

/// Reads what a plan needs to know of the destination.
fn present(
    registry: &Registry,
    wanted: &Inventory,
    texts: &mut Texts,
    progress: Progress,
    report: &mut Report,
) -> Result<Inventory, Halt> {
    let referred = wanted.versions.iter().flat_map(|((subject, _), entry)| {
        let targets = entry.references.iter().map(|reference| subject.sibling(&reference.subject));
        targets.map(|target| target.context().clone())
    });
    let own = wanted.versions.keys().map(|(subject, _)| subject.context().clone());
    let contexts: BTreeSet<Context> = own.chain(referred).collect();
    let read = reading::read(registry, &Selection::of_contexts(&contexts), texts, progress)?;
    report.notes.extend(read.notes);
    let of_context = |context: &Context| Subject::of_context(context.clone());
    let scopes: BTreeSet<Subject> = wanted
        .versions
        .keys()
        .map(|(subject, _)| subject)
        .chain(wanted.settings.keys())
        .flat_map(|scope| [scope.clone(), of_context(scope.context())])
        .chain([whole(), last_resort()])
        .collect();
    let scopes: Vec<Subject> = scopes.into_iter().collect();
    let settings = settings::read(registry, &scopes, progress, &mut report.notes)?;
    Ok(Inventory { versions: read.versions, settings })
}
