//! Inline tags of a candidate: those that the request adds and removes, and those of the previous version that it takes over.
//!
//! Both change the text before it is looked at any further, so a tag is part of what is hashed and compared.

use super::candidate::{Described, Wanted, source};
use super::find::Deleted;
use super::knowledge::{Key, Knowledge, Normalize, ParsedSchema, Stop};
use crate::content;
use crate::fault::Fault;
use compat::{Error, Strictness, TagEdit, TagEdits};
use model::{SchemaType, Subject};
use sha2::{Digest, Sha256};
use state::{State, StoredVersion};
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

/// Edits of tags with what names them, which is computed once: the writer asks for what came of them.
#[derive(Clone, Debug)]
pub struct Edits {
    edits: Arc<TagEdits>,
    key: Key,
}

impl Edits {
    /// What names them.
    pub fn key(&self) -> Key {
        self.key
    }
}

impl Deref for Edits {
    type Target = TagEdits;

    fn deref(&self) -> &TagEdits {
        &self.edits
    }
}

impl Default for Edits {
    fn default() -> Self {
        TagEdits::default().into()
    }
}

impl From<TagEdits> for Edits {
    fn from(edits: TagEdits) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        part(if edits.lenient { "lenient" } else { "strict" });
        for list in [&edits.add, &edits.remove] {
            part(&list.len().to_string());
            for TagEdit { path, kind, tags } in list {
                [path, kind.as_str(), &tags.len().to_string()].into_iter().for_each(&mut part);
                tags.iter().for_each(|tag| part(tag));
            }
        }
        Edits { key: hash.finalize().into(), edits: Arc::new(edits) }
    }
}

/// What a request says about inline tags.
#[derive(Clone, Debug, Default)]
pub struct Tagging {
    /// What is added and removed.
    pub edits: Edits,
    /// Are the tags of the previous version taken over?
    pub propagate: bool,
}

/// The request with its tags edited. Where it named no version, it asks for a new one.
///
/// # Errors
/// `InvalidSchema` where there is no text, or a path leads nowhere in it; those of `prepare`.
pub fn edited<'d>(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    described: &'d Described,
) -> Result<Cow<'d, Described>, Stop> {
    if described.tagging.edits.is_empty() {
        return Ok(Cow::Borrowed(described));
    }
    if described.text.trim().is_empty() {
        return Err(Fault::InvalidSchema("Empty schema".to_owned()).into());
    }
    let schema = parsed(state, knowledge, subject, described)?;
    let text = knowledge.retagged(&schema, &described.tagging.edits)?;
    let text = text.map_err(|error| refused(&described.schema_type, &error))?;
    let version = if described.version == Wanted::Any { Wanted::Latest } else { described.version };
    Ok(Cow::Owned(Described { text, version, ..described.clone() }))
}

/// The request with the tags that the previous version has on records and fields that are still there, if it asks for them.
///
/// # Errors
/// Those of `prepare`.
pub fn propagated<'d>(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    described: Cow<'d, Described>,
    previous: Option<&StoredVersion>,
) -> Result<Cow<'d, Described>, Stop> {
    let previous = previous.filter(|previous| previous.schema_type == described.schema_type);
    let Some(previous) = previous.filter(|_| described.tagging.propagate) else { return Ok(described) };
    let schema = parsed(state, knowledge, subject, &described)?;
    let Some(text) = knowledge.with_tags_of(state, &schema, previous)? else { return Ok(described) };
    let text = text.map_err(|error| refused(&described.schema_type, &error))?;
    Ok(Cow::Owned(Described { text, ..described.into_owned() }))
}

fn parsed(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    described: &Described,
) -> Result<ParsedSchema, Stop> {
    let (source, _) = source(state, knowledge, subject, described, Normalize::No, Deleted::Ignore)??;
    let schema = knowledge.parse(state, &source, Strictness::Stored, Normalize::No)?;
    Ok(schema.map_err(|error| content::invalid_schema(&described.schema_type, &error))?)
}

/// A path that leads nowhere is told in the words of the reference, the name of its exception included.
fn refused(schema_type: &SchemaType, error: &Error) -> Fault {
    match error {
        Error::NoSuchEntity { .. } => {
            Fault::InvalidSchema(format!("java.lang.IllegalArgumentException: {}", error.details()))
        }
        error => content::invalid_schema(schema_type, error),
    }
}
