//! What may be asked of a state: one method per question, each answered by a point look-up or a short ordered scan.
//!
//! A state is a consistent snapshot, or the writer's newest state including what its current group has decided. Both answer
//! through this trait, so a rule tested on a map holds in the writer.

use crate::{Chain, Derivation, Equivalents, Error, Progress, Schemes, audit};
use model::{
    Association, AssociationKey, AuditRecord, Config, Context, Dek, DekAlgorithm, DekId, Fingerprint, Guid, Kek,
    Metadata, Mode, Namespace, NamespaceId, NamespaceName, Position, Record, Reference, RuleSet, SchemaId, SchemaType,
    Subject, SubjectPrefix, Version,
};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// Names a stored text: the SHA-256 of its bytes. Equal texts are stored once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TextKey(pub [u8; 32]);

/// A version as the state keeps it: everything but the text.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the members of `model::SchemaRecord` and `model::Content`")]
pub struct StoredVersion {
    pub subject: Subject,
    pub version: Version,
    pub id: SchemaId,
    pub guid: Guid,
    pub schema_type: SchemaType,
    pub text: TextKey,
    /// Bytes of the text.
    pub length: u64,
    pub references: Vec<Reference>,
    pub metadata: Option<Metadata>,
    pub rule_set: Option<RuleSet>,
    pub deleted: bool,
    /// Time of the record, in milliseconds since 1970.
    pub at: i64,
}

/// What is known of a subject without reading its versions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SubjectSummary {
    /// Stored versions, soft-deleted ones included.
    pub versions: u32,
    /// Versions that are not soft-deleted.
    pub live: u32,
    /// The highest version, soft-deleted ones included.
    pub highest: Version,
    /// The highest version that is not soft-deleted.
    pub latest: Option<Version>,
    /// Bytes of the texts of all stored versions: each counts, also where equal texts are stored once.
    pub bytes: u64,
}

/// Which versions, or subjects, a listing shows. A subject is live when one of its versions is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// All.
    Any,
    /// Those that are not soft-deleted.
    Live,
    /// Only soft-deleted ones.
    Deleted,
}

impl Standing {
    /// Is one shown that is live, or not?
    pub fn admits(self, live: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Live => live,
            Self::Deleted => !live,
        }
    }
}

/// Whose versions a listing is of, or which subjects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subjects<'a> {
    /// This one.
    One(&'a Subject),
    /// Those that match a prefix.
    Matching(&'a SubjectPrefix),
    /// Those that are in any of these, once.
    EachOf(&'a [Subjects<'a>]),
}

/// Where in a listing to begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin<T> {
    /// Behind so many items of the listing, which are counted, not read.
    Skipping(u64),
    /// Behind this item, whether or not it is still there.
    Behind(T),
}

/// A version that holds an id.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "plain")]
pub struct Holder {
    pub subject: Subject,
    pub version: Version,
}

/// A version that refers to another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Referrer {
    /// The referring version.
    pub subject: Subject,
    /// Its number.
    pub version: Version,
    /// Its id in its context.
    pub id: SchemaId,
    /// Is it soft-deleted?
    pub deleted: bool,
}

/// An association as the state keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAssociation {
    /// What tells it from others.
    pub key: AssociationKey,
    /// The rest.
    pub association: Association,
    /// Time of the first record since it was last absent, in milliseconds since 1970.
    pub created: i64,
    /// Time of the last record.
    pub updated: i64,
}

/// Which associations are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Associations<'a> {
    /// All.
    All,
    /// Those of a subject.
    OfSubject(&'a Subject),
    /// Those of the resource with this id.
    OfResource(&'a str),
    /// Those of resources with this name.
    Named(&'a str),
    /// Those of resources in this namespace.
    InNamespace(&'a str),
    /// Those of resources in this namespace with this name.
    NamedIn(&'a str, &'a str),
}

/// A KEK as the state keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredKek {
    /// The KEK.
    pub kek: Kek,
    /// Time of its last record, in milliseconds since 1970.
    pub at: i64,
}

/// A DEK as the state keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredDek {
    /// The DEK.
    pub dek: Dek,
    /// Time of its last record, in milliseconds since 1970.
    pub at: i64,
}

/// Which DEKs are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deks<'a> {
    /// All.
    All,
    /// Those that a KEK wraps.
    OfKek(&'a str),
    /// Those that a KEK wraps, for a subject, with an algorithm.
    OfSubject(&'a str, &'a str, DekAlgorithm),
}

/// How many encryption keys there are, soft-deleted ones included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyCounts {
    /// KEKs.
    pub keks: u64,
    /// Those of them that are shared.
    pub shared_keks: u64,
    /// DEKs.
    pub deks: u64,
}

/// An entry of the audit as the store keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its number: 1, 2, … without gaps.
    pub number: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: i64,
    /// The hash of the entry before it; zeros before the first.
    pub previous: Chain,
    /// What it says.
    pub record: AuditRecord,
}

impl AuditEntry {
    /// Its own hash, which the next entry names.
    pub fn hash(&self) -> Chain {
        audit::hash(&self.previous, self.number, self.at, &self.record)
    }
}

/// How far the audit is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditLog {
    /// The number of the oldest entry that is kept; `next` where there is none.
    pub first: u64,
    /// The number that the next entry gets.
    pub next: u64,
    /// When the oldest entry that is kept was written, in milliseconds since 1970; means nothing where there is none.
    pub oldest: i64,
    /// The hash of the newest entry, kept or forgotten.
    pub hash: Chain,
}

impl Default for AuditLog {
    fn default() -> Self {
        AuditLog { first: 1, next: 1, oldest: 0, hash: [0; 32] }
    }
}

impl AuditLog {
    /// The time of the oldest entry that is kept.
    pub fn age(&self) -> Option<i64> {
        (self.first < self.next).then_some(self.oldest)
    }
}

/// Counts for metrics, kept by the fold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Subjects with at least one version, soft-deleted ones included.
    pub subjects: u64,
    /// Versions, soft-deleted ones included.
    pub versions: u64,
    /// Versions that are not soft-deleted.
    pub live_versions: u64,
    /// Those of all versions that are JSON Schema.
    pub json: u64,
    /// Those that are Protobuf.
    pub protobuf: u64,
    /// Those of languages that this registry does not know.
    pub foreign: u64,
}

impl Totals {
    /// Versions, soft-deleted ones included, by the name of their format.
    pub fn by_format(&self) -> [(&'static str, u64); 4] {
        let avro = self.versions.saturating_sub(self.json + self.protobuf + self.foreign);
        [("AVRO", avro), ("JSON", self.json), ("PROTOBUF", self.protobuf), ("other", self.foreign)]
    }

    /// The count of a format other than Avro, which is what is left.
    pub fn of(&mut self, format: &SchemaType) -> Option<&mut u64> {
        match format {
            SchemaType::Avro => None,
            SchemaType::Json => Some(&mut self.json),
            SchemaType::Protobuf => Some(&mut self.protobuf),
            SchemaType::Other(_) => Some(&mut self.foreign),
        }
    }
}

/// The numbers of the feed: records of the registry and the internal log in the order in which this store took them up, counted
/// without gaps, whatever positions they have in their logs. Stores that hold the same logs may number them differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Feed {
    /// The number of the first record that is still there.
    pub first: u64,
    /// The number of the next record.
    pub next: u64,
}

impl Feed {
    /// That of a store of before positions had gaps: its records were numbered by the positions of both logs together.
    pub(crate) fn former(position: Position) -> Self {
        Feed { first: 0, next: position.registry.saturating_add(position.internal) }
    }
}

/// The questions. Listings call `visit` in order until it breaks.
pub trait State {
    /// How far the logs have been folded.
    fn position(&self) -> Position;
    /// Which records the store holds.
    fn feed(&self) -> Feed;
    /// Counts of subjects and versions.
    fn totals(&self) -> Result<Totals, Error>;

    /// The summary of a subject; `None` when it has no versions at all.
    fn subject(&self, subject: &Subject) -> Result<Option<SubjectSummary>, Error>;
    /// Subjects that match a prefix, ordered by qualified text.
    fn subjects(
        &self,
        prefix: &SubjectPrefix,
        visit: &mut dyn FnMut(Subject, SubjectSummary) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// Some subjects, in the same order from a place on, those alone that stand so.
    fn subjects_from(
        &self,
        subjects: Subjects<'_>,
        standing: Standing,
        begin: Begin<&Subject>,
        visit: &mut dyn FnMut(Subject, SubjectSummary) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// Versions of some subjects, ordered by subject, then version, from a place on, those alone that stand so.
    fn versions_from(
        &self,
        subjects: Subjects<'_>,
        standing: Standing,
        begin: Begin<(&Subject, Version)>,
        visit: &mut dyn FnMut(StoredVersion) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// Numbers of the versions of a subject, ascending, from a place on, each with whether it is soft-deleted, those alone
    /// that stand so. Numbers below 1 (a foreign log may hold them) are left out.
    fn numbers_from(
        &self,
        subject: &Subject,
        standing: Standing,
        begin: Begin<Version>,
        visit: &mut dyn FnMut(Version, bool) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// One version, soft-deleted or not.
    fn version(&self, subject: &Subject, version: Version) -> Result<Option<StoredVersion>, Error>;
    /// All versions of a subject, ascending, soft-deleted ones included.
    fn versions(&self, subject: &Subject) -> Result<Vec<StoredVersion>, Error>;
    /// Versions of a subject that may mean the same as a schema of this language with this fingerprint: those that have it, and
    /// those of whose fingerprint nothing is known.
    fn equivalents(
        &self,
        subject: &Subject,
        schema_type: &SchemaType,
        fingerprint: Fingerprint,
    ) -> Result<Equivalents, Error>;
    /// What was found out about the fingerprint of a version, if anything.
    fn derivation(&self, subject: &Subject, version: Version) -> Result<Option<Derivation>, Error>;
    /// Was that found out by the scheme of its language?
    fn is_derived(&self, subject: &Subject, version: Version, schemes: &Schemes) -> Result<bool, Error>;
    /// How far fingerprints have been computed; `None` where something is missing for versions that are there.
    fn fingerprints(&self) -> Result<Option<Progress>, Error>;

    /// A stored text. `None` only when the store is damaged.
    fn text(&self, key: &TextKey) -> Result<Option<Arc<str>>, Error>;

    /// Versions that hold an id, ordered by subject, then version, soft-deleted ones included.
    fn holders(
        &self,
        context: &Context,
        id: SchemaId,
        visit: &mut dyn FnMut(Holder) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.holders_from(context, id, None, visit)
    }
    /// The same for the subjects behind one.
    fn holders_from(
        &self,
        context: &Context,
        id: SchemaId,
        behind: Option<&Subject>,
        visit: &mut dyn FnMut(Holder) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// The holder of an id that is shown: the newest version of the first subject, soft-deleted or not.
    fn shown_holder(&self, context: &Context, id: SchemaId) -> Result<Option<Holder>, Error>;
    /// The newest version of a subject that holds an id, soft-deleted or not.
    fn newest_holder(&self, subject: &Subject, id: SchemaId) -> Result<Option<Version>, Error> {
        let mut newest = None;
        self.holders_in(subject, id, &mut |version| {
            newest = Some(version);
            ControlFlow::Break(())
        })?;
        Ok(newest)
    }
    /// The versions of a subject that hold an id, soft-deleted or not; the newest first.
    fn holders_in(
        &self,
        subject: &Subject,
        id: SchemaId,
        visit: &mut dyn FnMut(Version) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// The ids under which content with this hash is known in a context, the one written last first. They have holders.
    fn ids_in(&self, context: &Context, guid: Guid) -> Result<Vec<SchemaId>, Error>;
    /// The first contexts and ids under which content with this hash is known, the default context first, then by name. They
    /// have holders.
    fn ids_of(&self, guid: Guid, limit: usize) -> Result<Vec<(Context, SchemaId)>, Error>;
    /// The highest id ever seen in a context by the registry log, tombstoned ones included as far as they were folded.
    fn highest_id(&self, context: &Context) -> Result<Option<SchemaId>, Error>;
    /// The highest id that the internal log remembers as handed out.
    fn high_water(&self, context: &Context) -> Result<Option<SchemaId>, Error>;
    /// The highest id ever seen or handed out in a context, whether or not a version holds it.
    fn last_id(&self, context: &Context) -> Result<Option<SchemaId>, Error> {
        Ok(self.highest_id(context)?.max(self.high_water(context)?))
    }

    /// Versions, soft-deleted ones included, that refer to a version, ordered by context, then id.
    fn referrers(&self, subject: &Subject, version: Version) -> Result<Vec<Referrer>, Error> {
        let mut found = Vec::new();
        self.referrers_from(subject, version, None, &mut |referrer| {
            found.push(referrer);
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
    /// Does one of these versions refer to it? Nothing is read behind the first one that does.
    fn is_referred_to(
        &self,
        subject: &Subject,
        version: Version,
        by: &dyn Fn(&Referrer) -> bool,
    ) -> Result<bool, Error> {
        let mut found = false;
        self.referrers_from(subject, version, None, &mut |referrer| {
            found = by(&referrer);
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }
    /// The same behind one of them.
    fn referrers_from(
        &self,
        subject: &Subject,
        version: Version,
        behind: Option<&Referrer>,
        visit: &mut dyn FnMut(Referrer) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// The configuration stored for a subject or context, nothing inherited.
    fn config(&self, scope: &Subject) -> Result<Option<Config>, Error>;
    /// Visits the configs of subjects and contexts that match, in the order of `subjects`.
    fn configs(
        &self,
        prefix: &SubjectPrefix,
        visit: &mut dyn FnMut(Subject, Config) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// The mode stored for a subject or context, nothing inherited.
    fn mode(&self, scope: &Subject) -> Result<Option<Mode>, Error>;
    /// Scopes inside a context (not the context itself) that have a mode of their own.
    fn scopes_with_mode(&self, context: &Context) -> Result<Vec<Subject>, Error>;

    /// Does a named context exist?
    fn has_context(&self, context: &Context) -> Result<bool, Error>;
    /// Named contexts that exist, ascending.
    fn contexts(&self) -> Result<Vec<Context>, Error> {
        let mut found = Vec::new();
        self.contexts_from(None, &mut |context| {
            found.push(context);
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
    /// The same behind one of them.
    fn contexts_from(
        &self,
        behind: Option<&Context>,
        visit: &mut dyn FnMut(Context) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// Associations, ordered by their keys.
    fn associations(
        &self,
        which: Associations<'_>,
        visit: &mut dyn FnMut(StoredAssociation) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.associations_from(which, None, visit)
    }
    /// The same behind one of them.
    fn associations_from(
        &self,
        which: Associations<'_>,
        behind: Option<&AssociationKey>,
        visit: &mut dyn FnMut(StoredAssociation) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// A KEK, soft-deleted or not.
    fn kek(&self, name: &str) -> Result<Option<StoredKek>, Error>;
    /// KEKs behind one, by name, soft-deleted ones included.
    fn keks_from(&self, behind: Option<&str>, visit: &mut dyn FnMut(StoredKek) -> ControlFlow<()>)
    -> Result<(), Error>;
    /// A DEK, soft-deleted or not.
    fn dek(&self, id: &DekId) -> Result<Option<StoredDek>, Error>;
    /// DEKs behind one, ordered by KEK, subject, algorithm and version, soft-deleted ones included.
    fn deks_from(
        &self,
        which: Deks<'_>,
        behind: Option<&DekId>,
        visit: &mut dyn FnMut(StoredDek) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// How many encryption keys there are.
    fn key_counts(&self) -> Result<KeyCounts, Error>;

    /// All namespaces, by name.
    fn namespaces(&self) -> Result<Vec<Namespace>, Error>;
    /// Up to which position of the internal log the namespaces were last changed: the position behind the newest record of one,
    /// or 0 where there is none. Snapshots and the writer's states that agree on it have the same namespaces.
    fn namespaces_at(&self) -> Result<u64, Error>;
    /// The namespace of a name.
    fn namespace(&self, name: &NamespaceName) -> Result<Option<Namespace>, Error>;
    /// The id of the namespace of a name, which takes reading none of its members.
    fn namespace_id(&self, name: &NamespaceName) -> Result<Option<NamespaceId>, Error>;
    /// How far the audit is.
    fn audit_log(&self) -> AuditLog;
    /// Entries of the audit, of one namespace or of all, with these numbers; the newest first.
    fn audit(
        &self,
        namespace: Option<NamespaceId>,
        numbers: Range<u64>,
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), Error>;
    /// The number of the first entry of the audit that was written at this time or later, or that the next entry gets.
    fn audit_since(&self, at: i64) -> Result<u64, Error>;

    /// What the state would be with more records. Nothing is written.
    ///
    /// # Errors
    /// Those of reading.
    fn draft(&self) -> Result<Box<dyn Draft + '_>, Error>;
}

/// A state as it would be: for a decision of several steps, each of which must see what the ones before it write.
pub trait Draft: State {
    /// Folds records as the writer would.
    ///
    /// # Errors
    /// Those of reading.
    fn add(&mut self, records: &[Record]) -> Result<(), Error>;
}
