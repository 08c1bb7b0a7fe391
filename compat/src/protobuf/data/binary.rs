//! Bytes as a message of the schema.

use super::mismatch;
use crate::Mismatch;
use crate::json::push_token;
use crate::protobuf::NESTING;
use crate::protobuf::descriptor::varint;
use prost_reflect::{DynamicMessage, FileDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value};

/// Bytes behind the id of a schema: which message it is, and the message.
pub(super) fn framed<'s>(file: &FileDescriptor, bytes: &'s [u8]) -> Result<(MessageDescriptor, &'s [u8]), Mismatch> {
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
        Some(message) => Ok((message, &bytes[length..])),
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
    if count > NESTING {
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

/// The bytes as a message, in which the schema knows everything; the path leads to it.
pub(super) fn decode(message: MessageDescriptor, bytes: &[u8], path: &mut String) -> Result<DynamicMessage, Mismatch> {
    let name = message.full_name().to_owned();
    match DynamicMessage::decode(message, bytes) {
        Ok(message) => known(&message, path).map(|()| message),
        Err(error) => mismatch(path, format!("The bytes are no {name}: {error}")),
    }
}

/// Everything that is set in a message, in the order of the numbers: how JSON calls it, its type, its value.
pub(super) fn set(message: &DynamicMessage) -> impl Iterator<Item = (String, Kind, &Value)> {
    let fields = message.fields().map(|(field, value)| (field.json_name().to_owned(), field.kind(), value));
    let extensions = message.extensions().map(|(field, value)| (field.json_name().to_owned(), field.kind(), value));
    fields.chain(extensions)
}

/// Is everything in it known to the schema? Depth is what the crate has decoded, which has a bound of its own.
fn known(message: &DynamicMessage, path: &mut String) -> Result<(), Mismatch> {
    if let Some(field) = message.unknown_fields().next() {
        let name = message.descriptor().full_name().to_owned();
        return mismatch(path, format!("The message {name} has no field {} of this encoding", field.number()));
    }
    for (name, _, value) in set(message) {
        let length = path.len();
        push_token(path, &name);
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
                push_token(path, &at.to_string());
                inside(value, path)?;
                path.truncate(length);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries.iter().filter(|(_, value)| matches!(value, Value::Message(_))) {
                push_token(path, &spelled(key));
                inside(value, path)?;
                path.truncate(length);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A key of a map, as JSON has it.
pub(super) fn spelled(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}
