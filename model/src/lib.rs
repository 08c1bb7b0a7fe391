//! The vocabulary of Freehold: subjects, contexts, versions, ids, schema content, configuration, modes, associations and the
//! records of the log, as plain values.
//!
//! Pure: no I/O, no serde (wire and log formats are promises to strangers and are written by hand where they are made), no
//! opinion about HTTP or about how state is kept. Words are those of the Confluent API.

mod association;
mod audit;
mod config;
mod content;
mod cut;
mod encryption;
pub mod framing;
mod level;
mod limit;
mod namespace;
mod record;
mod subject;
mod touched;
mod words;

pub use association::{Association, AssociationKey, Lifecycle, TOPIC};
pub use audit::{AuditOutcome, AuditRecord};
pub use config::{Config, Mode, UnknownMode};
pub use content::{Content, Guid, Metadata, Reference, Rule, RuleKind, RuleMode, RuleSet, SchemaType};
pub use cut::{LONGEST_KEPT, cut};
pub use encryption::{Dek, DekAlgorithm, DekId, InvalidReader, Kek, KekReader};
pub use level::{CompatibilityLevel, CompatibilityPolicy, UnknownLevel};
pub use limit::Limit;
pub use namespace::{
    Claim, ClaimKind, InvalidClaim, InvalidNamespaceName, InvalidPrincipal, MemberRole, Namespace, NamespaceId,
    NamespaceName, Principal, PrincipalKind, Referrers, Visibility,
};
pub use record::{
    AuditChange, Fingerprint, Hashes, InternalRecord, Position, Record, RegistryRecord, SchemaId, SchemaRecord,
    Stamped, Version,
};
pub use subject::{Context, Subject, SubjectPrefix};
pub use touched::{Effect, Touched};
pub use words::UnknownWord;
