//! Keys of the table `Derived` about fingerprints: versions under what they are found by, and what is known of each.

use super::{Key, Malformed, Parts, Range, Result, Tag, beginning};
use model::{Fingerprint, SchemaType, Subject, Version};

/// What is found before the languages: versions whose fingerprint is not known.
const UNKNOWN: u8 = 0;

/// The byte of a language; `None` for those that this registry does not know.
pub(crate) fn language(schema_type: &SchemaType) -> Option<u8> {
    match schema_type {
        SchemaType::Avro => Some(1),
        SchemaType::Json => Some(2),
        SchemaType::Protobuf => Some(3),
        SchemaType::Other(_) => None,
    }
}

/// A version under its fingerprint, in the byte of its language, or where those are whose fingerprint is not known.
pub(crate) fn fingerprint(subject: &Subject, known: Option<(u8, Fingerprint)>, version: Version) -> Vec<u8> {
    class(subject, known).number(version).0
}

/// The versions of a subject with a fingerprint, or those whose fingerprint is not known.
pub(crate) fn fingerprints(subject: &Subject, known: Option<(u8, Fingerprint)>) -> Range {
    beginning(class(subject, known))
}

/// The versions of a subject with any fingerprint of a language.
pub(crate) fn fingerprints_in(subject: &Subject, language: u8) -> Range {
    beginning(Key::new(Tag::Fingerprint).text(subject.as_str()).raw(&[language]))
}

fn class(subject: &Subject, known: Option<(u8, Fingerprint)>) -> Key {
    let key = Key::new(Tag::Fingerprint).text(subject.as_str());
    match known {
        None => key.raw(&[UNKNOWN]),
        Some((language, Fingerprint { scheme, value })) => key.raw(&[language, scheme]).raw(&value.to_be_bytes()),
    }
}

/// The fingerprint, where it is known, and the version.
pub(crate) fn take_fingerprint(key: &[u8]) -> Result<(Option<Fingerprint>, Version)> {
    let mut parts = Parts::new(key, Tag::Fingerprint)?;
    parts.text()?;
    let fingerprint = match parts.0.byte()? {
        UNKNOWN => None,
        _ => Some(Fingerprint { scheme: parts.0.byte()?, value: u64::from_be_bytes(parts.0.array()?) }),
    };
    Ok((fingerprint, parts.last_number()?))
}

/// What is known of the fingerprint of a version.
pub(crate) fn fingerprint_of(subject: &Subject, version: Version) -> Vec<u8> {
    Key::new(Tag::FingerprintOf).text(subject.as_str()).number(version).0
}

/// Where a version stood until format 3, in the table `State`.
pub fn former_fingerprint(subject: &Subject, fingerprint: Option<u64>, version: Version) -> Vec<u8> {
    let key = Key::new(Tag::FormerFingerprint).text(subject.as_str());
    match fingerprint {
        None => key.raw(&[0]),
        Some(value) => key.raw(&[1]).raw(&value.to_be_bytes()),
    }
    .number(version)
    .0
}

/// All of those.
pub(crate) fn former_fingerprints() -> Range {
    beginning(Key::new(Tag::FormerFingerprint))
}

pub(crate) fn take_former_fingerprint(key: &[u8]) -> Result<(Subject, Option<u64>, Version)> {
    let mut parts = Parts::new(key, Tag::FormerFingerprint)?;
    let subject = parts.subject()?;
    let fingerprint = match parts.0.byte()? {
        0 => None,
        1 => Some(u64::from_be_bytes(parts.0.array()?)),
        _ => return Err(Malformed("a key of a fingerprint of unknown kind")),
    };
    Ok((subject, fingerprint, parts.last_number()?))
}
