//! Ids: which one a new schema gets, and which it may have.
//!
//! An id is handed out once in a context and never again, not even after everything that held it was deleted for good. Only
//! an import, which names the id itself, can then give it to another content.

use super::equivalence::Candidate;
use super::knowledge::Stop;
use crate::fault::Fault;
use model::{Context, Guid, InternalRecord, Record, SchemaId, Subject, Version};
use state::{State, StoredVersion};

/// The id that this content, which has this GUID, has in the subject's context. Equal GUIDs of different contents are no match.
///
/// # Errors
/// Those of the store.
pub fn shared(
    state: &dyn State,
    subject: &Subject,
    candidate: &Candidate,
    guid: Guid,
) -> Result<Option<SchemaId>, state::Error> {
    for id in state.ids_in(subject.context(), guid)? {
        if held(state, subject.context(), id)?.is_some_and(|stored| candidate.is_content_of(&stored)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Some version that holds an id. All of them have the same content.
fn held(state: &dyn State, context: &Context, id: SchemaId) -> Result<Option<StoredVersion>, state::Error> {
    let holder = state.shown_holder(context, id)?;
    holder.map_or(Ok(None), |holder| state.version(&holder.subject, holder.version))
}

/// An explicit id may only be held by the same content, soft-deleted or not: while anything holds it, an id means one
/// content.
///
/// # Errors
/// `OverwriteId`, those of the store.
pub fn check_overwrite(state: &dyn State, subject: &Subject, id: SchemaId, candidate: &Candidate) -> Result<(), Stop> {
    match held(state, subject.context(), id)? {
        Some(stored) if !candidate.is_content_of(&stored) => {
            Err(Fault::OverwriteId(id, subject.context().clone()).into())
        }
        _ => Ok(()),
    }
}

/// A version that is there, soft-deleted or not, keeps its id and its content: others refer to it by its number, and its id would
/// be left without a holder.
///
/// # Errors
/// `OverwriteId`, those of the store.
pub fn check_version(
    state: &dyn State,
    subject: &Subject,
    version: Version,
    id: SchemaId,
    candidate: &Candidate,
) -> Result<(), Stop> {
    match state.version(subject, version)? {
        Some(stored) if stored.id != id || !candidate.is_content_of(&stored) => {
            Err(Fault::OverwriteId(id, subject.context().clone()).into())
        }
        _ => Ok(()),
    }
}

/// The next id of a context: one more than any that was ever handed out or seen.
///
/// # Errors
/// `IdsExhausted`, those of the store.
pub fn next(state: &dyn State, context: &Context) -> Result<SchemaId, Stop> {
    let highest = state.last_id(context)?.unwrap_or(0).max(0);
    highest.checked_add(1).ok_or_else(|| Fault::IdsExhausted(context.clone()).into())
}

/// An internal record that keeps the ids of a context from being handed out again when versions vanish for good.
///
/// # Errors
/// Those of the store.
pub fn remember(state: &dyn State, context: &Context) -> Result<Option<Record>, state::Error> {
    let highest = state.highest_id(context)?;
    let known = state.high_water(context)?;
    Ok(highest
        .filter(|highest| known.is_none_or(|known| known < *highest))
        .map(|id| Record::Internal(InternalRecord::HighWater { context: context.clone(), id })))
}
