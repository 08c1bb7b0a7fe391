//! Where work is done, by what it costs.
//!
//! What is answered by looking up a few keys runs on the threads that serve requests. What parses, compares or resolves, and
//! what goes through many keys, each has a bounded number of threads of its own and a bounded queue, so that no request can take
//! all cores from the others and no queue grows without end. What a schema costs cannot be told from its length, so that
//! parsing begins where the request is and moves to its threads when it turns out not to be small.

use compat::{Halt, Spent, Work};
use rules::fault::Fault;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// What an operation costs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// A few look-ups, or something kept in memory.
    Ready,
    /// Parses, resolves references, compares or validates.
    Parse,
    /// Goes through keys, of which there may be many.
    List,
}

/// The work that one request may cost, in units of `compat::Work`: some seconds of one core.
pub const BUDGET: u64 = 64 << 20;

/// The part of it that may be spent where the request is: some hundred microseconds, which is what handing over and coming back
/// can cost on busy cores.
const HERE: u64 = 8 << 10;

impl Class {
    /// The class of reading this many bytes of JSON, which takes time in proportion to them and to nothing else.
    pub fn to_read(bytes: usize) -> Self {
        /// Reading as many takes less time than handing them over and coming back.
        const SHORT: usize = 16 << 10;
        if bytes <= SHORT { Class::Ready } else { Class::Parse }
    }
}

/// The pools, one for each class that needs one.
pub struct Pools {
    parse: Pool,
    list: Pool,
    halt: Halt,
}

impl Pools {
    /// Pools of `threads` threads that parse and half as many that list, each with at most `queue` jobs waiting or running.
    pub fn new(threads: usize, queue: usize) -> Self {
        let threads = threads.max(1);
        Pools { parse: Pool::new(threads, queue), list: Pool::new(threads.div_ceil(2), queue), halt: Halt::default() }
    }

    /// The budget of one request.
    pub fn budget(&self) -> Work {
        Work::new(BUDGET, &self.halt)
    }

    /// Makes budgets for what is read in the background: a tenth of a second of one core for each.
    pub fn background(&self) -> impl Fn() -> Work + Send + use<> {
        let halt = self.halt.clone();
        move || Work::new(BUDGET / 16, &halt)
    }

    /// The pool of a class; `None` where the class runs on the spot.
    fn of(&self, class: Class) -> Option<&Pool> {
        match class {
            Class::Ready => None,
            Class::Parse => Some(&self.parse),
            Class::List => Some(&self.list),
        }
    }

    /// Jobs that wait or run, by the name of their queue.
    pub fn jobs(&self) -> [(&'static str, usize); 2] {
        let of = |pool: &Pool| pool.waiting.load(Ordering::Relaxed);
        [("parse", of(&self.parse)), ("list", of(&self.list))]
    }

    /// Stops all that was given a budget.
    pub fn stop(&self) {
        self.halt.stop();
    }

    /// Runs a job where its class says.
    ///
    /// # Errors
    /// `Busy` when the queue is full; those of the job. A job that panics is an `Internal` fault.
    pub async fn run<T: Send + 'static>(
        &self,
        class: Class,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        match self.of(class) {
            Some(pool) => pool.run(job).await,
            None => job(),
        }
    }

    /// Runs a further part of what has begun, whatever waits: it would be lost otherwise. Whoever begins bounds how many there are.
    ///
    /// # Errors
    /// Those of the job.
    pub async fn go_on<T: Send + 'static>(
        &self,
        class: Class,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        match self.of(class) {
            Some(pool) => pool.go_on(job).await,
            None => job(),
        }
    }

    /// Runs a job here as far as that is cheap, and from its beginning among those of its class if it is not.
    ///
    /// # Errors
    /// `Spent` when the budget does not suffice; as `run`.
    pub async fn begin_here<T: Send + 'static>(
        &self,
        class: Class,
        work: &Work,
        job: impl Fn() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        work.keep_all_but(HERE);
        let outcome = job();
        if work.release() && matches!(outcome, Err(Fault::Spent(Spent::TooMuch))) {
            return self.run(class, job).await;
        }
        outcome
    }
}

/// A bounded number of threads with a bounded queue.
struct Pool {
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
    fn new(threads: usize, queue: usize) -> Self {
        Pool { threads: Arc::new(Semaphore::new(threads)), waiting: Arc::default(), queue }
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let waiting = Waiting(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            return Err(Fault::Busy);
        }
        self.go_on(move || {
            let _held = waiting;
            job()
        })
        .await
    }

    async fn go_on<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| Fault::Busy)?;
        let ran = tokio::task::spawn_blocking(move || {
            let _held = permit;
            job()
        });
        ran.await.map_err(|panic| Fault::Internal(format!("a job of the pool ended: {panic}")))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_frees_its_places() {
        let pools = Pools::new(1, 0);
        for class in [Class::Parse, Class::List] {
            assert!(matches!(pools.run(class, || Ok(1)).await, Err(Fault::Busy)));
        }
        assert!(matches!(pools.run(Class::Ready, || Ok(2)).await, Ok(2)));
        assert!(matches!(pools.go_on(Class::List, || Ok(3)).await, Ok(3)), "what has begun goes on");
        let pools = Pools::new(1, 1);
        for round in 0..3 {
            assert!(matches!(pools.run(Class::Parse, move || Ok(round)).await, Ok(value) if value == round));
        }
    }

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "the test waits for it")]
    async fn one_class_does_not_wait_for_another() {
        let pools = Arc::new(Pools::new(1, 2));
        let (finish, finished) = mpsc::channel::<()>();
        let long = Arc::clone(&pools);
        let wait = move || finished.recv().map_err(|gone| Fault::Internal(gone.to_string()));
        let long = tokio::spawn(async move { long.run(Class::Parse, wait).await });
        assert!(pools.run(Class::List, || Ok(())).await.is_ok());
        assert!(pools.run(Class::Ready, || Ok(())).await.is_ok());
        finish.send(()).unwrap();
        assert!(long.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn what_turns_out_not_to_be_small_moves_to_its_threads() {
        let pools = Pools::new(1, 1);
        let here = thread::current().id();
        let spends = |units: usize| {
            let work = pools.budget();
            let spending = work.clone();
            (work, move || {
                spending.spend(units)?;
                Ok(thread::current().id())
            })
        };
        let (work, small) = spends(HERE as usize);
        assert!(matches!(pools.begin_here(Class::Parse, &work, small).await, Ok(there) if there == here));
        let (work, large) = spends(HERE as usize + 1);
        assert!(matches!(pools.begin_here(Class::Parse, &work, large).await, Ok(there) if there != here));
        let (work, too_large) = spends(BUDGET as usize + 1);
        assert!(matches!(pools.begin_here(Class::Parse, &work, too_large).await, Err(Fault::Spent(Spent::TooMuch))));
        pools.stop();
        let (work, small) = spends(1000);
        assert!(matches!(pools.begin_here(Class::Parse, &work, small).await, Err(Fault::Spent(Spent::Stopped))));
    }
}
