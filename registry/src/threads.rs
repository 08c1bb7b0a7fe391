//! Threads: whether there can be as many as a registry needs. The runtime and RocksDB panic or abort where they cannot start
//! one, some of them while others wait for them, so it is tried before.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Those besides one for each core: of the store, its flushes and compactions, of the log, the audit and the control socket,
/// and a few on which requests block.
const BESIDES: usize = 16;

/// The system does not let this process have enough threads.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot start threads: {0}; a registry needs {needed} of them (ulimit -u, pids.max of a container, TasksMax= of systemd)",
    needed = needed()
)]
pub struct TooFew(io::Error);

fn needed() -> usize {
    thread::available_parallelism().map_or(2, std::num::NonZero::get) + BESIDES
}

/// Starts as many threads as a registry needs, all at the same time, and lets them end.
///
/// # Errors
/// `TooFew`.
pub fn check() -> Result<(), TooFew> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = || drop(gate.lock());
        let started = (0..needed()).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop));
        drop(closed);
        started.map_err(TooFew)
    })
}
