//! Registering a schema: what is already there, what may be written, under which version and id.
//!
//! The order of the steps is that of the Confluent API and shows in its answers: an identical version wins over mode and
//! compatibility; compatibility comes before the version number; nothing is written unless everything holds.

use super::candidate::{Described, Wanted, lookup_candidate, populate, prepare};
use super::config::{self, InScope};
use super::equivalence::{Candidate, equivalent};
use super::find::{self, Deleted, Found};
use super::knowledge::{Knowledge, Normalize, Stop};
use super::{association, ids, rule_set, tagging, verdict};
use crate::content;
use crate::fault::{Fault, Scope};
use model::{
    CompatibilityLevel, Content, Guid, Hashes, Mode, Record, RegistryRecord, SchemaId, SchemaRecord, Subject, Version,
};
use state::{State, StoredVersion, SubjectSummary};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Skip the compatibility check?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Force {
    /// No.
    No,
    /// Yes (`force=true`).
    Yes,
}

/// A registration.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where.
    pub subject: Subject,
    /// What.
    pub schema: Described,
    /// `normalize=true` in the request; config may ask for it as well.
    pub normalize: bool,
    /// Skip the compatibility check?
    pub force: Force,
    /// The server's default level.
    pub default_level: CompatibilityLevel,
}

/// What a registration comes to.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The version's id.
    pub id: SchemaId,
    /// Its number.
    pub version: Version,
    /// Its content hash.
    pub guid: Guid,
    /// Its content.
    pub content: Arc<Content>,
    /// Time and state, where the answer shows a stored version rather than the request.
    pub stored: Option<(i64, bool)>,
}

/// The outcome with what is to be written; no records when the version was already there.
pub struct Plan {
    /// The answer.
    pub answer: Registered,
    /// What to write.
    pub records: Vec<Record>,
}

/// Decides a registration.
///
/// # Errors
/// `Stop::Fault` with the refusal; `Stop::NotPrecomputed` in the writer.
pub fn plan(state: &dyn State, knowledge: &dyn Knowledge, request: &Registration) -> Result<Plan, Stop> {
    let subject = &request.subject;
    request.schema.rule_set.iter().try_for_each(rule_set::check)?;
    let scope = config::in_scope(state, subject, request.default_level)?;
    let normalize = scope.normalize(request.normalize);
    let summary = state.subject(subject)?.unwrap_or_default();

    let latest = summary.latest.map(|version| state.version(subject, version)).transpose()?.flatten();
    let looked_for = match already_there(state, knowledge, request, &scope, normalize, summary, latest.as_ref())? {
        Before::There(answer) => return Ok(Plan { answer, records: vec![] }),
        Before::Absent(looked_for) => looked_for,
    };
    let requested = tagging::edited(state, knowledge, subject, &request.schema)?;
    let mode = config::mode_in_scope(state, subject)?;
    check_mode(mode, subject, requested.id)?;

    let next = || next_version(summary);
    let described = if mode.takes_explicit_ids() {
        requested
    } else {
        let populated = populate(state, &requested, latest.as_ref(), &scope, next()?)?;
        tagging::propagated(state, knowledge, subject, Cow::Owned(populated), latest.as_ref())?
    };
    let candidate = prepare(state, knowledge, subject, &described, &scope, mode, normalize)?;
    let referred: BTreeSet<&str> = candidate.content.references.iter().map(|r| r.subject.as_str()).collect();
    for target in referred {
        knowledge.work().spend(content::READ)?;
        association::check_referable(state, &subject.sibling(target))?;
    }

    // Metadata that was filled in can make of the request what is there already. What was looked for before is not again.
    if described.version == Wanted::Any
        && summary.live > 0
        && looked_for.as_ref() != Some(&candidate.content)
        && let Some(found) = find::find(state, knowledge, subject, &candidate, described.id, Deleted::Ignore)?
    {
        return Ok(Plan { answer: found_answer(state, found, &candidate)?, records: vec![] });
    }
    if !mode.takes_explicit_ids() && request.force == Force::No {
        let comparable = comparable(state, knowledge, subject, &scope, latest.as_ref())?;
        let outcome = verdict::check(state, knowledge, &candidate, latest.as_ref(), &comparable, &scope)?;
        if !outcome.is_compatible() {
            return Err(Fault::Incompatible(subject.clone(), Box::new(outcome)).into());
        }
    }
    let version = match described.version {
        Wanted::Exactly(version) if mode.takes_explicit_ids() => version,
        Wanted::Exactly(version) if version != next()? => {
            return Err(invalid("Version is not one more than previous version"));
        }
        Wanted::Exactly(_) | Wanted::Any | Wanted::Latest | Wanted::Next => next()?,
    };
    let guid = knowledge.guid(&candidate.content);
    let shared =
        ids::shared(state, subject, &candidate, guid)?.filter(|shared| described.id.is_none_or(|id| id == *shared));
    let mut records = Vec::new();
    let id = match shared.or(described.id) {
        Some(id) => {
            // What is shared is held by this very content.
            if shared.is_none() {
                ids::check_overwrite(state, subject, id, &candidate)?;
            }
            ids::check_version(state, subject, version, id, &candidate)?;
            records.extend(superseded(state, subject, summary, id, version)?);
            id
        }
        None => ids::next(state, subject.context())?,
    };
    if !subject.context().is_default() && !state.has_context(subject.context())? {
        records.insert(0, registry(RegistryRecord::Context { context: subject.context().clone(), exists: true }));
    }
    records.push(registry(RegistryRecord::Schema(SchemaRecord {
        subject: subject.clone(),
        version,
        id,
        content: Arc::clone(&candidate.content),
        deleted: false,
        hashes: Some(Hashes { text: candidate.schema.text.0, guid, fingerprint: Some(candidate.schema.fingerprint) }),
    })));
    let answer = Registered { id, version, guid, content: candidate.content, stored: None };
    Ok(Plan { answer, records })
}

/// What the idempotency check found.
enum Before {
    /// The version is there.
    There(Registered),
    /// It is not; this content was looked for among all versions.
    Absent(Option<Arc<Content>>),
}

/// The idempotency check that precedes every other: an undeleted version with this content is the answer in every mode.
fn already_there(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    request: &Registration,
    scope: &InScope,
    normalize: Normalize,
    summary: SubjectSummary,
    latest: Option<&StoredVersion>,
) -> Result<Before, Stop> {
    let sent = &request.schema;
    if summary.live == 0 || scope.fills_in() || !sent.tagging.edits.is_empty() || sent.text.trim().is_empty() {
        return Ok(Before::Absent(None));
    }
    let described = match tagging::propagated(state, knowledge, &request.subject, Cow::Borrowed(sent), latest) {
        Err(Stop::Fault(Fault::InvalidSchema(_))) => return Ok(Before::Absent(None)),
        described => described?,
    };
    let Some(candidate) = lookup_candidate(state, knowledge, &request.subject, &described, normalize)? else {
        return Ok(Before::Absent(None));
    };
    let (found, looked_for) = match (described.version, summary.latest) {
        (Wanted::Latest, Some(latest)) => {
            (version_if_equal(state, knowledge, &request.subject, latest, &candidate)?, None)
        }
        // A version that is named is there only under the id that goes with it.
        (Wanted::Exactly(version), _) if described.id.is_some() => {
            (version_if_equal(state, knowledge, &request.subject, version, &candidate)?, None)
        }
        (Wanted::Exactly(_) | Wanted::Next, _) => (None, None),
        (Wanted::Any | Wanted::Latest, _) => {
            let found = find::find(state, knowledge, &request.subject, &candidate, described.id, Deleted::Ignore)?;
            (found, Some(Arc::clone(&candidate.content)))
        }
    };
    Ok(match found.filter(|found| described.id.is_none_or(|id| id == found.stored().id)) {
        Some(found) => Before::There(found_answer(state, found, &candidate)?),
        None => Before::Absent(looked_for),
    })
}

/// An exact match echoes the request, an equivalent one shows what is stored.
fn found_answer(state: &dyn State, found: Found, candidate: &Candidate) -> Result<Registered, Stop> {
    let of = |stored: &StoredVersion, content: Arc<Content>, shown: Option<(i64, bool)>| Registered {
        id: stored.id,
        version: stored.version,
        guid: stored.guid,
        content,
        stored: shown,
    };
    Ok(match found {
        Found::Exact(stored) => of(&stored, Arc::clone(&candidate.content), None),
        Found::Equivalent(stored) => {
            let content = Arc::new(content::content(state, &stored)?);
            of(&stored, content, Some((stored.at, stored.deleted)))
        }
    })
}

/// The undeleted versions that a verdict can need, ascending: the latest alone unless the level or a group asks for more.
fn comparable(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    scope: &InScope,
    latest: Option<&StoredVersion>,
) -> Result<Vec<StoredVersion>, Stop> {
    if scope.level.is_transitive() || scope.config.compatibility_group.is_some() {
        undeleted(state, knowledge, subject)
    } else {
        Ok(latest.into_iter().cloned().collect())
    }
}

/// All undeleted versions, ascending.
///
/// # Errors
/// `Spent`, those of the store.
pub fn undeleted(state: &dyn State, knowledge: &dyn Knowledge, subject: &Subject) -> Result<Vec<StoredVersion>, Stop> {
    let versions = state.subject(subject)?.unwrap_or_default().versions;
    knowledge.work().spend(versions as usize * content::LISTED)?;
    Ok(state.versions(subject)?.into_iter().filter(|version| !version.deleted).collect())
}

/// Soft-deleted versions of the subject that hold the id are replaced by the new one, unless something refers to them.
fn superseded(
    state: &dyn State,
    subject: &Subject,
    summary: SubjectSummary,
    id: SchemaId,
    version: Version,
) -> Result<Vec<Record>, Stop> {
    let mut records = Vec::new();
    if summary.live == summary.versions {
        return Ok(records);
    }
    let mut holding = Vec::new();
    state.holders_in(subject, id, &mut |held| {
        holding.push(held);
        ControlFlow::Continue(())
    })?;
    for old in holding.into_iter().rev().filter(|held| *held != version) {
        let deleted = state.version(subject, old)?.is_some_and(|old| old.deleted);
        if deleted && !state.is_referred_to(subject, old, &|_| true)? {
            records.push(registry(RegistryRecord::SchemaTombstone { subject: subject.clone(), version: old }));
        }
    }
    Ok(records)
}

fn version_if_equal(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    version: Version,
    candidate: &Candidate,
) -> Result<Option<Found>, Stop> {
    let Some(stored) = state.version(subject, version)?.filter(|stored| !stored.deleted) else { return Ok(None) };
    if candidate.is_content_of(&stored) {
        return Ok(Some(Found::Exact(stored)));
    }
    Ok(equivalent(state, knowledge, candidate, &stored)?.then_some(Found::Equivalent(stored)))
}

fn check_mode(mode: Mode, subject: &Subject, id: Option<SchemaId>) -> Result<(), Fault> {
    let scope = || Scope::Subject(subject.clone());
    match (mode, id) {
        (mode, _) if mode.is_read_only() => Err(Fault::ReadOnly(scope())),
        (Mode::Import | Mode::Forward, None) => Err(Fault::NotInReadWriteMode(scope())),
        (Mode::ReadWrite, Some(_)) => Err(Fault::NotInImportMode(scope())),
        _ => Ok(()),
    }
}

fn next_version(summary: SubjectSummary) -> Result<Version, Fault> {
    summary
        .highest
        .max(0)
        .checked_add(1)
        .ok_or_else(|| Fault::InvalidSchema("The subject has no version number left".into()))
}

fn registry(record: RegistryRecord) -> Record {
    Record::Registry(record)
}

fn invalid(message: &str) -> Stop {
    Stop::Fault(Fault::InvalidSchema(message.to_owned()))
}
