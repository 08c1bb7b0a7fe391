//! How RocksDB is set up, and why.

use super::{Location, Options};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, Env, LogLevel,
    LruCacheOptions,
};
use state::kv::Table;
use std::path::Path;

/// Bytes of the write-ahead log after which families are written to tables. It bounds what is replayed when opening after a
/// crash, and so the time until ready.
const LARGEST_WAL: u64 = 16 << 20;
/// The part of a memtable's memory that its filter takes besides: 10 bits and more for each of its entries, which have 100 bytes and more.
const MEMTABLE_FILTER: f64 = 0.02;

/// Levels of tables, RocksDB's default.
const LEVELS: usize = 7;

/// A power of two: the shards of the block cache. The filter of a table must fit into one beside other blocks, or it would be
/// read from the file and checked again for every look-up; RocksDB's default are 64 shards of half a MiB here.
const CACHE_SHARD_BITS: i32 = 2;
/// Bytes of a compacted table. It bounds the filter and the index of one: about a sixtieth of it each.
const TABLE_BYTES: u64 = 8 << 20;
/// Bytes of the level that fresh tables are merged into, all of which such a merge may write again.
const FIRST_LEVEL_BYTES: u64 = 32 << 20;
/// Bytes that a compaction reads ahead of each of its input files. RocksDB's default are 2 MiB, for disks that turn.
const COMPACTION_READAHEAD: usize = 256 << 10;
/// Tables not yet compacted, all of which a look-up may have to ask, after which writes wait for a compaction.
const LEVEL_ZERO_FILES: i32 = 36;

/// The column family of a table. Names are on disk and never change; RocksDB insists on one called `default`.
pub(super) fn name(table: Table) -> &'static str {
    match table {
        Table::Meta => "default",
        Table::Log => "log",
        Table::State => "state",
        Table::Texts => "texts",
        Table::Audit => "audit",
        Table::Derived => "derived",
    }
}

/// Where a store in memory is told that it lies. The crate makes this directory on the real disk whatever the store does with
/// it, so it is one that is there for everybody.
pub(super) const IN_MEMORY: &str = "/tmp";

pub(super) fn open(dir: &Path, options: &Options) -> Result<DB, rocksdb::Error> {
    let mut db = rocksdb::Options::default();
    if let Location::Memory = options.location {
        db.set_env(&Env::mem_env()?);
    }
    db.create_if_missing(true);
    db.create_missing_column_families(true);
    // The default mode stops silently at the first bad record and drops what follows. This one drops a torn end only, which
    // nobody was told is written, and refuses everything else.
    db.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    // A log file that is missing, or shorter than it was when synced, is an error as well.
    db.set_track_and_verify_wals_in_manifest(true);
    db.set_max_total_wal_size(LARGEST_WAL);
    db.set_db_write_buffer_size(2 * options.memtable_bytes);
    // RocksDB reserves 4 MiB for it by default, which is more than the whole of a small registry.
    db.set_manifest_preallocation_size(64 << 10);
    db.set_max_open_files(i32::try_from(options.open_files).unwrap_or(i32::MAX));
    db.set_max_background_jobs(2);
    db.set_compaction_readahead_size(COMPACTION_READAHEAD);
    db.set_skip_stats_update_on_db_open(true);
    db.set_stats_dump_period_sec(0);
    db.set_stats_persist_period_sec(0);
    // RocksDB's own log: only what is wrong, and not for ever.
    db.set_log_level(LogLevel::Warn);
    db.set_keep_log_file_num(2);
    db.set_max_log_file_size(1 << 20);

    let mut cache = LruCacheOptions::default();
    cache.set_capacity(options.block_cache_bytes);
    cache.set_num_shard_bits(CACHE_SHARD_BITS);
    let cache = Cache::new_lru_cache_opts(&cache);
    let families = Table::ALL.map(|table| ColumnFamilyDescriptor::new(name(table), family(table, options, &cache)));
    DB::open_cf_descriptors(&db, dir, families)
}

fn family(table: Table, options: &Options, cache: &Cache) -> rocksdb::Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Inside the cache, so that memory has one bound.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_whole_key_filtering(true);
    // Records are read in long runs, and larger blocks compress better; for one text or one entry a whole block is read.
    blocks.set_block_size(match table {
        Table::Log | Table::Audit => 16 << 10,
        Table::Meta | Table::State | Table::Texts | Table::Derived => 4 << 10,
    });

    let mut family = rocksdb::Options::default();
    family.set_block_based_table_factory(&blocks);
    family.set_compression_type(DBCompressionType::Lz4);
    if !matches!(table, Table::Log | Table::Audit) {
        // What is written first is soon read and written again, further down; records are moved there as they are.
        family.set_compression_per_level(
            &[&[DBCompressionType::None][..], &[DBCompressionType::Lz4; LEVELS - 1]].concat(),
        );
    }
    family.set_write_buffer_size(options.memtable_bytes);
    family.set_max_write_buffer_number(2);
    // Most of what a registration asks for is not there, or not there yet: a filter says so without a search of the memtable.
    family.set_memtable_whole_key_filtering(true);
    family.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER);
    family.set_target_file_size_base(TABLE_BYTES);
    family.set_max_bytes_for_level_base(FIRST_LEVEL_BYTES);
    // A write is either taken or must wait (see `Stall`); nothing in between.
    family.set_level_zero_slowdown_writes_trigger(LEVEL_ZERO_FILES);
    family.set_level_zero_stop_writes_trigger(LEVEL_ZERO_FILES);
    if table == Table::Audit {
        // What is forgotten is deleted from the front: such tables are compacted soon, so that it is gone from the disk too.
        family.add_compact_on_deletion_collector_factory(256, 64, 0.25);
    }
    family
}
