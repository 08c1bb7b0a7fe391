//! Metrics of authorization and audit. Namespaces are labels, so only so many are told apart: the first that come.

use model::{AuditOutcome, AuditRecord, NamespaceName};
use prometheus::{IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Namespaces that are told apart; the others are counted together.
const NAMESPACES: usize = 500;
/// The label of what no namespace owns. No namespace can have these names.
const NOBODY: &str = "-";
const OTHERS: &str = "_others";

/// The metrics.
pub struct Metrics {
    refusals: IntCounterVec,
    writes: IntCounterVec,
    subjects: IntGaugeVec,
    versions: IntGaugeVec,
    reloads: IntCounterVec,
    password_checks: IntCounter,
    sink_failures: IntCounter,
    sink_lost: IntCounter,
    known: Mutex<HashSet<NamespaceName>>,
}

impl Metrics {
    /// Registers all of them.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let gauges = |name: &str, help: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &["namespace"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, prometheus::Error>(gauges)
        };
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        Ok(Metrics {
            refusals: counters(
                "freehold_refusals_total",
                "Requests refused, or let through while authorization only observes, by owner, reason and decision",
                &["namespace", "reason", "decision"],
            )?,
            writes: counters(
                "freehold_namespace_writes_total",
                "Changes made, by owner; - is nobody's",
                &["namespace"],
            )?,
            subjects: gauges("freehold_namespace_subjects", "Subjects, by owner; - is nobody's")?,
            versions: gauges("freehold_namespace_versions", "Schema versions, by owner; - is nobody's")?,
            reloads: counters(
                "freehold_reloads_total",
                "Times that a changed file was taken or could not be used, by file",
                &["file", "outcome"],
            )?,
            password_checks: counter(
                "freehold_password_checks_total",
                "Passwords checked against their hash; what was checked before is remembered and does not count",
            )?,
            sink_failures: counter("freehold_audit_sink_failures_total", "Times that the audit's sink refused a line")?,
            sink_lost: counter(
                "freehold_audit_sink_lost_total",
                "Entries that were forgotten before the audit's sink took them",
            )?,
            known: Mutex::default(),
        })
    }

    fn label<'a>(&self, namespace: Option<&'a NamespaceName>) -> &'a str {
        let Some(namespace) = namespace else { return NOBODY };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(namespace) {
            return namespace.as_str();
        }
        if known.len() < NAMESPACES {
            known.insert(namespace.clone());
            return namespace.as_str();
        }
        OTHERS
    }

    /// Counts a refusal.
    pub fn refused(&self, namespace: Option<&NamespaceName>, reason: &str, decision: &str) {
        self.refusals.with_label_values(&[self.label(namespace), reason, decision]).inc();
    }

    /// Counts a change by its entry in the audit, also as a refusal where authorization only observed. What was refused, or
    /// changed nothing, has a time of its own and was counted then.
    pub fn audited(&self, entry: &AuditRecord) {
        let namespace = entry.namespace.as_ref();
        if entry.happened.is_some() {
            return;
        }
        self.writes.with_label_values(&[self.label(namespace)]).inc();
        if entry.outcome == AuditOutcome::Observed {
            let reason = if entry.method.is_some() { "forbidden" } else { "unauthenticated" };
            self.refused(namespace, reason, AuditOutcome::Observed.as_str());
        }
    }

    /// How many subjects and versions each owner has.
    pub fn holdings(&self, holdings: &HashMap<Option<NamespaceName>, (u64, u64)>) {
        self.subjects.reset();
        self.versions.reset();
        for (namespace, (subjects, versions)) in holdings {
            let label = self.label(namespace.as_ref());
            self.subjects.with_label_values(&[label]).add(i64::try_from(*subjects).unwrap_or(i64::MAX));
            self.versions.with_label_values(&[label]).add(i64::try_from(*versions).unwrap_or(i64::MAX));
        }
    }

    /// Counts a file that has changed.
    pub fn reloaded(&self, file: &str, outcome: &str) {
        self.reloads.with_label_values(&[file, outcome]).inc();
    }

    /// Counts a check of a password against its hash.
    pub fn password_checked(&self) {
        self.password_checks.inc();
    }

    /// Counts a line that the sink refused.
    pub fn sink_failed(&self) {
        self.sink_failures.inc();
    }

    /// Counts entries that were forgotten before the sink took them.
    pub fn sink_lost(&self, entries: u64) {
        self.sink_lost.inc_by(entries);
    }
}
