//! What a comparison found, and how it becomes a list: `tell` puts a finding into words, `spots` says where it is.
//!
//! Results refer to the results of inner pairs instead of copying them, paths share their beginnings, and a finding is put
//! into words only when it is listed: a type used twice on each of forty levels has 2^40 findings to its name, and most of
//! the pairs that do not match are branches of unions that need not.

use super::spots::Spots;
use crate::avro::finding::Rule;
use crate::avro::members::shorten;
use crate::avro::model::*;
use crate::avro::pointers::Use;
use crate::json::utf16_order;
use crate::{Direction, Finding, Rule as AnyRule, Spent, Spot, Work};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// How many findings are told. Beyond a few nobody reads them, and there may be exponentially many.
pub(crate) const MOST_FINDINGS: usize = 10_000;
/// What it costs to tell one.
const TOLD: usize = 16;
/// How long the details of a finding may be before they are cut.
const MOST_INFO: usize = 100_000;
/// How long paths and details may be over all findings told.
const MOST_BYTES: usize = 4 << 20;

/// One step of a path. Paths share their beginnings, so a place is a step and the place before it. All of this is kept small:
/// there may be a million of each.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    Root,
    Name,
    Size,
    Symbols,
    Items,
    Values,
    Fields,
    Type,
    Index(u32),
}

/// A place in `Report::places`.
pub(super) type PlaceId = u32;
/// Where a comparison begins, also one of a branch by itself.
pub(super) const ROOT: PlaceId = 0;

/// A place in `Report::results`.
pub(super) type ResultId = u32;
/// The result without findings.
pub(super) const COMPATIBLE: ResultId = 0;
/// A result whose findings were not kept.
pub(super) const UNTOLD: ResultId = u32::MAX;

/// A part of a result: a finding of the pair itself, or all findings of an inner pair.
#[derive(Clone, Copy)]
pub(super) enum Item {
    Finding(u32),
    Inner(ResultId),
}

/// A finding as it is kept: what it says is put into words when the list is made, since most findings never get into it.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) rule: Rule,
    pub(super) place: PlaceId,
    pub(super) reader: Met,
    pub(super) writer: Met,
    /// Which field of the reader, where that matters.
    pub(super) field: u32,
}

/// A type, and the use of it by which a comparison came to it.
#[derive(Clone, Copy)]
pub(super) struct Met {
    pub(super) id: NodeId,
    pub(super) usage: Use,
}

impl Met {
    /// The type of a field, the items, the values, or a branch of this type.
    pub(super) fn part(self, part: NodeId, at: usize) -> Met {
        Met { id: part, usage: Use::of(self.id, small(at)) }
    }
}

/// Everything found so far.
pub(super) struct Report {
    /// The items of all results, one result after the other.
    items: Vec<Item>,
    /// Where the items of each result are.
    results: Vec<(u32, u32)>,
    findings: Vec<Found>,
    places: Vec<(PlaceId, Token)>,
}

impl Report {
    pub(super) fn new() -> Self {
        Report { items: Vec::new(), results: vec![(0, 0)], findings: Vec::new(), places: vec![(ROOT, Token::Root)] }
    }

    /// Keeps the result of a pair.
    pub(super) fn result(&mut self, items: Vec<Item>) -> ResultId {
        if items.is_empty() {
            return COMPATIBLE;
        }
        let from = small(self.items.len());
        self.items.extend(items);
        self.results.push((from, small(self.items.len())));
        small(self.results.len() - 1)
    }

    /// Keeps a finding about a pair, or about a field of its reader.
    pub(super) fn finding(&mut self, found: Found) -> Item {
        self.findings.push(found);
        Item::Finding(small(self.findings.len() - 1))
    }

    /// The place one step on.
    pub(super) fn place(&mut self, before: PlaceId, token: Token) -> PlaceId {
        self.places.push((before, token));
        small(self.places.len() - 1)
    }

    /// The findings of a result and of all results inside it, in order, as far as the bounds allow.
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn list(
        &self,
        result: ResultId,
        (reader, writer): (&Model, &Model),
        direction: Direction,
        work: &Work,
    ) -> Result<Vec<Finding>, Spent> {
        let mut list = Vec::new();
        if result == COMPATIBLE {
            return Ok(list);
        }
        let mut spots = Spots::of(reader, writer, work)?;
        let mut bytes = 0;
        // A finding inside a type that is used often is listed often; it is put into words once.
        let mut told: HashMap<u32, Finding> = HashMap::new();
        let mut stack = vec![self.items_of(result)];
        while let Some(items) = stack.last_mut() {
            match items.next() {
                None => drop(stack.pop()),
                Some(Item::Inner(inner)) => stack.push(self.items_of(*inner)),
                Some(Item::Finding(at)) => {
                    work.spend(TOLD)?;
                    let finding = told.entry(*at).or_insert_with(|| {
                        let found = &self.findings[*at as usize];
                        let (old, new) = spots.tell(found, direction);
                        self.tell(found, reader, writer, direction, (old, new))
                    });
                    bytes += finding.at.len() + finding.detail.len();
                    list.push(finding.clone());
                    if list.len() == MOST_FINDINGS || bytes > MOST_BYTES {
                        break;
                    }
                }
            }
        }
        Ok(list)
    }

    fn items_of(&self, result: ResultId) -> std::slice::Iter<'_, Item> {
        let (from, to) = self.results[result as usize];
        self.items[from as usize..to as usize].iter()
    }

    fn tell(
        &self,
        found: &Found,
        reader: &Model,
        writer: &Model,
        direction: Direction,
        (old, new): (Spot, Spot),
    ) -> Finding {
        let (reader, writer) = (reader.node(found.reader.id), writer.node(found.writer.id));
        let info = match (found.rule, reader, writer) {
            (Rule::FixedSizeMismatch, Node::Fixed(reader), Node::Fixed(writer)) => {
                format!("expected: {}, found: {}", writer.size, reader.size)
            }
            (Rule::MissingEnumSymbols, Node::Enum(reader), Node::Enum(writer)) => {
                let mut missing = missing_symbols(reader, writer);
                missing.sort_unstable_by(|a, b| utf16_order(a, b));
                format!("[{}]", missing.join(", "))
            }
            (Rule::ReaderFieldMissingDefaultValue, Node::Record(reader), _) => {
                reader.fields[found.field as usize].name.to_string()
            }
            (Rule::NameMismatch, _, _) => {
                format!("expected: {}", writer.named().map_or_else(Default::default, |named| named.name.full()))
            }
            (Rule::MissingUnionBranch, _, _) => {
                format!("reader union lacking writer type: {}", writer.kind().shout())
            }
            _ => format!(
                "reader type: {} not compatible with writer type: {}",
                reader.kind().shout(),
                writer.kind().shout()
            ),
        };
        // A list of a million symbols, or a name of a million letters, helps nobody.
        let info = if info.len() > MOST_INFO { shorten(&info) } else { info };
        Finding { rule: AnyRule::Avro(found.rule), direction, old, new, at: self.path(found.place), detail: info }
    }

    fn path(&self, mut place: PlaceId) -> String {
        let mut tokens = Vec::new();
        while place != ROOT {
            let (before, token) = self.places[place as usize];
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

/// A number or place of a comparison, which are bounded far below this.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a comparison keeps fewer than four thousand million things")
}

/// The writer's symbols that the reader does not know and has no default for. An enum default is always a symbol, so that
/// whatever is missing reads as it.
pub(super) fn missing_symbols<'w>(reader: &Enum, writer: &'w Enum) -> Vec<&'w str> {
    if reader.default.is_some() {
        return Vec::new();
    }
    let known: HashSet<&str> = reader.symbols.iter().map(|symbol| &**symbol).collect();
    writer.symbols.iter().map(|symbol| &**symbol).filter(|symbol| !known.contains(symbol)).collect()
}
