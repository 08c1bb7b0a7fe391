//! Short hands for the examples.

use compat::{Dependency, Error, Parsed, Strictness, parse};
use model::{SchemaType, Subject};

/// A referenced schema.
pub fn dependency(name: &str, text: &str) -> Dependency {
    Dependency { name: name.to_owned(), subject: Subject::parse(name), version: 1, text: text.into() }
}

/// Parses a candidate.
pub fn try_new(text: &str, dependencies: &[Dependency]) -> Result<Parsed, Error> {
    parse(&SchemaType::Avro, text, dependencies, Strictness::New)
}

/// Parses a candidate that is a schema.
#[track_caller]
pub fn new(text: &str) -> Parsed {
    try_new(text, &[]).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Parses a stored schema.
#[track_caller]
pub fn stored(text: &str) -> Parsed {
    parse(&SchemaType::Avro, text, &[], Strictness::Stored).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A record `R` of these fields.
pub fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}

/// A record `R` with one field `a` of this type.
pub fn field(schema: &str) -> String {
    record(&format!(r#"{{"name":"a","type":{schema}}}"#))
}
