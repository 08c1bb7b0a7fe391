//! Is a default a value of its field's type? Asked of new schemas only.
//!
//! The rules are the reference's and differ from those for data: a union takes a value of any branch, untagged; enum
//! symbols, lengths of fixed and characters beyond U+00FF are not looked at; a record takes the default of its own field
//! for a member that is missing.

use super::members::{problem, shorten};
use super::model::*;
use super::print;
use super::resolve::Unresolved;
use crate::json::Json;
use crate::{Spent, Work};
use std::collections::HashMap;

/// Checks the defaults noted as (record, index of the field, offset).
///
/// # Errors
/// The first that is not; or the work ended.
pub(super) fn check(nodes: &[Node], noted: &[(NodeId, usize, usize)], work: &Work) -> Result<(), Unresolved> {
    let mut validity = Validity::new(nodes, work);
    for &(record, index, at) in noted {
        match validity.own_default(record, index, 0) {
            Ok(true) => {}
            Ok(false) => {
                let Node::Record(record) = &nodes[record as usize] else { unreachable!("only records have fields") };
                let field = &record.fields[index];
                let default = field.default.as_ref().map_or_else(String::new, |value| shorten(&value.to_string()));
                let schema =
                    print::text_of(nodes, field.schema).map_or_else(|_| "...".to_owned(), |text| shorten(&text));
                let message = format!("Invalid default for field {}: {default} not a {schema}", field.name);
                return Ok(problem(at, message)?);
            }
            Err(Undecided::TooMuch) => return Ok(problem(at, "The defaults take too many steps to check")?),
            Err(Undecided::Spent(spent)) => return Err(spent.into()),
        }
    }
    Ok(())
}

/// Values and unions can multiply; what takes longer than this is refused.
const MOST_STEPS: usize = 4_000_000;

/// What a step costs.
const STEP: usize = 4;

enum Undecided {
    TooMuch,
    Spent(Spent),
}

impl From<Spent> for Undecided {
    fn from(spent: Spent) -> Self {
        Undecided::Spent(spent)
    }
}

/// Judges values. The steps of all judgements together are bounded.
pub(super) struct Validity<'n> {
    nodes: &'n [Node],
    /// Verdicts on the defaults of fields; `None` while being judged, which makes a default that needs itself invalid.
    known: HashMap<(NodeId, usize), Option<bool>>,
    steps: usize,
    work: &'n Work,
}

impl<'n> Validity<'n> {
    pub(super) fn new(nodes: &'n [Node], work: &'n Work) -> Self {
        Validity { nodes, known: HashMap::new(), steps: 0, work }
    }

    /// Is this a value of the type? `false` also where that takes too many steps, or more work than is left, to tell.
    pub(super) fn takes(&mut self, schema: NodeId, value: &Json) -> bool {
        matches!(self.valid(schema, value, 0), Ok(true))
    }

    /// Is the field's own default valid? `false` if it has none.
    fn own_default(&mut self, record: NodeId, index: usize, depth: usize) -> Result<bool, Undecided> {
        if let Some(&verdict) = self.known.get(&(record, index)) {
            return Ok(verdict == Some(true));
        }
        let nodes = self.nodes;
        let Node::Record(definition) = &nodes[record as usize] else { unreachable!("only records have fields") };
        let field = &definition.fields[index];
        let Some(default) = &field.default else { return Ok(false) };
        self.known.insert((record, index), None);
        let valid = self.valid(field.schema, default, depth + 1)?;
        self.known.insert((record, index), Some(valid));
        Ok(valid)
    }

    fn step(&mut self, steps: usize) -> Result<(), Undecided> {
        self.steps += steps;
        if self.steps > MOST_STEPS {
            return Err(Undecided::TooMuch);
        }
        Ok(self.work.spend(STEP * steps)?)
    }

    fn valid(&mut self, id: NodeId, value: &Json, depth: usize) -> Result<bool, Undecided> {
        self.step(1)?;
        if depth > 2 * super::VALUE_DEPTH {
            return Err(Undecided::TooMuch);
        }
        let nodes = self.nodes;
        Ok(match (&nodes[id as usize], value) {
            (Node::Primitive { primitive, .. }, value) => primitive_takes(*primitive, value),
            (Node::Enum(_) | Node::Fixed(_), Json::String(_)) => true,
            (Node::Array { items, .. }, Json::Array(elements)) => {
                for element in elements {
                    if !self.valid(*items, element, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Node::Map { values, .. }, Json::Object(members)) => {
                for (_, member) in members {
                    if !self.valid(*values, member, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Node::Union(branches), value) => {
                for &branch in branches {
                    if self.valid(branch, value, depth + 1)? {
                        return Ok(true);
                    }
                }
                false
            }
            (Node::Record(record), Json::Object(members)) => {
                self.step(members.len())?;
                let members: HashMap<&str, &Json> = members.iter().map(|(key, value)| (&**key, value)).collect();
                for (index, field) in record.fields.iter().enumerate() {
                    let valid = match members.get(&*field.name) {
                        Some(member) => self.valid(field.schema, member, depth + 1)?,
                        None => self.own_default(id, index, depth)?,
                    };
                    if !valid {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        })
    }
}

fn primitive_takes(primitive: Primitive, value: &Json) -> bool {
    match (primitive, value) {
        (Primitive::Null, Json::Null)
        | (Primitive::Boolean, Json::Bool(_))
        | (Primitive::Float | Primitive::Double, Json::Int(_) | Json::Double(_))
        | (Primitive::String | Primitive::Bytes, Json::String(_)) => true,
        (Primitive::Int, value) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        (Primitive::Long, value) => value.as_i64().is_some(),
        _ => false,
    }
}
