//! Short hands for the examples.

use compat::{Comparison, Dependency, Direction, Error, Finding, Mismatch, Parsed, Sample, Strictness, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType, Subject, Version};
use std::time::{Duration, Instant};

/// A referenced schema.
pub fn dependency(name: &str, text: &str) -> Dependency {
    Dependency { name: name.to_owned(), subject: Subject::parse(name), version: 1, text: text.into(), direct: true }
}

/// Parses a text, whatever that costs.
pub fn parse(
    schema_type: &SchemaType,
    text: &str,
    dependencies: &[Dependency],
    strictness: Strictness,
) -> Result<Parsed, Error> {
    compat::parse(schema_type, text, dependencies, strictness, &Work::unlimited())
}

/// Compares two schemas, whatever that costs.
pub fn findings(direction: Direction, candidate: &Parsed, existing: &Parsed) -> Vec<Finding> {
    let work = Work::unlimited();
    compat::compare(direction, CompatibilityPolicy::Strict, candidate, existing, &work).unwrap().findings().to_vec()
}

/// The messages of a comparison, whatever that costs.
pub fn compare(
    level: CompatibilityLevel,
    policy: CompatibilityPolicy,
    candidate: &Parsed,
    existing: &Parsed,
    version: Option<Version>,
) -> Vec<String> {
    Comparison::of(level, policy, candidate, existing, version, &Work::unlimited()).unwrap().messages()
}

/// What is asked of a schema, whatever the answer costs.
pub trait Asked {
    /// Is it equivalent to another?
    fn same(&self, other: &Parsed) -> bool;
    /// The schema in normalised form.
    fn normal(&self) -> Result<Parsed, Error>;
    /// The text in a format.
    fn format(&self, format: &str) -> Result<Option<String>, Error>;
    /// Does a sample fit?
    fn fits(&self, sample: Sample<'_>) -> Result<(), Mismatch>;
}

impl Asked for Parsed {
    fn same(&self, other: &Parsed) -> bool {
        self.equivalent(other, &Work::unlimited()).unwrap()
    }

    fn normal(&self) -> Result<Parsed, Error> {
        self.normalized(&Work::unlimited())
    }

    fn format(&self, format: &str) -> Result<Option<String>, Error> {
        self.formatted(format, &Work::unlimited())
    }

    fn fits(&self, sample: Sample<'_>) -> Result<(), Mismatch> {
        self.validate(sample, &Work::unlimited()).unwrap()
    }
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

/// Generous, for busy machines and unoptimised builds: what is tried takes seconds at most, and took naive code hours or its
/// life.
const LIMIT: Duration = Duration::from_secs(120);

/// Does something that has to be done within `LIMIT`.
pub fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < LIMIT, "{what} took {:?}", start.elapsed());
    result
}
