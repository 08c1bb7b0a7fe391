//! Where the schemas of earlier requests were found. A look-up, or a registration of what is registered, that comes again byte
//! for byte is answered from the store without parsing anything: producers send the same few at every start.
//!
//! An entry is a version number, a tenth of what the answer would take, so that many requests are known for little memory. It
//! holds until a record touches its subject or the settings, like a cached answer.

use super::generations::{Generations, Validity};
use model::{Subject, Version};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

/// Bytes that an entry takes: its key, its value, and what the cache adds.
const ENTRY: u64 = 192;

/// A target, the subject that it is about, and a body, by their SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LookupKey([u8; 32]);

impl LookupKey {
    /// The same for what would be answered alike in the same state.
    ///
    /// The subject is part of it because the target may name an alias: what was found while that stood for one subject is not
    /// found where it stands for another.
    pub fn new(target: &str, subject: &Subject, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for text in [target, subject.as_str()] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update(body);
        LookupKey(hash.finalize().into())
    }
}

/// Where the schema of a request was found.
#[derive(Clone, Debug)]
pub struct FoundVersion {
    /// Its version in the subject.
    pub version: Version,
    /// How the answer shows it.
    pub shown: Showing,
    /// Until when this holds.
    pub validity: Validity,
}

/// How an answer shows a schema that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Showing {
    /// As it was sent: the content is equal.
    AsSent,
    /// As it is stored, with its time: the content is only equivalent.
    AsStored,
}

impl Showing {
    /// As stored, where the answer has the time of the stored version.
    pub fn by_time<T>(time: Option<T>) -> Self {
        if time.is_some() { Showing::AsStored } else { Showing::AsSent }
    }
}

/// The look-ups, bounded in number.
pub struct LookupCache(Cache<LookupKey, FoundVersion>);

impl LookupCache {
    /// Keeps about this many bytes.
    pub fn new(bytes: u64) -> Self {
        LookupCache(Cache::new(usize::try_from(bytes / ENTRY).unwrap_or(usize::MAX).max(1)))
    }

    /// Where the schema of this request was found, if that still holds.
    pub fn get(&self, generations: &Generations, key: &LookupKey) -> Option<FoundVersion> {
        self.0.get(key).filter(|found| generations.holds(&found.validity))
    }

    /// Remembers where.
    pub fn keep(&self, key: LookupKey, found: FoundVersion) {
        self.0.insert(key, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Position, Record, RegistryRecord, Stamped};

    #[test]
    fn a_look_up_holds_for_its_target_and_body_until_its_subject_changes() {
        let (lookups, generations) = (LookupCache::new(1 << 20), Generations::default());
        let subject = Subject::parse("s");
        let found = FoundVersion { version: 3, shown: Showing::AsSent, validity: generations.subject(&subject) };
        let asked = LookupKey::new("/subjects/s", &subject, b"x");
        lookups.keep(asked, found);
        assert_eq!(lookups.get(&generations, &asked).map(|found| found.version), Some(3));
        assert!(lookups.get(&generations, &LookupKey::new("/subjects/s", &subject, b"y")).is_none());
        assert!(lookups.get(&generations, &LookupKey::new("/subjects/", &subject, b"sx")).is_none());
        assert!(lookups.get(&generations, &LookupKey::new("/subjects/s", &Subject::parse("t"), b"x")).is_none());
        let gone = RegistryRecord::DeleteSubject { subject, through: 3 };
        let position = Position::default().registry;
        generations.touch(&[Stamped { position, at: 0, record: Record::Registry(gone) }]);
        assert!(lookups.get(&generations, &asked).is_none());
    }
}
