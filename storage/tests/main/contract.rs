//! Every store keeps the whole contract.

use std::sync::Mutex;
use storage::rocks::{Location, Options, Rocks};
use storage::{MemoryStore, contract};
use tempfile::TempDir;

#[test]
fn the_store_in_memory_keeps_the_contract() {
    contract::hold(&|observer, limits| Box::new(MemoryStore::with(observer, limits).unwrap()));
}

#[test]
fn the_store_on_rocksdb_in_memory_keeps_the_contract() {
    contract::hold(&|observer, limits| {
        Box::new(Rocks::open(Options { observer, limits, ..Options::new(Location::Memory) }).unwrap())
    });
}

#[test]
fn the_store_on_rocksdb_on_disk_keeps_the_contract() {
    let dirs = Mutex::new(Vec::new());
    contract::hold(&|observer, limits| {
        let dir = TempDir::new().unwrap();
        let place = Location::Directory(dir.path().join("a").join("b"));
        dirs.lock().unwrap().push(dir);
        Box::new(Rocks::open(Options { observer, limits, ..Options::new(place) }).unwrap())
    });
}
