//! The audit: an entry in the commit of each change, entries of what was refused, what is shown of them, and forgetting what has
//! been kept long enough.

use super::Service;
use crate::access::audit::now;
use crate::fault::Fault;
use model::{HouseRecord, NamespaceName, Record};
use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::time::Duration;
use storage::{AuditEntry, AuditPlace, State};

/// Entries that are forgotten at once: old ones go in the commits of new ones, which must stay short.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// A page of the audit, the newest entry first.
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page ends, if there may be one.
    pub next: Option<AuditPlace>,
}

impl Service {
    /// Entries of the audit, of one namespace or of all, written at `from` or later and before `to`; the newest first. A refusal
    /// is written a little after it happened, so a page is put into the order in which things happened.
    ///
    /// # Errors
    /// Those of the store.
    pub fn audit(
        &self,
        namespace: Option<&NamespaceName>,
        from: AuditPlace,
        to: AuditPlace,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        self.read(|state| {
            let mut entries: Vec<AuditEntry> = Vec::new();
            state.audit(namespace, from, to, &mut |entry| {
                entries.push(entry);
                if entries.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let next = entries.last().filter(|_| entries.len() >= limit).map(|entry| entry.place);
            entries.sort_by_key(|entry| Reverse(entry.record.happened.unwrap_or(entry.place.at)));
            Ok(AuditPage { entries, next })
        })
    }

    /// May anything be changed, as far as the audit goes?
    pub(super) fn check_audit(&self) -> Result<(), Fault> {
        if self.sink.takes_changes() { Ok(()) } else { Err(Fault::Unaudited) }
    }

    /// Writes entries of the audit that belong to no change.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn write_audit(&self, entries: Vec<Record>) -> Result<(), Fault> {
        let retention = self.retention;
        let decide = move |state: &dyn State| {
            let mut records = entries;
            records.extend(expired(state, retention)?);
            Ok((records, ()))
        };
        storage::commit(&*self.store, decide).await?;
        Ok(())
    }

    /// Forgets entries of the audit that have been kept long enough, at most so many at once; without any nothing is written.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget_audit(&self) -> Result<(), Fault> {
        let due = |state: &dyn State| Ok(expired(state, self.retention)?.is_some());
        if self.read(due)? { self.write_audit(vec![]).await } else { Ok(()) }
    }
}

/// What is to be written, entries of the audit among it, and with it the record that forgets the oldest ones.
pub(super) fn with_expiry(
    state: &dyn State,
    records: impl IntoIterator<Item = Record>,
    kept: Duration,
) -> Result<Vec<Record>, storage::Error> {
    let mut records: Vec<Record> = records.into_iter().collect();
    if !records.is_empty() {
        records.extend(expired(state, kept)?);
    }
    Ok(records)
}

/// The record that forgets what is older than the audit is kept, if anything is.
///
/// # Errors
/// Those of the store.
fn expired(state: &dyn State, kept: Duration) -> Result<Option<Record>, storage::Error> {
    let cutoff = now().saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
    if state.audit_age(1)?.is_none_or(|oldest| oldest >= cutoff) {
        return Ok(None);
    }
    let some = state.audit_age(FORGOTTEN_AT_ONCE)?.map_or(cutoff, |age| age.saturating_add(1));
    Ok(Some(Record::House(HouseRecord::AuditForgotten { before: cutoff.min(some) })))
}
