//! The state of a registry: what its records come to, and what may be asked of that.
//!
//! `fold` is the only function that changes state; `State` is the list of questions. Both work on ordered bytes (`kv`), which a
//! map, a snapshot of a database or a group of pending changes can be. What is deliberately not here: the writer, the logs'
//! durability and any database (crate `storage`), rules of the registry, schema languages.

pub mod audit;
pub mod codec;
pub mod compact;
pub mod contract;
mod draft;
mod encryption;
mod error;
pub mod fingerprints;
pub mod fold;
pub mod kv;
pub mod lengths;
pub mod log;
mod memory;
pub mod query;
mod shown;
mod state;
pub mod tally;
mod walk;

pub use audit::Chain;
pub use error::{Error, Source};
pub use fingerprints::{Derivation, Derived, Equivalents, Progress, Schemes};
pub use memory::MemoryState;
pub use query::Folded;
pub use state::{
    Associations, AuditEntry, AuditLog, Begin, Deks, Draft, Feed, Holder, KeyCounts, Referrer, Standing, State,
    StoredAssociation, StoredDek, StoredKek, StoredVersion, SubjectSummary, Subjects, TextKey, Totals,
};
