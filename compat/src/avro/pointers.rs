//! Where the types of a schema stand in its text: JSON pointers, made when something is told about them.
//!
//! A pointer goes into the text in which every type is written out at its first use, referenced ones too. The schema's own
//! text goes as far as the use of a name; whoever follows a pointer in it stays there, or goes on in the definition.

use super::model::*;
use crate::{Spent, Work};

/// How long a pointer may be, in bytes. Schemas that are written by people stay far below.
const LONGEST: usize = 1_000;

/// A use of a type: in this record, array, map or union, the field or branch of this number. Two numbers, since comparisons
/// keep many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Use {
    inside: NodeId,
    at: u32,
}

impl Use {
    /// The whole schema.
    pub(super) const ROOT: Use = Use { inside: NodeId::MAX, at: 0 };

    /// The type of a field, the items, the values, or a branch.
    pub(super) fn of(inside: NodeId, at: u32) -> Self {
        Use { inside, at }
    }
}

/// The first use of every type.
pub(super) struct Pointers<'m> {
    model: &'m Model,
    first: Vec<Option<Use>>,
}

impl<'m> Pointers<'m> {
    /// Looks through a schema.
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn of(model: &'m Model, work: &Work) -> Result<Self, Spent> {
        work.spend(model.nodes.len())?;
        let mut first = vec![None; model.nodes.len()];
        let mut open = vec![(model.root, Use::ROOT)];
        while let Some((id, usage)) = open.pop() {
            let seen = &mut first[id as usize];
            if seen.is_some() {
                continue;
            }
            *seen = Some(usage);
            let before = open.len();
            let mut inside = (0..).map(|at| Use::of(id, at));
            let mut add = |part: NodeId| open.extend(inside.next().map(|usage| (part, usage)));
            match model.node(id) {
                Node::Record(record) => record.fields.iter().for_each(|field| add(field.schema)),
                Node::Array { items: part, .. } | Node::Map { values: part, .. } => add(*part),
                Node::Union(branches) => branches.iter().for_each(|&branch| add(branch)),
                Node::Primitive { .. } | Node::Enum(_) | Node::Fixed(_) | Node::Unresolved => {}
            }
            // The first part is looked at next, as it is printed next.
            open[before..].reverse();
            work.spend(open.len() - before)?;
        }
        Ok(Pointers { model, first })
    }

    /// The pointer to a use of a type, and on from there by `rest`; `None` where it would be too long.
    pub(super) fn to_use(&self, usage: Use, rest: &str) -> Option<String> {
        // Every step is at least two bytes long, so a longer way is a longer pointer.
        let mut way = Vec::new();
        let mut next = usage;
        while next != Use::ROOT {
            if way.len() > LONGEST {
                return None;
            }
            way.push(next);
            next = self.first[next.inside as usize]?;
        }
        let mut pointer = String::new();
        for Use { inside, at } in way.into_iter().rev() {
            match self.model.node(inside) {
                Node::Record(_) => pointer.push_str(&format!("/fields/{at}/type")),
                Node::Array { .. } => pointer.push_str("/items"),
                Node::Map { .. } => pointer.push_str("/values"),
                _ => pointer.push_str(&format!("/{at}")),
            }
        }
        pointer.push_str(rest);
        (pointer.len() <= LONGEST).then_some(pointer)
    }

    /// The pointer into a definition: to its first use, and on from there by `rest`.
    pub(super) fn to_part(&self, id: NodeId, rest: &str) -> Option<String> {
        self.to_use(self.first[id as usize]?, rest)
    }

    /// Is a type written out at this use?
    pub(super) fn is_definition(&self, id: NodeId, usage: Use) -> bool {
        self.first[id as usize] == Some(usage)
    }
}
