//! What a page of a long listing costs: loads 200 000 versions of 20 000 subjects into a store in a temporary directory and
//! prints the CPU time of a page of 100 versions, with their texts, for pages that begin here and there.
//!
//!   cargo run --release -p storage --example pages

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use model::{Record, SubjectPrefix};
use std::error::Error;
use std::ops::ControlFlow;
use storage::contract::records::schema;
use storage::rocks::{Location, Options, Rocks};
use storage::{Begin, Standing, Store, Subjects};

const SUBJECTS: i32 = 20_000;
const VERSIONS: i32 = 10;
const ROUNDS: u32 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let store = Rocks::open(Options::new(Location::Directory(directory.path().join("data"))))?;
    let filling = "x".repeat(1_000);
    for first in (0..SUBJECTS).step_by(100) {
        let of = |subject: i32| {
            let filling = &filling;
            (1..=VERSIONS).map(move |version| {
                let id = subject * VERSIONS + version;
                schema(
                    &format!("team{:03}.topic{subject:05}-value", subject % 997),
                    version,
                    id,
                    &format!("{id} {filling}"),
                )
            })
        };
        let records: Vec<Record> = (first..first + 100).flat_map(of).collect();
        store.submit(Box::new(move |_| Ok(records))).blocking_recv()??;
    }
    println!("{} versions of {SUBJECTS} subjects, a page of 100 versions with their texts:", SUBJECTS * VERSIONS);
    for offset in [0, 1_000, 50_000, 100_000, 150_000, 199_000] {
        let before = cpu()?;
        for _ in 0..ROUNDS {
            let view = store.view()?;
            let (mut found, everywhere) = (Vec::new(), SubjectPrefix::EveryContext(String::new()));
            let visit = &mut |version| {
                found.push(version);
                if found.len() == 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            view.versions_from(Subjects::Matching(&everywhere), Standing::Live, Begin::Skipping(offset), visit)?;
            for version in &found {
                view.text(&version.text)?.ok_or("a text is missing")?;
            }
        }
        println!("  from {offset:>6}: {:.2} ms", (cpu()? - before) * 1e3 / f64::from(ROUNDS));
    }
    store.close()?;
    Ok(())
}

/// CPU-seconds of this process so far, of which `/proc` counts hundredths.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).ok_or("/proc/self/stat is unreadable");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
