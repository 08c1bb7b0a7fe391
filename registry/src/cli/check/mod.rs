//! `freehold check`: is the schema in a file compatible with others, in files or in a registry?
//!
//! Schemas are compared here, by the rules of the registry. So files need no registry, and any with the Confluent API will do.

mod files;
mod machine;
mod remote;
mod report;
mod text;

use super::namespace::{client, reaching};
use super::{print, say};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use compat::{Comparison, Dependency, Halt, Parsed, Strictness, Work};
use files::Shelf;
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType, Version};
use remote::{Reserved, Subject};
use report::{Compared, Report};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code where something is incompatible; that of everything that keeps it from being found out is 2.
const INCOMPATIBLE: u8 = 1;

/// A schema that the candidate is compared with.
struct Existing {
    /// What it is called in reports.
    name: String,
    version: Option<Version>,
    schema_type: SchemaType,
    text: String,
    dependencies: Vec<Dependency>,
}

/// The command.
pub fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(clap::value_parser!(PathBuf));
    let file = path("file").value_name("FILE").required(true).help("The new schema: .avsc, .json or .proto");
    let against = path("against").long("against").value_name("FILE").action(ArgAction::Append);
    let against = against.help("A schema to compare with; may be repeated");
    let subject = Arg::new("subject").long("subject").value_name("SUBJECT");
    let subject = subject.help("A subject of the registry, to be compared with as its config says");
    let url = Arg::new("url").long("url").visible_alias("registry").value_name("URL");
    let url = url.default_value("http://127.0.0.1:8081").help("The registry, http:// or https://");
    let level = Arg::new("level")
        .long("level")
        .value_name("LEVEL")
        .value_parser(|text: &str| text.parse::<CompatibilityLevel>().map_err(|error| error.to_string()));
    let level =
        level.help("BACKWARD, FORWARD, FULL, …_TRANSITIVE or NONE; default: that of the subject, else BACKWARD");
    let policy = Arg::new("policy").long("policy").value_name("POLICY").value_parser(["strict", "lenient"]);
    let policy = policy.help("Which differences of JSON Schemas count; default: that of the subject, else strict");
    let fields = Arg::new("validate-fields").long("validate-fields").action(ArgAction::SetTrue);
    let fields = fields.help("Ask what validateFields asks; of a subject its config says whether");
    let references = path("references").short('I').long("references").value_name("DIR").action(ArgAction::Append);
    let references = references.help("A directory with files that the schemas refer to; may be repeated");
    let schema_type = Arg::new("type").long("type").value_name("TYPE").value_parser(["avro", "json", "protobuf"]);
    let schema_type = schema_type.help("The language of the files, where their names do not say it");
    let format = Arg::new("format").long("format").value_name("FORMAT");
    let format = format.value_parser(["text", "json", "github", "junit", "sarif"]).default_value("text");
    let format = format.help("For people, for programs, or for the log of a GitHub action, JUnit or SARIF reports");
    let command = Command::new("check")
        .about("Is a schema compatible with others, in files or in a registry?")
        .after_help(
            "All files that --against names are compared with, whatever the level says about transitivity; of a subject the \
             newest version, or all of them where the level is transitive.\n\n\
             Exit code: 0 compatible, 1 incompatible, 2 it cannot be found out.",
        )
        .arg(file)
        .arg(against)
        .arg(subject)
        .arg(level)
        .arg(policy)
        .arg(fields)
        .arg(references)
        .arg(schema_type)
        .arg(format)
        .arg(url)
        .group(ArgGroup::new("existing").args(["against", "subject"]).required(true).multiple(true));
    reaching(command)
}

/// Runs it; the exit code.
///
/// # Errors
/// It cannot be found out, with the reason.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, String> {
    let report = checked(matches)?;
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => say(&format!("{:#}\n", report.json())),
        Some("github") => say(&machine::github(&report)),
        Some("junit") => say(&machine::junit(&report)),
        Some("sarif") => say(&format!("{:#}\n", machine::sarif(&report))),
        _ => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
            print(&text::report(&report, colour));
        }
    }
    Ok(if report.is_compatible() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPATIBLE) })
}

fn checked(matches: &ArgMatches) -> Result<Report, String> {
    let paths = |name: &str| -> Vec<PathBuf> { matches.get_many(name).into_iter().flatten().cloned().collect() };
    let file = matches.get_one::<PathBuf>("file").ok_or("say which file")?;
    let named = matches.get_one::<String>("type").map(String::as_str);
    let schema_type = files::schema_type(file, named)?;
    let shelf = Shelf::of(&paths("references"), &schema_type)?;
    let text = files::read(file)?;

    let mut existing = Vec::new();
    for path in paths("against") {
        let text = files::read(&path)?;
        let schema_type = files::schema_type(&path, named)?;
        let dependencies = shelf.dependencies(&schema_type, &text)?;
        existing.push(Existing { name: path.display().to_string(), version: None, schema_type, text, dependencies });
    }
    let asked = matches.get_one::<CompatibilityLevel>("level").copied();
    let subject = match matches.get_one::<String>("subject") {
        Some(subject) => Some(Subject::fetch(&client(matches, "url")?, subject, asked)?),
        None => None,
    };
    let level = asked.or(subject.as_ref().map(|subject| subject.level)).unwrap_or(CompatibilityLevel::Backward);
    let policy = match matches.get_one::<String>("policy").map(String::as_str) {
        Some("lenient") => CompatibilityPolicy::Lenient,
        Some(_) => CompatibilityPolicy::Strict,
        None => subject.as_ref().map_or(CompatibilityPolicy::Strict, |subject| subject.policy),
    };
    let validates = subject.as_ref().is_none_or(|subject| subject.validates);
    let mut reserved = matches.get_flag("validate-fields").then(Reserved::default);
    if let Some(subject) = subject {
        reserved = subject.reserved.or(reserved);
        existing.extend(subject.versions);
    }

    let strictness = match (validates, &reserved) {
        (true, Some(_)) => Strictness::NewFields,
        (true, None) => Strictness::New,
        (false, _) => Strictness::Stored,
    };
    let name = file.display().to_string();
    let candidate = parsed(&name, &schema_type, &text, &shelf.dependencies(&schema_type, &text)?, strictness)?;
    let mut compared = Vec::new();
    for existing in existing {
        compared.push(compare(&candidate, &text, existing, level, policy)?);
    }
    let reserved = reserved.map_or_else(Vec::new, |Reserved { before, now }| {
        compat::reserved_field_messages(before.as_deref(), now.as_deref(), &candidate.top_level_fields())
    });
    Ok(Report { candidate: name, text, level, reserved, compared })
}

/// The work that one schema or one comparison may take: that of a request to a registry.
fn budget() -> Work {
    Work::new(service::BUDGET, &Halt::default())
}

fn parsed(
    name: &str,
    schema_type: &SchemaType,
    text: &str,
    dependencies: &[Dependency],
    strictness: Strictness,
) -> Result<Parsed, String> {
    compat::parse(schema_type, text, dependencies, strictness, &budget())
        .map_err(|error| format!("{name}: {}", error.details()))
}

fn compare(
    candidate: &Parsed,
    text: &str,
    existing: Existing,
    level: CompatibilityLevel,
    policy: CompatibilityPolicy,
) -> Result<Compared, String> {
    let (new, work) = (candidate.schema_type(), budget());
    let too_much = |error: compat::Spent| format!("{}: {error}", existing.name);
    let comparison = if new == existing.schema_type {
        let Existing { name, schema_type, text, dependencies, .. } = &existing;
        let old = parsed(name, schema_type, text, dependencies, Strictness::Stored)?;
        Comparison::of(level, policy, candidate, &old, existing.version, &work).map_err(too_much)?
    } else {
        let mut comparison = Comparison::with(existing.version);
        comparison.differ_in_type(level, &existing.schema_type, &new);
        comparison
    };
    let places = |text: &str, schema_type: &SchemaType, paths: Vec<Option<&str>>| {
        compat::places(schema_type, text, &paths, &work).map_err(too_much)
    };
    let findings: Vec<_> = comparison.findings().take(report::MOST_FINDINGS).cloned().collect();
    let new_paths = findings.iter().map(|finding| finding.new.path.as_deref()).collect();
    let old_paths = findings.iter().map(|finding| finding.old.path.as_deref()).collect();
    let here = places(text, &new, new_paths)?;
    // Where it was is of use in a file only.
    let there = match existing.version {
        None => places(&existing.text, &existing.schema_type, old_paths)?,
        Some(_) => vec![None; findings.len()],
    };
    let findings = findings.into_iter().zip(here.into_iter().zip(there)).map(report::Found::from).collect();
    let all = comparison.findings().count();
    Ok(Compared { against: existing.name, version: existing.version, findings, all })
}
