//! What is known of one connection while it is open, by its socket, by its requests and by whoever looks for one that can
//! give way.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// In the middle of a request a client may pause for this long before its connection can be taken for another.
const PAUSE: Duration = Duration::from_secs(1);

/// How many bytes a second a client must send or take on average, once it makes the registry wait in the middle of a request.
pub(super) const LEAST_RATE: u32 = 16 * 1024;

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    opened: Instant,
    /// Until when the client has done its part, in milliseconds since `opened`.
    moved: AtomicU64,
    /// Requests begun, and among them those whose answers have not been written in full.
    begun: AtomicU64,
    in_flight: AtomicUsize,
    /// Does the client not take what is written?
    blocked: AtomicBool,
    /// Is some of a request's body still to come?
    in_body: AtomicBool,
    /// The request, counted from 1, with two lengths; 0 is none.
    ambiguous: AtomicU64,
    gives_way: Notify,
    slot: Mutex<Slot>,
}

/// The right to keep a connection open.
#[derive(Debug)]
pub(super) enum Slot {
    /// One that may ask anything.
    Ordinary(#[expect(dead_code, reason = "held for as long as the connection is open")] OwnedSemaphorePermit),
    /// One that is kept back for health and metrics.
    Spare(#[expect(dead_code, reason = "likewise")] OwnedSemaphorePermit),
    /// None any more: it is closed.
    None,
}

/// How ready a connection is to give way: those that wait for the client longest go first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Between requests, or at the head of one, since then.
    Idle(Instant),
    /// In the middle of a request, of which the client has sent or taken nothing, or too little, since then.
    Paused(Instant),
    /// At work.
    Busy,
}

/// What memory is held for while a client makes the registry wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// An answer that the client does not take.
    Answer,
    /// A body of which the client does not send the rest.
    Body,
}

impl Connection {
    pub(super) fn new(slot: Slot) -> Arc<Self> {
        Arc::new(Connection {
            opened: Instant::now(),
            moved: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            in_body: AtomicBool::new(false),
            ambiguous: AtomicU64::new(0),
            gives_way: Notify::new(),
            slot: Mutex::new(slot),
        })
    }

    /// The client has sent or taken so many bytes. In the middle of a request that it makes wait they count as the time that
    /// they take at the least rate, so that a byte now and then is no help.
    pub(super) fn moved(&self, bytes: usize) {
        if !matches!(self.standing(), Standing::Paused(_)) {
            return self.touched();
        }
        let earned = (bytes as u64).saturating_mul(1000) / u64::from(LEAST_RATE);
        let moved = self.moved.load(Ordering::Relaxed).saturating_add(earned);
        self.moved.store(moved.min(self.now()), Ordering::Relaxed);
    }

    /// Whatever the client had to do until now, it has done.
    fn touched(&self) {
        self.moved.store(self.now(), Ordering::Relaxed);
    }

    /// In milliseconds since `opened`.
    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Has no request come on it yet?
    pub(super) fn is_unused(&self) -> bool {
        self.begun.load(Ordering::Relaxed) == 0
    }

    /// Whether what is written is taken.
    pub(super) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    /// Whether the body of a request is still to come, and which request had two lengths.
    pub(super) fn set_framing(&self, in_body: bool, ambiguous: Option<u64>) {
        self.in_body.store(in_body, Ordering::Relaxed);
        self.ambiguous.store(ambiguous.unwrap_or_default(), Ordering::Relaxed);
    }

    /// A request has begun.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let ambiguous = self.ambiguous.load(Ordering::Relaxed) == number;
        InFlight { connection: Arc::clone(self), ambiguous }
    }

    /// Is a request being answered?
    pub(super) fn in_flight(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) > 0
    }

    /// How ready it is to give way.
    pub(super) fn standing(&self) -> Standing {
        let since = self.opened + Duration::from_millis(self.moved.load(Ordering::Relaxed));
        let waits = self.blocked.load(Ordering::Relaxed) || self.in_body.load(Ordering::Relaxed);
        match self.in_flight() {
            false => Standing::Idle(since),
            true if waits => Standing::Paused(since),
            true => Standing::Busy,
        }
    }

    /// Does the client hold this kind of thing for a while already, without doing its part?
    pub(super) fn is_stalled(&self, held: Held) -> bool {
        let paused = matches!(self.standing(), Standing::Paused(since) if since.elapsed() > PAUSE);
        let waits = match held {
            Held::Answer => &self.blocked,
            Held::Body => &self.in_body,
        };
        paused && waits.load(Ordering::Relaxed)
    }

    /// Since when it waits for its client, if it can give way now.
    pub(super) fn may_give_way(&self) -> Option<Instant> {
        match self.standing() {
            Standing::Idle(since) => Some(since),
            Standing::Paused(since) if since.elapsed() > PAUSE => Some(since),
            Standing::Paused(_) | Standing::Busy => None,
        }
    }

    /// Tells it to close.
    pub(super) fn give_way(&self) {
        self.gives_way.notify_one();
    }

    /// Waits until it is told to close.
    pub(super) async fn told(&self) {
        self.gives_way.notified().await;
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is it one that is kept back for health and metrics?
    pub(super) fn is_spare(&self) -> bool {
        matches!(*self.slot(), Slot::Spare(_))
    }

    /// Takes another place, and leaves its own.
    pub(super) fn take(&self, slot: Slot) {
        *self.slot() = slot;
    }

    /// Leaves its place: the connection is closed, even if answers are still being made for it.
    pub(super) fn leave(&self) {
        self.take(Slot::None);
    }
}

/// A request that has begun and whose answer has not been written in full.
#[derive(Debug)]
pub(super) struct InFlight {
    connection: Arc<Connection>,
    /// Did it come with both `Transfer-Encoding` and `Content-Length`?
    pub(super) ambiguous: bool,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.connection.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.connection.touched();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client in the middle of a request, that has moved a second and a half ago and now moves so many bytes: does it stall?
    #[track_caller]
    fn check(bytes: usize, stalls: bool) {
        for held in [Held::Answer, Held::Body] {
            let connection = Connection {
                opened: Instant::now() - Duration::from_secs(100),
                moved: AtomicU64::new(98_500),
                blocked: AtomicBool::new(held == Held::Answer),
                in_body: AtomicBool::new(held == Held::Body),
                ..Arc::into_inner(Connection::new(Slot::None)).unwrap()
            };
            let connection = Arc::new(connection);
            let request = connection.begin();
            connection.moved(bytes);
            let other = if held == Held::Body { Held::Answer } else { Held::Body };
            assert_eq!(
                (connection.is_stalled(held), connection.is_stalled(other)),
                (stalls, false),
                "{bytes} {held:?}"
            );
            assert_eq!(connection.may_give_way().is_some(), stalls);
            drop(request);
            assert!(!connection.is_stalled(held));
        }
    }

    #[test]
    fn a_byte_now_and_then_does_not_keep_what_others_need() {
        check(0, true);
        check(1, true);
        check(64 << 10, false);
        check(1 << 30, false);
    }
}
