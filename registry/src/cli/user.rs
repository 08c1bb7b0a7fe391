//! `freehold user add|remove|list`: edits a users file, whole or not at all.

use super::{password, say};
use authz::basic::{Added, add_user, hash_password, list_users, remove_user, write_users};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::io;
use std::path::{Path, PathBuf};

/// The command.
pub fn command() -> Command {
    let file = || {
        Arg::new("file")
            .value_name("FILE")
            .required(true)
            .value_parser(clap::value_parser!(PathBuf))
            .help("The users file")
    };
    let name = || Arg::new("name").value_name("NAME").required(true).help("The user");
    let group = Arg::new("group")
        .long("group")
        .value_name("GROUP")
        .action(ArgAction::Append)
        .help("A group that the user is in; may be repeated");
    Command::new("user")
        .about("Edit a users file: add, remove, list")
        .subcommand_required(true)
        .subcommand(
            Command::new("add")
                .about("Add a user, or set a new password")
                .after_help(format!(
                    "At a terminal the password is asked for twice and not shown; else it is the first line of standard \
                     input. {} in the environment goes before both.",
                    password::VARIABLE
                ))
                .arg(file())
                .arg(name())
                .arg(group),
        )
        .subcommand(Command::new("remove").about("Remove a user").arg(file()).arg(name()))
        .subcommand(Command::new("list").about("List the users and their groups").arg(file()))
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), String> {
    let (verb, matches) = matches.subcommand().ok_or("say add, remove or list")?;
    let path = matches.get_one::<PathBuf>("file").ok_or("name the users file")?;
    let name = || matches.get_one::<String>("name").map_or("", String::as_str);
    match verb {
        "add" => {
            let groups: Vec<String> = matches.get_many("group").into_iter().flatten().cloned().collect();
            let hash = hash_password(password::new(name())?.as_bytes()).map_err(|error| error.to_string())?;
            let (text, added) = add_user(&text(path, Missing::Empty)?, name(), &hash, &groups)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            write(path, &text)?;
            let did = match added {
                Added::New => "added",
                Added::Replaced => "has a new password",
            };
            say(&format!("user:basic/{} {did}\n", name()));
        }
        "remove" => {
            let text = remove_user(&text(path, Missing::Error)?, name());
            write(path, &text.map_err(|error| format!("{}: {error}", path.display()))?)?;
            say(&format!("user:basic/{} removed\n", name()));
        }
        _ => {
            let users = list_users(&text(path, Missing::Error)?);
            for (name, groups) in users.map_err(|error| format!("{}: {error}", path.display()))? {
                let groups: Vec<String> = groups.iter().map(|group| format!("group:basic/{group}")).collect();
                let line = format!("user:basic/{name} {}", groups.join(" "));
                say(&format!("{}\n", line.trim_end()));
            }
        }
    }
    Ok(())
}

/// What a file that does not exist stands for.
#[derive(PartialEq, Eq)]
enum Missing {
    Empty,
    Error,
}

fn text(path: &Path, missing: Missing) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Empty => Ok(String::new()),
        other => other.map_err(|error| format!("{}: {error}", path.display())),
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    write_users(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
