//! Avro's binary encoding. The walk builds no values: it makes sure that decoding will need neither more depth nor more
//! memory than the sample deserves, and that the sample ends where its value ends. On its way it writes Avro's JSON encoding.

use super::branch_name;
use super::path::{Path, Step};
use crate::avro::model::{Model, Node, NodeId, Primitive};
use crate::sample::Document;
use crate::{Fit, Mismatch, Work};
use std::borrow::Cow;

/// Does the sample hold one value of the schema, and nothing else? Inside is what it says.
pub(super) fn read(model: &Model, bytes: &[u8], work: &Work) -> Result<Fit, Mismatch> {
    let mut walk = Walk { model, path: Path::new(work), rest: bytes, values: 0, document: Document::default() };
    walk.value(model.root)?;
    match walk.rest.len() {
        0 => Ok(walk.document.fit()),
        1 => walk.path.mismatch("1 byte is left over after the value"),
        left => walk.path.mismatch(format!("{left} bytes are left over after the value")),
    }
}

struct Walk<'s> {
    model: &'s Model,
    path: Path<'s>,
    rest: &'s [u8],
    values: usize,
    document: Document,
}

impl<'s> Walk<'s> {
    fn value(&mut self, id: NodeId) -> Result<(), Mismatch> {
        self.values += 1;
        self.path.bounded(self.values)?;
        let model = self.model;
        match model.node(id) {
            Node::Primitive { primitive, .. } => self.primitive(*primitive),
            Node::Fixed(fixed) => {
                let bytes = self.take(fixed.size as usize, "a fixed")?;
                self.characters(bytes);
                Ok(())
            }
            Node::Enum(symbols) => {
                let at = self.long("the position of a symbol")?;
                match usize::try_from(at) {
                    Ok(at) if at < symbols.symbols.len() => {
                        self.document.string(&symbols.symbols[at]);
                        Ok(())
                    }
                    _ => self.path.mismatch(format!(
                        "the enum {} has {} symbols, none at position {at}",
                        symbols.named.name,
                        symbols.symbols.len()
                    )),
                }
            }
            Node::Union(branches) => {
                let at = self.long("the position of a branch")?;
                let Some(&branch) = usize::try_from(at).ok().and_then(|at| branches.get(at)) else {
                    return self
                        .path
                        .mismatch(format!("the union has {} branches, none at position {at}", branches.len()));
                };
                // In JSON, null has no branch name around it.
                if matches!(model.node(branch), Node::Primitive { primitive: Primitive::Null, .. }) {
                    return self.value(branch);
                }
                let name = branch_name(model.node(branch));
                self.document.put("{");
                self.document.member(&name);
                self.path.push(Step::Member(name));
                self.value(branch)?;
                self.path.pop();
                self.document.put("}");
                Ok(())
            }
            Node::Array { items, .. } => {
                let mut at = 0;
                self.document.put("[");
                self.blocks(|walk| {
                    walk.document.next();
                    walk.path.push(Step::Element(at));
                    at += 1;
                    walk.value(*items)?;
                    walk.path.pop();
                    Ok(())
                })?;
                self.document.put("]");
                Ok(())
            }
            Node::Map { values, .. } => {
                self.document.put("{");
                self.blocks(|walk| {
                    let key = walk.text()?;
                    walk.document.member(key);
                    walk.path.push(Step::Member(Cow::Borrowed(key)));
                    walk.value(*values)?;
                    walk.path.pop();
                    Ok(())
                })?;
                self.document.put("}");
                Ok(())
            }
            Node::Record(record) => {
                self.document.put("{");
                for field in &record.fields {
                    self.document.member(&field.name);
                    self.path.member(&field.name);
                    self.value(field.schema)?;
                    self.path.pop();
                }
                self.document.put("}");
                Ok(())
            }
            Node::Unresolved => unreachable!("resolution replaces every unresolved name"),
        }
    }

    fn primitive(&mut self, primitive: Primitive) -> Result<(), Mismatch> {
        match primitive {
            Primitive::Null => self.document.put("null"),
            Primitive::Boolean => match self.take(1, "a boolean")? {
                [0] => self.document.put("false"),
                [1] => self.document.put("true"),
                other => return self.path.mismatch(format!("a boolean is 0 or 1, not {}", other[0])),
            },
            Primitive::Int => {
                let value = self.long("an int")?;
                if i32::try_from(value).is_err() {
                    return self.path.mismatch(format!("{value} is out of the range of an int"));
                }
                self.document.put(&value.to_string());
            }
            Primitive::Long => {
                let value = self.long("a long")?;
                self.document.put(&value.to_string());
            }
            Primitive::Float => {
                let bytes = self.array("a float")?;
                self.document.float(f32::from_le_bytes(bytes));
            }
            Primitive::Double => {
                let bytes = self.array("a double")?;
                self.document.double(f64::from_le_bytes(bytes));
            }
            Primitive::Bytes => {
                let bytes = self.counted("bytes")?;
                self.characters(bytes);
            }
            Primitive::String => {
                let text = self.text()?;
                self.document.string(text);
            }
        }
        Ok(())
    }

    /// Bytes as JSON has them: the characters U+0000 to U+00FF.
    fn characters(&mut self, bytes: &[u8]) {
        self.document.string(&bytes.iter().copied().map(char::from).collect::<String>());
    }

    /// The items of an array or map: blocks of items, each with their number, until a block of none. A negative number
    /// stands for its opposite and is followed by the size of the block in bytes.
    fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Mismatch>) -> Result<(), Mismatch> {
        loop {
            let count = self.long("the number of items in a block")?;
            if count == 0 {
                return Ok(());
            }
            let size = if count < 0 { Some(self.long("the size of a block")?) } else { None };
            let before = self.rest.len();
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
            let taken = before - self.rest.len();
            if size.is_some_and(|size| usize::try_from(size) != Ok(taken)) {
                return self.path.mismatch(format!("a block has {taken} bytes, but says {}", size.unwrap_or_default()));
            }
        }
    }

    fn text(&mut self) -> Result<&'s str, Mismatch> {
        match std::str::from_utf8(self.counted("a string")?) {
            Ok(text) => Ok(text),
            Err(_) => self.path.mismatch("a string is not UTF-8"),
        }
    }

    fn counted(&mut self, what: &str) -> Result<&'s [u8], Mismatch> {
        let length = self.long("a length")?;
        match usize::try_from(length) {
            Ok(length) => self.take(length, what),
            Err(_) => self.path.mismatch(format!("the length of {what} is negative: {length}")),
        }
    }

    fn take(&mut self, length: usize, what: &str) -> Result<&'s [u8], Mismatch> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => self.path.mismatch(format!("{what} of {length} bytes was expected, {} are left", self.rest.len())),
        }
    }

    fn array<const LENGTH: usize>(&mut self, what: &str) -> Result<[u8; LENGTH], Mismatch> {
        let mut array = [0; LENGTH];
        array.copy_from_slice(self.take(LENGTH, what)?);
        Ok(array)
    }

    /// A zig-zag variable-length number.
    fn long(&mut self, what: &str) -> Result<i64, Mismatch> {
        let mut bits = 0u64;
        for at in 0..10 {
            let Some((&byte, rest)) = self.rest.split_first() else {
                return self.path.mismatch(format!("the sample ends where {what} was expected"));
            };
            self.rest = rest;
            bits |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                // The tenth byte has room for one bit.
                if at == 9 && byte > 1 {
                    break;
                }
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        self.path.mismatch(format!("{what} is longer than 64 bits"))
    }
}
