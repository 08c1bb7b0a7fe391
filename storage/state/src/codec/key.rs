//! Keys of the state: which question is answered where.
//!
//! A key is a tag and the parts of the question, so that the order of keys is the order of the answer. Texts inside keys end
//! with `00 01`, and a NUL inside them is written `00 FF`: keys stay unambiguous for any subject, and their order is that of
//! the texts. Numbers are big-endian with the sign bit turned, so negative ones of a foreign log sort first.

mod association;
mod encryption;
mod fingerprint;

pub(crate) use association::*;
pub(crate) use encryption::*;
pub use fingerprint::former_fingerprint;
pub(crate) use fingerprint::*;

use super::bytes::{Input, Malformed};
use model::{Context, Guid, NamespaceId, NamespaceName, SchemaId, Subject, Version};

type Result<T> = std::result::Result<T, Malformed>;

/// The first byte of a key. Each number is assigned once: one that is not in use any more stays here, as a former one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Tag {
    /// subject, version → `value::version`
    Version = 1,
    /// subject → `SubjectSummary`
    Subject = 2,
    /// Until format 3: subject, fingerprint or none, version → nothing
    FormerFingerprint = 3,
    /// context, id, subject, version → nothing
    Holder = 4,
    /// guid, context → `value::Ids`
    Ids = 5,
    /// subject, version, referring context, id, subject and version → nothing
    Referrer = 6,
    /// scope → `Config`
    Config = 7,
    /// scope → `Mode`
    Mode = 8,
    /// context → nothing
    Context = 9,
    /// context → the highest id seen
    HighestId = 10,
    /// context → the highest id handed out
    HighWater = 11,
    /// name → `value::namespace`
    Namespace = 12,
    /// Until format 2: time, position → an entry of the audit. See `former`.
    FormerAudit = 13,
    /// Until format 2: namespace, time, position → nothing
    FormerAuditOf = 14,
    /// name, namespace, type of a resource, type of the association, subject → `value::association`
    Association = 15,
    /// subject, the parts of an association's key → nothing
    AssociationOfSubject = 16,
    /// id of the resource, the parts of an association's key → nothing
    AssociationOfResource = 17,
    /// namespace of the resource, the parts of an association's key → nothing
    AssociationInNamespace = 18,
    /// id of a namespace, number of an entry of the audit → nothing
    AuditOf = 19,
    /// key of the first entry of a block, which is that of a version or of a subject → `tally::Tally`
    Tally = 24,
    /// context, id → the key of the holder that is shown; see `shown`
    Shown = 25,
    /// name → `value::kek`
    Kek = 26,
    /// name of the KEK, subject, algorithm, version → `value::dek`
    Dek = 27,
    /// In the table `Derived`: subject, fingerprint or none, version → nothing, or that computing one failed
    Fingerprint = 32,
    /// In the table `Derived`: subject, version → what is known of the fingerprint
    FingerprintOf = 33,
}

/// The place of `value::Head` in the table `Meta`.
pub const HEAD: &[u8] = b"head";
/// In the table `Meta`: see `State::namespaces_at`. A store that was written before this was kept has none until the next change
/// of a namespace.
pub(crate) const NAMESPACES_AT: &[u8] = b"namespaces_at";
/// In the table `Meta`: how many encryption keys there are. Absent where there are none.
pub(crate) const KEY_COUNTS: &[u8] = b"key_counts";
/// In the table `Derived`: how far fingerprints have been computed.
pub(crate) const FINGERPRINTS: &[u8] = b"fingerprints";
/// Stands in the table `Meta` while a restore runs.
pub const RESTORING: &[u8] = b"restoring";

/// A key under construction.
pub(crate) struct Key(Vec<u8>);

impl Key {
    fn new(tag: Tag) -> Self {
        Key::tagged(tag as u8)
    }

    fn tagged(tag: u8) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(tag);
        Key(bytes)
    }

    fn open_text(mut self, text: &str) -> Self {
        for &byte in text.as_bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xff);
            }
        }
        self
    }

    fn text(self, text: &str) -> Self {
        self.open_text(text).raw(&[0, 1])
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn number(self, number: i32) -> Self {
        self.raw(&(number as u32 ^ 1 << 31).to_be_bytes())
    }

    fn place(self, at: i64, position: u64) -> Self {
        self.raw(&(at as u64 ^ 1 << 63).to_be_bytes()).raw(&position.to_be_bytes())
    }
}

/// Keys from the first, inclusive, to the second, exclusive.
pub type Range = (Vec<u8>, Vec<u8>);

/// All keys that begin with these bytes, which are neither empty nor all `FF` because they begin with a tag.
fn beginning(prefix: Key) -> Range {
    let start = prefix.0;
    let mut end = start.clone();
    while end.last() == Some(&0xff) {
        end.pop();
    }
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    (start, end)
}

/// The place of a record in the table `Log`.
pub fn log(sequence: u64) -> Vec<u8> {
    sequence.to_be_bytes().to_vec()
}

/// Reads what `log` wrote.
///
/// # Errors
/// `Malformed` for anything else.
pub fn take_log(key: &[u8]) -> Result<u64> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| Malformed("a key of the log is not eight bytes long"))
}

pub(crate) fn version(subject: &Subject, version: Version) -> Vec<u8> {
    Key::new(Tag::Version).text(subject.as_str()).number(version).0
}

pub(crate) fn versions(subject: &Subject) -> Range {
    beginning(Key::new(Tag::Version).text(subject.as_str()))
}

/// Versions below one.
pub(crate) fn versions_below(subject: &Subject, version: Version) -> Range {
    (versions(subject).0, self::version(subject, version))
}

/// Versions from 1 to a version.
pub(crate) fn versions_through(subject: &Subject, through: Version) -> Range {
    let mut end = version(subject, through);
    end.push(0);
    (version(subject, 1), end)
}

/// Versions of subjects whose qualified text begins so.
pub(crate) fn versions_beginning(prefix: &str) -> Range {
    beginning(Key::new(Tag::Version).open_text(prefix))
}

/// Versions of a subject from 1 on; a foreign log may hold others.
pub(crate) fn numbered_versions(subject: &Subject) -> Range {
    (version(subject, 1), versions(subject).1)
}

pub(crate) fn is_version(key: &[u8]) -> bool {
    key.first() == Some(&(Tag::Version as u8))
}

pub(crate) fn take_version(key: &[u8]) -> Result<(Subject, Version)> {
    let mut parts = Parts::new(key, Tag::Version)?;
    Ok((parts.subject()?, parts.last_number()?))
}

pub(crate) fn subject(subject: &Subject) -> Vec<u8> {
    Key::new(Tag::Subject).text(subject.as_str()).0
}

/// Subjects whose qualified text begins so.
pub(crate) fn subjects_beginning(prefix: &str) -> Range {
    beginning(Key::new(Tag::Subject).open_text(prefix))
}

pub(crate) fn take_subject(key: &[u8]) -> Result<Subject> {
    let mut parts = Parts::new(key, Tag::Subject)?;
    let subject = parts.subject()?;
    parts.0.end()?;
    Ok(subject)
}

/// The context of what a key that begins with a subject is about.
pub(crate) fn context_of(key: &[u8]) -> Result<Context> {
    Ok(Parts(Input(key.get(1..).unwrap_or_default())).subject()?.context().clone())
}

/// The keys with the same tag as this one.
pub(crate) fn whole_table_of(key: &[u8]) -> Range {
    beginning(Key::tagged(key.first().copied().unwrap_or_default()))
}

/// The entries that are counted by blocks.
pub const COUNTED: [fn() -> Range; 2] = [|| beginning(Key::new(Tag::Version)), || beginning(Key::new(Tag::Subject))];

/// The block that begins at a key.
pub(crate) fn tally(entry: &[u8]) -> Vec<u8> {
    Key::new(Tag::Tally).raw(entry).0
}

/// The blocks that begin in a range.
pub fn tallies(entries: &Range) -> Range {
    (tally(&entries.0), tally(&entries.1))
}

/// Where a block begins.
pub(crate) fn take_tally(key: &[u8]) -> &[u8] {
    key.get(1..).unwrap_or_default()
}

pub(crate) fn holder(context: &Context, id: SchemaId, subject: &Subject, version: Version) -> Vec<u8> {
    Key::new(Tag::Holder).text(context.as_str()).number(id).text(subject.as_str()).number(version).0
}

pub(crate) fn holders(context: &Context, id: SchemaId) -> Range {
    beginning(Key::new(Tag::Holder).text(context.as_str()).number(id))
}

/// The holders of all ids of a context, ordered by id.
pub(crate) fn all_holders(context: &Context) -> Range {
    beginning(Key::new(Tag::Holder).text(context.as_str()))
}

/// Behind the holders of the id and of the subject of this one.
pub(crate) fn behind_holders_beside(holder: &[u8]) -> Vec<u8> {
    let subject = holder.len().saturating_sub(size_of::<Version>());
    beginning(Key(holder[..subject].to_vec())).1
}

pub(crate) fn shown(context: &Context, id: SchemaId) -> Vec<u8> {
    Key::new(Tag::Shown).text(context.as_str()).number(id).0
}

pub(crate) fn holders_in(subject: &Subject, id: SchemaId) -> Range {
    beginning(Key::new(Tag::Holder).text(subject.context().as_str()).number(id).text(subject.as_str()))
}

pub(crate) fn take_holder(key: &[u8]) -> Result<(Subject, Version)> {
    let mut parts = Parts::new(key, Tag::Holder)?;
    parts.text()?;
    parts.number()?;
    Ok((parts.subject()?, parts.last_number()?))
}

pub(crate) fn take_held_id(key: &[u8]) -> Result<SchemaId> {
    let mut parts = Parts::new(key, Tag::Holder)?;
    parts.text()?;
    parts.number()
}

pub(crate) fn ids(guid: Guid, context: &Context) -> Vec<u8> {
    Key::new(Tag::Ids).raw(&guid.0).text(context.as_str()).0
}

/// All content hashes, in all contexts.
pub(crate) fn all_ids() -> Range {
    beginning(Key::new(Tag::Ids))
}

pub(crate) fn ids_everywhere(guid: Guid) -> Range {
    beginning(Key::new(Tag::Ids).raw(&guid.0))
}

pub(crate) fn take_ids(key: &[u8]) -> Result<(Guid, Context)> {
    let mut parts = Parts::new(key, Tag::Ids)?;
    let guid = Guid(parts.0.array()?);
    let context = parts.context()?;
    parts.0.end()?;
    Ok((guid, context))
}

/// The entry of a referring version, whose own context and id come first because listings are ordered by them.
pub(crate) fn referrer(target: (&Subject, Version), by: (&Subject, Version), id: SchemaId) -> Vec<u8> {
    let key = Key::new(Tag::Referrer).text(target.0.as_str()).number(target.1);
    key.text(by.0.context().as_str()).number(id).text(by.0.as_str()).number(by.1).0
}

pub(crate) fn referrers(target: &Subject, version: Version) -> Range {
    beginning(Key::new(Tag::Referrer).text(target.as_str()).number(version))
}

/// Id, subject and version of the one that refers.
pub(crate) fn take_referrer(key: &[u8]) -> Result<(SchemaId, Subject, Version)> {
    let mut parts = Parts::new(key, Tag::Referrer)?;
    parts.text()?;
    parts.number()?;
    parts.text()?;
    Ok((parts.number()?, parts.subject()?, parts.last_number()?))
}

pub(crate) fn config(scope: &Subject) -> Vec<u8> {
    Key::new(Tag::Config).text(scope.as_str()).0
}

pub(crate) fn mode(scope: &Subject) -> Vec<u8> {
    Key::new(Tag::Mode).text(scope.as_str()).0
}

/// Configs of scopes whose qualified text begins so.
pub(crate) fn configs_beginning(prefix: &str) -> Range {
    beginning(Key::new(Tag::Config).open_text(prefix))
}

pub(crate) fn take_config(key: &[u8]) -> Result<Subject> {
    take_scope(key, Tag::Config)
}

/// Modes of scopes whose qualified text begins so.
pub(crate) fn modes_beginning(prefix: &str) -> Range {
    beginning(Key::new(Tag::Mode).open_text(prefix))
}

pub(crate) fn take_mode(key: &[u8]) -> Result<Subject> {
    take_scope(key, Tag::Mode)
}

fn take_scope(key: &[u8], tag: Tag) -> Result<Subject> {
    let mut parts = Parts::new(key, tag)?;
    let scope = parts.subject()?;
    parts.0.end()?;
    Ok(scope)
}

pub(crate) fn context(context: &Context) -> Vec<u8> {
    Key::new(Tag::Context).text(context.as_str()).0
}

pub(crate) fn contexts() -> Range {
    beginning(Key::new(Tag::Context))
}

/// The key behind another one, with nothing between them.
pub(crate) fn behind(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

pub(crate) fn take_context(key: &[u8]) -> Result<Context> {
    take_named(key, Tag::Context)
}

fn take_named(key: &[u8], tag: Tag) -> Result<Context> {
    let mut parts = Parts::new(key, tag)?;
    let context = parts.context()?;
    parts.0.end()?;
    Ok(context)
}

pub(crate) fn highest_id(context: &Context) -> Vec<u8> {
    Key::new(Tag::HighestId).text(context.as_str()).0
}

pub(crate) fn highest_ids() -> Range {
    beginning(Key::new(Tag::HighestId))
}

pub(crate) fn take_highest_id(key: &[u8]) -> Result<Context> {
    take_named(key, Tag::HighestId)
}

pub(crate) fn high_water(context: &Context) -> Vec<u8> {
    Key::new(Tag::HighWater).text(context.as_str()).0
}

pub(crate) fn high_waters() -> Range {
    beginning(Key::new(Tag::HighWater))
}

pub(crate) fn take_high_water(key: &[u8]) -> Result<Context> {
    take_named(key, Tag::HighWater)
}

pub(crate) fn namespace(name: &NamespaceName) -> Vec<u8> {
    Key::new(Tag::Namespace).text(name.as_str()).0
}

pub(crate) fn namespaces() -> Range {
    beginning(Key::new(Tag::Namespace))
}

/// Where an entry of the audit stood until format 2.
pub fn former_audit(at: i64, position: u64) -> Vec<u8> {
    Key::new(Tag::FormerAudit).place(at, position).0
}

/// The same, in the audit of a namespace.
pub fn former_audit_of(namespace: &NamespaceName, at: i64, position: u64) -> Vec<u8> {
    Key::new(Tag::FormerAuditOf).text(namespace.as_str()).place(at, position).0
}

/// The place of an entry in the table of the audit.
pub(crate) fn audit(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// Entries from a number, inclusive, to another one, exclusive.
pub(crate) fn audits(numbers: &std::ops::Range<u64>) -> Range {
    (audit(numbers.start), audit(numbers.end))
}

/// The number of an entry of the audit.
pub(crate) fn take_audit(key: &[u8]) -> Result<u64> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| Malformed("a number of the audit is not eight bytes long"))
}

pub(crate) fn audit_of(namespace: NamespaceId, number: u64) -> Vec<u8> {
    Key::new(Tag::AuditOf).raw(&namespace.0).raw(&number.to_be_bytes()).0
}

/// Entries of one namespace from a number, inclusive, to another one, exclusive.
pub(crate) fn audits_of(namespace: NamespaceId, numbers: &std::ops::Range<u64>) -> Range {
    (audit_of(namespace, numbers.start), audit_of(namespace, numbers.end))
}

/// The number of an entry of the audit of a namespace.
pub(crate) fn take_audit_of(key: &[u8]) -> Result<u64> {
    let mut parts = Parts::new(key, Tag::AuditOf)?;
    parts.0.array::<16>()?;
    let number = u64::from_be_bytes(parts.0.array()?);
    parts.0.end()?;
    Ok(number)
}

/// The parts of a key, read in order.
struct Parts<'a>(Input<'a>);

impl<'a> Parts<'a> {
    fn new(key: &'a [u8], tag: Tag) -> Result<Self> {
        let mut input = Input(key);
        if input.byte()? != tag as u8 {
            return Err(Malformed("a key with another tag"));
        }
        Ok(Parts(input))
    }

    fn text(&mut self) -> Result<String> {
        let mut text = Vec::new();
        loop {
            match self.0.byte()? {
                0 => match self.0.byte()? {
                    1 => break,
                    0xff => text.push(0),
                    _ => return Err(Malformed("a text in a key has no end")),
                },
                byte => text.push(byte),
            }
        }
        String::from_utf8(text).map_err(|_| Malformed("a text in a key is not UTF-8"))
    }

    fn subject(&mut self) -> Result<Subject> {
        Ok(Subject::parse(&self.text()?))
    }

    fn context(&mut self) -> Result<Context> {
        Context::new(&self.text()?).ok_or(Malformed("a key names no context"))
    }

    fn number(&mut self) -> Result<i32> {
        Ok((u32::from_be_bytes(self.0.array()?) ^ 1 << 31) as i32)
    }

    fn last_number(&mut self) -> Result<i32> {
        let number = self.number()?;
        self.0.end()?;
        Ok(number)
    }
}

#[cfg(test)]
mod tests;
