//! `POST …/versions/{version}/tags`: a new version made of one that is there, with other inline tags, metadata or rules.
//!
//! It is registered as any other version is (`register::plan`), so it is compared with the versions before it, and modes hold.

use super::candidate::{Described, Wanted};
use super::metadata::VERSION_PROPERTY;
use super::register::{Force, Registration};
use super::rule_set;
use super::tagging::{Edits, Tagging};
use super::text::Text;
use crate::content;
use crate::delete::Selector;
use model::{CompatibilityLevel, Metadata, RuleSet, Subject, Version};
use state::{State, StoredVersion};

/// What is to become of a version.
#[derive(Clone, Debug)]
pub struct Modification {
    /// Where the new version goes.
    pub subject: Subject,
    /// Which version it is made of.
    pub source: Selector,
    /// Its number; 0 is the next one.
    pub new_version: Version,
    /// What is edited of its inline tags.
    pub edits: Edits,
    /// Its metadata; absent, those of the source.
    pub metadata: Option<Metadata>,
    /// Its rules.
    pub rules: RulesChange,
    /// The server's default level.
    pub default_level: CompatibilityLevel,
}

/// Which rules the new version has.
#[derive(Clone, Debug)]
pub enum RulesChange {
    /// These; none are the rules of the latest version, as in any registration.
    Set(Option<RuleSet>),
    /// Those of the version before the new one, with these merged over them and then without those of these names.
    Edit {
        /// What is merged over them.
        merge: Option<RuleSet>,
        /// Names of rules that are left out.
        remove: Vec<String>,
    },
}

/// The registration that a modification of this version is.
///
/// # Errors
/// Those of the store.
pub fn registration(
    state: &dyn State,
    source: &StoredVersion,
    modification: &Modification,
) -> Result<Registration, state::Error> {
    let Modification { subject, new_version, edits, default_level, .. } = modification;
    let wanted = Wanted::of(*new_version);
    let requested = modification.metadata.as_ref().or(source.metadata.as_ref());
    let mut metadata = requested.cloned().unwrap_or_default();
    // Registration puts the real number here; until then no version has this content.
    metadata.properties.insert(VERSION_PROPERTY.to_owned(), new_version.to_string());
    let rule_set = match &modification.rules {
        RulesChange::Set(rule_set) => rule_set.clone(),
        RulesChange::Edit { merge, remove } => {
            let before = version_before(state, subject, *new_version)?.and_then(|before| before.rule_set);
            rule_set::merge(before.as_ref(), merge.as_ref()).map(|merged| rule_set::without(merged, remove))
        }
    };
    let schema = Described {
        text: Text::named(content::text(state, source)?, source.text),
        schema_type: source.schema_type.clone(),
        references: references(source, subject),
        metadata: Some(metadata),
        rule_set,
        version: wanted,
        id: None,
        tagging: Tagging { edits: edits.clone(), propagate: false },
    };
    Ok(Registration {
        subject: subject.clone(),
        schema,
        normalize: false,
        force: Force::No,
        default_level: *default_level,
    })
}

/// The references of the source, named so that they mean the same where the new version goes.
fn references(source: &StoredVersion, subject: &Subject) -> Vec<model::Reference> {
    let mut references = source.references.clone();
    if source.subject.context() != subject.context() {
        for reference in &mut references {
            reference.subject = source.subject.sibling(&reference.subject).as_str().to_owned();
        }
    }
    references
}

/// The undeleted version whose rules are edited.
fn version_before(state: &dyn State, subject: &Subject, new: Version) -> Result<Option<StoredVersion>, state::Error> {
    let number = if new > 0 { Some(new - 1) } else { state.subject(subject)?.and_then(|summary| summary.latest) };
    let stored = number.map(|number| state.version(subject, number)).transpose()?.flatten();
    Ok(stored.filter(|stored| !stored.deleted))
}
