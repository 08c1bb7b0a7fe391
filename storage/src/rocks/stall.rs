//! A write that RocksDB does not take, because it must first write or compact tables.
//!
//! Usually that is over in milliseconds. On a nearly full disk it never is: compactions are refused, and RocksDB reports no
//! error to the write, it would just let it wait. So it is asked not to, and this decides how long to try again.

use super::Db;
use crate::Error;
use std::time::{Duration, Instant};

/// How long a write is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// While nothing fails in the background: beyond this, the disk does nothing.
    pub idle: Duration,
    /// While flushes or compactions fail; the next one may succeed.
    pub failing: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { idle: Duration::from_secs(30), failing: Duration::from_secs(3) }
    }
}

/// One write that waits.
pub(super) struct Stall {
    patience: Patience,
    began: Instant,
    errors: u64,
}

impl Stall {
    pub fn new(db: &Db, patience: Patience) -> Self {
        Stall { patience, began: Instant::now(), errors: db.background_errors() }
    }

    /// Waits a little, or gives up. Nothing of the write has been done.
    pub fn wait(&self, db: &Db, error: &rocksdb::Error) -> Result<(), Error> {
        let (longest, why) = match db.background_errors() > self.errors {
            true => (self.patience.failing, "tables cannot be written or compacted; is the disk full?"),
            false => (self.patience.idle, "the disk is too slow"),
        };
        if self.began.elapsed() < longest {
            std::thread::sleep(Duration::from_millis(1));
            return Ok(());
        }
        Err(Error::io(super::WRITING, format!("{error}: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Condition;
    use crate::engine::Backend;
    use crate::rocks::check::Scrub;
    use crate::rocks::{Disk, Location, Options, settings};
    use state::kv::{Changes, KvMut, Map, Overlay, Table};
    use std::path::Path;
    use std::sync::Arc;

    fn disk(idle: Duration) -> Disk {
        let db = settings::open(Path::new(settings::IN_MEMORY), &Options::new(Location::Memory)).unwrap();
        let db = Arc::new(Db { db, condition: Arc::new(Condition::default()) });
        let scrub = Scrub::start(db.clone(), 1).unwrap();
        Disk { scrub, db, patience: Patience { idle, failing: idle }, watermark: None, lock: None }
    }

    fn change() -> Changes {
        let mut overlay = Overlay::new(Map::default());
        overlay.put(Table::State, b"key".to_vec(), b"value".to_vec());
        overlay.into_changes()
    }

    /// One table, and no more writes until it is compacted, which nobody does.
    fn stop(disk: &Disk) {
        disk.write(change()).unwrap();
        let family = disk.db.family(Table::State);
        let options = [("level0_file_num_compaction_trigger", "100"), ("level0_stop_writes_trigger", "1")];
        disk.db.db.set_options_cf(family, &options).unwrap();
        disk.db.db.flush_cf(family).unwrap();
    }

    #[test]
    fn a_write_that_is_never_taken_is_given_up() {
        let disk = disk(Duration::from_millis(50));
        stop(&disk);
        let refused = disk.write(change());
        assert!(
            matches!(&refused, Err(Error::Io { source, .. }) if source.to_string().contains("the disk is too slow")),
            "{refused:?}"
        );
    }

    #[test]
    fn a_write_that_is_not_taken_at_first_is_tried_again() {
        let disk = disk(Duration::from_secs(30));
        stop(&disk);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| disk.write(change()));
            let family = disk.db.family(Table::State);
            disk.db.db.set_options_cf(family, &[("level0_stop_writes_trigger", "36")]).unwrap();
            assert_eq!(writing.join().unwrap(), Ok(()));
        });
    }
}
