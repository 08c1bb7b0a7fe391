//! The normalised form (`normalize=true`): one spelling for schemas that mean the same.
//!
//! Normalising changes the model, never its text, so it cannot fail on what was parsed, and nothing it does changes what a
//! schema means: full names, defaults and what can be read stay. The reference writes an intermediate text and parses it
//! again, which loses the null namespace inside a namespace, drops a default that fits a later branch of a union, replaces
//! characters of bytes beyond U+00FF, and refuses some schemas. Those faults are not copied.
//!
//! Types that are defined in a referenced text stay as they are there: a second definition of them must not differ.

use super::defaults::Validity;
use super::logical;
use super::model::*;
use super::names::Name;
use crate::json::{Json, java_float, parse_java_double, utf16_order};
use crate::{Spent, Work};
use std::cell::RefCell;
use std::collections::HashSet;

/// The normalised model.
///
/// # Errors
/// The work ended.
pub(super) fn normalize(model: &Model, work: &Work) -> Result<Model, Spent> {
    let nodes = &model.nodes;
    let (referenced, own) = nodes.split_at(model.own as usize);
    let normalizer = Normalizer {
        nodes,
        referenced: referenced.iter().filter_map(Node::named).map(|named| &named.name).collect(),
        validity: RefCell::new(Validity::new(nodes, work)),
        work,
    };
    let normalized = Model {
        nodes: referenced.iter().cloned().chain(own.iter().map(|node| normalizer.node(node))).collect(),
        root: model.root,
        referenced: model.referenced.clone(),
        own: model.own,
    };
    // Where the work ended, values were left as they are.
    work.check()?;
    Ok(normalized)
}

/// Fields among which one is sought for a unit of work.
const SOUGHT: usize = 16;

struct Normalizer<'m> {
    nodes: &'m [Node],
    /// The names that a referenced text defines.
    referenced: HashSet<&'m Name>,
    validity: RefCell<Validity<'m>>,
    work: &'m Work,
}

impl Normalizer<'_> {
    fn node(&self, node: &Node) -> Node {
        let mut normal = node.clone();
        match &mut normal {
            Node::Primitive { props, .. } => {
                sort(props);
                logical_first(node, props);
            }
            Node::Map { props, .. } => sort(props),
            Node::Array { items, props } => {
                sort(props);
                if logical::is_map(&self.nodes[*items as usize], props) {
                    logical::put_first(props);
                }
            }
            Node::Record(record) => {
                record.word = RecordWord::Record;
                named(&mut record.named);
                if logical::is_variant(self.nodes, &record.fields, &record.named.props) {
                    logical::put_first(&mut record.named.props);
                }
                let retype = !self.referenced.contains(&record.named.name);
                record.fields.iter_mut().for_each(|field| self.field(field, retype));
            }
            Node::Enum(symbols) => named(&mut symbols.named),
            Node::Fixed(fixed) => {
                named(&mut fixed.named);
                logical_first(node, &mut fixed.named.props);
            }
            Node::Union(_) | Node::Unresolved => {}
        }
        normal
    }

    fn field(&self, field: &mut Field, retype: bool) {
        if let Some(default) = &mut field.default {
            self.value(retype.then_some(field.schema), default);
        }
        field.aliases.sort_by(|a, b| utf16_order(a, b));
        sort(&mut field.props);
    }

    /// Writes a value as a value of a type (`None`: of no type in particular) is written, with sorted members. What is no value
    /// of the type stays.
    fn value(&self, schema: Option<NodeId>, value: &mut Json) {
        let node = schema.map(|id| &self.nodes[id as usize]);
        match (node, value) {
            // A default may be one of any branch; the first that takes it is the one that is meant.
            (Some(Node::Union(branches)), value) => {
                let takes = |branch: &NodeId| self.validity.borrow_mut().takes(*branch, value);
                let meant = branches.iter().copied().find(takes);
                self.value(meant, value);
            }
            (Some(Node::Primitive { primitive, .. }), value @ (Json::Int(_) | Json::Double(_))) => {
                number(*primitive, value);
            }
            (_, Json::Array(elements)) => {
                let items = if let Some(Node::Array { items, .. }) = node { Some(*items) } else { None };
                elements.iter_mut().for_each(|element| self.value(items, element));
            }
            (_, Json::Object(members)) => {
                let inner = |key: &str| match node {
                    Some(Node::Map { values, .. }) => Some(*values),
                    Some(Node::Record(record)) => {
                        self.work.spend(1 + record.fields.len() / SOUGHT).ok()?;
                        record.fields.iter().find(|field| &*field.name == key).map(|field| field.schema)
                    }
                    _ => None,
                };
                members.iter_mut().for_each(|(key, member)| self.value(inner(key), member));
                members.sort_by(|(a, _), (b, _)| utf16_order(a, b));
            }
            _ => {}
        }
    }
}

fn named(named: &mut Named) {
    named.doc = named.doc.take().filter(|doc| !doc.is_empty());
    let mut aliases: Vec<(String, Name)> = named.alias_texts().zip(named.aliases.iter().cloned()).collect();
    aliases.sort_by(|(a, _), (b, _)| utf16_order(a, b));
    named.aliases = aliases.into_iter().map(|(_, alias)| alias).collect();
    sort(&mut named.props);
}

/// Properties by their keys, and the members of their values likewise.
fn sort(props: &mut [(Box<str>, Json)]) {
    props.iter_mut().for_each(|(_, value)| sort_members(value));
    props.sort_by(|(a, _), (b, _)| utf16_order(a, b));
}

fn sort_members(value: &mut Json) {
    match value {
        Json::Array(elements) => elements.iter_mut().for_each(sort_members),
        Json::Object(members) => sort(members),
        _ => {}
    }
}

/// A valid logical type comes before the other properties, with what belongs to it.
fn logical_first(node: &Node, props: &mut Props) {
    let Some(logical) = logical::of(node) else { return };
    let scaled = logical.decimal.as_ref().is_some_and(|decimal| decimal.scale != 0);
    props.sort_by_key(|(key, _)| match &**key {
        "logicalType" => 0,
        "precision" if logical.decimal.is_some() => 1,
        "scale" if scaled => 2,
        _ => 3,
    });
}

/// Writes a number as a number of this type is written: with the digits that a double or float needs. One that the type cannot
/// hold stays as it is.
fn number(primitive: Primitive, value: &mut Json) {
    let number = match &*value {
        Json::Int(digits) => digits.parse::<f64>().ok(),
        Json::Double(number) => Some(*number),
        _ => None,
    };
    let typed = match primitive {
        Primitive::Double => number.filter(|number| number.is_finite()),
        Primitive::Float => number.map(|number| number as f32).filter(|number| number.is_finite()).map(shortest),
        _ => None,
    };
    if let Some(typed) = typed {
        *value = Json::Double(typed);
    }
}

/// The double that is written with the digits that a float needs.
fn shortest(number: f32) -> f64 {
    let mut text = String::new();
    java_float(number, &mut text);
    parse_java_double(&text).expect("what Java prints, Java reads")
}
