//! Short hands for the examples.

use compat::{Comparison, Dependency, Direction, Error, Finding, Fit, Mismatch, Parsed, Sample, Strictness, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType, Subject, Version};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
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
    fn fits(&self, sample: Sample<'_>) -> Result<Fit, Mismatch>;
    /// What does a binary sample say?
    fn decoded(&self, sample: Sample<'_>) -> String;
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

    fn fits(&self, sample: Sample<'_>) -> Result<Fit, Mismatch> {
        self.validate(sample, &Work::unlimited()).unwrap()
    }

    #[track_caller]
    fn decoded(&self, sample: Sample<'_>) -> String {
        match self.fits(sample) {
            Ok(Fit::Decoded(document)) => document,
            other => panic!("{sample:?}: {other:?}"),
        }
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

/// Says something that is to be read also where the test passes: what is printed is kept from the terminal then.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A folder of texts of others; `None`, and a line that says so, where nobody has fetched it.
pub fn fetched(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".corpora").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("SKIPPED: {name} is not in .corpora: `make test` fetches it, as does scripts/corpora.sh"));
    None
}

/// All JSON files in a folder and in those in it, by their names.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            all.push(path);
        }
    }
    all.sort();
    all
}
