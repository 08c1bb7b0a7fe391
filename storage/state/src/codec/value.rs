//! Values of the state: what stands behind a key of `key`.
//!
//! The state can be folded again from the log, yet its values carry a format too: an older state is read, not rebuilt. The
//! flags of a version stand in a fixed place, so that marking it deleted does not need the rest.

use super::bytes::{Codec, Input, Malformed};
use super::former;
use crate::{
    AuditEntry, AuditLog, Chain, Feed, KeyCounts, StoredAssociation, StoredDek, StoredKek, StoredVersion,
    SubjectSummary, Totals,
};
use model::{
    AssociationKey, AuditRecord, Dek, Kek, Namespace, NamespaceId, NamespaceName, Position, SchemaId, Subject, Version,
};

type Result<T> = std::result::Result<T, Malformed>;

const FORMAT: u8 = 1;
/// Of a namespace with an id, and members named by bits.
const NAMESPACE_FORMAT: u8 = 2;
/// Of a head that says how far the audit is, and how many versions are of which format.
const FORMER_HEAD_FORMAT: u8 = 2;
/// Of a head that says which records the store holds.
const HEAD_FORMAT: u8 = 3;
const FLAGS_AT: usize = 1;

const DELETED: u8 = 1;
const METADATA: u8 = 2;
const RULE_SET: u8 = 4;
/// Until format 3 a fingerprint stood here, of no scheme; it is passed over.
const FORMER_FINGERPRINT: u8 = 8;
/// The length of the text stands behind its key; until format 4 it did not.
const LENGTH: u8 = 16;

/// The bytes of a version; subject and number are in its key.
pub fn version(version: &StoredVersion) -> Vec<u8> {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let mut out = Vec::with_capacity(96);
    out.push(FORMAT);
    out.push(
        LENGTH
            | flag(version.deleted, DELETED)
            | flag(version.metadata.is_some(), METADATA)
            | flag(version.rule_set.is_some(), RULE_SET),
    );
    version.id.put(&mut out);
    version.guid.put(&mut out);
    version.text.put(&mut out);
    version.length.put(&mut out);
    version.at.put(&mut out);
    version.schema_type.put(&mut out);
    version.references.put(&mut out);
    if let Some(metadata) = &version.metadata {
        metadata.put(&mut out);
    }
    if let Some(rule_set) = &version.rule_set {
        rule_set.put(&mut out);
    }
    out
}

/// Reads what `version` wrote. Of what was written before format 4 the length is 0; `bring_up` in `storage::former` makes it known.
pub fn take_version(subject: Subject, version: Version, bytes: &[u8]) -> Result<StoredVersion> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return Err(Malformed("a version of unknown format"));
    }
    let flags = input.byte()?;
    if flags & !(DELETED | METADATA | RULE_SET | FORMER_FINGERPRINT | LENGTH) != 0 {
        return Err(Malformed("a version with unknown flags"));
    }
    let set = |bit: u8| flags & bit != 0;
    let id = Codec::take(&mut input)?;
    let guid = Codec::take(&mut input)?;
    let text = Codec::take(&mut input)?;
    let length = if set(LENGTH) { Codec::take(&mut input)? } else { 0 };
    let at = Codec::take(&mut input)?;
    let schema_type = Codec::take(&mut input)?;
    let references = Codec::take(&mut input)?;
    if set(FORMER_FINGERPRINT) {
        input.array::<8>()?;
    }
    let metadata = set(METADATA).then(|| Codec::take(&mut input)).transpose()?;
    let rule_set = set(RULE_SET).then(|| Codec::take(&mut input)).transpose()?;
    input.end()?;
    let deleted = set(DELETED);
    Ok(StoredVersion {
        subject,
        version,
        id,
        guid,
        schema_type,
        text,
        length,
        references,
        metadata,
        rule_set,
        deleted,
        at,
    })
}

/// Does a version, as its bytes stand, say how long its text is?
pub fn has_length(version: &[u8]) -> Result<bool> {
    Ok(flags(version)? & LENGTH != 0)
}

/// Is a version, as its bytes stand, soft-deleted?
pub fn is_deleted(version: &[u8]) -> Result<bool> {
    Ok(flags(version)? & DELETED != 0)
}

fn flags(version: &[u8]) -> Result<u8> {
    version.get(FLAGS_AT).copied().ok_or(Malformed("a version without flags"))
}

/// Marks a version, as its bytes stand, as soft-deleted.
pub fn mark_deleted(version: &mut [u8]) -> Result<()> {
    *version.get_mut(FLAGS_AT).ok_or(Malformed("a version without flags"))? |= DELETED;
    Ok(())
}

/// The bytes of an association; what tells it from others is in its key.
pub fn association(stored: &StoredAssociation) -> Vec<u8> {
    let mut out = vec![FORMAT];
    stored.association.put(&mut out);
    stored.created.put(&mut out);
    stored.updated.put(&mut out);
    out
}

/// Reads what `association` wrote.
pub fn take_association(key: AssociationKey, bytes: &[u8]) -> Result<StoredAssociation> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return Err(Malformed("an association of unknown format"));
    }
    let association = Codec::take(&mut input)?;
    let (created, updated) = (Codec::take(&mut input)?, Codec::take(&mut input)?);
    input.end()?;
    Ok(StoredAssociation { key, association, created, updated })
}

/// The bytes of a KEK, written at a time.
pub fn kek(at: i64, kek: &Kek) -> Vec<u8> {
    timed(at, kek)
}

/// Reads what `kek` wrote.
pub fn take_kek(bytes: &[u8]) -> Result<StoredKek> {
    let (at, kek) = take_timed(bytes, "a KEK of unknown format")?;
    Ok(StoredKek { kek, at })
}

/// The bytes of a DEK, written at a time.
pub fn dek(at: i64, dek: &Dek) -> Vec<u8> {
    timed(at, dek)
}

/// Reads what `dek` wrote.
pub fn take_dek(bytes: &[u8]) -> Result<StoredDek> {
    let (at, dek) = take_timed(bytes, "a DEK of unknown format")?;
    Ok(StoredDek { dek, at })
}

fn timed<T: Codec>(at: i64, value: &T) -> Vec<u8> {
    let mut out = vec![FORMAT];
    at.put(&mut out);
    value.put(&mut out);
    out
}

fn take_timed<T: Codec>(bytes: &[u8], unknown: &'static str) -> Result<(i64, T)> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return Err(Malformed(unknown));
    }
    let timed = (Codec::take(&mut input)?, Codec::take(&mut input)?);
    input.end()?;
    Ok(timed)
}

/// The bytes of a namespace.
pub fn namespace(namespace: &Namespace) -> Vec<u8> {
    let mut out = vec![NAMESPACE_FORMAT];
    namespace.put(&mut out);
    out
}

/// Reads what `namespace` wrote, also before namespaces had ids.
pub fn take_namespace(bytes: &[u8]) -> Result<Namespace> {
    let mut input = Input(bytes);
    let namespace = match input.byte()? {
        FORMAT => former::take_namespace(&mut input)?,
        NAMESPACE_FORMAT => Codec::take(&mut input)?,
        _ => return Err(Malformed("a namespace of unknown format")),
    };
    input.end()?;
    Ok(namespace)
}

/// The id of a namespace, as its bytes stand, without reading its members.
pub fn namespace_id(name: &NamespaceName, bytes: &[u8]) -> Result<NamespaceId> {
    let mut input = Input(bytes);
    match input.byte()? {
        FORMAT => Ok(NamespaceId::of_name(name)),
        NAMESPACE_FORMAT => {
            // Which members there are comes first.
            u64::take(&mut input)?;
            Codec::take(&mut input)
        }
        _ => Err(Malformed("a namespace of unknown format")),
    }
}

/// The bytes of an entry of the audit; its number is its key.
pub fn audit_entry(at: i64, previous: &Chain, record: &AuditRecord) -> Vec<u8> {
    let mut out = vec![FORMAT];
    at.put(&mut out);
    previous.put(&mut out);
    record.put(&mut out);
    out
}

/// Reads what `audit_entry` wrote.
pub fn take_audit_entry(number: u64, bytes: &[u8]) -> Result<AuditEntry> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return Err(Malformed("an entry of the audit of unknown format"));
    }
    let (at, previous) = (Codec::take(&mut input)?, Codec::take(&mut input)?);
    let record = AuditRecord::take(&mut input)?;
    input.end()?;
    Ok(AuditEntry { number, at, previous, record })
}

/// How far the state is, and the counts of all of it. One value, because every record changes most of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// How far it is in the logs.
    pub position: Position,
    /// Numbers of the records that the store holds.
    pub feed: Feed,
    /// The time of the newest record; the clock of the writer never runs behind it.
    pub at: i64,
    /// Counts.
    pub totals: Totals,
    /// The audit.
    pub audit: AuditLog,
}

impl Codec for Head {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(HEAD_FORMAT);
        self.position.registry.put(out);
        self.position.internal.put(out);
        self.at.put(out);
        self.totals.subjects.put(out);
        self.totals.versions.put(out);
        self.totals.live_versions.put(out);
        [self.totals.json, self.totals.protobuf, self.totals.foreign].iter().for_each(|count| count.put(out));
        self.audit.put(out);
        self.feed.first.put(out);
        self.feed.next.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        let format = input.byte()?;
        if !matches!(format, FORMAT | FORMER_HEAD_FORMAT | HEAD_FORMAT) {
            return Err(Malformed("a head of unknown format"));
        }
        let position = Position { registry: Codec::take(input)?, internal: Codec::take(input)? };
        let at = Codec::take(input)?;
        let (subjects, versions, live_versions) = (Codec::take(input)?, Codec::take(input)?, Codec::take(input)?);
        let totals = Totals { subjects, versions, live_versions, ..Totals::default() };
        if format == FORMAT {
            // Of a time when nothing but Avro was taken.
            return Ok(Head { position, feed: Feed::former(position), at, totals, audit: AuditLog::default() });
        }
        let totals =
            Totals { json: Codec::take(input)?, protobuf: Codec::take(input)?, foreign: Codec::take(input)?, ..totals };
        let audit = Codec::take(input)?;
        let feed = match format {
            HEAD_FORMAT => Feed { first: Codec::take(input)?, next: Codec::take(input)? },
            _ => Feed::former(position),
        };
        if feed.first > feed.next {
            return Err(Malformed("a feed that ends before it begins"));
        }
        Ok(Head { position, feed, at, totals, audit })
    }
}

impl Codec for KeyCounts {
    fn put(&self, out: &mut Vec<u8>) {
        [self.keks, self.shared_keks, self.deks].iter().for_each(|count| count.put(out));
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(KeyCounts { keks: Codec::take(input)?, shared_keks: Codec::take(input)?, deks: Codec::take(input)? })
    }
}

impl Codec for AuditLog {
    fn put(&self, out: &mut Vec<u8>) {
        [self.first, self.next].iter().for_each(|number| number.put(out));
        self.oldest.put(out);
        self.hash.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        let (first, next) = (Codec::take(input)?, Codec::take(input)?);
        let log = AuditLog { first, next, oldest: Codec::take(input)?, hash: Codec::take(input)? };
        if log.first > log.next { Err(Malformed("an audit that ends before it begins")) } else { Ok(log) }
    }
}

impl Codec for SubjectSummary {
    fn put(&self, out: &mut Vec<u8>) {
        self.versions.put(out);
        self.live.put(out);
        self.highest.put(out);
        self.latest.put(out);
        self.bytes.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(SubjectSummary {
            versions: Codec::take(input)?,
            live: Codec::take(input)?,
            highest: Codec::take(input)?,
            latest: Codec::take(input)?,
            // Until format 4 bytes were not counted.
            bytes: if input.0.is_empty() { 0 } else { Codec::take(input)? },
        })
    }
}

/// The ids under which content is known in a context, and how many versions hold each, the id written last at the end.
///
/// More than one when somebody gave equal content two ids (IMPORT does), or where contents share a hash. The counts tell when an id has lost its last
/// holder without reading all holders.
pub type Ids = Vec<(SchemaId, u32)>;
