//! The normalised text (`normalize=true`).
//!
//! The reference writes an intermediate text and parses it again, and its quirks come from that: full names without a
//! namespace, so that a null-namespace type inside a namespaced one moves into that namespace; defaults re-typed by the
//! first branch of a union; what cannot be re-typed is dropped. This module writes that intermediate text.

use super::model::*;
use super::names::Name;
use super::{Schema, logical};
use crate::Error;
use crate::json::{Json, java_float, utf16_order, write_string};
use std::collections::HashSet;

/// The normalised schema.
pub(super) fn normalize(schema: &Schema) -> Result<Schema, Error> {
    let model = &schema.model;
    let known = model.referenced.iter().collect();
    let mut writer = Writer { nodes: &model.nodes, known, out: String::with_capacity(schema.canonical.len() * 2) };
    writer.node(model.root, 0)?;
    // Places in the intermediate text would mislead; the message alone is kept.
    Schema::parse(&writer.out, &schema.dependencies, schema.strictness).map_err(|error| match error {
        Error::Invalid { message, .. } | Error::Syntax { message, .. } => Error::NotNormalizable(message),
        other => other,
    })
}

struct Writer<'m> {
    nodes: &'m [Node],
    known: HashSet<&'m Name>,
    out: String,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId, depth: usize) -> Result<(), Error> {
        if depth > super::STRUCTURE_DEPTH || self.out.len() > super::MOST_TEXT {
            return Err(Error::TooComplex(super::too_deep()));
        }
        let nodes = self.nodes;
        let node = &nodes[id as usize];
        if let Some(named) = node.named()
            && !self.known.insert(&named.name)
        {
            write_string(&named.name.full(), &mut self.out);
            return Ok(());
        }
        match node {
            Node::Primitive { primitive, props } if props.is_empty() => {
                write_string(primitive.word(), &mut self.out);
                return Ok(());
            }
            Node::Union(branches) => {
                self.out.push('[');
                for (at, &branch) in branches.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.node(branch, depth + 1)?;
                }
                self.out.push(']');
                return Ok(());
            }
            _ => {}
        }
        self.out.push_str("{\"type\":\"");
        self.out.push_str(node.kind().word());
        self.out.push('"');
        if let Some(named) = node.named() {
            self.named(named)?;
        }
        match node {
            Node::Array { items, .. } => {
                self.out.push_str(",\"items\":");
                self.node(*items, depth + 1)?;
            }
            Node::Map { values, .. } => {
                self.out.push_str(",\"values\":");
                self.node(*values, depth + 1)?;
            }
            Node::Record(record) => {
                self.out.push_str(",\"fields\":[");
                for (at, field) in record.fields.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.field(field, depth + 3)?;
                }
                self.out.push(']');
            }
            Node::Enum(symbols) => {
                self.out.push_str(",\"symbols\":");
                self.strings(symbols.symbols.iter().map(|symbol| &**symbol));
                if let Some(default) = &symbols.default {
                    self.member("default", default);
                }
            }
            Node::Fixed(fixed) => {
                self.out.push_str(",\"size\":");
                self.out.push_str(&fixed.size.to_string());
            }
            _ => {}
        }
        if matches!(node, Node::Primitive { .. } | Node::Fixed(_)) {
            self.logical_first(node);
        }
        self.props(node.props())?;
        self.out.push('}');
        Ok(())
    }

    fn named(&mut self, named: &Named) -> Result<(), Error> {
        self.member("name", &named.name.full());
        if let Some(doc) = named.doc.as_deref().filter(|doc| !doc.is_empty()) {
            self.member("doc", doc);
        }
        if named.aliases.iter().map(Name::len).sum::<usize>() > super::MOST_TEXT {
            return Err(Error::TooComplex(super::too_deep()));
        }
        self.aliases(named.alias_texts().collect());
        Ok(())
    }

    fn aliases(&mut self, mut aliases: Vec<String>) {
        if !aliases.is_empty() {
            aliases.sort_by(|a, b| utf16_order(a, b));
            self.out.push_str(",\"aliases\":");
            self.strings(aliases.iter().map(String::as_str));
        }
    }

    fn field(&mut self, field: &Field, depth: usize) -> Result<(), Error> {
        self.out.push_str("{\"name\":");
        write_string(&field.name, &mut self.out);
        self.out.push_str(",\"type\":");
        self.node(field.schema, depth)?;
        match field.order {
            Order::Ascending => {}
            Order::Descending => self.member("order", "descending"),
            Order::Ignore => self.member("order", "ignore"),
        }
        if let Some(doc) = &field.doc {
            self.member("doc", doc);
        }
        self.aliases(field.aliases.iter().map(|alias| alias.to_string()).collect());
        if let Some(default) = &field.default
            && let Some(default) = retyped(self.nodes, Some(field.schema), default)?
        {
            self.out.push_str(",\"default\":");
            default.write(&mut self.out);
        }
        self.props(&field.props)?;
        self.out.push('}');
        Ok(())
    }

    /// A valid logical type comes before the other properties; their values, should they differ, win by coming later.
    fn logical_first(&mut self, node: &Node) {
        let Some(logical) = logical::of(node) else { return };
        self.member("logicalType", logical.name);
        if let Some(decimal) = logical.decimal {
            self.out.push_str(&format!(",\"precision\":{}", decimal.precision));
            if decimal.scale != 0 {
                self.out.push_str(&format!(",\"scale\":{}", decimal.scale));
            }
        }
    }

    fn props(&mut self, props: &[(Box<str>, Json)]) -> Result<(), Error> {
        let mut sorted: Vec<&(Box<str>, Json)> = props.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| utf16_order(a, b));
        for (key, value) in sorted {
            self.out.push(',');
            write_string(key, &mut self.out);
            self.out.push(':');
            match retyped(self.nodes, None, value)? {
                Some(value) => value.write(&mut self.out),
                None => return unwritable(value),
            }
        }
        Ok(())
    }

    fn member(&mut self, key: &str, text: &str) {
        write_string_member(key, text, &mut self.out);
    }

    fn strings<'s>(&mut self, texts: impl Iterator<Item = &'s str>) {
        self.out.push('[');
        for (at, text) in texts.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write_string(text, &mut self.out);
        }
        self.out.push(']');
    }
}

fn write_string_member(key: &str, text: &str, out: &mut String) {
    out.push_str(",\"");
    out.push_str(key);
    out.push_str("\":");
    write_string(text, out);
}

fn unwritable<T>(value: &Json) -> Result<T, Error> {
    let shown = super::members::shorten(&value.to_string());
    Err(Error::NotNormalizable(format!("{shown} has no normalized form")))
}

/// A value as a value of a type (`None`: of no type in particular), with sorted members. `None` means that the type has no
/// such value, and that the whole default is dropped; inside a collection that is an error, as it is for the reference.
fn retyped(nodes: &[Node], schema: Option<NodeId>, value: &Json) -> Result<Option<Json>, Error> {
    let node = schema.map(|id| &nodes[id as usize]);
    if let Some(Node::Union(branches)) = node {
        return match branches.first() {
            Some(&first) => retyped(nodes, Some(first), value),
            None => unwritable(value),
        };
    }
    let primitive = match node {
        Some(Node::Primitive { primitive, .. }) => Some(*primitive),
        _ => None,
    };
    Ok(match value {
        // Null and booleans pass whatever the type is.
        Json::Null | Json::Bool(_) => Some(value.clone()),
        Json::Int(_) => {
            let Some(number) = value.as_i64() else { return Ok(None) };
            let small = i32::try_from(number).is_ok();
            match (node, primitive) {
                (None, _) | (_, Some(Primitive::Long)) => Some(value.clone()),
                (_, Some(Primitive::Int)) if small => Some(value.clone()),
                // Only reachable in a stored schema: a long stays a long, though it is no int.
                (_, Some(Primitive::Int)) => Some(value.clone()),
                (_, Some(Primitive::Double)) => Some(Json::Double(number as f64)),
                (_, Some(Primitive::Float)) => Some(float(number as f64)),
                _ => None,
            }
        }
        Json::Double(number) => match (node, primitive) {
            (None, _) | (_, Some(Primitive::Double)) => Some(value.clone()),
            (_, Some(Primitive::Float)) => Some(float(*number)),
            _ => None,
        },
        Json::String(text) => match (node, primitive) {
            (None | Some(Node::Enum(_)), _) | (_, Some(Primitive::String)) => Some(value.clone()),
            (Some(Node::Fixed(_)), _) | (_, Some(Primitive::Bytes)) => {
                let latin = |c: char| if u32::from(c) <= 0xff { c } else { '?' };
                Some(Json::String(text.chars().map(latin).collect::<String>().into()))
            }
            _ => None,
        },
        Json::Array(elements) => {
            let items = match node {
                None => None,
                Some(Node::Array { items, .. }) => Some(*items),
                Some(_) if elements.is_empty() => None,
                Some(_) => return unwritable(value),
            };
            let element = |element: &Json| retyped(nodes, items, element)?.map_or_else(|| unwritable(element), Ok);
            Some(Json::Array(elements.iter().map(element).collect::<Result<_, _>>()?))
        }
        Json::Object(members) => {
            let mut sorted = Vec::with_capacity(members.len());
            for (key, member) in members {
                let inner = match node {
                    Some(Node::Map { values, .. }) => Some(*values),
                    Some(Node::Record(record)) => match record.fields.iter().find(|field| field.name == *key) {
                        Some(field) => Some(field.schema),
                        None => return unwritable(value),
                    },
                    _ => None,
                };
                let Some(member) = retyped(nodes, inner, member)? else { return unwritable(member) };
                sorted.push((key.clone(), member));
            }
            sorted.sort_by(|(a, _), (b, _)| utf16_order(a, b));
            Some(Json::Object(sorted))
        }
    })
}

/// A float as JSON: the digits that a float needs.
fn float(number: f64) -> Json {
    let mut text = String::new();
    java_float(number as f32, &mut text);
    Json::Double(crate::json::parse_java_double(&text).expect("what Java prints, Java reads"))
}
