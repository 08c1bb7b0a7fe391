//! Keys of encryption keys. The first parts of that of a DEK are those that listings are ordered by.

use super::{Key, Range, Tag, beginning};
use model::{DekAlgorithm, DekId};

pub(crate) fn kek(name: &str) -> Vec<u8> {
    Key::new(Tag::Kek).text(name).0
}

pub(crate) fn keks() -> Range {
    beginning(Key::new(Tag::Kek))
}

pub(crate) fn dek(id: &DekId) -> Vec<u8> {
    let DekId { kek, subject, algorithm, version } = id;
    Key::new(Tag::Dek).text(kek).text(subject).text(algorithm.as_str()).number(*version).0
}

pub(crate) fn deks() -> Range {
    beginning(Key::new(Tag::Dek))
}

pub(crate) fn deks_of_kek(kek: &str) -> Range {
    beginning(Key::new(Tag::Dek).text(kek))
}

/// All versions for a subject with an algorithm.
pub(crate) fn deks_of_subject(kek: &str, subject: &str, algorithm: DekAlgorithm) -> Range {
    beginning(Key::new(Tag::Dek).text(kek).text(subject).text(algorithm.as_str()))
}
