//! Types in a few words, for people: what stands at a place, without what is not needed to recognise it.
//!
//! Bounded whatever the type: what is printed ends soon after it is longer than a fragment may be.

use super::model::*;
use crate::finding::{LONGEST_FRAGMENT, abridged};
use crate::json::{Json, write_string};

/// How deep types are written out inside types.
const DEPTH: usize = 3;

/// A type; one that is named by its name alone where it is not `written_out`.
pub(super) fn of_type(model: &Model, id: NodeId, written_out: bool) -> String {
    let mut brief = Brief { model, out: String::new() };
    match model.node(id).named() {
        Some(named) if !written_out => brief.string(&named.name.full()),
        _ => brief.node(id, 0),
    }
    abridged(&brief.out)
}

/// A field of a record.
pub(super) fn of_field(model: &Model, field: &Field) -> String {
    let mut brief = Brief { model, out: String::from("{\"name\":") };
    brief.string(&field.name);
    brief.out.push_str(",\"type\":");
    brief.node(field.schema, 1);
    brief.out.push('}');
    abridged(&brief.out)
}

/// The fields of a record, by their names.
pub(super) fn of_fields(model: &Model, fields: &[Field]) -> String {
    of_list(model, fields.iter().map(|field| &*field.name))
}

/// The symbols of an enum.
pub(super) fn of_symbols(model: &Model, symbols: &Enum) -> String {
    of_list(model, symbols.symbols.iter().map(|symbol| &**symbol))
}

/// A name or symbol.
pub(super) fn of_string(model: &Model, text: &str) -> String {
    let mut brief = Brief { model, out: String::new() };
    brief.string(text);
    abridged(&brief.out)
}

fn of_list<'t>(model: &Model, texts: impl Iterator<Item = &'t str>) -> String {
    let mut brief = Brief { model, out: String::from("[") };
    brief.list(texts, |brief, text| brief.string(text));
    brief.out.push(']');
    abridged(&brief.out)
}

struct Brief<'m> {
    model: &'m Model,
    out: String,
}

impl Brief<'_> {
    fn string(&mut self, text: &str) {
        write_string(&abridged(text), &mut self.out);
    }

    fn list<T>(&mut self, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for (at, item) in items.enumerate() {
            if self.out.len() > LONGEST_FRAGMENT {
                return;
            }
            if at > 0 {
                self.out.push(',');
            }
            write(self, item);
        }
    }

    fn node(&mut self, id: NodeId, depth: usize) {
        let model = self.model;
        let node = model.node(id);
        if depth > DEPTH || self.out.len() > LONGEST_FRAGMENT {
            self.out.push('…');
            return;
        }
        if depth > 0
            && let Some(named) = node.named()
        {
            self.string(&named.name.full());
            return;
        }
        match node {
            Node::Primitive { primitive, props } => {
                let logical = props.iter().find(|(key, _)| &**key == "logicalType");
                match logical.and_then(|(_, value)| Json::as_str(value)) {
                    Some(logical) => {
                        self.open(primitive.word());
                        self.member("logicalType", logical);
                        self.out.push('}');
                    }
                    None => self.string(primitive.word()),
                }
            }
            Node::Array { items, .. } => {
                self.open("array");
                self.out.push_str(",\"items\":");
                self.node(*items, depth + 1);
                self.out.push('}');
            }
            Node::Map { values, .. } => {
                self.open("map");
                self.out.push_str(",\"values\":");
                self.node(*values, depth + 1);
                self.out.push('}');
            }
            Node::Union(branches) => {
                self.out.push('[');
                self.list(branches.iter(), |brief, &branch| brief.node(branch, depth + 1));
                self.out.push(']');
            }
            Node::Record(record) => {
                self.named(if record.word == RecordWord::Error { "error" } else { "record" }, &record.named);
                self.out.push_str(",\"fields\":[…]}");
            }
            Node::Enum(symbols) => {
                self.named("enum", &symbols.named);
                self.out.push_str(",\"symbols\":[");
                self.list(symbols.symbols.iter(), |brief, symbol| brief.string(symbol));
                self.out.push_str("]}");
            }
            Node::Fixed(fixed) => {
                self.named("fixed", &fixed.named);
                self.out.push_str(&format!(",\"size\":{}}}", fixed.size));
            }
            Node::Unresolved => self.out.push('…'),
        }
    }

    fn open(&mut self, word: &str) {
        self.out.push_str("{\"type\":");
        self.string(word);
    }

    fn named(&mut self, word: &str, named: &Named) {
        self.open(word);
        self.member("name", &named.name.full());
    }

    fn member(&mut self, key: &str, value: &str) {
        self.out.push_str(&format!(",\"{key}\":"));
        self.string(value);
    }
}
