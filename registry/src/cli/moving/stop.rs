//! Ctrl-C and its like, while something is moved: what has begun is ended, modes are set back, and the summary says how far it
//! came. The same signal once more ends the process where it is.

use crate::log::complain;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Has somebody asked to stop?
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

/// How often a pause looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

impl Stop {
    /// Listens to SIGINT, SIGTERM and SIGHUP from now on.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn on_signals() -> Result<Self, String> {
        let stop = Stop::default();
        let said = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let _guard = runtime.enter();
        let listen = |kind| signal(kind).map_err(|error: std::io::Error| error.to_string());
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let mut hang_up = listen(SignalKind::hangup())?;
        drop(_guard);
        let wait = move || {
            runtime.block_on(async move {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                        _ = hang_up.recv() => {}
                    }
                    if said.0.swap(true, Ordering::SeqCst) {
                        complain("ended at once; modes may not have been set back");
                        std::process::exit(i32::from(super::BROKEN_OFF));
                    }
                    complain("stopping: what is under way is ended, and modes are set back");
                }
            });
        };
        std::thread::Builder::new().name("signals".into()).spawn(wait).map_err(|error| error.to_string())?;
        Ok(stop)
    }

    /// One that was asked for.
    #[cfg(test)]
    pub fn asked() -> Self {
        Stop(Arc::new(AtomicBool::new(true)))
    }

    /// Is it time to stop?
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits this long, or until it is time to stop.
    pub fn pause(&self, length: Duration) {
        let end = Instant::now() + length;
        while !self.is_asked() && Instant::now() < end {
            std::thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        }
    }
}
