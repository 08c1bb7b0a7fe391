//! The differences that were found, bounded in number and bytes.

use super::super::finding::Rule;
use super::super::model::{Field, Type};
use crate::Spot;
use crate::finding::abridged;
use std::fmt::Write;

/// How many differences are told. Beyond a few nobody reads them.
pub(crate) const MOST_FINDINGS: usize = 10_000;
/// How long paths and fragments may be over all of them, in bytes.
const MOST_BYTES: usize = 4 << 20;
/// What a difference costs, which takes memory.
pub(super) const KEPT: usize = 16;

/// One step of a path.
#[derive(Clone, Copy)]
pub(super) enum Step<'s> {
    Name(&'s str),
    Tag(i32),
}

/// Where a difference is on one side.
#[derive(Default)]
pub(super) struct Place<'s> {
    /// The path, if it leads to somewhere in the file itself.
    pub(super) steps: Option<Vec<Step<'s>>>,
    pub(super) fragment: Option<String>,
}

#[derive(Clone)]
pub(super) struct Difference {
    pub(super) rule: Rule,
    pub(super) path: String,
    pub(super) original: Spot,
    pub(super) update: Spot,
    /// What it is about.
    pub(super) name: String,
}

/// What a report keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// All differences.
    All,
    /// Those that keep data from flowing.
    Incompatible,
}

pub(super) struct Report {
    kept: Kept,
    pub(super) list: Vec<Difference>,
    bytes: usize,
    /// The places of the incompatible ones in the list.
    incompatible: Vec<usize>,
}

impl Report {
    pub(super) fn of(kept: Kept) -> Self {
        Report { kept, list: Vec::new(), bytes: 0, incompatible: Vec::new() }
    }

    /// Would it keep a difference by this rule?
    pub(super) fn takes(&self, rule: Rule) -> bool {
        !self.is_full() && (self.kept == Kept::All || !rule.is_compatible())
    }

    pub(super) fn add(&mut self, rule: Rule, path: &[Step<'_>], original: Place<'_>, update: Place<'_>, name: &str) {
        let spot = |place: Place<'_>| Spot {
            path: place.steps.map(|steps| text(&steps)),
            fragment: place.fragment.map(|fragment| abridged(&fragment)),
        };
        let difference =
            Difference { rule, path: text(path), original: spot(original), update: spot(update), name: abridged(name) };
        self.keep(difference);
    }

    fn keep(&mut self, difference: Difference) {
        let length = |spot: &Spot| [&spot.path, &spot.fragment].into_iter().flatten().map(String::len).sum::<usize>();
        self.bytes += difference.path.len() + length(&difference.original) + length(&difference.update);
        if !difference.rule.is_compatible() {
            self.incompatible.push(self.list.len());
        }
        self.list.push(difference);
    }

    fn is_full(&self) -> bool {
        self.list.len() >= MOST_FINDINGS || self.bytes >= MOST_BYTES
    }

    /// A place in the report.
    pub(super) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Is nothing between two places incompatible? It does not matter once the report is full.
    pub(super) fn is_compatible(&self, from: usize, to: usize) -> bool {
        let at = self.incompatible.partition_point(|&place| place < from);
        self.incompatible.get(at).is_none_or(|&place| place >= to)
    }

    /// Tells what is between two places once more. Is nothing of it incompatible?
    pub(super) fn again(&mut self, from: usize, to: usize) -> bool {
        for at in from..to {
            if self.is_full() {
                break;
            }
            let difference = self.list[at].clone();
            self.keep(difference);
        }
        self.is_compatible(from, to)
    }
}

fn text(steps: &[Step<'_>]) -> String {
    let mut path = "#/".to_owned();
    for (at, step) in steps.iter().enumerate() {
        let slash = if at == 0 { "" } else { "/" };
        match step {
            Step::Name(name) => write!(path, "{slash}{name}"),
            Step::Tag(tag) => write!(path, "{slash}{tag}"),
        }
        .expect("a String takes everything");
    }
    path
}

/// A field as a fragment.
pub(super) fn shown(field: &Field) -> String {
    let label = field.label.map_or("", |label| label.word());
    let space = if label.is_empty() { "" } else { " " };
    match &field.kind {
        Type::Plain(name) => format!("{label}{space}{} {} = {}", abridged(name), abridged(&field.name), field.tag),
        Type::Map(key, value) => format!("map<{key}, {}> {} = {}", abridged(value), abridged(&field.name), field.tag),
    }
}
