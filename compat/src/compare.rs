//! Verdicts and their messages, for one existing version at a time. Which versions are compared, and in which order, is the
//! registry's to say; what is said about one of them is decided here, word for word as the reference says it.

use crate::{Parsed, Spent, Work, avro};
use model::{CompatibilityLevel, CompatibilityPolicy, Version};
use std::collections::HashSet;

/// Which way data flows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// The candidate reads what the existing schema wrote.
    Backward,
    /// The existing schema reads what the candidate wrote.
    Forward,
}

/// What messages call the reader's and the writer's schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    /// The reader: `new` if the candidate reads.
    pub reader: &'static str,
    /// The writer.
    pub writer: &'static str,
}

impl Direction {
    /// The words of messages in this direction.
    pub fn words(self) -> Words {
        match self {
            Self::Backward => Words { reader: "new", writer: "old" },
            Self::Forward => Words { reader: "old", writer: "new" },
        }
    }
}

/// A reason why data cannot flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// The schemas are of different languages.
    DifferentType,
    /// An Avro reader cannot read the writer.
    Avro(avro::Finding),
    /// The comparison itself failed.
    Abandoned {
        /// Why.
        reason: String,
    },
}

impl Finding {
    /// The message of the API.
    pub fn message(&self, direction: Direction) -> String {
        match self {
            Self::DifferentType => "Incompatible because of different schema type".to_owned(),
            Self::Avro(finding) => finding.message(direction.words()),
            Self::Abandoned { reason } => format!("Unexpected exception during compatibility check: {reason}"),
        }
    }
}

/// Why data cannot flow in one direction; none means it can.
///
/// # Errors
/// The work ended.
pub fn findings(
    direction: Direction,
    candidate: &Parsed,
    existing: &Parsed,
    work: &Work,
) -> Result<Vec<Finding>, Spent> {
    let (reader, writer) = match direction {
        Direction::Backward => (candidate, existing),
        Direction::Forward => (existing, candidate),
    };
    match (reader, writer) {
        (Parsed::Avro(reader), Parsed::Avro(writer)) => match avro::check(reader, writer, work) {
            Ok(findings) => Ok(findings.into_iter().map(Finding::Avro).collect()),
            Err(avro::Abandoned::Ambiguous(reason)) => Ok(vec![Finding::Abandoned { reason }]),
            Err(avro::Abandoned::TooMuch) => {
                Ok(vec![Finding::Abandoned { reason: "The schemas have too many types to compare".to_owned() }])
            }
            Err(avro::Abandoned::Spent(spent)) => Err(spent),
        },
    }
}

/// The messages about one existing version; none means compatible at this level. `existing_version` is `None` where the
/// version has no number to tell.
///
/// # Errors
/// The work ended.
pub fn compare(
    level: CompatibilityLevel,
    _policy: CompatibilityPolicy,
    candidate: &Parsed,
    existing: &Parsed,
    existing_version: Option<Version>,
    work: &Work,
) -> Result<Vec<String>, Spent> {
    if level == CompatibilityLevel::None {
        return Ok(Vec::new());
    }
    if candidate.schema_type() != existing.schema_type() {
        return Ok(vec![Finding::DifferentType.message(Direction::Backward)]);
    }
    let messages = |direction| -> Result<Vec<String>, Spent> {
        let found = findings(direction, candidate, existing, work)?;
        Ok(found.iter().map(|finding| finding.message(direction)).collect())
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
