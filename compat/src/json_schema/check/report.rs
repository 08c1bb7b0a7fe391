//! What a comparison found, and how it becomes a list.
//!
//! The result of a pair refers to the results of inner pairs instead of copying them, with the step that leads there, so that
//! a result can be told again at another place: a schema used twice on each of forty levels has 2^40 differences to its
//! name. Paths are put into words only when the list is made.

use super::Pair;
use crate::json_schema::rule::Rule;
use crate::{Spent, Work};
use model::CompatibilityPolicy;
use std::fmt::Write;

/// How many differences are told.
pub(crate) const MOST_FINDINGS: usize = 10_000;
/// How long their paths may be together, in bytes.
const MOST_BYTES: usize = 4 << 20;
/// What it costs to tell a difference, and to look at one.
const TOLD: usize = 16;
const LOOKED_AT: usize = 1;

/// A step of a path: a keyword, and what is under it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'m> {
    pub(super) keyword: &'static str,
    pub(super) inner: Inner<'m>,
}

/// What is under a keyword.
#[derive(Clone, Copy, Debug)]
pub(super) enum Inner<'m> {
    Itself,
    Name(&'m str),
    Index(usize),
}

impl<'m> Step<'m> {
    /// The keyword itself.
    pub(super) fn to(keyword: &'static str) -> Self {
        Step { keyword, inner: Inner::Itself }
    }

    /// A name under a keyword.
    pub(super) fn name(keyword: &'static str, name: &'m str) -> Self {
        Step { keyword, inner: Inner::Name(name) }
    }

    /// A place in the list of a keyword.
    pub(super) fn index(keyword: &'static str, at: usize) -> Self {
        Step { keyword, inner: Inner::Index(at) }
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.keyword);
        match self.inner {
            Inner::Itself => {}
            Inner::Name(name) => {
                out.push('/');
                out.push_str(name);
            }
            Inner::Index(at) => write!(out, "/{at}").expect("a String takes everything"),
        }
    }
}

/// A place in `Report::results`.
pub(super) type ResultId = u32;
/// The result without differences.
pub(super) const NOTHING: ResultId = 0;

/// A part of a result.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'m> {
    /// A difference of the pair, at itself or a step on.
    Difference(Rule, Option<Step<'m>>),
    /// All of an inner pair, whose place is here or a step on.
    All(ResultId, Option<Step<'m>>),
}

struct Outcome {
    from: u32,
    to: u32,
    compatible: bool,
    pair: Pair,
}

/// A difference in words: the rule, the path of the reference, and where it is on both sides.
#[derive(Clone, Debug)]
pub(super) struct Difference<'m> {
    pub(super) rule: Rule,
    pub(super) path: String,
    /// The nodes that were compared, original and update.
    pub(super) nodes: (super::At, super::At),
    /// The step from them.
    pub(super) step: Option<Step<'m>>,
}

/// Everything found so far.
pub(super) struct Report<'m> {
    items: Vec<Item<'m>>,
    results: Vec<Outcome>,
    policy: CompatibilityPolicy,
}

impl<'m> Report<'m> {
    pub(super) fn new(policy: CompatibilityPolicy) -> Self {
        let nothing = Outcome { from: 0, to: 0, compatible: true, pair: Pair::default() };
        Report { items: Vec::new(), results: vec![nothing], policy }
    }

    /// Are all differences of a result compatible?
    pub(super) fn is_compatible(&self, result: ResultId) -> bool {
        self.results[result as usize].compatible
    }

    /// Keeps the result of a pair.
    pub(super) fn result(&mut self, pair: Pair, items: &[Item<'m>]) -> ResultId {
        if items.is_empty() {
            return NOTHING;
        }
        let compatible = items.iter().all(|item| match item {
            Item::Difference(rule, _) => rule.is_compatible(self.policy),
            Item::All(result, _) => self.is_compatible(*result),
        });
        let from = small(self.items.len());
        self.items.extend_from_slice(items);
        self.results.push(Outcome { from, to: small(self.items.len()), compatible, pair });
        small(self.results.len() - 1)
    }

    /// The differences of a result and of all results in it, in order, as far as the bounds allow. Of results that hold no
    /// incompatible one nothing is told, unless `all` are asked for.
    pub(super) fn list(&self, result: ResultId, all: bool, work: &Work) -> Result<Vec<Difference<'m>>, Spent> {
        let (mut list, mut bytes) = (Vec::new(), 0);
        let mut path: Vec<Step<'m>> = Vec::new();
        let mut stack = vec![(result, self.results[result as usize].from, false)];
        while let Some((result, next, stepped)) = stack.last_mut() {
            let (outcome, step) = (&self.results[*result as usize], *stepped);
            if *next == outcome.to {
                stack.pop();
                if step {
                    path.pop();
                }
                continue;
            }
            let item = self.items[*next as usize];
            *next += 1;
            work.spend(LOOKED_AT)?;
            match item {
                Item::All(inner, step) if all || !self.is_compatible(inner) => {
                    path.extend(step);
                    stack.push((inner, self.results[inner as usize].from, step.is_some()));
                }
                Item::Difference(rule, step) if all || !rule.is_compatible(self.policy) => {
                    work.spend(TOLD + path.len())?;
                    let path = written(path.iter().chain(&step));
                    bytes += path.len();
                    let Pair { original, update } = outcome.pair;
                    list.push(Difference { rule, path, nodes: (original, update), step });
                    if list.len() == MOST_FINDINGS || bytes > MOST_BYTES {
                        break;
                    }
                }
                Item::All(..) | Item::Difference(..) => {}
            }
        }
        Ok(list)
    }
}

/// A path as the reference shows it, without escapes.
fn written<'a, 'm: 'a>(steps: impl Iterator<Item = &'a Step<'m>>) -> String {
    let mut path = "#/".to_owned();
    for (at, step) in steps.enumerate() {
        if at > 0 {
            path.push('/');
        }
        step.write(&mut path);
    }
    path
}

/// A number of a comparison, which are bounded far below this.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a comparison keeps fewer than four thousand million things")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_told_at_each_of_its_places() {
        let mut report = Report::new(CompatibilityPolicy::Strict);
        let pair = Pair::default();
        let bad = report.result(pair, &[Item::Difference(Rule::TypeChanged, None)]);
        let good = report.result(pair, &[Item::Difference(Rule::TitleChanged, None)]);
        let both = report.result(
            pair,
            &[
                Item::All(good, None),
                Item::All(bad, Some(Step::name("properties", "a"))),
                Item::All(bad, Some(Step::index("items", 1))),
                Item::Difference(Rule::MaximumAdded, Some(Step::to("maximum"))),
            ],
        );
        let told = |all| -> Vec<String> {
            let list = report.list(both, all, &Work::unlimited()).unwrap();
            list.into_iter().map(|found| format!("{} {}", found.rule.name(), found.path)).collect()
        };
        let bad = ["TYPE_CHANGED #/properties/a", "TYPE_CHANGED #/items/1", "MAXIMUM_ADDED #/maximum"];
        assert_eq!(told(false), bad);
        assert_eq!(told(true), [["TITLE_CHANGED #/"].as_slice(), &bad].concat());
        assert!(report.is_compatible(good) && !report.is_compatible(both) && report.is_compatible(NOTHING));
    }

    #[test]
    fn of_exponentially_many_differences_the_first_are_told() {
        let mut report = Report::new(CompatibilityPolicy::Strict);
        let pair = Pair::default();
        let mut result = report.result(pair, &[Item::Difference(Rule::TypeChanged, None)]);
        for _ in 0..60 {
            let twice = [Item::All(result, Some(Step::to("a"))), Item::All(result, Some(Step::to("b")))];
            result = report.result(pair, &twice);
        }
        assert_eq!(report.list(result, false, &Work::unlimited()).unwrap().len(), MOST_FINDINGS);
    }
}
