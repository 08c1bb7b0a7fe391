//! What a node does on the side, about once a second: look at the files that may have changed, write the refusals that wait
//! for the audit, forget what it has kept long enough, give unused memory back, and count now and then who owns how much.

use crate::app::App;
use crate::arenas;
use authz::Look;
use model::{Position, Record};
use service::access::Files;
use std::sync::Arc;
use std::time::Duration;
use storage::Health;
use storage::clock::{self, News};
use tokio::sync::{Notify, watch};

const EVERY: Duration = Duration::from_secs(1);
/// Holdings are counted once in so many rounds, and only after a change: it walks through all subjects.
const COUNT_EVERY: u32 = 15;

/// Looks after the files, the audit's age and the counts, until `stop` becomes true. `reload` asks for the files at once.
pub async fn run(app: Arc<App>, mut files: Files, reload: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    let mut counted: Option<Position> = None;
    let mut round = 0;
    let mut dated = true;
    loop {
        let look = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = reload.notified() => Look::Now,
            () = tokio::time::sleep(EVERY) => Look::Poll,
        };
        if let Some(news) = clock::news() {
            say(news);
        }
        if dated != std::mem::replace(&mut dated, clock::can_be_shown()) {
            say_dated(dated);
        }
        forget(&app).await;
        let count = round % COUNT_EVERY == 0 && counted != Some(app.position());
        if count {
            counted = Some(app.position());
        }
        round = round.wrapping_add(1);
        let worker = Arc::clone(&app);
        // Reading files and walking through the store blocks.
        let done = tokio::task::spawn_blocking(move || {
            files.look(look);
            arenas::give_back();
            if count {
                match worker.service.holdings() {
                    Ok(holdings) => worker.metrics.access.holdings(&holdings),
                    Err(fault) => tracing::warn!(?fault, "the registry could not count subjects by their owners"),
                }
            }
            files
        });
        match done.await {
            Ok(back) => files = back,
            Err(error) => {
                tracing::error!(%error, "the users file and the policy are not read again until a restart: reading them panicked");
                return;
            }
        }
    }
}

fn say_dated(dated: bool) {
    match dated {
        true => tracing::info!("the clock can be shown again; answers go on"),
        false => tracing::error!(
            "the clock is before 1970 or after 9999, which HTTP cannot show: nothing is answered until it is set"
        ),
    }
}

fn say(news: News) {
    let seconds = |milliseconds: i64| milliseconds / 1000;
    match news {
        News::Jumped(by) => tracing::warn!(
            seconds = seconds(by),
            "the clock has jumped; times go on as before until it has stayed there for an hour"
        ),
        News::Returned => tracing::info!("the clock is back"),
        News::Believed(by) => {
            tracing::warn!(seconds = seconds(by), "the clock has stayed where it jumped to; its time is used now")
        }
    }
}

/// Forgets entries of the audit that are old enough, also where nothing happens any more. A store that takes no writes keeps
/// them; that it does not is said elsewhere.
async fn forget(app: &App) {
    if app.service.store().health() == Health::Ok
        && let Err(fault) = app.service.forget_audit().await
    {
        tracing::warn!(?fault, "the registry could not delete old entries of the audit; it will try again");
    }
}

/// Writes the refusals that wait for the audit, once a second and whenever somebody is about to read it; once more when `stop`
/// becomes true, which must not be before the last request has been answered.
pub async fn write_refusals(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut readers = app.access.audit.readers();
    let mut held = Vec::new();
    let mut failing = false;
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            _ = readers.changed() => false,
            _ = stop.changed() => true,
        };
        let came = *readers.borrow_and_update();
        let write = |entries| app.service.write_audit(entries);
        match write_waiting(&mut held, || app.access.audit.drain(), write).await {
            Ok(()) if failing => tracing::info!("refusals are written to the audit again"),
            Err(fault) if !failing => tracing::error!(?fault, "refusals cannot be written to the audit; they wait"),
            _ => {}
        }
        failing = !held.is_empty();
        app.access.audit.served(came);
        if stopping {
            return;
        }
    }
}

/// Writes what an earlier attempt could not write, and then what waits in the queue. While the former fails the queue is left
/// alone, so that its bounds hold.
async fn write_waiting<E, W: Future<Output = Result<(), E>>>(
    held: &mut Vec<Record>,
    drain: impl Fn() -> Vec<Record>,
    write: impl Fn(Vec<Record>) -> W,
) -> Result<(), E> {
    for _ in 0..2 {
        if held.is_empty() {
            *held = drain();
        }
        if !held.is_empty() {
            write(held.clone()).await?;
            held.clear();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::AuditChange;
    use std::cell::{Cell, RefCell};

    #[tokio::test]
    async fn refusals_that_cannot_be_written_wait_and_lose_their_place_to_nobody() {
        let (queue, written, fails) = (RefCell::new(vec![]), RefCell::new(vec![]), Cell::new(true));
        let entry = |before| Record::Audit(AuditChange::Forgotten { before });
        let drain = || queue.take();
        let write = |entries: Vec<Record>| {
            if fails.get() {
                return std::future::ready(Err("read-only"));
            }
            written.borrow_mut().extend(entries);
            std::future::ready(Ok(()))
        };
        let mut held = vec![];
        queue.borrow_mut().push(entry(1));
        assert_eq!(write_waiting(&mut held, drain, write).await, Err("read-only"));
        queue.borrow_mut().push(entry(2));
        assert_eq!(write_waiting(&mut held, drain, write).await, Err("read-only"));
        assert_eq!((held.len(), queue.borrow().len(), written.borrow().len()), (1, 1, 0));
        fails.set(false);
        assert_eq!(write_waiting(&mut held, drain, write).await, Ok(()));
        assert_eq!(*written.borrow(), [entry(1), entry(2)]);
        assert!(held.is_empty() && queue.borrow().is_empty());
    }
}
