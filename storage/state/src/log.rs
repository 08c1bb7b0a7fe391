//! The log: both logs in one common history, so that changes come in the order in which they were committed.
//!
//! The place of a record in the history is the number of records of both logs before it. A `Position` that somebody saw is such
//! a place (the sum of its parts); any other pair of positions is found by halving.

use crate::codec::value::sequence;
use crate::codec::{key, record};
use crate::kv::{Direction, Kv, Table};
use crate::{Error, TextKey, fold, query};
use model::{Position, Record, Stamped};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Records of both logs from a position on, at most `limit`.
pub fn changes(kv: &(impl Kv + ?Sized), from: Position, limit: usize) -> Result<Vec<Stamped>, Error> {
    read(kv, from, limit, |key| query::text(kv, key))
}

/// The same, without the texts of their schemas.
pub fn changes_without_texts(kv: &(impl Kv + ?Sized), from: Position, limit: usize) -> Result<Vec<Stamped>, Error> {
    let empty: Arc<str> = "".into();
    read(kv, from, limit, |_| Ok(Some(Arc::clone(&empty))))
}

fn read(
    kv: &(impl Kv + ?Sized),
    from: Position,
    limit: usize,
    mut text: impl FnMut(&TextKey) -> Result<Option<Arc<str>>, Error>,
) -> Result<Vec<Stamped>, Error> {
    let end = fold::head(kv)?.sequence();
    let mut next = start(kv, from, end)?;
    let mut found = Vec::new();
    while next < end && found.len() < limit {
        let count = (limit - found.len()).min(256) as u64;
        let chunk = raw(kv, next, next.saturating_add(count).min(end))?;
        for (sequence, bytes) in &chunk {
            if *sequence != next {
                return Err(Error::Corrupt(format!("log record {next} is missing")));
            }
            next += 1;
            let stamped = record::decode(*sequence, bytes, &mut text)?;
            let after = match stamped.record {
                Record::Registry(_) => stamped.position >= from.registry,
                Record::Internal(_) => stamped.position >= from.internal,
                Record::Audit(_) => false,
            };
            if after {
                found.push(stamped);
            }
        }
        if chunk.is_empty() {
            return Err(Error::Corrupt(format!("log record {next} is missing")));
        }
    }
    Ok(found)
}

/// The bytes of records, from one place in the history, inclusive, to another, exclusive.
pub fn raw(kv: &(impl Kv + ?Sized), from: u64, to: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    let mut found = Vec::new();
    let mut outcome = Ok(());
    kv.scan(Table::Log, &(key::log(from), key::log(to)), Direction::Up, &mut |key, value| {
        match key::take_log(key) {
            Ok(sequence) => found.push((sequence, value.to_vec())),
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

/// Records of each log before a place in the history.
fn before(kv: &(impl Kv + ?Sized), place: u64) -> Result<Position, Error> {
    let Some(bytes) = kv.get(Table::Log, &key::log(place))? else {
        return Err(Error::Corrupt(format!("log record {place} is missing")));
    };
    let found = record::inspect(place, &bytes)?;
    let other = place.saturating_sub(found.position);
    Ok(match found.internal {
        true => Position { registry: other, internal: found.position },
        false => Position { registry: found.position, internal: other },
    })
}

/// The place of the first record that is not before `from` in its own log.
fn start(kv: &(impl Kv + ?Sized), from: Position, end: u64) -> Result<u64, Error> {
    let guess = sequence(from);
    if guess == 0 || guess < end && before(kv, guess)? == from {
        return Ok(guess);
    }
    // The first place up to which one of the logs has moved beyond `from`; the record before it is the first to show.
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let there = before(kv, middle)?;
        if there.registry > from.registry || there.internal > from.internal {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low.saturating_sub(1))
}
