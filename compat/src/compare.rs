//! Verdicts and their messages, for one existing version at a time. Which versions are compared, and in which order, is the
//! registry's to say; what is said about one of them is decided here, word for word as the reference says it.

use crate::{Direction, Finding, Parsed, Rule, Spent, Verdict, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType, Version};
use std::collections::HashSet;
use std::sync::Arc;

/// Compares a candidate with an existing schema in one direction.
///
/// # Errors
/// The work ended.
pub fn compare(
    direction: Direction,
    policy: CompatibilityPolicy,
    candidate: &Parsed,
    existing: &Parsed,
    work: &Work,
) -> Result<Verdict, Spent> {
    let findings = match direction {
        Direction::Backward => candidate.read(existing, direction, policy, work)?,
        Direction::Forward => existing.read(candidate, direction, policy, work)?,
    };
    Ok(findings.into())
}

/// The directions that a level checks, in the order in which their findings are told.
pub fn directions(level: CompatibilityLevel) -> impl Iterator<Item = Direction> {
    let forward = level.checks_forward().then_some(Direction::Forward);
    forward.into_iter().chain(level.checks_backward().then_some(Direction::Backward))
}

/// The verdicts about one existing version in all directions that a level checks.
#[derive(Clone, Default, Debug)]
pub struct Comparison {
    /// The number of the existing version; `None` where it has none to tell.
    version: Option<Version>,
    verdicts: Vec<Verdict>,
    /// The canonical text of the existing version, if the last direction found something.
    old_schema: Option<Arc<str>>,
}

impl Comparison {
    /// A comparison with a version, in which nothing is compared yet.
    pub fn with(version: Option<Version>) -> Self {
        Comparison { version, ..Comparison::default() }
    }

    /// Compares in all directions that the level checks.
    ///
    /// # Errors
    /// The work ended.
    pub fn of(
        level: CompatibilityLevel,
        policy: CompatibilityPolicy,
        candidate: &Parsed,
        existing: &Parsed,
        version: Option<Version>,
        work: &Work,
    ) -> Result<Self, Spent> {
        let mut comparison = Comparison::with(version);
        let (old, new) = (existing.schema_type(), candidate.schema_type());
        if old != new {
            comparison.differ_in_type(level, &old, &new);
            return Ok(comparison);
        }
        for direction in directions(level) {
            comparison.add(compare(direction, policy, candidate, existing, work)?, Some(existing.canonical()));
        }
        Ok(comparison)
    }

    /// Adds the verdict in the next direction of the level. `old_schema` is the canonical text of the existing version, needed
    /// where the verdict has findings: it is told after those of the last direction. A full check that fails only forward tells none.
    pub fn add(&mut self, verdict: Verdict, old_schema: Option<&Arc<str>>) {
        self.old_schema = old_schema.filter(|_| !verdict.is_compatible()).cloned();
        self.verdicts.push(verdict);
    }

    /// Finds that the schemas are of different languages, which is found once, whatever the directions.
    pub fn differ_in_type(&mut self, level: CompatibilityLevel, old: &SchemaType, new: &SchemaType) {
        if let Some(direction) = directions(level).last() {
            self.verdicts = vec![vec![Finding::different_type(direction, old.as_str(), new.as_str())].into()];
        }
    }

    /// The number of the existing version.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// Was nothing found?
    pub fn is_compatible(&self) -> bool {
        self.verdicts.iter().all(Verdict::is_compatible)
    }

    /// Can data flow in a direction, of those that were compared?
    pub fn allows(&self, direction: Direction) -> bool {
        self.findings().all(|finding| finding.direction != direction && finding.rule != Rule::DifferentType)
    }

    /// Everything found, in the order of the messages.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.verdicts.iter().flat_map(|verdict| verdict.findings())
    }

    /// The messages of the API; none means compatible.
    pub fn messages(&self) -> Vec<String> {
        let mut all: Vec<String> = self.findings().map(Finding::message).collect();
        if let Some(old_schema) = &self.old_schema {
            all.extend(self.version.map(|version| format!("{{oldSchemaVersion: {version}}}")));
            all.push(quoted(old_schema));
        }
        all
    }
}

/// How much of an old schema a message quotes, in UTF-16 units, as Java counts.
pub(crate) const LONGEST_OLD_SCHEMA: usize = 10_240;

fn quoted(canonical: &str) -> String {
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
