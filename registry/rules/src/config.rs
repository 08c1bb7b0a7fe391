//! Which configuration and which mode hold for a subject.
//!
//! Confluent's rule: a subject's own config counts as a whole, except that six members, where it leaves them unset, come from
//! the global config (`/config`) even for a subject of a named context. Without a config of its own a subject takes its
//! context's (a named one) or the global one, as a whole; then that of `:.__GLOBAL:`; then the server's default level.

use super::knowledge::Normalize;
use compat::Strictness;
use model::{CompatibilityLevel, Config, Context, Mode, Subject};
use state::{Error, State};

/// The scope of the global config and mode.
pub fn global_scope() -> Subject {
    Subject::of_context(Context::default_context())
}

/// The scope consulted last, `:.__GLOBAL:`.
pub fn last_resort_scope() -> Subject {
    Subject::of_context(Context::global())
}

/// What a subject with this config of its own stands for: the alias, one step far, in the subject's context unless the alias
/// names another. A context stands for nothing else.
pub fn alias(subject: &Subject, own: &Config) -> Option<Subject> {
    let alias = own.alias.as_deref().filter(|alias| !alias.is_empty() && !subject.is_context())?;
    Some(subject.sibling(alias))
}

/// What a subject stands for, where it is an alias.
///
/// # Errors
/// Those of the store.
pub fn alias_of(state: &dyn State, subject: &Subject) -> Result<Option<Subject>, state::Error> {
    Ok(state.config(subject)?.and_then(|own| alias(subject, &own)))
}

/// What a subject stands for where its DEKs are meant: by an alias for them alone, else as everywhere.
///
/// # Errors
/// Those of the store.
pub fn alias_for_deks_of(state: &dyn State, subject: &Subject) -> Result<Option<Subject>, state::Error> {
    let Some(own) = state.config(subject)? else { return Ok(None) };
    let of_deks = own.alias_for_deks.clone().filter(|alias| !alias.is_empty()).or_else(|| own.alias.clone());
    Ok(alias(subject, &Config { alias: of_deks, ..Config::default() }))
}

/// A config with its level filled in.
#[derive(Clone, Debug)]
pub struct InScope {
    /// The config; its level is set.
    pub config: Config,
    /// The level, for convenience.
    pub level: CompatibilityLevel,
}

impl InScope {
    /// Does the config add to the metadata or the rules of what is registered?
    pub fn fills_in(&self) -> bool {
        let Config { default_metadata, override_metadata, default_rule_set, override_rule_set, .. } = &self.config;
        let metadata = default_metadata.is_some() || override_metadata.is_some();
        metadata || default_rule_set.is_some() || override_rule_set.is_some()
    }

    /// Is a candidate to be normalised? The request or the config may ask for it.
    pub fn normalize(&self, requested: bool) -> Normalize {
        if requested || self.config.normalize.unwrap_or(false) { Normalize::Yes } else { Normalize::No }
    }

    /// How much a candidate is asked to be right.
    pub fn strictness(&self) -> Strictness {
        let (validates, fields) = (self.config.validate_new_schemas, self.config.validate_fields);
        match (validates.unwrap_or(true), fields.unwrap_or(false)) {
            (true, true) => Strictness::NewFields,
            (true, false) => Strictness::New,
            (false, _) => Strictness::Stored,
        }
    }
}

fn with_level(mut config: Config, default: CompatibilityLevel) -> InScope {
    let level = *config.compatibility_level.get_or_insert(default);
    InScope { config, level }
}

/// The config in scope for a subject or context.
///
/// # Errors
/// Those of the store.
pub fn in_scope(state: &dyn State, subject: &Subject, default: CompatibilityLevel) -> Result<InScope, Error> {
    let global = state.config(&global_scope())?;
    if let Some(mut own) = state.config(subject)? {
        if let Some(global) = global {
            own.normalize = own.normalize.or(global.normalize);
            own.validate_fields = own.validate_fields.or(global.validate_fields);
            own.validate_new_schemas = own.validate_new_schemas.or(global.validate_new_schemas);
            own.validate_rules = own.validate_rules.or(global.validate_rules);
            own.compatibility_policy = own.compatibility_policy.or(global.compatibility_policy);
            own.compatibility_group = own.compatibility_group.or(global.compatibility_group);
        }
        return Ok(with_level(own, default));
    }
    let inherited = if subject.context().is_default() {
        global
    } else {
        state.config(&Subject::of_context(subject.context().clone()))?
    };
    let inherited = match inherited {
        Some(config) => Some(config),
        None => state.config(&last_resort_scope())?,
    };
    Ok(with_level(inherited.unwrap_or_default(), default))
}

/// The mode in scope for a subject or context: its own, its context's, `:.__GLOBAL:`'s, else READWRITE.
///
/// # Errors
/// Those of the store.
pub fn mode_in_scope(state: &dyn State, subject: &Subject) -> Result<Mode, Error> {
    for scope in [subject.clone(), Subject::of_context(subject.context().clone()), last_resort_scope()] {
        if let Some(mode) = state.mode(&scope)? {
            return Ok(mode);
        }
    }
    Ok(Mode::ReadWrite)
}
