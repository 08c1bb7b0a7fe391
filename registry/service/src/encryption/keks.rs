//! KEKs.

use super::super::{Change, Class, Done, Service};
use super::{KekName, time_of_key};
use authz::{Action, Permit};
use model::{DekAlgorithm, Kek, KekReader, Record};
use rules::delete::Depth;
use rules::encryption::invalid;
use rules::encryption::kek::{self, KekChange, Making};
use rules::fault::Fault;
use rules::find::Deleted;
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::{State, StoredKek};

impl Service {
    /// A KEK.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound`, those of the store.
    pub fn kek(&self, name: &str, deleted: Deleted) -> Result<StoredKek, Fault> {
        self.read(|state| kek::find(state, name, deleted))
    }

    /// What it takes to make this KEK: a request that deletes one or brings it back looks alike.
    ///
    /// # Errors
    /// Those of the store.
    pub fn action_to_make_kek(&self, wanted: &Kek) -> Result<Action, Fault> {
        self.read(|state| match kek::create(state, wanted) {
            Ok((_, Making::Toggled)) => Ok(Action::Delete),
            Err(fault @ Fault::Store(_)) => Err(fault),
            Ok((_, Making::New)) | Err(_) => Ok(Action::Register),
        })
    }

    /// Makes a KEK, once its key management system has been tried, if that is asked for.
    ///
    /// # Errors
    /// `KeyExists`, `TooManyKeys`, `Contended`, those of `try_kek`, those of the store.
    pub async fn create_kek(
        &self,
        change: Change<KekName>,
        wanted: Kek,
        tested: bool,
    ) -> Result<Done<StoredKek>, Fault> {
        self.read(|state| kek::create(state, &wanted))?;
        if tested && wanted.shared {
            self.try_kek(wanted.clone()).await?;
        }
        let action = change.action();
        self.write_kek(change, move |state, name| {
            let wanted = Kek { name: name.to_owned(), ..wanted };
            match (kek::create(state, &wanted)?, action) {
                ((kek, Making::New), Action::Register) | ((kek, Making::Toggled), Action::Delete) => Ok((None, kek)),
                _ => Err(Fault::Contended),
            }
        })
        .await
    }

    /// Changes a KEK.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound`, those of `try_kek`, those of the store.
    pub async fn change_kek(
        &self,
        change: Change<KekName>,
        edit: KekChange,
        tested: bool,
    ) -> Result<Done<StoredKek>, Fault> {
        let (_, now) = self.read(|state| kek::changed(state, change.resource().name(), &edit))?;
        if tested && now.shared {
            self.try_kek(now).await?;
        }
        let rule = move |state: &dyn State, name: &str| {
            kek::changed(state, name, &edit).map(|(before, now)| (Some(before), now))
        };
        self.write_kek(change, rule).await
    }

    /// Says who gets the DEKs of a KEK unwrapped.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound`, those of the store.
    pub async fn set_readers(
        &self,
        change: Change<KekName>,
        readers: BTreeSet<KekReader>,
    ) -> Result<Done<StoredKek>, Fault> {
        let rule = move |state: &dyn State, name: &str| {
            kek::with_readers(state, name, readers).map(|(before, now)| (Some(before), now))
        };
        self.write_kek(change, rule).await
    }

    /// Writes a KEK, unless it is what it was; as it is then.
    async fn write_kek(
        &self,
        change: Change<KekName>,
        rule: impl FnOnce(&dyn State, &str) -> Result<(Option<StoredKek>, Kek), Fault> + Send + 'static,
    ) -> Result<Done<StoredKek>, Fault> {
        let decide = move |state: &dyn State, name: &KekName| {
            let (before, now) = rule(state, name.name())?;
            let same = before.as_ref().is_some_and(|before| before.kek == now);
            let records: Vec<Record> = if same { vec![] } else { vec![kek::record(now.clone())] };
            Ok((records, StoredKek { kek: now, at: before.map_or(0, |before| before.at) }))
        };
        let (stored, committed) = self.commit_timed(change, decide).await?;
        let at = time_of_key(&committed).unwrap_or(stored.at);
        Ok(Done { answer: StoredKek { at, ..stored }, wrote: !committed.records.is_empty() })
    }

    /// Deletes a KEK.
    ///
    /// # Errors
    /// See `rules::encryption::kek::delete`.
    pub async fn delete_kek(&self, change: Change<KekName>, depth: Depth) -> Result<Done<()>, Fault> {
        self.commit(change, move |state, name| Ok((kek::delete(state, name.name(), depth)?, ()))).await
    }

    /// Brings a KEK back.
    ///
    /// # Errors
    /// See `rules::encryption::kek::undelete`.
    pub async fn undelete_kek(&self, change: Change<KekName>) -> Result<Done<()>, Fault> {
        self.commit(change, move |state, name| Ok((kek::undelete(state, name.name())?, ()))).await
    }

    /// Tries whether the registry can use a KEK, which must be shared.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound`, those of `try_kek`, those of the store.
    pub async fn test_kek(&self, permit: Permit<KekName>) -> Result<StoredKek, Fault> {
        let stored = self.kek(permit.resource().name(), Deleted::Ignore)?;
        if !stored.kek.shared {
            return Err(invalid("shared"));
        }
        self.try_kek(stored.kek.clone()).await?;
        Ok(stored)
    }

    /// Has a KEK wrap a key, and unwraps it again.
    ///
    /// # Errors
    /// `KmsDenied`, `KmsFailed`, `KmsUnavailable`, `Busy`.
    async fn try_kek(&self, kek: Kek) -> Result<(), Fault> {
        let kms = Arc::clone(&self.kms);
        let job = move || {
            let (key, wrapped) = kms.make(&kek, DekAlgorithm::Aes256Gcm)?;
            let same = kms.unwrap(&kek, &wrapped)? == key;
            if same { Ok(()) } else { Err(Fault::KmsFailed("it unwraps another key than it has wrapped".to_owned())) }
        };
        self.work(Class::Parse, job).await
    }
}
