//! Listings of keys, from names and numbers alone.

use super::super::Service;
use super::super::listing::{Listing, Show, Source};
use model::{DekAlgorithm, DekId, Version};
use rules::encryption::{check_subject, kek};
use rules::fault::Fault;
use rules::find::Deleted;
use std::collections::{BTreeSet, btree_set};
use std::ops::ControlFlow;
use storage::{Deks, State};

/// Names of KEKs, in order.
pub struct KekNames {
    deleted: Deleted,
    from: From,
}

enum From {
    /// All, behind one.
    All(Option<String>),
    /// Those with a DEK for a subject that begins so; found when the first is asked for.
    Prefixed(Vec<String>),
    /// Those that were found, as far as they have not been shown.
    Found(btree_set::IntoIter<String>),
}

impl Source for KekNames {
    type Item = String;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, String>) -> Result<(), Fault> {
        let shown = |deleted: bool| !deleted || self.deleted == Deleted::Include;
        if let From::Prefixed(prefixes) = &self.from {
            let mut names = BTreeSet::new();
            // There are at most `MOST_KEYS`.
            state.deks_from(Deks::All, None, &mut |stored| {
                let id = &stored.dek.id;
                let begins = prefixes.iter().any(|prefix| id.subject.starts_with(prefix));
                if begins && shown(stored.dek.deleted) && !names.contains(&id.kek) {
                    names.insert(id.kek.clone());
                }
                ControlFlow::Continue(())
            })?;
            self.from = From::Found(names.into_iter());
        }
        match &mut self.from {
            From::All(behind) => {
                let begin = behind.clone();
                state.keks_from(begin.as_deref(), &mut |stored| {
                    *behind = Some(stored.kek.name.clone());
                    show(shown(stored.kek.deleted).then_some(stored.kek.name))
                })?;
            }
            From::Found(names) => {
                for name in names {
                    let there = state.kek(&name)?.is_some_and(|stored| shown(stored.kek.deleted));
                    if show(there.then_some(name)).is_break() {
                        break;
                    }
                }
            }
            From::Prefixed(_) => {}
        }
        Ok(())
    }
}

/// Subjects that a KEK has DEKs for, each once, in order.
pub struct DekSubjects {
    kek: String,
    deleted: Deleted,
    behind: Option<DekId>,
    last: Option<String>,
}

impl Source for DekSubjects {
    type Item = String;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, String>) -> Result<(), Fault> {
        let DekSubjects { kek, deleted, behind, last } = self;
        let begin = behind.clone();
        state.deks_from(Deks::OfKek(kek), begin.as_ref(), &mut |stored| {
            let subject = stored.dek.id.subject.clone();
            let admitted = !stored.dek.deleted || *deleted == Deleted::Include;
            let is_next = admitted && last.as_ref() != Some(&subject);
            *behind = Some(stored.dek.id);
            if is_next {
                *last = Some(subject.clone());
            }
            show(is_next.then_some(subject))
        })?;
        Ok(())
    }
}

/// Versions of a subject's DEK, in order.
pub struct DekVersions {
    of: (String, String, DekAlgorithm),
    deleted: Deleted,
    behind: Option<DekId>,
}

impl Source for DekVersions {
    type Item = Version;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Version>) -> Result<(), Fault> {
        let DekVersions { of: (kek, subject, algorithm), deleted, behind } = self;
        let begin = behind.clone();
        state.deks_from(Deks::OfSubject(kek, subject, *algorithm), begin.as_ref(), &mut |stored| {
            let version = stored.dek.id.version;
            *behind = Some(stored.dek.id);
            show((!stored.dek.deleted || *deleted == Deleted::Include).then_some(version))
        })?;
        Ok(())
    }
}

impl Service {
    /// Names of KEKs: all, or those with a DEK for a subject that begins with one of the prefixes.
    pub fn kek_names(&self, prefixes: Vec<String>, deleted: Deleted, offset: usize, limit: usize) -> Listing<KekNames> {
        let from = if prefixes.is_empty() { From::All(None) } else { From::Prefixed(prefixes) };
        Listing::new(KekNames { deleted, from }, offset, limit)
    }

    /// Subjects that a KEK has DEKs for.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound`, those of the store.
    pub fn dek_subjects(
        &self,
        kek: &str,
        deleted: Deleted,
        offset: usize,
        limit: usize,
    ) -> Result<Listing<DekSubjects>, Fault> {
        self.read(|state| kek::find(state, kek, deleted))?;
        let source = DekSubjects { kek: kek.to_owned(), deleted, behind: None, last: None };
        Ok(Listing::new(source, offset, limit))
    }

    /// Versions of a subject's DEK.
    ///
    /// # Errors
    /// `InvalidKey`, `KeyNotFound` where there is no such KEK, those of the store.
    pub fn dek_versions(
        &self,
        (kek, subject, algorithm): (&str, &str, DekAlgorithm),
        deleted: Deleted,
        offset: usize,
        limit: usize,
    ) -> Result<Listing<DekVersions>, Fault> {
        check_subject(subject)?;
        self.read(|state| kek::find(state, kek, deleted))?;
        let of = (kek.to_owned(), subject.to_owned(), algorithm);
        Ok(Listing::new(DekVersions { of, deleted, behind: None }, offset, limit))
    }
}
