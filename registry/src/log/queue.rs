//! Lines on their way out. Whoever has a line leaves it here and goes on; one thread writes them.
//!
//! What takes the lines may be slow, full or gone: a full disk, a pipe that nobody reads. Then they wait here up to a bound,
//! and what comes after that is lost and counted. No request waits for the log, and none fails by it.

use prometheus::IntCounter;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

/// Bytes that wait at most; as much again may be in the thread's hands.
const WAITING: usize = 2 << 20;
/// How long after a failed attempt the next one is made.
const RETRY: Duration = Duration::from_millis(100);
/// How long lines gather after some have been written: waking the thread for each one costs a busy registry more than the line.
const GATHER: Duration = Duration::from_millis(5);

/// The lines that wait.
#[derive(Clone)]
pub struct Queue {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// All is written, or cannot be.
    settled: Condvar,
    lost: IntCounter,
    limit: usize,
    /// The one that writes. What it has to say itself is never lost.
    writer: OnceLock<ThreadId>,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines lost since the thread last took what waited. Until then further ones are lost as well, so that what is told
    /// of them stands where they are missing.
    lost: u64,
    writing: bool,
    failing: bool,
    /// The thread sleeps until there is something to write.
    idle: bool,
}

impl Queue {
    /// Starts the thread that writes to `out`. It says by `tell` how many lines were lost, once something has been written
    /// again; `lost` counts them at once.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        out: impl Write + Send + 'static,
        lost: IntCounter,
        tell: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        Self::bounded(WAITING, out, lost, tell)
    }

    fn bounded(
        limit: usize,
        out: impl Write + Send + 'static,
        lost: IntCounter,
        tell: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        let (filled, settled) = (Condvar::new(), Condvar::new());
        let shared =
            Arc::new(Shared { state: Mutex::default(), filled, settled, lost, limit, writer: OnceLock::new() });
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || writer.write_all(out, tell))?;
        shared.writer.get_or_init(|| thread.thread().id());
        Ok(Queue { shared })
    }

    /// Leaves a line, which ends with its end of line. Waits for nothing.
    pub fn push(&self, line: &[u8]) {
        let shared = &*self.shared;
        let mut state = shared.state();
        let full = state.lost > 0 || state.waiting.len() + line.len() > shared.limit;
        if full && shared.writer.get() != Some(&std::thread::current().id()) {
            state.lost += 1;
            shared.lost.inc();
        } else {
            state.waiting.extend_from_slice(line);
            if std::mem::take(&mut state.idle) {
                shared.filled.notify_one();
            }
        }
    }

    /// Waits until what was left is written, at most this long, and not at all for what takes no lines now.
    pub fn flush(&self, patience: Duration) {
        let state = self.shared.state();
        let unsettled = |state: &mut State| !state.failing && (state.writing || !state.waiting.is_empty());
        // Whether it was in time makes no difference: nobody could do more.
        drop(self.shared.settled.wait_timeout_while(state, patience, unsettled));
    }
}

impl Shared {
    /// Nothing that is locked here can be left half-changed by a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, mut out: impl Write, tell: impl Fn(u64)) {
        let mut batch = Vec::new();
        loop {
            let lost = self.take(&mut batch);
            self.write(&mut out, &batch);
            if lost > 0 {
                tell(lost);
            }
            batch.clear();
            std::thread::sleep(GATHER);
        }
    }

    /// Takes what waits, once something does; the lines that were lost after it.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        let mut state = self.state();
        state.writing = false;
        if state.waiting.is_empty() {
            self.settled.notify_all();
        }
        let nothing = |state: &mut State| {
            state.idle = state.waiting.is_empty();
            state.idle
        };
        let mut state = self.filled.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        state.writing = true;
        std::mem::swap(&mut state.waiting, batch);
        std::mem::take(&mut state.lost)
    }

    /// Writes all of it, however often that has to be tried: what was half taken is not a line yet.
    fn write(&self, out: &mut impl Write, mut rest: &[u8]) {
        while !rest.is_empty() {
            match out.write(rest) {
                Ok(written) if written > 0 => {
                    rest = &rest[written..];
                    self.state().failing = false;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => {
                    // A pipe that is full and does not block has a reader that is slow, as one that blocks has.
                    let full = outcome.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
                    self.state().failing = !full;
                    self.settled.notify_all();
                    std::thread::sleep(RETRY);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// Takes so many bytes at each call as it is told to; none is a full disk.
    struct Slow {
        room: Receiver<usize>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.room.recv().unwrap_or(usize::MAX).min(bytes.len());
            if room == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.taken.lock().unwrap().extend_from_slice(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow(limit: usize) -> (Queue, SyncSender<usize>, Arc<Mutex<Vec<u8>>>, IntCounter) {
        let (give, room) = sync_channel(0);
        let taken = Arc::new(Mutex::new(Vec::new()));
        let lost = IntCounter::new("lost", "lost").unwrap();
        let out = Slow { room, taken: Arc::clone(&taken) };
        let queue = Arc::new(OnceLock::<Queue>::new());
        let by = Arc::clone(&queue);
        let tell = move |lost| by.get().unwrap().push(format!("({lost} lost)\n").as_bytes());
        let queue = queue.get_or_init(|| Queue::bounded(limit, out, lost.clone(), tell).unwrap()).clone();
        (queue, give, taken, lost)
    }

    /// Waits until so many lines have come out; failing ends a flush, so it may come before.
    fn lines(taken: &Mutex<Vec<u8>>, count: usize) -> String {
        loop {
            let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
            if text.lines().count() >= count {
                return text;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_comes_while_nothing_is_taken_waits_up_to_a_bound_and_is_counted_beyond() {
        let (queue, give, taken, lost) = slow(12);
        queue.push(b"first\n");
        // The thread has it once it asks for room.
        give.send(2).unwrap();
        for line in ["second\n", "third, longer\n", "4th\n"] {
            queue.push(line.as_bytes());
        }
        assert_eq!(lost.get(), 2, "the third is too long, and nothing passes it by");
        // The disk is full, and has room again.
        give.send(0).unwrap();
        drop(give);
        assert_eq!(lines(&taken, 3), "first\nsecond\n(2 lost)\n");
        queue.push(b"fifth\n");
        queue.flush(Duration::MAX);
        assert_eq!(lines(&taken, 4), "first\nsecond\n(2 lost)\nfifth\n");
    }

    #[test]
    fn what_was_lost_is_told_also_while_more_is_lost() {
        let (queue, give, taken, _) = slow(12);
        queue.push(b"first\n");
        give.send(2).unwrap();
        queue.push(b"second\n");
        queue.push(b"lost, for it is too long\n");
        give.send(100).unwrap();
        // The thread has the second line now, and there is room for 12 bytes.
        give.send(2).unwrap();
        queue.push(b"twelve line\n");
        queue.push(b"lost\n");
        drop(give);
        assert_eq!(lines(&taken, 5), "first\nsecond\ntwelve line\n(1 lost)\n(1 lost)\n");
    }

    #[test]
    fn a_flush_waits_neither_for_ever_nor_for_what_fails() {
        let (queue, give, ..) = slow(100);
        queue.flush(Duration::MAX);
        queue.push(b"line\n");
        queue.flush(Duration::from_millis(1));
        give.send(0).unwrap();
        queue.flush(Duration::MAX);
    }
}
