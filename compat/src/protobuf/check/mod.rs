//! What differs between two files, in the order and with the paths of the reference. The *original* is what data was written
//! with, the *update* what is to read it.
//!
//! A message that is met through a field is compared anew, with paths that begin at it. What came of a pair is remembered,
//! unless it depended on what was being compared further out; so that types used over and over cost their findings and not
//! another walk.

mod order;
mod report;

use super::Schema;
use super::finding::Rule;
use super::model::*;
use super::names::{Found, Kind};
use crate::{Direction, Finding, Spent, Work};
pub(crate) use report::MOST_FINDINGS;
use report::{Difference, Kept, Place, Report, Step};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How deep messages may lead into each other.
pub(crate) const MOST_DEPTH: usize = 128;

/// What it costs to look at a field, and at a name or constant.
const FIELD: usize = 8;
const NAME: usize = 4;

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

#[derive(Clone, Copy)]
struct Side<'s> {
    schema: &'s Schema,
}

/// A type list of one side: a file or the inside of a message.
#[derive(Clone, Copy)]
struct List<'s> {
    file: &'s File,
    /// How a type of it is found, but for its number.
    home: Home,
    messages: &'s [Id],
    enums: &'s [Id],
}

/// The file that a type stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    Here(u32),
    Bundled(u32),
}

impl<'s> Side<'s> {
    fn message(self, home: Home, id: Id) -> (Found, &'s Message) {
        let found = match home {
            Home::Here(file) => Found::Here(self.schema.names.table.of_message(file, id)),
            Home::Bundled(file) => Found::Bundled(super::bundled::bundle().table.of_message(file, id)),
        };
        (found, self.schema.message(found))
    }

    /// The types inside a message.
    fn inside(self, found: Found) -> List<'s> {
        let (home, file) = match found {
            Found::Here(node) => {
                let file = self.schema.names.table.get(node).file;
                (Home::Here(file), &*self.schema.files[file as usize])
            }
            Found::Bundled(node) => {
                let bundle = super::bundled::bundle();
                let file = bundle.table.get(node).file;
                (Home::Bundled(file), &*bundle.files[file as usize])
            }
        };
        let message = self.schema.message(found);
        List { file, home, messages: &message.messages, enums: &message.enums }
    }

    /// Is it a type of the file itself?
    fn is_own(self, found: Found) -> bool {
        matches!(found, Found::Here(node) if self.schema.names.table.get(node).file == 0)
    }

    fn kind(self, scope: Found, kind: &'s Type, work: &Work) -> Result<FieldKind<'s>, Spent> {
        let name = match kind {
            Type::Map(key, value) => return Ok(FieldKind::Map { scope, key, value }),
            Type::Plain(name) => name,
        };
        self.named(scope, name, work)
    }

    fn named(self, scope: Found, name: &'s str, work: &Work) -> Result<FieldKind<'s>, Spent> {
        if let Some(group) = Group::of(name) {
            return Ok(FieldKind::Scalar(group));
        }
        let found = self.schema.names.resolve(scope, name, work)?;
        let Some(found) = found else { return Ok(FieldKind::Message { name, found }) };
        let Kind::Message(_) = self.schema.names.kind(found) else { return Ok(FieldKind::Scalar(Group::Varint)) };
        let message = self.schema.message(found);
        if message.is_map_entry() {
            let part = |tag| message.fields.iter().find(|field| field.tag == tag).map(|field| field.kind.name());
            if let (Some(key), Some(value)) = (part(1), part(2)) {
                return Ok(FieldKind::Map { scope: found, key, value });
            }
        }
        Ok(FieldKind::Message { name, found: Some(found) })
    }
}

/// What a field is, as far as that counts.
#[derive(Clone, Copy)]
enum FieldKind<'s> {
    Scalar(Group),
    Map {
        scope: Found,
        key: &'s str,
        value: &'s str,
    },
    /// Also what is not known.
    Message {
        name: &'s str,
        found: Option<Found>,
    },
}

/// Scalar types that are encoded alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Varint,
    Zigzag,
    Delimited,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

impl Group {
    fn of(name: &str) -> Option<Group> {
        Some(match name {
            "int32" | "int64" | "uint32" | "uint64" | "bool" => Self::Varint,
            "sint32" | "sint64" => Self::Zigzag,
            "string" | "bytes" => Self::Delimited,
            "fixed32" | "sfixed32" => Self::Fixed32,
            "fixed64" | "sfixed64" => Self::Fixed64,
            "float" => Self::Float,
            "double" => Self::Double,
            _ => return None,
        })
    }
}

/// A field by its tag, and the oneof that it is in.
#[derive(Clone, Copy)]
struct Member<'s> {
    field: &'s Field,
    oneof: Option<&'s Oneof>,
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

    fn lists(&mut self, original: List<'s>, update: List<'s>, depth: usize) -> Result<(), Abandoned> {
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

    /// Compares two messages; the path leads to them.
    fn messages(&mut self, original: Found, update: Found, depth: usize) -> Result<(), Abandoned> {
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

    /// Compares two fields; the path leads to them.
    fn fields(&mut self, original: Found, update: Found, pair: &FieldPair<'s>, depth: usize) -> Result<(), Abandoned> {
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

/// Two fields of one tag.
struct FieldPair<'s> {
    was: &'s Field,
    is: &'s Field,
    /// How much of the path leads to their message, and the oneof that the original is in.
    around: usize,
    there: Option<Step<'s>>,
    /// Do original and update stand in the files themselves?
    own: (bool, bool),
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

impl Difference {
    fn finding(self, direction: Direction) -> Finding {
        let (old, new) = direction.old_and_new(self.update, self.original);
        Finding { rule: crate::Rule::Protobuf(self.rule), direction, old, new, at: self.path, detail: self.name }
    }
}
