//! `freehold namespace plan|apply|export|suggest`: namespaces as files, so that teams keep them in version control.
//!
//! What a file says of a namespace is the whole of it, apart from offers where it names none: those come and go between people.
//! A namespace without a file is never touched, and neither is one that whoever applies may not govern.

mod files;
mod plan;
mod suggest;
mod yaml;

use super::client::{Client, segment};
use super::trust::Trust;
use super::{password, say};
use clap::{Arg, ArgAction, ArgMatches, Command};
use model::Namespace;
use plan::{Change, Step};
use serde_json::Value;
use std::path::PathBuf;

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
    let from = Arg::new("from").long("from").value_name("URL").required(true);
    let from = from.help("A registry with the Confluent API, http:// or https://");
    Command::new("namespace")
        .about("Namespaces as files: plan, apply, export, suggest")
        .subcommand_required(true)
        .subcommand(reaching(
            Command::new("plan").about("Show what applying the files would change").arg(files()).arg(url()),
        ))
        .subcommand(reaching(
            Command::new("apply")
                .about("Change the namespaces that differ from their files")
                .arg(files())
                .arg(confirm)
                .arg(url()),
        ))
        .subcommand(reaching(Command::new("export").about("Print all namespaces as such a file").arg(url())))
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

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), String> {
    match matches.subcommand() {
        Some(("plan", matches)) => plan(matches).map(drop),
        Some(("apply", matches)) => apply(matches),
        Some(("export", matches)) => export(matches),
        Some(("suggest", matches)) => suggest(matches),
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

/// Prints what would change; the steps that whoever asks may take.
fn plan(matches: &ArgMatches) -> Result<(Client, Vec<Step>), String> {
    let paths: Vec<PathBuf> = matches.get_many("files").into_iter().flatten().cloned().collect();
    let wanted = files::read(&paths)?;
    let client = client(matches, "url")?;
    let mut present = Vec::new();
    for wanted in &wanted {
        present.extend(namespace(&client, wanted.namespace.name.as_str())?);
    }
    let steps = plan::steps(wanted, &present);
    let mut mine = Vec::new();
    for step in steps {
        let name = step.namespace.name.clone();
        if let Err(reason) = may(&client, &step)? {
            say(&format!("! {name}: differs, and is not yours to change: {reason}\n"));
            continue;
        }
        say(&format!("{}\n", step.heading()));
        step.changes.iter().for_each(|change| say(&format!("    {change}\n")));
        if step.changes.iter().any(Change::moves_land) {
            for subject in handovers(&client, &step)? {
                say(&format!("    ! {subject} changes hands\n"));
            }
        }
        mine.push(step);
    }
    if mine.is_empty() {
        say("nothing to change\n");
    }
    Ok((client, mine))
}

fn apply(matches: &ArgMatches) -> Result<(), String> {
    let (client, steps) = plan(matches)?;
    let confirm = if matches.get_flag("confirm") { "?confirm=true" } else { "" };
    let mut failed = Vec::new();
    for step in &steps {
        let name = &step.namespace.name;
        let path = format!("/namespaces/{}{confirm}", segment(name.as_str()));
        let body = crate::http::wire::namespace::shown(&step.namespace).to_string();
        let reply = client.ask("PUT", &path, Some(step.condition()), Some(&body))?;
        match reply.status {
            200 | 201 => say(&format!("{name}: applied\n")),
            _ => failed.push(format!("{name}: {}", message(&reply.body))),
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
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
        return Err(format!("{url}: {}", message(&reply.body)));
    }
    let subjects: Vec<String> = serde_json::from_str(&reply.body).map_err(|error| format!("{url}: {error}"))?;
    say(&suggest::suggest(&subjects));
    Ok(())
}

/// The names of all namespaces.
fn names(client: &Client) -> Result<Vec<String>, String> {
    const PAGE: usize = 1000;
    let mut all = Vec::new();
    loop {
        let path = format!("/namespaces?offset={}&limit={PAGE}", all.len());
        let reply = client.ask("GET", &path, None, None)?;
        if reply.status != 200 {
            return Err(message(&reply.body));
        }
        let page: Vec<Value> = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
        for item in &page {
            let name = item["name"].as_str().ok_or("the registry lists a namespace without a name")?;
            all.push(name.to_owned());
        }
        if page.len() < PAGE {
            return Ok(all);
        }
    }
}

/// The namespace of a name, if there is one.
fn namespace(client: &Client, name: &str) -> Result<Option<Namespace>, String> {
    let reply = client.ask("GET", &format!("/namespaces/{}", segment(name)), None, None)?;
    match reply.status {
        200 => {
            let item = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
            files::namespace(&item).map(Some)
        }
        404 => Ok(None),
        _ => Err(message(&reply.body)),
    }
}

/// May whoever asks take this step? The inner error is the registry's reason.
fn may(client: &Client, step: &Step) -> Result<Result<(), String>, String> {
    let action = if step.is_new() { "administer" } else { "govern" };
    let path = format!("/namespaces/{}/can-i?action={action}", segment(step.namespace.name.as_str()));
    let reply = client.ask("GET", &path, None, None)?;
    let answer: Value = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
    if reply.status != 200 {
        return Err(message(&reply.body));
    }
    let reason = answer["reason"].as_str().unwrap_or_default().to_owned();
    Ok(if answer["allowed"] == true { Ok(()) } else { Err(reason) })
}

fn handovers(client: &Client, step: &Step) -> Result<Vec<String>, String> {
    let path = format!("/namespaces/{}?dryRun=true", segment(step.namespace.name.as_str()));
    let body = crate::http::wire::namespace::shown(&step.namespace).to_string();
    let reply = client.ask("PUT", &path, None, Some(&body))?;
    let answer: Value = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
    let list = answer["handovers"].as_array().cloned().unwrap_or_default();
    Ok(list.iter().filter_map(|item| item["subject"].as_str()).map(str::to_owned).collect())
}

/// The message of a failure.
pub fn message(body: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    parsed.and_then(|value| Some(value.get("message")?.as_str()?.to_owned())).unwrap_or_else(|| body.to_owned())
}
