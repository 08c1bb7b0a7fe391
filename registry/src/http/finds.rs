//! Where the schemas of earlier requests were found. A look-up, or a registration of what is registered, that comes again byte
//! for byte is answered from the store without parsing anything: producers send the same few at every start.
//!
//! An entry is a version number, a tenth of what the answer would take, so that many requests are known for little memory. It
//! holds until a record touches its subject or the settings, like a ready answer.

use super::ready::{Depends, Stripes};
use model::{Subject, Version};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

/// Bytes that an entry takes: its key, its value, and what the cache adds.
const ENTRY: u64 = 192;

/// A target, the subject that it is about, and a body, by their SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Request([u8; 32]);

impl Request {
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
        Request(hash.finalize().into())
    }
}

/// Where the schema of a request was found.
#[derive(Clone, Debug)]
pub struct Find {
    /// Its version in the subject.
    pub version: Version,
    /// How the answer shows it.
    pub shown: Showing,
    /// Until when this holds.
    pub depends: Depends,
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

/// The finds, bounded in number.
pub struct Finds(Cache<Request, Find>);

impl Finds {
    /// Keeps about this many bytes.
    pub fn new(bytes: u64) -> Self {
        Finds(Cache::new(usize::try_from(bytes / ENTRY).unwrap_or(usize::MAX).max(1)))
    }

    /// Where the schema of this request was found, if that still holds.
    pub fn get(&self, stripes: &Stripes, request: &Request) -> Option<Find> {
        self.0.get(request).filter(|find| stripes.holds(&find.depends))
    }

    /// Remembers where.
    pub fn keep(&self, request: Request, find: Find) {
        self.0.insert(request, find);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Position, Record, RegistryRecord, Stamped};

    #[test]
    fn a_find_holds_for_its_target_and_body_until_its_subject_changes() {
        let (finds, stripes) = (Finds::new(1 << 20), Stripes::default());
        let subject = Subject::parse("s");
        let find = Find { version: 3, shown: Showing::AsSent, depends: stripes.subject(&subject) };
        let asked = Request::new("/subjects/s", &subject, b"x");
        finds.keep(asked, find);
        assert_eq!(finds.get(&stripes, &asked).map(|find| find.version), Some(3));
        assert!(finds.get(&stripes, &Request::new("/subjects/s", &subject, b"y")).is_none());
        assert!(finds.get(&stripes, &Request::new("/subjects/", &subject, b"sx")).is_none());
        assert!(finds.get(&stripes, &Request::new("/subjects/s", &Subject::parse("t"), b"x")).is_none());
        let gone = RegistryRecord::DeleteSubject { subject, through: 3 };
        let position = Position::default().registry;
        stripes.touch(&[Stamped { position, at: 0, record: Record::Registry(gone) }]);
        assert!(finds.get(&stripes, &asked).is_none());
    }
}
