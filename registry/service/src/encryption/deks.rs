//! DEKs: the keys that a KEK wraps.

use super::super::audit::finished;
use super::super::{Change, Class, Done, Service};
use super::{DekSubject, time_of_key};
use authz::{Action, Caller, Permit};
use kms::RawKey;
use model::{Dek, DekAlgorithm, DekId, Kek, KekReader, Record};
use rules::delete::{Depth, Selector};
use rules::encryption::dek::{self, Plan, Step, Target, Wanted};
use rules::fault::Fault;
use rules::find::Deleted;
use std::sync::Arc;
use storage::{State, StoredDek, StoredKek};

/// A DEK that was made, or changed.
pub struct MadeDek {
    /// The DEK.
    pub stored: StoredDek,
    /// The key itself, where a KEK that the registry may use wraps it.
    pub key: Option<RawKey>,
}

/// What a key management system came to for a plan: the key as it is to be wrapped, and the key itself, if it is known.
struct Prepared {
    encrypted: String,
    key: Option<RawKey>,
}

impl Service {
    /// A DEK and its KEK.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound`, those of the store.
    pub fn dek(&self, target: &Target, deleted: Deleted) -> Result<(StoredKek, StoredDek), Fault> {
        self.read(|state| dek::find(state, target, deleted))
    }

    /// What it takes to make this DEK: to delete one, to bring it back and to replace it by another look alike.
    ///
    /// # Errors
    /// Those of the store.
    pub fn action_to_make_dek(&self, wanted: &Wanted) -> Result<Action, Fault> {
        self.read(|state| match dek::plan(state, wanted) {
            Ok(plan) => Ok(action(&plan.step)),
            Err(fault @ Fault::Store(_)) => Err(fault),
            Err(_) => Ok(Action::Register),
        })
    }

    /// Makes a DEK, deletes it or brings it back, or wraps it anew, as the request and what is there come to.
    ///
    /// # Errors
    /// Those of `rules::encryption::dek::plan`, `KmsDenied`, `KmsFailed`, `KmsUnavailable`, `Contended`, `Busy`, those of the
    /// store.
    pub async fn create_dek(&self, change: Change<DekSubject>, wanted: Wanted) -> Result<Done<MadeDek>, Fault> {
        let subject = change.resource().written().to_owned();
        let wanted = Wanted { id: DekId { subject, ..wanted.id }, ..wanted };
        let plan = self.read(|state| dek::plan(state, &wanted))?;
        let (permitted, id, deleted) = (change.action(), wanted.id.clone(), wanted.deleted);
        let Prepared { encrypted, key } = self.prepare(plan.clone(), id.algorithm).await?;
        let decide = move |state: &dyn State, _: &DekSubject| {
            let now = dek::plan(state, &wanted)?;
            if !is_alike(&now, &plan) || action(&now.step) != permitted {
                return Err(Fault::Contended);
            }
            let dek = Dek { id, encrypted, deleted };
            Ok((vec![dek::record(dek.clone())], dek))
        };
        let (dek, committed) = self.commit_timed(change, decide).await?;
        let stored = StoredDek { dek, at: time_of_key(&committed).unwrap_or_default() };
        Ok(Done { answer: MadeDek { stored, key }, wrote: !committed.records.is_empty() })
    }

    /// Has the key management system do what a plan takes.
    async fn prepare(&self, plan: Plan, algorithm: DekAlgorithm) -> Result<Prepared, Fault> {
        let Plan { kek: StoredKek { kek, .. }, step } = plan;
        let (asks, kms) = (kek.shared, Arc::clone(&self.kms));
        let job = move || match step {
            Step::Generate => kms.make(&kek, algorithm).map(|(key, encrypted)| Prepared { encrypted, key: Some(key) }),
            Step::Verify(encrypted) => {
                let key = Some(kms.verify(&kek, algorithm, &encrypted)?);
                Ok(Prepared { encrypted, key })
            }
            Step::Rewrap(wrapped) => {
                let key = kms.unwrap(&kek, &wrapped)?;
                Ok(Prepared { encrypted: kms.wrap(&kek, &key)?, key: Some(key) })
            }
            Step::Toggle(encrypted) | Step::Store(encrypted) => {
                let key = if kek.shared { kms.unwrap_if_can(&kek, &encrypted).unwrap_or_default() } else { None };
                Ok(Prepared { encrypted, key })
            }
            Step::Replace(encrypted) => Ok(Prepared { encrypted, key: None }),
        };
        self.work(if asks { Class::Parse } else { Class::Ready }, job).await
    }

    /// Deletes DEKs of a subject: a version, or all.
    ///
    /// # Errors
    /// See `rules::encryption::dek::delete`.
    pub async fn delete_deks(
        &self,
        change: Change<DekSubject>,
        (kek, algorithm, version): (String, DekAlgorithm, Option<Selector>),
        depth: Depth,
    ) -> Result<Done<()>, Fault> {
        self.commit(change, move |state, subject| {
            let target = Target { kek, subject: subject.written().to_owned(), algorithm, version };
            Ok((dek::delete(state, &target, depth)?, ()))
        })
        .await
    }

    /// Brings DEKs of a subject back: a version, or all.
    ///
    /// # Errors
    /// See `rules::encryption::dek::undelete`.
    pub async fn undelete_deks(
        &self,
        change: Change<DekSubject>,
        (kek, algorithm, version): (String, DekAlgorithm, Option<Selector>),
    ) -> Result<Done<()>, Fault> {
        self.commit(change, move |state, subject| {
            let target = Target { kek, subject: subject.written().to_owned(), algorithm, version };
            Ok((dek::undelete(state, &target)?, ()))
        })
        .await
    }

    /// Permission to be shown a DEK in the clear: of whoever may see what is secret of its subject, and of the readers of its
    /// KEK, with the rule that says so where it is not the role. `None` for everybody else.
    pub fn may_reveal(&self, caller: &Caller, kek: &Kek, subject: &str) -> Option<(Permit<DekSubject>, bool)> {
        let asked = |action| self.authorizer.permit(caller, action, DekSubject::new(subject)).ok();
        if let Some(permit) = asked(Action::Secret) {
            return Some((permit, false));
        }
        let ownership = self.authorizer.ownership();
        let reads = kek.readers.iter().any(|reader| match reader {
            KekReader::Principal(reader) => caller.principals().any(|principal| principal == reader),
            KekReader::Namespace(name) => ownership.namespace(name.as_str()).is_some_and(|namespace| {
                caller.principals().any(|principal| namespace.members.contains_key(principal))
            }),
        });
        if reads { asked(Action::Read).map(|permit| (permit, true)) } else { None }
    }

    /// Unwraps a DEK for whoever may see it, once that is in the audit; `None`, where this registry is not set up to use the
    /// KEK.
    ///
    /// # Errors
    /// `KmsDenied`, `KmsFailed`, `Unaudited`, `Busy`, those of the store.
    pub async fn reveal(
        &self,
        (change, as_reader): (Change<DekSubject>, bool),
        kek: Kek,
        dek: &Dek,
    ) -> Result<Option<RawKey>, Fault> {
        let (kms, encrypted) = (Arc::clone(&self.kms), dek.encrypted.clone());
        let key = self.work(Class::Parse, move || kms.unwrap_if_can(&kek, &encrypted)).await?;
        if key.is_some() {
            self.note_reveal(&change, as_reader).await?;
        }
        Ok(key)
    }

    /// Writes the entry of a reveal. Where everything is open there is none.
    async fn note_reveal(&self, change: &Change<DekSubject>, as_reader: bool) -> Result<(), Fault> {
        let Some(mut entry) = change.entry() else { return Ok(()) };
        if let (true, Record::Audit(model::AuditChange::Entry(entry))) = (as_reader, &mut entry) {
            // What it was is not what the policy permits everybody.
            (entry.action, entry.rule) = (Action::Secret.as_str().to_owned(), READER.to_owned());
        }
        self.check_audit()?;
        let retention = self.retention;
        let decide = move |state: &dyn State| Ok((finished(state, vec![entry], retention)?, ()));
        storage::commit(&*self.store, decide).await?;
        Ok(())
    }
}

/// The rule by which a reader of a KEK is shown a key.
const READER: &str = "kek:reader";

/// The right that a step takes. Whoever replaces what others encrypt with decides for them.
fn action(step: &Step) -> Action {
    match step {
        Step::Store(_) | Step::Verify(_) | Step::Generate => Action::Register,
        Step::Replace(_) | Step::Rewrap(_) => Action::Config,
        Step::Toggle(_) => Action::Delete,
    }
}

/// Is a plan what the key management system was asked for?
fn is_alike(now: &Plan, before: &Plan) -> bool {
    let asked = |kek: &Kek| (kek.kms_type.clone(), kek.kms_key_id.clone(), kek.shared);
    now.step == before.step && asked(&now.kek.kek) == asked(&before.kek.kek)
}
