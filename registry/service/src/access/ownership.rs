//! The namespaces in memory, in step with the store.
//!
//! They are read once at start; then the writer tells of each group that touched one, after it is durable and before its
//! commits are answered. So whoever has been told that a claim holds finds it in force. A new `Ownership` replaces the old one
//! whole; no request waits for it.

use authz::{Authorizer, Ownership};
use model::{Namespace, NamespaceName, Stamped};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Keeps the authorizer's ownership.
pub struct OwnershipCache {
    authorizer: Authorizer,
    namespaces: Mutex<BTreeMap<NamespaceName, Namespace>>,
}

impl OwnershipCache {
    /// For this authorizer, with no namespaces yet.
    pub fn new(authorizer: Authorizer) -> Self {
        OwnershipCache { authorizer, namespaces: Mutex::default() }
    }

    /// The namespaces that the store holds at start, and its `State::namespaces_at`.
    pub fn load(&self, namespaces: Vec<Namespace>, at: u64) {
        let mut kept = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(namespaces.into_iter().map(|namespace| (namespace.name.clone(), namespace)));
        self.publish(&kept, at);
    }

    /// Follows a group of records.
    pub fn follow(&self, records: &[Stamped]) {
        let touches = |stamped: &Stamped| stamped.record.touched().namespace.is_some();
        let Some(newest) = records.iter().rfind(|stamped| touches(stamped)) else { return };
        let mut kept = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, now) in records.iter().filter_map(|stamped| stamped.record.touched().namespace) {
            match now {
                Some(namespace) => kept.insert(name.clone(), namespace.clone()),
                None => kept.remove(name),
            };
        }
        self.publish(&kept, newest.position + 1);
    }

    fn publish(&self, namespaces: &BTreeMap<NamespaceName, Namespace>, at: u64) {
        let ownership = Ownership::new(namespaces.values().cloned()).unwrap_or_else(|error| {
            // The writer refuses such a change, so only a foreign log can hold one. What held before still holds.
            tracing::error!(%error, "the namespaces contradict each other; the previous ones stay in force");
            Ownership::clone(&self.authorizer.ownership())
        });
        self.authorizer.set_ownership(ownership.read_at(at));
    }
}
