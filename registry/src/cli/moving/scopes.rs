//! Configs and modes of scopes: what is in force, what says the same, and what nobody has chosen.

use super::inventory::{Inventory, Object};
use super::registry::{last_resort, whole};
use crate::http::wire;
use model::Subject;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The mode in force for a scope: its own, its context's, the last resort's.
pub fn mode_in_force<'i>(inventory: &'i Inventory, scope: &Subject) -> &'i str {
    let chain = [scope.clone(), Subject::of_context(scope.context().clone()), last_resort()];
    let own = |scope: &Subject| inventory.settings.get(scope)?.mode.as_deref();
    chain.iter().find_map(own).unwrap_or("READWRITE")
}

/// Do both say the same, as far as it can be set? Members that a registry does not know it does not keep.
pub fn same_config(one: &Object, other: &Object) -> bool {
    let change = |config: &Object| wire::config::change(body(config, None).as_object()?).ok();
    one == other || change(one).is_some_and(|one| Some(one) == change(other))
}

/// Is this what a registry starts with? Nobody has chosen it.
pub fn is_initial_config(scope: &Subject, config: &Object) -> bool {
    is_of_all(scope) && config.len() == 1 && config.get("compatibilityLevel").is_some_and(|level| level == "BACKWARD")
}

/// May this mode give way to another one unasked?
pub fn is_replaceable(scope: &Subject, mode: &str) -> bool {
    is_left_over(scope, mode) || (is_of_all(scope) && mode == "READWRITE")
}

fn is_of_all(scope: &Subject) -> bool {
    *scope == whole() || *scope == last_resort()
}

/// A single subject in IMPORT: nobody sets that but to import into it.
pub fn is_left_over(scope: &Subject, mode: &str) -> bool {
    !scope.is_context() && mode == "IMPORT"
}

/// What a scope is called.
pub fn called(scope: &Subject) -> String {
    match scope {
        scope if *scope == whole() => "the whole registry".to_owned(),
        scope if *scope == last_resort() => "the last resort of all contexts".to_owned(),
        scope if scope.is_context() => format!("context {}", scope.context()),
        scope => scope.to_string(),
    }
}

/// The body of a PUT that makes this config of another one.
pub fn body(config: &Object, other: Option<&Object>) -> Value {
    // A GET and a PUT call the level differently.
    let name = |name: &str| if name == "compatibilityLevel" { "compatibility" } else { name }.to_owned();
    let gone = other.into_iter().flat_map(Map::keys).filter(|member| !config.contains_key(*member));
    let members: BTreeMap<String, Value> = gone
        .map(|member| (name(member), Value::Null))
        .chain(config.iter().map(|(member, value)| (name(member), value.clone())))
        .collect();
    Value::Object(members.into_iter().collect())
}
