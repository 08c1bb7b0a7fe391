//! `GET /schemas`: versions by subject, then version.
//!
//! Without filters on rules or associations the versions are counted, so a page may begin anywhere. With such filters, and with
//! aliases of subjects that the prefix does not match, what comes before a page has to be looked at.

use super::listing::{Listing, Show, Source};
use super::{Class, Filter, Service, Shown};
use model::{Lifecycle, Subject, SubjectPrefix, Version};
use rules::fault::Fault;
use rules::find::Deleted;
use rules::{association, config};
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use storage::{Associations, Begin, State, StoredAssociation, StoredVersion, SubjectSummary, Subjects};

/// The filters of `GET /schemas`.
pub struct SchemaFilter {
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
    /// Versions that match the filters, by subject, then version.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, filter: SchemaFilter, offset: usize, limit: usize) -> Result<Listing<Versions>, Fault> {
        let aliases = match filter.aliases {
            true => {
                let (store, prefix) = (Arc::clone(&self.store), filter.prefix.clone());
                self.work(Class::List, move || aliases(&*store.view()?, &prefix)).await?
            }
            false => BTreeMap::new(),
        };
        Ok(listing(filter, aliases, offset, limit))
    }
}

fn listing(
    filter: SchemaFilter,
    aliases: BTreeMap<Subject, Vec<Subject>>,
    offset: usize,
    limit: usize,
) -> Listing<Versions> {
    let outside = aliases.keys().any(|target| !filter.prefix.matches(target));
    let counted = !outside && filter.rule_type.is_empty() && filter.associations.is_none();
    let cursor = Cursor::Skipping(if counted { offset } else { 0 });
    let source = Versions { filter, aliases: Arc::new(aliases), counted, cursor };
    Listing::new(source, if counted { 0 } else { offset }, limit)
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

/// The versions that match the filters.
pub struct Versions {
    filter: SchemaFilter,
    /// The subjects that others stand for, and which do, where that is asked for. As they were when the listing began.
    aliases: Arc<BTreeMap<Subject, Vec<Subject>>>,
    /// Do all versions count that stand as they should?
    counted: bool,
    cursor: Cursor,
}

/// Where a listing of versions goes on.
#[derive(Clone)]
enum Cursor {
    /// Behind so many versions of those that are counted.
    Skipping(usize),
    /// Behind this version.
    Behind(Subject, Version),
}

/// A version that is listed, and what is shown with it.
pub struct Found {
    stored: StoredVersion,
    associations: Arc<[StoredAssociation]>,
    aliases: Arc<BTreeMap<Subject, Vec<Subject>>>,
}

impl Found {
    /// With its content.
    ///
    /// # Errors
    /// Those of the store.
    pub fn listed(self, state: &dyn State) -> Result<Listed, Fault> {
        let aliases = self.aliases.get(&self.stored.subject).cloned().unwrap_or_default();
        Ok(Listed { shown: Shown::of(state, self.stored)?, aliases, associations: self.associations })
    }
}

impl Source for Versions {
    type Item = Found;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Found>) -> Result<(), Fault> {
        let cursor = self.cursor.clone();
        if self.counted { self.go_on_counted(state, &cursor, show) } else { self.go_on_looking(state, cursor, show) }
    }
}

impl Versions {
    /// Of each subject the newest version that stands as it should, where only those are asked for.
    fn newest(&self, summary: SubjectSummary) -> Option<Version> {
        if self.filter.deleted == Deleted::Include { Some(summary.highest) } else { summary.latest }
    }

    fn shown(&mut self, stored: StoredVersion, associations: &Arc<[StoredAssociation]>) -> Found {
        self.cursor = Cursor::Behind(stored.subject.clone(), stored.version);
        Found { stored, associations: Arc::clone(associations), aliases: Arc::clone(&self.aliases) }
    }

    fn go_on_counted(&mut self, state: &dyn State, cursor: &Cursor, show: &mut Show<'_, Found>) -> Result<(), Fault> {
        let none: Arc<[StoredAssociation]> = [].into();
        let (prefix, standing) = (self.filter.prefix.clone(), self.filter.deleted.standing());
        let subjects = Subjects::Matching(&prefix);
        if !self.filter.latest_only {
            let begin = match cursor {
                Cursor::Skipping(count) => Begin::Skipping(*count as u64),
                Cursor::Behind(subject, version) => Begin::Behind((subject, *version)),
            };
            let visit = &mut |stored| show(Some(self.shown(stored, &none)));
            return Ok(state.versions_from(subjects, standing, begin, visit)?);
        }
        let begin = match cursor {
            Cursor::Skipping(count) => Begin::Skipping(*count as u64),
            Cursor::Behind(subject, _) => Begin::Behind(subject),
        };
        let mut outcome = Ok(());
        state.subjects_from(subjects, standing, begin, &mut |subject, summary| {
            let newest = self.newest(summary).map(|version| state.version(&subject, version)).transpose();
            match newest.map(Option::flatten) {
                Ok(Some(stored)) => show(Some(self.shown(stored, &none))),
                Ok(None) => ControlFlow::Continue(()),
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        Ok(outcome?)
    }

    fn go_on_looking(&mut self, state: &dyn State, cursor: Cursor, show: &mut Show<'_, Found>) -> Result<(), Fault> {
        let aliases = Arc::clone(&self.aliases);
        let prefix = self.filter.prefix.clone();
        let begin = match &cursor {
            Cursor::Skipping(_) => Begin::Skipping(0),
            Cursor::Behind(subject, version) => {
                // The rest of the subject in which the last piece ended, unless it was passed over whole.
                let begin = Begin::Behind((subject, *version));
                if *version < Version::MAX && self.look(state, subject, begin, show)?.is_break() {
                    return Ok(());
                }
                Begin::Behind(subject)
            }
        };
        let after = match &cursor {
            Cursor::Skipping(_) => Bound::Unbounded,
            Cursor::Behind(subject, _) => Bound::Excluded(subject),
        };
        // What others stand for and the prefix does not match is shown in its place among those that it matches.
        let outside = aliases.range::<Subject, _>((after, Bound::Unbounded)).map(|(target, _)| target);
        let mut outside = outside.filter(|target| !prefix.matches(target)).peekable();
        let mut outcome = Ok(ControlFlow::Continue(()));
        let all = Begin::Skipping(0);
        state.subjects_from(
            Subjects::Matching(&prefix),
            self.filter.deleted.standing(),
            begin,
            &mut |subject, _| {
                let before = std::iter::from_fn(|| outside.next_if(|target| **target < subject));
                outcome = before.chain([&subject]).try_fold(ControlFlow::Continue(()), |flow, subject| match flow {
                    ControlFlow::Continue(()) => self.look(state, subject, all, show),
                    stopped => Ok(stopped),
                });
                *outcome.as_ref().unwrap_or(&ControlFlow::Break(()))
            },
        )?;
        let mut flow = outcome?;
        while let (ControlFlow::Continue(()), Some(target)) = (flow, outside.next()) {
            flow = self.look(state, target, all, show)?;
        }
        Ok(())
    }

    /// Looks at the versions of a subject from a place on.
    fn look(
        &mut self,
        state: &dyn State,
        subject: &Subject,
        begin: Begin<(&Subject, Version)>,
        show: &mut Show<'_, Found>,
    ) -> Result<ControlFlow<()>, Fault> {
        let passed = |this: &mut Self, show: &mut Show<'_, Found>| {
            this.cursor = Cursor::Behind(subject.clone(), Version::MAX);
            Ok(show(None))
        };
        let associations = match &self.filter.associations {
            None => Vec::new(),
            Some(filter) => match filter.of(state, subject)? {
                None => return passed(self, show),
                Some(associations) => associations,
            },
        };
        let associations: Arc<[StoredAssociation]> = associations.into();
        if self.filter.latest_only {
            let summary = state.subject(subject)?.unwrap_or_default();
            let newest = match begin {
                Begin::Skipping(_) => self.newest(summary).filter(|_| summary.versions > 0),
                Begin::Behind(_) => return Ok(ControlFlow::Continue(())),
            };
            let stored = newest.map(|version| state.version(subject, version)).transpose()?.flatten();
            return match stored.filter(|stored| self.has_rule(stored)) {
                Some(stored) => Ok(show(Some(self.shown(stored, &associations)))),
                None => passed(self, show),
            };
        }
        let mut flow = ControlFlow::Continue(());
        state.versions_from(Subjects::One(subject), self.filter.deleted.standing(), begin, &mut |stored| {
            let admitted = self.has_rule(&stored);
            let found = self.shown(stored, &associations);
            flow = show(admitted.then_some(found));
            flow
        })?;
        Ok(flow)
    }

    /// Has the version a rule of the type asked for, if one is?
    fn has_rule(&self, version: &StoredVersion) -> bool {
        self.filter.rule_type.is_empty()
            || version.rule_set.as_ref().is_some_and(|rules| {
                let mut all = rules.migration_rules.iter().chain(&rules.domain_rules).chain(&rules.encoding_rules);
                all.any(|rule| rule.rule_type.as_deref() == Some(&self.filter.rule_type))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Config, Record, RegistryRecord, Rule, RuleKind, RuleMode, RuleSet, SchemaRecord};
    use storage::MemoryState;
    use storage::contract::records::{associate, config, delete_subject, schema, schema_record};

    fn with_rule(subject: &str, version: Version, id: i32) -> Record {
        let rule = Rule {
            name: None,
            doc: None,
            kind: RuleKind::Condition,
            mode: RuleMode::Write,
            rule_type: Some("CEL".into()),
            tags: [].into(),
            params: [].into(),
            expr: None,
            on_success: None,
            on_failure: None,
            disabled: false,
        };
        let plain = schema_record(subject, version, id, "r");
        let rule_set = Some(RuleSet {
            migration_rules: vec![],
            domain_rules: vec![rule],
            encoding_rules: vec![],
            enable_at: None,
        });
        let content = model::Content { rule_set, ..model::Content::clone(&plain.content) };
        Record::Registry(RegistryRecord::Schema(SchemaRecord { content: Arc::new(content), ..plain }))
    }

    fn state() -> MemoryState {
        let alias = |of: &str| Some(Config { alias: Some(of.into()), ..Config::default() });
        let mut state = MemoryState::default();
        let mut records = Vec::new();
        for (at, subject) in ["a", "ab", "b", "c", "d", ":.x:a", ":.x:b"].into_iter().enumerate() {
            let id = 10 * at as i32;
            records.extend([schema(subject, 1, id + 1, "1"), with_rule(subject, 2, id + 2)]);
            records.push(schema(subject, 3, id + 3, &id.to_string()));
        }
        records.extend([delete_subject("ab", 3), delete_subject("b", 2), delete_subject("c", 1)]);
        records.extend([config("alpha", alias("c")), config("apex", alias("c")), config("aside", alias("none"))]);
        records.extend([config("a1", alias("a")), config("z", alias("d"))]);
        records.extend([
            associate("n/one", "1", "a"),
            associate("n/two", "2", "c"),
            associate("n/three", "3", ":.x:b"),
        ]);
        state.fold(records, 1).unwrap();
        state
    }

    fn filters() -> Vec<SchemaFilter> {
        let mut all = Vec::new();
        for prefix in ["", "a", "c", ":*:", ":*:b", ":.x:", "none"] {
            for bits in 0..32 {
                let is = |bit: u32| bits & 1 << bit != 0;
                let associations = is(4).then(|| AssociationFilter {
                    filter: Filter { resource_type: None, association_types: vec![], lifecycle: None },
                    lifecycles: vec![],
                    unassociated: is(3),
                });
                all.push(SchemaFilter {
                    prefix: SubjectPrefix::parse(prefix),
                    deleted: if is(0) { Deleted::Include } else { Deleted::Ignore },
                    latest_only: is(1),
                    rule_type: if is(3) { "CEL".into() } else { String::new() },
                    associations,
                    aliases: is(2),
                });
            }
        }
        all
    }

    /// What is listed, by the words of the API: filters one after the other over everything.
    fn expected(state: &MemoryState, filter: &SchemaFilter) -> Vec<String> {
        let aliases = if filter.aliases { aliases(state, &filter.prefix).unwrap() } else { BTreeMap::new() };
        let mut subjects: std::collections::BTreeSet<Subject> = aliases.keys().cloned().collect();
        state
            .subjects(&filter.prefix, &mut |subject, _| {
                subjects.insert(subject);
                ControlFlow::Continue(())
            })
            .unwrap();
        let mut all = Vec::new();
        for subject in subjects {
            let associations = match &filter.associations {
                None => Some(vec![]),
                Some(wanted) => wanted.of(state, &subject).unwrap(),
            };
            let Some(associations) = associations else { continue };
            let mut versions = state.versions(&subject).unwrap();
            versions.retain(|version| filter.deleted == Deleted::Include || !version.deleted);
            if filter.latest_only {
                versions = versions.pop().into_iter().collect();
            }
            versions.retain(|version| filter.rule_type.is_empty() || version.rule_set.is_some());
            let names = aliases.get(&subject).cloned().unwrap_or_default();
            all.extend(versions.iter().map(|version| show(version, associations.len(), &names)));
        }
        all
    }

    fn show(version: &StoredVersion, associations: usize, aliases: &[Subject]) -> String {
        let aliases: Vec<&str> = aliases.iter().map(Subject::as_str).collect();
        format!("{} {} {associations} {}", version.subject, version.version, aliases.join(" "))
    }

    #[test]
    fn pages_of_any_filter_are_parts_of_the_same_listing() {
        let state = state();
        let mut counted = 0;
        for filter in filters() {
            let whole = expected(&state, &filter);
            for (offset, limit) in [(0, 99), (1, 2), (3, 99), (5, 1), (8, 4), (99, 1)] {
                for looks in [1, 2, 5, 99] {
                    let filter = SchemaFilter {
                        prefix: filter.prefix.clone(),
                        rule_type: filter.rule_type.clone(),
                        associations: filter.associations.as_ref().map(|wanted| AssociationFilter {
                            filter: Filter { resource_type: None, association_types: vec![], lifecycle: None },
                            lifecycles: vec![],
                            unassociated: wanted.unassociated,
                        }),
                        ..filter
                    };
                    let aliases =
                        if filter.aliases { aliases(&state, &filter.prefix).unwrap() } else { BTreeMap::new() };
                    let mut listing = listing(filter, aliases, offset, limit);
                    let (mut found, mut pieces) = (Vec::new(), 0);
                    while !listing.is_over() {
                        listing
                            .piece(&state, looks, &mut |state, item| {
                                let Listed { shown, aliases, associations } = item.listed(state)?;
                                found.push(show(&shown.stored, associations.len(), &aliases));
                                Ok(ControlFlow::Continue(()))
                            })
                            .unwrap();
                        pieces += 1;
                        assert!(pieces < 60, "it goes on for ever");
                    }
                    let page: Vec<String> = whole.iter().skip(offset).take(limit).cloned().collect();
                    assert_eq!(found, page, "{offset} {limit} {looks}");
                    counted += found.len();
                }
            }
        }
        assert!(counted > 1_000, "{counted}: the filters let hardly anything through");
    }
}
