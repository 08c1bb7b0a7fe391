//! `freehold namespace plan|apply|export|suggest`: namespaces as files, so that teams keep them in version control.
//!
//! What a file says of a namespace is the whole of it, apart from offers where it names none: those come and go between people.
//! A namespace without a file is never touched, and neither is one that whoever applies may not govern.

mod files;
mod plan;
mod report;
mod suggest;
mod yaml;

use super::client::{Client, segment};
use super::trust::Trust;
use super::{password, say};
use authz::Ownership;
use clap::{Arg, ArgAction, ArgMatches, Command};
use model::Namespace;
use plan::Step;
use report::{Item, Report, Standing};
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code of `plan --exit-code` where something differs. Errors are 1.
const DIFFERENT: u8 = 2;

/// The command.
pub fn command() -> Command {
    let url = || {
        let url = Arg::new("url").long("url").value_name("URL").default_value("http://127.0.0.1:8081");
        url.help("The registry, http:// or https://")
    };
    let files = || {
        Arg::new("files")
            .short('f')
            .long("files")
            .value_name("PATH")
            .required(true)
            .action(ArgAction::Append)
            .value_parser(clap::value_parser!(PathBuf))
            .help("A file of namespaces (YAML), or a directory of such files; may be repeated")
    };
    let confirm = Arg::new("confirm")
        .long("confirm")
        .action(ArgAction::SetTrue)
        .help("Also make changes that hand subjects over from one owner to another");
    let exit_code = Arg::new("exit-code")
        .long("exit-code")
        .action(ArgAction::SetTrue)
        .help("Exit with 0 if nothing differs, 2 if something does, 1 on errors");
    let format = || {
        let format = Arg::new("format").long("format").value_name("FORMAT").value_parser(["text", "json"]);
        format.default_value("text").help("For people, or for programs")
    };
    let from = Arg::new("from").long("from").value_name("URL").required(true);
    let from = from.help("A registry with the Confluent API, http:// or https://");
    Command::new("namespace")
        .about("Namespaces as files: plan, apply, export, suggest")
        .subcommand_required(true)
        .subcommand(reaching(
            Command::new("plan")
                .about("Show what applying the files would change")
                .after_help("Something that differs and is not yours to change is an error.")
                .arg(files())
                .arg(exit_code)
                .arg(format())
                .arg(url()),
        ))
        .subcommand(reaching(
            Command::new("apply")
                .about("Change the namespaces that differ from their files")
                .after_help("Something that differs and is not yours to change is an error; the rest is changed.")
                .arg(files())
                .arg(confirm)
                .arg(format())
                .arg(url()),
        ))
        .subcommand(reaching(
            Command::new("export").about("Print all namespaces in the format of these files").arg(url()),
        ))
        .subcommand(reaching(
            Command::new("suggest").about("Propose namespaces from the names of existing subjects").arg(from),
        ))
}

/// What every command that asks a registry takes besides its URL.
pub fn reaching(command: Command) -> Command {
    let user = Arg::new("user").long("user").value_name("NAME").help(format!(
        "Whose password to send: that of {}, typed at the terminal (it is not shown), or a line of standard input",
        password::VARIABLE
    ));
    command.arg(user).arg(Trust::argument())
}

/// Runs it; the exit code.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, String> {
    let done = |()| ExitCode::SUCCESS;
    match matches.subcommand() {
        Some(("plan", matches)) => plan(matches),
        Some(("apply", matches)) => apply(matches).map(done),
        Some(("export", matches)) => export(matches).map(done),
        Some(("suggest", matches)) => suggest(matches).map(done),
        _ => Err("say plan, apply, export or suggest".to_owned()),
    }
}

/// A client for the registry that this argument names.
///
/// # Errors
/// It cannot be asked, or the password not be read.
pub fn client(matches: &ArgMatches, url: &str) -> Result<Client, String> {
    let url = matches.get_one::<String>(url).map_or("", String::as_str);
    let trust = Trust::of(matches);
    match matches.get_one::<String>("user") {
        Some(name) => Client::new(url, &trust, Some((name, &password::present(name)?))),
        None => Client::new(url, &trust, None),
    }
}

fn plan(matches: &ArgMatches) -> Result<ExitCode, String> {
    let (_, report) = compared(matches)?;
    print(matches, &report);
    succeeded(&report)?;
    let differs = matches.get_flag("exit-code") && !report.items.is_empty();
    Ok(if differs { ExitCode::from(DIFFERENT) } else { ExitCode::SUCCESS })
}

fn apply(matches: &ArgMatches) -> Result<(), String> {
    let (client, mut report) = compared(matches)?;
    let confirm = if matches.get_flag("confirm") { "?confirm=true" } else { "" };
    for item in report.items.iter_mut().filter(|item| item.is_permitted()) {
        item.outcome = Some(applied(&client, &item.step, confirm));
    }
    print(matches, &report);
    succeeded(&report)
}

fn applied(client: &Client, step: &Step, query: &str) -> Result<(), String> {
    let path = format!("{}{query}", path(step));
    let body = crate::http::wire::namespace::shown(&step.namespace).to_string();
    let reply = client.ask("PUT", &path, Some(step.condition()), Some(&body))?;
    match reply.status {
        200 | 201 => Ok(()),
        _ => Err(reply.message()),
    }
}

fn print(matches: &ArgMatches, report: &Report) {
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => say(&format!("{:#}\n", report.json())),
        _ => say(&report.text()),
    }
}

fn succeeded(report: &Report) -> Result<(), String> {
    let failures = report.failures();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\nfreehold: ")) }
}

/// What differs from the files, and which of it whoever asks may change.
fn compared(matches: &ArgMatches) -> Result<(Client, Report), String> {
    let paths: Vec<PathBuf> = matches.get_many("files").into_iter().flatten().cloned().collect();
    let wanted = files::read(&paths)?;
    let client = client(matches, "url")?;
    let mut present = Vec::new();
    for wanted in &wanted {
        present.extend(namespace(&client, wanted.namespace.name.as_str())?);
    }
    let all = wanted.len();
    let mut report = Report::default();
    for step in plan::steps(wanted, &present) {
        let standing = standing(&client, &step)?;
        report.items.push(Item { step, standing, outcome: None });
    }
    report.same = all - report.items.len();
    Ok((client, report))
}

fn export(matches: &ArgMatches) -> Result<(), String> {
    let client = client(matches, "url")?;
    let mut texts = Vec::new();
    for name in names(&client)? {
        // One that is gone since it was listed is left out.
        texts.extend(namespace(&client, &name)?.as_ref().map(yaml::namespace));
    }
    say(&texts.join("---\n"));
    Ok(())
}

fn suggest(matches: &ArgMatches) -> Result<(), String> {
    let url = matches.get_one::<String>("from").map_or("", String::as_str);
    let reply = client(matches, "from")?.ask("GET", "/subjects?subjectPrefix=:*:", None, None)?;
    if reply.status != 200 {
        return Err(format!("{url}: {}", reply.message()));
    }
    let subjects: Vec<String> = serde_json::from_str(&reply.body).map_err(|error| format!("{url}: {error}"))?;
    say(&suggest::suggest(&subjects));
    Ok(())
}

/// Who owns what in a registry.
///
/// # Errors
/// It has no namespaces, or cannot be asked.
pub fn ownership(client: &Client) -> Result<Ownership, String> {
    let mut all = Vec::new();
    for name in names(client)? {
        all.extend(namespace(client, &name)?);
    }
    Ownership::new(all).map_err(|error| error.to_string())
}

/// The names of all namespaces.
fn names(client: &Client) -> Result<Vec<String>, String> {
    const PAGE: usize = 1000;
    let mut all = Vec::new();
    loop {
        let path = format!("/namespaces?offset={}&limit={PAGE}", all.len());
        let page = client.get(&path)?.ok_or_else(|| format!("{path}: there is no such thing; is it Freehold?"))?;
        let page = page.as_array().ok_or_else(|| format!("{path}: the answer is no list"))?;
        for item in page {
            let name = item["name"].as_str().ok_or("the registry lists a namespace without a name")?;
            all.push(name.to_owned());
        }
        if page.len() < PAGE {
            return Ok(all);
        }
    }
}

/// One namespace, if it is there.
fn namespace(client: &Client, name: &str) -> Result<Option<Namespace>, String> {
    client.get(&format!("/namespaces/{}", segment(name)))?.as_ref().map(files::namespace).transpose()
}

fn path(step: &Step) -> String {
    format!("/namespaces/{}", segment(step.namespace.name.as_str()))
}

/// May whoever asks take this step, and what comes of it?
fn standing(client: &Client, step: &Step) -> Result<Standing, String> {
    let action = if step.is_new() { "administer" } else { "govern" };
    let path = format!("{}/can-i?action={action}", path(step));
    let answer = client.get(&path)?.ok_or_else(|| format!("{path}: there is no such thing; is it Freehold?"))?;
    if answer["allowed"] != true {
        return Ok(Standing::Refused(answer["reason"].as_str().unwrap_or("the registry gives no reason").to_owned()));
    }
    if step.moves_subjects() { tried(client, step) } else { Ok(Standing::permitted()) }
}

/// A step that may be taken, with the subjects that change hands, or why it is refused as things stand.
fn tried(client: &Client, step: &Step) -> Result<Standing, String> {
    let body = crate::http::wire::namespace::shown(&step.namespace).to_string();
    let reply = client.ask("PUT", &format!("{}?dryRun=true", path(step)), None, Some(&body))?;
    if !matches!(reply.status, 200 | 201) {
        let obstacle = Some(reply.message());
        return Ok(Standing::Permitted { handovers: Vec::new(), count: 0, obstacle });
    }
    let answer: Value = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
    let list = answer["handovers"].as_array().cloned().unwrap_or_default();
    let handovers: Vec<String> = list.iter().filter_map(|item| item["subject"].as_str()).map(str::to_owned).collect();
    let count = answer["handoverCount"].as_u64().unwrap_or_default();
    Ok(Standing::Permitted { handovers, count, obstacle: None })
}
