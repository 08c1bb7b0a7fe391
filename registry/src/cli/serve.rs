//! `freehold serve`: start, say what a newcomer needs to know, wait for a signal, stop in order.

use super::say;
use crate::node::Node;
use crate::settings::Settings;
use crate::{control, log};
use authz::Enforcement;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until SIGTERM or SIGINT.
pub fn run(settings: &Settings) -> Result<(), String> {
    log::start(settings);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let outcome = runtime.block_on(async {
        let started = std::time::Instant::now();
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
        let node = tokio::select! {
            node = Node::start(settings) => node.map_err(|error| error.to_string())?,
            // The thread that opens the store ends with the process.
            _ = terminate.recv() => return stopped_early("SIGTERM"),
            _ = interrupt.recv() => return stopped_early("SIGINT"),
        };
        let control = control::listen(&settings.data, node.store());
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            address = %node.address, data = %settings.data.display(), version = crate::VERSION, millis, "serving"
        );
        say(&greeting(settings, &node));
        let signal = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal, "stopping: finishing what is in flight");
        drop(control);
        node.stop().await.map_err(|error| error.to_string())?;
        tracing::info!("stopped");
        Ok(())
    });
    // What requests left running has been told to stop. It holds nothing that is still needed.
    runtime.shutdown_timeout(MARGIN);
    outcome
}

/// How long the end waits for work that has been told to stop.
const MARGIN: Duration = Duration::from_secs(1);

/// Nothing has been served, and nothing is lost.
fn stopped_early(signal: &str) -> Result<(), String> {
    tracing::info!(signal, "stopped before the store was open");
    Ok(())
}

fn greeting(settings: &Settings, node: &Node) -> String {
    let url = format!("http://{}", node.address);
    format!(
        "Freehold {version}\n  listening  {url}\n  data       {data}\n  writing    {writing}\n\nTry it:\n  curl -X POST {url}/subjects/orders-value/versions -H 'Content-Type: application/json' -d '{{\"schema\": \"{{\\\"type\\\":\\\"string\\\"}}\"}}'\n  curl {url}/subjects\n",
        version = crate::VERSION,
        writing = writing(settings),
        data = std::path::absolute(&settings.data).unwrap_or_else(|_| settings.data.clone()).display(),
    )
}

fn writing(settings: &Settings) -> String {
    match &settings.access.users {
        None => "anyone who can reach this address (name a users file with --authentication-users)".to_owned(),
        Some(users) => {
            let mode = settings.access.authorization.mode;
            let who = match mode {
                Enforcement::Enforce => "the owners of namespaces",
                Enforcement::Observe | Enforcement::Off => "anyone who can reach this address",
            };
            format!("{who}; users in {} (authorization.mode={mode})", users.display())
        }
    }
}
