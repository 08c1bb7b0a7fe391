//! Deleting versions and subjects, softly and for good.

use super::{association, config, content, ids};
use crate::fault::{Fault, Scope};
use model::{Context, Hashes, Record, RegistryRecord, SchemaRecord, Subject, SubjectPrefix, Version};
use state::{Referrer, State, StoredVersion};
use std::ops::ControlFlow;
use std::sync::Arc;

/// How far a deletion goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// Hidden, but readable by id; the content can be registered again.
    Soft,
    /// Gone.
    Permanent,
}

/// Which version is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selector {
    /// The highest undeleted one.
    Latest,
    /// This one.
    Number(Version),
}

impl Selector {
    /// What messages print: the number, or -1 for the latest.
    pub fn printed(self) -> Version {
        match self {
            Selector::Latest => -1,
            Selector::Number(version) => version,
        }
    }
}

/// Deletes a subject: the records, and the versions deleted, ascending.
///
/// # Errors
/// In this order: no such subject, already soft-deleted, read-only, associated, referenced by another subject, not soft-deleted
/// before.
pub fn subject(state: &dyn State, subject: &Subject, depth: Depth) -> Result<(Vec<Record>, Vec<Version>), Fault> {
    let versions = state.versions(subject)?;
    if versions.is_empty() {
        return Err(Fault::SubjectNotFound(subject.clone()));
    }
    if depth == Depth::Soft && versions.iter().all(|v| v.deleted) {
        return Err(Fault::SubjectSoftDeleted(subject.clone()));
    }
    check_writable(state, subject)?;
    association::check_free(state, subject)?;
    let affected: Vec<&StoredVersion> = versions.iter().filter(|v| depth == Depth::Permanent || !v.deleted).collect();
    for version in &affected {
        check_unreferenced(state, version, depth, Own::Ignored)?;
        if depth == Depth::Permanent && !version.deleted {
            return Err(Fault::SubjectNotSoftDeleted(subject.clone()));
        }
    }
    let numbers: Vec<Version> = affected.iter().map(|v| v.version).collect();
    let records = match depth {
        Depth::Soft => {
            let through = numbers.iter().copied().max().unwrap_or_default();
            vec![Record::Registry(RegistryRecord::DeleteSubject { subject: subject.clone(), through })]
        }
        Depth::Permanent => {
            let mut records = tombstones(subject, &numbers);
            records.extend(forget_settings(state, subject)?);
            records.extend(ids::remember(state, subject.context())?);
            records
        }
    };
    Ok((records, numbers))
}

/// Deletes one version: the records, and its number.
///
/// # Errors
/// In this order: already soft-deleted, no such subject or version, read-only, the last one of an associated subject, referenced,
/// not soft-deleted before.
pub fn version(
    state: &dyn State,
    subject: &Subject,
    selector: Selector,
    depth: Depth,
) -> Result<(Vec<Record>, Version), Fault> {
    let summary = state.subject(subject)?.ok_or_else(|| Fault::SubjectNotFound(subject.clone()))?;
    let number = match selector {
        Selector::Number(number) => Some(number),
        Selector::Latest => summary.latest,
    };
    let stored = match number {
        Some(number) => state.version(subject, number)?,
        None => None,
    };
    let stored = stored.ok_or(Fault::VersionNotFound(selector.printed()))?;
    if depth == Depth::Soft && stored.deleted {
        return Err(Fault::VersionSoftDeleted(subject.clone(), stored.version));
    }
    check_writable(state, subject)?;
    if depth == Depth::Soft && summary.live == 1 {
        association::check_free(state, subject)?;
    }
    check_unreferenced(state, &stored, depth, Own::Count)?;
    if depth == Depth::Permanent && !stored.deleted {
        return Err(Fault::VersionNotSoftDeleted(subject.clone(), stored.version));
    }
    let records = match depth {
        Depth::Soft => vec![soft_deleted(state, &stored)?],
        Depth::Permanent => {
            let mut records = tombstones(subject, &[stored.version]);
            if summary.versions == 1 {
                records.extend(forget_settings(state, subject)?);
            }
            records.extend(ids::remember(state, subject.context())?);
            records
        }
    };
    Ok((records, stored.version))
}

/// Deletes a context in which there is nothing, not even a soft-deleted version; no records if it does not exist.
///
/// # Errors
/// `ContextNotEmpty`, those of the store.
pub fn context(state: &dyn State, context: &Context) -> Result<Vec<Record>, Fault> {
    let mut empty = true;
    state.subjects(&SubjectPrefix::of_context(context), &mut |_, _| {
        empty = false;
        ControlFlow::Break(())
    })?;
    if !empty {
        return Err(Fault::ContextNotEmpty(context.clone()));
    }
    let exists = state.has_context(context)?;
    let gone = RegistryRecord::Context { context: context.clone(), exists: false };
    Ok(exists.then_some(Record::Registry(gone)).into_iter().collect())
}

/// Removes the remaining (soft-deleted) versions of a subject for good.
///
/// # Errors
/// `Referenced`, those of the store.
pub fn purge(state: &dyn State, subject: &Subject) -> Result<Vec<Record>, Fault> {
    let versions = state.versions(subject)?;
    for version in &versions {
        check_unreferenced(state, version, Depth::Permanent, Own::Ignored)?;
    }
    let numbers: Vec<Version> = versions.iter().map(|v| v.version).collect();
    Ok(tombstones(subject, &numbers))
}

fn check_writable(state: &dyn State, subject: &Subject) -> Result<(), Fault> {
    if config::mode_in_scope(state, subject)?.is_read_only() {
        return Err(Fault::ReadOnly(Scope::Subject(subject.clone())));
    }
    Ok(())
}

/// Do references from the subject's own versions count?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Ignored,
    Count,
}

/// Soft-deleted referrers do not stop a soft deletion; they do stop a permanent one.
fn check_unreferenced(state: &dyn State, version: &StoredVersion, depth: Depth, own: Own) -> Result<(), Fault> {
    let counts = |referrer: &Referrer| {
        (depth == Depth::Permanent || !referrer.deleted) && (own == Own::Count || referrer.subject != version.subject)
    };
    if state.is_referred_to(&version.subject, version.version, &counts)? {
        Err(Fault::Referenced(version.subject.clone(), version.version))
    } else {
        Ok(())
    }
}

fn soft_deleted(state: &dyn State, stored: &StoredVersion) -> Result<Record, Fault> {
    Ok(Record::Registry(RegistryRecord::Schema(SchemaRecord {
        subject: stored.subject.clone(),
        version: stored.version,
        id: stored.id,
        content: Arc::new(content::content(state, stored)?),
        deleted: true,
        hashes: Some(Hashes { text: stored.text.0, guid: stored.guid, fingerprint: None }),
    })))
}

/// Highest first, as the reference writes them: a reader that stops half-way still has the lower numbers.
fn tombstones(subject: &Subject, versions: &[Version]) -> Vec<Record> {
    let record = |version: &Version| {
        Record::Registry(RegistryRecord::SchemaTombstone { subject: subject.clone(), version: *version })
    };
    versions.iter().rev().map(record).collect()
}

/// A subject's own config and mode vanish with its last version.
fn forget_settings(state: &dyn State, subject: &Subject) -> Result<Vec<Record>, Fault> {
    let mut records = Vec::new();
    if state.mode(subject)?.is_some() {
        records.push(Record::Registry(RegistryRecord::Mode { scope: subject.clone(), mode: None }));
    }
    if state.config(subject)?.is_some() {
        records.push(Record::Registry(RegistryRecord::Config { scope: subject.clone(), config: None }));
    }
    Ok(records)
}
