//! Waiting for a store to open. RocksDB reads its logs and looks at its files, which takes as long as the disk needs and cannot be
//! interrupted; so it is done in a thread of its own, and whoever waits hears that it goes on, can be told to stop, and does not
//! wait for ever.

use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A line says so often that it goes on.
    pub say: Duration,
    /// It has failed then. What is read is bounded, a few dozen MiB of logs: only a disk that hangs takes this long.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { say: Duration::from_secs(5), longest: Duration::from_secs(600) }
    }
}

/// Why it is not open.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum NotOpen {
    #[error("the store is not open after {} seconds: does its disk answer?", .0.as_secs())]
    Late(Duration),
    #[error("opening the store ended by a panic")]
    Panicked,
    #[error("no thread can be started: {0}")]
    NoThread(std::io::Error),
}

/// Runs `open` in a thread. Whoever stops waiting leaves it behind; it ends with the process.
///
/// # Errors
/// It took too long or panicked.
pub async fn wait<T: Send + 'static>(
    open: impl FnOnce() -> T + Send + 'static,
    patience: Patience,
) -> Result<T, NotOpen> {
    let (done, mut opened) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let run = move || {
        let _entered = runtime.enter();
        // Nobody may be waiting any more.
        let _ = done.send(open());
    };
    std::thread::Builder::new().name("opening".into()).spawn(run).map_err(NotOpen::NoThread)?;
    let began = Instant::now();
    let end = began + patience.longest;
    loop {
        match timeout_at(end.min(Instant::now() + patience.say), &mut opened).await {
            Ok(Ok(open)) => return Ok(open),
            Ok(Err(_)) => return Err(NotOpen::Panicked),
            Err(_) if Instant::now() >= end => return Err(NotOpen::Late(patience.longest)),
            Err(_) => tracing::info!(seconds = began.elapsed().as_secs(), "still opening the store"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_waited_for_and_not_for_ever() {
        let (say, long) = (Duration::from_millis(1), Duration::from_secs(60));
        assert_eq!(wait(|| 7, Patience::default()).await.unwrap(), 7);
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let slow = wait(move || told.recv().is_err(), Patience { say, longest: Duration::from_millis(20) });
        let error = slow.await.unwrap_err();
        assert!(matches!(error, NotOpen::Late(_)) && error.to_string().contains("does its disk answer?"), "{error}");
        drop(go_on);
        let panics = wait(|| -> u8 { std::panic::resume_unwind(Box::new("")) }, Patience { say, longest: long });
        assert!(matches!(panics.await, Err(NotOpen::Panicked)));
    }
}
