//! Stores that wait or fail where a test says so, around any store: for tests of what stands above one.

use super::DEADLINE;
use crate::{Committed, Decide, Derived, Error, Health, State, Store, Usage};
use model::{Position, Stamped};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

/// What is asked of a store, as far as a test can have it wait or fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the methods of `Store`")]
pub enum Call {
    View,
    Submit,
    Derive,
    Changes,
    Backup,
}

/// What happens before a call reaches the store.
trait Before: Send + Sync {
    /// # Errors
    /// The call fails with this and does not reach the store.
    fn call(&self, call: Call) -> Result<(), Error>;
}

/// A store that fails where it is told to.
pub struct Faulty {
    store: Arc<dyn Store>,
    faults: Mutex<VecDeque<(Call, Error)>>,
}

impl Faulty {
    /// One that does not fail yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Faulty { store, faults: Mutex::default() }
    }

    /// The next call of this kind for which nothing else is said fails so, and does not reach the store.
    pub fn fail(&self, call: Call, error: Error) {
        self.faults().push_back((call, error));
    }

    /// How many calls are still to fail.
    pub fn left(&self) -> usize {
        self.faults().len()
    }

    fn faults(&self) -> MutexGuard<'_, VecDeque<(Call, Error)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Before for Faulty {
    fn call(&self, call: Call) -> Result<(), Error> {
        let mut faults = self.faults();
        let next = faults.iter().position(|(fails, _)| *fails == call);
        next.and_then(|next| faults.remove(next)).map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// A store that is as slow as a test wants: calls of one kind wait at a gate that the test opens.
pub struct Slow {
    store: Arc<dyn Store>,
    slow: Call,
    gate: Mutex<Gate>,
    changed: Condvar,
}

#[derive(Default)]
struct Gate {
    is_open: bool,
    waiting: usize,
}

impl Slow {
    /// Calls of this kind wait.
    pub fn new(store: Arc<dyn Store>, slow: Call) -> Self {
        Slow { store, slow, gate: Mutex::default(), changed: Condvar::new() }
    }

    /// Lets all calls through from now on.
    pub fn open(&self) {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).is_open = true;
        self.changed.notify_all();
    }

    /// Waits until so many calls wait.
    ///
    /// # Panics
    /// When they do not come.
    pub fn until_waiting(&self, calls: usize) {
        self.wait(|gate| gate.waiting < calls);
    }

    fn wait(&self, while_so: impl Fn(&Gate) -> bool) {
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(gate, DEADLINE, |gate| while_so(gate));
        let (_gate, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "this was waited for in vain at a slow store");
    }
}

impl Before for Slow {
    fn call(&self, call: Call) -> Result<(), Error> {
        if call == self.slow {
            self.gate.lock().unwrap_or_else(PoisonError::into_inner).waiting += 1;
            self.changed.notify_all();
            self.wait(|gate| !gate.is_open);
            self.gate.lock().unwrap_or_else(PoisonError::into_inner).waiting -= 1;
        }
        Ok(())
    }
}

fn refused(error: Error) -> oneshot::Receiver<Result<Committed, Error>> {
    let (answer, answered) = oneshot::channel();
    // The receiver is in our hands, so it is there.
    let _ = answer.send(Err(error));
    answered
}

macro_rules! decorates {
    ($decorator:ty) => {
        impl Store for $decorator {
            fn view(&self) -> Result<Box<dyn State + '_>, Error> {
                self.call(Call::View)?;
                self.store.view()
            }

            fn submit(&self, decide: Decide) -> oneshot::Receiver<Result<Committed, Error>> {
                self.call(Call::Submit).map_or_else(refused, |()| self.store.submit(decide))
            }

            fn derive(&self, derived: Vec<Derived>) -> oneshot::Receiver<Result<Committed, Error>> {
                self.call(Call::Derive).map_or_else(refused, |()| self.store.derive(derived))
            }

            fn changes(&self, from: u64, limit: usize) -> Result<Vec<Stamped>, Error> {
                self.call(Call::Changes)?;
                self.store.changes(from, limit)
            }

            fn changes_without_texts(&self, from: u64, limit: usize) -> Result<Vec<Stamped>, Error> {
                self.call(Call::Changes)?;
                self.store.changes_without_texts(from, limit)
            }

            fn watch(&self) -> watch::Receiver<Position> {
                self.store.watch()
            }

            fn health(&self) -> Health {
                self.store.health()
            }

            fn usage(&self) -> Usage {
                self.store.usage()
            }

            fn backup(&self, out: &mut dyn Write) -> Result<Position, Error> {
                self.call(Call::Backup)?;
                self.store.backup(out)
            }

            fn restore(&self, input: &mut dyn Read) -> Result<Position, Error> {
                self.store.restore(input)
            }

            fn close(&self) -> Result<(), Error> {
                self.store.close()
            }
        }
    };
}

decorates!(Faulty);
decorates!(Slow);
