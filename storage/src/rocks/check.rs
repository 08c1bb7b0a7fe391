//! Is everything there that should be? The newest records when opening, everything once in the background.
//!
//! Opening must not take longer the more there is, so it looks at the end of the history only: records whole, without gap,
//! ending where the head says. The scrub then reads every block of every table once, slowly and past the cache, so that damage
//! in something that nobody asks for is known before the backups are gone.

use super::{Db, View};
use crate::engine::say;
use crate::stop::Stop;
use crate::{Error, Health, TextKey};
use model::Position;
use state::codec::value::Head;
use state::codec::{key, record, text_key};
use state::kv::{self, Direction, Kv, Table};
use state::{audit, fold, log};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Records that are read when opening.
const NEWEST: u64 = 256;
/// Bytes that the scrub reads before it pauses.
const STEP: usize = 128 << 10;
/// Damage that is met so often in a row is no slip of the bus or the memory.
const CONFIRMED: u32 = 2;
/// Readings of one step; together with the pauses between them, about five minutes.
const TRIES: u32 = 14;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The end of the history.
pub(super) fn newest(kv: &impl Kv) -> Result<(), Error> {
    let head = fold::head(kv)?;
    let end = head.feed.next;
    let mut next = end.saturating_sub(NEWEST).max(head.feed.first);
    let mut history = History { next, position: Position::default() };
    for (number, bytes) in log::raw(kv, next, end.saturating_add(1))? {
        if let Some(text) = history.follow(number, &bytes)?
            && !kv.has(Table::Texts, &text.0)?
        {
            return Err(Error::Corrupt(format!("the text of log record {number} is missing")));
        }
        next = history.next;
    }
    let Position { registry, internal } = history.position;
    if next != end || registry > head.position.registry || internal > head.position.internal {
        return Err(Error::Corrupt(format!("the log ends at record {next}, the state at record {end}")));
    }
    let mut chain = audit::Follow::default();
    if head.audit.first < head.audit.next {
        chain.follow(&audit::entry(kv, head.audit.next - 1)?, head.audit.first)?;
    }
    chain.end(&head.audit)
}

/// The history, followed record by record.
#[derive(Clone, Copy, Default)]
struct History {
    /// The number of the record to come.
    next: u64,
    /// Behind the newest record of each log so far.
    position: Position,
}

impl History {
    /// Checks the next record and tells which text it names.
    fn follow(&mut self, number: u64, bytes: &[u8]) -> Result<Option<TextKey>, Error> {
        if number != self.next {
            return Err(Error::Corrupt(format!("log record {} is missing", self.next)));
        }
        let found = record::inspect(number, bytes)?;
        let behind = match found.internal {
            true => &mut self.position.internal,
            false => &mut self.position.registry,
        };
        if found.position < *behind {
            return Err(Error::Corrupt(format!("log record {number} is out of order")));
        }
        *behind = found.position.saturating_add(1);
        self.next += 1;
        Ok(found.text)
    }
}

/// Reads everything once, in a thread.
pub(super) struct Scrub {
    stop: Arc<Stop>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Scrub {
    /// One that reads nothing.
    pub fn idle() -> Self {
        Scrub { stop: Arc::default(), thread: Mutex::new(None) }
    }

    pub fn start(db: Arc<Db>, bytes_per_second: u64) -> Result<Self, Error> {
        let stop = Arc::new(Stop::default());
        let pause = Duration::from_secs_f64(STEP as f64 / bytes_per_second.max(1) as f64);
        let thread = {
            let stop = stop.clone();
            let run = move || {
                let read = catch_unwind(AssertUnwindSafe(|| {
                    let step = |table, progress: &_| step(&db.quiet_view(), table, progress);
                    scrub(step, &mut |wait| stop.pause(wait), pause)
                }));
                match read {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => db.condition.worsen(error.into()),
                    Err(panic) => {
                        let why = format!("the check of stored data panicked: {}", say(&*panic));
                        db.condition.worsen(Health::ReadOnly(why));
                    }
                }
            };
            std::thread::Builder::new().name("store-scrub".into()).spawn(run)
        };
        let thread = thread.map_err(|error| Error::io("starting the check of stored data", error))?;
        Ok(Scrub { stop, thread: Mutex::new(Some(thread)) })
    }

    pub fn stop(&self) {
        self.stop.ask();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A panic in it has been printed, and nothing of the store hangs on it.
            let _ = thread.join();
        }
    }
}

impl Drop for Scrub {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How far a table has been read.
#[derive(Clone, Default)]
struct Progress {
    /// The next key.
    from: Vec<u8>,
    history: History,
    chain: audit::Follow,
}

/// Waits so long, and tells whether to go on.
type Wait<'a> = dyn FnMut(Duration) -> bool + 'a;

/// Reads all tables, step by step, with a pause after each.
fn scrub(
    step: impl Fn(Table, &Progress) -> Result<Option<Progress>, Error>,
    wait: &mut Wait<'_>,
    pause: Duration,
) -> Result<(), Error> {
    for table in Table::ALL {
        let mut progress = Some(Progress::default());
        while let Some(at) = progress {
            let Some(next) = patiently(|| step(table, &at), wait)? else { return Ok(()) };
            progress = next;
            if progress.is_some() && !wait(pause) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads, and reads again where that fails: damage is damage once it is met twice in a row, and any other failure passes, or is
/// one after some minutes. Nothing when it is told to end.
fn patiently<T>(read: impl Fn() -> Result<T, Error>, wait: &mut Wait<'_>) -> Result<Option<T>, Error> {
    let mut pause = FIRST_PAUSE;
    let mut damaged = 0;
    for attempt in 1.. {
        let error = match read() {
            Ok(read) => return Ok(Some(read)),
            Err(error) => error,
        };
        damaged = if matches!(error, Error::Corrupt(_)) { damaged + 1 } else { 0 };
        if damaged == CONFIRMED || attempt == TRIES {
            return Err(error);
        }
        tracing::warn!(%error, attempt, "stored data could not be checked; they are read again");
        if !wait(pause) {
            break;
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
    Ok(None)
}

/// Reads the next entries of a table from a snapshot, which is not held longer than that. Tells where to go on.
fn step(view: &View<'_>, table: Table, progress: &Progress) -> Result<Option<Progress>, Error> {
    let Progress { mut history, mut chain, .. } = *progress;
    let Head { audit: log, feed, .. } = fold::head(view)?;
    // What was let go meanwhile is not read.
    history.next = history.next.max(feed.first);
    let mut outcome = Ok(());
    let mut bytes = 0;
    let mut last = None;
    let range = (progress.from.clone(), kv::everything().1);
    view.scan(table, &range, Direction::Up, &mut |key, value| {
        outcome = match table {
            Table::Audit => {
                audit::read(key, value).map_err(Error::from).and_then(|entry| chain.follow(&entry, log.first))
            }
            _ => entry(table, key, value, &mut history),
        };
        bytes += key.len() + value.len();
        if outcome.is_ok() && bytes < STEP {
            return ControlFlow::Continue(());
        }
        last = Some(key.to_vec());
        ControlFlow::Break(())
    })?;
    outcome?;
    if last.is_none() && table == Table::Audit {
        chain.end(&log)?;
    }
    Ok(last.map(|mut from| {
        from.push(0);
        Progress { from, history, chain }
    }))
}

/// RocksDB's checksums have been checked by the reading itself; here is what they cannot know.
fn entry(table: Table, key: &[u8], value: &[u8], history: &mut History) -> Result<(), Error> {
    match table {
        Table::Log => history.follow(key::take_log(key)?, value).map(drop),
        Table::Texts => match str::from_utf8(value) {
            Ok(text) if text_key(text).0 == *key => Ok(()),
            _ => Err(Error::Corrupt("a stored text is not the one that its key names".to_owned())),
        },
        // The audit is followed as a chain.
        Table::Meta | Table::State | Table::Audit | Table::Derived => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryState;
    use state::contract::records::{high_water, schema};
    use state::kv::{KvMut, Map};
    use std::cell::RefCell;

    fn map() -> Map {
        let mut state = MemoryState::default();
        let records = (1..=300).flat_map(|n| [schema("s", n, n, &n.to_string()), high_water(".", n)]);
        state.fold(records, 0).unwrap();
        state.kv
    }

    #[track_caller]
    fn check(spoil: impl FnOnce(&mut Map), expected: Result<(), &str>) {
        let mut map = map();
        spoil(&mut map);
        let found = newest(&map);
        assert_eq!(found, expected.map_err(|why| Error::Corrupt(why.to_owned())));
    }

    #[test]
    fn the_end_of_the_history_is_checked() {
        check(|_| {}, Ok(()));
        check(|map| *map = Map::default(), Ok(()));
        check(|map| map.delete(Table::Log, key::log(500)), Err("log record 500 is missing"));
        check(|map| map.delete(Table::Log, key::log(599)), Err("the log ends at record 599, the state at record 600"));
        check(
            |map| map.delete(Table::Meta, key::HEAD.to_vec()),
            Err("the log ends at record 1, the state at record 0"),
        );
        check(|map| map.delete(Table::Texts, text_key("300").0.to_vec()), Err("the text of log record 598 is missing"));
        let other = |map: &mut Map| {
            let bytes = map.get(Table::Log, &key::log(597)).unwrap().unwrap();
            map.put(Table::Log, key::log(599), bytes);
        };
        check(other, Err("log record 599: the checksum does not match"));
        let again = |map: &mut Map| {
            let stamped = model::Stamped { position: 7, at: 0, record: high_water(".", 1) };
            map.put(Table::Log, key::log(599), record::encode(599, &stamped, None));
        };
        check(again, Err("log record 599 is out of order"));
        let beyond = |map: &mut Map| {
            let stamped = model::Stamped { position: 300, at: 0, record: high_water(".", 1) };
            map.put(Table::Log, key::log(600), record::encode(600, &stamped, None));
        };
        check(beyond, Err("the log ends at record 601, the state at record 600"));
    }

    #[test]
    fn opening_looks_at_the_end_only_and_the_scrub_at_all() {
        let mut map = map();
        map.delete(Table::Log, key::log(3));
        assert_eq!(newest(&map), Ok(()));
        let mut history = History::default();
        let mut outcome = Ok(());
        map.scan(Table::Log, &kv::everything(), Direction::Up, &mut |key, value| {
            outcome = entry(Table::Log, key, value, &mut history);
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
        assert_eq!(outcome, Err(Error::Corrupt("log record 3 is missing".into())));
        let mut history = History::default();
        assert!(entry(Table::Texts, &text_key("a").0, b"b", &mut history).is_err());
        assert!(entry(Table::Texts, &text_key("a").0, b"a", &mut history).is_ok());
    }

    /// What becomes of a scrub whose first readings end so, and how often it waits because of that.
    #[track_caller]
    fn readings(outcomes: &[Result<(), Error>], expected: Result<(), Error>, waits: usize) {
        let outcomes = RefCell::new(outcomes.to_vec());
        let step = |_, _: &Progress| match outcomes.borrow_mut().pop() {
            Some(Err(error)) => Err(error),
            _ => Ok(None),
        };
        outcomes.borrow_mut().reverse();
        let mut waited = Vec::new();
        let found = scrub(
            step,
            &mut |wait| {
                waited.push(wait);
                true
            },
            Duration::ZERO,
        );
        assert_eq!((found, waited.len()), (expected, waits));
        assert!(waited.iter().all(|wait| (FIRST_PAUSE..=LONGEST_PAUSE).contains(wait)), "{waited:?}");
    }

    #[test]
    fn a_failure_that_passes_is_none_and_damage_is_confirmed() {
        let io = || Err(Error::io("reading", "Input/output error"));
        let corrupt = || Err(Error::Corrupt("checksum mismatch".into()));
        readings(&[], Ok(()), 0);
        readings(&[io()], Ok(()), 1);
        readings(&[io(), io(), io(), Ok(()), io()], Ok(()), 4);
        readings(&vec![io(); TRIES as usize - 1], Ok(()), TRIES as usize - 1);
        readings(&vec![io(); TRIES as usize], io(), TRIES as usize - 1);
        readings(&[corrupt()], Ok(()), 1);
        readings(&[corrupt(), io(), corrupt(), io()], Ok(()), 4);
        readings(&[corrupt(), corrupt()], corrupt(), 1);
        readings(&[io(), corrupt(), corrupt()], corrupt(), 2);
    }

    #[test]
    fn what_only_the_scrub_can_find_makes_the_store_corrupt() {
        use crate::engine::Backend;
        use crate::rocks::{Location, Options, Rocks};
        use crate::{Health, Store};
        use state::kv::Overlay;

        let dir = tempfile::TempDir::new().unwrap();
        let options = || Options::new(Location::Directory(dir.path().to_owned()));
        let store = Rocks::open(options()).unwrap();
        assert_eq!(store.health(), Health::Ok);
        let mut overlay = Overlay::new(Map::default());
        overlay.put(Table::Texts, text_key("a").0.to_vec(), b"b".to_vec());
        store.backend().write(overlay.into_changes()).unwrap();
        drop(store);

        let store = Rocks::open(options()).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while store.health() == Health::Ok {
            assert!(std::time::Instant::now() < deadline, "it is not found");
            std::thread::yield_now();
        }
        let why = "a stored text is not the one that its key names".to_owned();
        assert_eq!(store.health(), Health::Corrupt(why));
    }
}
