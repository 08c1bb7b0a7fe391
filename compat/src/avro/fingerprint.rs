//! Eight bytes that are equal for schemas that a lookup takes for the same.
//!
//! The first eight bytes (big-endian) of the MD5 of an encoding of the structure with referenced types inlined: what
//! `equal::all` looks at goes in, sorted where order does not count, and nothing else. The value is stored for every
//! version, so a change of the encoding below (another order of cases, another hash) is a new `fingerprint_scheme`.
//!
//! An equal fingerprint does not prove equality; whoever acts on one compares the schemas.

use super::model::*;
use super::names::Name;
use crate::json::Json;
use md5::{Digest, Md5};
use std::collections::HashMap;

/// The types nest too deeply.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct TooDeep;

/// The fingerprint of a schema.
pub(super) fn fingerprint(model: &Model) -> Result<u64, TooDeep> {
    let mut encoder =
        Encoder { nodes: &model.nodes, met: HashMap::new(), out: Vec::with_capacity(2048), hash: Md5::new() };
    encoder.node(model.root, 0)?;
    encoder.hash.update(&encoder.out);
    let digest: [u8; 16] = encoder.hash.finalize().into();
    let (first, _) = digest.split_first_chunk::<8>().expect("16 bytes have a first half");
    Ok(u64::from_be_bytes(*first))
}

struct Encoder<'m> {
    nodes: &'m [Node],
    /// Named types met, numbered in order. A number rather than the name, since one name may have variants.
    met: HashMap<NodeId, u32>,
    /// What is not hashed yet.
    out: Vec<u8>,
    hash: Md5,
}

impl Encoder<'_> {
    fn node(&mut self, id: NodeId, depth: usize) -> Result<(), TooDeep> {
        if depth > 2 * super::STRUCTURE_DEPTH {
            return Err(TooDeep);
        }
        if self.out.len() > 1 << 16 {
            self.hash.update(&self.out);
            self.out.clear();
        }
        let nodes = self.nodes;
        let node = &nodes[id as usize];
        if let Some(named) = node.named() {
            let next = u32::try_from(self.met.len()).expect("there are at most as many types as node ids");
            if let Some(&number) = self.met.get(&named.representative) {
                self.out.push(b'@');
                self.out.extend(number.to_be_bytes());
                return Ok(());
            }
            self.met.insert(named.representative, next);
        }
        match node {
            Node::Primitive { primitive, props } => {
                self.out.push(match primitive {
                    Primitive::Null => b'0',
                    Primitive::Boolean => b'1',
                    Primitive::Int => b'2',
                    Primitive::Long => b'3',
                    Primitive::Float => b'4',
                    Primitive::Double => b'5',
                    Primitive::Bytes => b'6',
                    Primitive::String => b'7',
                });
                self.props(props);
            }
            Node::Array { items, props } => {
                self.out.push(b'a');
                self.props(props);
                self.node(*items, depth + 1)?;
            }
            Node::Map { values, props } => {
                self.out.push(b'm');
                self.props(props);
                self.node(*values, depth + 1)?;
            }
            Node::Union(branches) => {
                self.out.push(b'u');
                self.length(branches.len());
                for &branch in branches {
                    self.node(branch, depth + 1)?;
                }
            }
            Node::Enum(symbols) => {
                self.out.push(b'e');
                self.named(&symbols.named);
                self.length(symbols.symbols.len());
                symbols.symbols.iter().for_each(|symbol| self.text(symbol));
                self.optional(symbols.default.as_deref());
            }
            Node::Fixed(fixed) => {
                self.out.push(b'f');
                self.named(&fixed.named);
                self.length(fixed.size as usize);
            }
            Node::Record(record) => {
                self.out.push(b'r');
                self.named(&record.named);
                self.length(record.fields.len());
                for field in &record.fields {
                    self.field(field);
                    self.node(field.schema, depth + 1)?;
                }
            }
            Node::Unresolved => unreachable!("resolution replaces every unresolved name"),
        }
        Ok(())
    }

    fn named(&mut self, named: &Named) {
        self.name(&named.name);
        self.optional(named.doc.as_deref());
        let mut aliases: Vec<&Name> = named.aliases.iter().collect();
        aliases.sort_unstable();
        self.length(aliases.len());
        for alias in aliases {
            // Aliases of the type's own namespace, of which there may be many, do not repeat it.
            let own = alias.namespace() == named.name.namespace();
            self.out.push(u8::from(own));
            if own { self.text(alias.short()) } else { self.name(alias) }
        }
        self.props(&named.props);
    }

    fn field(&mut self, field: &Field) {
        self.text(&field.name);
        self.optional(field.doc.as_deref());
        let mut aliases: Vec<&str> = field.aliases.iter().map(|alias| &**alias).collect();
        aliases.sort_unstable();
        self.length(aliases.len());
        aliases.iter().for_each(|alias| self.text(alias));
        self.props(&field.props);
        self.out.push(match field.order {
            Order::Ascending => b'+',
            Order::Descending => b'-',
            Order::Ignore => b'/',
        });
        match &field.default {
            None => self.out.push(0),
            Some(default) => {
                self.out.push(1);
                self.json(default);
            }
        }
    }

    fn length(&mut self, length: usize) {
        self.out.extend((length as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.out.extend(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.out.push(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn name(&mut self, name: &Name) {
        self.optional(name.namespace().map(|namespace| &**namespace));
        self.text(name.short());
    }

    fn props(&mut self, props: &[(Box<str>, Json)]) {
        let mut sorted: Vec<&(Box<str>, Json)> = props.iter().collect();
        sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        self.length(sorted.len());
        for (key, value) in sorted {
            self.text(key);
            self.json(value);
        }
    }

    fn json(&mut self, value: &Json) {
        match value {
            Json::Null => self.out.push(b'n'),
            Json::Bool(false) => self.out.push(b'F'),
            Json::Bool(true) => self.out.push(b'T'),
            Json::Int(digits) => {
                self.out.push(b'i');
                self.text(digits);
            }
            Json::Double(number) => {
                self.out.push(b'd');
                let number = if number.is_nan() { f64::NAN } else { *number };
                self.out.extend(number.to_bits().to_be_bytes());
            }
            Json::String(text) => {
                self.out.push(b's');
                self.text(text);
            }
            Json::Array(items) => {
                self.out.push(b'[');
                self.length(items.len());
                items.iter().for_each(|item| self.json(item));
            }
            Json::Object(members) => {
                self.out.push(b'{');
                self.props(members);
            }
        }
    }
}
