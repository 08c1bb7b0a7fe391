//! IMPORT at the destination: set on a subject while versions are registered in it, and set back.
//!
//! On single subjects, since other subjects of the context go on taking schemas meanwhile, and since whoever owns a part of a context
//! may do it. Where IMPORT or FORWARD is in force already, nothing is set.

use super::inventory::Inventory;
use super::registry::{Halt, Registry, settings_path};
use super::report::Refusal;
use super::scopes::mode_in_force;
use crate::cli::client::Reply;
use model::Subject;
use serde_json::json;

/// A subject that takes versions with their ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// It did already.
    AsItIs,
    /// Its mode was set; before, it was this, or it had none of its own.
    From(Option<String>),
}

/// How a subject is made to take versions with their ids. `destination` knows its mode, that of its context and of the last resort.
fn opening(destination: &Inventory, subject: &Subject) -> Opened {
    match mode_in_force(destination, subject) {
        "IMPORT" | "FORWARD" => Opened::AsItIs,
        _ => Opened::From(destination.own(subject).mode),
    }
}

/// Does something while a subject takes versions with their ids; inside, the refusal of that. What could not be set back is pushed
/// to `left`, as a sentence.
///
/// # Errors
/// The registry cannot be asked; those of `act`.
pub fn while_open(
    registry: &Registry,
    destination: &Inventory,
    subject: &Subject,
    left: impl FnOnce(String),
    act: impl FnOnce() -> Result<(), Halt>,
) -> Result<Result<(), Refusal>, Halt> {
    let opened = opening(destination, subject);
    let Opened::From(before) = opened else { return act().map(Ok) };
    let outcome = match set(registry, subject, Some("IMPORT"), Registry::ask) {
        Ok(reply) if reply.status == 200 => act().map(Ok),
        Ok(reply) => {
            let (status, reason) = (Some(reply.status), reply.message());
            return Ok(Err(Refusal { what: "mode", about: (subject.clone(), None), status, reason, versions: 0 }));
        }
        // Whether a request that broke was carried out, nobody knows: it is set back as well.
        Err(halt) => Err(halt),
    };
    if let Some(sentence) = set_back(registry, subject, before.as_deref()) {
        left(sentence);
    }
    outcome
}

/// Sets a subject back; a sentence where that fails.
fn set_back(registry: &Registry, subject: &Subject, before: Option<&str>) -> Option<String> {
    let why = match set(registry, subject, before, Registry::ask_anyway) {
        Ok(reply) if matches!(reply.status, 200 | 404) => return None,
        Ok(reply) => format!("{}: {}", reply.status, reply.message()),
        Err(Halt::Failed(reason)) => reason,
        Err(Halt::Asked) => "it was stopped".to_owned(),
    };
    let path = format!("{}{}", registry.url, settings_path("mode", subject));
    let request = match before {
        None => format!("DELETE {path}"),
        Some(mode) => format!("PUT {path} with {{\"mode\": \"{mode}\"}}"),
    };
    Some(format!("{subject}: its mode may still be IMPORT and could not be set back ({why}); send {request}"))
}

/// `Registry::ask` or `Registry::ask_anyway`.
pub type Ask = fn(&Registry, &str, &str, Option<&serde_json::Value>) -> Result<Reply, Halt>;

/// Sets the mode of a scope, or removes it.
///
/// # Errors
/// Those of `ask`.
pub fn set(registry: &Registry, scope: &Subject, mode: Option<&str>, ask: Ask) -> Result<Reply, Halt> {
    let path = settings_path("mode", scope);
    match mode {
        Some(mode) => {
            // Without force, IMPORT would remove for good what is soft-deleted there.
            let force = if mode == "IMPORT" { "?force=true" } else { "" };
            ask(registry, "PUT", &format!("{path}{force}"), Some(&json!({ "mode": mode })))
        }
        None => ask(registry, "DELETE", &path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::moving::inventory::Settings;

    #[test]
    fn the_closest_mode_counts() {
        let settings =
            [(":.c:s", "IMPORT"), (":.c:", "READWRITE"), ("", "READONLY_OVERRIDE"), (":.__GLOBAL:", "FORWARD")];
        let settings = settings.map(|(scope, mode)| {
            (Subject::parse(scope), Settings { mode: Some(mode.to_owned()), ..Settings::default() })
        });
        let destination = Inventory { settings: settings.into(), ..Inventory::default() };
        #[track_caller]
        fn check(destination: &Inventory, subject: &str, mode: &str, expected: Opened) {
            let subject = Subject::parse(subject);
            assert_eq!((mode_in_force(destination, &subject), opening(destination, &subject)), (mode, expected));
        }
        check(&destination, ":.c:s", "IMPORT", Opened::AsItIs);
        check(&destination, ":.c:t", "READWRITE", Opened::From(None));
        check(&destination, "t", "READONLY_OVERRIDE", Opened::From(None));
        check(&destination, ":.d:t", "FORWARD", Opened::AsItIs);
        check(&Inventory::default(), "s", "READWRITE", Opened::From(None));
        let own = Settings { mode: Some("READWRITE".to_owned()), ..Settings::default() };
        let own = Inventory { settings: [(Subject::parse("s"), own)].into(), ..Inventory::default() };
        check(&own, "s", "READWRITE", Opened::From(Some("READWRITE".to_owned())));
    }
}
