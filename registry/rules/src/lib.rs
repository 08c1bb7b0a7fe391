//! The rules of a registry: pure functions of a state and a request, tested as tables, without a server, a socket or a disk.
//!
//! What is deliberately not here: parsing and comparing schemas (asked through `knowledge::Knowledge`), HTTP, and writing.

pub mod association;
pub mod candidate;
pub mod config;
pub mod content;
pub mod delete;
pub mod encryption;
pub mod equivalence;
pub mod expression;
pub mod fault;
pub mod find;
pub mod ids;
pub mod knowledge;
pub mod matrix;
pub mod metadata;
pub mod mode;
pub mod modify_tags;
pub mod names;
pub mod namespace;
pub mod near;
pub mod register;
pub mod rule_set;
pub mod schema_cache;
pub mod tagging;
pub mod text;
pub mod told;
pub mod verdict;
mod wanted;

pub use wanted::Wanted;

#[cfg(test)]
mod tests;
