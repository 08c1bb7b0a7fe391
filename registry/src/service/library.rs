//! Parsed schemas, by what they were parsed from; and reading contents and references from a state.
//!
//! The caches are bounded in bytes. A parse depends only on its language, text, dependencies and profile, so an entry is
//! never wrong, only forgotten.

use crate::fault::Fault;
use crate::rules::find::Deleted;
use crate::rules::knowledge::{Key, Learnt, Needed, Normalize, Source, key_of_stored};
use crate::rules::text::Text;
use compat::references::{Fetched, MOST_REFERENCES};
use compat::{Dependency, Strictness, Work};
use model::{Content, Reference, SchemaType, Subject, Version};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::sync::Arc;
use storage::{Error, State, StoredVersion};

/// How many bytes the texts that a schema refers to may have together, directly or not, each counted once.
pub const MOST_BYTES: usize = 8 << 20;

/// What it costs to read a version or a text from the store.
pub const READ: usize = 100;
/// What it costs to read one of the versions of a subject in a row.
pub const LISTED: usize = 20;
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

/// The refusal of a schema text, worded as the reference words it.
pub fn invalid_schema(schema_type: &SchemaType, error: &compat::Error) -> Fault {
    match error {
        compat::Error::UnknownType(_) => Fault::InvalidSchema(error.to_string()),
        other => Fault::InvalidSchema(format!("Invalid schema of type {schema_type}, details: {}", other.details())),
    }
}

/// The text of a stored version.
///
/// # Errors
/// Those of the store; a text that is not there is damage.
pub fn text(state: &dyn State, version: &StoredVersion) -> Result<Arc<str>, Error> {
    state.text(&version.text)?.ok_or_else(|| missing_text(version.version, &version.subject))
}

fn missing_text(version: Version, subject: &Subject) -> Error {
    Error::Corrupt(format!("the text of version {version} of subject '{subject}' is missing"))
}

/// The whole content of a stored version.
///
/// # Errors
/// Those of the store.
pub fn content(state: &dyn State, version: &StoredVersion) -> Result<Content, Error> {
    Ok(Content {
        schema_type: version.schema_type.clone(),
        text: text(state, version)?,
        references: version.references.clone(),
        metadata: version.metadata.clone(),
        rule_set: version.rule_set.clone(),
    })
}

/// References with version -1 replaced by the latest undeleted version, and all that they lead to, in resolution order. What
/// is stored may refer to soft-deleted versions; a new schema may not. Whatever is referred to often is read once.
///
/// # Errors
/// `InvalidSchema` where a reference is incomplete, leads nowhere, or leads too far; `Spent`, those of the store.
pub fn resolve(
    state: &dyn State,
    referrer: &Subject,
    schema_type: &SchemaType,
    references: &[Reference],
    targets: Deleted,
    work: &Work,
) -> Result<(Vec<Reference>, Vec<Needed>), Fault> {
    if references.is_empty() {
        return Ok((vec![], vec![]));
    }
    let refused =
        |why: &dyn Display| Fault::InvalidSchema(format!("Invalid schema of type {schema_type}, details: {why}"));
    if references.len() > MOST_REFERENCES {
        return Err(refused(&compat::references::Error::<Error>::TooManyReferences));
    }
    let mut targeted = Targets { state, work, latest: HashMap::new(), versions: HashMap::new() };
    let mut resolved = references.to_vec();
    for reference in &mut resolved {
        if reference.version != -1 && targets == Deleted::Include {
            continue;
        }
        let subject = referrer.sibling(&reference.subject);
        if reference.version == -1
            && let Some(latest) = targeted.latest(&subject)?
        {
            reference.version = latest;
        }
        if targets == Deleted::Ignore && targeted.version(&subject, reference.version)?.is_some_and(|v| v.deleted) {
            return Err(refused(&format_args!(
                "No schema reference found for subject \"{}\" and version {}",
                reference.subject, reference.version
            )));
        }
    }
    let mut fetch = |subject: &Subject, version: Version| {
        let stored = targeted.version(subject, version)?;
        Ok(stored.map(|stored| Fetched {
            text: stored.text,
            references: stored.references.clone(),
            schema_type: stored.schema_type.clone(),
        }))
    };
    let needed = compat::references::closure(referrer, schema_type, &resolved, &mut fetch, work);
    Ok((
        resolved,
        needed.map_err(|error| match error {
            compat::references::Error::Fetch(fault) => fault,
            compat::references::Error::Spent(spent) => spent.into(),
            other => refused(&other),
        })?,
    ))
}

/// The versions that references lead to, read once each.
struct Targets<'a> {
    state: &'a dyn State,
    work: &'a Work,
    latest: HashMap<Subject, Option<Version>>,
    versions: HashMap<(Subject, Version), Option<StoredVersion>>,
}

impl Targets<'_> {
    fn latest(&mut self, subject: &Subject) -> Result<Option<Version>, Fault> {
        if let Some(known) = self.latest.get(subject) {
            return Ok(*known);
        }
        self.work.spend(READ)?;
        let latest = self.state.subject(subject)?.and_then(|summary| summary.latest);
        self.latest.insert(subject.clone(), latest);
        Ok(latest)
    }

    fn version(&mut self, subject: &Subject, version: Version) -> Result<Option<&StoredVersion>, Fault> {
        Ok(match self.versions.entry((subject.clone(), version)) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(place) => {
                self.work.spend(READ)?;
                place.insert(self.state.version(subject, version)?).as_ref()
            }
        })
    }
}
