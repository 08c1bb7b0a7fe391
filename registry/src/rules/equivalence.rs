//! When a candidate is what a stored version already is (lookup equivalence): content, references, metadata and rules.

use super::knowledge::{Knowledge, Learnt, Stop};
use super::metadata;
use model::{Metadata, Reference, RuleSet};
use std::sync::Arc;
use storage::{State, StoredVersion};

/// A schema to be registered or looked up, parsed and with its references resolved to version numbers.
#[derive(Clone)]
pub struct Candidate {
    /// The parsed schema.
    pub schema: Learnt,
    /// References as they would be stored.
    pub references: Vec<Reference>,
    /// Metadata.
    pub metadata: Option<Metadata>,
    /// Rules.
    pub rule_set: Option<RuleSet>,
}

impl Candidate {
    /// The content that a version of this candidate has.
    pub fn content(&self) -> model::Content {
        model::Content {
            schema_type: self.schema.parsed.schema_type(),
            text: Arc::clone(&self.schema.canonical),
            references: self.references.clone(),
            metadata: self.metadata.clone(),
            rule_set: self.rule_set.clone(),
        }
    }
}

/// Is the candidate equivalent to a stored version? References must be equal, unless the candidate has none (everything
/// inlined) and the stored version has some.
///
/// # Errors
/// Those of the store; `Missing` in the writer.
pub fn equivalent(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    candidate: &Candidate,
    stored: &StoredVersion,
) -> Result<bool, Stop> {
    let inlined = candidate.references.is_empty() && !stored.references.is_empty();
    if !(inlined || candidate.references == stored.references)
        || candidate.rule_set != stored.rule_set
        || !metadata::same(candidate.metadata.as_ref(), stored.metadata.as_ref(), stored.version)
    {
        return Ok(false);
    }
    knowledge.equivalent(state, &candidate.schema, stored)
}
