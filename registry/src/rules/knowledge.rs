//! What a rule needs to know about schemas without computing it.
//!
//! Rules run twice: before the commit on a snapshot, where `Learning` computes what is asked and remembers it, and in the
//! store's one writer against the newest state, where `Known` only looks up. If the state has moved on so that something else
//! is asked, the rule stops with `Missing`, and the request learns it outside and comes back. So costly work never runs in
//! the writer, and a verdict is never used for a pair it was not made for.

use crate::fault::Fault;
use crate::service::library::Library;
use compat::{Dependency, Parsed, Strictness};
use model::{CompatibilityLevel, CompatibilityPolicy, Guid, SchemaType};
use std::cell::RefCell;
use std::sync::Arc;
use storage::{State, StoredVersion, TextKey};

/// The whole verdict on an existing version of another language.
const DIFFERENT_TYPE: &str = "Incompatible because of different schema type";

/// Why a rule did not come to an answer.
#[derive(Debug)]
pub enum Stop {
    /// The answer is a refusal.
    Fault(Fault),
    /// In the writer only: something that was not learnt before the commit.
    Missing,
}

impl Stop {
    /// The fault of a rule that ran where everything it asks is computed; nothing can be missing there.
    pub fn outside_the_writer(self) -> Fault {
        match self {
            Stop::Fault(fault) => fault,
            Stop::Missing => Fault::Internal("a learning rule missed something".into()),
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl From<storage::Error> for Stop {
    fn from(error: storage::Error) -> Self {
        Stop::Fault(error.into())
    }
}

/// A text to parse, with what it refers to.
#[derive(Clone)]
pub struct Source {
    /// The language.
    pub schema_type: SchemaType,
    /// The text as sent or as stored.
    pub text: Arc<str>,
    /// The referenced schemas, in resolution order.
    pub dependencies: Arc<Vec<Dependency>>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Dependency, b: &Dependency| a.name == b.name && a.text == b.text;
        self.schema_type == other.schema_type
            && self.text == other.text
            && self.dependencies.len() == other.dependencies.len()
            && self.dependencies.iter().zip(other.dependencies.iter()).all(|(a, b)| same(a, b))
    }
}

/// A schema that was parsed, with what registration needs of it.
#[derive(Clone)]
pub struct Learnt {
    /// The parsed schema (normalised, if that was asked).
    pub parsed: Parsed,
    /// Its canonical text.
    pub canonical: Arc<str>,
    /// What names that text in the store.
    pub text: TextKey,
    /// The fingerprint of its equivalence class.
    pub fingerprint: u64,
}

/// Is the text to be normalised after parsing?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Normalize {
    /// Keep the canonical text.
    No,
    /// Normalise.
    Yes,
}

/// What rules ask.
pub trait Knowledge {
    /// Parses a text; a refusal of the language is `Err` inside.
    fn parse(
        &self,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Result<Learnt, compat::Error>, Stop>;

    /// The messages of comparing a candidate with one existing version.
    fn compare(
        &self,
        state: &dyn State,
        candidate: &Learnt,
        existing: &StoredVersion,
        level: CompatibilityLevel,
        policy: CompatibilityPolicy,
    ) -> Result<Vec<String>, Stop>;

    /// Is the content of a stored version equivalent to a candidate's (metadata, rules and references apart)?
    fn equivalent(&self, state: &dyn State, candidate: &Learnt, existing: &StoredVersion) -> Result<bool, Stop>;
}

/// A pair of a candidate text and an existing version. Text key and GUID stand for the existing content, which cannot change
/// while the version exists; what it refers to cannot vanish while it does.
type Pair = (Arc<str>, TextKey, Guid, model::Version);

#[derive(Default)]
struct Memory {
    parses: Vec<(Source, Strictness, Normalize, Result<Learnt, compat::Error>)>,
    verdicts: Vec<(Pair, CompatibilityLevel, CompatibilityPolicy, Vec<String>)>,
    equivalences: Vec<(Pair, bool)>,
}

impl Memory {
    fn parse(
        &self,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Option<Result<Learnt, compat::Error>> {
        self.parses
            .iter()
            .find(|(s, st, n, _)| *st == strictness && *n == normalize && s == source)
            .map(|(.., outcome)| outcome.clone())
    }

    fn compare(&self, pair: &Pair, level: CompatibilityLevel, policy: CompatibilityPolicy) -> Option<Vec<String>> {
        self.verdicts
            .iter()
            .find(|(p, l, po, _)| p == pair && *l == level && *po == policy)
            .map(|(.., messages)| messages.clone())
    }

    fn equivalent(&self, pair: &Pair) -> Option<bool> {
        self.equivalences.iter().find(|(p, _)| p == pair).map(|(_, equal)| *equal)
    }
}

fn pair(candidate: &Learnt, existing: &StoredVersion) -> Pair {
    (candidate.canonical.clone(), existing.text, existing.guid, existing.version)
}

/// Computes what is asked, and remembers it.
pub struct Learning<'a> {
    library: &'a Library,
    memory: RefCell<Memory>,
}

impl<'a> Learning<'a> {
    /// A learner that knows nothing yet.
    pub fn new(library: &'a Library) -> Self {
        Learning { library, memory: RefCell::default() }
    }

    /// A learner that goes on from what was known.
    pub fn resume(library: &'a Library, known: Known) -> Self {
        Learning { library, memory: RefCell::new(known.memory) }
    }

    /// What was learnt, for the writer.
    pub fn known(self) -> Known {
        Known { memory: self.memory.into_inner() }
    }
}

impl Knowledge for Learning<'_> {
    fn parse(
        &self,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Result<Learnt, compat::Error>, Stop> {
        if let Some(known) = self.memory.borrow().parse(source, strictness, normalize) {
            return Ok(known);
        }
        let outcome = self.library.learn(source, strictness, normalize);
        self.memory.borrow_mut().parses.push((source.clone(), strictness, normalize, outcome.clone()));
        Ok(outcome)
    }

    fn compare(
        &self,
        state: &dyn State,
        candidate: &Learnt,
        existing: &StoredVersion,
        level: CompatibilityLevel,
        policy: CompatibilityPolicy,
    ) -> Result<Vec<String>, Stop> {
        let pair = pair(candidate, existing);
        if let Some(known) = self.memory.borrow().compare(&pair, level, policy) {
            return Ok(known);
        }
        let messages = if candidate.parsed.schema_type() == existing.schema_type {
            let existing_schema = self.library.stored(state, existing)?;
            compat::compare(level, policy, &candidate.parsed, &existing_schema.parsed, Some(existing.version))
        } else {
            vec![DIFFERENT_TYPE.to_owned()]
        };
        self.memory.borrow_mut().verdicts.push((pair, level, policy, messages.clone()));
        Ok(messages)
    }

    fn equivalent(&self, state: &dyn State, candidate: &Learnt, existing: &StoredVersion) -> Result<bool, Stop> {
        let pair = pair(candidate, existing);
        if let Some(known) = self.memory.borrow().equivalent(&pair) {
            return Ok(known);
        }
        // A stored text that does not parse (a foreign log may hold one) is equivalent to nothing but itself, and equal
        // texts are found by their hash.
        let equal = candidate.parsed.schema_type() == existing.schema_type
            && match self.library.stored(state, existing) {
                Ok(stored) => candidate.parsed.equivalent(&stored.parsed),
                Err(Fault::InvalidSchema(_)) => false,
                Err(fault) => return Err(Stop::Fault(fault)),
            };
        self.memory.borrow_mut().equivalences.push((pair, equal));
        Ok(equal)
    }
}

/// Only looks up.
#[derive(Default)]
pub struct Known {
    memory: Memory,
}

impl Knowledge for Known {
    fn parse(
        &self,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Result<Learnt, compat::Error>, Stop> {
        self.memory.parse(source, strictness, normalize).ok_or(Stop::Missing)
    }

    fn compare(
        &self,
        _state: &dyn State,
        candidate: &Learnt,
        existing: &StoredVersion,
        level: CompatibilityLevel,
        policy: CompatibilityPolicy,
    ) -> Result<Vec<String>, Stop> {
        self.memory.compare(&pair(candidate, existing), level, policy).ok_or(Stop::Missing)
    }

    fn equivalent(&self, _state: &dyn State, candidate: &Learnt, existing: &StoredVersion) -> Result<bool, Stop> {
        self.memory.equivalent(&pair(candidate, existing)).ok_or(Stop::Missing)
    }
}
