//! The audit: an entry in the commit of each change, entries of what was refused, what is shown of them, and forgetting what has
//! been kept long enough.

use super::Service;
use super::listing::{Listing, Show, Source};
use model::{AuditChange, InternalRecord, NamespaceId, NamespaceName, Record};
use rules::fault::Fault;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;
use std::vec;
use storage::{AuditEntry, State, clock};

/// Entries that are forgotten at once: old ones go in the commits of new ones, which must stay short.
const FORGOTTEN_AT_ONCE: u64 = 1_000;

/// How long entries of the audit are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    time: Duration,
    /// When the newest entry was written that was there at the start, in milliseconds since 1970.
    newest: i64,
}

impl Retention {
    /// Entries are kept for this time.
    ///
    /// # Errors
    /// Those of the store.
    pub fn new(time: Duration, state: &dyn State) -> Result<Self, storage::Error> {
        let now = clock::now();
        let mut newest = now;
        state.audit(None, 0..u64::MAX, &mut |entry| {
            newest = entry.at;
            ControlFlow::Break(())
        })?;
        let ahead = newest.saturating_sub(now);
        if ahead > millis(clock::JUMP) {
            let seconds = ahead / 1000;
            tracing::warn!(
                seconds,
                "the newest record is ahead of the clock; records get its time until the clock has passed it"
            );
        }
        Ok(Retention { time, newest })
    }

    /// The time by which entries may have grown old.
    fn now(self) -> i64 {
        passed(self.newest, clock::running(), clock::now())
    }
}

/// The time that it is for certain: what has passed since the newest entry that was there at the start. A clock that was wrong
/// then, or that jumps, makes nothing old; after a long pause entries are kept for as long as that was on top.
fn passed(newest: i64, running: Duration, now: i64) -> i64 {
    newest.saturating_add(millis(running)).min(now)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A page of the audit, the newest entry first.
pub struct AuditPage {
    /// The entries.
    pub entries: Listing<AuditEntries>,
    /// The number before which the next page ends, if there may be one.
    pub next: Option<u64>,
}

/// Entries of the audit, as far as they are still kept when they are read.
pub struct AuditEntries {
    /// The numbers of those that come next.
    numbers: vec::IntoIter<u64>,
}

impl AuditEntries {
    fn new(numbers: Vec<u64>) -> Listing<Self> {
        let limit = numbers.len();
        Listing::new(AuditEntries { numbers: numbers.into_iter() }, 0, limit)
    }
}

impl Source for AuditEntries {
    type Item = AuditEntry;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, AuditEntry>) -> Result<(), Fault> {
        for number in self.numbers.by_ref() {
            let mut entry = None;
            state.audit(None, number..number.saturating_add(1), &mut |found| {
                entry = Some(found);
                ControlFlow::Break(())
            })?;
            if show(entry).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Service {
    /// Entries of the audit, of one namespace or of all, written at `from` or later and before `to` (in milliseconds since 1970),
    /// with numbers below `before`; the newest first. A refusal is written a little after it happened, so a page is put into
    /// the order in which things happened; for that all of it is looked at, and its numbers are kept.
    ///
    /// # Errors
    /// Those of the store.
    pub fn audit(
        &self,
        namespace: Option<NamespaceId>,
        (from, to): (Option<i64>, Option<i64>),
        before: u64,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        self.read(|state| {
            let number = |time: Option<i64>| time.map(|at| state.audit_since(at)).transpose();
            let numbers = number(from)?.unwrap_or(0)..number(to)?.unwrap_or(u64::MAX).min(before);
            let mut found: Vec<(i64, u64)> = Vec::new();
            state.audit(namespace, numbers, &mut |entry| {
                found.push((entry.record.happened.unwrap_or(entry.at), entry.number));
                if found.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let next = found.last().filter(|_| found.len() >= limit).map(|(_, number)| *number);
            found.sort_unstable_by_key(|place| Reverse(*place));
            let entries = AuditEntries::new(found.into_iter().map(|(_, number)| number).collect());
            Ok(AuditPage { entries, next })
        })
    }

    /// May anything be changed, as far as the audit goes?
    pub fn is_audited(&self) -> bool {
        self.sink.takes_changes()
    }

    pub(super) fn check_audit(&self) -> Result<(), Fault> {
        if self.is_audited() { Ok(()) } else { Err(Fault::Unaudited) }
    }

    /// Writes entries of the audit that belong to no change.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn write_audit(&self, entries: Vec<Record>) -> Result<(), Fault> {
        let retention = self.retention;
        let decide = move |state: &dyn State| {
            let records = match entries.is_empty() {
                true => expired(state, retention)?.into_iter().collect(),
                false => finished(state, entries, retention)?,
            };
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

/// What is to be written, entries of the audit among it: each entry with the id of the namespace that it names, each new
/// namespace with an id of its own, and with it the record that forgets the oldest entries.
///
/// # Errors
/// Those of the store.
pub(super) fn finished(
    state: &dyn State,
    mut records: Vec<Record>,
    kept: Retention,
) -> Result<Vec<Record>, storage::Error> {
    if records.is_empty() {
        return Ok(records);
    }
    let mut written: HashMap<NamespaceName, NamespaceId> = HashMap::new();
    for record in &mut records {
        if let Record::Internal(InternalRecord::Namespace(namespace)) = record {
            let known = state.namespace_id(&namespace.name)?;
            namespace.id = known.unwrap_or_else(|| NamespaceId(fastrand::u128(..).to_be_bytes()));
            written.insert(namespace.name.clone(), namespace.id);
        }
    }
    for record in &mut records {
        if let Record::Audit(AuditChange::Entry(entry)) = record
            && entry.namespace_id.is_none()
            && let Some(name) = &entry.namespace
        {
            entry.namespace_id = match written.get(name) {
                Some(id) => Some(*id),
                None => state.namespace_id(name)?,
            };
        }
    }
    records.extend(expired(state, kept)?);
    Ok(records)
}

/// The record that forgets what is older than the audit is kept, if anything is.
///
/// # Errors
/// Those of the store.
fn expired(state: &dyn State, kept: Retention) -> Result<Option<Record>, storage::Error> {
    let cutoff = kept.now().saturating_sub(millis(kept.time));
    let log = state.audit_log();
    if log.age().is_none_or(|oldest| oldest >= cutoff) {
        return Ok(None);
    }
    let before = state.audit_since(cutoff)?.min(log.first.saturating_add(FORGOTTEN_AT_ONCE));
    Ok(Some(Record::Audit(AuditChange::Forgotten { before })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AuditOutcome, AuditRecord};
    use storage::MemoryState;

    const DAY: i64 = 86_400_000;

    #[test]
    fn only_time_that_has_passed_makes_entries_old() {
        let hour = Duration::from_secs(3_600);
        for (now, known) in [(DAY + 3_600_000, DAY + 3_600_000), (101 * DAY, DAY + 3_600_000), (0, 0)] {
            assert_eq!(passed(DAY, hour, now), known, "at {now}");
        }
        assert_eq!(passed(i64::MAX, Duration::MAX, 5), 5);
    }

    fn entry(namespace: &str) -> Record {
        let text = String::new;
        Record::Audit(AuditChange::Entry(Box::new(AuditRecord {
            happened: None,
            principal: text(),
            attempted: text(),
            method: None,
            operation: text(),
            action: text(),
            kind: text(),
            name: text(),
            namespace: namespace.parse().ok(),
            namespace_id: None,
            outcome: AuditOutcome::Permitted,
            rule: text(),
            request_id: text(),
            address: None,
            count: 1,
        })))
    }

    fn id(record: &Record) -> Option<NamespaceId> {
        match record {
            Record::Audit(AuditChange::Entry(entry)) => entry.namespace_id,
            Record::Internal(InternalRecord::Namespace(namespace)) => Some(namespace.id),
            _ => None,
        }
    }

    #[test]
    fn entries_belong_to_the_namespace_itself_and_a_new_one_gets_an_id_of_its_own() {
        let kept = |state: &MemoryState| Retention::new(Duration::from_secs(3_600), state).unwrap();
        let put = || Record::Internal(InternalRecord::Namespace(Box::new(model::Namespace::new("a".parse().unwrap()))));
        let mut state = MemoryState::default();
        let first = finished(&state, vec![put(), entry("a"), entry("b")], kept(&state)).unwrap();
        let (made, named, unknown) = (id(&first[0]), id(&first[1]), id(&first[2]));
        assert!(made.is_some() && made == named && unknown.is_none());
        state.fold(first, 0).unwrap();
        // It keeps its id whatever is written of it.
        let again = finished(&state, vec![entry("a"), put()], kept(&state)).unwrap();
        assert_eq!((id(&again[0]), id(&again[1])), (made, made));
        state.fold([Record::Internal(InternalRecord::NamespaceRemoved { name: "a".parse().unwrap() })], 0).unwrap();
        let next = finished(&state, vec![put(), entry("a")], kept(&state)).unwrap();
        assert!(id(&next[0]) != made && id(&next[0]) == id(&next[1]));
    }

    #[test]
    fn old_entries_are_forgotten_a_bounded_number_at_once() {
        let mut state = MemoryState::default();
        let old = clock::now() - 10 * DAY;
        state.fold((0..1_500).map(|_| entry("a")), old).unwrap();
        state.fold([entry("a")], clock::now()).unwrap();
        let kept = Retention::new(Duration::from_secs(86_400), &state).unwrap();
        for before in [1_001, 1_501] {
            let record = expired(&state, kept).unwrap().unwrap();
            assert_eq!(record, Record::Audit(AuditChange::Forgotten { before }));
            state.fold([record], clock::now()).unwrap();
        }
        assert_eq!(expired(&state, kept).unwrap(), None);
    }
}
