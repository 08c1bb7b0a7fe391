//! What follows the store at a distance: state that is derived from it, may lag behind it, and may be lost.
//!
//! One thread goes through the records as they are committed and hands each follower what they touch. What a follower derives
//! goes to the store's writer together with the note how far it is, in one batch, so that after a kill it goes on where it was.
//! One that finds no such note, one of another format, one beyond the history, or one whose next record is no longer kept,
//! derives everything anew. Nobody waits for a
//! follower: whoever uses what it derived does without where it is missing. What must be in force before a change is answered
//! is an `Observer`'s instead.
//!
//! A step is small, the thread rests for as long as it has worked, and a stop waits for one step at most. What fails is said
//! once and tried again, later each time.

use crate::engine::say;
use crate::stop::Stop;
use crate::{Derived, Error, State, Store};
use model::Touched;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Records that a follower is handed at once.
const AT_ONCE: usize = 256;
/// How often the thread looks for something to do.
const IDLE: Duration = Duration::from_millis(250);
/// The longest rest after a step of work.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// How long it waits after the first failure; twice as long after each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// Records that touched nothing of a follower's, after which it notes how far it is all the same.
const UNNOTED: usize = 10_000;

/// Derives state from the store.
pub trait Follower: Send {
    /// Its name in the log.
    fn name(&self) -> &'static str;

    /// The number of the feed up to which it has followed, as the store says; `None` where that is not known, so that everything
    /// has to be derived anew.
    ///
    /// # Errors
    /// Those of reading.
    fn through(&self, view: &dyn State) -> Result<Option<u64>, Error>;

    /// What follows from records that touch this. They are in the view, and others may be.
    ///
    /// # Errors
    /// Those of reading; `Closed` where it was told to stop.
    fn apply(&mut self, view: &dyn State, touched: &[Touched<'_>]) -> Result<Vec<Derived>, Error>;

    /// A step of deriving everything anew, which goes on behind the last one, or from the beginning after one that was done.
    ///
    /// # Errors
    /// As `apply`.
    fn rebuild(&mut self, view: &dyn State) -> Result<Rebuilt, Error>;

    /// What somebody needs before its turn, if anything.
    ///
    /// # Errors
    /// As `apply`.
    fn wanted(&mut self, _view: &dyn State) -> Result<Vec<Derived>, Error> {
        Ok(vec![])
    }

    /// The note that it has followed up to this number.
    fn note(&self, through: u64) -> Derived;
}

/// What a step of deriving everything came to.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// What was derived.
    pub derived: Vec<Derived>,
    /// Was it the last one?
    pub is_done: bool,
}

/// The followers of a store, and their thread.
#[derive(Default)]
pub struct Followers {
    stop: Arc<Stop>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Followers {
    /// Has these follow the store, until `stop`, or until the store is gone.
    ///
    /// # Errors
    /// `Io` when no thread can be started.
    pub fn start(store: &Arc<dyn Store>, followers: Vec<Box<dyn Follower>>) -> Result<Self, Error> {
        let stop = Arc::<Stop>::default();
        let (store, waits) = (Arc::downgrade(store), Arc::clone(&stop));
        let run = move || run(&store, followers.into_iter().map(Followed::new).collect(), &waits);
        let thread = std::thread::Builder::new().name("store-followers".into()).spawn(run);
        let thread = thread.map_err(|error| Error::io("starting the thread of the followers", error))?;
        Ok(Followers { stop, thread: Mutex::new(Some(thread)) })
    }

    /// Ends the thread after the step that it is at. Blocks so long.
    pub fn stop(&self) {
        self.stop.ask();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // What may panic in it is caught.
            let _ = thread.join();
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(store: &Weak<dyn Store>, mut followed: Vec<Followed>, stop: &Stop) {
    loop {
        let Some(held) = store.upgrade() else { return };
        let began = Instant::now();
        let mut worked = false;
        for followed in &mut followed {
            worked |= followed.turn(&*held, began);
        }
        drop(held);
        let rest = if worked { began.elapsed().min(LONGEST_REST) } else { IDLE };
        if !stop.pause(rest) {
            break;
        }
    }
    if let Some(store) = store.upgrade() {
        followed.iter_mut().for_each(|followed| followed.leave(&*store));
    }
}

/// Where a follower stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// It has not been asked yet.
    Opening,
    /// It derives everything anew, of which nothing before this number is missing when that is done, and has so far derived
    /// so much.
    Rebuilding(u64, usize),
    /// It has taken up everything before this number.
    Following(u64),
}

/// A follower at work.
struct Followed {
    follower: Box<dyn Follower>,
    stage: Stage,
    /// Records since the last note.
    unnoted: usize,
    failures: u32,
    /// Not to be tried before.
    again: Option<Instant>,
    has_panicked: bool,
}

impl Followed {
    fn new(follower: Box<dyn Follower>) -> Self {
        Followed { follower, stage: Stage::Opening, unnoted: 0, failures: 0, again: None, has_panicked: false }
    }

    /// Takes a step, if it is time for one. Was there something to do?
    fn turn(&mut self, store: &dyn Store, now: Instant) -> bool {
        if self.has_panicked || self.again.is_some_and(|again| now < again) {
            return false;
        }
        match catch_unwind(AssertUnwindSafe(|| self.step(store))) {
            Ok(Ok(worked)) => {
                if self.failures > 0 {
                    tracing::info!(follower = self.follower.name(), "what follows the store goes on");
                }
                (self.failures, self.again) = (0, None);
                worked
            }
            Ok(Err(error)) => {
                if self.failures == 0 && error != Error::Closed {
                    tracing::error!(follower = self.follower.name(), %error, "what follows the store does not get on, and is tried again");
                }
                self.again = Some(now + LAST_RETRY.min(FIRST_RETRY * 2u32.pow(self.failures.min(10))));
                self.failures = self.failures.saturating_add(1);
                false
            }
            Err(panic) => {
                let (follower, panic) = (self.follower.name(), say(&*panic));
                tracing::error!(
                    follower,
                    panic,
                    "what follows the store has panicked and does not go on until a restart"
                );
                self.has_panicked = true;
                false
            }
        }
    }

    fn step(&mut self, store: &dyn Store) -> Result<bool, Error> {
        match self.stage {
            Stage::Opening => {
                let view = store.view()?;
                let feed = view.feed();
                let known = self.follower.through(&*view)?.filter(|through| (feed.first..=feed.next).contains(through));
                self.stage = known.map_or(Stage::Rebuilding(feed.next, 0), Stage::Following);
                Ok(true)
            }
            Stage::Rebuilding(since, so_far) => {
                let wanted = self.follower.wanted(&*store.view()?)?;
                let so_far = so_far + wanted.len();
                write(store, wanted)?;
                self.stage = Stage::Rebuilding(since, so_far);
                let Rebuilt { mut derived, is_done } = self.follower.rebuild(&*store.view()?)?;
                let count = so_far + derived.len();
                if is_done {
                    derived.push(self.follower.note(since));
                }
                write(store, derived)?;
                self.stage = if is_done { Stage::Following(since) } else { Stage::Rebuilding(since, count) };
                if is_done && count > 0 {
                    tracing::info!(follower = self.follower.name(), count, "derived anew what the store did not hold");
                }
                Ok(true)
            }
            Stage::Following(at) => {
                let records = match store.changes_without_texts(at, AT_ONCE) {
                    Err(Error::Gone { .. }) => {
                        self.stage = Stage::Rebuilding(store.view()?.feed().next, 0);
                        return Ok(true);
                    }
                    records => records?,
                };
                let view = store.view()?;
                let mut derived = self.follower.wanted(&*view)?;
                let touched: Vec<_> = records.iter().map(|stamped| stamped.record.touched()).collect();
                if !touched.is_empty() {
                    derived.extend(self.follower.apply(&*view, &touched)?);
                }
                drop(view);
                let to = at + records.len() as u64;
                let unnoted = self.unnoted + records.len();
                let is_noted = unnoted >= UNNOTED || !derived.is_empty();
                if is_noted {
                    derived.push(self.follower.note(to));
                }
                write(store, derived)?;
                self.stage = Stage::Following(to);
                self.unnoted = if is_noted { 0 } else { unnoted };
                Ok(is_noted || records.len() == AT_ONCE)
            }
        }
    }

    /// Notes how far it is, before the store closes.
    fn leave(&mut self, store: &dyn Store) {
        if let (Stage::Following(at), 1..) = (self.stage, self.unnoted) {
            // Without it the same records are taken up again.
            let _ = write(store, vec![self.follower.note(at)]);
        }
    }
}

fn write(store: &dyn Store, derived: Vec<Derived>) -> Result<(), Error> {
    if derived.is_empty() {
        return Ok(());
    }
    store.derive(derived).blocking_recv().map_err(|_| Error::Closed)?.map(drop)
}

#[cfg(test)]
#[path = "follower_tests.rs"]
mod tests;
