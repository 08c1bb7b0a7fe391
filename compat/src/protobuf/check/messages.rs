//! Two messages: what became of their oneofs, and of their fields, tag by tag.

use super::fields::FieldPair;
use super::{Abandoned, Comparison, MOST_DEPTH, Place, Rule, Step, report};
use crate::protobuf::model::*;
use crate::protobuf::names::Found;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What it costs to look at a field.
const FIELD: usize = 8;

/// A field by its tag, and the oneof that it is in.
#[derive(Clone, Copy)]
struct Member<'s> {
    field: &'s Field,
    oneof: Option<&'s Oneof>,
}

impl<'s> Comparison<'s, '_> {
    /// Compares two messages; the path leads to them.
    pub(super) fn messages(&mut self, original: Found, update: Found, depth: usize) -> Result<(), Abandoned> {
        if depth > MOST_DEPTH {
            return Err(Abandoned::TooDeep);
        }
        if let Some(at) = self.open.iter().position(|&open| open == original) {
            self.outermost = self.outermost.min(at);
            return Ok(());
        }
        self.open.push(original);
        let compared = self.inside(original, update, depth);
        self.open.pop();
        compared
    }

    fn inside(&mut self, original: Found, update: Found, depth: usize) -> Result<(), Abandoned> {
        let (before, after) =
            (members(self.original.schema.message(original)), members(self.update.schema.message(update)));
        self.work.spend(FIELD * (1 + before.len() + after.len()))?;
        let (one, other) = (self.original.schema.message(original), self.update.schema.message(update));
        let own = (self.original.is_own(original), self.update.is_own(update));
        self.moved_into_oneofs(one, other, &before, own)?;
        let names = |message: &'s Message| message.oneofs.iter().map(|oneof| &*oneof.name).collect::<BTreeSet<&str>>();
        let (names_before, names_after) = (names(one), names(other));
        for &name in names_before.union(&names_after) {
            let rule = match (names_before.contains(name), names_after.contains(name)) {
                (true, false) => Rule::OneofRemoved,
                (false, true) => Rule::OneofAdded,
                _ => continue,
            };
            self.within(Step::Name(name), |this| this.add(rule, Place::default(), Place::default(), name))?;
        }
        let deleted = |oneof: &Oneof| {
            !names_after.contains(&*oneof.name) && oneof.fields.iter().all(|field| !after.contains_key(&field.tag))
        };
        let deleted: HashSet<*const Oneof> =
            one.oneofs.iter().filter(|oneof| deleted(oneof)).map(std::ptr::from_ref).collect();
        let tags: BTreeSet<i32> = before.keys().chain(after.keys()).copied().collect();
        for tag in tags {
            match (before.get(&tag).copied(), after.get(&tag).copied()) {
                (Some(member), None) => {
                    let gone = member.oneof.is_some_and(|oneof| deleted.contains(&std::ptr::from_ref(oneof)));
                    if !gone {
                        self.removed(member, own)?;
                    }
                }
                (None, Some(member)) => self.added(member, own)?,
                (Some(was), Some(is)) => self.both((original, was), (update, is), own, depth)?,
                (None, None) => {}
            }
        }
        self.lists(self.original.inside(original), self.update.inside(update), depth)
    }

    fn moved_into_oneofs(
        &mut self,
        original: &'s Message,
        update: &'s Message,
        before: &BTreeMap<i32, Member<'s>>,
        own: (bool, bool),
    ) -> Result<(), Abandoned> {
        // Where a tag is used more than once, a field that has stayed in its oneof has not moved.
        let stayed: HashSet<(&str, i32)> = original
            .oneofs
            .iter()
            .flat_map(|oneof| oneof.fields.iter().map(|field| (&*oneof.name, field.tag)))
            .collect();
        for oneof in &update.oneofs {
            let mut origins: BTreeSet<Result<&str, i32>> = BTreeSet::new();
            let mut moved: Vec<&'s Field> = Vec::new();
            for field in &oneof.fields {
                let Some(member) = before.get(&field.tag) else { continue };
                if stayed.contains(&(&*oneof.name, field.tag)) {
                    origins.insert(Ok(&*oneof.name));
                    continue;
                }
                origins.insert(member.oneof.map_or(Err(field.tag), |oneof| Ok(&*oneof.name)));
                if member.oneof.is_none() {
                    moved.push(member.field);
                }
            }
            if origins.len() < 2 {
                continue;
            }
            let rule = if moved.len() > 1 { Rule::MultipleFieldsMovedToOneof } else { Rule::FieldMovedToExistingOneof };
            let step = Step::Name(&oneof.name);
            let there = match moved.first() {
                Some(field) => self.place(own.0, Some(Step::Tag(field.tag)), Some(report::shown(field))),
                None => self.place(own.0, None, None),
            };
            let here = self.place(own.1, Some(step), Some(format!("oneof {}", oneof.name)));
            self.within(step, |this| this.add(rule, there, here, &oneof.name))?;
        }
        Ok(())
    }

    fn removed(&mut self, member: Member<'s>, own: (bool, bool)) -> Result<(), Abandoned> {
        let rule = match (member.oneof, member.field.label) {
            (Some(_), _) => Rule::OneofFieldRemoved,
            (None, Some(Label::Required)) => Rule::RequiredFieldRemoved,
            (None, _) => Rule::FieldRemoved,
        };
        if !self.report.takes(rule) {
            return Ok(());
        }
        self.in_oneof(member.oneof, |this| {
            let step = Step::Tag(member.field.tag);
            let there = this.place(own.0, Some(step), Some(report::shown(member.field)));
            let here = this.place(own.1, None, None);
            this.within(step, |this| this.add(rule, there, here, &member.field.name))
        })
    }

    fn added(&mut self, member: Member<'s>, own: (bool, bool)) -> Result<(), Abandoned> {
        let rule = match (member.oneof, member.field.label) {
            (Some(_), _) => Rule::OneofFieldAdded,
            (None, Some(Label::Required)) => Rule::RequiredFieldAdded,
            (None, _) => Rule::FieldAdded,
        };
        if !self.report.takes(rule) {
            return Ok(());
        }
        self.in_oneof(member.oneof, |this| {
            let step = Step::Tag(member.field.tag);
            let here = this.place(own.1, Some(step), Some(report::shown(member.field)));
            let there = this.place(own.0, None, None);
            this.within(step, |this| this.add(rule, there, here, &member.field.name))
        })
    }

    fn in_oneof(
        &mut self,
        oneof: Option<&'s Oneof>,
        walk: impl FnOnce(&mut Self) -> Result<(), Abandoned>,
    ) -> Result<(), Abandoned> {
        match oneof {
            Some(oneof) => self.within(Step::Name(&oneof.name), walk),
            None => walk(self),
        }
    }

    fn both(
        &mut self,
        (original, was): (Found, Member<'s>),
        (update, is): (Found, Member<'s>),
        own: (bool, bool),
        depth: usize,
    ) -> Result<(), Abandoned> {
        let tag = Step::Tag(is.field.tag);
        if was.oneof.is_some() && is.oneof.is_none() {
            let rule = Rule::OneofFieldMovedToTopLevel;
            self.within(tag, |this| this.add(rule, Place::default(), Place::default(), &is.field.name))?;
        }
        let there = was.oneof.map(|oneof| Step::Name(&oneof.name));
        let pair = FieldPair { was: was.field, is: is.field, around: self.path.len(), there, own };
        self.in_oneof(is.oneof, |this| this.within(tag, |this| this.fields(original, update, &pair, depth)))
    }
}

/// The fields of a message by their tags. Of several with one tag the last counts, in the order of the normalised form: so a
/// message is what its normalised form is.
fn members(message: &Message) -> BTreeMap<i32, Member<'_>> {
    let mut oneofs: Vec<&Oneof> = message.oneofs.iter().collect();
    oneofs.sort_by_key(|oneof| oneof.first_tag());
    let top = message.fields.iter().map(|field| Member { field, oneof: None });
    let inner =
        oneofs.into_iter().flat_map(|oneof| oneof.fields.iter().map(move |field| Member { field, oneof: Some(oneof) }));
    top.chain(inner).map(|member| (member.field.tag, member)).collect()
}
