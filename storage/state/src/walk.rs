//! Walking through a listing: where what matches a prefix lies, and how to begin anywhere in it.

use crate::codec::Malformed;
use crate::codec::bytes::decode;
use crate::codec::key::{self, Range};
use crate::codec::value;
use crate::kv::{Direction, Kv, Table, edge};
use crate::{Begin, Error, Standing, StoredVersion, SubjectSummary, Subjects, tally};
use model::{Subject, SubjectPrefix, Version};
use std::ops::ControlFlow;

/// Where a table has what belongs to subjects.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// Of subjects whose qualified text begins so.
    pub beginning: fn(&str) -> Range,
    /// Of one subject.
    pub of: fn(&Subject) -> Range,
}

pub(crate) const SUBJECTS: Keys = Keys {
    beginning: key::subjects_beginning,
    of: |subject| (key::subject(subject), key::behind(key::subject(subject))),
};
const VERSIONS: Keys = Keys { beginning: key::versions_beginning, of: key::versions };
pub(crate) const CONFIGS: Keys =
    Keys { beginning: key::configs_beginning, of: |scope| (key::config(scope), key::behind(key::config(scope))) };
pub(crate) const MODES: Keys =
    Keys { beginning: key::modes_beginning, of: |scope| (key::mode(scope), key::behind(key::mode(scope))) };

/// Visits the ranges of a table in which everything lies that is of these subjects and nothing else does, ascending. Subjects of
/// named contexts (`:.ctx:name`) lie together in the middle of those of the default context, so a listing of one does not
/// walk through the other; nor does one of a name in every context walk through other names.
pub(crate) fn ranges(
    kv: &(impl Kv + ?Sized),
    subjects: Subjects<'_>,
    keys: Keys,
    visit: &mut dyn FnMut(Range) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    match subjects {
        Subjects::One(subject) => visit((keys.of)(subject)).map(drop),
        Subjects::Matching(prefix) => matching(kv, prefix, keys.beginning, visit),
        Subjects::EachOf(several) => {
            let mut found = Vec::new();
            for subjects in several {
                ranges(kv, *subjects, keys, &mut |range| {
                    found.push(range);
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            found.sort_unstable();
            let mut seen = Vec::new();
            for (start, end) in found {
                if end <= seen {
                    continue;
                }
                let start = start.max(std::mem::replace(&mut seen, end.clone()));
                if visit((start, end))?.is_break() {
                    break;
                }
            }
            Ok(())
        }
    }
}

fn matching(
    kv: &(impl Kv + ?Sized),
    prefix: &SubjectPrefix,
    beginning: fn(&str) -> Range,
    visit: &mut dyn FnMut(Range) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let named = beginning(":.");
    match prefix {
        SubjectPrefix::Qualified(prefix) => visit(beginning(prefix)).map(drop),
        SubjectPrefix::EveryContext(prefix) if prefix.is_empty() => visit(beginning("")).map(drop),
        SubjectPrefix::DefaultContext(prefix) => {
            let (before, after) = unnamed(&named, beginning(prefix));
            for range in before.into_iter().chain(after) {
                if visit(range)?.is_break() {
                    break;
                }
            }
            Ok(())
        }
        SubjectPrefix::EveryContext(prefix) => {
            let (before, after) = unnamed(&named, beginning(prefix));
            if let Some(range) = before
                && visit(range)?.is_break()
            {
                return Ok(());
            }
            let mut rest = named;
            while let Some(context) = first_context(kv, &rest)? {
                if visit(beginning(&(context.clone() + prefix)))?.is_break() {
                    return Ok(());
                }
                rest.0 = beginning(&context).1;
            }
            after.map_or(Ok(()), |range| visit(range).map(drop))
        }
    }
}

/// The parts of a range before and after the named contexts.
fn unnamed(named: &Range, range: Range) -> (Option<Range>, Option<Range>) {
    let there = |range: Range| (range.0 < range.1).then_some(range);
    let before = (range.0.clone(), range.1.clone().min(named.0.clone()));
    let after = (range.0.max(named.1.clone()), range.1);
    (there(before), there(after))
}

/// The context of the first key of a range, as it stands in front of names.
fn first_context(kv: &(impl Kv + ?Sized), range: &Range) -> Result<Option<String>, Error> {
    let first = edge(kv, range, Direction::Up)?;
    Ok(first.map(|key| key::context_of(&key)).transpose()?.map(|context| context.qualified()))
}

/// Visits those of some subjects that stand so, from a place on.
pub(crate) fn subjects(
    kv: &(impl Kv + ?Sized),
    subjects: Subjects<'_>,
    standing: Standing,
    begin: Begin<&Subject>,
    visit: &mut dyn FnMut(Subject, SubjectSummary) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut walk = Walk { kv, standing, begin: BeginKey::of(begin, key::subject) };
    ranges(kv, subjects, SUBJECTS, &mut |range| {
        walk.through(range, &mut |key, bytes| {
            let summary: SubjectSummary = decode(bytes)?;
            if !standing.admits(summary.live > 0) {
                return Ok(ControlFlow::Continue(()));
            }
            Ok(visit(key::take_subject(key)?, summary))
        })
    })
}

/// Visits those versions of some subjects that stand so, from a place on.
pub(crate) fn versions(
    kv: &(impl Kv + ?Sized),
    subjects: Subjects<'_>,
    standing: Standing,
    begin: Begin<(&Subject, Version)>,
    visit: &mut dyn FnMut(StoredVersion) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut walk =
        Walk { kv, standing, begin: BeginKey::of(begin, |(subject, version)| key::version(subject, version)) };
    ranges(kv, subjects, VERSIONS, &mut |range| {
        walk.through(range, &mut |key, bytes| {
            if !standing.admits(!value::is_deleted(bytes)?) {
                return Ok(ControlFlow::Continue(()));
            }
            let (subject, version) = key::take_version(key)?;
            Ok(visit(value::take_version(subject, version, bytes)?))
        })
    })
}

/// Visits the numbers of versions of a subject from 1 on, those alone that stand so, from a place on.
pub(crate) fn numbers(
    kv: &(impl Kv + ?Sized),
    subject: &Subject,
    standing: Standing,
    begin: Begin<Version>,
    visit: &mut dyn FnMut(Version, bool) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut walk = Walk { kv, standing, begin: BeginKey::of(begin, |version| key::version(subject, version)) };
    let whole = walk.through(key::numbered_versions(subject), &mut |key, bytes| {
        let deleted = value::is_deleted(bytes)?;
        if !standing.admits(!deleted) {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(visit(key::take_version(key)?.1, deleted))
    });
    whole.map(drop)
}

/// What of a range lies behind a key.
pub(crate) fn behind(range: Range, key: Option<Vec<u8>>) -> Range {
    match key.map(key::behind) {
        Some(start) if start > range.0 => (start, range.1),
        _ => range,
    }
}

/// Where to begin, in keys.
enum BeginKey {
    Skipping(u64),
    Behind(Vec<u8>),
}

impl BeginKey {
    fn of<T>(begin: Begin<T>, key: impl FnOnce(T) -> Vec<u8>) -> Self {
        match begin {
            Begin::Skipping(count) => BeginKey::Skipping(count),
            Begin::Behind(item) => BeginKey::Behind(key(item)),
        }
    }
}

/// Is shown key and bytes of each entry.
type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Malformed> + 'a;

/// A walk through one range after the other.
struct Walk<'a, K: ?Sized> {
    kv: &'a K,
    standing: Standing,
    begin: BeginKey,
}

impl<K: Kv + ?Sized> Walk<'_, K> {
    /// Visits the entries of a range from the place on. Tells whether the visitor broke off.
    fn through(&mut self, range: Range, visit: &mut Visit<'_>) -> Result<ControlFlow<()>, Error> {
        let range = match &mut self.begin {
            BeginKey::Behind(key) => behind(range, Some(key.clone())),
            BeginKey::Skipping(count) => match tally::seek(self.kv, &range, self.standing, count)? {
                Some(start) => (start, range.1),
                None => return Ok(ControlFlow::Continue(())),
            },
        };
        if range.0 >= range.1 {
            return Ok(ControlFlow::Continue(()));
        }
        let mut outcome = Ok(ControlFlow::Continue(()));
        self.kv.scan(Table::State, &range, Direction::Up, &mut |key, bytes| {
            outcome = visit(key, bytes);
            *outcome.as_ref().unwrap_or(&ControlFlow::Break(()))
        })?;
        Ok(outcome?)
    }
}
