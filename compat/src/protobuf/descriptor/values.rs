//! Options in their encoding, and as they are written.

use super::wire::{Fields, Malformed, Out, Raw};
use crate::protobuf::Schema;
use crate::protobuf::model::*;
use crate::protobuf::names::{Extension, Found, Kind};
use crate::protobuf::options::VALUE_DEPTH;
use crate::{Spent, Work};
use std::collections::{BTreeMap, HashMap};

/// The definitions by which options are understood.
pub(super) struct Known<'s> {
    schema: &'s Schema,
    /// By what they extend, and their number.
    extensions: HashMap<(Found, i32), Extension>,
    work: &'s Work,
}

/// What it costs to know an extension.
const EXTENSION: usize = 16;

impl<'s> Known<'s> {
    /// The definitions that a schema can see.
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn of(schema: &'s Schema, work: &'s Work) -> Result<Self, Spent> {
        let mut extensions = HashMap::new();
        for (extension, extendee, scope) in schema.all_extensions() {
            work.spend(EXTENSION)?;
            if let Some(found) = schema.names.resolve(scope, extendee, work)? {
                let tag = schema.extension_field(extension).1.tag;
                extensions.entry((found, tag)).or_insert(extension);
            }
        }
        Ok(Known { schema, extensions, work })
    }

    /// The message of `descriptor.proto` that holds options of a kind.
    fn options_message(&self, kind: &str) -> Result<Found, Malformed> {
        let name = format!(".google.protobuf.{kind}");
        match self.schema.names.resolve(Found::Bundled(0), &name, self.work) {
            Ok(Some(found)) if matches!(self.schema.names.kind(found), Kind::Message(_)) => Ok(found),
            _ => Err(Malformed),
        }
    }

    /// The options in the bytes of a message of them. What nothing is known of is left out: it has no name.
    pub(super) fn options(&self, kind: &str, bytes: &[u8]) -> Result<Vec<Opt>, Malformed> {
        let members = self.members(self.options_message(kind)?, bytes, 0)?;
        let mut options = Vec::new();
        for (name, extension, value) in members {
            let option = |value| Opt { name: name.as_str().into(), parenthesized: extension, path: Vec::new(), value };
            match value {
                Value::List(values) => options.extend(values.into_iter().map(option)),
                value => options.push(option(value)),
            }
        }
        Ok(options)
    }

    /// The names and values in a message, those of its fields in their order before those of extensions.
    fn members(&self, message: Found, bytes: &[u8], depth: usize) -> Result<Vec<(String, bool, Value)>, Malformed> {
        if depth == VALUE_DEPTH {
            return Err(Malformed);
        }
        let mut raws: BTreeMap<i32, Vec<Raw<'_>>> = BTreeMap::new();
        for field in Fields::of(bytes) {
            let (tag, raw) = field?;
            raws.entry(tag).or_default().push(raw);
        }
        let mut members = Vec::new();
        let definition = self.schema.message(message);
        self.pay(definition.fields.len() + definition.oneofs.len())?;
        for (field, _) in definition.all_fields() {
            if let Some(raws) = raws.remove(&field.tag).filter(|_| &*field.name != "uninterpreted_option") {
                members.extend(
                    self.value(message, field, &raws, depth)?.map(|value| (field.name.to_string(), false, value)),
                );
            }
        }
        for (tag, raws) in raws {
            let Some(&extension) = self.extensions.get(&(message, tag)) else { continue };
            let (scope, field) = self.schema.extension_field(extension);
            let value = self.value(scope, field, &raws, depth)?;
            members.extend(value.map(|value| (self.schema.names.full_extension(extension), true, value)));
        }
        Ok(members)
    }

    /// Pays for a search. That the work has ended is told by who began it.
    fn pay(&self, units: usize) -> Result<(), Malformed> {
        self.work.spend(1 + units).map_err(|_| Malformed)
    }

    fn value(&self, scope: Found, field: &Field, raws: &[Raw<'_>], depth: usize) -> Result<Option<Value>, Malformed> {
        let repeated = field.label == Some(Label::Repeated) || matches!(field.kind, Type::Map(..));
        let mut values = Vec::new();
        for &raw in raws {
            match (&field.kind, raw) {
                (Type::Plain(name), Raw::Bytes(bytes)) if repeated && !matches!(&**name, "string" | "bytes") => {
                    self.packed(scope, name, bytes, depth, &mut values)?;
                }
                (Type::Plain(name), raw) => values.extend(self.one(scope, name, raw, depth)?),
                (Type::Map(key, value), raw) => {
                    let mut entry = Vec::new();
                    for part in Fields::of(raw.bytes()?) {
                        let (name, kind, raw) = match part? {
                            (1, raw) => ("key", key, raw),
                            (2, raw) => ("value", value, raw),
                            _ => continue,
                        };
                        entry.extend(self.one(scope, kind, raw, depth + 1)?.map(|value| (name.into(), value)));
                    }
                    values.push(Value::Map(entry));
                }
            }
        }
        Ok(if repeated { Some(Value::List(values)) } else { values.pop() })
    }

    /// Values of a list in one: numbers one after the other. A message is one value.
    fn packed(
        &self,
        scope: Found,
        name: &str,
        mut bytes: &[u8],
        depth: usize,
        values: &mut Vec<Value>,
    ) -> Result<(), Malformed> {
        let width = match name {
            "fixed64" | "sfixed64" | "double" => 8,
            "fixed32" | "sfixed32" | "float" => 4,
            _ if scalar(name).is_none() && self.is_message(scope, name) => {
                values.extend(self.one(scope, name, Raw::Bytes(bytes), depth)?);
                return Ok(());
            }
            _ => 0,
        };
        while !bytes.is_empty() {
            let (raw, length) = match width {
                8 => (Raw::Fixed64(u64::from_le_bytes(*bytes.first_chunk().ok_or(Malformed)?)), 8),
                4 => (Raw::Fixed32(u32::from_le_bytes(*bytes.first_chunk().ok_or(Malformed)?)), 4),
                _ => {
                    let (number, length) = super::wire::varint(bytes).ok_or(Malformed)?;
                    (Raw::Varint(number), length)
                }
            };
            values.extend(self.one(scope, name, raw, depth)?);
            bytes = &bytes[length..];
        }
        Ok(())
    }

    fn named(&self, scope: Found, name: &str) -> Result<Option<(Found, Kind)>, Malformed> {
        let found = self.schema.names.resolve(scope, name, self.work).map_err(|_| Malformed)?;
        Ok(found.map(|found| (found, self.schema.names.kind(found))))
    }

    fn is_message(&self, scope: Found, name: &str) -> bool {
        matches!(self.named(scope, name), Ok(Some((_, Kind::Message(_)))))
    }

    fn one(&self, scope: Found, name: &str, raw: Raw<'_>, depth: usize) -> Result<Option<Value>, Malformed> {
        let word = |text: String| Some(Value::Word(text.into()));
        Ok(match (name, raw) {
            ("int32" | "int64", Raw::Varint(number)) => word((number as i64).to_string()),
            ("uint32" | "uint64", Raw::Varint(number)) => word(number.to_string()),
            ("sint32" | "sint64", Raw::Varint(number)) => {
                word(((number >> 1) as i64 ^ -((number & 1) as i64)).to_string())
            }
            ("bool", Raw::Varint(number)) => word((number != 0).to_string()),
            ("fixed64", Raw::Fixed64(bits)) => word(bits.to_string()),
            ("sfixed64", Raw::Fixed64(bits)) => word((bits as i64).to_string()),
            ("fixed32", Raw::Fixed32(bits)) => word(bits.to_string()),
            ("sfixed32", Raw::Fixed32(bits)) => word((bits as i32).to_string()),
            ("double", Raw::Fixed64(bits)) => word(decimal(&f64::from_bits(bits).to_string())),
            ("float", Raw::Fixed32(bits)) => word(decimal(&f32::from_bits(bits).to_string())),
            ("string", raw) => Some(Value::Text(raw.text()?.into())),
            ("bytes", raw) => Some(Value::Text(raw.bytes()?.iter().map(|&byte| char::from(byte)).collect())),
            _ if scalar(name).is_some() => return Err(Malformed),
            (name, raw) => match self.named(scope, name)? {
                None => None,
                Some((found, Kind::Message(_))) => {
                    let members = self.members(found, raw.bytes()?, depth + 1)?;
                    let shown = |(name, extension, value): (String, bool, Value)| {
                        (if extension { format!("[{name}]") } else { name }.into(), value)
                    };
                    Some(Value::Map(members.into_iter().map(shown).collect()))
                }
                Some((found, _)) => {
                    let number = raw.int32()?;
                    let symbols = self.schema.symbols(found);
                    self.pay(symbols.constants.len())?;
                    let constant = symbols.constants.iter().find(|constant| constant.tag == number);
                    word(constant.map_or_else(|| number.to_string(), |constant| constant.name.to_string()))
                }
            },
        })
    }

    /// The bytes of a message of options. Of extensions only those of `confluent` are in it, as in the reference; what does not
    /// fit its definition is not.
    pub(super) fn encoded(&self, kind: &str, options: &[Opt]) -> Out {
        let mut fields = Vec::new();
        if let Ok(message) = self.options_message(kind) {
            for option in options {
                if option.parenthesized {
                    let found = self.schema.names.extension(Found::Bundled(0), &option.name, self.work);
                    if let Ok(Some(extension)) = found
                        && option.name.starts_with("confluent.")
                    {
                        let (scope, field) = self.schema.extension_field(extension);
                        self.encode(scope, field, &option.value, &mut fields, 0);
                    }
                } else {
                    self.encode_member(message, &option.name, &option.value, &mut fields, 0);
                }
            }
        }
        joined(fields)
    }

    fn encode_member(&self, message: Found, name: &str, value: &Value, fields: &mut Vec<(i32, Out)>, depth: usize) {
        let definition = self.schema.message(message);
        if self.pay(definition.fields.len() + definition.oneofs.len()).is_err() {
            return;
        }
        let found = definition.all_fields().find(|(field, _)| &*field.name == name);
        if let Some((field, _)) = found.filter(|_| depth < VALUE_DEPTH) {
            self.encode(message, field, value, fields, depth);
        }
    }

    fn encode(&self, scope: Found, field: &Field, value: &Value, fields: &mut Vec<(i32, Out)>, depth: usize) {
        if let Value::List(values) = value {
            for value in values.iter().filter(|value| !matches!(value, Value::List(_))) {
                self.encode(scope, field, value, fields, depth);
            }
            return;
        }
        let mut out = Out::default();
        let done = match &field.kind {
            Type::Plain(name) => self.encode_one(scope, name, field.tag, value, &mut out, depth),
            Type::Map(key, kind) => {
                let Value::Map(members) = value else { return };
                let mut entry = Out::default();
                for (tag, name, kind) in [(1, "key", key), (2, "value", kind)] {
                    if let Some((_, value)) = members.iter().find(|(member, _)| &**member == name) {
                        self.encode_one(scope, kind, tag, value, &mut entry, depth + 1);
                    }
                }
                out.message(field.tag, &entry);
                Some(())
            }
        };
        if done.is_some() {
            fields.push((field.tag, out));
        }
    }

    fn encode_one(&self, scope: Found, name: &str, tag: i32, value: &Value, out: &mut Out, depth: usize) -> Option<()> {
        let (text, members) = match value {
            Value::Text(text) | Value::Word(text) => (&**text, None),
            Value::Map(members) => ("", Some(members)),
            Value::List(_) => return None,
        };
        match (name, members) {
            ("int32" | "int64", None) => out.varint(tag, integer(text)? as u64),
            ("uint32" | "uint64", None) => out.varint(tag, u64::try_from(integer(text)?).ok()?),
            ("sint32" | "sint64", None) => {
                let number = i64::try_from(integer(text)?).ok()?;
                out.varint(tag, (number << 1 ^ number >> 63) as u64);
            }
            ("bool", None) => out.varint(tag, u64::from(text.parse::<bool>().ok()?)),
            ("fixed64" | "sfixed64", None) => out.fixed64(tag, integer(text)? as u64),
            ("fixed32" | "sfixed32", None) => out.fixed32(tag, integer(text)? as u32),
            ("double", None) => out.fixed64(tag, text.parse::<f64>().ok()?.to_bits()),
            ("float", None) => out.fixed32(tag, text.parse::<f32>().ok()?.to_bits()),
            ("string", None) => out.text(tag, text),
            ("bytes", None) => out.bytes(tag, &text.chars().map(|c| c as u32 as u8).collect::<Vec<_>>()),
            (name, None) => {
                let Ok(Some((found, Kind::Enum(_)))) = self.named(scope, name) else { return None };
                let constants = &self.schema.symbols(found).constants;
                self.pay(constants.len()).ok()?;
                let constant = constants.iter().find(|constant| &*constant.name == text);
                out.int32(tag, constant.map(|constant| constant.tag).or_else(|| text.parse().ok())?);
            }
            (name, Some(members)) => {
                let Ok(Some((found, Kind::Message(_)))) = self.named(scope, name) else { return None };
                let mut fields = Vec::new();
                members.iter().for_each(|(name, value)| self.encode_member(found, name, value, &mut fields, depth + 1));
                out.message(tag, &joined(fields));
            }
        }
        Some(())
    }
}

/// Fields in the order of their tags.
fn joined(mut fields: Vec<(i32, Out)>) -> Out {
    fields.sort_by_key(|(tag, _)| *tag);
    let mut out = Out::default();
    fields.iter().for_each(|(_, field)| out.0.extend_from_slice(&field.0));
    out
}

/// A whole number as it may be written.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => i128::from_str_radix(digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => i128::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    parsed.ok().map(|number| sign * number)
}

/// A number as the language writes it.
fn decimal(text: &str) -> String {
    match text {
        "NaN" => "nan".to_owned(),
        other => other.to_owned(),
    }
}
