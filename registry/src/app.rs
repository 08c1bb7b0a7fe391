//! What every request needs: the service, the cached answers, the metrics, and who this registry is.

use crate::http::pieces;
use crate::http::response_cache::ResponseCache;
use crate::http::server::{Answers, Places};
use crate::metrics::Metrics;
use model::{CompatibilityLevel, Position};
use service::Service;
use service::access::{Access, AuditSink, OwnershipCache};
use std::sync::Arc;
use std::time::Duration;
use storage::{Group, Observer};
use tokio::sync::{Semaphore, watch};

/// How this registry names itself to clients.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The Kafka cluster whose schemas these are.
    pub kafka_cluster: String,
    /// The registry cluster.
    pub registry_cluster: String,
}

/// Limits on one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// The memory for the bodies of all requests together, in bytes.
    pub bodies: usize,
    /// The largest bodies of all answers together that clients have not taken yet, in bytes.
    pub answers: usize,
    /// Connections at most.
    pub connections: usize,
    /// How long a request may take.
    pub request: Duration,
}

impl Limits {
    /// The most memory that one body may take once its JSON has been read, in bytes.
    pub fn read(&self) -> usize {
        self.body.saturating_mul(4)
    }
}

/// The application.
pub struct App {
    /// The operations.
    pub service: Service,
    /// Who may do what.
    pub access: Access,
    /// Cached answers.
    pub response_cache: Arc<ResponseCache>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Names.
    pub identity: Identity,
    /// Limits.
    pub limits: Limits,
    /// The budget, in bytes, of request bodies that are being read or answered, and of what is read from them.
    pub bodies: Arc<Semaphore>,
    /// How many answers may be made while they are sent.
    pub pieces: Arc<Semaphore>,
    /// Who may keep a connection open.
    pub places: Arc<Places>,
    /// The budget of answers on their way to clients.
    pub answers: Arc<Answers>,
    /// The compatibility level where none is configured.
    pub default_level: CompatibilityLevel,
    position: watch::Receiver<Position>,
}

impl App {
    /// Puts the parts together. The store behind the service must have been opened with `Watcher` as its observer.
    pub fn new(
        service: Service,
        access: Access,
        watcher: &Watcher,
        identity: Identity,
        limits: Limits,
        default_level: CompatibilityLevel,
    ) -> Self {
        let position = service.store().watch();
        let (response_cache, metrics) = (Arc::clone(&watcher.response_cache), Arc::clone(&watcher.metrics));
        let bodies = Arc::new(Semaphore::new(limits.bodies.max(limits.read()).min(Semaphore::MAX_PERMITS)));
        let pieces = Arc::new(Semaphore::new(pieces::AT_ONCE));
        let places = Places::new(limits.connections);
        let answers = Answers::new(limits.answers, Arc::clone(&places));
        App {
            service,
            access,
            response_cache,
            metrics,
            identity,
            limits,
            bodies,
            pieces,
            places,
            answers,
            default_level,
            position,
        }
    }

    /// The newest visible position.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }
}

/// The store's observer: forgets cached answers, keeps the namespaces in memory in step, hands the audit on, and counts.
pub struct Watcher {
    /// Cached answers.
    pub response_cache: Arc<ResponseCache>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Namespaces.
    pub ownership: OwnershipCache,
    /// Where the audit goes besides the store.
    pub sink: Arc<AuditSink>,
}

impl Observer for Watcher {
    fn committed(&self, group: &Group<'_>) {
        self.response_cache.generations.touch(group.records);
        self.ownership.follow(group.records);
        self.sink.follow(group.records);
        self.metrics.committed(group);
    }
}
