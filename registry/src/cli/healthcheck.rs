//! `freehold healthcheck`: one request to `/health/ready`, for containers and service managers.

use super::client::{Client, reachable};
use super::trust::Trust;
use super::{gathered, keyed, say};
use crate::printable::printable;
use crate::settings;
use clap::{Arg, ArgMatches, Command};
use std::time::Duration;

/// The command.
pub fn command() -> Command {
    let url = Arg::new("url").long("url").value_name("URL").conflicts_with("listen");
    let timeout = Arg::new("timeout").long("timeout").value_name("TIME").default_value("3s");
    let patience = |text: &str| settings::time(text).filter(|time| !time.is_zero()).ok_or("say such as 3s or 500ms");
    keyed(Command::new("healthcheck").about("Ask a running registry whether it is ready; exit 0 if it is"), |key| {
        key == "listen"
    })
    .arg(url.help("The registry to ask, http:// or https://, instead of the one that listens here"))
    .arg(Trust::argument().requires("url"))
    .arg(timeout.value_parser(patience).help("How long it may take to answer"))
}

/// Asks; an error says why the registry is not ready.
pub fn run(matches: &ArgMatches) -> Result<(), String> {
    let patience = *matches.get_one::<Duration>("timeout").expect("it has a default");
    let (place, client) = match matches.get_one::<String>("url") {
        Some(url) => (url.clone(), Client::hurried(url, &Trust::of(matches), patience)?),
        None => {
            let settings = gathered(matches)?.settings().map_err(|error| error.to_string())?;
            let address = reachable(settings.listen);
            (address.to_string(), Client::local(address, patience))
        }
    };
    let reply = client
        .ask("GET", "/health/ready", None, None)
        .map_err(|error| format!("no registry answers at {place}: {error}"))?;
    if reply.status != 200 {
        return Err(format!("the registry at {place} is not ready: {}", printable(reply.body.trim())));
    }
    say("ready\n");
    Ok(())
}
