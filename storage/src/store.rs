//! The store: snapshots to read, one way to write.
//!
//! Contract (every back end passes it): nothing is visible before it is durable; what was answered is still there after
//! `kill -9` and power loss; each commit is all or nothing; commits are ordered; a failed sync fails its whole group and
//! makes the store read-only until reopened.

use crate::{Derived, Error, State};
use model::{Position, Record, Stamped};
use std::io::{Read, Write};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// Runs in the writer against the newest state and returns the records to write; none means that nothing is written. It
/// must be quick: parsing and checking belong before the commit.
pub type Decide = Box<dyn FnOnce(&dyn State) -> Result<Vec<Record>, Error> + Send>;

/// What became of a commit.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The records as written, with their positions and time; empty when nothing was to be written.
    pub records: Vec<Stamped>,
}

/// Is the store usable?
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Health {
    /// Reads and writes work.
    Ok,
    /// Reads work; writes are refused since this failure.
    ReadOnly(String),
    /// Stored data are damaged (found by a read or by the check after opening).
    Corrupt(String),
}

/// What a store takes up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Commits that wait for the writer.
    pub waiting: usize,
    /// Bytes of tables on disk.
    pub tables: u64,
    /// Bytes of the write-ahead log on disk.
    pub log: u64,
}

/// One durable group of commits.
pub struct Group<'a> {
    /// All records of the group, in order. They are durable and visible.
    pub records: &'a [Stamped],
    /// Commits in the group, those that wrote nothing not counted.
    pub commits: usize,
    /// From taking up the group to its being durable.
    pub elapsed: Duration,
}

/// Told of each group after it is durable and visible and before its commits are answered, in the writer's thread: whoever
/// caches answers must forget those that the records touch (`Record::touched`). What may lag behind the store is no observer's
/// but a `Follower`'s: nobody waits for that.
pub trait Observer: Send + Sync {
    /// A group has been written.
    fn committed(&self, group: &Group<'_>);
}

/// Nobody who needs to know.
impl Observer for () {
    fn committed(&self, _: &Group<'_>) {}
}

/// A store of records and of the state folded from them.
pub trait Store: Send + Sync {
    /// A consistent snapshot of the newest visible state.
    fn view(&self) -> Result<Box<dyn State + '_>, Error>;

    /// Hands `decide` to the writer. The receiver yields once its records are durable and visible, or with the reason why
    /// nothing was written. A full queue is `Overloaded` at once.
    fn submit(&self, decide: Decide) -> oneshot::Receiver<Result<Committed, Error>>;

    /// Hands the writer what was derived from the state. It fills in what still holds, durably and all at once; nothing of it is
    /// a record, and the position stays. A full queue is `Overloaded` at once.
    fn derive(&self, derived: Vec<Derived>) -> oneshot::Receiver<Result<Committed, Error>>;

    /// Records of the registry and the internal log from a number of the feed on (`State::feed`), in the order in which they
    /// were committed, at most `limit`. Numbers have no gaps. `Gone` where records from there on are no longer kept.
    fn changes(&self, from: u64, limit: usize) -> Result<Vec<Stamped>, Error>;

    /// The same, for who only asks what they touch: the texts of their schemas are not read, but are empty.
    fn changes_without_texts(&self, from: u64, limit: usize) -> Result<Vec<Stamped>, Error>;

    /// The newest visible position; changes after each group.
    fn watch(&self) -> watch::Receiver<Position>;

    /// Is the store usable?
    fn health(&self) -> Health;

    /// What it takes up now. Costs a look at the directory, whatever is in the store.
    fn usage(&self) -> Usage;

    /// Writes a consistent backup of everything while serving. Returns the position it holds.
    fn backup(&self, out: &mut dyn Write) -> Result<Position, Error>;

    /// Reads a backup into this store, which must be empty, and verifies it; on an error nothing usable is left.
    fn restore(&self, input: &mut dyn Read) -> Result<Position, Error>;

    /// Stops the writer after what is queued, flushes and closes. Later commits are `Closed`.
    fn close(&self) -> Result<(), Error>;
}

/// Commits with a typed answer: `decide` returns the records and a value; the value is returned once the records are
/// durable. This is the form callers use.
///
/// # Errors
/// Those of the store; then nothing was written.
pub async fn commit<T: Send + 'static>(
    store: &dyn Store,
    decide: impl FnOnce(&dyn State) -> Result<(Vec<Record>, T), Error> + Send + 'static,
) -> Result<(T, Committed), Error> {
    let (answer, answered) = oneshot::channel();
    let waiting = store.submit(Box::new(move |state| {
        let (records, value) = decide(state)?;
        // A caller that has gone away does not stop its commit: others may already build on it.
        let _ = answer.send(value);
        Ok(records)
    }));
    let committed = waiting.await.map_err(|_| Error::Closed)??;
    let value = answered.await.map_err(|_| Error::Closed)?;
    Ok((value, committed))
}
