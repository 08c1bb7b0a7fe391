//! What is stored, read from a state for a rule: texts, contents and what references lead to; and what reading it costs.

use crate::fault::Fault;
use crate::find::Deleted;
use crate::knowledge::Needed;
use compat::Work;
use compat::references::{Fetched, MOST_REFERENCES};
use model::{Content, Reference, SchemaType, Subject, Version};
use state::{Error, State, StoredVersion};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Display;
use std::sync::Arc;

/// What it costs to read a version or a text from the store.
pub const READ: usize = 100;
/// What it costs to read one of the versions of a subject in a row.
pub const LISTED: usize = 20;

/// The refusal of a schema text, worded as the reference words it.
pub fn invalid_schema(schema_type: &SchemaType, error: &compat::Error) -> Fault {
    match error {
        compat::Error::UnknownType(_) => Fault::InvalidSchema(error.to_string()),
        other => Fault::InvalidSchema(format!("Invalid schema of type {schema_type}, details: {}", other.details())),
    }
}

/// The text of a stored version.
///
/// # Errors
/// Those of the store; a text that is not there is damage.
pub fn text(state: &dyn State, version: &StoredVersion) -> Result<Arc<str>, Error> {
    state.text(&version.text)?.ok_or_else(|| missing_text(version.version, &version.subject))
}

pub(crate) fn missing_text(version: Version, subject: &Subject) -> Error {
    Error::Corrupt(format!("the text of version {version} of subject '{subject}' is missing"))
}

/// The whole content of a stored version.
///
/// # Errors
/// Those of the store.
pub fn content(state: &dyn State, version: &StoredVersion) -> Result<Content, Error> {
    Ok(Content {
        schema_type: version.schema_type.clone(),
        text: text(state, version)?,
        references: version.references.clone(),
        metadata: version.metadata.clone(),
        rule_set: version.rule_set.clone(),
    })
}

/// References with version -1 replaced by the latest undeleted version, and all that they lead to, in resolution order. What
/// is stored may refer to soft-deleted versions; a new schema may not. Whatever is referred to often is read once.
///
/// # Errors
/// `InvalidSchema` where a reference is incomplete, leads nowhere, or leads too far; `Spent`, those of the store.
pub fn resolve(
    state: &dyn State,
    referrer: &Subject,
    schema_type: &SchemaType,
    references: &[Reference],
    targets: Deleted,
    work: &Work,
) -> Result<(Vec<Reference>, Vec<Needed>), Fault> {
    if references.is_empty() {
        return Ok((vec![], vec![]));
    }
    let refused =
        |why: &dyn Display| Fault::InvalidSchema(format!("Invalid schema of type {schema_type}, details: {why}"));
    if references.len() > MOST_REFERENCES {
        return Err(refused(&compat::references::Error::<Error>::TooManyReferences));
    }
    let mut targeted = Targets { state, work, latest: HashMap::new(), versions: HashMap::new() };
    let mut resolved = references.to_vec();
    for reference in &mut resolved {
        if reference.version != -1 && targets == Deleted::Include {
            continue;
        }
        let subject = referrer.sibling(&reference.subject);
        if reference.version == -1
            && let Some(latest) = targeted.latest(&subject)?
        {
            reference.version = latest;
        }
        if targets == Deleted::Ignore && targeted.version(&subject, reference.version)?.is_some_and(|v| v.deleted) {
            return Err(refused(&format_args!(
                "No schema reference found for subject \"{}\" and version {}",
                reference.subject, reference.version
            )));
        }
    }
    let mut fetch = |subject: &Subject, version: Version| {
        let stored = targeted.version(subject, version)?;
        Ok(stored.map(|stored| Fetched {
            text: stored.text,
            references: stored.references.clone(),
            schema_type: stored.schema_type.clone(),
        }))
    };
    let needed = compat::references::closure(referrer, schema_type, &resolved, &mut fetch, work);
    Ok((
        resolved,
        needed.map_err(|error| match error {
            compat::references::Error::Fetch(fault) => fault,
            compat::references::Error::Spent(spent) => spent.into(),
            other => refused(&other),
        })?,
    ))
}

/// The versions that references lead to, read once each.
struct Targets<'a> {
    state: &'a dyn State,
    work: &'a Work,
    latest: HashMap<Subject, Option<Version>>,
    versions: HashMap<(Subject, Version), Option<StoredVersion>>,
}

impl Targets<'_> {
    fn latest(&mut self, subject: &Subject) -> Result<Option<Version>, Fault> {
        if let Some(known) = self.latest.get(subject) {
            return Ok(*known);
        }
        self.work.spend(READ)?;
        let latest = self.state.subject(subject)?.and_then(|summary| summary.latest);
        self.latest.insert(subject.clone(), latest);
        Ok(latest)
    }

    fn version(&mut self, subject: &Subject, version: Version) -> Result<Option<&StoredVersion>, Fault> {
        Ok(match self.versions.entry((subject.clone(), version)) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(place) => {
                self.work.spend(READ)?;
                place.insert(self.state.version(subject, version)?).as_ref()
            }
        })
    }
}
