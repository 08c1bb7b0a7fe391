//! Bytes on disk: records of the log, values and keys of the state.
//!
//! Written by hand, because these bytes are a promise to every later release: numbers are assigned once, forms carry a
//! format, and fixtures hold examples of all of them. Reading bytes that nobody wrote is an error, never a panic.

pub(crate) mod bytes;
pub(crate) mod former;
mod house;
pub(crate) mod key;
mod parts;
pub(crate) mod record;
pub(crate) mod value;

pub(crate) use bytes::Malformed;
pub(crate) use record::text_key;

#[cfg(test)]
mod tests;
