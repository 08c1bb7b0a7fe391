//! Parsed schemas, by what they were parsed from, and verdicts, by what was compared.
//!
//! The caches are bounded in bytes and shared by all requests. A parse depends only on its language, text, dependencies and
//! profile, a verdict only on two parses, direction and policy: so an entry is never wrong, only forgotten.

use crate::content::{READ, invalid_schema, missing_text, resolve, text};
use crate::fault::Fault;
use crate::find::Deleted;
use crate::knowledge::{Compared, Key, Needed, Normalize, ParsedSchema, Source, key_of_stored};
use crate::text::Text;
use crate::wanted::Wanted;
use compat::{Dependency, Direction, Strictness, Verdict, Work};
use model::{CompatibilityPolicy, Content, Fingerprint, SchemaType, Subject};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use state::{State, StoredVersion};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bytes the texts that a schema refers to may have together, directly or not, each counted once.
pub const MOST_BYTES: usize = 8 << 20;

/// How many bytes of a text are read for a unit of work.
const BYTES: usize = 64;

#[derive(Clone)]
struct Bytes;

/// What a text with all that it needs reads as.
#[derive(Clone)]
enum Parse {
    /// A schema, and its bytes.
    Read(ParsedSchema, u64),
    /// The same as its canonical text, which has this name.
    As(Key),
}

impl Weighter<Key, Parse> for Bytes {
    fn weight(&self, _: &Key, parse: &Parse) -> u64 {
        match parse {
            Parse::Read(_, bytes) => 200 + bytes,
            Parse::As(_) => 200,
        }
    }
}

/// What a verdict is about: candidate and existing schema, and how they were compared.
type Pair = (Direction, CompatibilityPolicy, Key, Key);

impl Weighter<Pair, Verdict> for Bytes {
    fn weight(&self, _: &Pair, verdict: &Verdict) -> u64 {
        verdict.size_hint() as u64 + 200
    }
}

/// Of the memory of the cache verdicts take one part of so many.
const VERDICTS: u64 = 8;

/// The parsed schemas, and the verdicts about them.
pub struct SchemaCache {
    parsed: Cache<Key, Parse, Bytes>,
    verdicts: Cache<Pair, Verdict, Bytes>,
    reuse: Reuse,
    wanted: Wanted,
}

/// How often a verdict was there already, and how often schemas had to be compared.
#[derive(Default, Debug)]
pub struct Reuse {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Reuse {
    /// Hits and misses so far.
    pub fn read(&self) -> [u64; 2] {
        [&self.hits, &self.misses].map(|count| count.load(Ordering::Relaxed))
    }
}

impl SchemaCache {
    /// A cache that keeps about this many bytes of parsed schemas and verdicts together.
    pub fn new(bytes: u64) -> Self {
        let verdicts = bytes / VERDICTS;
        SchemaCache {
            parsed: Cache::with_weighter(1_000, (bytes - verdicts).max(1), Bytes),
            verdicts: Cache::with_weighter(1_000, verdicts.max(1), Bytes),
            reuse: Reuse::default(),
            wanted: Wanted::default(),
        }
    }

    /// Whose fingerprints were missed.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// How often verdicts were there already.
    pub fn reuse(&self) -> &Reuse {
        &self.reuse
    }

    /// Compares a candidate with a stored version of the same language, or finds them compared.
    ///
    /// # Errors
    /// As `stored`.
    pub fn compare(
        &self,
        state: &dyn State,
        candidate: &ParsedSchema,
        existing: &StoredVersion,
        direction: Direction,
        policy: CompatibilityPolicy,
        work: &Work,
    ) -> Result<Compared, Fault> {
        let StoredVersion { subject, schema_type, references, text, .. } = existing;
        let (_, needed) = resolve(state, subject, schema_type, references, Deleted::Include, work)?;
        let key = key_of_stored(schema_type, *text, &needed);
        let pair = (direction, policy, candidate.key, key);
        let remembered = self.verdicts.get(&pair);
        let count = if remembered.is_some() { &self.reuse.hits } else { &self.reuse.misses };
        count.fetch_add(1, Ordering::Relaxed);
        if let Some(verdict) = remembered.as_ref().filter(|verdict| verdict.is_compatible()) {
            return Ok(Compared { verdict: verdict.clone(), old_schema: None });
        }
        let stored = self.parsed(state, existing, key, needed, work)?;
        let verdict = match remembered {
            Some(verdict) => verdict,
            None => {
                let verdict = compat::compare(direction, policy, &candidate.parsed, &stored.parsed, work)?;
                self.verdicts.insert(pair, verdict.clone());
                verdict
            }
        };
        let old_schema = (!verdict.is_compatible()).then(|| Arc::clone(&stored.canonical));
        Ok(Compared { verdict, old_schema })
    }

    /// Parses a text, or finds it parsed. A refusal of the language is `Err` inside.
    ///
    /// # Errors
    /// `Spent`, those of the store.
    pub fn parse(
        &self,
        state: &dyn State,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
        work: &Work,
    ) -> Result<Result<ParsedSchema, compat::Error>, Fault> {
        let key = source.key(strictness, normalize);
        if let Some(known) = self.known(&key) {
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
        let canonical = Arc::clone(parsed.canonical());
        let canonical =
            if *canonical == *source.text { Text::named(canonical, source.text.key()) } else { canonical.into() };
        let schema = ParsedSchema {
            fingerprint: Fingerprint {
                scheme: compat::fingerprint_scheme(&source.schema_type),
                value: parsed.fingerprint(),
            },
            parsed,
            canonical: Arc::clone(canonical.shared()),
            text: canonical.key(),
            key,
        };
        // What is registered now is compared with next: its stored text reads as the same schema.
        let stored = Source { text: canonical, ..source.clone() }.key(Strictness::Stored, Normalize::No);
        if stored != key {
            self.parsed.insert(key, Parse::As(stored));
        }
        let bytes = schema.parsed.size_hint() + schema.canonical.len();
        self.parsed.insert(stored, Parse::Read(schema.clone(), bytes as u64));
        Ok(Ok(schema))
    }

    fn known(&self, key: &Key) -> Option<ParsedSchema> {
        let named = |parse: Option<Parse>| match parse {
            Some(Parse::Read(schema, _)) => Ok(ParsedSchema { key: *key, ..schema }),
            Some(Parse::As(other)) => Err(Some(other)),
            None => Err(None),
        };
        named(self.parsed.get(key)).or_else(|other| named(other.and_then(|other| self.parsed.get(&other)))).ok()
    }

    /// The parsed schema of a stored version, read leniently.
    ///
    /// # Errors
    /// `InvalidSchema` where a foreign log holds a text that does not parse; `Spent`, those of the store.
    pub fn stored(&self, state: &dyn State, version: &StoredVersion, work: &Work) -> Result<ParsedSchema, Fault> {
        let StoredVersion { subject, schema_type, references, .. } = version;
        let (_, needed) = resolve(state, subject, schema_type, references, Deleted::Include, work)?;
        let key = key_of_stored(schema_type, version.text, &needed);
        self.parsed(state, version, key, needed, work)
    }

    /// The same, where it is known what the version needs, and what names it.
    fn parsed(
        &self,
        state: &dyn State,
        version: &StoredVersion,
        key: Key,
        needed: Vec<Needed>,
        work: &Work,
    ) -> Result<ParsedSchema, Fault> {
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        work.spend(READ)?;
        self.of_text(state, &version.schema_type, Text::named(text(state, version)?, version.text), needed, work)
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
    ) -> Result<ParsedSchema, Fault> {
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
    ) -> Result<ParsedSchema, Fault> {
        let source = Source { schema_type: schema_type.clone(), text, dependencies: needed.into() };
        self.parse(state, &source, Strictness::Stored, Normalize::No, work)?
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
    for Needed { name, subject, version, text: key, direct } in needed {
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
        let (name, subject) = (name.clone(), subject.clone());
        found.push(Dependency { name, subject, version: *version, text, direct: *direct });
    }
    Ok(Ok(found))
}
