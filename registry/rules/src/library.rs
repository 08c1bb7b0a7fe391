//! Parsed schemas, by what they were parsed from.
//!
//! The caches are bounded in bytes. A parse depends only on its language, text, dependencies and profile, so an entry is
//! never wrong, only forgotten.

use crate::content::{READ, invalid_schema, missing_text, resolve, text};
use crate::fault::Fault;
use crate::find::Deleted;
use crate::knowledge::{Key, Learnt, Needed, Normalize, Source, key_of_stored};
use crate::text::Text;
use compat::{Dependency, Strictness, Work};
use model::{Content, SchemaType, Subject};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use state::{State, StoredVersion};
use std::collections::HashSet;
use std::sync::Arc;

/// How many bytes the texts that a schema refers to may have together, directly or not, each counted once.
pub const MOST_BYTES: usize = 8 << 20;

/// How many bytes of a text are read for a unit of work.
const BYTES: usize = 64;

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Learnt> for Bytes {
    fn weight(&self, _: &Key, schema: &Learnt) -> u64 {
        (schema.parsed.size_hint() + schema.canonical.len()) as u64 + 200
    }
}

/// The parsed schemas.
pub struct Library {
    parsed: Cache<Key, Learnt, Bytes>,
}

impl Library {
    /// A library that keeps about this many bytes of parsed schemas.
    pub fn new(bytes: u64) -> Self {
        Library { parsed: Cache::with_weighter(1_000, bytes.max(1), Bytes) }
    }

    /// Parses a text, or finds it parsed. A refusal of the language is `Err` inside.
    ///
    /// # Errors
    /// `Spent`, those of the store.
    pub fn learn(
        &self,
        state: &dyn State,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
        work: &Work,
    ) -> Result<Result<Learnt, compat::Error>, Fault> {
        let key = source.key(strictness, normalize);
        if let Some(known) = self.parsed.get(&key) {
            return Ok(Ok(known));
        }
        let dependencies = match dependencies(state, &source.dependencies, work)? {
            Ok(dependencies) => dependencies,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let parse = || {
            let parsed = compat::parse(&source.schema_type, &source.text, &dependencies, strictness, work)?;
            if normalize == Normalize::Yes { parsed.normalized(work) } else { Ok(parsed) }
        };
        let parsed = match parse() {
            Ok(parsed) => parsed,
            Err(compat::Error::Spent(spent)) => return Err(spent.into()),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let canonical = Text::from(Arc::clone(parsed.canonical()));
        let learnt = Learnt {
            fingerprint: parsed.fingerprint(),
            parsed,
            canonical: Arc::clone(canonical.shared()),
            text: canonical.key(),
            identity: source.identity(canonical.key()),
        };
        // What is registered now is compared with next: its stored text reads as the same schema.
        let stored = Source { text: canonical, ..source.clone() }.key(Strictness::Stored, Normalize::No);
        if stored != key {
            self.parsed.insert(stored, learnt.clone());
        }
        self.parsed.insert(key, learnt.clone());
        Ok(Ok(learnt))
    }

    /// The parsed schema of a stored version, read leniently.
    ///
    /// # Errors
    /// `InvalidSchema` where a foreign log holds a text that does not parse; `Spent`, those of the store.
    pub fn stored(&self, state: &dyn State, version: &StoredVersion, work: &Work) -> Result<Learnt, Fault> {
        let StoredVersion { subject, schema_type, references, .. } = version;
        let (_, needed) = resolve(state, subject, schema_type, references, Deleted::Include, work)?;
        if let Some(known) = self.parsed.get(&key_of_stored(schema_type, version.text, &needed)) {
            return Ok(known);
        }
        work.spend(READ)?;
        self.of_text(state, schema_type, Text::named(text(state, version)?, version.text), needed, work)
    }

    /// The parsed schema of a content that stands in a subject.
    ///
    /// # Errors
    /// As `stored`.
    pub fn of_content(
        &self,
        state: &dyn State,
        subject: &Subject,
        content: &Content,
        work: &Work,
    ) -> Result<Learnt, Fault> {
        let (schema_type, text) = (&content.schema_type, Arc::clone(&content.text).into());
        let (_, needed) = resolve(state, subject, schema_type, &content.references, Deleted::Include, work)?;
        self.of_text(state, schema_type, text, needed, work)
    }

    fn of_text(
        &self,
        state: &dyn State,
        schema_type: &SchemaType,
        text: Text,
        needed: Vec<Needed>,
        work: &Work,
    ) -> Result<Learnt, Fault> {
        let source = Source { schema_type: schema_type.clone(), text, dependencies: needed.into() };
        self.learn(state, &source, Strictness::Stored, Normalize::No, work)?
            .map_err(|error| invalid_schema(schema_type, &error))
    }
}

/// The texts of what a schema needs, each once: a text that was there before adds nothing. Their size is known, and refused,
/// before any is parsed.
fn dependencies(
    state: &dyn State,
    needed: &[Needed],
    work: &Work,
) -> Result<Result<Vec<Dependency>, compat::Error>, Fault> {
    let (mut seen, mut found, mut bytes) = (HashSet::new(), Vec::new(), 0);
    for Needed { name, subject, version, text: key } in needed {
        if !seen.insert(*key) {
            continue;
        }
        work.spend(READ)?;
        let missing = || missing_text(*version, subject);
        let text = state.text(key)?.ok_or_else(missing)?;
        bytes += text.len();
        if bytes > MOST_BYTES {
            let message = format!("The referenced schemas have more than the {MOST_BYTES} bytes allowed together");
            return Ok(Err(compat::Error::TooComplex(message)));
        }
        work.spend(text.len() / BYTES)?;
        found.push(Dependency { name: name.clone(), subject: subject.clone(), version: *version, text });
    }
    Ok(Ok(found))
}
