//! Refusals on their way to the audit: bounded, counted when they flood, written about once a second.
//!
//! Changes are not here: their entries are committed with them. A refusal must not cost a commit of its own, or whoever is
//! refused could make the registry write.

use crate::http::routes::Operation;
use crate::metrics::Metrics;
use authz::audit::{AuditEntry, Limits, Outcome, Refusals};
use authz::{Caller, Refusal, Scope};
use model::{AuditRecord, HouseRecord, NamespaceName, Record};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The queue.
pub struct Audit {
    refusals: Mutex<Refusals>,
    metrics: Arc<Metrics>,
}

impl Audit {
    /// An empty queue that counts into these metrics.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Audit { refusals: Mutex::new(Refusals::new(Limits::default())), metrics }
    }

    /// Takes a refusal in. `scope` is what the path names, where it names something, and `land` says whose it is.
    pub fn refused(
        &self,
        operation: Operation,
        scope: Option<Scope<'_>>,
        land: &authz::Land,
        caller: &Caller,
        refusal: &Refusal,
    ) {
        self.record(operation, scope, land, caller, refusal, Outcome::Refused);
    }

    /// The same for what is let through because authorization only observes.
    pub fn observed(
        &self,
        operation: Operation,
        scope: Scope<'_>,
        land: &authz::Land,
        caller: &Caller,
        refusal: &Refusal,
    ) {
        self.record(operation, Some(scope), land, caller, refusal, Outcome::Observed);
    }

    /// Counts a change that is let through because authorization only observes; its own entry in the audit says so.
    pub fn observed_change(&self, namespace: Option<&NamespaceName>, refusal: &Refusal) {
        self.metrics.access.refused(namespace, reason(refusal), Outcome::Observed.as_str());
    }

    fn record(
        &self,
        operation: Operation,
        scope: Option<Scope<'_>>,
        land: &authz::Land,
        caller: &Caller,
        refusal: &Refusal,
        outcome: Outcome,
    ) {
        let route = operation.route();
        let mut entry = AuditEntry::refused(now(), route.name, route.action, scope, caller, refusal);
        entry.outcome = outcome;
        if let (None, Some(scope)) = (&entry.namespace, scope) {
            entry.namespace = land.owner_of(scope).map(|owner| owner.name.clone());
        }
        self.metrics.access.refused(entry.namespace.as_ref(), reason(refusal), outcome.as_str());
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).record(entry);
    }

    /// What is to be written now.
    pub fn drain(&self) -> Vec<Record> {
        let drained = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).drain(now());
        let record = |refused| Record::House(HouseRecord::Audit(Box::new(AuditRecord::from(refused))));
        drained.into_iter().map(record).collect()
    }
}

/// The kind of a refusal, for a metric: a closed list.
fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthenticated(authz::Credential::Wrong) => "wrong-credential",
        Refusal::Unauthenticated(_) => "unauthenticated",
        Refusal::Throttled { .. } => "throttled",
        Refusal::Forbidden(_) => "forbidden",
        Refusal::ForeignOrigin(_) | Refusal::ForeignHost(_) => "foreign-site",
        Refusal::NoRule => "no-rule",
    }
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
