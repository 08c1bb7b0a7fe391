//! Fingerprints: which versions of a subject may mean the same as a schema, so that a look-up need not compare it with all.
//!
//! They follow from what is stored and are no facts. So they stand in a table of their own, `Derived`, that may be lost or be
//! of another release: what it does not say has to be compared, and never is an answer wrong. Each version has an entry under
//! its fingerprint, or where those are that nobody has computed one for; the fold keeps that for versions that come and go. A
//! writer who knows the fingerprint of what he registers passes it beside the record. The others are filled in by who can
//! read schemas, through `fill`.
//!
//! Fingerprints are of a scheme, which counts up in each language as the way to compute them changes. One of another scheme
//! says nothing.

use crate::codec::bytes::{Codec, Input, Malformed, decode, encode};
use crate::codec::key;
use crate::kv::{Direction, Kv, KvMut, Table};
use crate::{Error, Feed, StoredVersion, TextKey, query};
use model::{Fingerprint, Guid, Position, SchemaType, Subject, Version};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The format of the table. One of another format is as good as none.
const FORMAT: u8 = 2;
/// The same table, which says by positions how far it is.
const FORMER_FORMAT: u8 = 1;

/// The versions that may mean the same as a schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Equivalents {
    /// Their numbers, newest first.
    pub versions: Vec<Version>,
    /// Are some of them here only because nobody has computed their fingerprint?
    pub unknown: bool,
}

/// What was found out about the fingerprint of a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Derivation {
    /// By which scheme of its language; 0 where the language has none.
    pub scheme: u8,
    /// The fingerprint; `None` where the text cannot be read as a schema.
    pub value: Option<u64>,
}

/// How far all fingerprints have been computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// By which schemes.
    pub schemes: Schemes,
    /// For the versions of the records before this number of the feed; `None` when that was never done.
    pub through: Option<u64>,
}

/// The scheme of each language; 0 where it has none, or where fingerprints of several stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Schemes([u8; 3]);

impl Schemes {
    /// Of each language the scheme that `of` says.
    pub fn new(of: impl Fn(&SchemaType) -> u8) -> Self {
        Schemes([SchemaType::Avro, SchemaType::Json, SchemaType::Protobuf].each_ref().map(of))
    }

    /// The scheme of a language.
    pub fn of(&self, schema_type: &SchemaType) -> u8 {
        self.of_byte(key::language(schema_type).unwrap_or_default())
    }

    /// The same, by the byte of the language; that of the languages that have none is 0.
    fn of_byte(&self, language: u8) -> u8 {
        usize::from(language).checked_sub(1).and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }
}

fn place(schema_type: &SchemaType) -> Option<usize> {
    key::language(schema_type).map(|language| usize::from(language) - 1)
}

/// What is filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Derived {
    /// What was found out about the version with this content. If that is no more there, it is not filled in.
    Fingerprint {
        /// The subject.
        subject: Subject,
        /// The version.
        version: Version,
        /// The content hash.
        guid: Guid,
        /// What names the text.
        text: TextKey,
        /// What was found out.
        derivation: Derivation,
    },
    /// All fingerprints have been computed so far. Whoever says so has looked at each version.
    Fingerprints(Progress),
}

/// Fills in what was derived, where it still holds.
///
/// # Errors
/// Those of reading. The changes made so far must be dropped then.
pub fn fill(derived: &Derived, kv: &mut impl KvMut) -> Result<(), Error> {
    match derived {
        Derived::Fingerprint { subject, version, guid, text, derivation } => {
            let stored = query::version(kv, subject, *version)?;
            if let Some(stored) = stored.filter(|stored| stored.guid == *guid && stored.text == *text) {
                remove(kv, subject, *version)?;
                check_scheme(kv, &stored.schema_type, derivation.scheme)?;
                put(kv, &stored, Some(*derivation));
            }
        }
        Derived::Fingerprints(progress) => set_progress(kv, progress),
    }
    Ok(())
}

/// How far fingerprints have been computed; `None` where the table lacks entries for versions, or has another format.
pub(crate) fn progress(kv: &(impl Kv + ?Sized)) -> Result<Option<Progress>, Error> {
    let bytes = kv.get(Table::Derived, key::FINGERPRINTS)?;
    Ok(match bytes.as_deref() {
        Some([FORMAT, rest @ ..]) => Some(decode(rest)?),
        Some([FORMER_FORMAT, rest @ ..]) => Some(take_former(rest)?),
        _ => None,
    })
}

fn set_progress(kv: &mut impl KvMut, progress: &Progress) {
    let mut bytes = vec![FORMAT];
    progress.put(&mut bytes);
    kv.put(Table::Derived, key::FINGERPRINTS.to_vec(), bytes);
}

/// Where there are no versions yet, the table has all that there are. Somebody may have said so already, and by which schemes.
pub(crate) fn begin(kv: &mut impl KvMut) -> Result<(), Error> {
    if progress(kv)?.is_none() {
        set_progress(kv, &Progress::default());
    }
    Ok(())
}

/// What is known of the fingerprint of a version.
pub(crate) fn of(kv: &(impl Kv + ?Sized), subject: &Subject, version: Version) -> Result<Option<Derivation>, Error> {
    Ok(entry_of(kv, subject, version)?.and_then(|entry| entry.derivation))
}

/// Is something known of it that was found out by the scheme of its language?
pub(crate) fn is_derived(
    kv: &(impl Kv + ?Sized),
    subject: &Subject,
    version: Version,
    schemes: &Schemes,
) -> Result<bool, Error> {
    let entry = entry_of(kv, subject, version)?.unwrap_or_default();
    Ok(entry.derivation.is_some_and(|known| known.scheme == schemes.of_byte(entry.language)))
}

/// Versions of a subject that may mean the same as a schema.
pub(crate) fn equivalents(
    kv: &(impl Kv + ?Sized),
    subject: &Subject,
    schema_type: &SchemaType,
    fingerprint: Fingerprint,
) -> Result<Equivalents, Error> {
    let mut found = Equivalents { versions: vec![], unknown: false };
    match (progress(kv)?, key::language(schema_type)) {
        (Some(progress), Some(language)) => {
            let range = match progress.schemes.of(schema_type) == fingerprint.scheme {
                true => key::fingerprints(subject, Some((language, fingerprint))),
                false => key::fingerprints_in(subject, language),
            };
            for range in [key::fingerprints(subject, None), range] {
                query::each_in(kv, Table::Derived, &range, Direction::Up, take, |(known, version, was_tried)| {
                    let says_nothing = known.is_none_or(|known: Fingerprint| known.scheme != fingerprint.scheme);
                    if says_nothing || known == Some(fingerprint) {
                        found.versions.push(version);
                        found.unknown |= says_nothing && !was_tried;
                    }
                    ControlFlow::Continue(())
                })?;
            }
        }
        (progress, _) => {
            found.unknown = progress.is_none();
            found.versions = query::numbers(kv, subject)?;
        }
    }
    found.versions.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

fn take(key: &[u8], value: &[u8]) -> Result<(Option<Fingerprint>, Version, bool), Malformed> {
    let (fingerprint, version) = key::take_fingerprint(key)?;
    Ok((fingerprint, version, !value.is_empty()))
}

/// Keeps the entry of a version that the fold has written. What is known of its fingerprint still holds when it had the same
/// text, of the same language, with the same references.
pub(crate) fn follow(
    kv: &mut impl KvMut,
    before: Option<&StoredVersion>,
    after: &StoredVersion,
    hint: Option<Fingerprint>,
) -> Result<(), Error> {
    let StoredVersion { subject, version, .. } = after;
    if let Some(before) = before {
        let means_the_same = before.text == after.text
            && before.schema_type == after.schema_type
            && before.references == after.references;
        if means_the_same && hint.is_none() && kv.has(Table::Derived, &key::fingerprint_of(subject, *version))? {
            return Ok(());
        }
        remove(kv, subject, *version)?;
        if !means_the_same {
            forget_referrers(kv, subject, *version)?;
        }
    }
    if let Some(hint) = hint {
        check_scheme(kv, &after.schema_type, hint.scheme)?;
    }
    put(kv, after, hint.map(|Fingerprint { scheme, value }| Derivation { scheme, value: Some(value) }));
    Ok(())
}

/// Removes the entry of a version that is gone.
pub(crate) fn gone(kv: &mut impl KvMut, subject: &Subject, version: Version) -> Result<(), Error> {
    remove(kv, subject, version)?;
    forget_referrers(kv, subject, version)
}

/// Fingerprints of two schemes of a language may stand beside each other from now on.
fn check_scheme(kv: &mut impl KvMut, schema_type: &SchemaType, scheme: u8) -> Result<(), Error> {
    if let (Some(mut progress), Some(place)) = (progress(kv)?, place(schema_type))
        && ![0, scheme].contains(&progress.schemes.0[place])
    {
        progress.schemes.0[place] = 0;
        set_progress(kv, &progress);
    }
    Ok(())
}

/// A fingerprint is that of a schema with all that it refers to. The registry lets nobody change what is referred to; a log
/// from elsewhere may.
fn forget_referrers(kv: &mut impl KvMut, subject: &Subject, version: Version) -> Result<(), Error> {
    let (mut targets, mut seen) = (vec![(subject.clone(), version)], BTreeSet::new());
    while let Some((subject, version)) = targets.pop() {
        let range = key::referrers(&subject, version);
        let mut referrers = Vec::new();
        query::each_in(
            kv,
            Table::State,
            &range,
            Direction::Up,
            |key, _| key::take_referrer(key),
            |(_, subject, version)| {
                referrers.push((subject, version));
                ControlFlow::Continue(())
            },
        )?;
        for (subject, version) in referrers {
            if seen.insert((subject.clone(), version)) {
                if kv.has(Table::Derived, &key::fingerprint_of(&subject, version))? {
                    remove(kv, &subject, version)?;
                    put_entry(kv, &subject, version, Entry::default());
                }
                targets.push((subject, version));
            }
        }
    }
    Ok(())
}

/// What stands behind the key of a version: its derivation, with the language that it is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Entry {
    derivation: Option<Derivation>,
    language: u8,
}

impl Entry {
    fn class(&self) -> Option<(u8, Fingerprint)> {
        let Derivation { scheme, value } = self.derivation?;
        Some((self.language, Fingerprint { scheme, value: value? }))
    }
}

impl Codec for Entry {
    fn put(&self, out: &mut Vec<u8>) {
        if let Some(Derivation { scheme, value }) = self.derivation {
            out.extend([self.language, scheme]);
            out.extend(value.iter().flat_map(|value| value.to_be_bytes()));
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        if input.end().is_ok() {
            return Ok(Entry::default());
        }
        let (language, scheme) = (input.byte()?, input.byte()?);
        let value = if input.end().is_ok() { None } else { Some(u64::from_be_bytes(input.array()?)) };
        Ok(Entry { derivation: Some(Derivation { scheme, value }), language })
    }
}

fn entry_of(kv: &(impl Kv + ?Sized), subject: &Subject, version: Version) -> Result<Option<Entry>, Error> {
    let bytes = kv.get(Table::Derived, &key::fingerprint_of(subject, version))?;
    Ok(bytes.map(|bytes| decode(&bytes)).transpose()?)
}

fn put(kv: &mut impl KvMut, version: &StoredVersion, derivation: Option<Derivation>) {
    let language = key::language(&version.schema_type);
    // Of a language without a byte nothing but that it was tried can be said.
    let derivation = derivation.map(|known| Derivation { value: known.value.filter(|_| language.is_some()), ..known });
    put_entry(kv, &version.subject, version.version, Entry { derivation, language: language.unwrap_or_default() });
}

fn put_entry(kv: &mut impl KvMut, subject: &Subject, version: Version, entry: Entry) {
    let tried = entry.derivation.is_some() && entry.class().is_none();
    let place = key::fingerprint(subject, entry.class(), version);
    kv.put(Table::Derived, place, if tried { vec![1] } else { vec![] });
    kv.put(Table::Derived, key::fingerprint_of(subject, version), encode(&entry));
}

fn remove(kv: &mut impl KvMut, subject: &Subject, version: Version) -> Result<(), Error> {
    if let Some(entry) = entry_of(kv, subject, version)? {
        kv.delete(Table::Derived, key::fingerprint(subject, entry.class(), version));
        kv.delete(Table::Derived, key::fingerprint_of(subject, version));
    }
    Ok(())
}

impl Codec for Progress {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.schemes.0);
        self.through.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Progress { schemes: Schemes(input.array()?), through: Codec::take(input)? })
    }
}

fn take_former(bytes: &[u8]) -> Result<Progress, Malformed> {
    let mut input = Input(bytes);
    let schemes = Schemes(input.array()?);
    let position: Option<(u64, u64)> = Codec::take(&mut input)?;
    input.end()?;
    let through = position.map(|(registry, internal)| Feed::former(Position { registry, internal }).next);
    Ok(Progress { schemes, through })
}

#[cfg(test)]
pub(crate) fn is_entry(bytes: &[u8]) -> bool {
    decode::<Entry>(bytes).is_ok()
}

/// The fingerprints of directories up to format 2, all of Avro, were those of this scheme.
const FORMER_SCHEME: u8 = 1;

/// Moves entries of format 2, at most `limit`, to where they are today, and tells whether any were left. Those that are gone
/// with the last one make the table whole.
///
/// # Errors
/// Those of reading, `Corrupt`.
pub fn move_former(kv: &mut impl KvMut, limit: usize) -> Result<bool, Error> {
    let mut former = Vec::new();
    query::each_in(
        kv,
        Table::State,
        &key::former_fingerprints(),
        Direction::Up,
        |key, _| Ok((key.to_vec(), key::take_former_fingerprint(key)?)),
        |found| {
            former.push(found);
            if former.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    )?;
    if former.is_empty() {
        begin(kv)?;
        return Ok(false);
    }
    let avro = key::language(&SchemaType::Avro).unwrap_or_default();
    for (key, (subject, value, version)) in former {
        let derivation = value.map(|value| Derivation { scheme: FORMER_SCHEME, value: Some(value) });
        put_entry(kv, &subject, version, Entry { derivation, language: avro });
        kv.delete(Table::State, key);
    }
    Ok(true)
}

#[cfg(test)]
#[path = "fingerprints_tests.rs"]
pub(crate) mod tests;
