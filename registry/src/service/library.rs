//! Parsed schemas, by what they were parsed from; and reading contents and references from a state.
//!
//! The caches are bounded in bytes. A parse depends only on its language, text, dependencies and profile, so an entry is
//! never wrong, only forgotten.

use crate::fault::Fault;
use crate::rules::find::Deleted;
use crate::rules::knowledge::{Learnt, Normalize, Source};
use compat::references::Fetched;
use compat::{Dependency, Strictness};
use model::{Content, Reference, SchemaType, Subject, Version};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use storage::{Error, State, StoredVersion, TextKey};

type Key = [u8; 32];

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

    /// Parses a text, or finds it parsed.
    ///
    /// # Errors
    /// The language's refusal.
    pub fn learn(
        &self,
        source: &Source,
        strictness: Strictness,
        normalize: Normalize,
    ) -> Result<Learnt, compat::Error> {
        let key = key(source, &source.text, strictness, normalize);
        if let Some(known) = self.parsed.get(&key) {
            return Ok(known);
        }
        let mut parsed = compat::parse(&source.schema_type, &source.text, &source.dependencies, strictness)?;
        if normalize == Normalize::Yes {
            parsed = parsed.normalized()?;
        }
        let canonical = Arc::clone(parsed.canonical());
        let text = TextKey(Sha256::digest(canonical.as_bytes()).into());
        let learnt = Learnt { fingerprint: parsed.fingerprint(), parsed, canonical, text };
        // What is registered now is compared with next: its stored text reads as the same schema.
        let stored = self::key(source, &learnt.canonical, Strictness::Stored, Normalize::No);
        if stored != key {
            self.parsed.insert(stored, learnt.clone());
        }
        self.parsed.insert(key, learnt.clone());
        Ok(learnt)
    }

    /// The parsed schema of a stored version, read leniently.
    ///
    /// # Errors
    /// `InvalidSchema` where a foreign log holds a text that does not parse; those of the store.
    pub fn stored(&self, state: &dyn State, version: &StoredVersion) -> Result<Learnt, Fault> {
        self.of_content(state, &version.subject, &content(state, version)?)
    }

    /// The parsed schema of a content that stands in a subject.
    ///
    /// # Errors
    /// As `stored`.
    pub fn of_content(&self, state: &dyn State, subject: &Subject, content: &Content) -> Result<Learnt, Fault> {
        let (_, dependencies) = resolve(state, subject, &content.schema_type, &content.references, Deleted::Include)?;
        let source = Source {
            schema_type: content.schema_type.clone(),
            text: Arc::clone(&content.text),
            dependencies: Arc::new(dependencies),
        };
        self.learn(&source, Strictness::Stored, Normalize::No)
            .map_err(|error| invalid_schema(&content.schema_type, &error))
    }
}

fn key(source: &Source, text: &str, strictness: Strictness, normalize: Normalize) -> Key {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(source.schema_type.as_str().as_bytes());
    part(&[strictness as u8, normalize as u8]);
    part(text.as_bytes());
    for dependency in source.dependencies.iter() {
        part(dependency.name.as_bytes());
        part(dependency.text.as_bytes());
    }
    hash.finalize().into()
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
    state.text(&version.text)?.ok_or_else(|| {
        Error::Corrupt(format!("the text of version {} of subject '{}' is missing", version.version, version.subject))
    })
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
/// is stored may refer to soft-deleted versions; a new schema may not.
///
/// # Errors
/// `InvalidSchema` where a reference is incomplete, leads nowhere, or leads too far; those of the store.
pub fn resolve(
    state: &dyn State,
    referrer: &Subject,
    schema_type: &SchemaType,
    references: &[Reference],
    targets: Deleted,
) -> Result<(Vec<Reference>, Vec<Dependency>), Fault> {
    if references.is_empty() {
        return Ok((vec![], vec![]));
    }
    let mut resolved = references.to_vec();
    for reference in &mut resolved {
        if reference.version == -1
            && let Some(latest) = latest(state, &referrer.sibling(&reference.subject))?
        {
            reference.version = latest;
        }
        if targets == Deleted::Ignore
            && state.version(&referrer.sibling(&reference.subject), reference.version)?.is_some_and(|v| v.deleted)
        {
            return Err(Fault::InvalidSchema(format!(
                "Invalid schema of type {schema_type}, details: No schema reference found for subject \"{}\" and version {}",
                reference.subject, reference.version
            )));
        }
    }
    let mut fetch = |subject: &Subject, version: Version| fetch(state, subject, version);
    let dependencies =
        compat::references::closure(referrer, schema_type, &resolved, &mut fetch).map_err(|error| match error {
            compat::references::Error::Fetch(error) => Fault::Store(error),
            other => Fault::InvalidSchema(format!("Invalid schema of type {schema_type}, details: {other}")),
        })?;
    Ok((resolved, dependencies))
}

fn latest(state: &dyn State, subject: &Subject) -> Result<Option<Version>, Error> {
    Ok(state.subject(subject)?.and_then(|summary| summary.latest))
}

fn fetch(state: &dyn State, subject: &Subject, version: Version) -> Result<Option<Fetched>, Error> {
    let Some(stored) = state.version(subject, version)? else { return Ok(None) };
    let text = text(state, &stored)?;
    Ok(Some(Fetched { text, references: stored.references, schema_type: stored.schema_type }))
}
