//! What a rule needs to know about schemas without computing it.
//!
//! Rules run twice: before the commit on a snapshot, where `Computing` computes what is asked and remembers it, and in the
//! store's one writer against the newest state, where `Precomputed` only looks up. If the state has moved on so that something else
//! is asked, the rule stops with `NotPrecomputed`, and the request computes it outside and comes back. So costly work never runs in
//! the writer, and a verdict is never used for a pair it was not made for.

use super::tagging::Edits;
use super::text::Text;
use crate::fault::Fault;
use crate::schema_cache::SchemaCache;
use compat::{Direction, Parsed, Spent, Strictness, TagEdit, TagEdits, Verdict, Work};
use model::{CompatibilityPolicy, Content, Fingerprint, Guid, SchemaType, Subject, Version};
use sha2::{Digest, Sha256};
use state::{State, StoredVersion, TextKey};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Why a rule did not come to an answer.
#[derive(Debug)]
pub enum Stop {
    /// The answer is a refusal.
    Fault(Fault),
    /// In the writer only: something that was not computed before the commit.
    NotPrecomputed,
}

impl Stop {
    /// The fault of a rule that ran where everything it asks is computed; nothing can be missing there.
    pub fn outside_the_writer(self) -> Fault {
        match self {
            Stop::Fault(fault) => fault,
            Stop::NotPrecomputed => Fault::Internal("a rule that computes what it asks missed something".into()),
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl From<Spent> for Stop {
    fn from(spent: Spent) -> Self {
        Stop::Fault(spent.into())
    }
}

impl From<state::Error> for Stop {
    fn from(error: state::Error) -> Self {
        Stop::Fault(error.into())
    }
}

/// What names a thing that was computed: a hash of everything that it was computed from.
pub type Key = [u8; 32];

/// A schema that another one needs, with what names its text.
pub type Needed = compat::references::Needed<TextKey>;

/// A text to parse, with what it refers to.
#[derive(Clone)]
pub struct Source {
    /// The language.
    pub schema_type: SchemaType,
    /// The text as sent or as stored.
    pub text: Text,
    /// The referenced schemas, in resolution order.
    pub dependencies: Arc<[Needed]>,
}

impl Source {
    /// What names the outcome of parsing it so: the texts behind all references count, wherever those lead today.
    pub fn key(&self, strictness: Strictness, normalize: Normalize) -> Key {
        let how = [strictness as u8, normalize as u8];
        key(&self.schema_type, self.text.key(), &how, &self.dependencies)
    }
}

/// What names the outcome of parsing a stored text.
pub fn key_of_stored(schema_type: &SchemaType, text: TextKey, dependencies: &[Needed]) -> Key {
    key(schema_type, text, &[Strictness::Stored as u8, Normalize::No as u8], dependencies)
}

fn key(schema_type: &SchemaType, text: TextKey, how: &[u8], dependencies: &[Needed]) -> Key {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(schema_type.as_str().as_bytes());
    part(&text.0);
    part(how);
    for needed in dependencies {
        part(needed.name.as_bytes());
        part(needed.subject.as_str().as_bytes());
        part(&needed.version.to_le_bytes());
        part(&needed.text.0);
    }
    hash.finalize().into()
}

/// A schema that was parsed, with what registration needs of it.
#[derive(Clone)]
pub struct ParsedSchema {
    /// The parsed schema (normalised, if that was asked).
    pub parsed: Parsed,
    /// Its canonical text.
    pub canonical: Arc<str>,
    /// What names that text in the store.
    pub text: TextKey,
    /// The fingerprint of its equivalence class.
    pub fingerprint: Fingerprint,
    /// What names it: everything that it was parsed from, the texts behind its references included.
    pub key: Key,
}

/// What comparing in one direction comes to.
#[derive(Clone)]
pub struct Compared {
    /// What was found.
    pub verdict: Verdict,
    /// The canonical text of the existing version, where something was found: messages quote it.
    pub old_schema: Option<Arc<str>>,
}

/// Is the text to be normalised after parsing?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Normalize {
    /// Keep the canonical text.
    No,
    /// Normalise.
    Yes,
}

/// A text with its tags edited, or why there is none.
pub type Retagged = Result<Text, compat::Error>;

/// What rules ask.
pub trait Knowledge {
    /// What pays for the steps that rules take themselves.
    fn work(&self) -> &Work;

    /// Parses a text; a refusal of the language is `Err` inside.
    fn parse(
        &self,
        state: &dyn State,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Result<ParsedSchema, compat::Error>, Stop>;

    /// Compares a candidate with one existing version of the same language.
    fn compare(
        &self,
        state: &dyn State,
        candidate: &ParsedSchema,
        existing: &StoredVersion,
        direction: Direction,
        policy: CompatibilityPolicy,
    ) -> Result<Compared, Stop>;

    /// Is the content of a stored version equivalent to a candidate's (metadata, rules and references apart)?
    fn equivalent(&self, state: &dyn State, candidate: &ParsedSchema, existing: &StoredVersion) -> Result<bool, Stop>;

    /// The text of a schema with its inline tags edited; a refusal of the language is `Err` inside.
    fn retagged(&self, schema: &ParsedSchema, edits: &Edits) -> Result<Retagged, Stop>;

    /// The text of a schema with the inline tags that a stored version has on records and fields of it; `None` where that has
    /// none.
    fn with_tags_of(
        &self,
        state: &dyn State,
        schema: &ParsedSchema,
        existing: &StoredVersion,
    ) -> Result<Option<Retagged>, Stop>;

    /// The GUID of a content.
    fn guid(&self, content: &Arc<Content>) -> Guid;

    /// Versions of this subject have to be compared only because nobody has computed their fingerprints.
    fn lacks_fingerprints(&self, _subject: &Subject) {}
}

/// A candidate and an existing version. The candidate's name covers what its references lead to, which may change until it is
/// written. The existing content cannot change while the version exists; what it refers to cannot vanish while it does.
#[derive(PartialEq, Eq, Hash)]
struct Pair {
    candidate: Key,
    subject: Subject,
    version: Version,
    text: TextKey,
    guid: Guid,
}

impl Pair {
    fn of(candidate: &ParsedSchema, existing: &StoredVersion) -> Self {
        Pair {
            candidate: candidate.key,
            subject: existing.subject.clone(),
            version: existing.version,
            text: existing.text,
            guid: existing.guid,
        }
    }
}

#[derive(Default)]
struct Memory {
    parses: HashMap<Key, Result<ParsedSchema, compat::Error>>,
    verdicts: HashMap<(Pair, Direction, CompatibilityPolicy), Compared>,
    equivalences: HashMap<Pair, bool>,
    /// By what names the schema and the edits.
    retagged: HashMap<(Key, Key), Retagged>,
    with_tags: HashMap<Pair, Option<Retagged>>,
    /// Of one request, which has few.
    guids: Vec<(Arc<Content>, Guid)>,
}

impl Memory {
    fn guid(&self, content: &Arc<Content>) -> Option<Guid> {
        self.guids.iter().find(|(known, _)| known == content).map(|(_, guid)| *guid)
    }
}

/// Computes what is asked, and remembers it.
pub struct Computing<'a> {
    schema_cache: &'a SchemaCache,
    work: &'a Work,
    memory: RefCell<Memory>,
}

impl<'a> Computing<'a> {
    /// Computes everything anew.
    pub fn new(schema_cache: &'a SchemaCache, work: &'a Work) -> Self {
        Computing { schema_cache, work, memory: RefCell::default() }
    }

    /// Goes on from what was computed before.
    pub fn resume(schema_cache: &'a SchemaCache, work: &'a Work, precomputed: Precomputed) -> Self {
        Computing { schema_cache, work, memory: RefCell::new(precomputed.memory) }
    }

    /// Is the text what `format=serialized` shows of a stored version? Nothing that the writer decides depends on it.
    ///
    /// # Errors
    /// `Spent`, those of the store.
    pub fn is_serialized_as(&self, state: &dyn State, existing: &StoredVersion, text: &str) -> Result<bool, Stop> {
        let stored = match self.schema_cache.stored(state, existing, self.work) {
            Ok(stored) => stored,
            // A text that a foreign log holds and that does not parse is shown as it is.
            Err(Fault::InvalidSchema(_)) => return Ok(false),
            Err(fault) => return Err(Stop::Fault(fault)),
        };
        match stored.parsed.formatted("serialized", self.work) {
            Ok(shown) => Ok(shown.as_deref() == Some(text)),
            Err(compat::Error::Spent(spent)) => Err(spent.into()),
            Err(_) => Ok(false),
        }
    }

    /// What was computed, for the writer.
    pub fn precomputed(self) -> Precomputed {
        Precomputed { memory: self.memory.into_inner(), work: Work::unlimited() }
    }
}

impl Knowledge for Computing<'_> {
    fn work(&self) -> &Work {
        self.work
    }

    fn parse(
        &self,
        state: &dyn State,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Result<ParsedSchema, compat::Error>, Stop> {
        let key = source.key(strictness, normalize);
        if let Some(known) = self.memory.borrow().parses.get(&key) {
            return Ok(known.clone());
        }
        let outcome = self.schema_cache.parse(state, source, strictness, normalize, self.work)?;
        self.memory.borrow_mut().parses.insert(key, outcome.clone());
        Ok(outcome)
    }

    fn compare(
        &self,
        state: &dyn State,
        candidate: &ParsedSchema,
        existing: &StoredVersion,
        direction: Direction,
        policy: CompatibilityPolicy,
    ) -> Result<Compared, Stop> {
        let key = (Pair::of(candidate, existing), direction, policy);
        if let Some(known) = self.memory.borrow().verdicts.get(&key) {
            return Ok(known.clone());
        }
        let compared = self.schema_cache.compare(state, candidate, existing, direction, policy, self.work)?;
        self.memory.borrow_mut().verdicts.insert(key, compared.clone());
        Ok(compared)
    }

    fn equivalent(&self, state: &dyn State, candidate: &ParsedSchema, existing: &StoredVersion) -> Result<bool, Stop> {
        let pair = Pair::of(candidate, existing);
        if let Some(known) = self.memory.borrow().equivalences.get(&pair) {
            return Ok(*known);
        }
        // A stored text that does not parse (a foreign log may hold one) is equivalent to nothing but itself, and equal
        // texts are found by their hash.
        let equal = candidate.parsed.schema_type() == existing.schema_type
            && match self.schema_cache.stored(state, existing, self.work) {
                Ok(stored) => candidate.parsed.equivalent(&stored.parsed, self.work)?,
                Err(Fault::InvalidSchema(_)) => false,
                Err(fault) => return Err(Stop::Fault(fault)),
            };
        self.memory.borrow_mut().equivalences.insert(pair, equal);
        Ok(equal)
    }

    fn retagged(&self, schema: &ParsedSchema, edits: &Edits) -> Result<Retagged, Stop> {
        let key = (schema.key, edits.key());
        if let Some(known) = self.memory.borrow().retagged.get(&key) {
            return Ok(known.clone());
        }
        let outcome = retag(schema, edits, self.work)?;
        self.memory.borrow_mut().retagged.insert(key, outcome.clone());
        Ok(outcome)
    }

    fn with_tags_of(
        &self,
        state: &dyn State,
        schema: &ParsedSchema,
        existing: &StoredVersion,
    ) -> Result<Option<Retagged>, Stop> {
        let pair = Pair::of(schema, existing);
        if let Some(known) = self.memory.borrow().with_tags.get(&pair) {
            return Ok(known.clone());
        }
        let tagged = match self.schema_cache.stored(state, existing, self.work) {
            Ok(stored) => stored.parsed.inline_tags(self.work)?,
            // A text that a foreign log holds and that does not parse has no tags that could be told.
            Err(Fault::InvalidSchema(_)) => vec![],
            Err(fault) => return Err(Stop::Fault(fault)),
        };
        let add: Vec<TagEdit> = tagged.into_iter().map(TagEdit::from).collect();
        let edits = TagEdits { add, remove: vec![], lenient: true };
        let outcome = if edits.is_empty() { None } else { Some(retag(schema, &edits, self.work)?) };
        self.memory.borrow_mut().with_tags.insert(pair, outcome.clone());
        Ok(outcome)
    }

    fn guid(&self, content: &Arc<Content>) -> Guid {
        let known = self.memory.borrow().guid(content);
        known.unwrap_or_else(|| {
            let guid = content.guid();
            self.memory.borrow_mut().guids.push((Arc::clone(content), guid));
            guid
        })
    }

    fn lacks_fingerprints(&self, subject: &Subject) {
        self.schema_cache.wanted().add(subject);
    }
}

/// Only looks up.
pub struct Precomputed {
    memory: Memory,
    work: Work,
}

impl Default for Precomputed {
    fn default() -> Self {
        Precomputed { memory: Memory::default(), work: Work::unlimited() }
    }
}

impl Knowledge for Precomputed {
    fn work(&self) -> &Work {
        &self.work
    }

    fn parse(
        &self,
        _state: &dyn State,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Result<ParsedSchema, compat::Error>, Stop> {
        self.memory.parses.get(&source.key(strictness, normalize)).cloned().ok_or(Stop::NotPrecomputed)
    }

    fn compare(
        &self,
        _state: &dyn State,
        candidate: &ParsedSchema,
        existing: &StoredVersion,
        direction: Direction,
        policy: CompatibilityPolicy,
    ) -> Result<Compared, Stop> {
        let key = (Pair::of(candidate, existing), direction, policy);
        self.memory.verdicts.get(&key).cloned().ok_or(Stop::NotPrecomputed)
    }

    fn equivalent(&self, _state: &dyn State, candidate: &ParsedSchema, existing: &StoredVersion) -> Result<bool, Stop> {
        self.memory.equivalences.get(&Pair::of(candidate, existing)).copied().ok_or(Stop::NotPrecomputed)
    }

    fn retagged(&self, schema: &ParsedSchema, edits: &Edits) -> Result<Retagged, Stop> {
        self.memory.retagged.get(&(schema.key, edits.key())).cloned().ok_or(Stop::NotPrecomputed)
    }

    fn with_tags_of(
        &self,
        _state: &dyn State,
        schema: &ParsedSchema,
        existing: &StoredVersion,
    ) -> Result<Option<Retagged>, Stop> {
        self.memory.with_tags.get(&Pair::of(schema, existing)).cloned().ok_or(Stop::NotPrecomputed)
    }

    fn guid(&self, content: &Arc<Content>) -> Guid {
        self.memory.guid(content).unwrap_or_else(|| content.guid())
    }
}

fn retag(schema: &ParsedSchema, edits: &TagEdits, work: &Work) -> Result<Retagged, Spent> {
    match schema.parsed.retagged(edits, work) {
        Err(compat::Error::Spent(spent)) => Err(spent),
        outcome => Ok(outcome.map(Text::from)),
    }
}
