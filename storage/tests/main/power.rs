//! Power failure under load. A kill alone loses nothing, because the page cache survives it; so a preloaded shim (`power.c`)
//! notes what was synced, and after the kill everything else is taken away: bytes beyond the length at the last sync, and, in
//! some rounds, names made or removed since the last sync of the directory. Or the length is kept, and some of the new pages are
//! zeros, as file systems leave it that write pages in any order.
//!
//! A few rounds run with the other tests, many in `make soak`.

use crate::support::{Acknowledged, Moment, Random, committing_child, examine, run_and_kill};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const ROUNDS: u64 = 24;
const PAGE: u64 = 4 << 10;
/// Rounds in one directory before a fresh one is taken.
const ROUNDS_OF_A_DIRECTORY: u64 = 12;

#[test]
fn what_was_acknowledged_survives_power_failures() {
    let bench = Bench::new();
    let mut site = Site::new(&bench);
    let mut met_log = 0;
    for round in 1..=ROUNDS {
        if round % ROUNDS_OF_A_DIRECTORY == 0 {
            site = Site::new(&bench);
        }
        let failure = site.round(round, Syncs::Noted);
        assert_eq!(examine(&site.data, &site.acknowledged), Ok(()), "round {round}: {failure:?}");
        met_log += u64::from(failure.met_log);
    }
    assert!(met_log * 10 >= ROUNDS, "only {met_log} of {ROUNDS} failures came amid a write: this proves little");
}

#[test]
fn the_examination_notices_a_disk_that_ignores_syncs() {
    let bench = Bench::new();
    let noticed = (1..=6).filter(|&round| {
        let mut site = Site::new(&bench);
        site.round(round, Syncs::Ignored);
        examine(&site.data, &site.acknowledged).is_err()
    });
    assert_eq!(noticed.count(), 6);
}

/// The compiled shim.
pub struct Bench {
    dir: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/power.c");
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(dir.path().join("power.so")).arg(source);
        let done = cc.arg("-ldl").status().expect("a C compiler is there, since RocksDB was built with one");
        assert!(done.success());
        Bench { dir }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Syncs {
    Noted,
    Ignored,
}

/// What becomes of bytes that were written after the last sync.
#[derive(Clone, Copy, Debug)]
pub enum Tail {
    Lost,
    Torn,
    Kept,
    /// The length is kept, and so is the first page; zeros for the rest.
    Zeros,
    /// The length is kept, and any of the pages of a log.
    Holes,
}

/// What becomes of names that changed since the last sync of the directory.
#[derive(Clone, Copy, Debug)]
pub enum Names {
    Kept,
    Undone,
}

/// What a power failure did.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "shown when a round fails")]
pub struct Failure {
    tail: Tail,
    names: Names,
    /// Did the write-ahead log hold bytes that were not synced?
    met_log: bool,
}

/// A data directory, what the shim writes beside it, and what was acknowledged.
pub struct Site<'a> {
    bench: &'a Bench,
    _dir: TempDir,
    pub data: PathBuf,
    graves: PathBuf,
    notes: PathBuf,
    pub acknowledged: Acknowledged,
}

impl<'a> Site<'a> {
    pub fn new(bench: &'a Bench) -> Self {
        let dir = TempDir::new().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (data, graves, notes) = (root.join("data"), root.join("graves"), root.join("notes"));
        fs::create_dir(&data).unwrap();
        fs::create_dir(&graves).unwrap();
        Site { bench, _dir: dir, data, graves, notes, acknowledged: Acknowledged::default() }
    }

    /// One life of the process, one power failure.
    pub fn round(&mut self, round: u64, syncs: Syncs) -> Failure {
        let mut random = Random::new(round);
        let mut disk = Disk::new(&self.data);
        let mut child = committing_child(&self.data);
        child.env("LD_PRELOAD", self.bench.dir.path().join("power.so"));
        child.env("POWER_DIR", &self.data).env("POWER_GRAVES", &self.graves).env("POWER_LOG", &self.notes);
        if syncs == Syncs::Ignored {
            child.env("POWER_LIE", "1");
        }
        run_and_kill(child, &Moment::any(&mut random), &mut self.acknowledged);

        disk.read(&fs::read_to_string(&self.notes).unwrap());
        let tail = [Tail::Lost, Tail::Torn, Tail::Kept, Tail::Zeros, Tail::Holes][random.below(5) as usize];
        let names = [Names::Kept, Names::Undone][random.below(2) as usize];
        // A disk that ignores syncs shows itself by what is lost.
        let (tail, names) = if syncs == Syncs::Ignored { (Tail::Lost, Names::Undone) } else { (tail, names) };
        let mut failure = Failure { tail, names, met_log: false };
        self.fail(&disk, &mut failure, &mut random);
        failure
    }

    fn fail(&self, disk: &Disk, failure: &mut Failure, random: &mut Random) {
        let there = listing(&self.data);
        let buried = listing(&self.graves);
        let wanted = match failure.names {
            Names::Kept => &there,
            Names::Undone => &disk.names,
        };
        // Put together beside, then moved: a file may have had one name then and another now.
        let made = self.data.with_extension("made");
        fs::create_dir(&made).unwrap();
        for (name, inode) in wanted {
            let now = there.iter().find(|(_, i)| *i == inode).map(|(name, _)| self.data.join(name));
            let now =
                now.or_else(|| buried.contains_key(&inode.to_string()).then(|| self.graves.join(inode.to_string())));
            let now = now.unwrap_or_else(|| panic!("{name} went away unseen"));
            let length = fs::metadata(&now).unwrap().len();
            let synced = disk.lengths.get(inode).copied().unwrap_or(0).min(length);
            failure.met_log |= name.ends_with(".log") && synced < length;
            let kept = match failure.tail {
                Tail::Lost => synced,
                Tail::Torn => synced + random.below(length - synced + 1),
                Tail::Kept | Tail::Zeros | Tail::Holes => length,
            };
            let file = fs::OpenOptions::new().write(true).open(&now).unwrap();
            file.set_len(kept).unwrap();
            let mut page = synced;
            while page < length && matches!(failure.tail, Tail::Zeros | Tail::Holes) {
                let end = ((page / PAGE + 1) * PAGE).min(length);
                // Several edits of a manifest are synced at once; RocksDB does not cope with a hole between them.
                let holes = matches!(failure.tail, Tail::Holes) && name.ends_with(".log");
                if if holes { random.below(2) == 0 } else { page != synced } {
                    file.write_all_at(&vec![0; (end - page) as usize], page).unwrap();
                }
                page = end;
            }
            fs::hard_link(&now, made.join(name)).unwrap();
        }
        fs::remove_dir_all(&self.data).unwrap();
        fs::rename(&made, &self.data).unwrap();
        fs::remove_dir_all(&self.graves).unwrap();
        fs::create_dir(&self.graves).unwrap();
        fs::remove_file(&self.notes).unwrap();
    }
}

/// What is durable.
struct Disk {
    /// Inode → bytes.
    lengths: HashMap<u64, u64>,
    names: HashMap<String, u64>,
}

impl Disk {
    /// Before the process starts, everything is.
    fn new(dir: &Path) -> Self {
        let names = listing(dir);
        let length = |(name, inode): (&String, &u64)| (*inode, fs::metadata(dir.join(name)).unwrap().len());
        Disk { lengths: names.iter().map(length).collect(), names }
    }

    /// Follows the notes of the shim.
    fn read(&mut self, notes: &str) {
        for line in notes.lines() {
            let mut words = line.split(' ');
            match words.next() {
                Some("file") => {
                    let mut number = || words.next().unwrap().parse().unwrap();
                    let (inode, length) = (number(), number());
                    self.lengths.insert(inode, length);
                }
                Some("dir") => {
                    let entry = |word: &str| {
                        let (inode, name) = word.split_once('/').unwrap();
                        (name.to_owned(), inode.parse().unwrap())
                    };
                    self.names = words.map(entry).collect();
                }
                other => panic!("a note {other:?}"),
            }
        }
    }
}

fn listing(dir: &Path) -> HashMap<String, u64> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().ino())).collect()
}
