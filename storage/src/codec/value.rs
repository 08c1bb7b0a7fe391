//! Values of the state: what stands behind a key of `key`.
//!
//! The state can be folded again from the log, yet its values carry a format too: an older state is read, not rebuilt. The
//! flags of a version stand in a fixed place, so that marking it deleted does not need the rest.

use super::bytes::{Form, Input, Malformed};
use crate::{StoredAssociation, StoredVersion, SubjectSummary, Totals};
use model::{AssociationKey, Position, SchemaId, Subject, Version};

type Result<T> = std::result::Result<T, Malformed>;

const FORMAT: u8 = 1;
const FLAGS_AT: usize = 1;

const DELETED: u8 = 1;
const METADATA: u8 = 2;
const RULE_SET: u8 = 4;
const FINGERPRINT: u8 = 8;

/// The bytes of a version; subject and number are in its key.
pub fn version(version: &StoredVersion) -> Vec<u8> {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let mut out = Vec::with_capacity(96);
    out.push(FORMAT);
    out.push(
        flag(version.deleted, DELETED)
            | flag(version.metadata.is_some(), METADATA)
            | flag(version.rule_set.is_some(), RULE_SET)
            | flag(version.fingerprint.is_some(), FINGERPRINT),
    );
    version.id.put(&mut out);
    version.guid.put(&mut out);
    version.text.put(&mut out);
    version.at.put(&mut out);
    version.schema_type.put(&mut out);
    version.references.put(&mut out);
    if let Some(fingerprint) = version.fingerprint {
        fingerprint.to_le_bytes().put(&mut out);
    }
    if let Some(metadata) = &version.metadata {
        metadata.put(&mut out);
    }
    if let Some(rule_set) = &version.rule_set {
        rule_set.put(&mut out);
    }
    out
}

/// Reads what `version` wrote.
pub fn take_version(subject: Subject, version: Version, bytes: &[u8]) -> Result<StoredVersion> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return Err(Malformed("a version of unknown format"));
    }
    let flags = input.byte()?;
    if flags & !(DELETED | METADATA | RULE_SET | FINGERPRINT) != 0 {
        return Err(Malformed("a version with unknown flags"));
    }
    let set = |bit: u8| flags & bit != 0;
    let id = Form::take(&mut input)?;
    let guid = Form::take(&mut input)?;
    let text = Form::take(&mut input)?;
    let at = Form::take(&mut input)?;
    let schema_type = Form::take(&mut input)?;
    let references = Form::take(&mut input)?;
    let fingerprint = set(FINGERPRINT).then(|| input.array()).transpose()?.map(u64::from_le_bytes);
    let metadata = set(METADATA).then(|| Form::take(&mut input)).transpose()?;
    let rule_set = set(RULE_SET).then(|| Form::take(&mut input)).transpose()?;
    input.end()?;
    let deleted = set(DELETED);
    Ok(StoredVersion {
        subject,
        version,
        id,
        guid,
        schema_type,
        text,
        references,
        metadata,
        rule_set,
        deleted,
        at,
        fingerprint,
    })
}

/// Is a version, as its bytes stand, soft-deleted?
pub fn is_deleted(version: &[u8]) -> Result<bool> {
    match version.get(FLAGS_AT) {
        Some(flags) => Ok(flags & DELETED != 0),
        None => Err(Malformed("a version without flags")),
    }
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
    let association = Form::take(&mut input)?;
    let (created, updated) = (Form::take(&mut input)?, Form::take(&mut input)?);
    input.end()?;
    Ok(StoredAssociation { key, association, created, updated })
}

/// The bytes of a namespace or of an entry of the audit.
pub fn house<T: Form>(value: &T) -> Vec<u8> {
    let mut out = vec![FORMAT];
    value.put(&mut out);
    out
}

/// Reads what `house` wrote.
pub fn take_house<T: Form>(bytes: &[u8]) -> Result<T> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return Err(Malformed("a value of unknown format"));
    }
    let value = T::take(&mut input)?;
    input.end()?;
    Ok(value)
}

/// How far the state is, and the counts of all of it. One value, because every record changes most of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// Records folded.
    pub position: Position,
    /// The time of the newest record; the clock of the writer never runs behind it.
    pub at: i64,
    /// Counts.
    pub totals: Totals,
}

impl Head {
    /// Records of both logs, which is also the place of the next record in the common history.
    pub fn sequence(&self) -> u64 {
        sequence(self.position)
    }
}

/// Records of both logs up to a position.
pub fn sequence(position: Position) -> u64 {
    position.registry.saturating_add(position.house)
}

impl Form for Head {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        self.position.registry.put(out);
        self.position.house.put(out);
        self.at.put(out);
        self.totals.subjects.put(out);
        self.totals.versions.put(out);
        self.totals.live_versions.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        if input.byte()? != FORMAT {
            return Err(Malformed("a head of unknown format"));
        }
        let position = Position { registry: Form::take(input)?, house: Form::take(input)? };
        let at = Form::take(input)?;
        let totals =
            Totals { subjects: Form::take(input)?, versions: Form::take(input)?, live_versions: Form::take(input)? };
        Ok(Head { position, at, totals })
    }
}

impl Form for SubjectSummary {
    fn put(&self, out: &mut Vec<u8>) {
        self.versions.put(out);
        self.live.put(out);
        self.highest.put(out);
        self.latest.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(SubjectSummary {
            versions: Form::take(input)?,
            live: Form::take(input)?,
            highest: Form::take(input)?,
            latest: Form::take(input)?,
        })
    }
}

/// The ids under which content is known in a context, and how many versions hold each, the id written last at the end.
///
/// More than one only when a foreign writer gave equal content two ids. The counts tell when an id has lost its last
/// holder without reading all holders.
pub type Ids = Vec<(SchemaId, u32)>;
