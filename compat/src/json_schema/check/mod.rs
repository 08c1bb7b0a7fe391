//! Can this reader (*update*) read what that writer (*original*) wrote? All differences, in the order and with the paths of
//! the reference.
//!
//! A pair of nodes is judged once a run; a pair being judged has no differences, which ends recursion. Where that happened,
//! the run is made again, in which a pair being judged has the differences that the run before found for it, until the same
//! pairs are found incompatible. So differences in a recursive schema are told at several depths.
//!
//! First the shapes of a pair are looked at (one schema against a combination), then its classes, then `plan` says what is
//! to be compared or told, and this module does it. It keeps its own stack: two cycles of references, of lengths p and q,
//! make a path of p·q pairs.

mod combined;
mod plan;
mod report;
#[cfg(test)]
mod tests;

use super::model::*;
use super::pattern::{self, Pattern};
use super::rule::Rule;
use crate::{Spent, Work};
use combined::Matrix;
use model::CompatibilityPolicy;
use plan::Action;
pub(crate) use report::MOST_FINDINGS;
use report::{Difference, Inner, Item, NOTHING, Report, ResultId, Step};
use std::collections::HashMap;
use std::vec;

/// The comparison came to no list of differences.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// There are too many pairs of schemas to look at.
    TooMuch,
    /// The work ended.
    Spent(Spent),
}

impl From<Spent> for Abandoned {
    fn from(spent: Spent) -> Self {
        Abandoned::Spent(spent)
    }
}

/// More pairs than this are not looked at, over all runs: each is remembered.
pub(crate) const MOST_PAIRS: usize = 1_000_000;
/// What a pair costs, and an action of its plan.
const PAIR: usize = 8;
const ACTION: usize = 2;

/// Which of the two schemas a node is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(super) enum Side {
    #[default]
    Writer,
    Reader,
}

/// A node, and by which reference it is seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct At {
    pub(super) side: Side,
    copy: Copy,
    pub(super) node: NodeId,
}

impl At {
    /// A node inside this one.
    fn inner(self, node: NodeId) -> At {
        At { node, ..self }
    }
}

/// Two nodes to be compared. Inside `not` the original is the reader's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Pair {
    pub(super) original: At,
    pub(super) update: At,
}

/// A difference that keeps the reader from reading.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rule: Rule,
    /// The path as the reference shows it.
    pub(super) path: String,
    /// The nodes of the writer and of the reader, and the steps from them.
    pub(super) writer: NodeId,
    pub(super) reader: NodeId,
    pub(super) steps: Vec<String>,
}

/// Compares two schemas. Of very many differences only the first are returned; none means compatible.
pub(super) fn check(
    reader: &Model,
    writer: &Model,
    policy: CompatibilityPolicy,
    work: &Work,
) -> Result<Vec<Found>, Abandoned> {
    let found = differences(reader, writer, policy, false, work)?;
    Ok(found.into_iter().map(|difference| told(&difference)).collect())
}

fn told(difference: &Difference<'_>) -> Found {
    let (original, update) = difference.nodes;
    let (writer, reader) = if original.side == Side::Writer { (original, update) } else { (update, original) };
    let steps = difference.step.iter().flat_map(|step| {
        let inner = match step.inner {
            Inner::Itself => None,
            Inner::Name(name) => Some(name.to_owned()),
            Inner::Index(at) => Some(at.to_string()),
        };
        std::iter::once(step.keyword.to_owned()).chain(inner)
    });
    Found {
        rule: difference.rule,
        path: difference.path.clone(),
        writer: writer.node,
        reader: reader.node,
        steps: steps.collect(),
    }
}

/// The differences of two schemas, also the compatible ones if `all` are asked for.
fn differences<'m>(
    reader: &'m Model,
    writer: &'m Model,
    policy: CompatibilityPolicy,
    all: bool,
    work: &Work,
) -> Result<Vec<Difference<'m>>, Abandoned> {
    let mut checker = Checker {
        reader,
        writer,
        work,
        memo: HashMap::new(),
        seed: HashMap::new(),
        met: false,
        pairs: 0,
        patterns: HashMap::new(),
        report: Report::new(policy),
    };
    let result = checker.settle()?;
    Ok(checker.report.list(result, all, work)?)
}

/// A pair being judged.
struct Frame<'m> {
    pair: Pair,
    stage: Stage<'m>,
    items: Vec<Item<'m>>,
}

/// How far a pair is.
enum Stage<'m> {
    /// One schema is compared with the members of a combination. Inside is which is next.
    Shape(usize),
    /// The actions left, and the one that waits for a result.
    Plan(vec::IntoIter<Action<'m>>, Option<Action<'m>>),
    /// Each member of a combination with each of another.
    Matrix(Box<Matrix>),
}

/// What the shapes of a pair ask for.
struct Shapes<'m> {
    members: &'m [NodeId],
    /// Is the update the combination?
    update: bool,
    /// What is told if a member fits.
    tells: Option<Rule>,
}

enum Next {
    Pair(Pair),
    Done,
}

struct Checker<'m, 'w> {
    reader: &'m Model,
    writer: &'m Model,
    work: &'w Work,
    /// `None` while the pair is being judged.
    memo: HashMap<Pair, Option<ResultId>>,
    /// The pairs that the run before found incompatible.
    seed: HashMap<Pair, ResultId>,
    /// Was a pair met that was being judged?
    met: bool,
    pairs: usize,
    /// Compiled expressions.
    patterns: HashMap<&'m str, Option<Pattern>>,
    report: Report<'m>,
}

impl<'m> Checker<'m, '_> {
    /// Makes runs until they find the same.
    fn settle(&mut self) -> Result<ResultId, Abandoned> {
        loop {
            self.met = false;
            self.memo.clear();
            let result = self.run()?;
            if !self.met {
                return Ok(result);
            }
            let incompatible = |(pair, result): (&Pair, &Option<ResultId>)| {
                let result = result.filter(|&result| !self.report.is_compatible(result))?;
                Some((*pair, result))
            };
            let found: HashMap<Pair, ResultId> = self.memo.iter().filter_map(incompatible).collect();
            if found.len() == self.seed.len() && found.keys().all(|pair| self.seed.contains_key(pair)) {
                return Ok(result);
            }
            self.seed = found;
        }
    }

    fn run(&mut self) -> Result<ResultId, Abandoned> {
        let at = |side, node| At { side, copy: IN_PLACE, node };
        let root = Pair { original: at(Side::Writer, self.writer.root), update: at(Side::Reader, self.reader.root) };
        let mut stack = Vec::new();
        let mut arrived = self.enter(root, &mut stack)?;
        while let Some(mut frame) = stack.pop() {
            let next = self.advance(&mut frame, arrived.take())?;
            match next {
                Next::Pair(pair) => {
                    stack.push(frame);
                    arrived = self.enter(pair, &mut stack)?;
                }
                Next::Done => {
                    let result = self.report.result(frame.pair, &frame.items);
                    self.memo.insert(frame.pair, Some(result));
                    arrived = Some(result);
                }
            }
        }
        Ok(arrived.expect("the root pair has a result once the stack is empty"))
    }

    fn node(&self, at: At) -> &'m Node {
        match at.side {
            Side::Writer => self.writer.node(at.node),
            Side::Reader => self.reader.node(at.node),
        }
    }

    /// What a node refers to, one step on.
    fn referred(&self, at: At) -> At {
        match self.node(at).class {
            Class::Ref { target, copy } => At { node: target, copy, ..at },
            _ => at,
        }
    }

    /// Looks at a pair: either it has a result at once, or a frame for it is pushed.
    fn enter(&mut self, pair: Pair, stack: &mut Vec<Frame<'m>>) -> Result<Option<ResultId>, Abandoned> {
        let pair = Pair { original: self.referred(pair.original), update: self.referred(pair.update) };
        self.work.spend(PAIR)?;
        match self.memo.get(&pair) {
            Some(Some(known)) => return Ok(Some(*known)),
            Some(None) => {
                self.met = true;
                return Ok(Some(self.seed.get(&pair).copied().unwrap_or(NOTHING)));
            }
            None => {}
        }
        self.pairs += 1;
        if self.pairs > MOST_PAIRS {
            return Err(Abandoned::TooMuch);
        }
        self.memo.insert(pair, None);
        stack.push(Frame { pair, stage: Stage::Shape(0), items: Vec::new() });
        Ok(None)
    }

    /// What the frame needs next, when this result has arrived.
    fn advance(&mut self, frame: &mut Frame<'m>, arrived: Option<ResultId>) -> Result<Next, Abandoned> {
        let mut arrived = arrived;
        loop {
            match &mut frame.stage {
                Stage::Shape(at) => {
                    let shapes = self.shapes(frame.pair);
                    if let (Some(result), Some(shapes)) = (arrived.take(), &shapes)
                        && self.report.is_compatible(result)
                    {
                        frame.items.push(Item::All(result, None));
                        frame.items.extend(shapes.tells.map(|rule| Item::Difference(rule, None)));
                        return Ok(Next::Done);
                    }
                    let member = shapes.as_ref().and_then(|shapes| Some((shapes, *shapes.members.get(*at)?)));
                    if let Some((shapes, member)) = member {
                        *at += 1;
                        let Pair { original, update } = frame.pair;
                        return Ok(Next::Pair(match shapes.update {
                            true => Pair { original, update: update.inner(member) },
                            false => Pair { original: original.inner(member), update },
                        }));
                    }
                    frame.stage = self.classes(frame.pair)?;
                }
                Stage::Plan(actions, waiting) => {
                    if let (Some(result), Some(action)) = (arrived.take(), waiting.take()) {
                        self.absorb(&action, result, &mut frame.items);
                    }
                    let Some(action) = actions.next() else { return Ok(Next::Done) };
                    match action {
                        Action::Tell(rule, step) => frame.items.push(Item::Difference(rule, step)),
                        Action::Compare(pair, _) | Action::Cover { pair, .. } | Action::Not(pair) => {
                            *waiting = Some(action);
                            return Ok(Next::Pair(pair));
                        }
                    }
                }
                Stage::Matrix(matrix) => {
                    if let Some(result) = arrived.take()
                        && self.report.is_compatible(result)
                    {
                        matrix.fits(result);
                    }
                    match matrix.next(frame.pair) {
                        Some(pair) => return Ok(Next::Pair(pair)),
                        None => matrix.tell(&mut frame.items, self.work)?,
                    }
                    return Ok(Next::Done);
                }
            }
        }
    }

    /// Is one of the two a combination whose members may be compared with the other?
    fn shapes(&self, pair: Pair) -> Option<Shapes<'m>> {
        match (&self.node(pair.original).class, &self.node(pair.update).class) {
            (Class::Combined { .. }, Class::Combined { .. }) => None,
            (_, Class::Combined { criterion, members, .. }) => match members.len() {
                1 => Some(Shapes { members, update: true, tells: None }),
                _ if *criterion == Criterion::All => None,
                _ => Some(Shapes { members, update: true, tells: Some(Rule::SumTypeExtended) }),
            },
            (Class::Combined { criterion, members, .. }, _) => match members.len() {
                1 => Some(Shapes { members, update: false, tells: None }),
                _ if *criterion == Criterion::All => {
                    Some(Shapes { members, update: false, tells: Some(Rule::ProductTypeNarrowed) })
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What is to be done with a pair after its shapes.
    fn classes(&mut self, pair: Pair) -> Result<Stage<'m>, Abandoned> {
        let (original, update) = (self.node(pair.original), self.node(pair.update));
        let plan = |actions: Vec<Action<'m>>| Stage::Plan(actions.into_iter(), None);
        if original.class.kind() != update.class.kind() {
            let bytes = |node: &Node| node.notes.as_ref().is_some_and(|notes| notes.bytes);
            let fits = matches!(original.class, Class::False)
                || matches!(update.class, Class::Empty | Class::True)
                || bytes(original) && bytes(update);
            return Ok(plan(if fits { Vec::new() } else { vec![Action::Tell(Rule::TypeChanged, None)] }));
        }
        let notes = plan::notes(original, update);
        if let (
            Class::Combined { criterion: from, members: a, .. },
            Class::Combined { criterion: to, members: b, .. },
        ) = (&original.class, &update.class)
        {
            return Ok(match combined::criteria(*from, a.len(), *to, b.len()) {
                Err(changed) => plan(notes.into_iter().chain([Action::Tell(changed, None)]).collect()),
                Ok(extended) => {
                    let told = notes.into_iter().filter_map(|action| match action {
                        Action::Tell(rule, _) => Some(rule),
                        _ => None,
                    });
                    let (original, update) = (self.members(pair.original, a)?, self.members(pair.update, b)?);
                    let told = told.chain(extended).collect();
                    Stage::Matrix(Box::new(Matrix::new(*from, *to, original, update, told)))
                }
            });
        }
        let mut actions = notes;
        self.plan(pair, original, update, &mut actions)?;
        self.work.spend(ACTION * actions.len())?;
        Ok(plan(actions))
    }

    /// The members of a combination, of those that print the same only the first, with their places.
    fn members(&self, at: At, members: &[NodeId]) -> Result<Vec<(usize, NodeId)>, Abandoned> {
        self.work.spend(members.len())?;
        let mut printed = std::collections::HashSet::new();
        let each = members.iter().copied().filter(|&member| printed.insert(self.node(at.inner(member)).print));
        Ok(each.enumerate().collect())
    }

    fn absorb(&self, action: &Action<'m>, result: ResultId, items: &mut Vec<Item<'m>>) {
        let compatible = self.report.is_compatible(result);
        match *action {
            Action::Compare(_, step) if result != NOTHING => items.push(Item::All(result, step)),
            Action::Cover { step, covered, uncovered, .. } => {
                if result != NOTHING {
                    items.push(Item::All(result, Some(step)));
                }
                items.push(Item::Difference(if compatible { covered } else { uncovered }, Some(step)));
            }
            Action::Not(_) => {
                let rule = if compatible { Rule::NotTypeNarrowed } else { Rule::NotTypeExtended };
                items.push(Item::Difference(rule, Some(Step::to("not"))));
            }
            Action::Compare(..) | Action::Tell(..) => {}
        }
    }

    /// Is the expression found in the name? One that takes too much is not.
    fn is_found(&mut self, expression: &'m str, name: &str) -> Result<bool, Abandoned> {
        if !self.patterns.contains_key(expression) {
            self.work.spend(pattern::price(expression))?;
            self.patterns.insert(expression, Pattern::new(expression).ok());
        }
        let Some(pattern) = self.patterns.get(expression).and_then(Option::as_ref) else { return Ok(false) };
        self.work.spend(pattern.cost(name))?;
        Ok(pattern.is_found_in(name).unwrap_or(false))
    }
}
