//! One running registry: the store, the service and the listener put together, and taken apart in order.

use crate::app::{App, Identity, Limits, Watcher};
use crate::descriptors::{self, Descriptors};
use crate::http::dispatcher::Dispatcher;
use crate::http::response_cache::ResponseCache;
use crate::http::server;
use crate::maintenance;
use crate::metrics::Metrics;
use crate::opening;
use crate::settings::{Settings, secrets};
use futures_util::FutureExt;
use kms::{Drivers, LocalKms};
use rules::schema_cache::SchemaCache;
use service::access;
use service::{Guard, KeyManagement, Pools, Retention, Service};
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use storage::rocks::{Location, Options, Rocks};
use storage::{Followers, Health, Store};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Why a node does not start or does not end well.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum Error {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: SocketAddr, reason: io::Error },
    #[error(transparent)]
    Store(#[from] storage::Error),
    #[error(transparent)]
    NotOpen(#[from] opening::NotOpen),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    #[error(transparent)]
    Access(#[from] access::OpenError),
    #[error(transparent)]
    Sink(#[from] access::SinkError),
    #[error(
        "the data directory {} holds no store, and must-exist forbids to make a new one; is it the right directory, and is its volume \
         mounted?", .0.display()
    )]
    NoStore(PathBuf),
    #[error(transparent)]
    Descriptors(#[from] descriptors::TooFew),
    #[error("the listener failed: {0}")]
    Server(io::Error),
}

/// A running registry.
pub struct Node {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it may keep open.
    pub descriptors: Descriptors,
    app: Arc<App>,
    store: Arc<dyn Store>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
    maintenance: JoinHandle<()>,
    reload: Arc<Notify>,
    /// Ends when told, which is after the last request: that one may still be refused.
    refusals: (watch::Sender<bool>, JoinHandle<()>),
    sink: Arc<access::AuditSink>,
    followers: Followers,
}

impl Node {
    /// Opens the store and starts to serve. Ready when this returns.
    ///
    /// # Errors
    /// The address is taken, or the store does not open.
    pub async fn start(settings: &Settings) -> Result<Self, Error> {
        // The address first: a taken port is the commoner mistake, and costs nothing to find out.
        let listen = |reason| Error::Listen { address: settings.listen, reason };
        let listener = server::listen(settings.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        tracing::info!(data = %settings.data.display(), "opening the store");
        let own = settings.clone();
        let opened = opening::wait(move || assemble(&own, address), opening::Patience::default()).await?;
        let Assembled { app, store, files, sink, descriptors, followers } = opened?;
        let (stop, stopped) = watch::channel(false);
        let limits = server::Limits {
            head: settings.head_timeout,
            write: settings.write_timeout,
            drain: settings.drain_timeout,
        };
        watched("reporting the health of the store", report_health(Arc::clone(&store), stopped.clone()));
        let reload = Arc::new(Notify::new());
        let maintenance = maintenance::run(Arc::clone(&app), files, Arc::clone(&reload), stopped.clone());
        let maintenance = watched("maintenance", maintenance);
        let (finish, finished) = watch::channel(false);
        let refusals = watched("writing refusals", maintenance::write_refusals(Arc::clone(&app), finished));
        let refusals = (finish, refusals);
        #[allow(clippy::disallowed_methods, reason = "`stop` waits for it and passes its failure on")]
        let serving = tokio::spawn(server::serve(listener, Dispatcher::new(Arc::clone(&app)), limits, stopped));
        Ok(Node { address, descriptors, app, store, stop, serving, maintenance, reload, refusals, sink, followers })
    }

    /// The store, for backups taken while serving.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Has the users file and the policy read again at once, for somebody who knows that they have changed.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// Stops accepting, finishes what is in flight, closes the store.
    ///
    /// # Errors
    /// Those of the listener and of closing the store.
    pub async fn stop(self) -> Result<(), Error> {
        let _ = self.stop.send(true);
        let served = self.serving.await.map_err(io::Error::other).and_then(|served| served);
        // What was not answered by now is not going to be.
        self.app.service.stop_work();
        served.map_err(Error::Server)?;
        let (finish, refusals) = self.refusals;
        let _ = finish.send(true);
        for task in [self.maintenance, refusals] {
            task.await.map_err(io::Error::other).map_err(Error::Server)?;
        }
        // They read from the store. Waiting for them blocks.
        let (sink, followers) = (self.sink, self.followers);
        let stop = move || {
            sink.stop();
            followers.stop();
        };
        tokio::task::spawn_blocking(stop).await.map_err(io::Error::other).map_err(Error::Server)?;
        Ok(self.store.close()?)
    }
}

/// A registry without its listener, and without what it does on the side.
pub struct Assembled {
    /// What requests are answered by, through a `Dispatcher`.
    pub app: Arc<App>,
    /// The store under it, to be closed at the end.
    pub store: Arc<dyn Store>,
    /// The files that it was put together from.
    pub files: access::Files,
    /// Where the audit goes besides the store, to be stopped before it.
    pub sink: Arc<access::AuditSink>,
    /// What follows the store at a distance, to be stopped before it.
    pub followers: Followers,
    /// What it may keep open.
    pub descriptors: Descriptors,
}

/// Opens the store and puts together what answers requests, for a registry that is reached at this address.
///
/// # Errors
/// The store does not open, or files of the settings cannot be used.
pub fn assemble(settings: &Settings, address: SocketAddr) -> Result<Assembled, Error> {
    let is_new = !storage::rocks::is_store(&settings.data);
    if is_new && settings.must_exist {
        return Err(Error::NoStore(settings.data.clone()));
    }
    let descriptors = Descriptors::share_out(settings.connections)?;
    let metrics = Arc::new(Metrics::new()?);
    let keys = key_management(settings, &metrics)?;
    let (access, files) = access::open(&settings.access, address, &metrics.access)?;
    let authorizer = access.gate.authorizer.clone();
    let sink = Arc::new(access::AuditSink::open(&settings.access, Arc::clone(&metrics.access))?);
    let watcher = Arc::new(Watcher {
        response_cache: Arc::new(ResponseCache::new(settings.answer_cache)),
        metrics,
        ownership: access::OwnershipCache::new(authorizer.clone()),
        sink: Arc::clone(&sink),
    });
    let mut options = store_options(settings, Some(watcher.clone()));
    options.open_files = descriptors.tables;
    let store: Arc<dyn Store> = Arc::new(Rocks::open(options)?);
    if is_new {
        let data = std::path::absolute(&settings.data).unwrap_or_else(|_| settings.data.clone());
        tracing::info!("made a new store at {}", data.display());
    }
    let view = store.view()?;
    let (namespaces, at) = (view.namespaces()?, view.namespaces_at()?);
    drop(view);
    access::check_owners(&settings.access, &settings.data, namespaces.len())?;
    watcher.ownership.load(namespaces, at);
    sink.start(&store, &settings.data)?;
    let (fall_back, retention) = (access.fall_back, Retention::new(settings.access.retention, &*store.view()?)?);
    let service = Service::new(
        Arc::clone(&store),
        SchemaCache::new(settings.schema_cache),
        Pools::new(settings.threads, settings.queue),
        settings.default_level,
        Guard { authorizer, fall_back, sink: Arc::clone(&sink), retention },
        keys,
    );
    let identity =
        Identity { kafka_cluster: settings.kafka_id.clone(), registry_cluster: settings.registry_id.clone() };
    let limits = Limits {
        body: settings.body_limit,
        bodies: settings.body_memory,
        answers: settings.answer_memory,
        connections: descriptors.connections,
        request: settings.request_timeout,
    };
    let app = Arc::new(App::new(service, access, &watcher, identity, limits, settings.default_level));
    let followers = Followers::start(&store, vec![Box::new(app.service.fingerprints())])?;
    Ok(Assembled { app, store, files, sink, followers, descriptors })
}

/// The drivers of key management systems, with the secrets that the settings name.
fn key_management(settings: &Settings, metrics: &Metrics) -> Result<KeyManagement, Error> {
    let mut local = LocalKms::default();
    for secrets::Named { name, place } in &settings.local_kms {
        local = local.with(name, place.read(settings.secrets_dir.as_deref())?.as_bytes());
    }
    Ok(KeyManagement::new(Drivers::default().with(LocalKms::TYPE, local), Arc::clone(&metrics.kms)))
}

/// Starts what is done on the side. Nobody looks at it before the end, so a panic says itself what is not done any more.
#[allow(clippy::disallowed_methods, reason = "this is what the others are to call")]
fn watched(what: &'static str, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        if AssertUnwindSafe(task).catch_unwind().await.is_err() {
            tracing::error!("{what} ended by a panic and does not go on until a restart");
        }
    })
}

/// Logs when the store stops taking writes or turns out to be damaged: a check in the background may find out first.
async fn report_health(store: Arc<dyn Store>, mut stopped: watch::Receiver<bool>) {
    let mut seen = Health::Ok;
    let mut every = tokio::time::interval(HEALTH_INTERVAL);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        let health = store.health();
        if health != seen {
            match &health {
                Health::Ok => tracing::info!("the store is well"),
                Health::ReadOnly(reason) => {
                    tracing::error!(%reason, "the store takes no writes until it is opened again")
                }
                Health::Corrupt(reason) => tracing::error!(%reason, "stored data are damaged"),
            }
            seen = health;
        }
    }
}

/// Opens the store for these settings.
///
/// # Errors
/// Those of the store.
pub fn open_store(settings: &Settings, observer: Option<Arc<Watcher>>) -> Result<Arc<dyn Store>, storage::Error> {
    Ok(Arc::new(Rocks::open(store_options(settings, observer))?))
}

/// How the store of these settings is opened.
pub fn store_options(settings: &Settings, observer: Option<Arc<Watcher>>) -> Options {
    let mut options = Options::new(Location::Directory(settings.data.clone()));
    options.block_cache_bytes = settings.block_cache;
    options.memtable_bytes = settings.memtable;
    if let Some(observer) = observer {
        options.observer = observer;
    }
    options
}

/// How often the store is asked how it is.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
