//! Config and mode of a subject, a context or all.

use super::{Change, Done, Service};
use model::{
    CompatibilityLevel, CompatibilityPolicy, Config, Metadata, Mode, Record, RegistryRecord, RuleSet, Subject,
};
use rules::fault::{Fault, Scope};
use rules::{config, mode};
use storage::State;

/// A change of config: the outer `None` keeps a member, the inner one clears it.
#[derive(Clone, PartialEq, Debug, Default)]
#[allow(missing_docs, reason = "the members of `model::Config`")]
pub struct ConfigChange {
    pub alias: Option<Option<String>>,
    pub alias_for_deks: Option<Option<String>>,
    pub normalize: Option<Option<bool>>,
    pub validate_fields: Option<Option<bool>>,
    pub validate_new_schemas: Option<Option<bool>>,
    pub validate_rules: Option<Option<bool>>,
    pub compatibility_level: Option<Option<CompatibilityLevel>>,
    pub compatibility_policy: Option<Option<CompatibilityPolicy>>,
    pub compatibility_group: Option<Option<String>>,
    pub default_metadata: Option<Option<Metadata>>,
    pub override_metadata: Option<Option<Metadata>>,
    pub default_rule_set: Option<Option<RuleSet>>,
    pub override_rule_set: Option<Option<RuleSet>>,
}

impl ConfigChange {
    fn apply(self, config: &mut Config) {
        fn set<T>(member: &mut Option<T>, change: Option<Option<T>>) {
            if let Some(value) = change {
                *member = value;
            }
        }
        set(&mut config.alias, self.alias);
        set(&mut config.alias_for_deks, self.alias_for_deks);
        set(&mut config.normalize, self.normalize);
        set(&mut config.validate_fields, self.validate_fields);
        set(&mut config.validate_new_schemas, self.validate_new_schemas);
        set(&mut config.validate_rules, self.validate_rules);
        set(&mut config.compatibility_level, self.compatibility_level);
        set(&mut config.compatibility_policy, self.compatibility_policy);
        set(&mut config.compatibility_group, self.compatibility_group);
        set(&mut config.default_metadata, self.default_metadata);
        set(&mut config.override_metadata, self.override_metadata);
        set(&mut config.default_rule_set, self.default_rule_set);
        set(&mut config.override_rule_set, self.override_rule_set);
    }
}

/// Does a read fall through to what is inherited (`defaultToGlobal`)?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inherit {
    /// Only what is set here.
    No,
    /// What holds here.
    Yes,
}

impl Service {
    /// The config of a scope, its level filled in. The global config and that of `:.__GLOBAL:` are never missing.
    ///
    /// # Errors
    /// `NoSubjectConfig`, those of the store.
    pub fn config(&self, scope: &Subject, inherit: Inherit) -> Result<Config, Fault> {
        self.read(|state| {
            if inherit == Inherit::Yes {
                return Ok(config::in_scope(state, scope, self.default_level)?.config);
            }
            match state.config(scope)? {
                Some(config) => Ok(self.with_level(config)),
                None if is_top(scope) => Ok(self.with_level(Config::default())),
                None => Err(Fault::NoSubjectConfig(scope.clone())),
            }
        })
    }

    /// The subject that a request about this one is really about, where it is an alias.
    ///
    /// # Errors
    /// Those of the store.
    pub fn alias(&self, subject: &Subject) -> Result<Option<Subject>, Fault> {
        self.read(|state| Ok(config::alias_of(state, subject)?))
    }

    /// The same where its DEKs are meant.
    ///
    /// # Errors
    /// Those of the store.
    pub fn alias_for_deks(&self, subject: &Subject) -> Result<Option<Subject>, Fault> {
        self.read(|state| Ok(config::alias_for_deks_of(state, subject)?))
    }

    /// Merges a change into the config of a scope; the config afterwards, nothing filled in.
    ///
    /// # Errors
    /// `ReadOnly`, those of the store.
    pub async fn change_config(&self, change: Change<Subject>, edit: ConfigChange) -> Result<Done<Config>, Fault> {
        self.commit(change, move |state, scope| {
            check_writable(state, scope)?;
            let mut config = state.config(scope)?.unwrap_or_default();
            edit.apply(&mut config);
            Ok((vec![config_record(scope.clone(), Some(config.clone()))], config))
        })
        .await
    }

    /// Removes the config of a scope; what it was, its level filled in.
    ///
    /// # Errors
    /// `SubjectNotFound` when a subject or context has none, `ReadOnly`, those of the store.
    pub async fn delete_config(&self, change: Change<Subject>) -> Result<Done<Config>, Fault> {
        let default = self.default_level;
        self.commit(change, move |state, scope| {
            let old = state.config(scope)?;
            if old.is_none() && !is_top(scope) {
                return Err(Fault::SubjectNotFound(scope.clone()));
            }
            check_writable(state, scope)?;
            let records = old.iter().map(|_| config_record(scope.clone(), None)).collect();
            let mut shown = old.unwrap_or_default();
            shown.compatibility_level.get_or_insert(default);
            Ok((records, shown))
        })
        .await
    }

    /// The mode of a scope. The global mode and that of `:.__GLOBAL:` are never missing.
    ///
    /// # Errors
    /// `NoSubjectMode`, those of the store.
    pub fn mode(&self, scope: &Subject, inherit: Inherit) -> Result<Mode, Fault> {
        self.read(|state| {
            if inherit == Inherit::Yes {
                return Ok(config::mode_in_scope(state, scope)?);
            }
            match state.mode(scope)? {
                Some(mode) => Ok(mode),
                None if is_top(scope) => Ok(Mode::ReadWrite),
                None => Err(Fault::NoSubjectMode(scope.clone())),
            }
        })
    }

    /// Sets or clears the mode of a scope.
    ///
    /// # Errors
    /// See `rules::mode::plan`.
    pub async fn change_mode(
        &self,
        change: Change<Subject>,
        mode: Option<Mode>,
        force: mode::Force,
    ) -> Result<Done<()>, Fault> {
        self.commit(change, move |state, scope| Ok((mode::plan(state, scope, mode, force)?, ()))).await
    }

    /// Removes the mode of a scope, and with `recursive` those of all subjects of a context; what it was.
    ///
    /// # Errors
    /// `SubjectNotFound` when it has none (and not `recursive`), those of the store.
    pub async fn delete_mode(&self, change: Change<Subject>, recursive: bool) -> Result<Done<Option<Mode>>, Fault> {
        self.commit(change, move |state, scope| {
            let old = state.mode(scope)?;
            if old.is_none() && !recursive && !is_top(scope) {
                return Err(Fault::SubjectNotFound(scope.clone()));
            }
            let mut records: Vec<Record> = old.iter().map(|_| mode_record(scope.clone())).collect();
            if recursive && scope.is_context() {
                records.extend(state.scopes_with_mode(scope.context())?.into_iter().map(mode_record));
            }
            let shown = if is_top(scope) { Some(old.unwrap_or(Mode::ReadWrite)) } else { old };
            Ok((records, shown))
        })
        .await
    }

    fn with_level(&self, mut config: Config) -> Config {
        config.compatibility_level.get_or_insert(self.default_level);
        config
    }
}

fn is_global(scope: &Subject) -> bool {
    *scope == config::global_scope()
}

fn is_top(scope: &Subject) -> bool {
    is_global(scope) || *scope == config::last_resort_scope()
}

fn check_writable(state: &dyn State, scope: &Subject) -> Result<(), Fault> {
    if config::mode_in_scope(state, scope)?.is_read_only() {
        return Err(Fault::ReadOnly(Scope::of(scope)));
    }
    Ok(())
}

fn config_record(scope: Subject, config: Option<Config>) -> Record {
    Record::Registry(RegistryRecord::Config { scope, config: config.map(Box::new) })
}

fn mode_record(scope: Subject) -> Record {
    Record::Registry(RegistryRecord::Mode { scope, mode: None })
}
