//! The one writer, and the store around it, for every back end that can take a snapshot and write changes all at once.
//!
//! A commit waits in a bounded queue. The writer takes up whatever waits, runs each `decide` against the newest state with
//! what the group has already decided, writes the whole group at once and durably, makes it known, and only then answers:
//! even a commit that wrote nothing, because what it saw may be of this very group. It never waits for more commits: under load
//! they gather while the disk syncs. A failed write fails its group and ends writing until the store is opened again, since
//! nobody knows what is on disk.

use crate::clock;
use crate::condition::Condition;
use crate::recent::{Recent, Remembered};
use crate::{Committed, Decide, Derived, Error, Group, Health, Observer, State, Store, Usage, backup};
use model::{Position, Stamped};
use state::kv::{Changes, Kv, Overlay};
use state::log;
use state::query::Folded;
use state::tally::{self, Blocks, Surveyed};
use state::{fingerprints, fold};
use std::io::{Read, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::{oneshot, watch};

/// What keeps the tables.
pub trait Backend: Send + Sync + 'static {
    /// A consistent view of all tables that does not change.
    type Snapshot<'a>: Kv + 'a
    where
        Self: 'a;

    /// The newest visible tables.
    fn snapshot(&self) -> Self::Snapshot<'_>;
    /// Carries out all changes or none; they are durable, then visible, when this returns.
    fn write(&self, changes: Changes) -> Result<(), Error>;
    /// Bytes of its tables and of its write-ahead log on disk.
    fn size(&self) -> (u64, u64) {
        (0, 0)
    }
    /// Nothing more will be written. Called once.
    fn close(&self) -> Result<(), Error>;
}

/// Bounds of the writer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commits that may wait; more are `Overloaded`.
    pub queue: usize,
    /// A group takes up no further commit once it has this many records.
    pub group_records: usize,
    /// A group takes up no further commit once its changes have this many bytes.
    pub group_bytes: usize,
    /// Records of the feed that stay, at least; twice as many at most.
    pub kept_records: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { queue: 1024, group_records: 1024, group_bytes: 8 << 20, kept_records: 100_000 }
    }
}

type Answer = oneshot::Sender<Result<Committed, Error>>;

struct Job {
    task: Task,
    answer: Answer,
    /// Ends when the job is taken up.
    _waits: Waits,
}

enum Task {
    Commit(Decide),
    Derive(Vec<Derived>),
}

/// Counts a job for as long as it waits for the writer.
struct Waits(Arc<AtomicUsize>);

impl Waits {
    fn of(waiting: &Arc<AtomicUsize>) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Waits(Arc::clone(waiting))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Shared<B> {
    backend: B,
    observer: Arc<dyn Observer>,
    condition: Arc<Condition>,
    position: watch::Sender<Position>,
    /// What the writer knows of where blocks of counts lie.
    blocks: Blocks,
    /// What it has read or written of late.
    recent: Recent,
    /// Held while a group or a restore writes.
    writing: Mutex<()>,
}

/// A store over a back end.
pub struct Engine<B: Backend> {
    shared: Arc<Shared<B>>,
    queue: RwLock<Option<SyncSender<Job>>>,
    waiting: Arc<AtomicUsize>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl<B: Backend> Engine<B> {
    pub(crate) fn start(
        backend: B,
        observer: Arc<dyn Observer>,
        condition: Arc<Condition>,
        limits: Limits,
    ) -> Result<Self, Error> {
        count(&backend)?;
        let position = fold::head(&backend.snapshot())?.position;
        let shared = Arc::new(Shared {
            backend,
            observer,
            condition,
            position: watch::Sender::new(position),
            blocks: Blocks::default(),
            recent: Recent::default(),
            writing: Mutex::new(()),
        });
        let (queue, jobs) = sync_channel(limits.queue);
        let writer = {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name("store-writer".into())
                .spawn(move || {
                    while let Ok(first) = jobs.recv() {
                        shared.group(first, &jobs, limits);
                    }
                })
                .map_err(|error| Error::io("starting the writer", error))?
        };
        Ok(Engine {
            shared,
            queue: RwLock::new(Some(queue)),
            waiting: Arc::default(),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Hands a task to the writer.
    fn queue(&self, task: Task) -> oneshot::Receiver<Result<Committed, Error>> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let refused = match (queue.as_ref(), self.shared.condition.refusal()) {
            (None, _) => Some((answer, Error::Closed)),
            (_, Some(error)) => Some((answer, error)),
            (Some(queue), None) => match queue.try_send(Job { task, answer, _waits: Waits::of(&self.waiting) }) {
                Ok(()) => None,
                Err(TrySendError::Full(job)) => Some((job.answer, Error::Overloaded)),
                Err(TrySendError::Disconnected(job)) => Some((job.answer, Error::Closed)),
            },
        };
        if let Some((answer, error)) = refused {
            // The receiver is in our hands, so it is there.
            let _ = answer.send(Err(error));
        }
        answered
    }

    /// The tables, past the writer.
    #[cfg(test)]
    pub(crate) fn backend(&self) -> &B {
        &self.shared.backend
    }
}

impl<B: Backend> Store for Engine<B> {
    fn view(&self) -> Result<Box<dyn State + '_>, Error> {
        Ok(Box::new(Folded::over(self.shared.backend.snapshot())?))
    }

    fn submit(&self, decide: Decide) -> oneshot::Receiver<Result<Committed, Error>> {
        self.queue(Task::Commit(decide))
    }

    fn derive(&self, derived: Vec<Derived>) -> oneshot::Receiver<Result<Committed, Error>> {
        self.queue(Task::Derive(derived))
    }

    fn changes(&self, from: u64, limit: usize) -> Result<Vec<Stamped>, Error> {
        log::changes(&self.shared.backend.snapshot(), from, limit)
    }

    fn changes_without_texts(&self, from: u64, limit: usize) -> Result<Vec<Stamped>, Error> {
        log::changes_without_texts(&self.shared.backend.snapshot(), from, limit)
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.shared.position.subscribe()
    }

    fn health(&self) -> Health {
        self.shared.condition.health()
    }

    fn usage(&self) -> Usage {
        let (tables, log) = self.shared.backend.size();
        Usage { waiting: self.waiting.load(Ordering::Relaxed), tables, log }
    }

    fn backup(&self, out: &mut dyn Write) -> Result<Position, Error> {
        backup::write(&self.shared.backend.snapshot(), out)
    }

    fn restore(&self, input: &mut dyn Read) -> Result<Position, Error> {
        let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.condition.refusal().map_or(Ok(()), Err)?;
        let restored = backup::read(&self.shared.backend, input);
        // What was written passed the writer by.
        self.shared.recent.clear();
        self.shared.blocks.clear();
        match &restored {
            Ok(position) => drop(self.shared.position.send_replace(*position)),
            Err(Error::NotEmpty) => {}
            Err(error) => self.shared.condition.worsen(Health::Corrupt(format!("a restore failed: {error}"))),
        }
        restored
    }

    fn close(&self) -> Result<(), Error> {
        // Without a sender the writer ends once the queue is empty.
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        writer.join().map_err(|_| Error::io("stopping the writer", "it ended by a panic"))?;
        self.shared.backend.close()
    }
}

impl<B: Backend> Drop for Engine<B> {
    fn drop(&mut self) {
        // Everything acknowledged is durable; a failure here has nobody left to tell.
        let _ = self.close();
    }
}

/// A group in the making.
#[derive(Default)]
struct Gathered {
    records: Vec<Stamped>,
    /// Whom to answer, and with which records or error.
    answers: Vec<(Answer, Result<Range<usize>, Error>)>,
}

impl Gathered {
    /// Takes a commit up. From here on it is answered, whatever happens to the group.
    fn take_up(&mut self, job: Job) -> Task {
        self.answers.push((job.answer, Err(Error::Closed)));
        job.task
    }

    /// What became of the commit that was taken up last.
    fn decided(&mut self, outcome: Result<Range<usize>, Error>) {
        if let Some((_, decided)) = self.answers.last_mut() {
            *decided = outcome;
        }
    }
}

impl<B: Backend> Shared<B> {
    /// One group, from taking it up to answering it. A panic of the back end or of the fold ends writing, and is answered: what
    /// of the group is on disk is as unknown as after a failed write.
    fn group(&self, first: Job, jobs: &Receiver<Job>, limits: Limits) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut group = Gathered::default();
        let attempt = catch_unwind(AssertUnwindSafe(|| self.attempt(first, jobs, limits, &mut group)));
        let outcome = attempt.unwrap_or_else(|panic| {
            let why = format!("the writer panicked: {}", say(&*panic));
            self.condition.worsen(Health::ReadOnly(why.clone()));
            Err(Error::ReadOnly(why))
        });
        for (answer, decided) in group.answers {
            let result = match (&outcome, decided) {
                (Err(error), _) => Err(error.clone()),
                (Ok(()), Err(error)) => Err(error),
                (Ok(()), Ok(range)) => Ok(Committed { records: group.records[range].to_vec() }),
            };
            // The caller may have gone away.
            let _ = answer.send(result);
        }
    }

    /// Decides, writes and makes known. A failure is that of the whole group.
    fn attempt(&self, first: Job, jobs: &Receiver<Job>, limits: Limits, group: &mut Gathered) -> Result<(), Error> {
        let began = Instant::now();
        let first = group.take_up(first);
        self.condition.refusal().map_or(Ok(()), Err)?;
        // A read that fails here has changed nothing; the next group may fare better.
        let gathered = self.gather(first, jobs, limits, group).inspect_err(|error| {
            self.blocks.clear();
            self.met(error);
        })?;
        let Some((changes, position)) = gathered else { return Ok(()) };
        // Damage that a decision has met meanwhile: the others must not build on it.
        self.condition.refusal().map_or(Ok(()), Err)?;
        self.recent.follow(&changes);
        self.backend.write(changes).inspect_err(|error| {
            self.recent.clear();
            self.condition.worsen(error.clone().into());
        })?;
        self.publish(group, position, began);
        Ok(())
    }

    /// A failure to read: damage ends writing.
    fn met(&self, error: &Error) {
        if let Error::Corrupt(why) = error {
            self.condition.worsen(Health::Corrupt(why.clone()));
        }
    }

    /// Decides what waits. Returns the changes and the new position, or nothing when there is nothing to write.
    fn gather(
        &self,
        first: Task,
        jobs: &Receiver<Job>,
        limits: Limits,
        group: &mut Gathered,
    ) -> Result<Option<(Changes, Position)>, Error> {
        let tables = Remembered { tables: self.backend.snapshot(), recent: &self.recent };
        let snapshot = Surveyed { tables, blocks: &self.blocks };
        let mut state = Folded::over(Overlay::new(&snapshot))?;
        // Never behind the newest record, whatever the clock says.
        let at = clock::now().max(state.head().at);
        let mut next = Some(first);
        while let Some(task) = next {
            let outcome = match task {
                Task::Commit(decide) => run(decide, &state, at),
                Task::Derive(derived) => fill(&derived, &state),
            };
            match outcome {
                Ok((stamped, changes)) => {
                    let start = group.records.len();
                    group.records.extend(stamped);
                    group.decided(Ok(start..group.records.len()));
                    state.change(|overlay| overlay.absorb(changes))?;
                }
                Err(error) => {
                    self.met(&error);
                    group.decided(Err(error));
                }
            }
            let full = group.records.len() >= limits.group_records || state.kv.changes().bytes() >= limits.group_bytes;
            next = if full { None } else { jobs.try_recv().ok().map(|job| group.take_up(job)) };
        }
        let position = state.position();
        if state.kv.changes().is_empty() {
            return Ok(None);
        }
        state.change(|overlay| log::let_go(overlay, limits.kept_records))??;
        Ok(Some((state.kv.into_changes(), position)))
    }

    fn publish(&self, group: &Gathered, position: Position, began: Instant) {
        if group.records.is_empty() {
            // Only something derived.
            return;
        }
        self.position.send_replace(position);
        let wrote = |decided: &Result<Range<usize>, Error>| decided.as_ref().is_ok_and(|range| !range.is_empty());
        let commits = group.answers.iter().filter(|(_, decided)| wrote(decided)).count();
        let told = Group { records: &group.records, commits, elapsed: began.elapsed() };
        if catch_unwind(AssertUnwindSafe(|| self.observer.committed(&told))).is_err() {
            // Whoever keeps answers may now keep wrong ones: better no further change than answers that disagree.
            self.condition.worsen(Health::ReadOnly("the observer of commits panicked".to_owned()));
        }
    }
}

/// Counts what no release before has counted, once.
fn count<B: Backend>(backend: &B) -> Result<(), Error> {
    let snapshot = backend.snapshot();
    if !tally::is_missing(&snapshot)? {
        return Ok(());
    }
    let mut counted = Overlay::new(&snapshot);
    tally::derive(&mut counted)?;
    backend.write(counted.into_changes())
}

/// One commit on top of its group: its records and what they change, or neither.
fn run<K: Kv>(decide: Decide, state: &Folded<K>, at: i64) -> Result<(Vec<Stamped>, Changes), Error> {
    let records = catch_unwind(AssertUnwindSafe(|| decide(state))).map_err(|panic| Error::Panicked(say(&*panic)))??;
    let mut overlay = Overlay::new(&state.kv);
    let mut stamped = Vec::with_capacity(records.len());
    for record in records {
        let one = fold::stamp(&fold::head(&overlay)?, at, record);
        fold::append(&one, &mut overlay).inspect_err(|_| overlay.blocks().into_iter().for_each(Blocks::clear))?;
        stamped.push(one);
    }
    Ok((stamped, overlay.into_changes()))
}

/// What was derived, as far as it still holds on top of the group.
fn fill<K: Kv>(derived: &[Derived], state: &Folded<K>) -> Result<(Vec<Stamped>, Changes), Error> {
    let mut overlay = Overlay::new(&state.kv);
    derived.iter().try_for_each(|derived| fingerprints::fill(derived, &mut overlay))?;
    Ok((vec![], overlay.into_changes()))
}

/// The text of a panic.
pub(crate) fn say(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
