//! JSON as schemas need it: a reader with positions, a value, and a writer that prints what the reference prints.
//!
//! Own code rather than `serde_json`, because the canonical text is hashed and stored for ever and hangs on details that
//! `serde_json` does not offer: comments are allowed, a syntax or schema error must say where it is, nesting has our own
//! bound, a non-integer of Avro is a Java double (`1e3` prints as `1000.0`) and one of JSON Schema a Java decimal (`1E+3`), an
//! integer keeps its digits, and `1` and `1.0` differ.
//! It is also the hot path of registration: the tree borrows from the text, and only properties and defaults are copied.
//!
//! Nothing here knows schemas.

mod decimal;
mod memory;
mod number;
mod pointer;
mod reader;
mod scalars;
mod value;
mod writer;

pub(crate) use decimal::Decimal;
pub(crate) use memory::{Full, MOST_BYTES, Memory, SMALL, full};
pub(crate) use number::{java_double, java_float, parse_java_double};
pub(crate) use pointer::{push_token, token, tokens};
pub(crate) use reader::{Cut, Flavor, Member, Node, Text, Tree, read, rest, whole};
pub(crate) use value::{Json, same_members, utf16_order};
pub(crate) use writer::write_string;

/// How deep a text may nest. Jackson's own bound is 1000; real schemas stay below 100, and the readers recurse.
pub(crate) const MAX_DEPTH: usize = 512;

/// How long a number may be: Jackson's bound, which also keeps the quadratic conversions of big numbers harmless.
pub(crate) const LONGEST_NUMBER: usize = 1000;
