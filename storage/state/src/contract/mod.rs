//! What the tests of every crate share that reads a state: records in few words, and what must hold of any state.

#![allow(clippy::unwrap_used, reason = "what does not hold panics")]

pub mod lengths;
mod listings;
pub mod records;

pub use listings::{assert_begins_anywhere, subjects, versions};
