//! Short hands for the examples.

use compat::{Dependency, Error, Parsed, Strictness};
use model::SchemaType;

/// Parses a text.
pub fn read(text: &str, dependencies: &[Dependency], strictness: Strictness) -> Result<Parsed, Error> {
    crate::support::parse(&SchemaType::Protobuf, text, dependencies, strictness)
}

/// Parses a stored schema.
#[track_caller]
pub fn stored(text: &str) -> Parsed {
    read(text, &[], Strictness::Stored).unwrap_or_else(|error| panic!("{text}: {error}"))
}
