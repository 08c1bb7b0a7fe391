//! Subjects whose fingerprints somebody missed: they are computed before the others.

use model::Subject;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Subjects that are remembered at most. The others get their turn without being asked for.
const MOST: usize = 64;

/// The subjects, each once.
#[derive(Debug, Default)]
pub struct Wanted(Mutex<BTreeSet<Subject>>);

impl Wanted {
    /// Asks for a subject.
    pub fn add(&self, subject: &Subject) {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.len() < MOST && !wanted.contains(subject) {
            wanted.insert(subject.clone());
        }
    }

    /// Takes a subject that was asked for.
    pub fn take(&self) -> Option<Subject> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_first()
    }
}
