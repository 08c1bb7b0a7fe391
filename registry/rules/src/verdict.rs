//! The compatibility verdict on a candidate against versions of a subject, by level, policy and group.

use super::config::InScope;
use super::equivalence::Candidate;
use super::knowledge::{Knowledge, Stop};
use compat::{Comparison, Finding, Place, Spent, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, Metadata, SchemaType, Version};
use state::{State, StoredVersion};

const RESERVED_PROPERTY: &str = "confluent:reserved";

/// How many findings are told one by one, with their places; the messages tell more.
pub const MOST_TOLD: usize = 50;

/// What a check came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    level: CompatibilityLevel,
    validate_fields: bool,
    /// What is said about reserved fields.
    reserved: Vec<String>,
    /// The comparison with the one version that the candidate is not compatible with.
    comparison: Option<Comparison>,
    /// Where the findings are in the text that was sent, once that was looked up.
    places: Vec<Option<Place>>,
}

/// A finding that is told by itself.
#[derive(Clone, Copy, Debug)]
pub struct Told<'o> {
    /// What was found.
    pub finding: &'o Finding,
    /// The version that the candidate was compared with.
    pub version: Option<Version>,
    /// Where it is in the text that was sent.
    pub place: Option<Place>,
}

impl Outcome {
    /// Is the candidate compatible?
    pub fn is_compatible(&self) -> bool {
        self.reserved.is_empty() && self.comparison.is_none()
    }

    /// The messages of the API; none means compatible.
    pub fn messages(&self) -> Vec<String> {
        let mut messages = self.reserved.clone();
        messages.extend(self.comparison.iter().flat_map(Comparison::messages));
        if !messages.is_empty() {
            messages.push(compat::closing_message(self.validate_fields, self.level));
        }
        messages
    }

    /// The first findings.
    pub fn told(&self) -> impl Iterator<Item = Told<'_>> {
        let version = self.comparison.as_ref().and_then(Comparison::version);
        let place = |at: usize| self.places.get(at).copied().flatten();
        self.findings().enumerate().map(move |(at, finding)| Told { finding, version, place: place(at) })
    }

    /// Looks up where the findings are in the text that was sent.
    ///
    /// # Errors
    /// The work ended.
    pub fn places(&self, schema_type: &SchemaType, text: &str, work: &Work) -> Result<Vec<Option<Place>>, Spent> {
        let paths: Vec<Option<&str>> = self.findings().map(|finding| finding.new.path.as_deref()).collect();
        let known: Vec<&str> = paths.iter().copied().flatten().collect();
        if known.is_empty() || text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let mut found = compat::locate(schema_type, text, &known, work)?.into_iter();
        Ok(paths.iter().map(|path| path.and_then(|_| found.next().flatten())).collect())
    }

    /// Takes the places that were looked up.
    pub fn locate(&mut self, places: Vec<Option<Place>>) {
        self.places = places;
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.comparison.iter().flat_map(Comparison::findings).take(MOST_TOLD)
    }
}

/// Compares a candidate with existing versions (ascending).
///
/// Only versions of the candidate's group count; a level that is not transitive compares with the newest of them; a
/// transitive one goes from the newest to the oldest and stops at the first with which the candidate is not compatible.
///
/// With `validateFields` the reserved fields are checked as well, whatever the level, also of the first version of a subject:
/// against those of `latest`, its newest undeleted version, of whichever group.
///
/// # Errors
/// Those of the store; an existing version that cannot be parsed; `NotPrecomputed` in the writer.
pub fn check(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    candidate: &Candidate,
    latest: Option<&StoredVersion>,
    existing: &[StoredVersion],
    config: &InScope,
) -> Result<Outcome, Stop> {
    let level = config.level;
    let policy = config.config.compatibility_policy.unwrap_or(CompatibilityPolicy::Strict);
    let validate_fields = config.config.validate_fields.unwrap_or(false);
    let group = config.config.compatibility_group.as_deref();
    let comparable: Vec<&StoredVersion> =
        existing.iter().filter(|stored| same_group(group, candidate, stored)).collect();

    let reserved = if validate_fields {
        compat::reserved_field_messages(
            latest.and_then(|latest| reserved(latest.metadata.as_ref())),
            reserved(candidate.content.metadata.as_ref()),
            &candidate.schema.parsed.top_level_fields(),
        )
    } else {
        Vec::new()
    };
    let mut outcome = Outcome { level, validate_fields, reserved, comparison: None, places: Vec::new() };
    if level != CompatibilityLevel::None {
        let depth = if level.is_transitive() { comparable.len() } else { 1 };
        for stored in comparable.iter().rev().take(depth) {
            knowledge.work().spend(1)?;
            let comparison = compare(state, knowledge, candidate, stored, level, policy)?;
            if !comparison.is_compatible() {
                outcome.comparison = Some(comparison);
                break;
            }
        }
    }
    Ok(outcome)
}

/// Compares a candidate with one version, in the directions of a level.
fn compare(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    candidate: &Candidate,
    stored: &StoredVersion,
    level: CompatibilityLevel,
    policy: CompatibilityPolicy,
) -> Result<Comparison, Stop> {
    let mut comparison = Comparison::with(Some(stored.version));
    let new = candidate.schema.parsed.schema_type();
    if new != stored.schema_type {
        comparison.differ_in_type(level, &stored.schema_type, &new);
        return Ok(comparison);
    }
    for direction in compat::directions(level) {
        let compared = knowledge.compare(state, &candidate.schema, stored, direction, policy)?;
        comparison.add(compared.verdict, compared.old_schema.as_ref());
    }
    Ok(comparison)
}

fn same_group(group: Option<&str>, candidate: &Candidate, stored: &StoredVersion) -> bool {
    let Some(group) = group else { return true };
    let value = |metadata: Option<&Metadata>| metadata.and_then(|m| m.properties.get(group).cloned());
    value(candidate.content.metadata.as_ref()) == value(stored.metadata.as_ref())
}

fn reserved(metadata: Option<&Metadata>) -> Option<&str> {
    metadata?.properties.get(RESERVED_PROPERTY).map(String::as_str)
}
