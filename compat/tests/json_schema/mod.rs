//! JSON Schema.

mod bounds;
mod documents;
mod golden;
mod properties;
mod references;
mod schema_store;
mod suite;
mod verdicts;

use crate::support::parse;
use compat::{Dependency, Error, Parsed, Strictness};
use model::SchemaType;

const DRAFT_2020: &str = r#""$schema":"https://json-schema.org/draft/2020-12/schema""#;

/// Parses a candidate.
fn try_json(text: &str, dependencies: &[Dependency]) -> Result<Parsed, Error> {
    parse(&SchemaType::Json, text, dependencies, Strictness::New)
}

/// Parses a candidate that is a schema.
#[track_caller]
fn json(text: &str) -> Parsed {
    try_json(text, &[]).unwrap_or_else(|error| panic!("{text}: {error}"))
}
