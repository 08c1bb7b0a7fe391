//! The canonical text: what is stored, hashed and returned. Not Avro's Parsing Canonical Form; documentation, defaults,
//! aliases and properties are kept.
//!
//! Every named type is written out where it first occurs and by name afterwards, so the text is linear in the schema. In
//! the canonical text the roots of referenced schemas count as known from the start; in the resolved text nothing does.

use super::model::*;
use super::names::Name;
use crate::json::{Json, write_string};
use std::collections::HashSet;

/// The types nest deeper than a text may, or the text is longer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// The canonical text.
pub(super) fn canonical(model: &Model) -> Result<String, TooDeep> {
    Printer::new(&model.nodes, model.referenced.iter().collect(), super::MOST_TEXT).print(model.root)
}

/// The text with every referenced type inlined at its first use, if it has no more than `most` bytes.
pub(super) fn resolved(model: &Model, most: usize) -> Result<String, TooDeep> {
    let text = Printer::new(&model.nodes, HashSet::new(), most).print(model.root)?;
    if text.len() > most { Err(TooDeep) } else { Ok(text) }
}

/// The resolved text of one type.
pub(super) fn text_of(nodes: &[Node], id: NodeId) -> Result<String, TooDeep> {
    Printer::new(nodes, HashSet::new(), super::MOST_TEXT).print(id)
}

struct Printer<'m> {
    nodes: &'m [Node],
    known: HashSet<&'m Name>,
    out: String,
    most: usize,
}

impl<'m> Printer<'m> {
    fn new(nodes: &'m [Node], known: HashSet<&'m Name>, most: usize) -> Self {
        Printer { nodes, known, out: String::with_capacity(most.min(64 * nodes.len())), most }
    }

    fn print(mut self, root: NodeId) -> Result<String, TooDeep> {
        self.node(root, None, 0)?;
        Ok(self.out)
    }

    /// `namespace` is that of the enclosing named type; `depth` counts brackets.
    fn node(&mut self, id: NodeId, namespace: Option<&str>, depth: usize) -> Result<(), TooDeep> {
        if depth > super::STRUCTURE_DEPTH || self.out.len() > self.most {
            return Err(TooDeep);
        }
        let nodes = self.nodes;
        let node = &nodes[id as usize];
        if let Some(named) = node.named()
            && !self.known.insert(&named.name)
        {
            write_string(&named.name.relative_to(namespace), &mut self.out);
            return Ok(());
        }
        match node {
            Node::Primitive { primitive, props } if props.is_empty() => write_string(primitive.word(), &mut self.out),
            Node::Primitive { primitive, props } => {
                self.open(primitive.word());
                self.props(props);
                self.out.push('}');
            }
            Node::Array { items, props } => self.container("array", ",\"items\":", *items, props, namespace, depth)?,
            Node::Map { values, props } => self.container("map", ",\"values\":", *values, props, namespace, depth)?,
            Node::Union(branches) => {
                self.out.push('[');
                for (at, &branch) in branches.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.node(branch, namespace, depth + 1)?;
                }
                self.out.push(']');
            }
            Node::Record(record) => {
                self.open(if record.word == RecordWord::Error { "error" } else { "record" });
                self.head(&record.named, namespace);
                self.out.push_str(",\"fields\":[");
                for (at, field) in record.fields.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.field(field, record.named.name.namespace().map(|space| &**space), depth + 3)?;
                }
                self.out.push(']');
                self.tail(&record.named);
            }
            Node::Enum(symbols) => {
                self.open("enum");
                self.head(&symbols.named, namespace);
                self.out.push_str(",\"symbols\":");
                self.strings(symbols.symbols.iter());
                if let Some(default) = &symbols.default {
                    self.member("default", default);
                }
                self.tail(&symbols.named);
            }
            Node::Fixed(fixed) => {
                self.open("fixed");
                self.head(&fixed.named, namespace);
                self.out.push_str(",\"size\":");
                self.out.push_str(&fixed.size.to_string());
                self.tail(&fixed.named);
            }
            Node::Unresolved => unreachable!("resolution replaces every unresolved name"),
        }
        Ok(())
    }

    fn open(&mut self, word: &str) {
        self.out.push_str("{\"type\":\"");
        self.out.push_str(word);
        self.out.push('"');
    }

    fn member(&mut self, key: &str, text: &str) {
        self.out.push_str(",\"");
        self.out.push_str(key);
        self.out.push_str("\":");
        write_string(text, &mut self.out);
    }

    fn strings<T: AsRef<str>>(&mut self, texts: impl Iterator<Item = T>) {
        self.out.push('[');
        for (at, text) in texts.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write_string(text.as_ref(), &mut self.out);
        }
        self.out.push(']');
    }

    fn container(
        &mut self,
        word: &str,
        key: &str,
        inner: NodeId,
        props: &[(Box<str>, Json)],
        namespace: Option<&str>,
        depth: usize,
    ) -> Result<(), TooDeep> {
        self.open(word);
        self.out.push_str(key);
        self.node(inner, namespace, depth + 1)?;
        self.props(props);
        self.out.push('}');
        Ok(())
    }

    /// What a named type begins with. The namespace is written where it changes, the null namespace as an empty text.
    fn head(&mut self, named: &Named, enclosing: Option<&str>) {
        let name: &Name = &named.name;
        self.member("name", name.short());
        let own = name.namespace().map(|space| &**space);
        if own != enclosing {
            self.member("namespace", own.unwrap_or(""));
        }
        if let Some(doc) = &named.doc {
            self.member("doc", doc);
        }
    }

    /// What a named type ends with.
    fn tail(&mut self, named: &Named) {
        self.props(&named.props);
        if !named.aliases.is_empty() {
            self.out.push_str(",\"aliases\":");
            let own = named.name.namespace().map(|space| &**space);
            self.strings(named.aliases.iter().map(|alias| alias.relative_to(own)));
        }
        self.out.push('}');
    }

    fn field(&mut self, field: &Field, namespace: Option<&str>, depth: usize) -> Result<(), TooDeep> {
        self.out.push_str("{\"name\":");
        write_string(&field.name, &mut self.out);
        self.out.push_str(",\"type\":");
        self.node(field.schema, namespace, depth)?;
        if let Some(doc) = &field.doc {
            self.member("doc", doc);
        }
        if let Some(default) = &field.default {
            self.out.push_str(",\"default\":");
            default.write(&mut self.out);
        }
        match field.order {
            Order::Ascending => {}
            Order::Descending => self.member("order", "descending"),
            Order::Ignore => self.member("order", "ignore"),
        }
        if !field.aliases.is_empty() {
            self.out.push_str(",\"aliases\":");
            self.strings(field.aliases.iter());
        }
        self.props(&field.props);
        self.out.push('}');
        Ok(())
    }

    fn props(&mut self, props: &[(Box<str>, Json)]) {
        for (key, value) in props {
            self.out.push(',');
            write_string(key, &mut self.out);
            self.out.push(':');
            value.write(&mut self.out);
        }
    }
}
