//! What every store must do, as functions over a store that nobody has written to. Each back end runs all of them.
//!
//! For tests: a clause that does not hold panics.

pub mod records;
