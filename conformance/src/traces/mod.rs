//! The recorded half of the contract: what a running Confluent Schema Registry answered, replayed against another one.
//!
//! A recording is a sequence on an empty registry: ids start at 1, later answers depend on earlier requests. So a pair that a
//! registry cannot answer yet cannot just be dropped. `coverage.toml` lists, with reasons, the pairs left out *together with
//! those that depend on them*, and requests that stand in for some; what that does to the ids that follow is computed
//! from the recording ([`ids`]), so the expected ids stay exact.

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
const FILES: &[(&str, &str)] = &[];

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
