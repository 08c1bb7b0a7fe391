//! The store on RocksDB: six column families under one write-ahead log.
//!
//! A write is one batch with `sync`: RocksDB appends it to the log, syncs, and only then lets readers see it. A snapshot is
//! RocksDB's own. What RocksDB would let pass is checked here: the format of the directory, the write-ahead logs before RocksDB
//! reads them (`logs`), that the history is as long as it was (`watermark`), the newest records when opening, all of them in
//! the background (`check`). Damage that any read meets makes the store `Corrupt`.

mod check;
mod directory;
mod logs;
mod restoring;
mod settings;
mod size;
mod stall;
mod wal;
mod watermark;

pub use directory::is_store;

use crate::condition::Condition;
use crate::engine::{Backend, Engine, Limits};
use crate::former;
use crate::{Error, Health, Observer};
use check::Scrub;
use directory::{Format, Lock, Purpose};
use rocksdb::{ColumnFamily, DB, ErrorKind, ReadOptions, Snapshot, WriteBatch, WriteOptions};
use stall::{Patience, Stall};
use state::codec::bytes::decode;
use state::codec::key::{self, Range};
use state::codec::value::Head;
use state::fold;
use state::kv::{Changes, Direction, Kv, Table, Visit};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use watermark::Watermark;

pub use restoring::Restoring;

/// Where the data lie.
#[derive(Clone, Debug)]
pub enum Location {
    /// In this directory, which is made if it is missing.
    Directory(PathBuf),
    /// In memory, for tests: everything is as on disk, and nothing survives.
    Memory,
}

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Where the data lie.
    pub location: Location,
    /// Bytes of blocks, indexes and filters kept in memory.
    pub block_cache_bytes: usize,
    /// Bytes of new data that one column family collects in memory before it writes a table; all together collect at most
    /// twice as much.
    pub memtable_bytes: usize,
    /// Tables kept open; the others are opened when read.
    pub open_files: usize,
    /// Bounds of the writer.
    pub limits: Limits,
    /// Bytes a second that the check after opening reads.
    pub scrub_bytes_per_second: u64,
    /// Told of each group of commits.
    pub observer: Arc<dyn Observer>,
}

/// Tables that are kept open by default. A million versions take some 250, which RocksDB keeps in 64 parts of its table cache: with
/// few more places than tables it opens some of them again for every other read.
pub const OPEN_FILES: usize = 1024;

/// Files that the store has open besides tables, at most: logs, manifests, what a compaction writes, the directory.
pub const OTHER_FILES: usize = 64;

impl Options {
    /// The defaults for a location.
    pub fn new(location: Location) -> Self {
        Options {
            location,
            block_cache_bytes: 32 << 20,
            memtable_bytes: 8 << 20,
            open_files: OPEN_FILES,
            limits: Limits::default(),
            scrub_bytes_per_second: 8 << 20,
            observer: Arc::new(()),
        }
    }
}

/// A store on RocksDB.
pub type Rocks = Engine<Disk>;

impl Rocks {
    /// Opens a store, or makes one.
    ///
    /// # Errors
    /// `Directory`, `InUse`, `NewerFormat`, `Corrupt`, `HalfRestored`, `Io`.
    pub fn open(options: Options) -> Result<Self, Error> {
        Self::open_for(options, Purpose::Serve)
    }

    fn open_for(options: Options, purpose: Purpose) -> Result<Self, Error> {
        let Location::Directory(dir) = &options.location else {
            return Self::open_files(Path::new(settings::IN_MEMORY), &options, None);
        };
        let (lock, format) = directory::prepare(dir, purpose)?;
        let mark = watermark::read(dir)?;
        logs::prepare(dir, mark.as_ref())?;
        Self::open_files(dir, &options, Some(Own { lock, format, mark }))
    }

    /// Opens what RocksDB keeps. `own`: what is beside it, but in memory.
    fn open_files(dir: &Path, options: &Options, own: Option<Own>) -> Result<Self, Error> {
        let condition = Arc::new(Condition::default());
        let db = settings::open(dir, options).map_err(|error| opening(error, dir))?;
        let db = Arc::new(Db { db, condition: condition.clone() });
        if db.view().has(Table::Meta, key::RESTORING)? {
            return Err(Error::HalfRestored { dir: dir.to_owned() });
        }
        let scrub = Scrub::idle();
        let mut disk = Disk { scrub, db: db.clone(), patience: Patience::default(), watermark: None, lock: None };
        if let Some(Format::Former(format)) = own.as_ref().map(|own| own.format) {
            former::bring_up(&disk, format)?;
            directory::mark(dir)?;
        }
        check::newest(&db.view())?;
        let own = own.map(|own| {
            let head = fold::head(&db.view())?;
            own.mark.map_or(Ok(()), |mark| watermark::check(dir, &mark, &head))?;
            Ok::<_, Error>((Watermark::keep(dir, &head)?, own.lock))
        });
        (disk.watermark, disk.lock) = own.transpose()?.unzip();
        disk.scrub = Scrub::start(db, options.scrub_bytes_per_second)?;
        Engine::start(disk, options.observer.clone(), condition, options.limits)
    }
}

/// What a directory has beside RocksDB's files.
struct Own {
    lock: Lock,
    format: Format,
    mark: Option<watermark::Mark>,
}

/// The tables of a `Rocks`.
pub struct Disk {
    /// Ends before the tables are closed.
    scrub: Scrub,
    db: Arc<Db>,
    patience: Patience,
    /// None in memory.
    watermark: Option<Watermark>,
    /// None in memory; goes last.
    lock: Option<Lock>,
}

struct Db {
    db: DB,
    condition: Arc<Condition>,
}

impl Backend for Disk {
    type Snapshot<'a> = View<'a>;

    fn snapshot(&self) -> View<'_> {
        self.db.view()
    }

    fn write(&self, changes: Changes) -> Result<(), Error> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        // Without this, a write sleeps inside RocksDB while tables cannot be written or compacted: for ever, if the disk is
        // nearly full, and nobody would hear of it.
        options.set_no_slowdown(true);
        let stall = Stall::new(&self.db, self.patience);
        while let Err(error) = self.db.db.write_opt(self.db.batch(&changes), &options) {
            match error.kind() {
                ErrorKind::Incomplete => stall.wait(&self.db, &error)?,
                _ => return Err(self.db.failed(WRITING, error)),
            }
        }
        self.lock.as_ref().map_or(Ok(()), Lock::check)?;
        if let Some(watermark) = &self.watermark
            && let Some(Ok(head)) = changes.get(Table::Meta, key::HEAD).map(decode::<Head>)
        {
            watermark.note(&head);
        }
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        size::of(&self.db)
    }

    fn close(&self) -> Result<(), Error> {
        self.scrub.stop();
        // Tables open faster than the log is replayed. After a failure the log is left as it is: a flush might wait for a
        // compaction that cannot be done.
        if self.db.condition.health() == Health::Ok && self.db.background_errors() == 0 {
            for table in Table::ALL {
                self.db.db.flush_cf(self.db.family(table)).map_err(|error| self.db.failed(WRITING_TABLES, error))?;
            }
        }
        self.db.db.cancel_all_background_work(true);
        if let Some(watermark) = &self.watermark {
            watermark.stop();
        }
        Ok(())
    }
}

impl Db {
    fn view(&self) -> View<'_> {
        View { snapshot: self.db.snapshot(), db: self, quiet: false }
    }

    /// A view for the scrub.
    fn quiet_view(&self) -> View<'_> {
        View { quiet: true, ..self.view() }
    }

    fn batch(&self, changes: &Changes) -> WriteBatch {
        let mut batch = WriteBatch::default();
        if let Some((from, to)) = changes.gone() {
            batch.delete_range_cf(self.family(Table::Log), from, to);
        }
        for (table, key, change) in changes.iter() {
            match change {
                Some(value) => batch.put_cf(self.family(table), key, value),
                None => batch.delete_cf(self.family(table), key),
            }
        }
        batch
    }

    /// Flushes and compactions that have failed so far.
    fn background_errors(&self) -> u64 {
        let counted = self.db.property_int_value(rocksdb::properties::BACKGROUND_ERRORS);
        counted.ok().flatten().unwrap_or_default()
    }

    fn family(&self, table: Table) -> &ColumnFamily {
        self.db.cf_handle(settings::name(table)).expect("every family is opened with the database")
    }

    fn failed(&self, operation: &'static str, error: rocksdb::Error) -> Error {
        let error = convert(operation, error);
        if let Error::Corrupt(why) = &error {
            self.condition.worsen(Health::Corrupt(why.clone()));
        }
        error
    }
}

/// A snapshot.
pub struct View<'a> {
    snapshot: Snapshot<'a>,
    db: &'a Db,
    /// Leaves the cache as it is, and damage to the caller to confirm.
    quiet: bool,
}

impl View<'_> {
    fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.fill_cache(!self.quiet);
        options
    }

    fn failed(&self, table: Table, error: rocksdb::Error) -> Error {
        let operation = match table {
            Table::Meta => "reading the head of the state",
            Table::Log => "reading the log",
            Table::State => "reading the state",
            Table::Texts => "reading a schema text",
            Table::Audit => "reading the audit",
            Table::Derived => "reading what is derived",
        };
        if self.quiet { convert(operation, error) } else { self.db.failed(operation, error) }
    }
}

impl Kv for View<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let found = self.snapshot.get_cf_opt(self.db.family(table), key, self.options());
        found.map_err(|error| self.failed(table, error))
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        let found = self.snapshot.get_pinned_cf_opt(self.db.family(table), key, self.options());
        found.map(|found| found.is_some()).map_err(|error| self.failed(table, error))
    }

    fn scan(&self, table: Table, range: &Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut options = self.options();
        options.set_iterate_lower_bound(range.0.as_slice());
        options.set_iterate_upper_bound(range.1.as_slice());
        let mut found = self.snapshot.raw_iterator_cf_opt(self.db.family(table), options);
        match direction {
            Direction::Up => found.seek_to_first(),
            Direction::Down => found.seek_to_last(),
        }
        while let Some((key, value)) = found.item() {
            if let ControlFlow::Break(()) = visit(key, value) {
                break;
            }
            match direction {
                Direction::Up => found.next(),
                Direction::Down => found.prev(),
            }
        }
        // The end of the range and a failure look alike until asked.
        found.status().map_err(|error| self.failed(table, error))
    }
}

/// What is being done where it may fail.
const WRITING: &str = "writing a group of commits";
const WRITING_TABLES: &str = "writing tables before closing";
const OPENING: &str = "opening the database";

fn convert(operation: &'static str, error: rocksdb::Error) -> Error {
    match error.kind() {
        ErrorKind::Corruption => Error::Corrupt(error.into_string()),
        _ => Error::io(operation, error),
    }
}

/// Failures that mean something else while opening.
fn opening(error: rocksdb::Error, dir: &Path) -> Error {
    let text = error.to_string();
    match error.kind() {
        // Not "open a file for lock", which says that the directory is not ours to write.
        ErrorKind::IOError if text.contains("While lock file") || text.contains("lock hold by current process") => {
            Error::InUse { dir: dir.to_owned(), detail: text }
        }
        // A file that the manifest names, or a family that this release does not know.
        ErrorKind::IOError if text.contains("No such file") => Error::Corrupt(text),
        ErrorKind::InvalidArgument => Error::Corrupt(text),
        _ => convert(OPENING, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::former::tests as old;

    #[test]
    fn nothing_is_acknowledged_in_a_directory_that_was_taken_away() {
        for another in [false, true] {
            let parent = tempfile::TempDir::new().unwrap();
            let dir = parent.path().join("data");
            let store = Rocks::open(Options::new(Location::Directory(dir.clone()))).unwrap();
            let write = || store.backend().write(old::changes(&old::former()));
            assert_eq!(write(), Ok(()));
            std::fs::rename(&dir, parent.path().join("moved")).unwrap();
            let other = another.then(|| directory::prepare(&dir, Purpose::Serve).unwrap());
            assert!(matches!(write(), Err(Error::Directory { why, .. }) if why.contains("removed or replaced")));
            drop(other);
        }
    }

    #[test]
    fn a_directory_of_a_former_format_is_brought_to_the_format_of_today() {
        for (format, entries) in [(1, 1), (2, 0), (3, 0)] {
            let dir = tempfile::TempDir::new().unwrap();
            let options = || Options::new(Location::Directory(dir.path().to_owned()));
            let store = Rocks::open(options()).unwrap();
            let tables = match format {
                1 => old::former(),
                2 => old::without_audit(),
                _ => old::without_lengths(),
            };
            store.backend().write(old::changes(&tables)).unwrap();
            store.close().unwrap();
            drop(store);
            std::fs::write(dir.path().join("FORMAT"), format!("{format}\n")).unwrap();

            for _ in 0..2 {
                let store = Rocks::open(options()).unwrap();
                let view = store.view().unwrap();
                assert_eq!((view.audit_log().first, view.audit_log().next), (1, 1 + entries), "of format {format}");
                if format < 3 {
                    old::assert_fingerprints_moved(&*view);
                }
                old::assert_lengths_known(&*view);
                drop(view);
                assert_eq!(std::fs::read_to_string(dir.path().join("FORMAT")).unwrap(), "5\n");
                store.close().unwrap();
            }
        }
    }
}
