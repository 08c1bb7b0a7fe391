//! Whether the store is usable: known to the writer, to every read that meets damage, and to the check after opening.
//!
//! It only gets worse; opening the store again is the way back.

use crate::{Error, Health};
use std::sync::{Mutex, PoisonError};

/// The health of a store, shared by all that may find it failing.
#[derive(Debug)]
pub struct Condition(Mutex<Health>);

impl Default for Condition {
    fn default() -> Self {
        Condition(Mutex::new(Health::Ok))
    }
}

impl Condition {
    /// The present health.
    pub fn health(&self) -> Health {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Damage is worse than a refused write, and the first of a kind is the one to know.
    pub fn worsen(&self, health: Health) {
        let rank = |health: &Health| match health {
            Health::Ok => 0,
            Health::ReadOnly(_) => 1,
            Health::Corrupt(_) => 2,
        };
        let mut present = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rank(&health) > rank(&present) {
            *present = health;
        }
    }

    /// Why nothing may be written. A store with damage takes no writes either: a decision on a damaged state may be wrong
    /// for ever.
    pub fn refusal(&self) -> Option<Error> {
        match self.health() {
            Health::Ok => None,
            Health::ReadOnly(why) => Some(Error::ReadOnly(why)),
            Health::Corrupt(why) => Some(Error::Corrupt(why)),
        }
    }
}

/// What a failure to read or write says about the store.
impl From<Error> for Health {
    fn from(error: Error) -> Self {
        match error {
            Error::Corrupt(why) => Health::Corrupt(why),
            other => Health::ReadOnly(other.to_string()),
        }
    }
}
