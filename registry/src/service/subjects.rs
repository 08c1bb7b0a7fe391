//! `/subjects`: listings, versions, metadata search, references, deletion.

use super::{Change, Done, Service, Shown, with_fallback};
use crate::fault::Fault;
use crate::rules::delete::{self, Depth, Selector};
use crate::rules::find::Deleted;
use model::{Context, SchemaId, Subject, SubjectPrefix, Version};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use storage::{State, StoredVersion, SubjectSummary};

/// Which versions a listing shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VersionsFilter {
    /// Those not soft-deleted.
    Live,
    /// All.
    All,
    /// Only soft-deleted ones.
    DeletedOnly,
}

impl VersionsFilter {
    fn admits(self, deleted: bool) -> bool {
        match self {
            Self::Live => !deleted,
            Self::All => true,
            Self::DeletedOnly => deleted,
        }
    }
}

impl Service {
    /// Subjects, ordered by qualified name. A subject is deleted when all its versions are.
    ///
    /// # Errors
    /// Those of the store.
    pub fn subjects(
        &self,
        prefix: &SubjectPrefix,
        filter: VersionsFilter,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Subject>, Fault> {
        self.read(|state| page(state, prefix, offset, limit, |_, summary| filter.admits(summary.live == 0)))
    }

    /// Version numbers of a subject with their state, ascending. Numbers below 1 (a foreign log may hold them) are not
    /// listed.
    ///
    /// # Errors
    /// `SubjectNotFound` when there is nothing that `exists` admits.
    pub fn versions(
        &self,
        subject: &Subject,
        filter: VersionsFilter,
        exists: Deleted,
    ) -> Result<Vec<(Version, bool)>, Fault> {
        self.read(|state| {
            existing(state, subject, exists)?;
            let listed = state.versions(subject)?.into_iter().filter(|v| v.version >= 1 && filter.admits(v.deleted));
            Ok(listed.map(|v| (v.version, v.deleted)).collect())
        })
    }

    /// One version, also of the same name in a named context.
    ///
    /// # Errors
    /// `SubjectNotFound`, `VersionNotFound`, those of the store.
    pub fn version(&self, subject: &Subject, selector: Selector, deleted: Deleted) -> Result<Shown, Fault> {
        self.read(|state| {
            let stored =
                with_fallback(state, &self.falls_back(), subject, |subject| stored(state, subject, selector, deleted))?;
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
    /// `SubjectNotFound`, `VersionNotFound`, those of the store.
    pub fn referenced_by(
        &self,
        subject: &Subject,
        selector: Selector,
        deleted: Deleted,
    ) -> Result<Vec<SchemaId>, Fault> {
        self.read(|state| {
            let target = with_fallback(state, &self.falls_back(), subject, |subject| {
                stored(state, subject, selector, Deleted::Include)
            })?;
            let mut ids: BTreeSet<(Context, SchemaId)> = BTreeSet::new();
            for referrer in state.referrers(&target.subject, target.version)? {
                if deleted == Deleted::Include || !referrer.deleted || has_live_holder(state, &referrer)? {
                    ids.insert((referrer.subject.context().clone(), referrer.id));
                }
            }
            Ok(ids.into_iter().map(|(_, id)| id).collect())
        })
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

/// A page of the subjects that match, ordered by qualified name.
pub(super) fn page(
    state: &dyn State,
    prefix: &SubjectPrefix,
    offset: usize,
    limit: usize,
    matches: impl Fn(&Subject, SubjectSummary) -> bool,
) -> Result<Vec<Subject>, Fault> {
    let (mut found, mut skip) = (Vec::new(), offset);
    state.subjects(prefix, &mut |subject, summary| {
        if matches(&subject, summary) {
            if skip > 0 {
                skip -= 1;
            } else {
                found.push(subject);
            }
        }
        if found.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

fn existing(state: &dyn State, subject: &Subject, deleted: Deleted) -> Result<SubjectSummary, Fault> {
    let summary = state.subject(subject)?.unwrap_or_default();
    let exists = summary.live > 0 || (deleted == Deleted::Include && summary.versions > 0);
    if exists { Ok(summary) } else { Err(Fault::SubjectNotFound(subject.clone())) }
}

fn stored(state: &dyn State, subject: &Subject, selector: Selector, deleted: Deleted) -> Result<StoredVersion, Fault> {
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
