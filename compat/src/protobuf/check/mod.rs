//! What differs between two files, in the order and with the paths of the reference. The *original* is what data was written
//! with, the *update* what is to read it.
//!
//! A message that is met through a field is compared anew, with paths that begin at it. What came of a pair is remembered,
//! unless it depended on what was being compared further out; so that types used over and over cost their findings and not
//! another walk.

mod fields;
mod messages;
mod order;
mod report;
mod side;
mod types;

use super::Schema;
use super::finding::Rule;
use super::model::*;
use super::names::Found;
use crate::{Direction, Finding, Spent, Work};
pub(crate) use report::MOST_FINDINGS;
use report::{Difference, Kept, Place, Report, Step};
use side::{Home, List, Side};
use std::collections::HashMap;

/// How deep messages may lead into each other.
pub(crate) const MOST_DEPTH: usize = 128;

/// Why there is no list of differences.
#[derive(Debug)]
pub(super) enum Abandoned {
    /// Messages lead into each other more deeply than is allowed.
    TooDeep,
    Spent(Spent),
}

impl From<Spent> for Abandoned {
    fn from(spent: Spent) -> Self {
        Abandoned::Spent(spent)
    }
}

/// What keeps `update` from reading what `original` wrote.
///
/// # Errors
/// The comparison was abandoned.
pub(super) fn check(
    update: &Schema,
    original: &Schema,
    direction: Direction,
    work: &Work,
) -> Result<Vec<Finding>, Abandoned> {
    let report = compare(update, original, Report::of(Kept::Incompatible), work)?;
    Ok(report.list.into_iter().map(|difference| difference.finding(direction)).collect())
}

/// All differences, also those of no consequence: the rule and the path.
pub(super) fn differences(update: &Schema, original: &Schema, work: &Work) -> Result<Vec<(Rule, String)>, Abandoned> {
    let report = compare(update, original, Report::of(Kept::All), work)?;
    Ok(report.list.into_iter().map(|difference| (difference.rule, difference.path)).collect())
}

fn compare(update: &Schema, original: &Schema, report: Report, work: &Work) -> Result<Report, Abandoned> {
    let mut comparison = Comparison {
        original: Side { schema: original },
        update: Side { schema: update },
        work,
        report,
        path: Vec::new(),
        open: Vec::new(),
        known: HashMap::new(),
        outermost: usize::MAX,
    };
    comparison.files()?;
    Ok(comparison.report)
}

/// What came of a pair of messages: its part of the report.
#[derive(Clone, Copy)]
struct Outcome {
    from: usize,
    to: usize,
}

struct Comparison<'s, 'w> {
    original: Side<'s>,
    update: Side<'s>,
    work: &'w Work,
    report: Report,
    path: Vec<Step<'s>>,
    /// The original messages being compared.
    open: Vec<Found>,
    known: HashMap<(Found, Found), Outcome>,
    /// The place in `open` of the outermost message that was met again since this was set.
    outermost: usize,
}

impl<'s> Comparison<'s, '_> {
    fn files(&mut self) -> Result<(), Abandoned> {
        let (original, update) = (&*self.original.schema.files[0], &*self.update.schema.files[0]);
        if original.package != update.package {
            let place = |file: &File| Place {
                steps: Some(Vec::new()),
                fragment: file.package.as_ref().map(|package| format!("package {package}")),
            };
            self.add(Rule::PackageChanged, place(original), place(update), "")?;
        }
        let list =
            |file: &'s File| List { file, home: Home::Here(0), messages: &file.top_messages, enums: &file.top_enums };
        self.lists(list(original), list(update), 0)
    }

    fn add(&mut self, rule: Rule, original: Place<'s>, update: Place<'s>, name: &str) -> Result<(), Abandoned> {
        if !self.report.takes(rule) {
            return Ok(());
        }
        self.work.spend(report::KEPT)?;
        self.report.add(rule, &self.path, original, update, name);
        Ok(())
    }

    /// A place that a step leads to from where the walk is, if that is in the file itself.
    fn place(&self, own: bool, step: Option<Step<'s>>, fragment: Option<String>) -> Place<'s> {
        let steps = own.then(|| self.path.iter().copied().chain(step).collect());
        Place { steps, fragment }
    }

    fn within(
        &mut self,
        step: Step<'s>,
        walk: impl FnOnce(&mut Self) -> Result<(), Abandoned>,
    ) -> Result<(), Abandoned> {
        self.path.push(step);
        let walked = walk(self);
        self.path.pop();
        walked
    }
}

impl Difference {
    fn finding(self, direction: Direction) -> Finding {
        let (old, new) = direction.old_and_new(self.update, self.original);
        Finding { rule: crate::Rule::Protobuf(self.rule), direction, old, new, at: self.path, detail: self.name }
    }
}
