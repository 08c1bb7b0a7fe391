//! Does a sample fit a schema, and where does it not?
//!
//! The `prost-reflect` crate reads it as a dynamic message. Where a sample does not say which message it is, JSON fits if it is any
//! of those at the top of the file, and bytes are the first. What the schema does not know does not fit: anything can be read as
//! unknown fields.

mod binary;
mod json;
mod shown;

use super::Schema;
use super::compiled::{self, Uncompiled};
use crate::{Fit, Mismatch, Sample, Spent, Work};
use prost_reflect::{FileDescriptor, MessageDescriptor};

/// How long a sample may be, in bytes: a byte can become some hundred.
pub(crate) const MOST_BYTES: usize = 1 << 20;
/// How deep a sample may nest.
pub(crate) const MOST_DEPTH: usize = 100;

/// What a byte of a sample costs.
const BYTE: usize = 8;

fn mismatch<T>(path: &str, message: impl Into<String>) -> Result<T, Mismatch> {
    Err(Mismatch::new(if path.is_empty() { "/" } else { path }, message))
}

/// Does the sample fit, and what does a binary one say?
///
/// # Errors
/// The work ended.
pub(super) fn validate(schema: &Schema, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
    let length = match sample {
        Sample::Json(text) => text.len(),
        Sample::Binary(bytes) | Sample::Framed(bytes) => bytes.len(),
    };
    if length > MOST_BYTES {
        return Ok(mismatch("", format!("The sample is longer than the {MOST_BYTES} bytes allowed")));
    }
    work.spend(BYTE * length)?;
    let file = match compiled::compile(schema, work) {
        Ok(file) => file,
        Err(Uncompiled::Spent(spent)) => return Err(spent),
        Err(Uncompiled::Wrong(why)) => {
            return Ok(mismatch(
                "",
                format!("The schema breaks a rule of Protobuf, so that no data can have it: {why}"),
            ));
        }
    };
    let message = match sample {
        Sample::Json(text) => return Ok(json::any(file.messages(), text, work)?.map(|()| Fit::Json)),
        Sample::Binary(bytes) => first(&file).map(|message| (message, bytes)),
        Sample::Framed(bytes) => binary::framed(&file, bytes),
    };
    match message {
        Ok((message, bytes)) => shown::read(message, bytes, work),
        Err(mismatch) => Ok(Err(mismatch)),
    }
}

fn first(file: &FileDescriptor) -> Result<MessageDescriptor, Mismatch> {
    match file.messages().next() {
        Some(message) => Ok(message),
        None => mismatch("", "The schema has no message"),
    }
}
