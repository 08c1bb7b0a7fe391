//! A disk that is full.

use crate::support;
use std::path::Path;
use std::process::Command;
use storage::contract::records::schema;
use storage::{Error, Health, State, Store};
use tempfile::TempDir;

#[test]
fn a_full_disk_refuses_writes_keeps_reads_and_loses_nothing() {
    let dir = TempDir::new().unwrap();
    let Some(disk) = Disk::mount(dir.path(), "8m") else {
        println!("SKIPPED: a full disk cannot be tried, since mounting a small file system needs root");
        return;
    };
    let store = support::open(dir.path()).unwrap();
    let mut written = 0;
    let failure = loop {
        let number = written + 1;
        let text = crate::child::text(0, number).repeat(20);
        let decide = move |_: &dyn State| Ok(vec![schema("s", number, number, &text)]);
        match store.submit(Box::new(decide)).blocking_recv().unwrap() {
            Ok(_) => written = number,
            Err(error) => break error,
        }
        assert!(written < 100_000, "the disk is never full");
    };
    assert!(matches!(failure, Error::Io(_)), "{failure:?}");
    assert!(matches!(store.health(), Health::ReadOnly(_)));
    let again = store.submit(Box::new(|_| Ok(vec![schema("t", 1, 1, "x")]))).blocking_recv().unwrap();
    assert!(matches!(again, Err(Error::ReadOnly(_))), "{again:?}");
    assert!(written > 100, "{written} were written before: {failure}");
    assert_eq!(count(&store), written, "reads go on");
    store.close().unwrap();
    drop(store);

    disk.grow("64m");
    let store = support::open(dir.path()).unwrap();
    let there = count(&store);
    // The one that failed may be there: its caller was told of a failure, not of its absence.
    assert!(there == written || there == written + 1, "{there} of {written}");
    store.submit(Box::new(|_| Ok(vec![schema("t", 1, 9_999_999, "x")]))).blocking_recv().unwrap().unwrap();
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
    fn mount(dir: &'a Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(dir);
        mount.output().is_ok_and(|done| done.status.success()).then_some(Disk(dir))
    }

    fn grow(&self, size: &str) {
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", &format!("remount,size={size}")]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // Lazily: a failed test may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
