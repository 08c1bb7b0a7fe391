//! Metrics for Prometheus. Labels are bounded: operations come from the route table, statuses from the error catalogue.

use crate::http::routes::{Operation, ROUTES};
use crate::process::Process;
use model::{AuditChange, Record};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use storage::{Group, Health, KeyCounts, Totals, Usage};

/// Statuses that the registry answers with; any other is counted as `other`.
const STATUSES: [u16; 22] =
    [200, 201, 204, 207, 304, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 422, 429, 500, 503, 504];

/// The handles of one operation, each made when it is first used: what nobody asks for has no series.
struct OfOperation {
    requests: [OnceLock<IntCounter>; STATUSES.len() + 1],
    duration: OnceLock<Histogram>,
}

/// What is looked up when the page is asked for.
pub struct Seen {
    /// The totals of the store.
    pub totals: Totals,
    /// How many encryption keys there are.
    pub keys: KeyCounts,
    /// Is the store usable?
    pub health: Health,
    /// What the store takes up.
    pub usage: Usage,
    /// Jobs that wait or run, by the name of their queue.
    pub jobs: [(&'static str, usize); 2],
    /// How often a verdict was remembered, and how often schemas were compared.
    pub verdicts: [u64; 2],
}

/// The metrics.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    by_operation: Vec<OfOperation>,
    unrouted: OfOperation,
    response_hits: IntCounter,
    response_misses: IntCounter,
    lookup_hits: IntCounter,
    lookup_misses: IntCounter,
    commit_duration: Histogram,
    group_size: Histogram,
    commits: IntCounter,
    syncs: IntCounter,
    subjects: IntGauge,
    versions: IntGauge,
    schemas: IntGauge,
    writable: IntGauge,
    keks: IntGauge,
    shared_keks: IntGauge,
    deks: IntGauge,
    /// Answers that are being made while they are sent.
    pub streams: IntGauge,
    /// Pieces made of them.
    pub pieces: IntCounter,
    by_format: IntGaugeVec,
    store_bytes: IntGaugeVec,
    queues: IntGaugeVec,
    connections: IntGauge,
    /// Of key management systems.
    pub kms: Arc<service::KmsMetrics>,
    /// Of authorization and audit.
    pub access: Arc<service::access::Metrics>,
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
                .buckets(vec![
                    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0,
                ]),
            &["operation"],
        )?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(crate::log::lost().clone()))?;
        let gauges = |name: &str, help: &str, label: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, prometheus::Error>(gauges)
        };
        let build = Opts::new("freehold_build_info", "Always 1; the labels say what runs here");
        let build = IntGaugeVec::new(build, &["version", "commit"])?;
        build.with_label_values(&[crate::VERSION, crate::COMMIT]).set(1);
        registry.register(Box::new(build))?;
        let of = || OfOperation { requests: std::array::from_fn(|_| OnceLock::new()), duration: OnceLock::new() };
        Ok(Metrics {
            by_operation: ROUTES.iter().map(|_| of()).collect(),
            unrouted: of(),
            requests,
            durations,
            by_format: gauges(
                "freehold_versions_by_format",
                "Schema versions by format, soft-deleted ones included",
                "format",
            )?,
            store_bytes: gauges("freehold_store_bytes", "Bytes on disk, by part of the store", "part")?,
            queues: gauges("freehold_queue_length", "What waits or runs, by queue", "queue")?,
            connections: gauge("freehold_connections", "Open connections of clients")?,
            response_hits: counter("freehold_response_cache_hits_total", "Requests served from the cached answers")?,
            response_misses: counter(
                "freehold_response_cache_misses_total",
                "Requests that could have been cached and were not",
            )?,
            lookup_hits: counter(
                "freehold_lookup_cache_hits_total",
                "Look-ups and registrations answered by where the same request found its schema before",
            )?,
            lookup_misses: counter(
                "freehold_lookup_cache_misses_total",
                "Look-ups and registrations that had to be parsed",
            )?,
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
            keks: gauge("freehold_keks", "Keys that wrap others (KEKs), soft-deleted ones included")?,
            shared_keks: gauge("freehold_shared_keks", "Those of them that the registry may use")?,
            deks: gauge("freehold_deks", "Keys that clients encrypt with (DEKs), soft-deleted ones included")?,
            kms: Arc::new(service::KmsMetrics::new(&registry)?),
            writable: gauge("freehold_store_writable", "1 while the store takes writes, 0 after a failure")?,
            streams: gauge("freehold_streams", "Listings that are being made while they are sent")?,
            pieces: counter("freehold_stream_pieces_total", "Pieces made of listings that are sent in pieces")?,
            access: Arc::new(service::access::Metrics::new(&registry)?),
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
        of.duration.get_or_init(|| self.durations.with_label_values(&[name])).observe(elapsed.as_secs_f64());
    }

    /// Counts a connection until what this returns is dropped.
    pub fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    /// Counts a use of the response cache.
    pub fn response_cache(&self, hit: bool) {
        if hit { self.response_hits.inc() } else { self.response_misses.inc() }
    }

    /// Counts a look-up or registration by whether the same was known.
    pub fn lookup_cache(&self, hit: bool) {
        if hit { self.lookup_hits.inc() } else { self.lookup_misses.inc() }
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
    pub fn render(&self, seen: &Seen) -> Result<Vec<u8>, String> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let Seen { totals, keys, health, usage, jobs, verdicts: [hits, misses] } = seen;
        self.store_bytes.with_label_values(&["tables"]).set(signed(usage.tables));
        self.store_bytes.with_label_values(&["log"]).set(signed(usage.log));
        for (queue, length) in [("writer", usage.waiting)].iter().chain(jobs) {
            self.queues.with_label_values(&[queue]).set(signed(*length as u64));
        }
        self.keks.set(signed(keys.keks));
        self.shared_keks.set(signed(keys.shared_keks));
        self.deks.set(signed(keys.deks));
        self.subjects.set(signed(totals.subjects));
        self.versions.set(signed(totals.versions));
        self.schemas.set(signed(totals.live_versions));
        for (format, versions) in totals.by_format() {
            self.by_format.with_label_values(&[format]).set(signed(versions));
        }
        self.writable.set(i64::from(*health == Health::Ok));
        let mut text = Vec::new();
        prometheus::TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(|error| error.to_string())?;
        for (name, help, value) in [
            ("freehold_verdict_cache_hits_total", "Comparisons of two schemas whose verdict was remembered", hits),
            ("freehold_verdict_cache_misses_total", "Comparisons of two schemas that had to be made", misses),
        ] {
            text.extend(format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n").into_bytes());
        }
        text.extend(Process::read().iter().flat_map(|process| process.page().into_bytes()));
        Ok(text)
    }
}

/// A connection that is counted.
pub struct Connected(IntGauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}
