//! The format of Confluent's `_schemas` topic: records as bytes of a key and a value, both ways.
//!
//! Pure functions of bytes. Not here: brokers, offsets, what is done with a record. Reading is as tolerant as the reference
//! server (8.5) was seen to be with records of other writers; writing is byte for byte what that server writes, since the
//! broker compacts by the bytes of keys, and a key spelled otherwise would be another one to it.
//!
//! `tests/golden` holds topics of that server and what it answers on them.

mod decode;
mod encode;
mod json;
mod parts;
mod write;

pub use decode::{Decoded, Foreign, Refused, decode};
pub use encode::{Encoded, encode, key, noop};

/// The most bytes that the key and the value of a record may have together. The largest body of a request is 10 MiB; its text
/// grows by what JSON escapes. A broker takes 1 MiB by default.
pub const MAX_BYTES: usize = 32 << 20;

/// The tenant of a server that has one.
const TENANT: &str = "default";
