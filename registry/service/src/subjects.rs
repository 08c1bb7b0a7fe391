//! `/subjects`: listings, versions, metadata search, references, deletion.

use super::listing::{Listing, Show, Source};
use super::{Change, Done, Service, Shown, with_fallback};
use compat::Work;
use model::{Context, SchemaId, Subject, SubjectPrefix, Version};
use rules::delete::{self, Depth, Selector};
use rules::fault::Fault;
use rules::find::Deleted;
use std::ops::ControlFlow;
use storage::{Begin, Referrer, Standing, State, StoredVersion, SubjectSummary, Subjects};

impl Service {
    /// Subjects, ordered by qualified name.
    pub fn subjects(
        &self,
        prefix: SubjectPrefix,
        standing: Standing,
        offset: usize,
        limit: usize,
    ) -> Listing<SubjectNames> {
        Listing::new(SubjectNames { prefix, standing, cursor: Cursor::Skipping(offset) }, 0, limit)
    }

    /// Version numbers of a subject, each with whether it is soft-deleted, ascending. Numbers below 1 (a foreign log may hold
    /// them) are not listed.
    ///
    /// # Errors
    /// `SubjectNotFound` when there is nothing that `exists` admits.
    pub fn versions(
        &self,
        subject: Subject,
        standing: Standing,
        exists: Deleted,
        offset: usize,
        limit: usize,
    ) -> Result<Listing<Numbers>, Fault> {
        self.read(|state| existing(state, &subject, exists))?;
        Ok(Listing::new(Numbers { subject, standing, cursor: Cursor::Skipping(offset) }, 0, limit))
    }

    /// One version, also of the same name in a named context.
    ///
    /// # Errors
    /// `SubjectNotFound`, `VersionNotFound`, `Spent`, those of the store.
    pub fn version(
        &self,
        subject: &Subject,
        selector: Selector,
        deleted: Deleted,
        work: &Work,
    ) -> Result<Shown, Fault> {
        self.read(|state| {
            let read = |subject: &Subject| stored(state, subject, selector, deleted);
            let stored = with_fallback(state, &self.falls_back(), subject, work, read)?;
            Ok(Shown::of(state, stored)?)
        })
    }

    /// A version by its number, soft-deleted or not.
    ///
    /// # Errors
    /// Those of the store.
    pub fn stored(&self, subject: &Subject, version: Version) -> Result<Option<Shown>, Fault> {
        self.read(|state| Ok(state.version(subject, version)?.map(|stored| Shown::of(state, stored)).transpose()?))
    }

    /// The highest version whose metadata properties hold all pairs. Versions without metadata never match.
    ///
    /// # Errors
    /// `SubjectNotFound`, `SchemaNotFound`, those of the store.
    pub fn latest_with(&self, subject: &Subject, pairs: &[(String, String)], deleted: Deleted) -> Result<Shown, Fault> {
        self.read(|state| {
            existing(state, subject, deleted)?;
            let matching = state.versions(subject)?.into_iter().rev().find(|version| {
                let properties = version.metadata.as_ref().map(|m| &m.properties);
                (deleted == Deleted::Include || !version.deleted)
                    && properties.is_some_and(|p| {
                        let all = pairs.iter().all(|(key, value)| p.get(key) == Some(value));
                        all && !(pairs.is_empty() && p.is_empty())
                    })
            });
            Ok(Shown::of(state, matching.ok_or(Fault::SchemaNotFound)?)?)
        })
    }

    /// Ids of versions that refer to a version, ordered by context, then id.
    ///
    /// # Errors
    /// `SubjectNotFound`, `VersionNotFound`, `Spent`, those of the store.
    pub fn referenced_by(
        &self,
        subject: &Subject,
        selector: Selector,
        deleted: Deleted,
        (offset, limit): (usize, usize),
        work: &Work,
    ) -> Result<Listing<Referring>, Fault> {
        let target = self.read(|state| {
            with_fallback(state, &self.falls_back(), subject, work, |subject| {
                stored(state, subject, selector, Deleted::Include)
            })
        })?;
        let source = Referring { subject: target.subject, version: target.version, deleted, behind: None, shown: None };
        Ok(Listing::new(source, offset, limit))
    }

    /// Deletes a subject; the numbers deleted, ascending.
    ///
    /// # Errors
    /// See `rules::delete::subject`.
    pub async fn delete_subject(&self, change: Change<Subject>, depth: Depth) -> Result<Done<Vec<Version>>, Fault> {
        self.commit(change, move |state, subject| delete::subject(state, subject, depth)).await
    }

    /// Deletes an empty context, if it is there. Its config and mode stay, and so does the highest id handed out in it.
    ///
    /// # Errors
    /// `ContextNotEmpty`, those of the store.
    pub async fn delete_context(&self, change: Change<Context>) -> Result<Done<()>, Fault> {
        self.commit(change, |state, context| Ok((delete::context(state, context)?, ()))).await
    }

    /// Deletes a version; its number.
    ///
    /// # Errors
    /// See `rules::delete::version`.
    pub async fn delete_version(
        &self,
        change: Change<Subject>,
        selector: Selector,
        depth: Depth,
    ) -> Result<Done<Version>, Fault> {
        self.commit(change, move |state, subject| delete::version(state, subject, selector, depth)).await
    }
}

/// Where a listing goes on that is counted: behind so many of its items, or behind an item.
#[derive(Clone)]
enum Cursor<T> {
    Skipping(usize),
    Behind(T),
}

impl<T> Cursor<T> {
    fn begin(&self) -> Begin<&T> {
        match self {
            Cursor::Skipping(count) => Begin::Skipping(*count as u64),
            Cursor::Behind(item) => Begin::Behind(item),
        }
    }
}

/// Subjects that match a prefix and stand so.
pub struct SubjectNames {
    prefix: SubjectPrefix,
    standing: Standing,
    cursor: Cursor<Subject>,
}

impl Source for SubjectNames {
    type Item = Subject;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Subject>) -> Result<(), Fault> {
        let SubjectNames { prefix, standing, cursor } = self;
        let begin = cursor.clone();
        state.subjects_from(Subjects::Matching(prefix), *standing, begin.begin(), &mut |subject, _| {
            *cursor = Cursor::Behind(subject.clone());
            show(Some(subject))
        })?;
        Ok(())
    }
}

/// Numbers of the versions of a subject that stand so, each with whether it is soft-deleted.
pub struct Numbers {
    subject: Subject,
    standing: Standing,
    cursor: Cursor<Version>,
}

impl Source for Numbers {
    type Item = (Version, bool);

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Self::Item>) -> Result<(), Fault> {
        let Numbers { subject, standing, cursor } = self;
        let begin = match cursor {
            Cursor::Skipping(count) => Begin::Skipping(*count as u64),
            Cursor::Behind(version) => Begin::Behind(*version),
        };
        state.numbers_from(subject, *standing, begin, &mut |version, deleted| {
            *cursor = Cursor::Behind(version);
            show(Some((version, deleted)))
        })?;
        Ok(())
    }
}

/// Ids of the versions that refer to one.
pub struct Referring {
    subject: Subject,
    version: Version,
    deleted: Deleted,
    behind: Option<Referrer>,
    /// The context and id shown last: several versions may hold one id.
    shown: Option<(Context, SchemaId)>,
}

impl Source for Referring {
    type Item = SchemaId;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, SchemaId>) -> Result<(), Fault> {
        let Referring { subject, version, deleted, behind, shown } = self;
        let begin = behind.clone();
        let mut outcome = Ok(());
        state.referrers_from(subject, *version, begin.as_ref(), &mut |referrer| {
            let id = referrer.id;
            let this = (referrer.subject.context().clone(), id);
            let is_new = shown.as_ref() != Some(&this);
            let admitted = match is_new && *deleted == Deleted::Ignore && referrer.deleted {
                true => has_live_holder(state, &referrer),
                false => Ok(is_new),
            };
            *behind = Some(referrer);
            match admitted {
                Ok(true) => {
                    *shown = Some(this);
                    show(Some(id))
                }
                Ok(false) => show(None),
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        Ok(outcome?)
    }
}

fn existing(state: &dyn State, subject: &Subject, deleted: Deleted) -> Result<SubjectSummary, Fault> {
    let summary = state.subject(subject)?.unwrap_or_default();
    let exists = summary.live > 0 || (deleted == Deleted::Include && summary.versions > 0);
    if exists { Ok(summary) } else { Err(Fault::SubjectNotFound(subject.clone())) }
}

/// A version of a subject.
///
/// # Errors
/// `SubjectNotFound`, `VersionNotFound`, those of the store.
pub(super) fn stored(
    state: &dyn State,
    subject: &Subject,
    selector: Selector,
    deleted: Deleted,
) -> Result<StoredVersion, Fault> {
    let summary = existing(state, subject, deleted)?;
    let number = match selector {
        Selector::Latest => summary.latest,
        Selector::Number(number) => Some(number),
    };
    let stored = number.map(|number| state.version(subject, number)).transpose()?.flatten();
    stored
        .filter(|stored| deleted == Deleted::Include || !stored.deleted)
        .ok_or(Fault::VersionNotFound(selector.printed()))
}

fn has_live_holder(state: &dyn State, referrer: &storage::Referrer) -> Result<bool, storage::Error> {
    let (mut live, mut failed) = (false, None);
    state.holders(referrer.subject.context(), referrer.id, &mut |holder| {
        match state.version(&holder.subject, holder.version) {
            Ok(version) => live |= version.is_some_and(|v| !v.deleted),
            Err(error) => failed = Some(error),
        }
        if live || failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    failed.map_or(Ok(live), Err)
}
