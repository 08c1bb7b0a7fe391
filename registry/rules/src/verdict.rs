//! The compatibility verdict on a candidate against versions of a subject, by level, policy and group.

use super::config::InScope;
use super::equivalence::Candidate;
use super::knowledge::{Knowledge, Stop};
use model::{CompatibilityLevel, CompatibilityPolicy, Metadata};
use state::{State, StoredVersion};

const RESERVED_PROPERTY: &str = "confluent:reserved";

/// The messages of comparing a candidate with existing versions (ascending); none means compatible.
///
/// Only versions of the candidate's group count; a level that is not transitive compares with the newest of them; a
/// transitive one goes from the newest to the oldest and stops at the first that yields a message.
///
/// With `validateFields` the reserved fields are checked as well, whatever the level, also of the first version of a subject:
/// against those of `latest`, its newest undeleted version, of whichever group.
///
/// # Errors
/// Those of the store; an existing version that cannot be parsed; `Missing` in the writer.
pub fn messages(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    candidate: &Candidate,
    latest: Option<&StoredVersion>,
    existing: &[StoredVersion],
    config: &InScope,
) -> Result<Vec<String>, Stop> {
    let level = config.level;
    let policy = config.config.compatibility_policy.unwrap_or(CompatibilityPolicy::Strict);
    let validate_fields = config.config.validate_fields.unwrap_or(false);
    let group = config.config.compatibility_group.as_deref();
    let comparable: Vec<&StoredVersion> =
        existing.iter().filter(|stored| same_group(group, candidate, stored)).collect();

    let mut messages = Vec::new();
    if validate_fields {
        messages.extend(compat::reserved_field_messages(
            latest.and_then(|latest| reserved(latest.metadata.as_ref())),
            reserved(candidate.content.metadata.as_ref()),
            &candidate.schema.parsed.top_level_fields(),
        ));
    }
    if level != CompatibilityLevel::None {
        let depth = if level.is_transitive() { comparable.len() } else { 1 };
        for stored in comparable.iter().rev().take(depth) {
            knowledge.work().spend(1)?;
            let found = knowledge.compare(state, &candidate.schema, stored, level, policy)?;
            if !found.is_empty() {
                messages.extend(found);
                break;
            }
        }
    }
    if !messages.is_empty() {
        messages.push(compat::closing_message(validate_fields, level));
    }
    Ok(messages)
}

fn same_group(group: Option<&str>, candidate: &Candidate, stored: &StoredVersion) -> bool {
    let Some(group) = group else { return true };
    let value = |metadata: Option<&Metadata>| metadata.and_then(|m| m.properties.get(group).cloned());
    value(candidate.content.metadata.as_ref()) == value(stored.metadata.as_ref())
}

fn reserved(metadata: Option<&Metadata>) -> Option<&str> {
    metadata?.properties.get(RESERVED_PROPERTY).map(String::as_str)
}
