//! Generations: counters of change, by which a cached answer is known to hold.
//!
//! An answer is valid for the generations of a few counters: the store's observer raises them, after a group is visible and before
//! it is answered, for every subject and id that the group touches. The counters are read before the snapshot that the answer is
//! made from; an answer whose counters have moved is not served. So a reader never sees an older answer after a newer one
//! was acknowledged, and no lock is shared with the writer. Two subjects may share a counter: that costs a miss, never a
//! wrong answer.

use model::{Context, SchemaId, Stamped, Subject};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

const COUNTERS: usize = 4096;

/// Counters of change.
pub struct Generations {
    counters: Box<[AtomicU64]>,
    /// Raised by what may touch anything: config, mode, contexts.
    settings: AtomicU64,
    hasher: RandomState,
}

/// The state of some counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    counters: [Option<(u32, u64)>; 2],
    settings: u64,
}

/// The counter of config, modes and contexts at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SettingsGeneration(u64);

impl Validity {
    /// Is this of a moment at which the settings were still the same?
    pub fn since(&self, settings: SettingsGeneration) -> bool {
        self.settings == settings.0
    }
}

impl Default for Generations {
    fn default() -> Self {
        Generations {
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            settings: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }
}

impl Generations {
    fn of_subject(&self, subject: &Subject) -> u32 {
        (self.hasher.hash_one(subject.as_str()) % COUNTERS as u64) as u32
    }

    fn of_id(&self, context: &Context, id: SchemaId) -> u32 {
        (self.hasher.hash_one((context.as_str(), id)) % COUNTERS as u64) as u32
    }

    fn of_resource(&self, name: &str) -> u32 {
        (self.hasher.hash_one(("resource", name)) % COUNTERS as u64) as u32
    }

    fn now(&self, counters: [Option<u32>; 2]) -> Validity {
        let read = |counter: u32| (counter, self.counters[counter as usize].load(Ordering::SeqCst));
        Validity { counters: counters.map(|counter| counter.map(read)), settings: self.settings.load(Ordering::SeqCst) }
    }

    /// What an answer about a subject depends on. To be read before the snapshot.
    pub fn subject(&self, subject: &Subject) -> Validity {
        self.now([Some(self.of_subject(subject)), None])
    }

    /// What an answer about the holders of an id depends on, as long as the subject it shows is added with `and_subject`.
    pub fn id(&self, context: &Context, id: SchemaId) -> Validity {
        self.now([Some(self.of_id(context, id)), None])
    }

    /// What an answer about the associations of resources of a name depends on. To be read before the snapshot.
    pub fn resource(&self, name: &str) -> Validity {
        self.now([Some(self.of_resource(name)), None])
    }

    /// Adds a subject that only the answer names. Its counter is read late, so the answer must be made again if anything was
    /// committed in between: `ResponseCache::keep` is told the position before and after.
    pub fn and_subject(&self, validity: Validity, subject: &Subject) -> Validity {
        let late = self.subject(subject).counters[0];
        Validity { counters: [validity.counters[0], late], ..validity }
    }

    /// How often config, modes and contexts have changed, for `Validity::since`.
    pub fn settings(&self) -> SettingsGeneration {
        SettingsGeneration(self.settings.load(Ordering::SeqCst))
    }

    /// Has nothing of this moved?
    pub fn holds(&self, validity: &Validity) -> bool {
        validity.settings == self.settings.load(Ordering::SeqCst)
            && validity
                .counters
                .iter()
                .flatten()
                .all(|(counter, seen)| self.counters[*counter as usize].load(Ordering::SeqCst) == *seen)
    }

    /// Raises the counters of what records touch.
    pub fn touch(&self, records: &[Stamped]) {
        let raise = |counter: u32| {
            self.counters[counter as usize].fetch_add(1, Ordering::SeqCst);
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

#[cfg(test)]
mod tests {
    use super::*;
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
        }))
    }

    #[test]
    fn an_answer_holds_until_a_record_touches_its_subject_its_id_or_the_settings() {
        let generations = Generations::default();
        let (subject, id) = (Subject::parse("orders"), generations.id(&Context::default_context(), 7));
        let by_subject = generations.subject(&subject);
        assert!(generations.holds(&by_subject) && generations.holds(&id));
        generations.touch(&[schema("orders", 8)]);
        assert!(!generations.holds(&by_subject));
        generations.touch(&[schema("other", 7)]);
        assert!(!generations.holds(&id));
        let again = generations.and_subject(generations.id(&Context::default_context(), 7), &subject);
        generations.touch(&[stamped(RegistryRecord::DeleteSubject { subject: subject.clone(), through: 1 })]);
        assert!(!generations.holds(&again));
        let (validity, settings) = (generations.subject(&subject), generations.settings());
        assert!(validity.since(settings));
        generations.touch(&[stamped(RegistryRecord::Mode { scope: Subject::parse(""), mode: None })]);
        assert!(!generations.holds(&validity) && !generations.subject(&subject).since(settings));
    }

    #[test]
    fn an_association_touches_its_subject_and_its_resource() {
        let generations = Generations::default();
        let key = Box::new(AssociationKey {
            resource_name: "orders".into(),
            resource_namespace: "n".into(),
            resource_type: TOPIC.into(),
            association_type: "value".into(),
            subject: Subject::parse("s"),
        });
        let (subject, resource) = (generations.subject(&key.subject), generations.resource("orders"));
        generations.touch(&[stamped(RegistryRecord::Association { key, association: None })]);
        assert!(!generations.holds(&subject));
        assert!(!generations.holds(&resource));
    }
}
