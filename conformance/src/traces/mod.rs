//! The recorded half of the contract: what a running Confluent Schema Registry answered, replayed against another one.
//!
//! A recording is a sequence on an empty registry: ids start at 1, later answers depend on earlier requests. So a pair that a
//! registry cannot answer yet cannot just be dropped. `coverage.toml` lists, with reasons, the pairs left out *together with
//! those that depend on them*, and requests that stand in for some; what that does to the ids that follow is computed
//! from the recording (`ids`), so the expected ids stay exact.

mod coverage;
mod deviations;
mod ids;
mod judge;
mod recording;
mod replay;

pub use coverage::{Coverage, Left};
pub use deviations::{Deviation, Deviations};
pub use recording::{Pair, Recorded, Trace};
pub use replay::{replay, replay_with};

/// Name and text of every recording in `traces/`.
const FILES: &[(&str, &str)] = &[
    ("aliases", include_str!("../../traces/aliases.jsonl")),
    ("associations", include_str!("../../traces/associations.jsonl")),
    ("avro_invalid", include_str!("../../traces/avro_invalid.jsonl")),
    ("bodies", include_str!("../../traces/bodies.jsonl")),
    ("by_id", include_str!("../../traces/by_id.jsonl")),
    ("canonical_texts", include_str!("../../traces/canonical_texts.jsonl")),
    ("compat_groups", include_str!("../../traces/compat_groups.jsonl")),
    ("compat_matrix", include_str!("../../traces/compat_matrix.jsonl")),
    ("config_effect", include_str!("../../traces/config_effect.jsonl")),
    ("config_levels", include_str!("../../traces/config_levels.jsonl")),
    ("contexts", include_str!("../../traces/contexts.jsonl")),
    ("dek_registry", include_str!("../../traces/dek_registry.jsonl")),
    ("delete_matrix", include_str!("../../traces/delete_matrix.jsonl")),
    ("delete_sequences", include_str!("../../traces/delete_sequences.jsonl")),
    ("empty_names", include_str!("../../traces/empty_names.jsonl")),
    ("guids", include_str!("../../traces/guids.jsonl")),
    ("import_mode", include_str!("../../traces/import_mode.jsonl")),
    ("large_body", include_str!("../../traces/large_body.jsonl")),
    ("listings", include_str!("../../traces/listings.jsonl")),
    ("logical_format", include_str!("../../traces/logical_format.jsonl")),
    ("lookup", include_str!("../../traces/lookup.jsonl")),
    ("metadata", include_str!("../../traces/metadata.jsonl")),
    ("modes", include_str!("../../traces/modes.jsonl")),
    ("negotiation", include_str!("../../traces/negotiation.jsonl")),
    ("odd_paths", include_str!("../../traces/odd_paths.jsonl")),
    ("old_identical", include_str!("../../traces/old_identical.jsonl")),
    ("references", include_str!("../../traces/references.jsonl")),
    ("register_basic", include_str!("../../traces/register_basic.jsonl")),
    ("root_and_unknown", include_str!("../../traces/root_and_unknown.jsonl")),
    ("rule_sets", include_str!("../../traces/rule_sets.jsonl")),
    ("tags", include_str!("../../traces/tags.jsonl")),
    ("validate_fields", include_str!("../../traces/validate_fields.jsonl")),
    ("version_paths", include_str!("../../traces/version_paths.jsonl")),
    ("worked", include_str!("../../traces/worked.jsonl")),
];

/// `traces/coverage.toml`.
const COVERAGE: &str = include_str!("../../traces/coverage.toml");
/// `deviations.toml`.
const DEVIATIONS: &str = include_str!("../../deviations.toml");

/// A data file of this crate that does not parse: a mistake in the file, found by the tests of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct BadData {
    /// The file, and the line where known.
    pub file: String,
    /// What is wrong.
    pub problem: String,
}

/// All recordings, in alphabetical order.
///
/// # Errors
/// [`BadData`] names a file that does not parse.
pub fn all() -> Result<Vec<Trace>, BadData> {
    FILES.iter().map(|(name, text)| Trace::parse(name, text)).collect()
}

/// The recording of that name, if there is one.
///
/// # Errors
/// [`BadData`] if its file does not parse.
pub fn named(name: &str) -> Result<Option<Trace>, BadData> {
    FILES.iter().find(|(known, _)| *known == name).map(|(name, text)| Trace::parse(name, text)).transpose()
}
