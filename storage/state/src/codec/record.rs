//! Records as the log holds them.
//!
//! A record is `kind, format, position, time, body, CRC-32C`. The checksum is our own and covers the record's place in the
//! history too: RocksDB's checksums guard its blocks, ours tells that a record is the one that was written there. A schema
//! names its text by key, so the log holds each text once however often it is written again.
//!
//! Kind numbers are assigned once. Those below 64 belong to the registry log, the others to the internal log. The audit is not
//! here: see `audit`.

use super::bytes::{Codec, Input, Malformed};
use super::former::{self, Former};
use crate::{Error, TextKey};
use model::{
    Config, Content, Context, InternalRecord, Record, RegistryRecord, SchemaRecord, SchemaType, Stamped, Subject,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const SCHEMA: u8 = 1;
const SCHEMA_TOMBSTONE: u8 = 2;
const DELETE_SUBJECT: u8 = 3;
const CLEAR_SUBJECT: u8 = 4;
const CONFIG: u8 = 5;
const MODE: u8 = 6;
const CONTEXT: u8 = 7;
const ASSOCIATION: u8 = 8;
const HIGH_WATER: u8 = 64;
/// Until format 2: a namespace, member by member.
const FORMER_NAMESPACE: u8 = 65;
const NAMESPACE_REMOVED: u8 = 66;
/// Until format 2: an entry of the audit.
const FORMER_AUDIT: u8 = 67;
/// Until format 2: entries of the audit are forgotten.
const FORMER_AUDIT_FORGOTTEN: u8 = 68;
const VACANT: u8 = 69;
const NAMESPACE: u8 = 70;
const KEK: u8 = 71;
const KEK_REMOVED: u8 = 72;
const DEK: u8 = 73;
const DEK_REMOVED: u8 = 74;

/// The format of every kind so far. A kind that changes gets a new number beside the old one, which stays readable.
const FORMAT: u8 = 1;

/// The name of a text.
pub fn text_key(text: &str) -> TextKey {
    TextKey(Sha256::digest(text.as_bytes()).into())
}

/// The bytes of a record at its place in the history. `text` names the text of a schema record and is ignored for others.
pub fn encode(sequence: u64, stamped: &Stamped, text: Option<TextKey>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend([kind(&stamped.record), FORMAT]);
    stamped.position.put(&mut out);
    stamped.at.put(&mut out);
    match &stamped.record {
        Record::Registry(record) => put_registry(record, text, &mut out),
        Record::Internal(record) => put_internal(record, &mut out),
        // It is never written here, and would be a place that holds nothing.
        Record::Audit(_) => {}
    }
    let sum = checksum(sequence, &out);
    out.extend(sum.to_le_bytes());
    out
}

/// Reads a record. `text` fetches the text of a schema record.
///
/// # Errors
/// `Corrupt` when the bytes are not a record written at this place, or its text is missing; those of `text`.
pub fn decode(
    sequence: u64,
    bytes: &[u8],
    mut text: impl FnMut(&TextKey) -> Result<Option<Arc<str>>, Error>,
) -> Result<Stamped, Error> {
    let mut take = || {
        let mut input = Input(checked(sequence, bytes)?);
        take(&mut input, &mut |key| text(&key)?.ok_or(Error::from(Malformed("the text of a schema record is missing"))))
    };
    take().map_err(|error| match error {
        Error::Corrupt(why) => Error::Corrupt(format!("log record {sequence}: {why}")),
        other => other,
    })
}

/// Reads a record without fetching its text: is it whole, which log is it of, where in it, and which text does it name?
///
/// # Errors
/// `Corrupt` when the bytes are not a record written at this place.
pub fn inspect(sequence: u64, bytes: &[u8]) -> Result<Inspected, Error> {
    let mut seen = None;
    let stamped = decode(sequence, bytes, |key| {
        seen = Some(*key);
        Ok(Some("".into()))
    })?;
    let internal = matches!(stamped.record, Record::Internal(_));
    Ok(Inspected { internal, position: stamped.position, text: seen })
}

/// What `inspect` tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inspected {
    /// Is it a record of the internal log?
    pub internal: bool,
    /// The position in its own log.
    pub position: u64,
    /// The text that it names.
    pub text: Option<TextKey>,
}

/// What a record of format 1 says about the audit, which was part of the internal log then: its position and time, and the
/// change. `None` where the bytes are any other record.
///
/// # Errors
/// `Corrupt` when the bytes are not a record written at this place.
pub fn former_audit(sequence: u64, bytes: &[u8]) -> Result<Option<(u64, i64, Former)>, Malformed> {
    let (Some(kind @ (FORMER_AUDIT | FORMER_AUDIT_FORGOTTEN)), Some(&FORMAT)) = (bytes.first().copied(), bytes.get(1))
    else {
        return Ok(None);
    };
    let mut input = Input(&checked(sequence, bytes)?[2..]);
    let (position, at) = (u64::take(&mut input)?, i64::take(&mut input)?);
    let change = match kind {
        FORMER_AUDIT => Former::Entry(Box::new(former::take_audit(&mut input)?)),
        _ => Former::Forgotten { before: i64::take(&mut input)? },
    };
    input.end()?;
    Ok(Some((position, at, change)))
}

fn kind(record: &Record) -> u8 {
    match record {
        Record::Registry(RegistryRecord::Schema(_)) => SCHEMA,
        Record::Registry(RegistryRecord::SchemaTombstone { .. }) => SCHEMA_TOMBSTONE,
        Record::Registry(RegistryRecord::DeleteSubject { .. }) => DELETE_SUBJECT,
        Record::Registry(RegistryRecord::ClearSubject { .. }) => CLEAR_SUBJECT,
        Record::Registry(RegistryRecord::Config { .. }) => CONFIG,
        Record::Registry(RegistryRecord::Mode { .. }) => MODE,
        Record::Registry(RegistryRecord::Context { .. }) => CONTEXT,
        Record::Registry(RegistryRecord::Association { .. }) => ASSOCIATION,
        Record::Internal(InternalRecord::HighWater { .. }) => HIGH_WATER,
        Record::Internal(InternalRecord::Namespace(_)) => NAMESPACE,
        Record::Internal(InternalRecord::NamespaceRemoved { .. }) => NAMESPACE_REMOVED,
        Record::Internal(InternalRecord::Kek(_)) => KEK,
        Record::Internal(InternalRecord::KekRemoved { .. }) => KEK_REMOVED,
        Record::Internal(InternalRecord::Dek(_)) => DEK,
        Record::Internal(InternalRecord::DekRemoved { .. }) => DEK_REMOVED,
        Record::Internal(InternalRecord::Vacant) | Record::Audit(_) => VACANT,
    }
}

/// A fingerprint without a scheme, which records had until format 3 of the directory. It is passed over.
type FormerFingerprint = [u8; 8];

fn put_registry(record: &RegistryRecord, text: Option<TextKey>, out: &mut Vec<u8>) {
    match record {
        RegistryRecord::Schema(schema) => {
            let content = &schema.content;
            schema.subject.put(out);
            schema.version.put(out);
            schema.id.put(out);
            schema.deleted.put(out);
            None::<FormerFingerprint>.put(out);
            content.schema_type.put(out);
            text.unwrap_or_else(|| text_key(&content.text)).put(out);
            content.references.put(out);
            content.metadata.put(out);
            content.rule_set.put(out);
        }
        RegistryRecord::SchemaTombstone { subject, version }
        | RegistryRecord::DeleteSubject { subject, through: version } => {
            subject.put(out);
            version.put(out);
        }
        RegistryRecord::ClearSubject { scope } => scope.put(out),
        RegistryRecord::Config { scope, config } => {
            scope.put(out);
            config.is_some().put(out);
            if let Some(config) = config {
                config.put(out);
            }
        }
        RegistryRecord::Mode { scope, mode } => {
            scope.put(out);
            mode.put(out);
        }
        RegistryRecord::Context { context, exists } => {
            context.put(out);
            exists.put(out);
        }
        RegistryRecord::Association { key, association } => {
            key.put(out);
            association.put(out);
        }
    }
}

fn take(input: &mut Input<'_>, text: &mut dyn FnMut(TextKey) -> Result<Arc<str>, Error>) -> Result<Stamped, Error> {
    let kind = input.byte()?;
    if input.byte()? != FORMAT {
        return Err(Malformed("an unknown format").into());
    }
    let position = u64::take(input)?;
    let at = i64::take(input)?;
    let record = match kind {
        SCHEMA => Record::Registry(RegistryRecord::Schema(take_schema(input, text)?)),
        HIGH_WATER.. => Record::Internal(take_internal(kind, input)?),
        other => Record::Registry(take_registry(other, input)?),
    };
    input.end()?;
    Ok(Stamped { position, at, record })
}

fn put_internal(record: &InternalRecord, out: &mut Vec<u8>) {
    match record {
        InternalRecord::HighWater { context, id } => {
            context.put(out);
            id.put(out);
        }
        InternalRecord::Namespace(namespace) => namespace.put(out),
        InternalRecord::NamespaceRemoved { name } => name.put(out),
        InternalRecord::Kek(kek) => kek.put(out),
        InternalRecord::KekRemoved { name } => name.put(out),
        InternalRecord::Dek(dek) => dek.put(out),
        InternalRecord::DekRemoved { id } => id.put(out),
        InternalRecord::Vacant => {}
    }
}

fn take_internal(kind: u8, input: &mut Input<'_>) -> Result<InternalRecord, Malformed> {
    Ok(match kind {
        HIGH_WATER => InternalRecord::HighWater { context: Context::take(input)?, id: i32::take(input)? },
        NAMESPACE => InternalRecord::Namespace(Box::new(Codec::take(input)?)),
        FORMER_NAMESPACE => InternalRecord::Namespace(Box::new(former::take_namespace(input)?)),
        NAMESPACE_REMOVED => InternalRecord::NamespaceRemoved { name: Codec::take(input)? },
        KEK => InternalRecord::Kek(Box::new(Codec::take(input)?)),
        KEK_REMOVED => InternalRecord::KekRemoved { name: Codec::take(input)? },
        DEK => InternalRecord::Dek(Box::new(Codec::take(input)?)),
        DEK_REMOVED => InternalRecord::DekRemoved { id: Box::new(Codec::take(input)?) },
        VACANT => InternalRecord::Vacant,
        _ => return Err(Malformed("an unknown kind of record")),
    })
}

fn take_registry(kind: u8, input: &mut Input<'_>) -> Result<RegistryRecord, Malformed> {
    Ok(match kind {
        SCHEMA_TOMBSTONE => {
            RegistryRecord::SchemaTombstone { subject: Subject::take(input)?, version: i32::take(input)? }
        }
        DELETE_SUBJECT => RegistryRecord::DeleteSubject { subject: Subject::take(input)?, through: i32::take(input)? },
        CLEAR_SUBJECT => RegistryRecord::ClearSubject { scope: Subject::take(input)? },
        CONFIG => {
            let scope = Subject::take(input)?;
            let config: Option<Config> = Codec::take(input)?;
            RegistryRecord::Config { scope, config: config.map(Box::new) }
        }
        MODE => RegistryRecord::Mode { scope: Subject::take(input)?, mode: Codec::take(input)? },
        CONTEXT => RegistryRecord::Context { context: Context::take(input)?, exists: bool::take(input)? },
        ASSOCIATION => {
            RegistryRecord::Association { key: Box::new(Codec::take(input)?), association: Codec::take(input)? }
        }
        _ => return Err(Malformed("an unknown kind of record")),
    })
}

fn take_schema(
    input: &mut Input<'_>,
    text: &mut dyn FnMut(TextKey) -> Result<Arc<str>, Error>,
) -> Result<SchemaRecord, Error> {
    let subject = Subject::take(input)?;
    let version = i32::take(input)?;
    let id = i32::take(input)?;
    let deleted = bool::take(input)?;
    let _: Option<FormerFingerprint> = Codec::take(input)?;
    let schema_type = SchemaType::take(input)?;
    let key = TextKey::take(input)?;
    let references = Codec::take(input)?;
    let metadata = Codec::take(input)?;
    let rule_set = Codec::take(input)?;
    let content = Arc::new(Content { schema_type, text: text(key)?, references, metadata, rule_set });
    Ok(SchemaRecord { subject, version, id, content, deleted, hashes: None })
}

fn checked(sequence: u64, bytes: &[u8]) -> Result<&[u8], Malformed> {
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or(Malformed("bytes are missing at the end"))?;
    if checksum(sequence, body) != u32::from_le_bytes(*sum) {
        return Err(Malformed("the checksum does not match"));
    }
    Ok(body)
}

fn checksum(sequence: u64, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&sequence.to_be_bytes()), body)
}

impl Codec for Subject {
    fn put(&self, out: &mut Vec<u8>) {
        super::bytes::put_text(self.as_str(), out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Subject::parse(input.text()?))
    }
}

impl Codec for Context {
    fn put(&self, out: &mut Vec<u8>) {
        super::bytes::put_text(self.as_str(), out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Context::new(input.text()?).ok_or(Malformed("not a context"))
    }
}
