//! Finding a candidate among the versions of a subject: by equal content first, then by equivalence, newest first.

use super::equivalence::{Candidate, equivalent};
use super::knowledge::{Knowledge, Stop};
use crate::content;
use model::{SchemaId, Subject};
use state::{Equivalents, State, StoredVersion};

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
    /// Same content.
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

/// Finds a candidate among the versions of one subject, or among those with one id.
///
/// # Errors
/// `Spent`, those of the store; `NotPrecomputed` in the writer.
pub fn find(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    candidate: &Candidate,
    id: Option<SchemaId>,
    deleted: Deleted,
) -> Result<Option<Found>, Stop> {
    // Equal content has an equal fingerprint, so both kinds of match are among these.
    let mut alike = Vec::new();
    let Equivalents { versions, unknown } =
        state.equivalents(subject, &candidate.content.schema_type, candidate.schema.fingerprint)?;
    if unknown {
        knowledge.lacks_fingerprints(subject);
    }
    for version in versions {
        knowledge.work().spend(content::READ)?;
        alike.extend(state.version(subject, version)?);
    }
    alike.retain(|stored| deleted == Deleted::Include || !stored.deleted);
    alike.retain(|stored| id.is_none_or(|id| id == stored.id));
    if let Some(stored) = alike.iter().find(|stored| candidate.is_content_of(stored)) {
        return Ok(Some(Found::Exact(stored.clone())));
    }
    for stored in alike {
        if equivalent(state, knowledge, candidate, &stored)? {
            return Ok(Some(Found::Equivalent(stored)));
        }
    }
    Ok(None)
}
