//! When a candidate is what a stored version already is (lookup equivalence): content, references, metadata and rules.

use super::knowledge::{Knowledge, ParsedSchema, Stop};
use super::metadata;
use model::{Content, Metadata, Reference, RuleSet};
use state::{State, StoredVersion};
use std::sync::Arc;

/// A schema to be registered or looked up, parsed, with its references resolved to version numbers.
#[derive(Clone)]
pub struct Candidate {
    /// The parsed schema.
    pub schema: ParsedSchema,
    /// The content that a version of it has.
    pub content: Arc<Content>,
}

impl Candidate {
    /// A candidate; its text is the canonical one.
    pub fn new(
        schema: ParsedSchema,
        references: Vec<Reference>,
        metadata: Option<Metadata>,
        rule_set: Option<RuleSet>,
    ) -> Self {
        let (schema_type, text) = (schema.parsed.schema_type(), Arc::clone(&schema.canonical));
        Candidate { schema, content: Arc::new(Content { schema_type, text, references, metadata, rule_set }) }
    }

    /// Is this the very content of a stored version? Its parts are compared, not its GUID: the parts of what the Confluent API
    /// hashes are not delimited, so a tag `a: [b]` and a property `a: b` hash alike.
    pub fn is_content_of(&self, stored: &StoredVersion) -> bool {
        let Content { schema_type, references, metadata, rule_set, .. } = &*self.content;
        stored.text == self.schema.text
            && stored.schema_type == *schema_type
            && stored.references == *references
            && stored.metadata == *metadata
            && stored.rule_set == *rule_set
    }
}

/// Are references, metadata and rules as an equivalent version has them? References must be equal, unless the candidate has none
/// (everything inlined) and the stored version has some.
pub fn equivalent_beside_the_text(candidate: &Candidate, stored: &StoredVersion) -> bool {
    let content = &candidate.content;
    let inlined = content.references.is_empty() && !stored.references.is_empty();
    (inlined || content.references == stored.references)
        && content.rule_set == stored.rule_set
        && metadata::same(content.metadata.as_ref(), stored.metadata.as_ref(), stored.version)
}

/// Is the candidate equivalent to a stored version?
///
/// # Errors
/// Those of the store; `NotPrecomputed` in the writer.
pub fn equivalent(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    candidate: &Candidate,
    stored: &StoredVersion,
) -> Result<bool, Stop> {
    Ok(equivalent_beside_the_text(candidate, stored) && knowledge.equivalent(state, &candidate.schema, stored)?)
}
