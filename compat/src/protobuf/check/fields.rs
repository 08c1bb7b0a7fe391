//! Two fields of one tag: their names, their kinds, their labels, and the messages that they lead to.

use super::side::{FieldKind, Group};
use super::{Abandoned, Comparison, Outcome, Place, Rule, Step, report};
use crate::protobuf::model::*;
use crate::protobuf::names::Found;

/// Two fields of one tag.
pub(super) struct FieldPair<'s> {
    pub(super) was: &'s Field,
    pub(super) is: &'s Field,
    /// How much of the path leads to their message, and the oneof that the original is in.
    pub(super) around: usize,
    pub(super) there: Option<Step<'s>>,
    /// Do original and update stand in the files themselves?
    pub(super) own: (bool, bool),
}

impl<'s> Comparison<'s, '_> {
    /// Compares two fields; the path leads to them.
    pub(super) fn fields(
        &mut self,
        original: Found,
        update: Found,
        pair: &FieldPair<'s>,
        depth: usize,
    ) -> Result<(), Abandoned> {
        if pair.was.name != pair.is.name {
            self.tell(Rule::FieldNameChanged, pair)?;
        }
        let before = self.original.kind(original, &pair.was.kind, self.work)?;
        let after = self.update.kind(update, &pair.is.kind, self.work)?;
        self.kinds(before, after, pair, true, depth)
    }

    fn tell(&mut self, rule: Rule, pair: &FieldPair<'s>) -> Result<(), Abandoned> {
        if !self.report.takes(rule) {
            return Ok(());
        }
        let there = self.path[..pair.around].iter().copied().chain(pair.there).chain([Step::Tag(pair.was.tag)]);
        let steps = pair.own.0.then(|| there.collect());
        let original = Place { steps, fragment: Some(report::shown(pair.was)) };
        let update = self.place(pair.own.1, None, Some(report::shown(pair.is)));
        self.add(rule, original, update, &pair.is.name)
    }

    fn kinds(
        &mut self,
        before: FieldKind<'s>,
        after: FieldKind<'s>,
        pair: &FieldPair<'s>,
        with_labels: bool,
        depth: usize,
    ) -> Result<(), Abandoned> {
        match (before, after) {
            (FieldKind::Scalar(was), FieldKind::Scalar(is)) if was != is => {
                self.tell(Rule::FieldScalarKindChanged, pair)
            }
            (FieldKind::Scalar(group), FieldKind::Scalar(_)) => match (pair.was.label, pair.is.label) {
                (Some(was), Some(is)) if was != is && with_labels => self.tell(
                    match group {
                        Group::Delimited => Rule::FieldStringOrBytesLabelChanged,
                        _ => Rule::FieldNumericLabelChanged,
                    },
                    pair,
                ),
                _ => Ok(()),
            },
            (
                FieldKind::Map { scope: original, key: key_was, value: value_was },
                FieldKind::Map { scope: update, key: key_is, value: value_is },
            ) => {
                for (was, is) in [(key_was, key_is), (value_was, value_is)] {
                    let was = self.original.named(original, was, self.work)?;
                    let is = self.update.named(update, is, self.work)?;
                    // Values cannot be maps, however they are written.
                    match (was, is) {
                        (FieldKind::Map { .. }, FieldKind::Map { .. }) => {}
                        (was, is) => self.kinds(was, is, pair, false, depth)?,
                    }
                }
                Ok(())
            }
            (FieldKind::Message { name: was, found: original }, FieldKind::Message { name: is, found: update }) => {
                match (original, update) {
                    (Some(original), Some(update)) => self.named_types(original, update, pair, depth),
                    _ if was != is => self.tell(Rule::FieldNamedTypeChanged, pair),
                    _ => Ok(()),
                }
            }
            _ => self.tell(Rule::FieldKindChanged, pair),
        }
    }

    fn named_types(
        &mut self,
        original: Found,
        update: Found,
        pair: &FieldPair<'s>,
        depth: usize,
    ) -> Result<(), Abandoned> {
        let (before, after) = (&self.original.schema.names, &self.update.schema.names);
        if !before.same_local(original, after, update, self.work)? {
            return self.tell(Rule::FieldNamedTypeChanged, pair);
        }
        let same = match (original, update) {
            (Found::Bundled(one), Found::Bundled(other)) => one == other,
            _ if self.original.is_own(original) || self.update.is_own(update) => {
                self.original.is_own(original) && self.update.is_own(update)
            }
            _ => match (self.original.schema.reference(original), self.update.schema.reference(update)) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            },
        };
        if same || self.in_full(original, update, depth)? {
            return Ok(());
        }
        self.tell(Rule::FieldNamedTypeChanged, pair)
    }

    /// Compares two messages of the same name wherever they stand. Does nothing incompatible come of it?
    fn in_full(&mut self, original: Found, update: Found, depth: usize) -> Result<bool, Abandoned> {
        if let Some(&Outcome { from, to }) = self.known.get(&(original, update)) {
            self.work.spend(1 + (to - from) * report::KEPT)?;
            return Ok(self.report.again(from, to));
        }
        let from = self.report.mark();
        let name: &'s str = &self.original.schema.message(original).name;
        let path = std::mem::replace(&mut self.path, vec![Step::Name(name)]);
        let outermost = std::mem::replace(&mut self.outermost, usize::MAX);
        let walked = self.messages(original, update, depth + 1);
        self.path = path;
        let met = std::mem::replace(&mut self.outermost, outermost);
        self.outermost = self.outermost.min(met);
        walked?;
        let to = self.report.mark();
        if met >= self.open.len() {
            self.known.insert((original, update), Outcome { from, to });
        }
        Ok(self.report.is_compatible(from, to))
    }
}
