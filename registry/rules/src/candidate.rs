//! From what a request says to a candidate: its text and references, completed where the request leaves something out, parsed
//! and with version numbers for "the latest".
//!
//! There are two ways, since look-ups forgive what a new schema may not have: `lookup_candidate` for what may be there already,
//! `prepare` for what is to be written. Where in a subject a candidate is, or may be put, is decided in `find` and `register`.

use super::config::InScope;
use super::equivalence::Candidate;
use super::find::Deleted;
use super::knowledge::{Knowledge, Normalize, Source, Stop};
use super::tagging::Tagging;
use super::text::Text;
use super::{metadata, rule_set};
use crate::content;
use crate::fault::Fault;
use compat::Strictness;
use model::{Metadata, Mode, Reference, RuleSet, SchemaId, SchemaType, Subject, Version};
use state::{State, StoredVersion};

/// Which version a request names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// None (absent or 0): an identical existing version will do.
    Any,
    /// -1: a version like the latest, or a new one.
    Latest,
    /// A number below -1: the next one, whatever is there already (as the reference reads such a number).
    Next,
    /// This one.
    Exactly(Version),
}

impl Wanted {
    /// What a request means by a number.
    pub fn of(version: Version) -> Self {
        match version {
            0 => Self::Any,
            -1 => Self::Latest,
            version if version < 0 => Self::Next,
            version => Self::Exactly(version),
        }
    }
}

/// A schema as a request describes it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The text; blank is allowed where a previous version gives one.
    pub text: Text,
    /// The language.
    pub schema_type: SchemaType,
    /// References; version -1 means the latest.
    pub references: Vec<Reference>,
    /// Metadata, `None` when absent.
    pub metadata: Option<Metadata>,
    /// Rules, `None` when absent.
    pub rule_set: Option<RuleSet>,
    /// The version.
    pub version: Wanted,
    /// An explicit id.
    pub id: Option<SchemaId>,
    /// What becomes of inline tags; only a registration looks at it.
    pub tagging: Tagging,
}

/// A candidate parsed as look-ups parse: without what only new schemas must satisfy. `None` when it does not parse, or refers
/// to what is not there: then it is nowhere among the versions either.
///
/// # Errors
/// Those of the store; `NotPrecomputed` in the writer.
pub fn lookup_candidate(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    described: &Described,
    normalize: Normalize,
) -> Result<Option<Candidate>, Stop> {
    let targets = Deleted::Include;
    let Ok((source, references)) = source(state, knowledge, subject, described, normalize, targets)? else {
        return Ok(None);
    };
    // What satisfies the strict profile reads the same under the lenient one, so the parse of a registration serves both.
    let schema = match knowledge.parse(state, &source, Strictness::New, normalize)? {
        Ok(schema) => schema,
        Err(_) => match knowledge.parse(state, &source, Strictness::Stored, normalize)? {
            Ok(schema) => schema,
            Err(_) => return Ok(None),
        },
    };
    Ok(Some(Candidate::new(schema, references, described.metadata.clone(), described.rule_set.clone())))
}

/// Completes a request from the previous undeleted version and the config.
///
/// # Errors
/// `InvalidSchema` for a blank text without a previous version; those of the store.
pub fn populate(
    state: &dyn State,
    described: &Described,
    previous: Option<&StoredVersion>,
    scope: &InScope,
    next: Version,
) -> Result<Described, Stop> {
    let mut described = described.clone();
    if described.text.trim().is_empty() {
        let previous = previous.ok_or_else(|| Fault::InvalidSchema("Empty schema".to_owned()))?;
        described.text = Text::named(content::text(state, previous)?, previous.text);
        described.schema_type = previous.schema_type.clone();
        described.references = previous.references.clone();
    }
    let config = &scope.config;
    let merged = metadata::populate(
        described.metadata.as_ref(),
        previous.and_then(|p| p.metadata.as_ref()),
        config.default_metadata.as_ref(),
        config.override_metadata.as_ref(),
    );
    described.rule_set = rule_set::populate(
        described.rule_set.as_ref(),
        previous.and_then(|p| p.rule_set.as_ref()),
        config.default_rule_set.as_ref(),
        config.override_rule_set.as_ref(),
    );
    let (requested, version) = match described.version {
        Wanted::Any => (false, next),
        Wanted::Latest | Wanted::Next => (true, next),
        Wanted::Exactly(version) => (true, version),
    };
    described.metadata = metadata::stamp_version(merged, requested, version);
    Ok(described)
}

/// Parses the candidate that is to be written.
///
/// # Errors
/// `InvalidSchema`, those of `content::resolve` and of the store; `NotPrecomputed` in the writer.
pub fn prepare(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    described: &Described,
    scope: &InScope,
    mode: Mode,
    normalize: Normalize,
) -> Result<Candidate, Stop> {
    let strictness = if described.id.is_none() { scope.strictness() } else { Strictness::Stored };
    let normalize = if mode.takes_explicit_ids() { Normalize::No } else { normalize };
    let (source, references) = source(state, knowledge, subject, described, normalize, Deleted::Ignore)??;
    let schema = knowledge
        .parse(state, &source, strictness, normalize)?
        .map_err(|error| content::invalid_schema(&described.schema_type, &error))?;
    Ok(Candidate::new(schema, references, described.metadata.clone(), described.rule_set.clone()))
}

/// The text with everything it refers to, and the references as they are stored: version -1 as the number it means,
/// sorted and without repetitions when normalising. Inside is the refusal of a reference.
///
/// # Errors
/// `Spent`, those of the store.
pub fn source(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    described: &Described,
    normalize: Normalize,
    targets: Deleted,
) -> Result<Result<(Source, Vec<Reference>), Fault>, Stop> {
    let Described { schema_type, references, text, .. } = described;
    let resolved = match content::resolve(state, subject, schema_type, references, targets, knowledge.work()) {
        Ok(resolved) => resolved,
        Err(fault @ (Fault::Store(_) | Fault::Spent(_))) => return Err(Stop::Fault(fault)),
        Err(fault) => return Ok(Err(fault)),
    };
    let (mut references, needed) = resolved;
    if normalize == Normalize::Yes {
        references.sort_by(|a, b| (&a.subject, a.version).cmp(&(&b.subject, b.version)));
        references.dedup();
    }
    let source = Source { schema_type: schema_type.clone(), text: text.clone(), dependencies: needed.into() };
    Ok(Ok((source, references)))
}
