//! A disk that is full.

use crate::support;
use std::path::Path;
use std::process::Command;
use storage::contract::records::schema;
use storage::{Error, Health, State, Store};
use tempfile::TempDir;

/// Sizes at which different things fail first: a write of the log, of a table, or a compaction.
#[test]
fn a_full_disk_refuses_writes_keeps_reads_and_loses_nothing() {
    for kibibytes in [1500, 4000, 8192, 8336, 8352, 8368] {
        if !try_one(kibibytes) {
            println!("SKIPPED: a full disk cannot be tried, since mounting a small file system needs root");
            return;
        }
    }
}

/// Fills a disk of this size; `false` if none can be had.
pub fn try_one(kibibytes: u32) -> bool {
    let dir = TempDir::new().unwrap();
    let disk = Disk::mount(dir.path(), kibibytes);
    disk.inspect(fill).is_some()
}

fn fill(disk: &Disk<'_>) {
    let store = support::open(disk.0).unwrap();
    let mut written = 0;
    let failure = loop {
        let number = written + 1;
        let text = crate::child::text(0, number).repeat(20);
        let decide = move |_: &dyn State| Ok(vec![schema("s", number, number, &text)]);
        match support::submit(&store, decide) {
            Ok(_) => written = number,
            Err(error) => break error,
        }
        assert!(written < 100_000, "the disk is never full");
    };
    println!("after {written}: {failure}");
    assert!(matches!(failure, Error::Io { .. }), "{failure:?}");
    assert!(matches!(store.health(), Health::ReadOnly(_)));
    let again = support::submit(&store, |_| Ok(vec![schema("t", 1, 1, "x")]));
    assert!(matches!(again, Err(Error::ReadOnly(_))), "{again:?}");
    // The smallest disk holds 43: the log and a table of the first level, which is not compressed.
    assert!(written > 30, "{written} were written before: {failure}");
    assert_eq!(count(&store), written, "reads go on");
    store.close().unwrap();
    drop(store);

    disk.grow(65536);
    let store = support::open(disk.0).unwrap();
    let there = count(&store);
    // The one that failed may be there: its caller was told of a failure, not of its absence.
    assert!(there == written || there == written + 1, "{there} of {written}");
    support::submit(&store, |_| Ok(vec![schema("t", 1, 9_999_999, "x")])).unwrap();
}

fn count(store: &dyn Store) -> i32 {
    let view = store.view().unwrap();
    let versions = view.versions(&model::Subject::parse("s")).unwrap();
    versions.iter().for_each(|version| assert!(view.text(&version.text).unwrap().is_some()));
    versions.len() as i32
}

/// A small file system in memory.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(dir: &'a Path, kibibytes: u32) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"]).arg(dir);
        mount.output().is_ok_and(|done| done.status.success()).then_some(Disk(dir))
    }

    fn grow(&self, kibibytes: u32) {
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", &format!("remount,size={kibibytes}k")]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // Lazily: a failed test may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
