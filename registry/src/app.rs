//! What every request needs: the service, the ready answers, the metrics, and who this registry is.

use crate::http::ready::Ready;
use crate::metrics::Metrics;
use crate::service::Service;
use model::{CompatibilityLevel, Position};
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
    /// The largest bodies of all requests together, in bytes.
    pub bodies: usize,
    /// How long a request may take.
    pub request: Duration,
}

/// The application.
pub struct App {
    /// The operations.
    pub service: Service,
    /// Ready answers.
    pub ready: Arc<Ready>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Names.
    pub identity: Identity,
    /// Limits.
    pub limits: Limits,
    /// The budget, in bytes, of request bodies that are being read or answered.
    pub bodies: Arc<Semaphore>,
    /// The compatibility level where none is configured.
    pub default_level: CompatibilityLevel,
    position: watch::Receiver<Position>,
}

impl App {
    /// Puts the parts together. The store behind the service must have been opened with `Watcher` as its observer.
    pub fn new(
        service: Service,
        watcher: &Watcher,
        identity: Identity,
        limits: Limits,
        default_level: CompatibilityLevel,
    ) -> Self {
        let position = service.store().watch();
        let (ready, metrics) = (Arc::clone(&watcher.ready), Arc::clone(&watcher.metrics));
        let bodies = Arc::new(Semaphore::new(limits.bodies.max(limits.body)));
        App { service, ready, metrics, identity, limits, bodies, default_level, position }
    }

    /// The newest visible position.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }
}

/// The store's observer: forgets ready answers and counts.
pub struct Watcher {
    /// Ready answers.
    pub ready: Arc<Ready>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
}

impl Observer for Watcher {
    fn committed(&self, group: &Group<'_>) {
        self.ready.stripes.touch(group.records);
        self.metrics.committed(group);
    }
}
