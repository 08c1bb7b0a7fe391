//! When two schemas are the same schema: structurally, with referenced definitions as good as inlined ones.
//!
//! Significant are full names, fields, defaults, order, properties, symbols, sizes and branches; for lookup also
//! documentation, aliases and the default of an enum. Recursion through names is broken by the pairs already met, which
//! count as equal until something differs.

use super::model::*;
use crate::json::Json;
use crate::{Spent, Work};
use std::collections::HashSet;

/// Why the comparison came to no answer.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Undecided {
    /// The types nest too deeply.
    TooDeep,
    /// The work ended.
    Spent(Spent),
}

impl From<Spent> for Undecided {
    fn from(spent: Spent) -> Self {
        Undecided::Spent(spent)
    }
}

/// Are two types of one arena the same in all that data depends on? Documentation, aliases and enum defaults do not count.
pub(super) fn significant(nodes: &[Node], a: NodeId, b: NodeId, work: &Work) -> Result<bool, Undecided> {
    Comparison { a: nodes, b: nodes, met: HashSet::new(), scope: Scope::Significant, work }.nodes(a, b, 0)
}

/// Are two types the same in everything?
pub(super) fn all(a: &[Node], a_root: NodeId, b: &[Node], b_root: NodeId, work: &Work) -> Result<bool, Undecided> {
    Comparison { a, b, met: HashSet::new(), scope: Scope::All, work }.nodes(a_root, b_root, 0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Significant,
    All,
}

struct Comparison<'m> {
    a: &'m [Node],
    b: &'m [Node],
    /// Pairs of named types that are compared already.
    met: HashSet<(NodeId, NodeId)>,
    scope: Scope,
    work: &'m Work,
}

impl Comparison<'_> {
    fn nodes(&mut self, a: NodeId, b: NodeId, depth: usize) -> Result<bool, Undecided> {
        if depth > 2 * super::STRUCTURE_DEPTH {
            return Err(Undecided::TooDeep);
        }
        // Of one arena, a type is what it is.
        if a == b && std::ptr::eq(self.a, self.b) {
            return Ok(true);
        }
        self.work.spend(1)?;
        let (left, right) = (&self.a[a as usize], &self.b[b as usize]);
        if left.named().is_some() && !self.met.insert((a, b)) {
            return Ok(true);
        }
        match (left, right) {
            (Node::Primitive { primitive: p, props }, Node::Primitive { primitive: q, props: others }) => {
                Ok(p == q && same_props(props, others))
            }
            (Node::Array { items: x, props }, Node::Array { items: y, props: others })
            | (Node::Map { values: x, props }, Node::Map { values: y, props: others }) => {
                Ok(same_props(props, others) && self.nodes(*x, *y, depth + 1)?)
            }
            (Node::Union(xs), Node::Union(ys)) => {
                if xs.len() != ys.len() {
                    return Ok(false);
                }
                for (&x, &y) in xs.iter().zip(ys) {
                    if !self.nodes(x, y, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Node::Enum(x), Node::Enum(y)) => {
                self.work.spend(x.symbols.len())?;
                Ok(self.named(&x.named, &y.named)
                    && x.symbols == y.symbols
                    && (self.scope == Scope::Significant || x.default == y.default))
            }
            (Node::Fixed(x), Node::Fixed(y)) => Ok(self.named(&x.named, &y.named) && x.size == y.size),
            (Node::Record(x), Node::Record(y)) => {
                if !self.named(&x.named, &y.named) || x.fields.len() != y.fields.len() {
                    return Ok(false);
                }
                for (f, g) in x.fields.iter().zip(&y.fields) {
                    if !self.field(f, g) || !self.nodes(f.schema, g.schema, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn named(&self, a: &Named, b: &Named) -> bool {
        let described = || a.doc == b.doc && same_set(a.aliases.iter(), b.aliases.iter());
        a.name == b.name && same_props(&a.props, &b.props) && (self.scope == Scope::Significant || described())
    }

    fn field(&self, a: &Field, b: &Field) -> bool {
        let described = || a.doc == b.doc && same_set(a.aliases.iter(), b.aliases.iter());
        a.name == b.name
            && a.default == b.default
            && a.order == b.order
            && same_props(&a.props, &b.props)
            && (self.scope == Scope::Significant || described())
    }
}

fn same_set<T: Ord>(a: impl Iterator<Item = T>, b: impl Iterator<Item = T>) -> bool {
    let sorted = |items: &mut dyn Iterator<Item = T>| {
        let mut all: Vec<T> = items.collect();
        all.sort();
        all
    };
    let (mut a, mut b) = (a, b);
    sorted(&mut a) == sorted(&mut b)
}

fn same_props(a: &[(Box<str>, Json)], b: &[(Box<str>, Json)]) -> bool {
    crate::json::same_members(a, b)
}
