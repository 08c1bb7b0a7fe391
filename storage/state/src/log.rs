//! The feed: the records of the registry and the internal log in the order in which this store took them up, for who follows it.
//!
//! Its numbers have no gaps, whatever positions the records have in their logs, so a follower notes a number and goes on there.
//! Records before `Feed::first` are no longer there: what they said is in the state.

use crate::codec::{key, record};
use crate::kv::{Direction, Kv, Overlay, Table};
use crate::{Error, TextKey, fold, query};
use model::Stamped;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Records that are read from the table at once.
const AT_ONCE: usize = 256;

/// Records of the feed from a number on, at most `limit`.
///
/// # Errors
/// `Gone` for a number before the first that is still there; `Corrupt`; those of reading.
pub fn changes(kv: &(impl Kv + ?Sized), from: u64, limit: usize) -> Result<Vec<Stamped>, Error> {
    read(kv, from, limit, |key| query::text(kv, key))
}

/// The same, without the texts of their schemas.
///
/// # Errors
/// As `changes`.
pub fn changes_without_texts(kv: &(impl Kv + ?Sized), from: u64, limit: usize) -> Result<Vec<Stamped>, Error> {
    let empty: Arc<str> = "".into();
    read(kv, from, limit, |_| Ok(Some(Arc::clone(&empty))))
}

fn read(
    kv: &(impl Kv + ?Sized),
    from: u64,
    limit: usize,
    mut text: impl FnMut(&TextKey) -> Result<Option<Arc<str>>, Error>,
) -> Result<Vec<Stamped>, Error> {
    let feed = fold::head(kv)?.feed;
    if from < feed.first {
        return Err(Error::Gone { first: feed.first });
    }
    let mut next = from;
    let mut found = Vec::new();
    while next < feed.next && found.len() < limit {
        let count = (limit - found.len()).min(AT_ONCE) as u64;
        let chunk = raw(kv, next, next.saturating_add(count).min(feed.next))?;
        for (number, bytes) in &chunk {
            if *number != next {
                return Err(missing(next));
            }
            next += 1;
            found.push(record::decode(*number, bytes, &mut text)?);
        }
        if chunk.is_empty() {
            return Err(missing(next));
        }
    }
    Ok(found)
}

fn missing(number: u64) -> Error {
    Error::Corrupt(format!("log record {number} is missing"))
}

/// Lets the oldest records go once there are twice as many as are to be kept: what they said is in the state.
///
/// # Errors
/// Those of reading.
pub fn let_go(kv: &mut Overlay<impl Kv>, kept: u64) -> Result<(), Error> {
    let mut head = fold::head(kv)?;
    if head.feed.next - head.feed.first < kept.saturating_mul(2) {
        return Ok(());
    }
    head.feed.first = head.feed.next - kept;
    fold::set_head(&head, kv);
    kv.let_go(head.feed.first);
    Ok(())
}

/// The bytes of records, from one number, inclusive, to another, exclusive.
///
/// # Errors
/// `Corrupt`, those of reading.
pub fn raw(kv: &(impl Kv + ?Sized), from: u64, to: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    let mut found = Vec::new();
    let mut outcome = Ok(());
    kv.scan(Table::Log, &(key::log(from), key::log(to)), Direction::Up, &mut |key, value| {
        match key::take_log(key) {
            Ok(number) => found.push((number, value.to_vec())),
            Err(error) => {
                outcome = Err(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    outcome?;
    Ok(found)
}
