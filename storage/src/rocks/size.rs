//! How much a store takes on disk.

use super::{Db, settings};
use rocksdb::properties::TOTAL_SST_FILES_SIZE;
use state::kv::Table;
use std::path::Path;

/// Bytes of tables, those that are not needed any more and not removed yet included, and of write-ahead logs. What cannot be
/// found out is 0.
pub(super) fn of(db: &Db) -> (u64, u64) {
    let tables = |table| db.db.property_int_value_cf(db.family(table), TOTAL_SST_FILES_SIZE).ok().flatten();
    (Table::ALL.into_iter().filter_map(tables).sum(), logs(db.db.path()))
}

/// RocksDB has no property for them. The directory has a handful of files for each column family and one for some 64 MiB of
/// tables, so looking through it is cheap.
fn logs(dir: &Path) -> u64 {
    let Ok(files) = std::fs::read_dir(dir) else { return 0 };
    if dir == Path::new(settings::IN_MEMORY) {
        return 0;
    }
    let log = |path: &Path| path.extension().is_some_and(|kind| kind == "log");
    let sizes = files.flatten().filter(|file| log(&file.path())).filter_map(|file| file.metadata().ok());
    sizes.map(|file| file.len()).sum()
}
