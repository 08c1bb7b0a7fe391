//! The facts a registry consists of. State is what one gets by folding them in order.
//!
//! There are three logs: the *registry* log holds what Confluent's `_schemas` topic can hold, the *internal* log holds kinds of
//! our own, the *audit* who changed what. Each has positions of its own and is folded by itself; nothing folded from one
//! depends on another. The first two keep everything; the audit forgets its oldest entries.

use crate::{
    Association, AssociationKey, AuditRecord, Config, Content, Context, Dek, DekId, Guid, Kek, Mode, Namespace,
    NamespaceName, Subject,
};
use std::sync::Arc;

/// A version number of a subject: 1, 2, … A foreign log may hold others; they are stored and never listed.
pub type Version = i32;

/// A schema id, unique in its context.
pub type SchemaId = i32;

/// How far a state has seen the logs that keep everything. The next record of a log has the position that stands here, or a later
/// one: in a log that was compacted, or that has marks of its own, positions may be empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// The one behind the last record folded from the registry log.
    pub registry: u64,
    /// The one behind the last record folded from the internal log.
    pub internal: u64,
}

/// A fact of one of the logs.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the logs are described above")]
pub enum Record {
    Registry(RegistryRecord),
    Internal(InternalRecord),
    Audit(AuditChange),
}

/// A record with its place in its log and its time.
#[derive(Clone, PartialEq, Debug)]
pub struct Stamped {
    /// The position in the record's own log. In the audit: the number of the entry, from 1, or of the first one that is
    /// not forgotten.
    pub position: u64,
    /// When it was written, in milliseconds since 1970; shown as `ts`.
    pub at: i64,
    /// The fact.
    pub record: Record,
}

/// A fact that Confluent's `_schemas` topic can hold.
#[derive(Clone, PartialEq, Debug)]
pub enum RegistryRecord {
    /// A version exists with this content, or has become (un)deleted: the whole version is written again.
    Schema(SchemaRecord),
    /// A version is gone for good.
    SchemaTombstone {
        /// Its subject.
        subject: Subject,
        /// Its number.
        version: Version,
    },
    /// All versions of a subject up to `through` are soft-deleted.
    DeleteSubject {
        /// The subject.
        subject: Subject,
        /// The highest version covered.
        through: Version,
    },
    /// The soft-deleted versions of a subject, of a context (`:.ctx:`) or of all (`:.__GLOBAL:`) are gone for good.
    ClearSubject {
        /// The subject or context.
        scope: Subject,
    },
    /// The configuration of a subject or context; `None` removes it.
    Config {
        /// The subject or context; the default context means the global configuration.
        scope: Subject,
        /// The new configuration.
        config: Option<Box<Config>>,
    },
    /// The mode of a subject or context; `None` removes it.
    Mode {
        /// The subject or context; the default context means the global mode.
        scope: Subject,
        /// The new mode.
        mode: Option<Mode>,
    },
    /// A named context exists, or no longer.
    Context {
        /// The context.
        context: Context,
        /// Does it exist?
        exists: bool,
    },
    /// A subject is associated with a resource; `None` ends that.
    Association {
        /// Which subject with which resource.
        key: Box<AssociationKey>,
        /// The association as it is now.
        association: Option<Association>,
    },
}

/// One schema version as the log holds it.
#[derive(Clone, PartialEq, Debug)]
pub struct SchemaRecord {
    /// The subject.
    pub subject: Subject,
    /// The version number.
    pub version: Version,
    /// The id in the subject's context.
    pub id: SchemaId,
    /// Text, type, references, metadata, rules.
    pub content: Arc<Content>,
    /// Is the version soft-deleted?
    pub deleted: bool,
    /// Hashes of the content, where the maker of the record has computed them: so the store's writer need not. They are no part
    /// of what the log holds.
    pub hashes: Option<Hashes>,
}

/// What follows from a content and takes reading all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hashes {
    /// The SHA-256 of the text.
    pub text: [u8; 32],
    /// The content hash.
    pub guid: Guid,
    /// The fingerprint of the schema, if the maker of the record knows it.
    pub fingerprint: Option<Fingerprint>,
}

/// A fingerprint of what a look-up considers equal: schemas of one language with different fingerprints of the same scheme are
/// not equivalent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fingerprint {
    /// Which way to compute it: each language counts its ways from 1.
    pub scheme: u8,
    /// The fingerprint.
    pub value: u64,
}

/// A fact of our own.
#[derive(Clone, PartialEq, Debug)]
pub enum InternalRecord {
    /// Ids up to this one have been handed out in a context, so they are never handed out again, even when no version
    /// that held them is left.
    HighWater {
        /// The context.
        context: Context,
        /// The highest id handed out.
        id: SchemaId,
    },
    /// A namespace exists with these members, claims and offers; the whole namespace is written again.
    Namespace(Box<Namespace>),
    /// A namespace is gone.
    NamespaceRemoved {
        /// Its name.
        name: NamespaceName,
    },
    /// A KEK exists, or is another now: it is written again as a whole.
    Kek(Box<Kek>),
    /// A KEK is gone.
    KekRemoved {
        /// Its name.
        name: String,
    },
    /// A DEK exists, or is another now: it is written again as a whole.
    Dek(Box<Dek>),
    /// A DEK is gone, and with it what it encrypted.
    DekRemoved {
        /// Which.
        id: Box<DekId>,
    },
    /// Nothing: what once stood at this place is kept elsewhere, or no more.
    Vacant,
}

/// What happens to the audit.
#[derive(Clone, PartialEq, Debug)]
pub enum AuditChange {
    /// Something was changed, or refused. The entry gets the next number.
    Entry(Box<AuditRecord>),
    /// Entries with lower numbers are forgotten.
    Forgotten {
        /// The number of the oldest entry that stays.
        before: u64,
    },
}
