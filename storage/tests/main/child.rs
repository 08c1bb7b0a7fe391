//! The process that is killed: it commits from many threads, and says on its output what it was told to be durable.

use crate::support;
use std::io::Write;
use std::path::Path;
use storage::contract::records::{high_water, schema};
use storage::rocks::Restoring;
use storage::{State, Store};

pub const NAME: &str = "child::commits_until_killed";
pub const DIR: &str = "FREEHOLD_CHILD_DIR";
pub const THREADS: usize = 8;

/// The two subjects that each commit of a thread adds a version to.
pub fn subjects(thread: usize) -> [String; 2] {
    [format!("left-{thread}"), format!("right-{thread}")]
}

/// The text of a version: its own, of changing length, not easily compressed.
pub fn text(thread: usize, number: i32) -> String {
    let mut random = support::Random::new(thread as u64 * 1_000_003 + number as u64);
    let length = random.below(80) as usize;
    (0..length).map(|_| format!("{:016x}", random.below(u64::MAX))).collect::<String>() + &format!("{thread}.{number}")
}

pub const RESTORING: &str = "child::restores_until_killed";
pub const BACKUP: &str = "FREEHOLD_CHILD_BACKUP";

#[test]
#[ignore = "runs as a child of the other tests"]
fn restores_until_killed() {
    let [dir, backup] = [DIR, BACKUP].map(|name| std::env::var(name).expect("only the other tests run this"));
    println!("begins");
    let restoring = Restoring::begin(dir.into()).unwrap();
    restoring.run(support::options(Path::new("")), &mut std::fs::File::open(backup).unwrap()).unwrap();
}

#[test]
#[ignore = "runs as a child of the other tests"]
fn commits_until_killed() {
    let dir = std::env::var(DIR).expect("only the other tests run this, with a directory");
    let store = support::open(Path::new(&dir)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                loop {
                    let decide = move |state: &dyn State| {
                        let [left, right] = subjects(thread);
                        let known = state.subject(&model::Subject::parse(&left))?;
                        let next = known.map_or(1, |summary| summary.highest + 1);
                        let id = next * THREADS as i32 + thread as i32;
                        let text = text(thread, next);
                        Ok(vec![schema(&left, next, id, &text), high_water(".", id), schema(&right, next, id, &text)])
                    };
                    let committed = store.submit(Box::new(decide)).blocking_recv().unwrap().unwrap();
                    let model::Record::Registry(model::RegistryRecord::Schema(left)) = &committed.records[0].record
                    else {
                        panic!("{committed:?}");
                    };
                    let line = format!("ack {thread} {}.\n", left.version);
                    // One write past all buffers: what is in the pipe survives the kill.
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}
