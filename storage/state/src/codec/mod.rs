//! Bytes on disk: records of the log, values and keys of the state.
//!
//! Written by hand, because these bytes are a promise to every later release: numbers are assigned once, forms carry a
//! format, and fixtures hold examples of all of them. Reading bytes that nobody wrote is an error, never a panic.

pub mod bytes;
pub mod former;
mod internal;
pub mod key;
mod parts;
pub mod record;
pub mod value;

pub use bytes::Malformed;
pub use record::text_key;

#[cfg(test)]
mod tests;
