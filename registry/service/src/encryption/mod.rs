//! The DEK registry: its keys, whose they are, and what is done with them.
//!
//! A KEK lies on the land of a topic of its name, a DEK on that of its subject. What the writer decides is quick; a key management
//! system, which may not be, is asked before, and what it was asked for is compared with what the writer finds.

mod deks;
mod keks;
mod kms;
mod listing;

pub use deks::MadeDek;
pub use kms::{KeyManagement, KmsMetrics};
pub use listing::{DekSubjects, DekVersions, KekNames};

use authz::{Resource, Scope, Topic};
use model::{InternalRecord, Record, Subject};
use storage::Committed;

/// A KEK, by its name. A permit for it is not one for the topic whose land it lies on.
pub struct KekName(Topic);

impl KekName {
    /// The KEK of this name, whether or not there is one.
    pub fn new(name: &str) -> Self {
        KekName(Topic::new(name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl Resource for KekName {
    fn scope(&self) -> Scope<'_> {
        self.0.scope()
    }
}

/// The DEKs for a subject. A permit for them is not one for the subject.
pub struct DekSubject {
    written: String,
    subject: Subject,
}

impl DekSubject {
    /// Those for a subject as it is written, which is what tells them from others.
    pub fn new(written: &str) -> Self {
        DekSubject { written: written.to_owned(), subject: Subject::parse(written) }
    }

    /// The subject as it is written.
    pub fn written(&self) -> &str {
        &self.written
    }
}

impl Resource for DekSubject {
    fn scope(&self) -> Scope<'_> {
        self.subject.scope()
    }
}

/// When the key of a commit was written, if it wrote one.
fn time_of_key(committed: &Committed) -> Option<i64> {
    let is_key = |record: &Record| matches!(record, Record::Internal(InternalRecord::Kek(_) | InternalRecord::Dek(_)));
    committed.records.iter().find(|stamped| is_key(&stamped.record)).map(|stamped| stamped.at)
}
