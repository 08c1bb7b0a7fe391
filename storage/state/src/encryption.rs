//! Encryption keys in the state: what is folded of them, and how many there are.
//!
//! Nothing keeps a DEK from being there without its KEK: a log says what is the case, and what may be is decided before it is
//! written.

use crate::codec::bytes::{decode, encode};
use crate::codec::{key, value};
use crate::kv::{Kv, KvMut, Table};
use crate::{Error, KeyCounts, StoredDek, StoredKek};
use model::{Dek, DekId, Kek};

pub(crate) fn kek(kv: &(impl Kv + ?Sized), name: &str) -> Result<Option<StoredKek>, Error> {
    let bytes = kv.get(Table::State, &key::kek(name))?;
    Ok(bytes.map(|bytes| value::take_kek(&bytes)).transpose()?)
}

pub(crate) fn dek(kv: &(impl Kv + ?Sized), id: &DekId) -> Result<Option<StoredDek>, Error> {
    let bytes = kv.get(Table::State, &key::dek(id))?;
    Ok(bytes.map(|bytes| value::take_dek(&bytes)).transpose()?)
}

pub(crate) fn counts(kv: &(impl Kv + ?Sized)) -> Result<KeyCounts, Error> {
    let bytes = kv.get(Table::Meta, key::KEY_COUNTS)?;
    Ok(bytes.map(|bytes| decode(&bytes)).transpose()?.unwrap_or_default())
}

pub(crate) fn put_kek(kv: &mut impl KvMut, now: &Kek, at: i64) -> Result<(), Error> {
    let before = kek(kv, &now.name)?;
    kv.put(Table::State, key::kek(&now.name), value::kek(at, now));
    count_kek(kv, before.as_ref().map(|stored| &stored.kek), Some(now))
}

pub(crate) fn remove_kek(kv: &mut impl KvMut, name: &str) -> Result<(), Error> {
    let before = kek(kv, name)?;
    kv.delete(Table::State, key::kek(name));
    count_kek(kv, before.as_ref().map(|stored| &stored.kek), None)
}

pub(crate) fn put_dek(kv: &mut impl KvMut, now: &Dek, at: i64) -> Result<(), Error> {
    let is_new = !kv.has(Table::State, &key::dek(&now.id))?;
    kv.put(Table::State, key::dek(&now.id), value::dek(at, now));
    change_counts(kv, |counts| counts.deks += u64::from(is_new))
}

pub(crate) fn remove_dek(kv: &mut impl KvMut, id: &DekId) -> Result<(), Error> {
    let was_there = kv.has(Table::State, &key::dek(id))?;
    kv.delete(Table::State, key::dek(id));
    change_counts(kv, |counts| counts.deks = counts.deks.saturating_sub(was_there.into()))
}

fn count_kek(kv: &mut impl KvMut, before: Option<&Kek>, now: Option<&Kek>) -> Result<(), Error> {
    let one = |kek: Option<&Kek>| u64::from(kek.is_some());
    let shared = |kek: Option<&Kek>| u64::from(kek.is_some_and(|kek| kek.shared));
    change_counts(kv, |counts| {
        counts.keks = counts.keks.saturating_sub(one(before)) + one(now);
        counts.shared_keks = counts.shared_keks.saturating_sub(shared(before)) + shared(now);
    })
}

fn change_counts(kv: &mut impl KvMut, change: impl FnOnce(&mut KeyCounts)) -> Result<(), Error> {
    let before = counts(kv)?;
    let mut now = before;
    change(&mut now);
    if now != before {
        kv.put(Table::Meta, key::KEY_COUNTS.to_vec(), encode(&now));
    }
    Ok(())
}

#[cfg(test)]
#[path = "encryption_tests.rs"]
mod tests;
