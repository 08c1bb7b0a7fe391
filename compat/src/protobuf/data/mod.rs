//! Does a sample fit a schema, and where does it not?
//!
//! The `prost-reflect` crate reads it as a dynamic message. Where a sample does not say which message it is, JSON fits if it is any
//! of those at the top of the file, and bytes are the first. What the schema does not know does not fit: anything can be read as
//! unknown fields.

mod json;

use super::Schema;
use super::compiled::{self, Uncompiled};
use super::descriptor::varint;
use crate::json::push_token;
use crate::{Mismatch, Sample, Spent, Work};
use prost_reflect::{DynamicMessage, FileDescriptor, MessageDescriptor, ReflectMessage as _, Value};

/// How long a sample may be, in bytes: a byte can become some hundred.
pub(crate) const MOST_BYTES: usize = 1 << 20;
/// How deep a sample may nest.
pub(crate) const MOST_DEPTH: usize = 100;

/// What a byte of a sample costs.
const BYTE: usize = 8;

fn mismatch<T>(path: &str, message: impl Into<String>) -> Result<T, Mismatch> {
    Err(Mismatch::new(if path.is_empty() { "/" } else { path }, message))
}

/// Does the sample fit?
///
/// # Errors
/// The work ended.
pub(super) fn validate(schema: &Schema, sample: Sample<'_>, work: &Work) -> Result<Result<(), Mismatch>, Spent> {
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
    match sample {
        Sample::Json(text) => json::any(file.messages(), text, work),
        Sample::Binary(bytes) => Ok(first(&file).and_then(|message| binary(message, bytes))),
        Sample::Framed(bytes) => Ok(framed(&file, bytes)),
    }
}

fn first(file: &FileDescriptor) -> Result<MessageDescriptor, Mismatch> {
    match file.messages().next() {
        Some(message) => Ok(message),
        None => mismatch("", "The schema has no message"),
    }
}

fn binary(message: MessageDescriptor, bytes: &[u8]) -> Result<(), Mismatch> {
    let name = message.full_name().to_owned();
    match DynamicMessage::decode(message, bytes) {
        Ok(read) => known(&read, &mut String::new()),
        Err(error) => mismatch("", format!("The bytes are no {name}: {error}")),
    }
}

/// Bytes behind the id of a schema: which message it is, and the message.
fn framed(file: &FileDescriptor, bytes: &[u8]) -> Result<(), Mismatch> {
    let Some((indexes, length)) = indexes(bytes) else {
        return mismatch("", "The bytes do not begin with the indexes of a message");
    };
    let mut message: Option<MessageDescriptor> = None;
    for &index in &indexes {
        let inner = match &message {
            None => file.messages().nth(index),
            Some(outer) => outer.child_messages().filter(|message| !message.is_map_entry()).nth(index),
        };
        match inner {
            Some(inner) => message = Some(inner),
            None => return mismatch("", format!("The schema has no message with the indexes {indexes:?}")),
        }
    }
    match message {
        Some(message) => binary(message, &bytes[length..]),
        None => mismatch("", "The bytes do not begin with the indexes of a message"),
    }
}

/// The way to a message from the outermost one inwards, and how many bytes tell it. A zero alone means the first message.
fn indexes(bytes: &[u8]) -> Option<(Vec<usize>, usize)> {
    let zigzag = |at: usize| {
        let (number, length) = varint(bytes.get(at..)?)?;
        let number = (number >> 1) as i64 ^ -((number & 1) as i64);
        Some((usize::try_from(number).ok()?, at + length))
    };
    let (count, mut at) = zigzag(0)?;
    if count == 0 {
        return Some((vec![0], at));
    }
    if count > super::NESTING {
        return None;
    }
    let mut indexes = Vec::with_capacity(count);
    for _ in 0..count {
        let (index, next) = zigzag(at)?;
        indexes.push(index);
        at = next;
    }
    Some((indexes, at))
}

/// Is everything in it known to the schema? Depth is what the crate has decoded, which has a bound of its own.
fn known(message: &DynamicMessage, path: &mut String) -> Result<(), Mismatch> {
    if let Some(field) = message.unknown_fields().next() {
        let name = message.descriptor().full_name().to_owned();
        return mismatch(path, format!("The message {name} has no field {} of this encoding", field.number()));
    }
    for (field, value) in message.fields() {
        let length = path.len();
        path.push('/');
        path.push_str(field.json_name());
        inside(value, path)?;
        path.truncate(length);
    }
    Ok(())
}

fn inside(value: &Value, path: &mut String) -> Result<(), Mismatch> {
    let length = path.len();
    match value {
        Value::Message(message) => known(message, path)?,
        Value::List(values) if matches!(values.first(), Some(Value::Message(_))) => {
            for (at, value) in values.iter().enumerate() {
                path.push_str(&format!("/{at}"));
                inside(value, path)?;
                path.truncate(length);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries.iter().filter(|(_, value)| matches!(value, Value::Message(_))) {
                push_token(path, &shown(key));
                inside(value, path)?;
                path.truncate(length);
            }
        }
        _ => {}
    }
    Ok(())
}

fn shown(key: &prost_reflect::MapKey) -> String {
    use prost_reflect::MapKey;
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}
