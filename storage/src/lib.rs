//! Where a registry's facts are kept: two logs, the state folded from them, and the one writer.
//!
//! `fold` is the only function that changes state. The folded state is the key-value store itself; nothing is loaded into
//! memory at start. A `View` is a snapshot. All changes go through `Store::commit`, whose `decide` function runs in the one
//! writer against the newest state, and whose records are durable before anybody sees them. What is deliberately not here:
//! rules of the registry (they are in `decide`), schema languages, HTTP.

pub mod audit;
pub mod backup;
pub mod clock;
mod codec;
mod condition;
pub mod contract;
mod draft;
mod engine;
mod error;
mod fold;
mod kv;
mod log;
mod memory;
mod query;
pub mod rocks;
mod state;
mod store;
mod tally;
mod walk;

pub use audit::Chain;
pub use engine::{Engine, Limits};
pub use error::Error;
pub use memory::{MemoryState, MemoryStore};
pub use state::{
    Associations, AuditEntry, AuditLog, Begin, Draft, Holder, Referrer, Standing, State, StoredAssociation,
    StoredVersion, SubjectSummary, Subjects, TextKey, Totals,
};
pub use store::{Committed, Decide, Group, Health, Observer, Store, Usage, commit};
