//! Where a registry's facts are kept: the logs, the state that the crate `state` folds from them, and the one writer.
//!
//! The folded state is the key-value store itself; nothing is loaded into memory at start. A view is a snapshot. All
//! changes go through `Store::submit`, whose `decide` function runs in the one writer against the newest state, and whose
//! records are durable before anybody sees them. What is deliberately not here: rules of the registry (they are in `decide`),
//! schema languages, HTTP.

pub mod backup;
pub mod clock;
mod condition;
pub mod contract;
mod engine;
pub mod follower;
mod former;
mod memory;
mod recent;
pub mod rocks;
mod stop;
mod store;

pub use engine::{Engine, Limits};
pub use follower::{Follower, Followers, Rebuilt};
pub use memory::MemoryStore;
pub use state::{
    Associations, AuditEntry, AuditLog, Begin, Chain, Deks, Derivation, Derived, Draft, Equivalents, Error, Feed,
    Holder, KeyCounts, MemoryState, Progress, Referrer, Schemes, Standing, State, StoredAssociation, StoredDek,
    StoredKek, StoredVersion, SubjectSummary, Subjects, TextKey, Totals,
};
pub use store::{Committed, Decide, Group, Health, Observer, Store, Usage, commit};
