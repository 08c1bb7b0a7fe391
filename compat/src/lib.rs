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
mod finding;
mod json;
pub mod json_schema;
mod language;
mod limits;
pub mod protobuf;
pub mod references;
mod sample;
mod tags;
mod work;

pub use compare::{Comparison, closing_message, compare, directions, reserved_field_messages};
pub use error::{Error, Place};
pub use finding::{Direction, Finding, LONGEST_FRAGMENT, Rule, Spot, Verdict, Words, places};
pub use language::Names;
pub use limits::LIMITS;
pub use sample::{Fit, Mismatch, Sample};
pub use tags::{EntityKind, TagEdit, TagEdits, TaggedEntity};
pub use work::{Halt, Spent, StopOnDrop, Work};

use language::{Language, languages};
use model::{CompatibilityPolicy, SchemaType};
use std::sync::Arc;

/// How much a text is asked to be right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Strictness {
    /// A candidate: names and namespaces are plain ASCII, defaults fit their types; every type is known.
    New,
    /// A candidate where the configuration asks for `validateFields`: what `New` asks, and what the language has to say of that.
    NewFields,
    /// A stored schema, or a candidate where the configuration waives validation: what the reference would have stored is
    /// read, whatever today's rules say.
    Stored,
}

impl Strictness {
    /// How the schema of a look-up is read. The reference waives there what it asks of the names and defaults of Avro, and nothing
    /// in the other languages.
    pub fn of_lookup(schema_type: &SchemaType) -> Self {
        if *schema_type == SchemaType::Avro { Self::Stored } else { Self::New }
    }
}

/// A schema that another one refers to, with its canonical text.
pub type Dependency = references::Needed<Arc<str>>;

languages! {
    /// JSON Schema.
    Json: json_schema::Schema,
    /// Protobuf.
    Protobuf: protobuf::Schema,
    /// Avro.
    Avro: avro::Schema,
}

impl Parsed {
    /// Does a sample fit the schema, and what does it say? Inside is the first place where it does not, or the bound that it
    /// exceeds.
    ///
    /// # Errors
    /// The work ended.
    pub fn validate(&self, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
        self.schema().validate(sample, work)
    }

    /// The canonical text: what is stored, hashed and returned.
    pub fn canonical(&self) -> &Arc<str> {
        self.schema().canonical()
    }

    /// The text in a format by its name in the API (`resolved`); `None` if the language has no such format, which means the
    /// canonical text.
    ///
    /// # Errors
    /// The text would exceed a bound; or the work ended.
    pub fn formatted(&self, format: &str, work: &Work) -> Result<Option<String>, Error> {
        self.schema().formatted(format, work)
    }

    /// Equal for schemas that are `equivalent`, on every platform and in every release that has the same `fingerprint_scheme`;
    /// hardly ever equal for others.
    pub fn fingerprint(&self) -> u64 {
        self.schema().fingerprint()
    }

    /// Records and fields of the text that carry inline tags, by path.
    ///
    /// # Errors
    /// The work ended.
    pub fn inline_tags(&self, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
        self.schema().inline_tags(work)
    }

    /// The canonical text with its inline tags edited and nothing else.
    ///
    /// # Errors
    /// A path leads to no record or field, or the text would exceed a bound; or the work ended.
    pub fn retagged(&self, edits: &TagEdits, work: &Work) -> Result<String, Error> {
        work.spend(edits.cost())?;
        self.schema().retagged(edits, work)
    }

    /// The fields that a reserved name can conflict with.
    pub fn top_level_fields(&self) -> Vec<String> {
        self.schema().top_level_fields()
    }

    /// Bytes held, roughly, for a cache that is bounded in bytes.
    pub fn size_hint(&self) -> usize {
        self.schema().size_hint()
    }
}
