//! The types of a file, and those inside a message: messages by their names, then enums by theirs.

use super::side::{Home, List};
use super::{Abandoned, Comparison, Place, Rule, Step, order};
use crate::protobuf::model::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What it costs to look at a name or constant.
const NAME: usize = 4;

impl<'s> Comparison<'s, '_> {
    pub(super) fn lists(&mut self, original: List<'s>, update: List<'s>, depth: usize) -> Result<(), Abandoned> {
        self.work.spend(NAME * (original.messages.len() + update.messages.len()))?;
        let own = (original.home == Home::Here(0), update.home == Home::Here(0));
        let by_name = |list: List<'s>| -> HashMap<&'s str, (usize, Id)> {
            let named = |(at, &id): (usize, &Id)| (&*list.file.messages[id as usize].name, (at, id));
            list.messages.iter().enumerate().map(named).collect()
        };
        let names = |list: List<'s>| list.messages.iter().map(move |&id| &*list.file.messages[id as usize].name);
        let (before, after) = (by_name(original), by_name(update));
        for name in order::union(names(original), names(update)) {
            let entry = |list: List<'s>, id: Id| list.file.messages[id as usize].is_map_entry();
            let fragment = || Some(format!("message {name}"));
            match (before.get(name), after.get(name)) {
                (Some(&(_, id)), None) if !entry(original, id) => {
                    let there = self.place(own.0, Some(Step::Name(name)), fragment());
                    let here = self.place(own.1, None, None);
                    self.within(Step::Name(name), |this| this.add(Rule::MessageRemoved, there, here, name))?;
                }
                (None, Some(&(_, id))) if !entry(update, id) => {
                    let here = self.place(own.1, Some(Step::Name(name)), fragment());
                    let there = self.place(own.0, None, None);
                    self.within(Step::Name(name), |this| this.add(Rule::MessageAdded, there, here, name))?;
                }
                (Some(&(at, one)), Some(&(now, other))) => {
                    let (one, _) = self.original.message(original.home, one);
                    let (other, _) = self.update.message(update.home, other);
                    self.within(Step::Name(name), |this| {
                        this.messages(one, other, depth + 1)?;
                        if at != now {
                            this.add(Rule::MessageMoved, Place::default(), Place::default(), name)?;
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
        }
        self.all_symbols(original, update)
    }

    fn all_symbols(&mut self, original: List<'s>, update: List<'s>) -> Result<(), Abandoned> {
        self.work.spend(NAME * (original.enums.len() + update.enums.len()))?;
        let by_name = |list: List<'s>| -> HashMap<&'s str, &'s Enum> {
            let named = list.enums.iter().map(|&id| &list.file.enums[id as usize]);
            named.map(|symbols| (&*symbols.name, symbols)).collect()
        };
        let names = |list: List<'s>| list.enums.iter().map(move |&id| &*list.file.enums[id as usize].name);
        let (before, after) = (by_name(original), by_name(update));
        for name in order::union(names(original), names(update)) {
            let rule = match (before.get(name), after.get(name)) {
                (Some(one), Some(other)) => {
                    self.within(Step::Name(name), |this| this.symbols(one, other))?;
                    continue;
                }
                (Some(_), None) => Rule::EnumRemoved,
                (None, _) => Rule::EnumAdded,
            };
            self.within(Step::Name(name), |this| this.add(rule, Place::default(), Place::default(), name))?;
        }
        Ok(())
    }

    fn symbols(&mut self, original: &'s Enum, update: &'s Enum) -> Result<(), Abandoned> {
        self.work.spend(NAME * (original.constants.len() + update.constants.len()))?;
        let by_tag = |symbols: &'s Enum| -> BTreeMap<i32, &'s str> {
            symbols.constants.iter().map(|constant| (constant.tag, &*constant.name)).collect()
        };
        let (before, after) = (by_tag(original), by_tag(update));
        let tags: BTreeSet<i32> = before.keys().chain(after.keys()).copied().collect();
        for tag in tags {
            let rule = match (before.get(&tag), after.get(&tag)) {
                (Some(_), None) => Rule::EnumConstRemoved,
                (None, Some(_)) => Rule::EnumConstAdded,
                (Some(one), Some(other)) if one != other => Rule::EnumConstChanged,
                _ => continue,
            };
            self.within(Step::Tag(tag), |this| this.add(rule, Place::default(), Place::default(), ""))?;
        }
        Ok(())
    }
}
