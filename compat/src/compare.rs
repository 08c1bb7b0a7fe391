//! Verdicts and their messages, for one existing version at a time. Which versions are compared, and in which order, is the
//! registry's to say; what is said about one of them is decided here, word for word as the reference says it.

use crate::{Direction, Finding, Parsed, Spent, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, Version};
use std::collections::HashSet;

/// Why data cannot flow in one direction; none means it can.
///
/// # Errors
/// The work ended.
pub fn findings(
    direction: Direction,
    policy: CompatibilityPolicy,
    candidate: &Parsed,
    existing: &Parsed,
    work: &Work,
) -> Result<Vec<Finding>, Spent> {
    match direction {
        Direction::Backward => candidate.read(existing, direction, policy, work),
        Direction::Forward => existing.read(candidate, direction, policy, work),
    }
}

/// The messages about one existing version; none means compatible at this level. `existing_version` is `None` where the
/// version has no number to tell.
///
/// # Errors
/// The work ended.
pub fn compare(
    level: CompatibilityLevel,
    policy: CompatibilityPolicy,
    candidate: &Parsed,
    existing: &Parsed,
    existing_version: Option<Version>,
    work: &Work,
) -> Result<Vec<String>, Spent> {
    if level == CompatibilityLevel::None {
        return Ok(Vec::new());
    }
    if candidate.schema_type() != existing.schema_type() {
        let (old, new) = (existing.schema_type(), candidate.schema_type());
        return Ok(vec![Finding::different_type(old.as_str(), new.as_str()).message()]);
    }
    let messages = |direction| -> Result<Vec<String>, Spent> {
        let found = findings(direction, policy, candidate, existing, work)?;
        Ok(found.iter().map(Finding::message).collect())
    };
    let mut all = if level.checks_forward() { messages(Direction::Forward)? } else { Vec::new() };
    // What follows the findings belongs to the last direction checked: a full check that fails only forward has none.
    let mut last_failed = !all.is_empty();
    if level.checks_backward() {
        let backward = messages(Direction::Backward)?;
        last_failed = !backward.is_empty();
        all.extend(backward);
    }
    if last_failed {
        if let Some(version) = existing_version {
            all.push(format!("{{oldSchemaVersion: {version}}}"));
        }
        all.push(old_schema(existing.canonical()));
    }
    Ok(all)
}

/// How much of an old schema a message quotes, in UTF-16 units, as Java counts.
pub(crate) const LONGEST_OLD_SCHEMA: usize = 10_240;

fn old_schema(canonical: &str) -> String {
    let mut units = 0;
    for (at, c) in canonical.char_indices() {
        units += c.len_utf16();
        if units > LONGEST_OLD_SCHEMA {
            return format!("{{oldSchema: <truncated> '{}...'}}", &canonical[..at]);
        }
    }
    format!("{{oldSchema: '{canonical}'}}")
}

/// The last message of a list that is not empty.
pub fn closing_message(validate_fields: bool, level: CompatibilityLevel) -> String {
    format!("{{validateFields: '{validate_fields}', compatibility: '{level}'}}")
}

/// The messages about reserved fields (`validateFields`). `previous` and `candidate` are the values of the metadata property
/// `confluent:reserved` of the newest version, if there is one, and of the candidate; `top_level_fields` are the candidate's.
pub fn reserved_field_messages(
    previous: Option<&str>,
    candidate: Option<&str>,
    top_level_fields: &[String],
) -> Vec<String> {
    let (before, now) = (reserved(previous), reserved(candidate));
    let (kept, fields): (HashSet<&str>, HashSet<&str>) =
        (now.iter().copied().collect(), top_level_fields.iter().map(String::as_str).collect());
    let removed = before.iter().filter(|name| !kept.contains(*name)).map(|name| {
        format!(
            "The new schema has reserved field {name} removed from its metadata which is present in the old schema's metadata."
        )
    });
    let taken = now.iter().filter(|name| fields.contains(*name));
    removed
        .chain(taken.map(|name| format!("The new schema has field that conflicts with the reserved field {name}.")))
        .collect()
}

/// The names of a comma-separated list, each once.
fn reserved(list: Option<&str>) -> Vec<&str> {
    let mut seen = HashSet::new();
    let names = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    names.filter(|name| seen.insert(*name)).collect()
}
