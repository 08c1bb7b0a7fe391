//! Finding, making and deleting DEKs.

use super::{MOST_KEYS, check_length, check_name, check_subject, invalid, kek};
use crate::config;
use crate::delete::{Depth, Selector};
use crate::fault::Fault;
use crate::find::Deleted;
use model::{Dek, DekAlgorithm, DekId, InternalRecord, Mode, Record, Subject, Version};
use state::{Deks, State, StoredDek, StoredKek};
use std::ops::ControlFlow;

/// A DEK as a request describes it, besides the subject.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// `version`
    pub version: Option<Version>,
    /// `algorithm`
    pub algorithm: Option<DekAlgorithm>,
    /// `encryptedKeyMaterial`
    pub encrypted: Option<String>,
    /// `deleted`
    pub deleted: bool,
}

/// A DEK that is to be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Which.
    pub id: DekId,
    /// The wrapped key, where the request has one.
    pub encrypted: Option<String>,
    /// Is it to be soft-deleted?
    pub deleted: bool,
    /// Is one that is there to be wrapped anew?
    pub rewrap: bool,
}

/// What making a DEK comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is new, wrapped by whoever sent it.
    Store(String),
    /// It is new and was wrapped by whoever sent it, by a KEK that the registry may use: can it be unwrapped?
    Verify(String),
    /// It is new, and the registry makes it.
    Generate,
    /// It is there, and whoever sent it has wrapped it anew.
    Replace(String),
    /// It is there, and the registry wraps it anew; as it is wrapped now.
    Rewrap(String),
    /// It is there, alike but for its being soft-deleted, and gets deleted or comes back; as it is wrapped now.
    Toggle(String),
}

/// A DEK that may be made, as the state stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The KEK that wraps it.
    pub kek: StoredKek,
    /// What there is to do.
    pub step: Step,
}

/// Reads what a request describes.
///
/// # Errors
/// `InvalidKey` for the first member that is wrong.
pub fn check(kek: &str, subject: &str, sent: Sent, rewrap: bool) -> Result<Wanted, Fault> {
    check_name(kek)?;
    check_subject(subject)?;
    check_length("subject", subject)?;
    let version = sent.version.unwrap_or(1);
    if version < 1 {
        return Err(invalid("version"));
    }
    let encrypted = sent.encrypted.filter(|text| !text.is_empty());
    encrypted.as_deref().map_or(Ok(()), |text| check_length("encryptedKeyMaterial", text))?;
    let algorithm = sent.algorithm.unwrap_or(DekAlgorithm::Aes256Gcm);
    let id = DekId { kek: kek.to_owned(), subject: subject.to_owned(), algorithm, version };
    Ok(Wanted { id, encrypted, deleted: sent.deleted, rewrap })
}

/// Decides what making a DEK comes to.
///
/// # Errors
/// `KeyNotFound`, `InvalidKey`, `KeyExists`, `TooManyKeys`, those of the store.
pub fn plan(state: &dyn State, wanted: &Wanted) -> Result<Plan, Fault> {
    let Wanted { id, encrypted, deleted, rewrap } = wanted;
    let kek = kek::find(state, &id.kek, if *deleted { Deleted::Include } else { Deleted::Ignore })?;
    if !kek.kek.shared && encrypted.is_none() {
        return Err(invalid("encryptedKeyMaterial"));
    }
    let exists = || Err(Fault::KeyExists(id.subject.clone()));
    let step = match (state.dek(id)?, encrypted) {
        (Some(StoredDek { dek, .. }), _)
            if dek.deleted != *deleted && encrypted.as_ref().is_none_or(|sent| *sent == dek.encrypted) =>
        {
            Step::Toggle(dek.encrypted)
        }
        (Some(_), Some(sent)) if *rewrap && !kek.kek.shared => Step::Replace(sent.clone()),
        (Some(StoredDek { dek, .. }), None) if *rewrap => Step::Rewrap(dek.encrypted),
        (Some(_), _) => return exists(),
        (None, _) if state.key_counts()?.deks >= MOST_KEYS => return Err(Fault::TooManyKeys(MOST_KEYS)),
        (None, None) => Step::Generate,
        (None, Some(sent)) if kek.kek.shared && !is_imported(state, &id.subject)? => Step::Verify(sent.clone()),
        (None, Some(sent)) => Step::Store(sent.clone()),
    };
    Ok(Plan { kek, step })
}

/// What is imported is taken as it comes.
fn is_imported(state: &dyn State, subject: &str) -> Result<bool, Fault> {
    Ok(config::mode_in_scope(state, &Subject::parse(subject))? == Mode::Import)
}

/// A version, or versions, of a subject's DEK.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The name of the KEK.
    pub kek: String,
    /// The subject.
    pub subject: String,
    /// The algorithm.
    pub algorithm: DekAlgorithm,
    /// Which version; all, where there is none.
    pub version: Option<Selector>,
}

impl Target {
    /// What there is of it, in order of versions.
    fn found(&self, state: &dyn State, deleted: Deleted) -> Result<Vec<StoredDek>, Fault> {
        let Target { kek, subject, algorithm, version } = self;
        let admits = |stored: &StoredDek| deleted == Deleted::Include || !stored.dek.deleted;
        if let Some(Selector::Number(version)) = *version {
            let id = DekId { kek: kek.clone(), subject: subject.clone(), algorithm: *algorithm, version };
            return Ok(state.dek(&id)?.filter(admits).into_iter().collect());
        }
        let mut found = Vec::new();
        state.deks_from(Deks::OfSubject(kek, subject, *algorithm), None, &mut |stored| {
            if admits(&stored) {
                if *version == Some(Selector::Latest) {
                    found.clear();
                }
                found.push(stored);
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// What there is of it, and its KEK, which must be there as well.
    fn found_with_kek(&self, state: &dyn State, deleted: Deleted) -> Result<(StoredKek, Vec<StoredDek>), Fault> {
        check_subject(&self.subject)?;
        let kek = kek::find(state, &self.kek, deleted)?;
        let found = self.found(state, deleted)?;
        if found.is_empty() { Err(Fault::KeyNotFound(self.subject.clone())) } else { Ok((kek, found)) }
    }
}

/// A DEK that is there, and its KEK.
///
/// # Errors
/// `InvalidKey`, `KeyNotFound`, those of the store.
pub fn find(state: &dyn State, target: &Target, deleted: Deleted) -> Result<(StoredKek, StoredDek), Fault> {
    let (kek, mut found) = target.found_with_kek(state, deleted)?;
    let last = found.pop().ok_or_else(|| Fault::KeyNotFound(target.subject.clone()))?;
    Ok((kek, last))
}

/// Deletes what is meant.
///
/// # Errors
/// `InvalidKey`, `KeyNotFound`, `KeyNotSoftDeleted`, those of the store.
pub fn delete(state: &dyn State, target: &Target, depth: Depth) -> Result<Vec<Record>, Fault> {
    let deleted = if depth == Depth::Permanent { Deleted::Include } else { Deleted::Ignore };
    let (_, found) = target.found_with_kek(state, deleted)?;
    match depth {
        Depth::Soft => Ok(found.into_iter().map(|stored| record(Dek { deleted: true, ..stored.dek })).collect()),
        Depth::Permanent if found.iter().any(|stored| !stored.dek.deleted) => {
            Err(Fault::KeyNotSoftDeleted(target.subject.clone()))
        }
        Depth::Permanent => {
            let gone = |stored: StoredDek| InternalRecord::DekRemoved { id: Box::new(stored.dek.id) };
            Ok(found.into_iter().map(|stored| Record::Internal(gone(stored))).collect())
        }
    }
}

/// Brings back what is meant; nothing, where none of it is soft-deleted.
///
/// # Errors
/// `InvalidKey`, `KeyNotFound`, `KeySoftDeleted`, those of the store.
pub fn undelete(state: &dyn State, target: &Target) -> Result<Vec<Record>, Fault> {
    let (kek, found) = target.found_with_kek(state, Deleted::Include)?;
    if kek.kek.deleted {
        return Err(Fault::KeySoftDeleted(target.kek.clone()));
    }
    let gone = found.into_iter().filter(|stored| stored.dek.deleted);
    Ok(gone.map(|stored| record(Dek { deleted: false, ..stored.dek })).collect())
}

/// The record that writes a DEK.
pub fn record(dek: Dek) -> Record {
    Record::Internal(InternalRecord::Dek(Box::new(dek)))
}
