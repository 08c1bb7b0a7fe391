//! The API contract of a Confluent-compatible schema registry, as data, and a runner that takes the URL of any registry.
//!
//! Two kinds of data say what the contract is. **Cases** (`cases/*.cases`, format in `cases/README.md`) are written by hand:
//! each names the clause that it tests, keeps to subjects of its own and cleans up after itself, so they run on a registry
//! that others use. **Recordings** (`traces/*.jsonl`) are what a running Confluent Schema Registry answered to long sequences
//! of requests; they need an empty registry each. `traces/coverage.toml` says which of their pairs count today, and
//! `deviations.toml` where a registry should answer otherwise, and why.
//!
//! Nothing here knows an implementation: this crate imports none of the workspace and speaks only HTTP.

pub mod cases;
pub mod expect;
pub mod http;
mod report;
pub mod traces;

pub use cases::{Options, Profile, run};
pub use report::{Failure, Problem, Report, Tally};
pub use traces::{Trace, replay};

/// The media type that clients send and that answers have when nothing else was asked for.
pub const JSON: &str = "application/vnd.schemaregistry.v1+json";
