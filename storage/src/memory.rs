//! `MemoryStore`, to test a service on: same fold, same questions, same writer, same bytes as on disk; nothing survives.

use crate::condition::Condition;
use crate::engine::{Backend, Engine, Limits};
use crate::{Error, Observer};
use state::kv::{Changes, Map};
use std::sync::{Arc, Mutex, PoisonError};

/// A store in memory.
pub type MemoryStore = Engine<Memory>;

/// The tables of a `MemoryStore`. A snapshot shares them; a write copies them if somebody still looks.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Arc<Map>>);

impl Backend for Memory {
    type Snapshot<'a> = Arc<Map>;

    fn snapshot(&self) -> Arc<Map> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, changes: Changes) -> Result<(), Error> {
        Arc::make_mut(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)).apply(changes);
        Ok(())
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl MemoryStore {
    /// An empty store.
    ///
    /// # Errors
    /// `Io` when no thread can be started.
    pub fn new(observer: Arc<dyn Observer>) -> Result<Self, Error> {
        Self::with(observer, Limits::default())
    }

    /// An empty store whose writer has these bounds.
    ///
    /// # Errors
    /// `Io` when no thread can be started.
    pub fn with(observer: Arc<dyn Observer>, limits: Limits) -> Result<Self, Error> {
        Engine::start(Memory::default(), observer, Arc::new(Condition::default()), limits)
    }
}
