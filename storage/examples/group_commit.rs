//! How many commits a second the writer takes, how many syncs they share, and what they cost in processor time.
//!
//! `cargo run --release -p storage --example group_commit -- [committers] [seconds] [subjects]`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement for its author")]

use model::{Fingerprint, SchemaType};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::contract::records::fingerprinted;
use storage::rocks::{Location, Options, Rocks};
use storage::{Group, Observer, State, Store};

#[derive(Default)]
struct Groups {
    groups: AtomicU64,
    micros: AtomicU64,
}

impl Observer for Groups {
    fn committed(&self, group: &Group<'_>) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(group.elapsed.as_micros() as u64, Ordering::Relaxed);
    }
}

fn main() {
    let argument = |at, default| std::env::args().nth(at).map_or(default, |text| text.parse().unwrap());
    let (committers, seconds, subjects) = (argument(1, 64u64), argument(2, 5), argument(3, 500));
    let dir = std::env::current_dir().unwrap().join("target/group_commit.data");
    let _ = std::fs::remove_dir_all(&dir);
    let groups = Arc::new(Groups::default());
    let options = || Options { observer: groups.clone(), ..Options::new(Location::Directory(dir.clone())) };
    let store = Rocks::open(options()).unwrap();

    let (busy, started) = (processor_seconds(), Instant::now());
    let end = started + Duration::from_secs(seconds);
    let commits: u64 = std::thread::scope(|scope| {
        let store = &store;
        let committers: Vec<_> = (0..committers)
            .map(|committer| {
                scope.spawn(move || {
                    let mut count = 0;
                    while Instant::now() < end {
                        register(
                            store,
                            &format!("subject-{}", (committer + count * committers) % subjects),
                            committer << 40 | count,
                        );
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        committers.into_iter().map(|committer| committer.join().unwrap()).sum()
    });
    let (wall, busy) = (started.elapsed().as_secs_f64(), processor_seconds() - busy);
    let syncs = groups.groups.load(Ordering::Relaxed);
    println!("{committers} committers: {:.0} commits/s", commits as f64 / wall);
    println!(
        "{:.3} syncs a commit, {:.0} us a group",
        syncs as f64 / commits as f64,
        groups.micros.load(Ordering::Relaxed) as f64 / syncs as f64
    );
    println!("{:.1} us of processor time a commit", busy * 1e6 / commits as f64);

    for end in ["killed", "closed"] {
        if end == "closed" {
            store.close().unwrap();
        }
        let copy = dir.with_extension(end);
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir_all(&copy).unwrap();
        for file in std::fs::read_dir(&dir).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
        }
        let started = Instant::now();
        let again = Rocks::open(Options::new(Location::Directory(copy.clone()))).unwrap();
        let versions = again.view().unwrap().totals().unwrap().versions;
        println!("opened {versions} versions, as if {end}, in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
        drop(again);
        std::fs::remove_dir_all(&copy).unwrap();
    }
    drop(store);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// What a registration asks and writes: the subject's latest version, the next id, one version with a text of its own.
fn register(store: &dyn Store, subject: &str, number: u64) {
    let (subject, text) = (subject.to_owned(), text(number));
    let decide = move |state: &dyn State| {
        let name = model::Subject::parse(&subject);
        let next = state.subject(&name)?.map_or(1, |summary| summary.highest + 1);
        state.equivalents(&name, &SchemaType::Avro, Fingerprint { scheme: 1, value: number })?;
        state.config(&name)?;
        state.mode(&name)?;
        let context = name.context();
        let id = state.highest_id(context)?.max(state.high_water(context)?).unwrap_or(0) + 1;
        Ok(vec![fingerprinted(&subject, next, id, &text, number)])
    };
    store.submit(Box::new(decide)).blocking_recv().unwrap().unwrap();
}

/// About 1.2 KB, like a schema with a few fields.
fn text(number: u64) -> String {
    let mut random = number | 1;
    let fields = (0..20).map(|field| {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        format!(r#"{{"name":"field_{field}_{:x}","type":["null","string"]}}"#, random >> 40)
    });
    let fields: Vec<_> = fields.collect();
    format!(r#"{{"type":"record","name":"Record{number}","fields":[{}]}}"#, fields.join(","))
}

/// Processor time of this process so far, user and system.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}
