//! The compatibility verdict on a candidate against versions of a subject, by level, policy and group.

use super::config::InScope;
use super::equivalence::Candidate;
use super::knowledge::{Knowledge, Stop};
use super::told::FindingList;
use compat::Comparison;
use model::{CompatibilityLevel, CompatibilityPolicy, Metadata};
use state::{State, StoredVersion};

/// The property of metadata that lists, with commas, the fields that a schema may not have.
pub const RESERVED_PROPERTY: &str = "confluent:reserved";

/// What a check came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    level: CompatibilityLevel,
    validate_fields: bool,
    /// What is said about reserved fields.
    reserved: Vec<String>,
    /// The comparison with the one version that the candidate is not compatible with.
    comparison: Option<Comparison>,
    /// The first of what was found.
    pub told: FindingList,
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
    let (level, policy) = (config.level, policy(config));
    let validate_fields = config.config.validate_fields.unwrap_or(false);
    let reserved = reserved_messages(candidate, latest, config);
    let told = FindingList::default();
    let mut outcome = Outcome { level, validate_fields, reserved, comparison: None, told };
    if level != CompatibilityLevel::None {
        let depth = if level.is_transitive() { existing.len() } else { 1 };
        for stored in comparable(candidate, existing, config).take(depth) {
            knowledge.work().spend(1)?;
            let comparison = compare(state, knowledge, candidate, stored, level, policy)?;
            if !comparison.is_compatible() {
                outcome.told.add(&comparison);
                outcome.comparison = Some(comparison);
                break;
            }
        }
    }
    Ok(outcome)
}

/// The policy in force.
pub fn policy(config: &InScope) -> CompatibilityPolicy {
    config.config.compatibility_policy.unwrap_or(CompatibilityPolicy::Strict)
}

/// What is said about reserved fields, if they are looked at.
pub fn reserved_messages(candidate: &Candidate, latest: Option<&StoredVersion>, config: &InScope) -> Vec<String> {
    if !config.config.validate_fields.unwrap_or(false) {
        return Vec::new();
    }
    compat::reserved_field_messages(
        latest.and_then(|latest| reserved(latest.metadata.as_ref())),
        reserved(candidate.content.metadata.as_ref()),
        &candidate.schema.parsed.top_level_fields(),
    )
}

/// The versions of the candidate's group, the newest first.
pub fn comparable<'v>(
    candidate: &Candidate,
    existing: &'v [StoredVersion],
    config: &InScope,
) -> impl Iterator<Item = &'v StoredVersion> {
    let group = config.config.compatibility_group.as_deref();
    existing.iter().rev().filter(move |stored| same_group(group, candidate, stored))
}

/// Compares a candidate with one version, in the directions of a level.
///
/// # Errors
/// As `check`.
pub fn compare(
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
