//! The store on RocksDB: four column families under one write-ahead log.
//!
//! A write is one batch with `sync`: RocksDB appends it to the log, syncs, and only then lets readers see it. A snapshot is
//! RocksDB's own. What RocksDB would let pass is checked here: the format of the directory, the newest records when opening,
//! all of them in the background (`check`). Damage that any read meets makes the store `Corrupt`.

mod check;
mod directory;
mod settings;
mod stall;

use crate::codec::key::{self, Range};
use crate::condition::Condition;
use crate::engine::{Backend, Engine, Limits};
use crate::kv::{Changes, Direction, Kv, Table, Visit};
use crate::{Error, Health, Observer, audit};
use check::Scrub;
use directory::Format;
use rocksdb::{ColumnFamily, DB, ErrorKind, ReadOptions, Snapshot, WriteBatch, WriteOptions};
use stall::{Patience, Stall};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the data lie.
#[derive(Clone, Debug)]
pub enum Place {
    /// In this directory, which is made if it is missing.
    Directory(PathBuf),
    /// In memory, for tests: everything is as on disk, and nothing survives.
    Memory,
}

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Where the data lie.
    pub place: Place,
    /// Bytes of blocks, indexes and filters kept in memory.
    pub block_cache_bytes: usize,
    /// Bytes of new data that one column family collects in memory before it writes a table; all together collect at most
    /// twice as much.
    pub memtable_bytes: usize,
    /// Bounds of the writer.
    pub limits: Limits,
    /// Bytes a second that the check after opening reads.
    pub scrub_bytes_per_second: u64,
    /// Told of each group of commits.
    pub observer: Arc<dyn Observer>,
}

impl Options {
    /// The defaults for a place.
    pub fn new(place: Place) -> Self {
        Options {
            place,
            block_cache_bytes: 32 << 20,
            memtable_bytes: 8 << 20,
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
    /// `InUse`, `NewerFormat`, `Corrupt`, `HalfRestored`, `Io`.
    pub fn open(options: Options) -> Result<Self, Error> {
        let (dir, format) = match &options.place {
            Place::Directory(dir) => (dir.as_path(), directory::prepare(dir)?),
            Place::Memory => (Path::new("/freehold"), Format::Present),
        };
        let condition = Arc::new(Condition::default());
        let db = settings::open(dir, &options).map_err(|error| opening(error, dir))?;
        let db = Arc::new(Db { db, condition: condition.clone() });
        if db.view().has(Table::Meta, key::RESTORING)? {
            return Err(Error::HalfRestored { dir: dir.to_owned() });
        }
        let scrub = Scrub::idle();
        let mut disk = Disk { scrub, db: db.clone(), patience: Patience::default() };
        if format == Format::Former {
            audit::move_all_former(&disk)?;
            directory::mark(dir)?;
        }
        check::newest(&db.view())?;
        disk.scrub = Scrub::start(db, options.scrub_bytes_per_second)?;
        Engine::start(disk, options.observer, condition, options.limits)
    }
}

/// The tables of a `Rocks`.
pub struct Disk {
    /// Ends before the tables are closed.
    scrub: Scrub,
    db: Arc<Db>,
    patience: Patience,
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
        loop {
            match self.db.db.write_opt(self.db.batch(&changes), &options) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Incomplete => stall.wait(&self.db, &error)?,
                Err(error) => return Err(self.db.failed(error)),
            }
        }
    }

    fn close(&self) -> Result<(), Error> {
        self.scrub.stop();
        // Tables open faster than the log is replayed. After a failure the log is left as it is: a flush might wait for a
        // compaction that cannot be done.
        if self.db.condition.health() == Health::Ok && self.db.background_errors() == 0 {
            for table in Table::ALL {
                self.db.db.flush_cf(self.db.family(table)).map_err(|error| self.db.failed(error))?;
            }
        }
        self.db.db.cancel_all_background_work(true);
        Ok(())
    }
}

impl Db {
    fn view(&self) -> View<'_> {
        View { snapshot: self.db.snapshot(), db: self, fill_cache: true }
    }

    fn batch(&self, changes: &Changes) -> WriteBatch {
        let mut batch = WriteBatch::default();
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

    fn failed(&self, error: rocksdb::Error) -> Error {
        let error = convert(error);
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
    fill_cache: bool,
}

impl View<'_> {
    fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.fill_cache(self.fill_cache);
        options
    }
}

impl Kv for View<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let found = self.snapshot.get_cf_opt(self.db.family(table), key, self.options());
        found.map_err(|error| self.db.failed(error))
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        let found = self.snapshot.get_pinned_cf_opt(self.db.family(table), key, self.options());
        found.map(|found| found.is_some()).map_err(|error| self.db.failed(error))
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
        found.status().map_err(|error| self.db.failed(error))
    }
}

fn convert(error: rocksdb::Error) -> Error {
    match error.kind() {
        ErrorKind::Corruption => Error::Corrupt(error.into_string()),
        _ => Error::Io(error.into_string()),
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
        _ => convert(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, audit::tests as former};

    #[test]
    fn a_directory_of_format_1_is_brought_to_the_format_of_today() {
        let dir = tempfile::TempDir::new().unwrap();
        let options = || Options::new(Place::Directory(dir.path().to_owned()));
        let store = Rocks::open(options()).unwrap();
        store.backend().write(former::changes(&former::former())).unwrap();
        store.close().unwrap();
        drop(store);
        std::fs::write(dir.path().join("FORMAT"), "1\n").unwrap();

        for _ in 0..2 {
            let store = Rocks::open(options()).unwrap();
            let view = store.view().unwrap();
            assert_eq!((view.audit_log().first, view.audit_log().next), (1, 2));
            drop(view);
            assert_eq!(std::fs::read_to_string(dir.path().join("FORMAT")).unwrap(), "2\n");
            store.close().unwrap();
        }
    }
}
