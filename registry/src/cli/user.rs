//! `freehold user add|passwd|remove|list`: edits a users file, whole or not at all.

use super::{gathered, keyed, password, say};
use authz::basic::{
    Added, EditError, add_user, check_password, edit_users, hash_password, list_users, read_users, remove_user,
    set_password,
};
use clap::{Arg, ArgAction, ArgMatches, Command};
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
        .help("A group that the user is in, instead of those it was in; may be repeated");
    let no_groups = Arg::new("no-groups")
        .long("no-groups")
        .action(ArgAction::SetTrue)
        .conflicts_with("group")
        .help("The user is in no group any more");
    let asking = |command: Command| {
        let command = keyed(command, |key| key == "authentication.password-length");
        command.arg(file()).arg(name()).after_help(format!(
            "At a terminal the password is asked for twice and not shown; else it is the first line of standard input. {} in \
             the environment goes before both.",
            password::VARIABLE
        ))
    };
    Command::new("user")
        .about("Edit a users file: add, passwd, remove, list")
        .subcommand_required(true)
        .subcommand(
            asking(Command::new("add").about(
                "Add a user, or give an existing user a new password; groups stay as they are unless others are given",
            ))
            .arg(group)
            .arg(no_groups),
        )
        .subcommand(asking(Command::new("passwd").about("Give a user that is there a new password")))
        .subcommand(Command::new("remove").about("Remove a user").arg(file()).arg(name()))
        .subcommand(Command::new("list").about("List the users and their groups").arg(file()))
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), String> {
    let (verb, matches) = matches.subcommand().ok_or("say add, passwd, remove or list")?;
    let path = matches.get_one::<PathBuf>("file").ok_or("name the users file")?;
    let about = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let name = || matches.get_one::<String>("name").map_or("", String::as_str);
    let done = match verb {
        "add" => {
            let given: Vec<String> = matches.get_many("group").into_iter().flatten().cloned().collect();
            let groups = (!given.is_empty() || matches.get_flag("no-groups")).then_some(&given[..]);
            // Whatever would refuse it does so before anybody types a password.
            add_user(&known(path, Missing::Empty)?, name(), PLACEHOLDER, groups).map_err(|error| about(&error))?;
            let hash = new_hash(matches, name())?;
            match edit_users(path, |text| add_user(text.unwrap_or_default(), name(), &hash, groups)) {
                Ok(Added::New) => "added".to_owned(),
                Ok(Added::Replaced(groups)) => format!("has a new password; {}", shown(&groups)),
                Err(error) => return Err(about(&error)),
            }
        }
        "passwd" => {
            let unknown = |error: EditError| match error {
                EditError::Unknown(name) => about(&format!("there is no user {name}; freehold user add makes one")),
                other => about(&other),
            };
            set_password(&known(path, Missing::Error)?, name(), PLACEHOLDER).map_err(unknown)?;
            let hash = new_hash(matches, name())?;
            edit_users(path, |text| Ok((set_password(text.unwrap_or_default(), name(), &hash)?, ())))
                .map_err(|error| about(&error))?;
            "has a new password".to_owned()
        }
        "remove" => {
            known(path, Missing::Error)?;
            edit_users(path, |text| Ok((remove_user(text.unwrap_or_default(), name())?, ())))
                .map_err(|error| about(&error))?;
            "removed".to_owned()
        }
        _ => {
            for (name, groups) in list_users(&known(path, Missing::Error)?).map_err(|error| about(&error))? {
                let groups: Vec<String> = groups.iter().map(|group| format!("group:basic/{group}")).collect();
                let line = format!("user:basic/{name} {}", groups.join(" "));
                say(&format!("{}\n", line.trim_end()));
            }
            return Ok(());
        }
    };
    say(&format!("user:basic/{} {done}\n", name()));
    Ok(())
}

/// A hash in place of one that is not known yet: nobody has a password for it.
const PLACEHOLDER: &str =
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn new_hash(matches: &ArgMatches, name: &str) -> Result<String, String> {
    let least = gathered(matches)?.password_length().map_err(|error| error.to_string())?;
    let password = password::new(name, |password| check_password(password, least).map_err(|error| error.to_string()))?;
    hash_password(&password).map_err(|error| error.to_string())
}

fn shown(groups: &[String]) -> String {
    let groups: Vec<String> = groups.iter().map(|group| format!("group:basic/{group}")).collect();
    if groups.is_empty() { "it is in no group".to_owned() } else { format!("it is in {}", groups.join(", ")) }
}

/// What a file that does not exist stands for.
#[derive(PartialEq, Eq)]
enum Missing {
    Empty,
    Error,
}

/// The text of the file as it is now.
fn known(path: &Path, missing: Missing) -> Result<String, String> {
    match read_users(path).map_err(|error| format!("{}: {error}", path.display()))? {
        None if missing == Missing::Error => Err(format!("{}: there is no such file", path.display())),
        text => Ok(text.unwrap_or_default()),
    }
}
