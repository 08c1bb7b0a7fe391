//! Ready answers: the bytes that thousands of deserializers ask for, kept until a record touches what they depend on.
//!
//! An answer depends on a few *stripes*: counters that the store's observer raises, after a group is visible and before it is
//! answered, for every subject and id that the group touches. The counters are read before the snapshot that the answer is
//! made from; an answer whose counters have moved is not served. So a reader never sees an older answer after a newer one
//! was acknowledged, and no lock is shared with the writer. Two subjects may share a stripe: that costs a miss, never a
//! wrong answer.

use super::finds::Finds;
use super::routes::Operation;
use bytes::Bytes;
use http::HeaderValue;
use model::{Context, SchemaId, Stamped, Subject};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

const STRIPES: usize = 4096;

/// Counters of change.
pub struct Stripes {
    counters: Box<[AtomicU64]>,
    /// Raised by what may touch anything: config, mode, contexts.
    settings: AtomicU64,
    hasher: RandomState,
}

/// The state of some stripes at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depends {
    stripes: [Option<(u32, u64)>; 2],
    settings: u64,
}

/// The counter of config, modes and contexts at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings(u64);

impl Depends {
    /// Is this of a moment at which the settings were still the same?
    pub fn since(&self, settings: Settings) -> bool {
        self.settings == settings.0
    }
}

impl Default for Stripes {
    fn default() -> Self {
        Stripes {
            counters: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            settings: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }
}

impl Stripes {
    fn of_subject(&self, subject: &Subject) -> u32 {
        (self.hasher.hash_one(subject.as_str()) % STRIPES as u64) as u32
    }

    fn of_id(&self, context: &Context, id: SchemaId) -> u32 {
        (self.hasher.hash_one((context.as_str(), id)) % STRIPES as u64) as u32
    }

    fn of_resource(&self, name: &str) -> u32 {
        (self.hasher.hash_one(("resource", name)) % STRIPES as u64) as u32
    }

    fn now(&self, stripes: [Option<u32>; 2]) -> Depends {
        let read = |stripe: u32| (stripe, self.counters[stripe as usize].load(Ordering::SeqCst));
        Depends { stripes: stripes.map(|stripe| stripe.map(read)), settings: self.settings.load(Ordering::SeqCst) }
    }

    /// What an answer about a subject depends on. To be read before the snapshot.
    pub fn subject(&self, subject: &Subject) -> Depends {
        self.now([Some(self.of_subject(subject)), None])
    }

    /// What an answer about the holders of an id depends on, as long as the subject it shows is added with `and_subject`.
    pub fn id(&self, context: &Context, id: SchemaId) -> Depends {
        self.now([Some(self.of_id(context, id)), None])
    }

    /// What an answer about the associations of resources of a name depends on. To be read before the snapshot.
    pub fn resource(&self, name: &str) -> Depends {
        self.now([Some(self.of_resource(name)), None])
    }

    /// Adds a subject that only the answer names. Its counter is read late, so the answer must be made again if anything was
    /// committed in between: `Ready::keep` is told the position before and after.
    pub fn and_subject(&self, depends: Depends, subject: &Subject) -> Depends {
        let late = self.subject(subject).stripes[0];
        Depends { stripes: [depends.stripes[0], late], ..depends }
    }

    /// How often config, modes and contexts have changed, for `Depends::since`.
    pub fn settings(&self) -> Settings {
        Settings(self.settings.load(Ordering::SeqCst))
    }

    /// Has nothing of this moved?
    pub fn holds(&self, depends: &Depends) -> bool {
        depends.settings == self.settings.load(Ordering::SeqCst)
            && depends
                .stripes
                .iter()
                .flatten()
                .all(|(stripe, seen)| self.counters[*stripe as usize].load(Ordering::SeqCst) == *seen)
    }

    /// Raises the counters of what records touch.
    pub fn touch(&self, records: &[Stamped]) {
        let raise = |stripe: u32| {
            self.counters[stripe as usize].fetch_add(1, Ordering::SeqCst);
        };
        for touched in records.iter().map(|stamped| stamped.record.touched()) {
            if let Some(subject) = touched.subject {
                raise(self.of_subject(subject));
                touched.id.into_iter().for_each(|id| raise(self.of_id(subject.context(), id)));
            }
            touched.resource.into_iter().for_each(|name| raise(self.of_resource(name)));
            if touched.settings {
                self.settings.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// The form of an answer that a request asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Form {
    /// The media type.
    pub media: super::negotiate::Media,
    /// Compressed?
    pub gzip: bool,
}

/// A read that is answered with the same bytes each time.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    form: Form,
    target: Box<str>,
}

#[derive(PartialEq, Eq, Hash)]
struct KeyRef<'a> {
    form: Form,
    target: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.form == key.form && *self.target == *key.target
    }
}

/// An answer with its final bytes.
#[derive(Clone)]
pub struct ReadyAnswer {
    /// What it answers.
    pub operation: Operation,
    /// The body.
    pub body: Bytes,
    /// Its entity tag.
    pub etag: HeaderValue,
    /// Until when it holds.
    pub depends: Depends,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, ReadyAnswer> for Weight {
    fn weight(&self, key: &Key, answer: &ReadyAnswer) -> u64 {
        (key.target.len() + answer.body.len()) as u64 + 256
    }
}

/// The answers kept ready, bounded in bytes.
pub struct Ready {
    /// The counters that they depend on.
    pub stripes: Stripes,
    /// Where the schemas of look-ups and registrations were found.
    pub finds: Finds,
    answers: Cache<Key, ReadyAnswer, Weight>,
}

impl Ready {
    /// Keeps answers of about this many bytes, and an eighth as much of finds.
    pub fn new(bytes: u64) -> Self {
        let answers = Cache::with_weighter(10_000, bytes.max(1), Weight);
        Ready { stripes: Stripes::default(), finds: Finds::new(bytes / 8), answers }
    }

    /// The answer, if it is there and holds.
    pub fn get(&self, form: Form, target: &str) -> Option<ReadyAnswer> {
        self.answers.get(&KeyRef { form, target }).filter(|answer| self.stripes.holds(&answer.depends))
    }

    /// Keeps an answer, and gives it back with the bytes that are kept. They are copied: a body that grew while it was written
    /// still holds twice what it needs.
    pub fn keep(&self, form: Form, target: &str, answer: ReadyAnswer) -> ReadyAnswer {
        let answer = ReadyAnswer { body: Bytes::copy_from_slice(&answer.body), ..answer };
        self.answers.insert(Key { form, target: target.into() }, answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::negotiate::Media;
    use model::{AssociationKey, Content, Record, RegistryRecord, SchemaRecord, SchemaType, TOPIC};

    fn stamped(record: RegistryRecord) -> Stamped {
        Stamped { position: 0, at: 0, record: Record::Registry(record) }
    }

    fn schema(subject: &str, id: SchemaId) -> Stamped {
        let content = Content {
            schema_type: SchemaType::Avro,
            text: "x".into(),
            references: vec![],
            metadata: None,
            rule_set: None,
        };
        stamped(RegistryRecord::Schema(SchemaRecord {
            subject: Subject::parse(subject),
            version: 1,
            id,
            content: content.into(),
            deleted: false,
            hashes: None,
            fingerprint: None,
        }))
    }

    #[test]
    fn an_answer_holds_until_a_record_touches_its_subject_its_id_or_the_settings() {
        let stripes = Stripes::default();
        let (subject, id) = (Subject::parse("orders"), stripes.id(&Context::default_context(), 7));
        let by_subject = stripes.subject(&subject);
        assert!(stripes.holds(&by_subject) && stripes.holds(&id));
        stripes.touch(&[schema("orders", 8)]);
        assert!(!stripes.holds(&by_subject));
        stripes.touch(&[schema("other", 7)]);
        assert!(!stripes.holds(&id));
        let again = stripes.and_subject(stripes.id(&Context::default_context(), 7), &subject);
        stripes.touch(&[stamped(RegistryRecord::DeleteSubject { subject: subject.clone(), through: 1 })]);
        assert!(!stripes.holds(&again));
        let (depends, settings) = (stripes.subject(&subject), stripes.settings());
        assert!(depends.since(settings));
        stripes.touch(&[stamped(RegistryRecord::Mode { scope: Subject::parse(""), mode: None })]);
        assert!(!stripes.holds(&depends) && !stripes.subject(&subject).since(settings));
    }

    #[test]
    fn an_association_touches_its_subject_and_its_resource() {
        let stripes = Stripes::default();
        let key = Box::new(AssociationKey {
            resource_name: "orders".into(),
            resource_namespace: "n".into(),
            resource_type: TOPIC.into(),
            association_type: "value".into(),
            subject: Subject::parse("s"),
        });
        let (subject, resource) = (stripes.subject(&key.subject), stripes.resource("orders"));
        stripes.touch(&[stamped(RegistryRecord::Association { key, association: None })]);
        assert!(!stripes.holds(&subject));
        assert!(!stripes.holds(&resource));
    }

    #[test]
    fn answers_are_told_apart_by_form_and_target() {
        let ready = Ready::new(1 << 20);
        let form = Form { media: Media::V1, gzip: false };
        let answer = ReadyAnswer {
            operation: Operation::GetSchemaById,
            body: Bytes::from_static(b"1"),
            etag: HeaderValue::from_static("\"1\""),
            depends: ready.stripes.subject(&Subject::parse("s")),
        };
        ready.keep(form, "/a", answer);
        assert!(ready.get(form, "/a").is_some());
        assert!(ready.get(form, "/b").is_none());
        assert!(ready.get(Form { gzip: true, ..form }, "/a").is_none());
    }
}
