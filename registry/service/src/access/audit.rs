//! Refusals on their way to the audit: bounded, counted when they flood, written about once a second and before the audit is
//! read, so that its readers miss nothing.
//!
//! Changes are not here: their entries are committed with them. A refusal must not cost a commit of its own, or whoever is
//! refused could make the registry write. A reader may cause one: whoever may read an audit may write as well. All who read at
//! once share it, and how often that is changes nothing about what is kept one by one of a flood, and what as a count.

use super::Metrics;
use authz::audit::{AuditEntry, Limits, Outcome, Refusals};
use authz::{Action, Caller, Refusal, Scope};
use model::{AuditChange, AuditRecord, Record};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use storage::clock::now;
use tokio::sync::watch;

/// How long a reader waits for what is to be written; then it reads what there is. A store that stalls or takes no writes can
/// still be read.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was asked, as the audit says it.
#[derive(Clone, Copy, Debug)]
pub struct AuditedOperation {
    /// The name of the operation.
    pub name: &'static str,
    /// The least that it is.
    pub action: Action,
}

/// The queue.
pub struct Audit {
    refusals: Mutex<Refusals>,
    metrics: Arc<Metrics>,
    /// Readers, counted as they come.
    readers: watch::Sender<u64>,
    /// The readers among them for whom everything has been written.
    served: watch::Sender<u64>,
}

impl Audit {
    /// An empty queue that counts into these metrics.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let refusals = Mutex::new(Refusals::new(Limits::default()));
        Audit { refusals, metrics, readers: watch::Sender::new(0), served: watch::Sender::new(0) }
    }

    /// Takes a refusal in: of whom, and for whom the credential was if it was wrong. `scope` is what the path names, where it
    /// names something, and `ownership` says whose it is.
    pub fn refused(
        &self,
        operation: AuditedOperation,
        scope: Option<Scope<'_>>,
        ownership: &authz::Ownership,
        (caller, attempted): (&Caller, Option<&str>),
        refusal: &Refusal,
    ) {
        self.record(operation, scope, ownership, (caller, attempted), refusal, Outcome::Refused);
    }

    /// The same for what is let through because authorization only observes.
    pub fn observed(
        &self,
        operation: AuditedOperation,
        scope: Scope<'_>,
        ownership: &authz::Ownership,
        caller: &Caller,
        refusal: &Refusal,
    ) {
        self.record(operation, Some(scope), ownership, (caller, None), refusal, Outcome::Observed);
    }

    fn record(
        &self,
        operation: AuditedOperation,
        scope: Option<Scope<'_>>,
        ownership: &authz::Ownership,
        (caller, attempted): (&Caller, Option<&str>),
        refusal: &Refusal,
        outcome: Outcome,
    ) {
        let mut entry = AuditEntry::refused(now(), operation.name, operation.action, scope, caller, refusal);
        entry.outcome = outcome;
        entry.attempted = attempted.map(|name| model::cut(name).into_owned()).unwrap_or_default();
        if let (None, Some(scope)) = (&entry.namespace, scope) {
            entry.namespace = ownership.owner_of(scope).map(|owner| owner.name.clone());
        }
        // Now rather than when it is written: the name may have been given again by then.
        let owner = entry.namespace.as_ref().and_then(|name| ownership.namespace(name.as_str()));
        entry.namespace_id = owner.map(|owner| owner.id);
        self.metrics.refused(entry.namespace.as_ref(), reason(refusal), outcome.as_str());
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).record(entry);
    }

    /// What is to be written now.
    pub fn drain(&self) -> Vec<Record> {
        let drained = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).drain(now());
        let record = |refused| Record::Audit(AuditChange::Entry(Box::new(AuditRecord::from(refused))));
        drained.into_iter().map(record).collect()
    }

    /// Waits until what has been refused so far is in the store; for who is about to read it.
    pub async fn written(&self) {
        self.written_within(PATIENCE).await;
    }

    async fn written_within(&self, patience: Duration) {
        let mut served = self.served.subscribe();
        let mut reader = 0;
        self.readers.send_modify(|readers| {
            *readers += 1;
            reader = *readers;
        });
        // Whether it was in time makes no difference: what there is is read.
        let _ = tokio::time::timeout(patience, served.wait_for(|served| *served >= reader)).await;
    }

    /// The readers that have come. Whoever writes what waits takes their number before, and hands it to [`Audit::served`] then.
    pub fn readers(&self) -> watch::Receiver<u64> {
        self.readers.subscribe()
    }

    /// What waited when this many readers had come has been written, or cannot be.
    pub fn served(&self, readers: u64) {
        self.served.send_replace(readers);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn a_reader_waits_for_the_writer_and_never_for_ever() {
        let audit = Audit::new(Arc::new(Metrics::new(&prometheus::Registry::new()).unwrap()));
        audit.written_within(Duration::from_millis(1)).await;

        let mut readers = audit.readers();
        let written = AtomicBool::new(false);
        let reader = async {
            audit.written_within(Duration::MAX).await;
            assert!(written.load(Ordering::SeqCst));
        };
        let writer = async {
            readers.changed().await.unwrap();
            let came = *readers.borrow_and_update();
            tokio::task::yield_now().await;
            written.store(true, Ordering::SeqCst);
            audit.served(came);
        };
        tokio::join!(reader, writer);
    }
}
