//! How much work one request may still cost, and whether anybody still wants it.
//!
//! A budget is a value that goes with the request through everything that parses, resolves, compares and validates, for all
//! versions and directions together. Whatever goes on in steps pays for them and stops when it cannot. So what a request
//! costs is measured and not guessed from the length of its texts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A budget. Clones share it; one thread at a time spends from it, any may stop it.
///
/// A unit is a small step, such as to compare two fields, or to read two characters of a schema: some 30 ns on a machine of today.
#[derive(Clone, Debug)]
pub struct Work(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    /// Units that may be spent.
    left: AtomicU64,
    /// Units that are kept back for later.
    kept: AtomicU64,
    stopped: AtomicBool,
    /// What stops this work and others with it.
    all: Halt,
}

/// Stops all work that was made under it.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Stops it.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Why work ended before it was done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Spent {
    /// It takes more units than are left.
    #[error("the work takes more than is allowed")]
    TooMuch,
    /// Nobody wants it any more.
    #[error("the work was stopped")]
    Stopped,
}

/// Stops the work when it is dropped.
#[derive(Debug)]
pub struct StopOnDrop(Work);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.0.stopped.store(true, Ordering::Relaxed);
    }
}

impl Work {
    /// A budget of this many units, which ends with `all`.
    pub fn new(units: u64, all: &Halt) -> Self {
        let (left, kept, stopped) = (AtomicU64::new(units), AtomicU64::new(0), AtomicBool::new(false));
        Work(Arc::new(Budget { left, kept, stopped, all: all.clone() }))
    }

    /// A budget that is never spent, for who asks on his own account.
    pub fn unlimited() -> Self {
        Work::new(u64::MAX, &Halt::default())
    }

    /// Pays for this many units.
    ///
    /// # Errors
    /// The budget has not as many, and is empty from now on; or the work is to stop.
    pub fn spend(&self, units: usize) -> Result<(), Spent> {
        /// After how many units to look whether the work is still wanted.
        const LOOK: u64 = 64;
        // One thread at a time spends, so that this needs no exchange in one step.
        let before = self.0.left.load(Ordering::Relaxed);
        let Some(left) = before.checked_sub(units as u64) else {
            self.0.left.store(0, Ordering::Relaxed);
            return Err(if self.is_stopped() { Spent::Stopped } else { Spent::TooMuch });
        };
        self.0.left.store(left, Ordering::Relaxed);
        if before / LOOK != left / LOOK && self.is_stopped() { Err(Spent::Stopped) } else { Ok(()) }
    }

    /// Has nothing ended the work yet? For who could not stop at once where a unit was refused.
    ///
    /// # Errors
    /// As `spend`; also where the last unit has just been spent.
    pub fn check(&self) -> Result<(), Spent> {
        match self.0.left.load(Ordering::Relaxed) {
            _ if self.is_stopped() => Err(Spent::Stopped),
            0 => Err(Spent::TooMuch),
            _ => Ok(()),
        }
    }

    /// Leaves this many units to be spent and keeps the others back.
    pub fn keep_all_but(&self, units: u64) {
        let all = self.all();
        self.0.left.store(all.min(units), Ordering::Relaxed);
        self.0.kept.store(all.saturating_sub(units), Ordering::Relaxed);
    }

    /// Lets the units be spent that were kept back. Were there any?
    pub fn release(&self) -> bool {
        let all = self.all();
        self.0.left.store(all, Ordering::Relaxed);
        self.0.kept.swap(0, Ordering::Relaxed) > 0
    }

    /// Is the work to stop?
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Relaxed) || self.0.all.0.load(Ordering::Relaxed)
    }

    /// Something to be held for as long as the work is wanted.
    pub fn stop_on_drop(&self) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    fn all(&self) -> u64 {
        self.0.left.load(Ordering::Relaxed).saturating_add(self.0.kept.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_once_by_all_that_share_it() {
        let work = Work::new(10, &Halt::default());
        assert_eq!(work.clone().spend(6), Ok(()));
        assert_eq!(work.spend(4), Ok(()));
        assert_eq!(work.spend(0), Ok(()));
        assert_eq!(work.spend(1), Err(Spent::TooMuch));
        let work = Work::new(10, &Halt::default());
        assert_eq!(work.spend(11), Err(Spent::TooMuch));
        assert_eq!(
            work.spend(1),
            Err(Spent::TooMuch),
            "what could not be paid for is not followed by something cheaper"
        );
    }

    #[test]
    fn units_can_be_kept_back_and_released() {
        let work = Work::new(100, &Halt::default());
        work.keep_all_but(10);
        assert_eq!(work.spend(8), Ok(()));
        assert_eq!(work.spend(3), Err(Spent::TooMuch));
        assert!(work.release());
        assert_eq!(work.spend(90), Ok(()));
        assert!(!work.release(), "nothing was kept back");
        assert_eq!(work.spend(1), Err(Spent::TooMuch));
    }

    #[test]
    fn work_that_nobody_wants_stops() {
        let halt = Halt::default();
        let (one, other) = (Work::new(10_000, &halt), Work::new(10_000, &halt));
        drop(one.stop_on_drop());
        assert_eq!(one.spend(100), Err(Spent::Stopped));
        assert_eq!(other.spend(100), Ok(()));
        halt.stop();
        assert_eq!(other.spend(100), Err(Spent::Stopped));
    }
}
