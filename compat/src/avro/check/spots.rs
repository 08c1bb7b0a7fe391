//! Where findings are, in both schemas.

use super::report::{Found, Met, missing_symbols};
use crate::avro::brief;
use crate::avro::finding::Rule;
use crate::avro::model::*;
use crate::avro::pointers::Pointers;
use crate::{Direction, Spent, Spot, Work};

/// How many findings are told with their places: more than anybody looks at.
const MOST_SPOTS: usize = 200;

/// The places of both schemas.
pub(super) struct Spots<'m> {
    reader: Side<'m>,
    writer: Side<'m>,
    left: usize,
}

impl<'m> Spots<'m> {
    /// Looks through both schemas.
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn of(reader: &'m Model, writer: &'m Model, work: &Work) -> Result<Self, Spent> {
        Ok(Spots { reader: Side::of(reader, work)?, writer: Side::of(writer, work)?, left: MOST_SPOTS })
    }

    /// Where a finding is, in the old schema and in the new one.
    pub(super) fn tell(&mut self, found: &Found, direction: Direction) -> (Spot, Spot) {
        if self.left == 0 {
            return Default::default();
        }
        self.left -= 1;
        let (reader, writer) = (&self.reader, &self.writer);
        let (r, w) = (found.reader, found.writer);
        let (read, written) = match (found.rule, reader.model.node(r.id), writer.model.node(w.id)) {
            (Rule::FixedSizeMismatch, Node::Fixed(a), Node::Fixed(b)) => (reader.size(r.id, a), writer.size(w.id, b)),
            (Rule::MissingEnumSymbols, Node::Enum(a), Node::Enum(b)) => {
                (reader.symbols(r.id, a), writer.missing(w.id, b, &missing_symbols(a, b)))
            }
            (Rule::ReaderFieldMissingDefaultValue, Node::Record(a), Node::Record(b)) => {
                (reader.field(r.id, a, found.field), writer.fields(w.id, b))
            }
            (Rule::NameMismatch, _, _) => (reader.name(r), writer.name(w)),
            _ => (reader.usage(r), writer.usage(w)),
        };
        direction.old_and_new(read, written)
    }
}

/// One schema.
struct Side<'m> {
    model: &'m Model,
    pointers: Pointers<'m>,
}

impl<'m> Side<'m> {
    fn of(model: &'m Model, work: &Work) -> Result<Self, Spent> {
        Ok(Side { model, pointers: Pointers::of(model, work)? })
    }

    /// A type where it is used.
    fn usage(&self, met: Met) -> Spot {
        let written_out = self.pointers.is_definition(met.id, met.usage);
        let fragment = Some(brief::of_type(self.model, met.id, written_out));
        Spot { path: self.pointers.to_use(met.usage, ""), fragment }
    }

    /// The name of a type: in its definition if that stands where the type is used.
    fn name(&self, met: Met) -> Spot {
        let Some(named) = self.model.node(met.id).named() else { return self.usage(met) };
        let rest = if self.pointers.is_definition(met.id, met.usage) { "/name" } else { "" };
        let fragment = Some(brief::of_string(self.model, &named.name.full()));
        Spot { path: self.pointers.to_use(met.usage, rest), fragment }
    }

    fn size(&self, id: NodeId, fixed: &Fixed) -> Spot {
        Spot { path: self.pointers.to_part(id, "/size"), fragment: Some(fixed.size.to_string()) }
    }

    fn symbols(&self, id: NodeId, symbols: &Enum) -> Spot {
        let fragment = Some(brief::of_symbols(self.model, symbols));
        Spot { path: self.pointers.to_part(id, "/symbols"), fragment }
    }

    /// The one symbol that is missing in the reader, or the symbols that several of are.
    fn missing(&self, id: NodeId, symbols: &Enum, missing: &[&str]) -> Spot {
        let &[missing] = missing else { return self.symbols(id, symbols) };
        let at = symbols.symbols.iter().position(|symbol| &**symbol == missing).unwrap_or_default();
        let path = self.pointers.to_part(id, &format!("/symbols/{at}"));
        Spot { path, fragment: Some(brief::of_string(self.model, missing)) }
    }

    fn field(&self, id: NodeId, record: &Record, at: u32) -> Spot {
        let fragment = record.fields.get(at as usize).map(|field| brief::of_field(self.model, field));
        Spot { path: self.pointers.to_part(id, &format!("/fields/{at}")), fragment }
    }

    fn fields(&self, id: NodeId, record: &Record) -> Spot {
        let fragment = Some(brief::of_fields(self.model, &record.fields));
        Spot { path: self.pointers.to_part(id, "/fields"), fragment }
    }
}
