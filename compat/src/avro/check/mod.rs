//! Can this reader read what that writer wrote? All incompatibilities, in the order and with the paths of the reference.
//!
//! A pair of nodes is judged once; a pair being judged counts as compatible, which ends recursion; a pair judged before
//! gives its findings again with the paths of its first visit. The walk keeps its own stack: two cycles of types, of
//! lengths p and q, make a path of p·q pairs, far deeper than either schema.
//!
//! Most pairs are those of branches of two unions, of which one in a thousand matches, and only whether they do is asked. So
//! the first walk keeps no findings of such pairs, and does not even remember the pairs that are judged at a glance. Where
//! it turns out that one of them has to be told after all, with the path of its first visit, a second walk keeps everything.

mod report;
mod spots;
#[cfg(test)]
mod tests;

use super::finding::Rule;
use super::model::*;
use super::pointers::Use;
use super::print;
use crate::{Direction, Finding, Spent, Work};
pub(crate) use report::MOST_FINDINGS;
use report::{COMPATIBLE, Found, Item, Met, PlaceId, ROOT, Report, ResultId, Token, UNTOLD, missing_symbols, small};
use std::collections::HashMap;

/// The comparison came to no list of findings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// A reader field has, by its name and aliases, several fields of the writer to read from. The reference gives up on
    /// the whole comparison, so this holds its message.
    Ambiguous(String),
    /// The pairs of types are too many to look at.
    TooMuch,
    /// The work ended.
    Spent(Spent),
}

/// More pairs than this are not looked at: each is remembered.
pub(crate) const MOST_PAIRS: usize = 1_000_000;
/// Nor more fields and symbols than this, over all pairs.
const MOST_WORK: usize = 20_000_000;
/// What a finding costs, which takes memory.
const KEPT: usize = 16;

/// Compares two schemas. Of very many findings only the first are returned; none means compatible. The direction only says
/// which of the two is called old.
pub(crate) fn check(
    reader: &super::Schema,
    writer: &super::Schema,
    direction: Direction,
    work: &Work,
) -> Result<Vec<Finding>, Abandoned> {
    let models = (&reader.model, &writer.model);
    let told = match walk(models, direction, Keep::Told, work) {
        Err(End::Untold) => walk(models, direction, Keep::All, work),
        told => told,
    };
    told.map_err(|end| match end {
        End::Abandoned(abandoned) => abandoned,
        End::Untold => unreachable!("where everything is kept, everything can be told"),
    })
}

fn walk(models: (&Model, &Model), direction: Direction, keep: Keep, work: &Work) -> Result<Vec<Finding>, End> {
    let mut checker = Checker::new(models.0, models.1, keep, work);
    let result = checker.run()?;
    Ok(checker.report.list(result, models, direction, work)?)
}

/// Which findings are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Those that are told where they are found.
    Told,
    /// Those of branches too, which are told only if the pair is met again elsewhere.
    All,
}

/// Why a walk ended.
enum End {
    Abandoned(Abandoned),
    /// It needs findings that it did not keep.
    Untold,
}

impl From<Abandoned> for End {
    fn from(abandoned: Abandoned) -> Self {
        End::Abandoned(abandoned)
    }
}

impl From<Spent> for End {
    fn from(spent: Spent) -> Self {
        End::Abandoned(Abandoned::Spent(spent))
    }
}

/// A pair to be judged, and where it stands.
#[derive(Clone, Copy)]
struct Pair {
    reader: Met,
    writer: Met,
    place: LazyPlace,
    /// Does only the verdict count, not the findings?
    branch: bool,
}

/// A place that is made when something is told about it.
#[derive(Clone, Copy)]
enum LazyPlace {
    /// One that is there.
    Here(PlaceId),
    /// One step on.
    Step(PlaceId, Token),
    /// The type of a field.
    Field(PlaceId, usize),
}

/// A pair being judged.
struct Frame {
    reader: Met,
    writer: Met,
    place: PlaceId,
    branch: bool,
    /// How far through its fields or branches it is.
    next: usize,
    /// Is anything found?
    failed: bool,
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
    Pair(Pair),
    Done,
}

struct Checker<'m> {
    reader: &'m Model,
    writer: &'m Model,
    keep: Keep,
    budget: &'m Work,
    /// `None` while the pair is being judged.
    memo: HashMap<(NodeId, NodeId), Option<ResultId>>,
    report: Report,
    /// Fields of large writer records by name.
    fields: HashMap<NodeId, HashMap<&'m str, usize>>,
    /// Nodes of pairs that were judged at a glance, found incompatible, and not remembered.
    glanced: (Nodes, Nodes),
    /// Which records were found to be plain, or not.
    plain: (HashMap<NodeId, bool>, HashMap<NodeId, bool>),
    work: usize,
}

/// A set of nodes.
#[derive(Default)]
struct Nodes(Vec<u64>);

impl Nodes {
    fn insert(&mut self, id: NodeId) {
        let at = id as usize / 64;
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        self.0[at] |= 1 << (id % 64);
    }

    fn contains(&self, id: NodeId) -> bool {
        self.0.get(id as usize / 64).is_some_and(|bits| bits & (1 << (id % 64)) != 0)
    }
}

impl<'m> Checker<'m> {
    fn new(reader: &'m Model, writer: &'m Model, keep: Keep, budget: &'m Work) -> Self {
        Checker {
            reader,
            writer,
            keep,
            budget,
            memo: HashMap::new(),
            report: Report::new(),
            fields: HashMap::new(),
            glanced: Default::default(),
            plain: Default::default(),
            work: 0,
        }
    }

    fn run(&mut self) -> Result<ResultId, End> {
        let mut stack = Vec::new();
        let whole = |model: &Model| Met { id: model.root, usage: Use::ROOT };
        let (reader, writer) = (whole(self.reader), whole(self.writer));
        let root = Pair { reader, writer, place: LazyPlace::Here(ROOT), branch: false };
        let mut arrived = self.enter(root, &mut stack)?;
        while let Some(mut frame) = stack.pop() {
            if let Some(result) = arrived.take() {
                self.absorb(&mut frame, result)?;
            }
            match self.advance(&mut frame)? {
                Next::Pair(pair) => {
                    stack.push(frame);
                    arrived = self.enter(pair, &mut stack)?;
                }
                Next::Done => arrived = Some(self.finish(frame)),
            }
        }
        Ok(arrived.expect("the root pair has a result once the stack is empty"))
    }

    /// Looks at a pair: either it has a result at once, or a frame for it is pushed.
    fn enter(&mut self, pair: Pair, stack: &mut Vec<Frame>) -> Result<Option<ResultId>, End> {
        let branch = pair.branch;
        let (reader, writer) = (pair.reader.id, pair.writer.id);
        let (r, w) = (self.reader.node(reader), self.writer.node(writer));
        if let (Kind::Primitive(a), Kind::Primitive(b)) = (r.kind(), w.kind())
            && (a == b || promotes(b, a))
        {
            return Ok(Some(COMPATIBLE));
        }
        if !self.tells(branch)
            && let Some(compatible) = self.glance(reader, writer)?
        {
            return Ok(Some(if compatible { COMPATIBLE } else { UNTOLD }));
        }
        if let Some(&known) = self.memo.get(&(reader, writer)) {
            return Ok(Some(known.unwrap_or(COMPATIBLE)));
        }
        if self.keep == Keep::Told
            && !branch
            && self.glanced.0.contains(reader)
            && self.glanced.1.contains(writer)
            && self.glance(reader, writer)? == Some(false)
        {
            return Err(End::Untold);
        }
        self.memo.insert((reader, writer), None);
        self.spend(1)?;
        if self.memo.len() > MOST_PAIRS {
            return Err(Abandoned::TooMuch.into());
        }
        let place = if self.tells(branch) { self.place(pair.place) } else { ROOT };
        let (mode, items) = (Mode::Settled, Vec::new());
        let mut frame =
            Frame { reader: pair.reader, writer: pair.writer, place, branch, next: 0, failed: false, items, mode };
        let mode = match (r, w) {
            (Node::Union(_), Node::Union(_)) => Some(Mode::BothUnions),
            (_, Node::Union(_)) => Some(Mode::WriterUnion),
            (Node::Union(_), _) => Some(Mode::ReaderUnion),
            (Node::Array { .. }, Node::Array { .. }) | (Node::Map { .. }, Node::Map { .. }) => Some(Mode::Inner),
            (Node::Record(a), Node::Record(b)) => {
                self.names(&a.named, &b.named, &mut frame)?;
                Some(Mode::Fields)
            }
            (Node::Enum(a), Node::Enum(b)) => {
                self.names(&a.named, &b.named, &mut frame)?;
                self.spend(a.symbols.len() + b.symbols.len())?;
                if !missing_symbols(a, b).is_empty() {
                    self.find(&mut frame, Rule::MissingEnumSymbols, LazyPlace::Step(place, Token::Symbols))?;
                }
                None
            }
            (Node::Fixed(a), Node::Fixed(b)) => {
                self.names(&a.named, &b.named, &mut frame)?;
                if a.size != b.size {
                    self.find(&mut frame, Rule::FixedSizeMismatch, LazyPlace::Step(place, Token::Size))?;
                }
                None
            }
            _ => {
                self.find(&mut frame, Rule::TypeMismatch, LazyPlace::Here(place))?;
                None
            }
        };
        Ok(match mode {
            Some(mode) => {
                stack.push(Frame { mode, ..frame });
                None
            }
            None => Some(self.finish(frame)),
        })
    }

    /// What the frame needs next.
    fn advance(&mut self, frame: &mut Frame) -> Result<Next, End> {
        let (reader, writer, branch) = (frame.reader, frame.writer, frame.branch);
        let at = frame.next;
        frame.next += 1;
        let inner = |reader, writer, place| Next::Pair(Pair { reader, writer, place, branch });
        let step = |token| LazyPlace::Step(frame.place, token);
        let (r, w) = (self.reader.node(reader.id), self.writer.node(writer.id));
        Ok(match (frame.mode, r, w) {
            (Mode::Inner, Node::Array { items: a, .. }, Node::Array { items: b, .. }) if at == 0 => {
                inner(reader.part(*a, 0), writer.part(*b, 0), step(Token::Items))
            }
            (Mode::Inner, Node::Map { values: a, .. }, Node::Map { values: b, .. }) if at == 0 => {
                inner(reader.part(*a, 0), writer.part(*b, 0), step(Token::Values))
            }
            (Mode::BothUnions, _, Node::Union(branches)) if at < branches.len() => {
                let writer = writer.part(branches[at], at);
                Next::Pair(Pair { reader, writer, place: LazyPlace::Here(ROOT), branch: true })
            }
            (Mode::WriterUnion, _, Node::Union(branches)) if at < branches.len() => {
                inner(reader, writer.part(branches[at], at), step(Token::Index(small(at))))
            }
            (Mode::ReaderUnion, Node::Union(branches), _) => self.some_branch(frame, branches, at)?,
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

    /// The next branch of a reader's union that cannot be judged at a glance.
    fn some_branch(&mut self, frame: &mut Frame, branches: &[NodeId], from: usize) -> Result<Next, End> {
        for (at, &branch) in branches.iter().enumerate().skip(from) {
            let glance = if self.keep == Keep::Told { self.glance(branch, frame.writer.id)? } else { None };
            match glance {
                Some(true) => {
                    frame.mode = Mode::Settled;
                    return Ok(Next::Done);
                }
                Some(false) => {}
                None => {
                    frame.next = at + 1;
                    let (reader, place) = (frame.reader.part(branch, at), LazyPlace::Here(ROOT));
                    return Ok(Next::Pair(Pair { reader, writer: frame.writer, place, branch: true }));
                }
            }
        }
        self.find(frame, Rule::MissingUnionBranch, LazyPlace::Here(frame.place))?;
        frame.mode = Mode::Settled;
        Ok(Next::Done)
    }

    /// Takes the result of the inner pair that the frame asked for last.
    fn absorb(&mut self, frame: &mut Frame, result: ResultId) -> Result<(), End> {
        if result == COMPATIBLE {
            if frame.mode == Mode::ReaderUnion {
                // One branch that can read the writer is enough.
                frame.mode = Mode::Settled;
            }
            return Ok(());
        }
        match frame.mode {
            Mode::Inner | Mode::Fields | Mode::WriterUnion => {
                frame.failed = true;
                if self.tells(frame.branch) {
                    if result == UNTOLD {
                        return Err(End::Untold);
                    }
                    frame.items.push(Item::Inner(result));
                }
            }
            Mode::BothUnions => {
                let at = frame.next - 1;
                let Node::Union(branches) = self.writer.node(frame.writer.id) else { return Ok(()) };
                let (rule, place) = (Rule::MissingUnionBranch, LazyPlace::Step(frame.place, Token::Index(small(at))));
                self.find_about(frame, rule, place, frame.writer.part(branches[at], at), 0)?;
            }
            Mode::ReaderUnion | Mode::Settled => {}
        }
        Ok(())
    }

    /// One field of the reader: the pair to compare, or `None` if there is none.
    fn field(&mut self, field: &'m Field, at: usize, frame: &mut Frame) -> Result<Option<Next>, End> {
        let written = match self.writer_field(field, at, frame.writer.id)? {
            Some((at, schema)) => frame.writer.part(schema, at),
            None if field.default.is_some() => return Ok(None),
            // As the reference does it: an enum with a default stands in for the missing value, but is compared with the
            // writer's record, which it can never read.
            None if matches!(self.reader.node(field.schema), Node::Enum(symbols) if symbols.default.is_some()) => {
                frame.writer
            }
            None => {
                let fields =
                    if self.tells(frame.branch) { self.report.place(frame.place, Token::Fields) } else { ROOT };
                let (rule, place) =
                    (Rule::ReaderFieldMissingDefaultValue, LazyPlace::Step(fields, Token::Index(small(at))));
                self.find_about(frame, rule, place, frame.writer, at)?;
                return Ok(None);
            }
        };
        let (place, branch) = (LazyPlace::Field(frame.place, at), frame.branch);
        let reader = frame.reader.part(field.schema, at);
        Ok(Some(Next::Pair(Pair { reader, writer: written, place, branch })))
    }

    /// The writer's field that has the name or an alias of the reader's field, and its type.
    fn writer_field(&mut self, field: &Field, at: usize, writer: NodeId) -> Result<Option<(usize, NodeId)>, Abandoned> {
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
            return Ok(found.map(|at| (at, record.fields[at].schema)));
        }
        let text = print::text_of(&self.writer.nodes, writer).unwrap_or_else(|_| "...".to_owned());
        Err(Abandoned::Ambiguous(format!(
            "Reader record field {} type:{} pos:{at} matches multiple fields in writer record schema {text}",
            field.name,
            self.reader.node(field.schema).kind().shout()
        )))
    }

    /// Short names have to be equal, or an alias of the reader has to be the full name of the writer.
    fn names(&mut self, reader: &Named, writer: &Named, frame: &mut Frame) -> Result<(), End> {
        if !self.same_name(reader, writer)? {
            self.find(frame, Rule::NameMismatch, LazyPlace::Step(frame.place, Token::Name))?;
        }
        Ok(())
    }

    fn same_name(&mut self, reader: &Named, writer: &Named) -> Result<bool, End> {
        if reader.name.short() == writer.name.short() {
            return Ok(true);
        }
        if !reader.aliases.is_empty() {
            self.spend(reader.aliases.len())?;
        }
        Ok(reader.has_alias(&writer.name))
    }

    /// Is a branch compatible with a branch? `None` where that takes more than a glance: where pairs would be judged that other
    /// pairs may have inside them as well, or that may end the comparison. What is incompatible is noted.
    fn glance(&mut self, reader: NodeId, writer: NodeId) -> Result<Option<bool>, End> {
        self.spend(1)?;
        let compatible = match (self.reader.node(reader), self.writer.node(writer)) {
            (Node::Union(_), _)
            | (_, Node::Union(_))
            | (Node::Array { .. }, Node::Array { .. })
            | (Node::Map { .. }, Node::Map { .. }) => return Ok(None),
            (Node::Primitive { primitive: a, .. }, Node::Primitive { primitive: b, .. }) => a == b || promotes(*b, *a),
            (Node::Record(a), Node::Record(b)) => {
                if self.same_name(&a.named, &b.named)? || !self.are_plain(reader, writer)? {
                    return Ok(None);
                }
                false
            }
            (Node::Enum(a), Node::Enum(b)) => {
                self.same_name(&a.named, &b.named)? && {
                    self.spend(a.symbols.len() + b.symbols.len())?;
                    missing_symbols(a, b).is_empty()
                }
            }
            (Node::Fixed(a), Node::Fixed(b)) => self.same_name(&a.named, &b.named)? && a.size == b.size,
            _ => false,
        };
        if !compatible {
            self.glanced.0.insert(reader);
            self.glanced.1.insert(writer);
        }
        Ok(Some(compatible))
    }

    /// Are both records without named types and aliases inside? Then the pairs inside this pair are inside no other.
    fn are_plain(&mut self, reader: NodeId, writer: NodeId) -> Result<bool, End> {
        if !self.plain.0.contains_key(&reader) {
            let plain = self.is_plain(self.reader, reader)?;
            self.plain.0.insert(reader, plain);
        }
        if !self.plain.1.contains_key(&writer) {
            let plain = self.is_plain(self.writer, writer)?;
            self.plain.1.insert(writer, plain);
        }
        Ok(self.plain.0[&reader] && self.plain.1[&writer])
    }

    fn is_plain(&mut self, model: &Model, record: NodeId) -> Result<bool, End> {
        let Node::Record(record) = model.node(record) else { return Ok(false) };
        self.spend(record.fields.len())?;
        if record.fields.iter().any(|field| !field.aliases.is_empty()) {
            return Ok(false);
        }
        let mut inside: Vec<NodeId> = record.fields.iter().map(|field| field.schema).collect();
        while let Some(id) = inside.pop() {
            self.spend(1)?;
            match model.node(id) {
                Node::Primitive { .. } => {}
                Node::Array { items: inner, .. } | Node::Map { values: inner, .. } => inside.push(*inner),
                Node::Union(branches) => inside.extend(branches),
                Node::Record(_) | Node::Enum(_) | Node::Fixed(_) | Node::Unresolved => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Are findings kept, of a branch or of anything else?
    fn tells(&self, branch: bool) -> bool {
        !branch || self.keep == Keep::All
    }

    fn place(&mut self, place: LazyPlace) -> PlaceId {
        match place {
            LazyPlace::Here(place) => place,
            LazyPlace::Step(before, token) => self.report.place(before, token),
            LazyPlace::Field(record, at) => {
                let fields = self.report.place(record, Token::Fields);
                let field = self.report.place(fields, Token::Index(small(at)));
                self.report.place(field, Token::Type)
            }
        }
    }

    /// Adds a finding about the frame's pair.
    fn find(&mut self, frame: &mut Frame, rule: Rule, place: LazyPlace) -> Result<(), End> {
        self.find_about(frame, rule, place, frame.writer, 0)
    }

    /// Adds a finding about the frame's reader, or one of its fields, and this writer.
    fn find_about(
        &mut self,
        frame: &mut Frame,
        rule: Rule,
        place: LazyPlace,
        writer: Met,
        field: usize,
    ) -> Result<(), End> {
        frame.failed = true;
        if self.tells(frame.branch) {
            self.spend(KEPT)?;
            let place = self.place(place);
            let found = Found { rule, place, reader: frame.reader, writer, field: small(field) };
            frame.items.push(self.report.finding(found));
        }
        Ok(())
    }

    fn finish(&mut self, frame: Frame) -> ResultId {
        let result = match frame.failed {
            false => COMPATIBLE,
            true if self.tells(frame.branch) => self.report.result(frame.items),
            true => UNTOLD,
        };
        self.memo.insert((frame.reader.id, frame.writer.id), Some(result));
        result
    }

    fn spend(&mut self, work: usize) -> Result<(), End> {
        self.work += work;
        if self.work > MOST_WORK {
            return Err(Abandoned::TooMuch.into());
        }
        Ok(self.budget.spend(work)?)
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
