//! Who may keep a connection open: so many at once, and a few besides for health and metrics. Where all places are taken, the
//! connection that has waited for its client longest gives way to a new one.

use super::connection::{Connection, Held, Slot};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places kept back for health and metrics.
pub const SPARE: usize = 16;

/// How long a connection that is told to give way may take; then another one is looked for.
const GIVES_WAY: Duration = Duration::from_millis(100);

/// How long room that clients who do not do their part have to make may be in coming.
pub(super) const ROOM: Duration = Duration::from_millis(500);

/// The places, and who has them.
pub struct Places {
    ordinary: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    taken: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
}

/// A connection in its place, which is free again when this is dropped.
pub(super) struct Seat {
    pub(super) connection: Arc<Connection>,
    places: Arc<Places>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.places.taken().remove(&self.number);
        self.connection.leave();
    }
}

impl Places {
    /// So many ordinary places, and `SPARE` besides.
    pub fn new(ordinary: usize) -> Arc<Self> {
        Arc::new(Places {
            ordinary: Arc::new(Semaphore::new(ordinary.min(Semaphore::MAX_PERMITS))),
            spare: Arc::new(Semaphore::new(SPARE)),
            taken: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection, which another one may have to leave.
    pub(super) async fn seat(self: &Arc<Self>) -> Seat {
        let connection = Connection::new(self.slot().await);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.taken().insert(number, Arc::clone(&connection));
        Seat { connection, places: Arc::clone(self), number }
    }

    async fn slot(&self) -> Slot {
        loop {
            if let Some(permit) = self.one_of(&self.ordinary, false).await {
                return Slot::Ordinary(permit);
            }
            if let Some(permit) = self.one_of(&self.spare, true).await {
                return Slot::Spare(permit);
            }
            // Everybody is being answered.
            tokio::time::sleep(GIVES_WAY / 10).await;
        }
    }

    /// A place of one kind: a free one, or that of the connection which has waited for its client longest.
    async fn one_of(&self, kind: &Arc<Semaphore>, spare: bool) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(kind).try_acquire_owned() {
            return Some(permit);
        }
        let longest = {
            let taken = self.taken();
            let waiting = taken.values().filter(|connection| connection.is_spare() == spare);
            let waiting = waiting.filter_map(|connection| Some((connection.may_give_way()?, connection)));
            waiting.min_by_key(|(since, _)| *since).map(|(_, connection)| Arc::clone(connection))
        };
        longest?.give_way();
        tokio::time::timeout(GIVES_WAY, Arc::clone(kind).acquire_owned()).await.ok()?.ok()
    }

    /// An ordinary place for a connection that was let in for health and metrics only, if one has become free.
    pub(super) fn promote(&self, connection: &Connection) -> bool {
        let free = Arc::clone(&self.ordinary).try_acquire_owned();
        free.map(|permit| connection.take(Slot::Ordinary(permit))).is_ok()
    }

    /// Closes the connection that has waited for its client longest, if there is one; for when descriptors run out.
    pub(super) fn close_one(&self) {
        let taken = self.taken();
        let waiting = taken.values().filter_map(|connection| Some((connection.may_give_way()?, connection)));
        if let Some((_, longest)) = waiting.min_by_key(|(since, _)| *since) {
            longest.give_way();
        }
    }

    /// Room in a budget for something that comes from a client or goes to one. Where it is used up, the connections are closed
    /// whose clients hold such a thing for a while without doing their part; `None` where that is not enough.
    pub async fn room(&self, budget: &Arc<Semaphore>, permits: u32, held: Held) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(budget).try_acquire_many_owned(permits) {
            return Some(permit);
        }
        if !self.close_stalled(held) {
            return None;
        }
        tokio::time::timeout(ROOM, Arc::clone(budget).acquire_many_owned(permits)).await.ok()?.ok()
    }

    /// Closes the connections whose clients hold such a thing for a while without doing their part. Were there any?
    pub(super) fn close_stalled(&self, held: Held) -> bool {
        let taken = self.taken();
        let stalled = taken.values().filter(|connection| connection.is_stalled(held));
        stalled.map(|connection| connection.give_way()).count() > 0
    }
}
