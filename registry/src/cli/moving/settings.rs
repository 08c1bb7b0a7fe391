//! Reading the configs and modes of a registry.

use super::inventory::{Object, Settings, ordered};
use super::progress::Progress;
use super::registry::{Halt, Registry, Shown, each, settings_path, whole};
use model::{Context, Subject};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The contexts of a registry, the default one left out; those of `subjects` where it does not list them, with a note.
///
/// # Errors
/// The registry cannot be asked.
pub fn contexts(
    registry: &Registry,
    subjects: &BTreeSet<&Subject>,
    notes: &mut Vec<String>,
) -> Result<BTreeSet<Context>, Halt> {
    let mut contexts: BTreeSet<Context> = subjects.iter().map(|subject| subject.context().clone()).collect();
    let why = match registry.get("/contexts")? {
        Shown::Value(Value::Array(listed)) => {
            contexts.extend(listed.iter().filter_map(|name| Context::new(name.as_str()?)));
            None
        }
        Shown::Value(_) => Some("its answer is no list".to_owned()),
        Shown::Refused(status, why) => Some(format!("{status}: {why}")),
    };
    if let Some(why) = why {
        let url = &registry.url;
        notes.push(format!(
            "{url}: GET /contexts is not served ({why}); the contexts are those in the names of subjects"
        ));
    }
    contexts.retain(|context| !context.is_default() && !context.is_global());
    Ok(contexts)
}

/// What these scopes have of their own.
///
/// # Errors
/// The registry cannot be asked.
pub fn read(
    registry: &Registry,
    scopes: &[Subject],
    progress: Progress,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<Subject, Settings>, Halt> {
    let serves = [served(registry, "config", notes)?, served(registry, "mode", notes)?];
    let stage = progress.stage(&format!("reading configs and modes of {}", registry.url), Some(scopes.len()));
    let asked = each(scopes, |scope| {
        stage.add(1);
        let own = |kind: &str, serves: &Serves| one(registry, kind, scope, serves);
        Ok((own("config", &serves[0])?, own("mode", &serves[1])?))
    })?;
    let mut all = BTreeMap::new();
    for (scope, (config, mode)) in scopes.iter().zip(asked) {
        let mut taken = |outcome: Result<Option<Value>, String>| {
            outcome.unwrap_or_else(|note| {
                notes.push(note);
                None
            })
        };
        let mode = taken(mode).and_then(|mode| Some(mode["mode"].as_str()?.to_uppercase()));
        let settings = Settings { config: taken(config).and_then(members), mode };
        if !settings.is_empty() {
            all.insert(scope.clone(), settings);
        }
    }
    Ok(all)
}

/// How a registry shows configs or modes.
enum Serves {
    Nothing,
    /// Those that a scope has of its own.
    Own,
    /// This one, that of the whole, for every scope that has none of its own.
    Inherited(Value),
}

/// A subject that no registry has.
const NOBODY: &str = "freehold-import-asks-for-a-subject-that-is-not-there";

fn served(registry: &Registry, kind: &str, notes: &mut Vec<String>) -> Result<Serves, Halt> {
    let whole = match registry.get(&format!("/{kind}"))? {
        Shown::Value(whole) => whole,
        Shown::Refused(status, why) => {
            notes.push(format!("{}: GET /{kind} is not served ({status}: {why}); no {kind}s are read", registry.url));
            return Ok(Serves::Nothing);
        }
    };
    Ok(match registry.get(&format!("/{kind}/{NOBODY}"))? {
        Shown::Value(_) => Serves::Inherited(whole),
        Shown::Refused(..) => Serves::Own,
    })
}

/// A config or mode; inside, a note where there may be one that is not shown.
fn one(
    registry: &Registry,
    kind: &str,
    scope: &Subject,
    serves: &Serves,
) -> Result<Result<Option<Value>, String>, Halt> {
    if matches!(serves, Serves::Nothing) {
        return Ok(Ok(None));
    }
    let path = settings_path(kind, scope);
    let inherited =
        |value: &Value| matches!(serves, Serves::Inherited(inherited) if value == inherited) && *scope != whole();
    Ok(match registry.get(&path)? {
        Shown::Value(value) => Ok((!inherited(&value)).then_some(value)),
        Shown::Refused(404, _) => Ok(None),
        Shown::Refused(status, why) => Err(format!("{}{path}: {status}: {why}", registry.url)),
    })
}

fn members(config: Value) -> Option<Object> {
    match ordered(config) {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
