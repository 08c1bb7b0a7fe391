//! What a node does on the side, about once a second: look at the files that may have changed, write the refusals that wait
//! for the audit, and count now and then who owns how much.

use crate::access::Files;
use crate::app::App;
use model::Position;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(1);
/// Holdings are counted once in so many rounds, and only after a change: it walks through all subjects.
const COUNT_EVERY: u32 = 15;

/// Runs until `stop` becomes true, and writes what waits once more then.
pub async fn run(app: Arc<App>, mut files: Files, mut stop: watch::Receiver<bool>) {
    let mut counted: Option<Position> = None;
    let mut round = 0;
    loop {
        let stopping = tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok();
        write_refusals(&app).await;
        if stopping {
            return;
        }
        let count = round % COUNT_EVERY == 0 && counted != Some(app.position());
        if count {
            counted = Some(app.position());
        }
        round = round.wrapping_add(1);
        let worker = Arc::clone(&app);
        // Reading files and walking through the store blocks.
        let done = tokio::task::spawn_blocking(move || {
            files.poll();
            if count {
                match worker.service.holdings() {
                    Ok(holdings) => worker.metrics.access.holdings(&holdings),
                    Err(fault) => tracing::warn!(?fault, "subjects could not be counted by their owners"),
                }
            }
            files
        });
        match done.await {
            Ok(back) => files = back,
            Err(error) => {
                tracing::error!(%error, "files are not looked at any more: looking at them panicked");
                return;
            }
        }
    }
}

async fn write_refusals(app: &App) {
    let entries = app.access.audit.drain();
    if !entries.is_empty()
        && let Err(fault) = app.service.write_audit(entries).await
    {
        tracing::error!(?fault, "refusals could not be written to the audit");
    }
}
