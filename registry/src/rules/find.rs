//! Finding a candidate among the versions of a subject: by its hash first, then by equivalence, newest first.

use super::equivalence::{Candidate, equivalent};
use super::knowledge::{Knowledge, Stop};
use model::{SchemaId, Subject};
use std::ops::ControlFlow;
use storage::{State, StoredVersion};

/// Are soft-deleted versions considered?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deleted {
    /// No.
    Ignore,
    /// Yes.
    Include,
}

/// How a candidate was found; the two answers differ: an exact match echoes the candidate, an equivalent one shows what is
/// stored, with its time.
#[derive(Debug, Clone)]
pub enum Found {
    /// Same hash.
    Exact(StoredVersion),
    /// Other text, same meaning.
    Equivalent(StoredVersion),
}

impl Found {
    /// The stored version.
    pub fn stored(&self) -> &StoredVersion {
        match self {
            Found::Exact(stored) | Found::Equivalent(stored) => stored,
        }
    }
}

/// The id that this content has in the subject's context. Equal hashes of different texts are no match.
///
/// # Errors
/// Those of the store.
pub fn shared_id(
    state: &dyn State,
    subject: &Subject,
    candidate: &Candidate,
) -> Result<Option<SchemaId>, storage::Error> {
    let Some(id) = state.id_of(subject.context(), candidate.guid)? else { return Ok(None) };
    let mut holder = None;
    state.holders(subject.context(), id, &mut |found| {
        holder = Some(found);
        ControlFlow::Break(())
    })?;
    let Some(holder) = holder else { return Ok(None) };
    let stored = state.version(&holder.subject, holder.version)?;
    Ok(stored.filter(|stored| stored.text == candidate.schema.text).map(|_| id))
}

/// The newest version of a subject that holds an id. Goes through the subject's versions, not through the holders of the id:
/// thousands of subjects may share one schema.
///
/// # Errors
/// Those of the store.
pub fn holder_in(state: &dyn State, subject: &Subject, id: SchemaId) -> Result<Option<StoredVersion>, storage::Error> {
    Ok(state.versions(subject)?.into_iter().rev().find(|version| version.id == id))
}

/// Finds a candidate among the versions of one subject.
///
/// # Errors
/// Those of the store; `Missing` in the writer.
pub fn find(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    candidate: &Candidate,
    deleted: Deleted,
) -> Result<Option<Found>, Stop> {
    // Equal content has an equal fingerprint, so both kinds of match are among these.
    let mut alike = Vec::new();
    for version in state.equivalents(subject, candidate.schema.fingerprint)? {
        alike.extend(state.version(subject, version)?);
    }
    alike.retain(|stored| deleted == Deleted::Include || !stored.deleted);
    let exact = |stored: &StoredVersion| stored.guid == candidate.guid && stored.text == candidate.schema.text;
    if let Some(stored) = alike.iter().find(|stored| exact(stored)) {
        return Ok(Some(Found::Exact(stored.clone())));
    }
    for stored in alike {
        if equivalent(state, knowledge, candidate, &stored)? {
            return Ok(Some(Found::Equivalent(stored)));
        }
    }
    Ok(None)
}
