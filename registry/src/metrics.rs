//! Metrics for Prometheus. Labels are bounded: operations come from the route table, statuses from the error catalogue.

use crate::http::routes::{Operation, ROUTES};
use model::{AuditChange, Record};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};
use std::sync::OnceLock;
use std::time::Duration;
use storage::{Group, Health, Totals};

/// Statuses that the registry answers with; any other is counted as `other`.
const STATUSES: [u16; 21] =
    [200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 422, 429, 500, 503, 504];

/// The handles of one operation, looked up once.
struct OfOperation {
    requests: [OnceLock<IntCounter>; STATUSES.len() + 1],
    duration: Histogram,
}

/// The metrics.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    by_operation: Vec<OfOperation>,
    unrouted: OfOperation,
    ready_hits: IntCounter,
    ready_misses: IntCounter,
    found_hits: IntCounter,
    found_misses: IntCounter,
    commit_duration: Histogram,
    group_size: Histogram,
    commits: IntCounter,
    syncs: IntCounter,
    subjects: IntGauge,
    versions: IntGauge,
    schemas: IntGauge,
    writable: IntGauge,
    /// Answers that are being made while they are sent.
    pub streams: IntGauge,
    /// Pieces made of them.
    pub pieces: IntCounter,
    /// Of authorization and audit.
    pub access: crate::access::Metrics,
}

impl Metrics {
    /// Registers all metrics.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let histogram = |name: &str, help: &str, buckets: Vec<f64>| {
            let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets))?;
            registry.register(Box::new(histogram.clone()))?;
            Ok::<_, prometheus::Error>(histogram)
        };
        let requests = IntCounterVec::new(
            Opts::new("freehold_http_requests_total", "Requests answered, by operation and HTTP status"),
            &["operation", "status"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        let durations = HistogramVec::new(
            HistogramOpts::new("freehold_http_request_duration_seconds", "Time from the request's head to its answer")
                .buckets(vec![0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0]),
            &["operation"],
        )?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(crate::log::lost().clone()))?;
        let of = |name: &str| OfOperation {
            requests: std::array::from_fn(|_| OnceLock::new()),
            duration: durations.with_label_values(&[name]),
        };
        Ok(Metrics {
            by_operation: ROUTES.iter().map(|route| of(route.name)).collect(),
            unrouted: of("none"),
            requests,
            ready_hits: counter("freehold_ready_answers_hits_total", "Requests served from the answers kept ready")?,
            ready_misses: counter(
                "freehold_ready_answers_misses_total",
                "Requests that could have been kept ready and were not",
            )?,
            found_hits: counter(
                "freehold_finds_hits_total",
                "Look-ups and registrations answered by where the same request found its schema before",
            )?,
            found_misses: counter("freehold_finds_misses_total", "Look-ups and registrations that had to be parsed")?,
            commit_duration: histogram(
                "freehold_commit_duration_seconds",
                "Time to make one group of commits durable",
                vec![0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0],
            )?,
            group_size: histogram(
                "freehold_commit_group_size",
                "Commits made durable together",
                vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0],
            )?,
            commits: counter("freehold_commits_total", "Commits that wrote something")?,
            syncs: counter("freehold_syncs_total", "Times the log was forced to disk for a group of commits")?,
            subjects: gauge("freehold_subjects", "Subjects, soft-deleted ones included")?,
            versions: gauge("freehold_versions", "Schema versions, soft-deleted ones included")?,
            schemas: gauge("freehold_schemas", "Schema versions that are not soft-deleted")?,
            writable: gauge("freehold_store_writable", "1 while the store takes writes, 0 after a failure")?,
            streams: gauge("freehold_streams", "Listings that are being made while they are sent")?,
            pieces: counter("freehold_stream_pieces_total", "Pieces made of listings that are sent in pieces")?,
            access: crate::access::Metrics::new(&registry)?,
            registry,
        })
    }

    /// Counts an answered request.
    pub fn answered(&self, operation: Option<Operation>, status: u16, elapsed: Duration) {
        let (name, of) = match operation {
            Some(operation) => (operation.route().name, &self.by_operation[operation as usize]),
            None => ("none", &self.unrouted),
        };
        let at = STATUSES.iter().position(|known| *known == status);
        let counter = of.requests[at.unwrap_or(STATUSES.len())].get_or_init(|| {
            let label = at.map_or_else(|| "other".to_owned(), |_| status.to_string());
            self.requests.with_label_values(&[name, &label])
        });
        counter.inc();
        of.duration.observe(elapsed.as_secs_f64());
    }

    /// Counts a use of the ready answers.
    pub fn ready(&self, hit: bool) {
        if hit { self.ready_hits.inc() } else { self.ready_misses.inc() }
    }

    /// Counts a look-up or registration by whether the same was known.
    pub fn found(&self, hit: bool) {
        if hit { self.found_hits.inc() } else { self.found_misses.inc() }
    }

    /// Counts a group.
    pub fn committed(&self, group: &Group<'_>) {
        self.commit_duration.observe(group.elapsed.as_secs_f64());
        self.group_size.observe(group.commits as f64);
        self.commits.inc_by(group.commits as u64);
        self.syncs.inc();
        for stamped in group.records {
            if let Record::Audit(AuditChange::Entry(entry)) = &stamped.record {
                self.access.audited(entry);
            }
        }
    }

    /// The text of all metrics.
    ///
    /// # Errors
    /// The encoder's text.
    pub fn render(&self, totals: Totals, health: &Health) -> Result<Vec<u8>, String> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.subjects.set(signed(totals.subjects));
        self.versions.set(signed(totals.versions));
        self.schemas.set(signed(totals.live_versions));
        self.writable.set(i64::from(*health == Health::Ok));
        let mut text = Vec::new();
        prometheus::TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }
}
