//! Finding a candidate among the versions of a subject: by equal content first, then by equivalence, newest first; a look-up then
//! by what is shown of the versions.

use super::equivalence::{Candidate, equivalent, equivalent_beside_the_text};
use super::knowledge::{Computing, Knowledge, Stop};
use crate::content;
use model::{SchemaId, Subject};
use state::{Begin, Equivalents, Standing, State, StoredVersion};
use std::ops::ControlFlow;

/// Are soft-deleted versions considered?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deleted {
    /// No.
    Ignore,
    /// Yes.
    Include,
}

impl Deleted {
    /// How the versions stand that are considered.
    pub fn standing(self) -> Standing {
        match self {
            Deleted::Ignore => Standing::Live,
            Deleted::Include => Standing::Any,
        }
    }
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

/// The newest version of which `format=serialized` shows this text, which is that of the candidate as it was sent. A descriptor
/// says less than the schema that it was made of (options of others are not in it, and the order of options is lost), so that
/// what it is read as need not be equivalent.
///
/// Only look-ups ask this: the reference registers such a descriptor as another schema, and so do we.
///
/// # Errors
/// `Spent`, those of the store.
pub fn find_serialized(
    state: &dyn State,
    knowledge: &Computing<'_>,
    subject: &Subject,
    text: &str,
    candidate: &Candidate,
    deleted: Deleted,
) -> Result<Option<StoredVersion>, Stop> {
    let schema_type = &candidate.content.schema_type;
    if !compat::may_be_serialized(schema_type, text) {
        return Ok(None);
    }
    let mut numbers = Vec::new();
    state.numbers_from(subject, deleted.standing(), Begin::Skipping(0), &mut |number, _| {
        numbers.push(number);
        ControlFlow::Continue(())
    })?;
    for number in numbers.into_iter().rev() {
        knowledge.work().spend(content::READ)?;
        let Some(stored) = state.version(subject, number)? else { continue };
        if stored.schema_type == *schema_type
            && equivalent_beside_the_text(candidate, &stored)
            && knowledge.is_serialized_as(state, &stored, text)?
        {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}
