//! Can this reader read what that writer wrote? All incompatibilities, in the order and with the paths of the reference.
//!
//! A pair of nodes is judged once; a pair being judged counts as compatible, which ends recursion; a pair judged before
//! gives its findings again with the paths of its first visit. The walk keeps its own stack: two cycles of types, of
//! lengths p and q, make a path of p·q pairs, far deeper than either schema. Results refer to the results of inner pairs
//! instead of copying them, since a type used twice on each of forty levels has 2^40 findings to its name.

use super::finding::{Finding, FindingKind};
use super::model::*;
use super::parse::shorten;
use super::print;
use crate::json::utf16_order;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

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
/// How many findings are told. Beyond a few nobody reads them, and there may be exponentially many.
pub(crate) const MOST_FINDINGS: usize = 10_000;

/// Compares two schemas. At most `MOST_FINDINGS` findings are returned; none means compatible.
pub(crate) fn check(reader: &super::Schema, writer: &super::Schema) -> Result<Vec<Finding>, Abandoned> {
    let mut checker = Checker {
        reader: &reader.model,
        writer: &writer.model,
        memo: HashMap::new(),
        results: vec![Vec::new()],
        findings: Vec::new(),
        places: vec![(ROOT, Token::Root)],
        fields: HashMap::new(),
        work: 0,
    };
    let result = checker.run()?;
    Ok(checker.list(result))
}

/// One step of a path. Paths share their beginnings, so a place is a step and the place before it.
#[derive(Clone, Copy, Debug)]
enum Token {
    Root,
    Name,
    Size,
    Symbols,
    Items,
    Values,
    Fields,
    Type,
    Index(usize),
}

type PlaceId = usize;
const ROOT: PlaceId = 0;

/// A place in `results`; 0 is the empty result of everything compatible.
type ResultId = usize;
const COMPATIBLE: ResultId = 0;

#[derive(Clone, Copy)]
enum Item {
    Finding(usize),
    Inner(ResultId),
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
    results: Vec<Vec<Item>>,
    findings: Vec<(FindingKind, PlaceId, String)>,
    places: Vec<(PlaceId, Token)>,
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
                self.names(&a.named, &b.named, place, &mut items);
                Some(Mode::Fields)
            }
            (Node::Enum(a), Node::Enum(b)) => {
                self.names(&a.named, &b.named, place, &mut items);
                self.symbols(a, b, place, &mut items)?;
                None
            }
            (Node::Fixed(a), Node::Fixed(b)) => {
                self.names(&a.named, &b.named, place, &mut items);
                if a.size != b.size {
                    let place = self.place(place, Token::Size);
                    let info = format!("expected: {}, found: {}", b.size, a.size);
                    items.push(self.finding(FindingKind::FixedSizeMismatch, place, info));
                }
                None
            }
            _ => {
                let (reader, writer) = (r.kind().shout(), w.kind().shout());
                let info = format!("reader type: {reader} not compatible with writer type: {writer}");
                items.push(self.finding(FindingKind::TypeMismatch, place, info));
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
                Next::Pair { reader: *a, writer: *b, place: self.place(frame.place, Token::Items) }
            }
            (Mode::Inner, Node::Map { values: a, .. }, Node::Map { values: b, .. }) if at == 0 => {
                Next::Pair { reader: *a, writer: *b, place: self.place(frame.place, Token::Values) }
            }
            (Mode::BothUnions, _, Node::Union(branches)) if at < branches.len() => {
                Next::Pair { reader, writer: branches[at], place: ROOT }
            }
            (Mode::WriterUnion, _, Node::Union(branches)) if at < branches.len() => {
                Next::Pair { reader, writer: branches[at], place: self.place(frame.place, Token::Index(at)) }
            }
            (Mode::ReaderUnion, Node::Union(branches), _) => match branches.get(at) {
                Some(&branch) => Next::Pair { reader: branch, writer, place: ROOT },
                None => {
                    let info = format!("reader union lacking writer type: {}", w.kind().shout());
                    frame.items.push(self.finding(FindingKind::MissingUnionBranch, frame.place, info));
                    Next::Done
                }
            },
            (Mode::Fields, Node::Record(record), Node::Record(_)) => {
                // Fields that need no comparison are passed over here, so `next` moves on with them.
                let mut at = at;
                let next = loop {
                    let Some(field) = record.fields.get(at) else { break Next::Done };
                    self.spend(1)?;
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
                let kind = self.writer.node(branches[at]).kind();
                let place = self.place(frame.place, Token::Index(at));
                let info = format!("reader union lacking writer type: {}", kind.shout());
                frame.items.push(self.finding(FindingKind::MissingUnionBranch, place, info));
            }
            Mode::BothUnions => {}
            // One branch that can read the writer is enough.
            Mode::ReaderUnion if result == COMPATIBLE => frame.mode = Mode::Settled,
            Mode::ReaderUnion | Mode::Settled => {}
        }
    }

    /// One field of the reader: the pair to compare, or `None` if there is none.
    fn field(&mut self, field: &'m Field, at: usize, frame: &mut Frame) -> Result<Option<Next>, Abandoned> {
        let fields = self.place(frame.place, Token::Fields);
        let index = self.place(fields, Token::Index(at));
        let schema = match self.writer_field(field, at, frame.writer)? {
            Some(schema) => schema,
            None if field.default.is_some() => return Ok(None),
            // As the reference does it: an enum with a default stands in for the missing value, but is compared with the
            // writer's record, which it can never read.
            None if matches!(self.reader.node(field.schema), Node::Enum(Enum { default: Some(_), .. })) => frame.writer,
            None => {
                frame.items.push(self.finding(
                    FindingKind::ReaderFieldMissingDefaultValue,
                    index,
                    field.name.to_string(),
                ));
                return Ok(None);
            }
        };
        Ok(Some(Next::Pair { reader: field.schema, writer: schema, place: self.place(index, Token::Type) }))
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
    fn names(&mut self, reader: &Named, writer: &Named, place: PlaceId, items: &mut Vec<Item>) {
        let full = writer.name.full();
        if reader.name.short() == writer.name.short() || reader.alias_texts().any(|alias| alias == full) {
            return;
        }
        let place = self.place(place, Token::Name);
        items.push(self.finding(FindingKind::NameMismatch, place, format!("expected: {full}")));
    }

    fn symbols(
        &mut self,
        reader: &Enum,
        writer: &Enum,
        place: PlaceId,
        items: &mut Vec<Item>,
    ) -> Result<(), Abandoned> {
        self.spend(reader.symbols.len() + writer.symbols.len())?;
        // An enum default is always one of the symbols, so that whatever is missing reads as it.
        if reader.default.is_some() {
            return Ok(());
        }
        let known: HashSet<&str> = reader.symbols.iter().map(|symbol| &**symbol).collect();
        let mut missing: Vec<&str> =
            writer.symbols.iter().map(|s| &**s).filter(|symbol| !known.contains(symbol)).collect();
        if !missing.is_empty() {
            missing.sort_unstable_by(|a, b| utf16_order(a, b));
            let place = self.place(place, Token::Symbols);
            let list = missing.join(", ");
            // A list of a million symbols helps nobody.
            let list = if list.len() > 100_000 { shorten(&list) } else { list };
            items.push(self.finding(FindingKind::MissingEnumSymbols, place, format!("[{list}]")));
        }
        Ok(())
    }

    fn finish(&mut self, reader: NodeId, writer: NodeId, items: Vec<Item>) -> ResultId {
        let result = if items.is_empty() {
            COMPATIBLE
        } else {
            self.results.push(items);
            self.results.len() - 1
        };
        self.memo.insert((reader, writer), Some(result));
        result
    }

    fn finding(&mut self, kind: FindingKind, place: PlaceId, info: String) -> Item {
        self.findings.push((kind, place, info));
        Item::Finding(self.findings.len() - 1)
    }

    fn place(&mut self, before: PlaceId, token: Token) -> PlaceId {
        self.places.push((before, token));
        self.places.len() - 1
    }

    fn spend(&mut self, work: usize) -> Result<(), Abandoned> {
        self.work += work;
        if self.work > MOST_WORK { Err(Abandoned::TooMuch) } else { Ok(()) }
    }

    /// The findings of a result and of all results inside it, in order.
    fn list(&self, result: ResultId) -> Vec<Finding> {
        let mut list = Vec::new();
        let mut stack = vec![self.results[result].iter()];
        while let Some(items) = stack.last_mut() {
            match items.next() {
                None => {
                    stack.pop();
                }
                Some(Item::Inner(inner)) => stack.push(self.results[*inner].iter()),
                Some(Item::Finding(finding)) => {
                    let (kind, place, info) = &self.findings[*finding];
                    list.push(Finding { kind: *kind, path: self.path(*place), info: info.clone() });
                    if list.len() == MOST_FINDINGS {
                        break;
                    }
                }
            }
        }
        list
    }

    fn path(&self, mut place: PlaceId) -> String {
        let mut tokens = Vec::new();
        while place != ROOT {
            let (before, token) = self.places[place];
            tokens.push(token);
            place = before;
        }
        if tokens.is_empty() {
            return "/".to_owned();
        }
        let mut path = String::new();
        for token in tokens.into_iter().rev() {
            let word = match token {
                Token::Root => "",
                Token::Name => "name",
                Token::Size => "size",
                Token::Symbols => "symbols",
                Token::Items => "items",
                Token::Values => "values",
                Token::Fields => "fields",
                Token::Type => "type",
                Token::Index(at) => {
                    write!(path, "/{at}").expect("a String takes everything");
                    continue;
                }
            };
            path.push('/');
            path.push_str(word);
        }
        path
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
