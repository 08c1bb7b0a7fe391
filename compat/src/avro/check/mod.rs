//! Can this reader read what that writer wrote? All incompatibilities, in the order and with the paths of the reference.
//!
//! A pair of nodes is judged once; a pair being judged counts as compatible, which ends recursion; a pair judged before
//! gives its findings again with the paths of its first visit. The walk keeps its own stack: two cycles of types, of
//! lengths p and q, make a path of p·q pairs, far deeper than either schema.

mod report;

use super::finding::{Finding, FindingKind};
use super::model::*;
use super::print;
use report::{COMPATIBLE, Item, PlaceId, ROOT, Report, ResultId, Token, missing_symbols};
use std::collections::HashMap;

/// The comparison came to no list of findings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// A reader field has, by its name and aliases, several fields of the writer to read from. The reference gives up on
    /// the whole comparison, so this holds its message.
    Ambiguous(String),
    /// The pairs of types are too many to look at.
    TooMuch,
}

/// More pairs than this are not looked at: each is remembered.
const MOST_PAIRS: usize = 1_000_000;
/// Nor more fields and symbols than this, over all pairs.
const MOST_WORK: usize = 20_000_000;
/// Compares two schemas. Of very many findings only the first are returned; none means compatible.
pub(crate) fn check(reader: &super::Schema, writer: &super::Schema) -> Result<Vec<Finding>, Abandoned> {
    let mut checker = Checker {
        reader: &reader.model,
        writer: &writer.model,
        memo: HashMap::new(),
        report: Report::new(),
        fields: HashMap::new(),
        work: 0,
    };
    let result = checker.run()?;
    Ok(checker.report.list(result, &reader.model, &writer.model))
}

/// A pair being judged.
struct Frame {
    reader: NodeId,
    writer: NodeId,
    place: PlaceId,
    /// How far through its fields or branches it is.
    next: usize,
    items: Vec<Item>,
    mode: Mode,
}

/// What a pair does with the results of its inner pairs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Array and map: the one inner pair.
    Inner,
    /// Record: one inner pair per field that both have.
    Fields,
    /// Reader and writer are unions: every branch of the writer against the whole reader; inner findings are dropped.
    BothUnions,
    /// Only the writer is a union: the reader against every branch.
    WriterUnion,
    /// Only the reader is a union: some branch has to do.
    ReaderUnion,
    /// There is nothing left to ask.
    Settled,
}

enum Next {
    Pair { reader: NodeId, writer: NodeId, place: PlaceId },
    Done,
}

struct Checker<'m> {
    reader: &'m Model,
    writer: &'m Model,
    /// `None` while the pair is being judged.
    memo: HashMap<(NodeId, NodeId), Option<ResultId>>,
    report: Report,
    /// Fields of large writer records by name.
    fields: HashMap<NodeId, HashMap<&'m str, usize>>,
    work: usize,
}

impl<'m> Checker<'m> {
    fn run(&mut self) -> Result<ResultId, Abandoned> {
        let mut stack = Vec::new();
        let mut arrived = self.enter(self.reader.root, self.writer.root, ROOT, &mut stack)?;
        while let Some(mut frame) = stack.pop() {
            if let Some(result) = arrived.take() {
                self.absorb(&mut frame, result);
            }
            match self.advance(&mut frame)? {
                Next::Pair { reader, writer, place } => {
                    stack.push(frame);
                    arrived = self.enter(reader, writer, place, &mut stack)?;
                }
                Next::Done => arrived = Some(self.finish(frame.reader, frame.writer, frame.items)),
            }
        }
        Ok(arrived.expect("the root pair has a result once the stack is empty"))
    }

    /// Looks at a pair: either it has a result at once, or a frame for it is pushed.
    fn enter(
        &mut self,
        reader: NodeId,
        writer: NodeId,
        place: PlaceId,
        stack: &mut Vec<Frame>,
    ) -> Result<Option<ResultId>, Abandoned> {
        let (r, w) = (self.reader.node(reader), self.writer.node(writer));
        if let (Kind::Primitive(a), Kind::Primitive(b)) = (r.kind(), w.kind())
            && (a == b || promotes(b, a))
        {
            return Ok(Some(COMPATIBLE));
        }
        if let Some(&known) = self.memo.get(&(reader, writer)) {
            return Ok(Some(known.unwrap_or(COMPATIBLE)));
        }
        self.memo.insert((reader, writer), None);
        self.spend(1)?;
        if self.memo.len() > MOST_PAIRS {
            return Err(Abandoned::TooMuch);
        }
        let mut items = Vec::new();
        let mode = match (r, w) {
            (Node::Union(_), Node::Union(_)) => Some(Mode::BothUnions),
            (_, Node::Union(_)) => Some(Mode::WriterUnion),
            (Node::Union(_), _) => Some(Mode::ReaderUnion),
            (Node::Array { .. }, Node::Array { .. }) | (Node::Map { .. }, Node::Map { .. }) => Some(Mode::Inner),
            (Node::Record(a), Node::Record(b)) => {
                self.names(&a.named, &b.named, (reader, writer), place, &mut items)?;
                Some(Mode::Fields)
            }
            (Node::Enum(a), Node::Enum(b)) => {
                self.names(&a.named, &b.named, (reader, writer), place, &mut items)?;
                self.spend(a.symbols.len() + b.symbols.len())?;
                if !missing_symbols(a, b).is_empty() {
                    let place = self.report.place(place, Token::Symbols);
                    items.push(self.report.finding(FindingKind::MissingEnumSymbols, place, reader, writer));
                }
                None
            }
            (Node::Fixed(a), Node::Fixed(b)) => {
                self.names(&a.named, &b.named, (reader, writer), place, &mut items)?;
                if a.size != b.size {
                    let place = self.report.place(place, Token::Size);
                    items.push(self.report.finding(FindingKind::FixedSizeMismatch, place, reader, writer));
                }
                None
            }
            _ => {
                items.push(self.report.finding(FindingKind::TypeMismatch, place, reader, writer));
                None
            }
        };
        Ok(match mode {
            Some(mode) => {
                stack.push(Frame { reader, writer, place, next: 0, items, mode });
                None
            }
            None => Some(self.finish(reader, writer, items)),
        })
    }

    /// What the frame needs next.
    fn advance(&mut self, frame: &mut Frame) -> Result<Next, Abandoned> {
        let (reader, writer) = (frame.reader, frame.writer);
        let at = frame.next;
        frame.next += 1;
        let (r, w) = (self.reader.node(reader), self.writer.node(writer));
        Ok(match (frame.mode, r, w) {
            (Mode::Inner, Node::Array { items: a, .. }, Node::Array { items: b, .. }) if at == 0 => {
                Next::Pair { reader: *a, writer: *b, place: self.report.place(frame.place, Token::Items) }
            }
            (Mode::Inner, Node::Map { values: a, .. }, Node::Map { values: b, .. }) if at == 0 => {
                Next::Pair { reader: *a, writer: *b, place: self.report.place(frame.place, Token::Values) }
            }
            (Mode::BothUnions, _, Node::Union(branches)) if at < branches.len() => {
                Next::Pair { reader, writer: branches[at], place: ROOT }
            }
            (Mode::WriterUnion, _, Node::Union(branches)) if at < branches.len() => {
                Next::Pair { reader, writer: branches[at], place: self.report.place(frame.place, Token::Index(at)) }
            }
            (Mode::ReaderUnion, Node::Union(branches), _) => match branches.get(at) {
                Some(&branch) => Next::Pair { reader: branch, writer, place: ROOT },
                None => {
                    frame.items.push(self.report.finding(FindingKind::MissingUnionBranch, frame.place, reader, writer));
                    Next::Done
                }
            },
            (Mode::Fields, Node::Record(record), Node::Record(_)) => {
                // Fields that need no comparison are passed over here, so `next` moves on with them.
                let mut at = at;
                let next = loop {
                    let Some(field) = record.fields.get(at) else { break Next::Done };
                    self.spend(1 + field.aliases.len())?;
                    if let Some(next) = self.field(field, at, frame)? {
                        break next;
                    }
                    at += 1;
                };
                frame.next = at + 1;
                next
            }
            _ => Next::Done,
        })
    }

    /// Takes the result of the inner pair that the frame asked for last.
    fn absorb(&mut self, frame: &mut Frame, result: ResultId) {
        match frame.mode {
            Mode::Inner | Mode::Fields | Mode::WriterUnion => {
                if result != COMPATIBLE {
                    frame.items.push(Item::Inner(result));
                }
            }
            Mode::BothUnions if result != COMPATIBLE => {
                let at = frame.next - 1;
                let Node::Union(branches) = self.writer.node(frame.writer) else { return };
                let place = self.report.place(frame.place, Token::Index(at));
                frame.items.push(self.report.finding(
                    FindingKind::MissingUnionBranch,
                    place,
                    frame.reader,
                    branches[at],
                ));
            }
            Mode::BothUnions => {}
            // One branch that can read the writer is enough.
            Mode::ReaderUnion if result == COMPATIBLE => frame.mode = Mode::Settled,
            Mode::ReaderUnion | Mode::Settled => {}
        }
    }

    /// One field of the reader: the pair to compare, or `None` if there is none.
    fn field(&mut self, field: &'m Field, at: usize, frame: &mut Frame) -> Result<Option<Next>, Abandoned> {
        let fields = self.report.place(frame.place, Token::Fields);
        let index = self.report.place(fields, Token::Index(at));
        let schema = match self.writer_field(field, at, frame.writer)? {
            Some(schema) => schema,
            None if field.default.is_some() => return Ok(None),
            // As the reference does it: an enum with a default stands in for the missing value, but is compared with the
            // writer's record, which it can never read.
            None if matches!(self.reader.node(field.schema), Node::Enum(symbols) if symbols.default.is_some()) => {
                frame.writer
            }
            None => {
                let kind = FindingKind::ReaderFieldMissingDefaultValue;
                frame.items.push(self.report.field_finding(kind, index, (frame.reader, frame.writer), at));
                return Ok(None);
            }
        };
        Ok(Some(Next::Pair { reader: field.schema, writer: schema, place: self.report.place(index, Token::Type) }))
    }

    /// The type of the writer's field that has the name or an alias of the reader's field.
    fn writer_field(&mut self, field: &Field, at: usize, writer: NodeId) -> Result<Option<NodeId>, Abandoned> {
        const INDEXED_FROM: usize = 16;
        let Node::Record(record) = self.writer.node(writer) else { unreachable!("the frame compares records") };
        if record.fields.len() >= INDEXED_FROM && !self.fields.contains_key(&writer) {
            let index = record.fields.iter().enumerate().map(|(at, field)| (&*field.name, at)).collect();
            self.fields.insert(writer, index);
        }
        let index = self.fields.get(&writer);
        let position = |name: &str| match index {
            Some(index) => index.get(name).copied(),
            None => record.fields.iter().position(|field| &*field.name == name),
        };
        let aliases = field.aliases.iter().map(|alias| &**alias);
        let mut candidates = std::iter::once(&*field.name).chain(aliases).filter_map(position);
        let found = candidates.next();
        if candidates.next().is_none() {
            return Ok(found.map(|at| record.fields[at].schema));
        }
        let text = print::text_of(&self.writer.nodes, writer).unwrap_or_else(|_| "...".to_owned());
        Err(Abandoned::Ambiguous(format!(
            "Reader record field {} type:{} pos:{at} matches multiple fields in writer record schema {text}",
            field.name,
            self.reader.node(field.schema).kind().shout()
        )))
    }

    /// Short names have to be equal, or an alias of the reader has to be the full name of the writer.
    fn names(
        &mut self,
        reader: &Named,
        writer: &Named,
        pair: (NodeId, NodeId),
        place: PlaceId,
        items: &mut Vec<Item>,
    ) -> Result<(), Abandoned> {
        self.spend(reader.aliases.len())?;
        if reader.name.short() != writer.name.short() && !reader.has_alias(&writer.name) {
            let place = self.report.place(place, Token::Name);
            items.push(self.report.finding(FindingKind::NameMismatch, place, pair.0, pair.1));
        }
        Ok(())
    }

    fn finish(&mut self, reader: NodeId, writer: NodeId, items: Vec<Item>) -> ResultId {
        let result = self.report.result(items);
        self.memo.insert((reader, writer), Some(result));
        result
    }

    fn spend(&mut self, work: usize) -> Result<(), Abandoned> {
        self.work += work;
        if self.work > MOST_WORK { Err(Abandoned::TooMuch) } else { Ok(()) }
    }
}

/// Can a value written as `from` be read as `to`?
fn promotes(from: Primitive, to: Primitive) -> bool {
    use Primitive::*;
    matches!(
        (from, to),
        (Int, Long | Float | Double) | (Long, Float | Double) | (Float, Double) | (Bytes, String) | (String, Bytes)
    )
}
