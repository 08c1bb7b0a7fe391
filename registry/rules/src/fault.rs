//! What can go wrong in the registry, in its own words. Nothing here knows an HTTP status or an error code: one exhaustive
//! `match` in `http::catalogue` turns a fault into those.

use crate::candidate::Described;
use crate::verdict::Outcome;
use model::{Context, SchemaId, Subject, Version};

/// Why a request was not done.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is one line of the error catalogue of the Confluent API; its texts are there")]
pub enum Fault {
    SubjectNotFound(Subject),
    VersionNotFound(Version),
    /// Look-ups and searches that match nothing.
    SchemaNotFound,
    /// By id or by GUID: the text that was asked for.
    SchemaNotFoundAs(String),
    SubjectSoftDeleted(Subject),
    SubjectNotSoftDeleted(Subject),
    VersionSoftDeleted(Subject, Version),
    VersionNotSoftDeleted(Subject, Version),
    NoSubjectConfig(Subject),
    NoSubjectMode(Subject),
    /// What the comparison came to.
    Incompatible(Subject, Box<Outcome>),
    InvalidSchema(String),
    /// A rule set that cannot be kept, with the reason.
    InvalidRuleSet(String),
    InvalidVersion(String),
    InvalidLevel,
    InvalidMode,
    ForwardModeNotGlobal,
    InvalidSubject(String),
    ReadOnly(Scope),
    NotInImportMode(Scope),
    NotInReadWriteMode(Scope),
    ModeNotMutable,
    CannotImport,
    OverwriteId(SchemaId, Context),
    /// Every id up to 2^31-1 has been handed out in the context.
    IdsExhausted(Context),
    Referenced(Subject, Version),
    AssociationNotFound(String),
    /// A member of a request for associations that cannot be, with the reference's word for what it should be.
    InvalidAssociation {
        property: &'static str,
        detail: String,
    },
    AssociationExists {
        association_type: String,
        resource: String,
    },
    /// The subject has an association.
    SubjectAssociated(Subject),
    /// The subject has a STRONG association.
    StronglyAssociated(Subject),
    NoActiveVersion(Subject),
    /// Its type and its subject.
    AssociationFrozen(String, Subject),
    /// Some version of the subject is referred to.
    SubjectReferenced(Subject),
    /// A subject that may not be referred to, because a topic owns it.
    NotReferable(Subject),
    /// What comparing a schema that came with an association came to.
    /// With the schema that was sent, in which the findings are looked up.
    AssociationIncompatible(Box<Outcome>, Box<Described>),
    ContextNotEmpty(Context),
    /// A KEK, by its name, or a DEK, by its subject.
    KeyNotFound(String),
    KeyNotSoftDeleted(String),
    /// A KEK that is soft-deleted, whose DEK was to come back.
    KeySoftDeleted(String),
    KeyExists(String),
    TooManyKeys(u64),
    /// A member of a request for keys that is missing or cannot be; where the rule is ours, with a sentence that says why.
    InvalidKey {
        field: &'static str,
        detail: Option<String>,
    },
    /// A KEK with DEKs.
    KeyReferenced(String),
    /// The key management system does not let the registry use the key; its word.
    KmsDenied(String),
    /// The key management system failed; the text is for the log.
    KmsFailed(String),
    /// This registry is not set up to use that key, with a sentence that says so.
    KmsUnavailable(String),
    /// The request asks for something that this registry does not do, with a sentence that says so.
    NotSupported(String),
    /// A sample document does not say whether it is JSON or binary.
    InvalidSample(String),
    /// A parameter of the query that our own route does not take, or not like this, with a sentence that says so.
    BadParameter(String),
    /// A negative `offset`.
    NegativeOffset,
    /// No such route, or a parameter of the wrong kind.
    NoSuchResource,
    /// A required body is missing; the text names it as the reference does.
    MissingBody(&'static str),
    /// A body that is not JSON or not of the right shape.
    BadBody(String),
    /// Whoever asks may not.
    Denied(authz::Refusal),
    /// An explicit id that would use up the ids of a context: the id, and the highest one so far.
    FarId(SchemaId, SchemaId),
    /// The audit cannot be written, and nothing may be changed without it.
    Unaudited,
    NamespaceNotFound(String),
    /// The same, of a change that does not make one: its name, and one there is that may have been meant.
    NoSuchNamespace(String, Option<String>),
    /// A namespace that cannot be as it was sent, with a sentence that says why.
    InvalidNamespace(String),
    /// A claim that may not be made now, with a sentence that says why.
    ClaimRefused(String),
    /// A namespace that still has claims.
    NamespaceHasClaims(String),
    /// The subjects that would change hands, and how many they are.
    Handovers(Vec<String>, usize),
    /// The namespace is not as `If-Match` or `If-None-Match` expects it.
    PreconditionFailed,
    /// Too much work is waiting.
    Busy,
    /// The work of the request ended before it was done.
    Spent(compat::Spent),
    /// The registry's newest state kept changing under the request.
    Contended,
    /// What the request calls its subject has come to stand for another one since.
    AliasMoved(Subject),
    Store(state::Error),
    /// A bug; the text is for the log.
    Internal(String),
}

/// The subject or the global scope that an operation was refused for.
#[derive(Clone, Debug)]
pub enum Scope {
    /// The default context: messages say `null`.
    Global,
    /// A subject or a named context.
    Subject(Subject),
}

impl Scope {
    /// The scope of a config or mode operation.
    pub fn of(subject: &Subject) -> Self {
        if subject.context().is_default() && subject.is_context() {
            Self::Global
        } else {
            Self::Subject(subject.clone())
        }
    }
}

impl From<authz::Refusal> for Fault {
    fn from(refusal: authz::Refusal) -> Self {
        Fault::Denied(refusal)
    }
}

impl From<compat::Spent> for Fault {
    fn from(spent: compat::Spent) -> Self {
        Fault::Spent(spent)
    }
}

impl From<state::Error> for Fault {
    fn from(error: state::Error) -> Self {
        match error {
            state::Error::Overloaded => Fault::Busy,
            other => Fault::Store(other),
        }
    }
}
