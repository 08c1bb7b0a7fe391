//! A binary sample in Protobuf's JSON encoding.
//!
//! Written by own code rather than by the crate's: that follows an `Any` inside an `Any` as deep as bytes lead, has maps in the
//! order of its hash map, and knows no bound on length. Well-known types that are a value of their own in JSON are left to the
//! crate. What an `Any` holds is read if the schema knows its type; otherwise its bytes are shown, in base64.

use super::binary::{decode, set, spelled};
use super::{BYTE, MOST_DEPTH, mismatch};
use crate::json::push_token;
use crate::sample::Document;
use crate::{Fit, Mismatch, Spent, Work};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value};

/// What the bytes say, if they are this message.
///
/// # Errors
/// The work ended.
pub(super) fn read(message: MessageDescriptor, bytes: &[u8], work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
    let mut walk = Walk { document: Document::default(), path: String::new(), depth: 0, work };
    let message = match decode(message, bytes, &mut walk.path) {
        Ok(message) => message,
        Err(mismatch) => return Ok(Err(mismatch)),
    };
    match walk.message(&message) {
        Ok(()) => Ok(Ok(walk.document.fit())),
        Err(End::Mismatch(mismatch)) => Ok(Err(mismatch)),
        Err(End::Spent(spent)) => Err(spent),
    }
}

/// Why a walk ends early.
enum End {
    Mismatch(Mismatch),
    Spent(Spent),
}

impl From<Mismatch> for End {
    fn from(mismatch: Mismatch) -> Self {
        End::Mismatch(mismatch)
    }
}

impl From<Spent> for End {
    fn from(spent: Spent) -> Self {
        End::Spent(spent)
    }
}

/// Messages that JSON has a form of its own for.
enum Known {
    /// The value of their one field.
    Wrapper(FieldDescriptor),
    /// Whatever the crate writes.
    Value,
    Any {
        url: FieldDescriptor,
        bytes: FieldDescriptor,
    },
}

impl Known {
    /// By its name, unless a file of the user's has taken the place of the well-known one.
    fn of(message: &MessageDescriptor) -> Option<Known> {
        let field = |number| message.get_field(number);
        match message.full_name().strip_prefix("google.protobuf.")? {
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
            | "BoolValue" | "StringValue" | "BytesValue" => {
                field(1).filter(|_| message.fields().len() == 1).map(Known::Wrapper)
            }
            "Timestamp" | "Duration" | "FieldMask" | "Struct" | "Value" | "ListValue" | "Empty" => Some(Known::Value),
            "Any" => {
                let (url, bytes) = (field(1)?, field(2)?);
                (url.kind() == Kind::String && bytes.kind() == Kind::Bytes).then_some(Known::Any { url, bytes })
            }
            _ => None,
        }
    }
}

struct Walk<'w> {
    document: Document,
    /// Where the walk is: a JSON pointer.
    path: String,
    /// Messages around the one that it is in.
    depth: usize,
    work: &'w Work,
}

impl Walk<'_> {
    fn message(&mut self, message: &DynamicMessage) -> Result<(), End> {
        if self.depth > MOST_DEPTH {
            let why = format!("The sample nests deeper than the {MOST_DEPTH} levels allowed");
            return mismatch(&self.path, why).map_err(End::Mismatch);
        }
        self.depth += 1;
        let descriptor = message.descriptor();
        match Known::of(&descriptor) {
            Some(Known::Wrapper(field)) => self.value(&field.kind(), &message.get_field(&field))?,
            Some(Known::Value) => match serde_json::to_string(message) {
                Ok(json) => self.document.put(&json),
                Err(error) => self.document.give_up(format!("A {} has no JSON: {error}", descriptor.full_name())),
            },
            Some(Known::Any { url, bytes }) => self.any(message, &url, &bytes)?,
            None => {
                self.document.put("{");
                self.members(message)?;
                self.document.put("}");
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn members(&mut self, message: &DynamicMessage) -> Result<(), End> {
        for (name, kind, value) in set(message) {
            self.document.member(&name);
            self.step(&name, |walk| walk.value(&kind, value))?;
        }
        Ok(())
    }

    fn step(&mut self, token: &str, walk: impl FnOnce(&mut Self) -> Result<(), End>) -> Result<(), End> {
        let length = self.path.len();
        push_token(&mut self.path, token);
        walk(self)?;
        self.path.truncate(length);
        Ok(())
    }

    fn value(&mut self, kind: &Kind, value: &Value) -> Result<(), End> {
        match value {
            Value::Bool(value) => self.document.put(if *value { "true" } else { "false" }),
            Value::I32(value) => self.document.put(&value.to_string()),
            Value::U32(value) => self.document.put(&value.to_string()),
            // Beyond what every reader of JSON keeps exactly.
            Value::I64(value) => self.document.string(&value.to_string()),
            Value::U64(value) => self.document.string(&value.to_string()),
            Value::F32(value) => self.document.float(*value),
            Value::F64(value) => self.document.double(*value),
            Value::String(text) => self.document.string(text),
            Value::Bytes(bytes) => self.document.string(&STANDARD.encode(bytes)),
            Value::EnumNumber(number) => self.symbol(kind, *number),
            Value::Message(message) => self.message(message)?,
            Value::List(items) => {
                self.document.put("[");
                for (at, item) in items.iter().enumerate() {
                    self.document.next();
                    self.step(&at.to_string(), |walk| walk.value(kind, item))?;
                }
                self.document.put("]");
            }
            Value::Map(entries) => {
                let inner = match kind {
                    Kind::Message(entry) => entry.map_entry_value_field().kind(),
                    other => other.clone(),
                };
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_unstable_by_key(|&(key, _)| key);
                self.document.put("{");
                for (key, value) in entries {
                    let key = spelled(key);
                    self.document.member(&key);
                    self.step(&key, |walk| walk.value(&inner, value))?;
                }
                self.document.put("}");
            }
        }
        Ok(())
    }

    /// The name of an enum's constant, or its number where it has none.
    fn symbol(&mut self, kind: &Kind, number: i32) {
        let constant = match kind {
            Kind::Enum(symbols) if symbols.full_name() == "google.protobuf.NullValue" => {
                return self.document.put("null");
            }
            Kind::Enum(symbols) => symbols.get_value(number),
            _ => None,
        };
        match constant {
            Some(constant) => self.document.string(constant.name()),
            None => self.document.put(&number.to_string()),
        }
    }

    fn any(&mut self, any: &DynamicMessage, url: &FieldDescriptor, bytes: &FieldDescriptor) -> Result<(), End> {
        let (url, bytes) = (any.get_field(url), any.get_field(bytes));
        let (url, bytes) = (url.as_str().unwrap_or_default(), bytes.as_bytes().map_or(&[][..], |bytes| bytes));
        self.document.put("{");
        if !url.is_empty() || !bytes.is_empty() {
            self.document.member("@type");
            self.document.string(url);
            let name = url.rsplit_once('/').map_or("", |(_, name)| name);
            match any.descriptor().parent_pool().get_message_by_name(name) {
                None => {
                    self.document.member("value");
                    self.document.string(&STANDARD.encode(bytes));
                }
                Some(held) => {
                    self.work.spend(BYTE * (1 + bytes.len()))?;
                    let held = decode(held, bytes, &mut self.path)?;
                    self.held(&held)?;
                }
            }
        }
        self.document.put("}");
        Ok(())
    }

    /// What an `Any` holds, beside its type.
    fn held(&mut self, message: &DynamicMessage) -> Result<(), End> {
        if Known::of(&message.descriptor()).is_some() {
            self.document.member("value");
            return self.step("value", |walk| walk.message(message));
        }
        self.depth += 1;
        self.members(message)?;
        self.depth -= 1;
        Ok(())
    }
}
