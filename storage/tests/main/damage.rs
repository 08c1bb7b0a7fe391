//! Directories that are not as they were left: refused by name, or found by the check after opening; never a panic, never a
//! wrong answer.

use crate::support;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use storage::contract::records::{high_water, schema};
use storage::rocks::{Options, Rocks};
use storage::{Error, Health, State, Store};
use tempfile::TempDir;

const VERSIONS: i32 = 400;

/// A directory as a crash leaves it: tables, and write-ahead logs with what is not yet in them.
fn crashed() -> TempDir {
    let dir = TempDir::new().unwrap();
    let moment = support::Moment { acknowledgements: 300, pause: Duration::ZERO };
    support::run_and_kill(support::committing_child(dir.path()), &moment, &mut support::Acknowledged::default());
    dir
}

/// A directory as an orderly end leaves it: tables only.
fn closed() -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = support::open(dir.path()).unwrap();
    fill(&store);
    store.close().unwrap();
    dir
}

fn fill(store: &dyn Store) {
    for n in 1..=VERSIONS {
        let text = crate::child::text(0, n);
        let decide = move |_: &dyn State| Ok(vec![schema(&format!("s{}", n % 5), n, n, &text), high_water(".", n)]);
        store.submit(Box::new(decide)).blocking_recv().unwrap().unwrap();
    }
}

/// Runs on a copy of a directory in which one file has a flipped bit at a part of its length.
fn flipped(dir: &Path, file: &Path, part: f64, then: impl FnOnce(&Path)) {
    let image = TempDir::new().unwrap();
    support::copy(dir, image.path());
    let path = image.path().join(file.file_name().unwrap());
    let mut bytes = fs::read(&path).unwrap();
    let at = (bytes.len() as f64 * part) as usize;
    bytes[at] ^= 0x20;
    fs::write(&path, bytes).unwrap();
    then(image.path());
}

#[test]
fn a_flipped_bit_in_the_write_ahead_log_is_a_named_error() {
    let dir = crashed();
    let log =
        support::files(dir.path(), "log").into_iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    assert!(fs::metadata(&log).unwrap().len() > 10_000);
    for part in [0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999] {
        flipped(dir.path(), &log, part, |image| {
            let refused = support::open(image).map(drop);
            assert!(matches!(refused, Err(Error::Corrupt(_))), "at {part}: {refused:?}");
        });
    }
}

#[test]
fn a_flipped_bit_in_a_table_is_found() {
    let dir = closed();
    let tables = support::files(dir.path(), "sst");
    assert!(tables.len() >= 4, "{tables:?}");
    for table in &tables {
        for part in [0.02, 0.5] {
            flipped(dir.path(), table, part, |image| {
                let options = Options { scrub_bytes_per_second: u64::MAX, ..support::options(image) };
                let store = match Rocks::open(options) {
                    Ok(store) => store,
                    Err(Error::Corrupt(_)) => return,
                    Err(other) => panic!("{other:?}"),
                };
                let deadline = Instant::now() + Duration::from_secs(30);
                while !matches!(store.health(), Health::Corrupt(_)) {
                    assert!(Instant::now() < deadline, "{} at {part} is not found", table.display());
                    std::thread::yield_now();
                }
                let refused = store.submit(Box::new(|_| Ok(vec![schema("s", 1, 1, "a")]))).blocking_recv().unwrap();
                assert!(matches!(refused, Err(Error::Corrupt(_))), "{refused:?}");
            });
        }
    }
}

#[test]
fn a_read_of_damage_is_an_error_and_makes_the_store_corrupt() {
    let dir = closed();
    let mut met = 0;
    for table in support::files(dir.path(), "sst") {
        flipped(dir.path(), &table, 0.4, |image| {
            // So slow that it never meets the damage first.
            let Ok(store) = Rocks::open(Options { scrub_bytes_per_second: 1, ..support::options(image) }) else {
                return;
            };
            let read = read_all(&store);
            if let Err(error) = read {
                assert!(matches!(error, Error::Corrupt(_)), "{error:?}");
                assert!(matches!(store.health(), Health::Corrupt(_)));
                met += 1;
            }
        });
    }
    assert!(met > 0);
}

fn read_all(store: &dyn Store) -> Result<(), Error> {
    let view = store.view()?;
    for subject in 0..5 {
        for version in view.versions(&model::Subject::parse(&format!("s{subject}")))? {
            view.text(&version.text)?;
        }
    }
    store.changes(0, usize::MAX).map(drop)
}

#[test]
fn a_missing_file_is_a_named_error() {
    #[track_caller]
    fn check(dir: &Path, name: &str) {
        let image = TempDir::new().unwrap();
        support::copy(dir, image.path());
        fs::remove_file(image.path().join(name)).unwrap();
        let refused = support::open(image.path()).map(drop);
        assert!(matches!(refused, Err(Error::Corrupt(_))), "without {name}: {refused:?}");
    }
    let (closed, crashed) = (closed(), crashed());
    check(closed.path(), "FORMAT");
    check(closed.path(), "CURRENT");
    // A copy that has the tables only would be taken for a new directory.
    for log in support::files(closed.path(), "log") {
        fs::rename(&log, log.with_extension("gone")).unwrap();
    }
    check(closed.path(), "CURRENT");
    check(closed.path(), "FORMAT");
    for table in support::files(closed.path(), "sst") {
        check(closed.path(), table.file_name().unwrap().to_str().unwrap());
    }
    // The newest one is not missed: nothing outside it knows of it yet.
    let logs = support::files(crashed.path(), "log");
    assert!(logs.len() > 1, "{logs:?}");
    for log in &logs[..logs.len() - 1] {
        check(crashed.path(), log.file_name().unwrap().to_str().unwrap());
    }
}

#[test]
fn a_later_format_is_refused_with_a_sentence() {
    let dir = closed();
    fs::write(dir.path().join("FORMAT"), "6\n").unwrap();
    let refused = support::open(dir.path()).map(drop).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "the data directory {} has format 6, and this release reads up to format 5; run the release that wrote it, or a newer one",
            dir.path().display()
        )
    );
    for nonsense in ["", "x", "0"] {
        fs::write(dir.path().join("FORMAT"), nonsense).unwrap();
        assert!(matches!(support::open(dir.path()).map(drop), Err(Error::Corrupt(_))));
    }
}

#[test]
fn a_second_opener_is_told_so() {
    let dir = TempDir::new().unwrap();
    let store = support::open(dir.path()).unwrap();
    let refused = support::open(dir.path()).map(drop);
    assert!(matches!(refused, Err(Error::InUse { .. })), "in this process: {refused:?}");

    let mut child: Command = support::committing_child(dir.path());
    let other = child.stderr(std::process::Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&other.stdout).into_owned() + &String::from_utf8_lossy(&other.stderr);
    assert!(!other.status.success() && said.contains("InUse"), "in another process: {said}");

    drop(store);
    support::open(dir.path()).unwrap();
}

#[test]
fn a_half_restore_is_refused_with_a_sentence() {
    let (from, to) = (closed(), TempDir::new().unwrap());
    let mut file = Vec::new();
    support::open(from.path()).unwrap().backup(&mut file).unwrap();
    let store = support::open(to.path()).unwrap();
    store.restore(&mut &file[..file.len() / 2]).unwrap_err();
    drop(store);
    let refused = support::open(to.path()).map(drop).unwrap_err();
    let sentence = format!(
        "a restore into the data directory {} was not finished; empty the directory and restore again",
        to.path().display()
    );
    assert_eq!(refused.to_string(), sentence);
}

#[test]
fn a_backup_is_restored_on_disk_and_survives_reopening() {
    let (from, to) = (closed(), TempDir::new().unwrap());
    let source = support::open(from.path()).unwrap();
    let mut file = Vec::new();
    let position = source.backup(&mut file).unwrap();
    let store = support::open(to.path()).unwrap();
    assert_eq!(store.restore(&mut file.as_slice()), Ok(position));
    drop(store);
    let store = support::open(to.path()).unwrap();
    let (view, original) = (store.view().unwrap(), source.view().unwrap());
    assert_eq!((view.position(), view.totals()), (position, original.totals()));
    drop(view);
    read_all(&store).unwrap();
}
