//! The audit: a log of its own, which forgets its oldest entries and whose entries hang together as a chain.
//!
//! An entry gets the next number, and the hash of the entry before it. Numbers have no gaps; what is forgotten is forgotten from
//! the front, and then the first entry that stays still tells the hash of the last one that went. So whoever has the entries
//! can tell that none was changed, removed or put in between. An entry is committed with the change that it is about, in one
//! batch; it takes no place in the common history of the other two logs, which therefore has no gaps either.

use crate::codec::former::Former;
use crate::codec::{Malformed, key, record, value};
use crate::kv::{Direction, Kv, KvMut, Table};
use crate::{AuditEntry, AuditLog, Error, fold};
use model::{AuditChange, AuditRecord, InternalRecord, Record, Stamped};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;

/// A hash in the chain: SHA-256.
pub type Chain = [u8; 32];

/// The hash of an entry: SHA-256 over the hash of the one before it (32 bytes; zeros before the first) and then its members as
/// netstrings (`5:hello,`), an absent one as an empty text, in this order: number, time (`AuditRecord::happened`, else when it was
/// written; in milliseconds since 1970), principal, attempted, authenticated, operation, action, kind, resource, namespace,
/// id of the namespace, decision, rule, id of the request, address, count.
pub fn hash(previous: &Chain, number: u64, at: i64, entry: &AuditRecord) -> Chain {
    // A new member stops the build here: it goes to the end, and counts only where it is set.
    let AuditRecord {
        happened,
        principal,
        attempted,
        method,
        operation,
        action,
        kind,
        name,
        namespace,
        namespace_id,
        outcome,
        rule,
        request_id,
        address,
        count,
    } = entry;
    let mut sha = Sha256::new();
    sha.update(previous);
    let mut member = |text: &str| {
        sha.update(text.len().to_string());
        sha.update(b":");
        sha.update(text);
        sha.update(b",");
    };
    member(&number.to_string());
    member(&happened.unwrap_or(at).to_string());
    member(principal);
    member(attempted);
    member(method.as_deref().unwrap_or_default());
    [operation, action, kind, name].into_iter().for_each(|text| member(text));
    member(namespace.as_ref().map_or("", |name| name.as_str()));
    member(&namespace_id.map(|id| id.to_string()).unwrap_or_default());
    member(outcome.as_str());
    member(rule);
    member(request_id);
    member(&address.map(|address| address.to_string()).unwrap_or_default());
    member(&count.to_string());
    sha.finalize().into()
}

/// The number that a change of the audit stands under.
pub(crate) fn number(log: &AuditLog, change: &AuditChange) -> u64 {
    match change {
        AuditChange::Entry(_) => log.next,
        AuditChange::Forgotten { before } => *before,
    }
}

/// Carries out a change of the audit, which must be the next one.
///
/// # Errors
/// `Corrupt` when it is not; those of reading.
pub(crate) fn append(stamped: &Stamped, change: &AuditChange, kv: &mut impl KvMut) -> Result<(), Error> {
    let mut head = fold::head(kv)?;
    let log = &mut head.audit;
    if stamped.position != number(log, change) {
        return Err(Error::Corrupt(format!("entry {} of the audit follows entry {}", stamped.position, log.next)));
    }
    match change {
        AuditChange::Entry(entry) => {
            let stored = AuditEntry { number: log.next, at: stamped.at, previous: log.hash, record: (**entry).clone() };
            put(&stored, log, kv);
            head.at = head.at.max(stamped.at);
        }
        AuditChange::Forgotten { before } => forget(*before, log, kv)?,
    }
    fold::set_head(&head, kv);
    Ok(())
}

/// Writes the next entry.
fn put(entry: &AuditEntry, log: &mut AuditLog, kv: &mut impl KvMut) {
    let AuditEntry { number, at, previous, record } = entry;
    kv.put(Table::Audit, key::audit(*number), value::audit_entry(*at, previous, record));
    if let Some(namespace) = record.namespace_id {
        kv.put(Table::State, key::audit_of(namespace, *number), Vec::new());
    }
    if log.first == log.next {
        log.oldest = *at;
    }
    log.next = number.saturating_add(1);
    log.hash = entry.hash();
}

/// Removes the entries up to a number, which costs as much as they are.
fn forget(before: u64, log: &mut AuditLog, kv: &mut impl KvMut) -> Result<(), Error> {
    let end = before.clamp(log.first, log.next);
    let mut gone = Vec::new();
    each(kv, log.first..end, Direction::Up, &mut |entry| {
        gone.push((entry.number, entry.record.namespace_id));
        ControlFlow::Continue(())
    })?;
    for (number, namespace) in gone {
        kv.delete(Table::Audit, key::audit(number));
        if let Some(namespace) = namespace {
            kv.delete(Table::State, key::audit_of(namespace, number));
        }
    }
    log.first = end;
    if end < log.next {
        log.oldest = entry(kv, end)?.at;
    }
    Ok(())
}

/// Visits the entries of these numbers.
pub fn each(
    kv: &(impl Kv + ?Sized),
    numbers: std::ops::Range<u64>,
    direction: Direction,
    visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    kv.scan(Table::Audit, &key::audits(&numbers), direction, &mut |key, bytes| match read(key, bytes) {
        Ok(entry) => visit(entry),
        Err(error) => {
            outcome = Err(error);
            ControlFlow::Break(())
        }
    })?;
    Ok(outcome?)
}

/// An entry, from its key and value.
pub fn read(key: &[u8], bytes: &[u8]) -> Result<AuditEntry, Malformed> {
    value::take_audit_entry(key::take_audit(key)?, bytes)
}

/// The entry of a number that is kept.
///
/// # Errors
/// `Corrupt` when it is not there; those of reading.
pub fn entry(kv: &(impl Kv + ?Sized), number: u64) -> Result<AuditEntry, Error> {
    let bytes = kv.get(Table::Audit, &key::audit(number))?;
    let bytes = bytes.ok_or_else(|| Error::Corrupt(format!("entry {number} of the audit is missing")))?;
    Ok(value::take_audit_entry(number, &bytes)?)
}

/// The number of the first entry that was written at this time or later, found by halving: times never go back.
pub(crate) fn since(kv: &(impl Kv + ?Sized), log: &AuditLog, at: i64) -> Result<u64, Error> {
    let (mut low, mut high) = (log.first, log.next);
    while low < high {
        let middle = low + (high - low) / 2;
        if entry(kv, middle)?.at >= at {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// Entries followed one by one: is each the one behind the one before?
#[derive(Clone, Copy, Default)]
pub struct Follow(Option<(u64, Chain)>);

impl Follow {
    /// Checks the next entry. `first` is the oldest one that is kept: up to it entries may be missing.
    pub fn follow(&mut self, entry: &AuditEntry, first: u64) -> Result<(), Error> {
        if let Some((next, hash)) = self.0 {
            if entry.number != next && entry.number != first {
                return Err(Error::Corrupt(format!("entry {next} of the audit is missing")));
            }
            if entry.number == next && entry.previous != hash {
                return Err(Error::Corrupt(format!(
                    "entry {next} of the audit does not follow from the one before it"
                )));
            }
        }
        self.0 = Some((entry.number.saturating_add(1), entry.hash()));
        Ok(())
    }

    /// Checks that this is where the audit ends.
    pub fn end(&self, log: &AuditLog) -> Result<(), Error> {
        let reached = self.0.unwrap_or((log.first, log.hash));
        if reached == (log.next, log.hash) || log.first == log.next {
            return Ok(());
        }
        Err(Error::Corrupt(format!("the audit ends at entry {}, the state at entry {}", reached.0, log.next)))
    }
}

/// The bytes of an entry in a backup.
pub fn copied(entry: &AuditEntry) -> Vec<u8> {
    let mut out = entry.number.to_be_bytes().to_vec();
    out.extend(value::audit_entry(entry.at, &entry.previous, &entry.record));
    out
}

/// Takes over an entry from a backup; the first one says where the audit begins.
///
/// # Errors
/// `Corrupt` when it does not follow from the one before it; those of reading.
pub fn take_copied(bytes: &[u8], kv: &mut impl KvMut) -> Result<(), Error> {
    let (number, bytes) = bytes.split_at_checked(8).ok_or(Malformed("an entry of the audit without a number"))?;
    let entry = read(number, bytes)?;
    let mut head = fold::head(kv)?;
    let log = &mut head.audit;
    if log.first == log.next {
        *log = AuditLog { first: entry.number, next: entry.number, hash: entry.previous, ..*log };
    }
    if (entry.number, entry.previous) != (log.next, log.hash) {
        return Err(Error::Corrupt(format!("entry {} of the audit does not follow from the one before", entry.number)));
    }
    put(&entry, log, kv);
    head.at = head.at.max(entry.at);
    fold::set_head(&head, kv);
    Ok(())
}

/// Carries out what a record of format 1 said about the audit, whose place in the history stays and is vacant from now on.
///
/// # Errors
/// Those of reading.
pub fn take_former(at: i64, change: &Former, kv: &mut impl KvMut) -> Result<(), Error> {
    let log = fold::head(kv)?.audit;
    let change = match change {
        Former::Entry(entry) => AuditChange::Entry(entry.clone()),
        Former::Forgotten { before } => AuditChange::Forgotten { before: since(kv, &log, *before)? },
    };
    let stamped = Stamped { position: number(&log, &change), at, record: Record::Audit(change.clone()) };
    append(&stamped, &change, kv)
}

/// Moves the entries that a record of format 1 at this place in the history left in the log and the state to where they are
/// kept now. Does nothing where there is none, so that it may be done again.
///
/// # Errors
/// `Corrupt` for a record that is not whole; those of reading.
pub fn move_former(sequence: u64, bytes: &[u8], kv: &mut impl KvMut) -> Result<(), Error> {
    let Some((position, at, change)) = record::former_audit(sequence, bytes)? else { return Ok(()) };
    if let Former::Entry(entry) = &change {
        let own = key::former_audit(at, position);
        // What has been forgotten is only in the log.
        if kv.has(Table::State, &own)? {
            take_former(at, &change, kv)?;
            kv.delete(Table::State, own);
        }
        if let Some(namespace) = &entry.namespace {
            kv.delete(Table::State, key::former_audit_of(namespace, at, position));
        }
    }
    let vacant = Stamped { position, at, record: Record::Internal(InternalRecord::Vacant) };
    kv.put(Table::Log, key::log(sequence), record::encode(sequence, &vacant, None));
    Ok(())
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
