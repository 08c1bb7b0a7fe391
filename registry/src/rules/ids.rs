//! Ids: which one a new schema gets, and which it may have.
//!
//! An id is handed out once in a context and never again, not even after everything that held it was deleted for good.

use super::equivalence::Candidate;
use super::knowledge::Stop;
use crate::fault::Fault;
use model::{Context, HouseRecord, Record, SchemaId, Subject};
use std::ops::ControlFlow;
use storage::State;

/// The id that this content has in the subject's context. Equal hashes of different texts are no match.
///
/// # Errors
/// Those of the store.
pub fn shared(state: &dyn State, subject: &Subject, candidate: &Candidate) -> Result<Option<SchemaId>, storage::Error> {
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

/// An explicit or shared id may only be held by the same content.
///
/// # Errors
/// `OverwriteId`, those of the store.
pub fn check_overwrite(state: &dyn State, subject: &Subject, id: SchemaId, candidate: &Candidate) -> Result<(), Stop> {
    let mut holder = None;
    state.holders(subject.context(), id, &mut |found| {
        holder = Some(found);
        ControlFlow::Break(())
    })?;
    if let Some(holder) = holder
        && let Some(stored) = state.version(&holder.subject, holder.version)?
        && (stored.guid != candidate.guid || stored.schema_type != candidate.content.schema_type)
    {
        return Err(Fault::OverwriteId(id, subject.context().clone()).into());
    }
    Ok(())
}

/// The next id of a context: one more than any that was ever handed out or seen.
///
/// # Errors
/// `IdsExhausted`, those of the store.
pub fn next(state: &dyn State, context: &Context) -> Result<SchemaId, Stop> {
    let highest = state.highest_id(context)?.max(state.high_water(context)?).unwrap_or(0).max(0);
    highest.checked_add(1).ok_or_else(|| Fault::IdsExhausted(context.clone()).into())
}

/// A house record that keeps the ids of a context from being handed out again when versions vanish for good.
///
/// # Errors
/// Those of the store.
pub fn remember(state: &dyn State, context: &Context) -> Result<Option<Record>, storage::Error> {
    let highest = state.highest_id(context)?;
    let known = state.high_water(context)?;
    Ok(highest
        .filter(|highest| known.is_none_or(|known| known < *highest))
        .map(|id| Record::House(HouseRecord::HighWater { context: context.clone(), id })))
}
