//! Where parsing and comparing is done: small texts on the spot, larger ones on a bounded number of threads with a bounded
//! queue, so that no request can take all cores from the others and no queue grows without end.

use crate::fault::Fault;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Work on texts up to this size is shorter than handing it to another thread and back.
const ON_THE_SPOT: usize = 16 * 1024;

/// The pool.
#[derive(Clone)]
pub struct Pool {
    threads: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

/// Counts a waiting job for as long as it waits or runs, also when its request is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// A pool of `threads` threads and at most `queue` jobs waiting or running.
    pub fn new(threads: usize, queue: usize) -> Self {
        Pool { threads: Arc::new(Semaphore::new(threads.max(1))), waiting: Arc::default(), queue }
    }

    /// Runs a job over `bytes` bytes of text.
    ///
    /// # Errors
    /// `Busy` when the queue is full; those of the job. A job that panics is an `Internal` fault.
    pub async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        if bytes <= ON_THE_SPOT {
            return job();
        }
        let waiting = Waiting(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            return Err(Fault::Busy);
        }
        let permit = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| Fault::Busy)?;
        let ran = tokio::task::spawn_blocking(move || {
            let _held = (permit, waiting);
            job()
        });
        ran.await.map_err(|panic| Fault::Internal(format!("a job of the pool ended: {panic}")))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_frees_its_places() {
        let pool = Pool::new(1, 0);
        assert!(matches!(pool.run(ON_THE_SPOT + 1, || Ok(1)).await, Err(Fault::Busy)));
        assert!(matches!(pool.run(1, || Ok(2)).await, Ok(2)));
        let pool = Pool::new(1, 1);
        for round in 0..3 {
            assert!(matches!(pool.run(ON_THE_SPOT + 1, move || Ok(round)).await, Ok(value) if value == round));
        }
    }
}
