//! `/schemas`: by id, by GUID, and listings.

use super::{FallsBack, Filter, Service, all_contexts, library};
use crate::fault::Fault;
use crate::rules::find::Deleted;
use crate::rules::knowledge::Learnt;
use crate::rules::{association, config};
use model::{Content, Context, Guid, Lifecycle, SchemaId, Subject, SubjectPrefix, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::{Associations, Holder, State, StoredAssociation, StoredVersion};

/// A version to be shown. `at` is its time where the answer comes from the store rather than from the request.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What the store keeps of it.
    pub stored: StoredVersion,
    /// Its content.
    pub content: Content,
    /// Its time in milliseconds since 1970.
    pub at: Option<i64>,
}

impl Shown {
    /// Shows a stored version.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(state: &dyn State, stored: StoredVersion) -> Result<Self, storage::Error> {
        Ok(Shown { content: library::content(state, &stored)?, at: Some(stored.at), stored })
    }
}

/// A version found by its id, with the largest id of its context.
pub struct ById {
    /// The version.
    pub shown: Shown,
    /// The largest id seen in the context.
    pub max_id: SchemaId,
}

/// The filters of `GET /schemas`.
pub struct Listing {
    /// Subjects.
    pub prefix: SubjectPrefix,
    /// Soft-deleted versions too?
    pub deleted: Deleted,
    /// Only the highest version of each subject?
    pub latest_only: bool,
    /// Only versions with a rule of this type, if not empty.
    pub rule_type: String,
    /// Only versions of subjects with, or without, associations like these.
    pub associations: Option<AssociationFilter>,
    /// Also the versions of what matching aliases stand for?
    pub aliases: bool,
    /// Items to leave out.
    pub offset: usize,
    /// Items at most.
    pub limit: usize,
}

/// Which subjects a listing of schemas shows by their associations.
pub struct AssociationFilter {
    /// Associations that count.
    pub filter: Filter,
    /// The lifecycles asked for, any if there are none.
    pub lifecycles: Vec<Lifecycle>,
    /// Are subjects without associations asked for?
    pub unassociated: bool,
}

impl AssociationFilter {
    /// The associations to show with a subject; `None` where the subject is not shown.
    fn of(&self, state: &dyn State, subject: &Subject) -> Result<Option<Vec<StoredAssociation>>, storage::Error> {
        let mut found = association::all(state, Associations::OfSubject(subject))?;
        found.retain(|stored| self.filter.admits(stored));
        if found.is_empty() {
            return Ok(self.unassociated.then_some(found));
        }
        if !self.lifecycles.is_empty() || self.unassociated {
            found.retain(|stored| self.lifecycles.contains(&stored.association.lifecycle));
        }
        Ok((!found.is_empty()).then_some(found))
    }
}

/// A version in a listing.
pub struct Listed {
    /// The version.
    pub shown: Shown,
    /// The subjects that stand for this one, where they were asked for and match the prefix.
    pub aliases: Vec<Subject>,
    /// The associations of its subject, where the listing is of those.
    pub associations: Arc<[StoredAssociation]>,
}

impl Service {
    /// The version that is shown for an id: of the subject asked for where it has it, else the first holder.
    ///
    /// # Errors
    /// `SchemaNotFoundAs`, those of the store.
    pub fn by_id(&self, id: SchemaId, subject: Option<&Subject>) -> Result<ById, Fault> {
        self.read(|state| {
            let missing = || Fault::SchemaNotFoundAs(id.to_string());
            let holder = resolve(state, &self.falls_back(), id, subject)?.ok_or_else(missing)?;
            let stored = state.version(&holder.subject, holder.version)?.ok_or_else(missing)?;
            let max_id = state.highest_id(holder.subject.context())?.unwrap_or(id);
            Ok(ById { shown: Shown::of(state, stored)?, max_id })
        })
    }

    /// Subjects that hold an id, with the newest version of each.
    ///
    /// # Errors
    /// `SchemaNotFound`, those of the store.
    pub fn holders(&self, id: SchemaId, subject: Option<&Subject>, deleted: Deleted) -> Result<Vec<Holder>, Fault> {
        self.read(|state| {
            let holder = resolve(state, &self.falls_back(), id, subject)?.ok_or(Fault::SchemaNotFound)?;
            let newest = newest_holders(state, holder.subject.context(), id)?;
            let mut shown = Vec::with_capacity(newest.len());
            for (subject, version) in newest {
                if deleted == Deleted::Include || state.version(&subject, version)?.is_some_and(|v| !v.deleted) {
                    shown.push(Holder { subject, version });
                }
            }
            Ok(shown)
        })
    }

    /// The content with a hash, wherever it is, the default context first.
    ///
    /// # Errors
    /// `SchemaNotFoundAs`, those of the store.
    pub fn by_guid(&self, asked: &str) -> Result<Shown, Fault> {
        self.read(|state| {
            let missing = || Fault::SchemaNotFoundAs(asked.to_owned());
            let guid = Guid::parse(asked).ok_or_else(missing)?;
            for (context, id) in state.ids_of(guid)? {
                if let Some(holder) = first_holder(state, &context, id)?
                    && let Some(stored) = state.version(&holder.subject, holder.version)?
                {
                    return Ok(Shown::of(state, stored)?);
                }
            }
            Err(missing())
        })
    }

    /// Contexts and ids of a hash.
    ///
    /// # Errors
    /// Those of the store.
    pub fn ids_of(&self, asked: &str) -> Result<Vec<(Context, SchemaId)>, Fault> {
        match Guid::parse(asked) {
            Some(guid) => self.read(|state| Ok(state.ids_of(guid)?)),
            None => Ok(vec![]),
        }
    }

    /// Versions that match the filters, by subject, then version.
    ///
    /// # Errors
    /// Those of the store.
    pub fn list(&self, listing: &Listing) -> Result<Vec<Listed>, Fault> {
        self.read(|state| {
            let aliases = if listing.aliases { aliases(state, &listing.prefix)? } else { BTreeMap::new() };
            let mut page = Page { state, listing, skip: listing.offset, found: Vec::new() };
            if aliases.is_empty() {
                let mut outcome = Ok(ControlFlow::Continue(()));
                state.subjects(&listing.prefix, &mut |subject, _| {
                    outcome = page.add(&subject);
                    *outcome.as_ref().unwrap_or(&ControlFlow::Break(()))
                })?;
                let _full_or_not = outcome?;
            } else {
                let mut subjects: BTreeSet<Subject> = aliases.keys().cloned().collect();
                state.subjects(&listing.prefix, &mut |subject, _| {
                    subjects.insert(subject);
                    ControlFlow::Continue(())
                })?;
                for subject in &subjects {
                    if page.add(subject)?.is_break() {
                        break;
                    }
                }
            }
            let listed = |(stored, associations): Found| {
                let aliases = aliases.get(&stored.subject).cloned().unwrap_or_default();
                Ok(Listed { shown: Shown::of(state, stored)?, aliases, associations })
            };
            page.found.into_iter().map(listed).collect()
        })
    }

    /// The text of a version in another format; `None` for the canonical text itself. Unknown formats are ignored.
    ///
    /// # Errors
    /// `InvalidSchema` for a stored text that does not parse; those of the store.
    pub fn formatted(&self, shown: &Shown, format: &str) -> Result<Option<String>, Fault> {
        if format.is_empty() || format == "default" {
            return Ok(None);
        }
        self.read(|state| format_as(&self.library.stored(state, &shown.stored)?, &shown.content, format))
    }

    /// The same for a content that is about to be shown as registered in a subject.
    ///
    /// # Errors
    /// As `formatted`.
    pub fn formatted_content(
        &self,
        subject: &Subject,
        content: &Content,
        format: &str,
    ) -> Result<Option<String>, Fault> {
        if format.is_empty() || format == "default" {
            return Ok(None);
        }
        self.read(|state| format_as(&self.library.of_content(state, subject, content)?, content, format))
    }

    /// Records and fields of a version that carry one of these inline tags (`*` is any), with all their tags.
    ///
    /// # Errors
    /// As `formatted`.
    pub fn inline_tags(&self, shown: &Shown, wanted: &[&str]) -> Result<Vec<compat::TaggedEntity>, Fault> {
        self.read(|state| {
            let mut tagged = self.library.stored(state, &shown.stored)?.parsed.inline_tags();
            tagged
                .retain(|entity| entity.tags.iter().any(|tag| wanted.contains(&"*") || wanted.contains(&tag.as_str())));
            Ok(tagged)
        })
    }

    /// Contexts, the default one first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn contexts(&self) -> Result<Vec<Context>, Fault> {
        self.read(|state| Ok(all_contexts(state)?))
    }
}

fn format_as(schema: &Learnt, content: &Content, format: &str) -> Result<Option<String>, Fault> {
    schema.parsed.formatted(format).map_err(|error| library::invalid_schema(&content.schema_type, &error))
}

/// What matches a prefix by its own name stands for another subject: those, and what stands for each.
fn aliases(state: &dyn State, prefix: &SubjectPrefix) -> Result<BTreeMap<Subject, Vec<Subject>>, Fault> {
    let mut aliases: BTreeMap<Subject, Vec<Subject>> = BTreeMap::new();
    state.configs(prefix, &mut |scope, config| {
        if let Some(target) = config::alias(&scope, &config) {
            aliases.entry(target).or_default().push(scope);
        }
        ControlFlow::Continue(())
    })?;
    Ok(aliases)
}

/// The part of a listing that was asked for, being filled.
struct Page<'a> {
    state: &'a dyn State,
    listing: &'a Listing,
    skip: usize,
    found: Vec<Found>,
}

/// A version that is listed, and the associations that are shown with it.
type Found = (StoredVersion, Arc<[StoredAssociation]>);

impl Page<'_> {
    /// Adds what matches of a subject, until the page is full.
    fn add(&mut self, subject: &Subject) -> Result<ControlFlow<()>, Fault> {
        let (versions, associations) = matching(self.state, self.listing, subject)?;
        for version in versions {
            if self.skip > 0 {
                self.skip -= 1;
            } else if self.found.len() < self.listing.limit {
                self.found.push((version, Arc::clone(&associations)));
            }
        }
        let full = self.found.len() >= self.listing.limit;
        Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// The versions of a subject that are listed, and the associations that are shown with each.
fn matching(
    state: &dyn State,
    listing: &Listing,
    subject: &Subject,
) -> Result<(Vec<StoredVersion>, Arc<[StoredAssociation]>), Fault> {
    let associations = match &listing.associations {
        None => Vec::new(),
        Some(filter) => match filter.of(state, subject)? {
            None => return Ok((vec![], [].into())),
            Some(associations) => associations,
        },
    };
    let mut versions = state.versions(subject)?;
    versions.retain(|version| listing.deleted == Deleted::Include || !version.deleted);
    if listing.latest_only {
        versions = versions.pop().into_iter().collect();
    }
    if !listing.rule_type.is_empty() {
        versions.retain(|version| {
            version.rule_set.as_ref().is_some_and(|rules| {
                let mut all = rules.migration_rules.iter().chain(&rules.domain_rules).chain(&rules.encoding_rules);
                all.any(|rule| rule.rule_type.as_deref() == Some(&listing.rule_type))
            })
        });
    }
    Ok((versions, associations.into()))
}

/// Which version stands for an id. No subject, or a bare context: the first holder there. A name in a named context: only
/// that subject. A name in the default context: that subject, the same name in a named context, or any holder.
fn resolve(
    state: &dyn State,
    falls_back: &FallsBack,
    id: SchemaId,
    subject: Option<&Subject>,
) -> Result<Option<Holder>, Fault> {
    let default = Context::default_context();
    let Some(subject) = subject else { return Ok(first_holder(state, &default, id)?) };
    if subject.is_context() {
        return Ok(first_holder(state, subject.context(), id)?);
    }
    if let Some(holder) = held_by(state, subject, id)? {
        return Ok(Some(holder));
    }
    if !subject.context().is_default() {
        return Ok(None);
    }
    for context in state.contexts()?.into_iter().filter(|context| falls_back.allows(subject, context)) {
        if let Some(holder) = held_by(state, &Subject::new(context, subject.name()), id)? {
            return Ok(Some(holder));
        }
    }
    Ok(first_holder(state, &default, id)?)
}

fn held_by(state: &dyn State, subject: &Subject, id: SchemaId) -> Result<Option<Holder>, storage::Error> {
    let stored = crate::rules::find::holder_in(state, subject, id)?;
    Ok(stored.map(|stored| Holder { subject: subject.clone(), version: stored.version }))
}

fn first_holder(state: &dyn State, context: &Context, id: SchemaId) -> Result<Option<Holder>, storage::Error> {
    let mut first: Option<Holder> = None;
    state.holders(context, id, &mut |holder| match &first {
        // The newest version of the first subject: holders come by subject, then version.
        Some(seen) if seen.subject != holder.subject => ControlFlow::Break(()),
        _ => {
            first = Some(holder);
            ControlFlow::Continue(())
        }
    })?;
    Ok(first)
}

fn newest_holders(
    state: &dyn State,
    context: &Context,
    id: SchemaId,
) -> Result<BTreeMap<Subject, Version>, storage::Error> {
    let mut newest = BTreeMap::new();
    state.holders(context, id, &mut |holder| {
        newest.insert(holder.subject, holder.version);
        ControlFlow::Continue(())
    })?;
    Ok(newest)
}
