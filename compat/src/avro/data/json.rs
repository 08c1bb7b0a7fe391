//! Avro's JSON encoding: a union value is `null` or an object of one member that names the branch; bytes and fixed are
//! strings of the characters U+0000 to U+00FF; every field of a record is there, in any order, and nothing else is.

use super::path::{Path, Step};
use super::{branch_name, field_name, symbol};
use crate::avro::READ;
use crate::avro::members::shorten;
use crate::avro::model::{Field, Model, Node, NodeId, Primitive};
use crate::avro::names::Name;
use crate::error::Place;
use crate::json::{Node as Tree, Tree as Json, parse_java_double, read};
use crate::{Mismatch, Work};
use apache_avro::types::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// The sample as a value of the skeleton.
pub(super) fn value(model: &Model, text: &str, work: &Work) -> Result<Value, Mismatch> {
    let path = Path::new(work);
    path.pay(text.len() / READ)?;
    let tree = match read(text) {
        Ok(tree) => tree,
        Err(error) => return path.mismatch(format!("{} {}", error.message, Place::of(text, error.at))),
    };
    Walk { model, path, fields: HashMap::new(), symbols: HashMap::new(), branches: HashMap::new(), values: 0 }
        .value(model.root, &tree)
}

struct Walk<'s> {
    model: &'s Model,
    path: Path<'s>,
    /// Fields of records by name, made when a record is first met.
    fields: HashMap<NodeId, HashMap<&'s str, usize>>,
    /// Symbols of enums and branches of unions, likewise.
    symbols: HashMap<NodeId, HashMap<&'s str, usize>>,
    branches: HashMap<NodeId, HashMap<Cow<'s, str>, usize>>,
    values: usize,
}

impl<'s> Walk<'s> {
    fn value(&mut self, id: NodeId, tree: &'s Tree<'s>) -> Result<Value, Mismatch> {
        self.values += 1;
        self.path.bounded(self.values)?;
        let model = self.model;
        match model.node(id) {
            Node::Primitive { primitive, .. } => self.primitive(*primitive, tree),
            Node::Fixed(fixed) => {
                let bytes = self.bytes(tree, "a fixed")?;
                if bytes.len() != fixed.size as usize {
                    return self.path.mismatch(format!("expected {} bytes, found {}", fixed.size, bytes.len()));
                }
                Ok(Value::Fixed(bytes.len(), bytes))
            }
            Node::Enum(symbols) => {
                let Some(text) = tree.as_str() else { return self.unexpected("a symbol", tree) };
                let known = self.symbols.entry(id).or_insert_with(|| {
                    symbols.symbols.iter().enumerate().map(|(at, symbol)| (&**symbol, at)).collect()
                });
                match known.get(text) {
                    Some(&at) => Ok(Value::Enum(at as u32, symbol(at))),
                    None => self.path.mismatch(format!(
                        "\"{}\" is not a symbol of the enum {}",
                        shorten(text),
                        symbols.named.name
                    )),
                }
            }
            Node::Array { items, .. } => {
                let Json::Array(elements) = &tree.tree else { return self.unexpected("an array", tree) };
                let mut values = Vec::with_capacity(elements.len());
                for (at, element) in elements.iter().enumerate() {
                    self.path.push(Step::Element(at));
                    values.push(self.value(*items, element)?);
                    self.path.pop();
                }
                Ok(Value::Array(values))
            }
            Node::Map { values, .. } => {
                let Json::Object(members) = &tree.tree else { return self.unexpected("an object (a map)", tree) };
                let mut map = HashMap::with_capacity(members.len());
                for member in members {
                    self.path.member(&member.key);
                    map.insert(member.key.to_string(), self.value(*values, &member.value)?);
                    self.path.pop();
                }
                Ok(Value::Map(map))
            }
            Node::Record(record) => self.record(id, &record.named.name, &record.fields, tree),
            Node::Union(branches) => self.union(id, branches, tree),
            Node::Unresolved => unreachable!("resolution replaces every unresolved name"),
        }
    }

    fn primitive(&self, primitive: Primitive, tree: &Tree<'_>) -> Result<Value, Mismatch> {
        let integer = || match tree.tree {
            Json::Int(digits) => Some(digits),
            _ => None,
        };
        let number = || match &tree.tree {
            Json::Int(digits) => digits.parse().ok(),
            Json::Double(value) => Some(*value),
            // What JSON has no numbers for.
            Json::String(text) if matches!(&**text, "NaN" | "Infinity" | "-Infinity") => parse_java_double(text),
            _ => None,
        };
        match (primitive, &tree.tree) {
            (Primitive::Null, Json::Null) => Ok(Value::Null),
            (Primitive::Boolean, Json::Bool(value)) => Ok(Value::Boolean(*value)),
            (Primitive::String, Json::String(text)) => Ok(Value::String(text.to_string())),
            (Primitive::Bytes, Json::String(_)) => self.bytes(tree, "bytes").map(Value::Bytes),
            (Primitive::Int, Json::Int(digits)) => match digits.parse() {
                Ok(value) => Ok(Value::Int(value)),
                Err(_) => self.path.mismatch(format!("{} is out of the range of an int", shorten(digits))),
            },
            (Primitive::Long, _) if integer().is_some() => {
                let digits = integer().unwrap_or_default();
                match digits.parse() {
                    Ok(value) => Ok(Value::Long(value)),
                    Err(_) => self.path.mismatch(format!("{} is out of the range of a long", shorten(digits))),
                }
            }
            (Primitive::Float, _) if number().is_some() => Ok(Value::Float(number().unwrap_or_default() as f32)),
            (Primitive::Double, _) if number().is_some() => Ok(Value::Double(number().unwrap_or_default())),
            _ => self.unexpected(
                match primitive {
                    Primitive::Null => "null",
                    Primitive::Boolean => "a boolean",
                    Primitive::Int => "an int",
                    Primitive::Long => "a long",
                    Primitive::Float => "a float",
                    Primitive::Double => "a double",
                    Primitive::Bytes => "bytes (a string)",
                    Primitive::String => "a string",
                },
                tree,
            ),
        }
    }

    fn bytes(&self, tree: &Tree<'_>, what: &str) -> Result<Vec<u8>, Mismatch> {
        let Some(text) = tree.as_str() else { return self.unexpected(&format!("{what} (a string)"), tree) };
        let byte = |c: char| match u8::try_from(u32::from(c)) {
            Ok(byte) => Ok(byte),
            Err(_) => self.path.mismatch(format!("the character {c:?} stands for no byte: bytes are U+0000 to U+00FF")),
        };
        text.chars().map(byte).collect()
    }

    fn record(&mut self, id: NodeId, name: &Name, fields: &'s [Field], tree: &'s Tree<'s>) -> Result<Value, Mismatch> {
        let Json::Object(members) = &tree.tree else {
            return self.unexpected(&format!("an object (the record {name})"), tree);
        };
        self.fields
            .entry(id)
            .or_insert_with(|| fields.iter().enumerate().map(|(at, field)| (&*field.name, at)).collect());
        let mut values: Vec<Option<Value>> = vec![None; fields.len()];
        for member in members {
            self.path.member(&member.key);
            let Some(&at) = self.fields[&id].get(&*member.key) else {
                return self.path.mismatch(format!("the record {name} has no such field"));
            };
            values[at] = Some(self.value(fields[at].schema, &member.value)?);
            self.path.pop();
        }
        let mut record = Vec::with_capacity(fields.len());
        for (at, value) in values.into_iter().enumerate() {
            match value {
                Some(value) => record.push((field_name(at), value)),
                None => {
                    self.path.member(&fields[at].name);
                    return self.path.mismatch(format!("the field of the record {name} is missing"));
                }
            }
        }
        Ok(Value::Record(record))
    }

    fn union(&mut self, id: NodeId, branches: &'s [NodeId], tree: &'s Tree<'s>) -> Result<Value, Mismatch> {
        let model = self.model;
        let known = self.branches.entry(id).or_insert_with(|| {
            // The first of a name counts.
            let named = branches.iter().enumerate().rev();
            named.map(|(at, &branch)| (branch_name(model.node(branch)), at)).collect()
        });
        let position = |name: &str| known.get(name).copied();
        let names = || {
            let names: Vec<Cow<'_, str>> = branches.iter().map(|&branch| branch_name(model.node(branch))).collect();
            shorten(&names.join(", "))
        };
        match &tree.tree {
            Json::Null => match position("null") {
                Some(at) => Ok(Value::Union(at as u32, Box::new(Value::Null))),
                None => self.path.mismatch(format!("null is no branch of the union [{}]", names())),
            },
            Json::Object(members) if members.len() == 1 => {
                let member = &members[0];
                self.path.member(&member.key);
                let Some(at) = position(&member.key) else {
                    return self.path.mismatch(format!("no such branch in the union [{}]", names()));
                };
                let value = self.value(branches[at], &member.value)?;
                self.path.pop();
                Ok(Value::Union(at as u32, Box::new(value)))
            }
            _ => {
                self.unexpected(&format!("a value of the union [{}], written as {{\"branch\": value}}", names()), tree)
            }
        }
    }

    fn unexpected<T>(&self, expected: &str, tree: &Tree<'_>) -> Result<T, Mismatch> {
        let found = match &tree.tree {
            Json::Null => "null".to_owned(),
            Json::Bool(_) => "a boolean".to_owned(),
            Json::Int(digits) => format!("the number {}", shorten(digits)),
            Json::Decimal(literal) => format!("the number {literal}"),
            Json::Double(value) => format!("the number {value}"),
            Json::String(_) => "a string".to_owned(),
            Json::Array(_) => "an array".to_owned(),
            Json::Object(_) => "an object".to_owned(),
        };
        self.path.mismatch(format!("expected {expected}, found {found}"))
    }
}
