//! Schema languages: parse a text, print its canonical and normalised forms, say whether two schemas are the same and
//! whether data written with one can be read with the other.
//!
//! Pure and synchronous: no I/O, no state, no clock. Every function is bounded in time, memory and stack for every input, and
//! what takes more than a little time pays for it out of a budget (`Work`) that its caller gives it.
//! Verdicts, texts and messages are those of Confluent Schema Registry, word for word where clients can see them; what is
//! said beyond that (lines and columns) comes after it.
//!
//! Deliberately not here: which versions are compared, what a level defaults to, ids, subjects beyond their names, and
//! anything about HTTP. Those are the registry's.

pub mod avro;
mod compare;
mod error;
mod json;
mod limits;
pub mod references;
mod tags;
mod work;

pub use compare::{Direction, Finding, Words, closing_message, compare, findings, reserved_field_messages};
pub use error::{Error, Place};
pub use limits::LIMITS;
pub use tags::{EntityKind, TaggedEntity};
pub use work::{Halt, Spent, StopOnDrop, Work};

use model::SchemaType;
use std::sync::Arc;

/// How much a text is asked to be right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Strictness {
    /// A candidate: names and namespaces are plain ASCII, defaults fit their types.
    New,
    /// A stored schema, or a candidate where the configuration waives validation: what the reference would have stored is
    /// read, whatever today's rules say.
    Stored,
}

/// A schema that another one refers to, with its canonical text.
pub type Dependency = references::Needed<Arc<str>>;

/// A parsed schema. Cheap to clone, and to share between threads.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// Avro.
    Avro(Arc<avro::Schema>),
}

/// Parses a schema text. `dependencies` are the schemas it refers to, in the order of `references::closure`.
///
/// # Errors
/// The language is unknown, the text is not a schema, or it exceeds a bound; or the work ended.
pub fn parse(
    schema_type: &SchemaType,
    text: &str,
    dependencies: &[Dependency],
    strictness: Strictness,
    work: &Work,
) -> Result<Parsed, Error> {
    match schema_type {
        SchemaType::Avro => Ok(Parsed::Avro(Arc::new(avro::Schema::parse(text, dependencies, strictness, work)?))),
        SchemaType::Json | SchemaType::Protobuf | SchemaType::Other(_) => {
            Err(Error::UnknownType(schema_type.as_str().to_owned()))
        }
    }
}

/// A sample document.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'s> {
    /// In the language's JSON encoding.
    Json(&'s str),
    /// In the language's binary encoding, without any wire prefix.
    Binary(&'s [u8]),
}

/// Where and why a sample does not fit a schema.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message} (at {path})")]
pub struct Mismatch {
    /// A JSON pointer into the JSON encoding of the sample, also for a binary one; `/` is the root.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Parsed {
    /// Does a sample fit the schema? Inside is the first place where it does not, or the bound that it exceeds.
    ///
    /// # Errors
    /// The work ended.
    pub fn validate(&self, sample: Sample<'_>, work: &Work) -> Result<Result<(), Mismatch>, Spent> {
        match self {
            Self::Avro(schema) => schema.validate(sample, work),
        }
    }

    /// The language.
    pub fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
        }
    }

    /// The canonical text: what is stored, hashed and returned.
    pub fn canonical(&self) -> &Arc<str> {
        match self {
            Self::Avro(schema) => schema.canonical(),
        }
    }

    /// The schema in normalised form, parsed with the same dependencies and strictness.
    ///
    /// # Errors
    /// Its text would exceed a bound; or the work ended.
    pub fn normalized(&self, work: &Work) -> Result<Parsed, Error> {
        match self {
            Self::Avro(schema) => Ok(Self::Avro(Arc::new(schema.normalized(work)?))),
        }
    }

    /// The text in a format by its name in the API (`resolved`); `None` if the language has no such format, which means the
    /// canonical text.
    ///
    /// # Errors
    /// The text would exceed a bound; or the work ended.
    pub fn formatted(&self, format: &str, work: &Work) -> Result<Option<String>, Error> {
        match (self, format) {
            (Self::Avro(schema), "resolved") => schema.resolved(work).map(Some),
            (Self::Avro(_), _) => Ok(None),
        }
    }

    /// Equal for schemas that are `equivalent`, on every platform and in every release; hardly ever equal for others.
    pub fn fingerprint(&self) -> u64 {
        match self {
            Self::Avro(schema) => schema.fingerprint(),
        }
    }

    /// Does a lookup take the two for the same schema? References, metadata and rules are the caller's to compare.
    ///
    /// # Errors
    /// The work ended.
    pub fn equivalent(&self, other: &Parsed, work: &Work) -> Result<bool, Spent> {
        match (self, other) {
            (Self::Avro(a), Self::Avro(b)) => a.equivalent(b, work),
        }
    }

    /// Records and fields that carry inline tags.
    pub fn inline_tags(&self) -> Vec<TaggedEntity> {
        match self {
            Self::Avro(schema) => schema.inline_tags(),
        }
    }

    /// The fields that a reserved name can conflict with.
    pub fn top_level_fields(&self) -> Vec<String> {
        match self {
            Self::Avro(schema) => schema.top_level_fields(),
        }
    }

    /// Bytes held, roughly, for a cache that is bounded in bytes.
    pub fn size_hint(&self) -> usize {
        match self {
            Self::Avro(schema) => schema.size_hint(),
        }
    }
}
