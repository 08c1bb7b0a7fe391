//! `make soak`: kills, power failures, cuts, flips, lost pages and full disks, round after round, and a table of what became of
//! them. After each fault the store must open with all that was acknowledged, or say by name that it is damaged.
//!
//! `FREEHOLD_SOAK` is the number of rounds (1000), `FREEHOLD_SOAK_MINUTES` the longest it may take (60).

use crate::support::{
    self, Acknowledged, Moment, Random, committing_child, examine_store, restoring_child, run_and_kill,
};
use crate::{full, power};
use std::fs;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use storage::rocks::Rocks;
use storage::{Error, Health, Store};
use tempfile::TempDir;

/// No opening takes this long, also on a slow machine under load.
const LONGEST_OPENING: Duration = Duration::from_secs(120);
/// Faults that are tried on copies of one directory.
const FAULTS_OF_AN_IMAGE: u32 = 25;

/// What became of a store.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// All that was acknowledged is there.
    Whole,
    /// It says that it is damaged.
    Named,
    /// What should never be.
    Wrong(String),
    /// It cannot be tried here.
    Skipped,
}

/// A kind of fault.
struct Kind {
    name: &'static str,
    /// It is tried in one of so many rounds.
    one_of: u64,
    /// May it end with a refusal?
    may_be_named: bool,
    run: fn(&mut Stage, &mut Random) -> Verdict,
}

const KINDS: [Kind; 9] = [
    Kind { name: "killed", one_of: 10, may_be_named: false, run: kill },
    Kind { name: "restore killed", one_of: 4, may_be_named: true, run: kill_restore },
    Kind { name: "power failure", one_of: 1, may_be_named: false, run: power_failure },
    Kind { name: "end of log torn", one_of: 1, may_be_named: false, run: tear },
    Kind { name: "log cut", one_of: 1, may_be_named: true, run: cut },
    Kind { name: "bit of log flipped", one_of: 1, may_be_named: true, run: flip },
    Kind { name: "page of log lost", one_of: 1, may_be_named: true, run: lose_page },
    Kind { name: "bit of other file flipped", one_of: 1, may_be_named: true, run: flip_other },
    Kind { name: "disk full", one_of: 50, may_be_named: false, run: fill },
];

/// What the rounds use again.
struct Stage {
    bench: power::Bench,
    image: Option<(Image, u32)>,
}

/// A directory as a killed process left it.
struct Image {
    dir: TempDir,
    acknowledged: Acknowledged,
}

impl Stage {
    fn new() -> Self {
        Stage { bench: power::Bench::new(), image: None }
    }

    /// A copy of a directory of a killed process.
    fn copy(&mut self, random: &mut Random) -> Image {
        let (image, left) = self.image.take().unwrap_or_else(|| {
            let dir = TempDir::new().unwrap();
            let mut acknowledged = Acknowledged::default();
            run_and_kill(committing_child(dir.path()), &Moment::any(random), &mut acknowledged);
            (Image { dir, acknowledged }, FAULTS_OF_AN_IMAGE)
        });
        let dir = TempDir::new().unwrap();
        support::copy(image.dir.path(), dir.path());
        let copy = Image { dir, acknowledged: image.acknowledged };
        self.image = (left > 1).then_some((image, left - 1));
        copy
    }
}

impl Image {
    /// One of its logs that hold something; most often the newest.
    fn log(&self, random: &mut Random) -> PathBuf {
        let mut logs = support::files(self.dir.path(), "log");
        logs.retain(|path| fs::metadata(path).unwrap().len() > 0);
        let back = random.below(2) * random.below(logs.len() as u64);
        logs.swap_remove(logs.len() - 1 - back as usize)
    }

    fn change(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Verdict {
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
        verdict(self.dir.path(), &self.acknowledged)
    }
}

/// Opens the directory and reads all of it.
fn verdict(dir: &Path, acknowledged: &Acknowledged) -> Verdict {
    let (done, opened) = channel();
    let options = support::options(dir);
    std::thread::spawn(move || done.send(Rocks::open(options)));
    let store = match opened.recv_timeout(LONGEST_OPENING) {
        Err(_) => return Verdict::Wrong("opening does not end".to_owned()),
        Ok(Err(_)) => return Verdict::Named,
        Ok(Ok(store)) => store,
    };
    match examine_store(&store, acknowledged) {
        Ok(()) => Verdict::Whole,
        Err(_) if matches!(store.health(), Health::Corrupt(_)) => Verdict::Named,
        Err(wrong) => Verdict::Wrong(wrong),
    }
}

fn kill(_: &mut Stage, random: &mut Random) -> Verdict {
    let dir = TempDir::new().unwrap();
    let mut acknowledged = Acknowledged::default();
    for _ in 0..3 {
        run_and_kill(committing_child(dir.path()), &Moment::any(random), &mut acknowledged);
        match verdict(dir.path(), &acknowledged) {
            Verdict::Whole => {}
            other => return other,
        }
    }
    Verdict::Whole
}

/// It says that it was not finished, or it is all there; unless it had not begun.
fn kill_restore(stage: &mut Stage, random: &mut Random) -> Verdict {
    let image = stage.copy(random);
    let (dir, file) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (dir, file) = (dir.path().join("data"), file.path().join("backup"));
    let store = support::open(image.dir.path()).unwrap();
    let position = store.backup(&mut fs::File::create(&file).unwrap()).unwrap();
    drop(store);
    let mut child = restoring_child(&dir, &file).spawn().unwrap();
    let began = BufReader::new(child.stdout.take().unwrap()).lines().any(|line| line.unwrap().contains("begins"));
    assert!(began, "the child ends before it begins");
    std::thread::sleep(Duration::from_micros(random.below(400_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    let marked = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    match (marked, support::open(&dir)) {
        (_, Err(Error::HalfRestored { .. })) => Verdict::Named,
        (_, Ok(store)) if store.view().unwrap().position() == position => Verdict::Whole,
        (false, Ok(_)) => Verdict::Named,
        (_, Ok(_)) => Verdict::Wrong("a part of a backup is taken for a registry".to_owned()),
        (_, Err(error)) => Verdict::Wrong(error.to_string()),
    }
}

fn power_failure(stage: &mut Stage, random: &mut Random) -> Verdict {
    let mut site = power::Site::new(&stage.bench);
    site.round(random.below(u64::MAX), power::Syncs::Noted);
    verdict(&site.data, &site.acknowledged)
}

/// A record that was being written: its header, some of its bytes, and zeros or the end.
fn tear(stage: &mut Stage, random: &mut Random) -> Verdict {
    let image = stage.copy(random);
    let mut logs = support::files(image.dir.path(), "log");
    logs.retain(|path| fs::metadata(path).unwrap().len() > 0);
    image.change(logs.last().unwrap(), |log| {
        let room = 32768 - log.len() % 32768;
        let length = random.below(room as u64) as u16;
        log.extend((random.below(1 << 32) as u32).to_le_bytes());
        log.extend(length.to_le_bytes());
        log.push(1 + random.below(2) as u8);
        log.extend((0..random.below(u64::from(length) + 1)).map(|byte| byte as u8));
        log.resize(log.len() + random.below(20_000) as usize, 0);
    })
}

fn cut(stage: &mut Stage, random: &mut Random) -> Verdict {
    let image = stage.copy(random);
    let log = image.log(random);
    image.change(&log, |log| log.truncate(random.below(log.len() as u64) as usize))
}

fn flip(stage: &mut Stage, random: &mut Random) -> Verdict {
    let image = stage.copy(random);
    let log = image.log(random);
    image.change(&log, |log| flip_one(log, random))
}

fn flip_one(bytes: &mut [u8], random: &mut Random) {
    let at = random.below(bytes.len() as u64) as usize;
    bytes[at] ^= 1 << random.below(8);
}

fn lose_page(stage: &mut Stage, random: &mut Random) -> Verdict {
    let image = stage.copy(random);
    let log = image.log(random);
    image.change(&log, |log| {
        let from = random.below(log.len() as u64) as usize / 4096 * 4096;
        let to = log.len().min(from + 4096);
        log[from..to].fill(0);
    })
}

fn flip_other(stage: &mut Stage, random: &mut Random) -> Verdict {
    let image = stage.copy(random);
    let mut files = support::starting_with(image.dir.path(), "");
    files.retain(|path| path.extension().is_none_or(|e| e != "log") && fs::metadata(path).unwrap().len() > 0);
    let file = files.swap_remove(random.below(files.len() as u64) as usize);
    image.change(&file, |bytes| flip_one(bytes, random))
}

fn fill(_: &mut Stage, random: &mut Random) -> Verdict {
    match full::try_one(1500 + random.below(8000) as u32) {
        true => Verdict::Whole,
        false => Verdict::Skipped,
    }
}

/// How often a kind ended how.
#[derive(Default)]
struct Tally {
    whole: u64,
    named: u64,
    skipped: u64,
    wrong: Vec<String>,
}

impl Tally {
    fn round(&mut self, kind: &Kind, stage: &mut Stage, seed: u64) {
        let round = catch_unwind(AssertUnwindSafe(|| (kind.run)(stage, &mut Random::new(seed))));
        match round {
            Ok(Verdict::Whole) => self.whole += 1,
            Ok(Verdict::Named) if kind.may_be_named => self.named += 1,
            Ok(Verdict::Skipped) => self.skipped += 1,
            Ok(Verdict::Named) => self.wrong.push(format!("seed {seed}: it is said to be damaged, and is not")),
            Ok(Verdict::Wrong(why)) => self.wrong.push(format!("seed {seed}: {why}")),
            Err(_) => self.wrong.push(format!("seed {seed}: a panic, see above")),
        }
    }
}

/// Runs rounds of all kinds until they are done or time is over, and prints the table. Returns what was wrong.
fn run(rounds: u64, end: Instant, seed: u64) -> Vec<String> {
    let mut stage = Stage::new();
    let mut tallies = KINDS.map(|kind| (kind, Tally::default()));
    let (mut done, mut said) = (0, Instant::now());
    while done < rounds && Instant::now() < end {
        for (kind, tally) in tallies.iter_mut().filter(|(kind, _)| done % kind.one_of == 0) {
            tally.round(kind, &mut stage, seed + done);
        }
        done += 1;
        if said.elapsed() > Duration::from_secs(20) {
            let wrong: usize = tallies.iter().map(|(_, tally)| tally.wrong.len()).sum();
            println!("{done} of {rounds} rounds, {wrong} wrong");
            said = Instant::now();
        }
    }
    println!("\n{:<28}{:>8}{:>8}{:>9}{:>9}{:>7}", "fault", "tried", "whole", "refused", "skipped", "wrong");
    for (kind, Tally { whole, named, skipped, wrong }) in &tallies {
        let wrong = wrong.len() as u64;
        let tried = whole + named + skipped + wrong;
        println!("{:<28}{tried:>8}{whole:>8}{named:>9}{skipped:>9}{wrong:>7}", kind.name);
    }
    let end = if done < rounds { "; time was over" } else { "" };
    println!("{done} of {rounds} rounds{end}\n");
    let wrong = tallies.iter().flat_map(|(kind, tally)| tally.wrong.iter().map(|why| format!("{}: {why}", kind.name)));
    wrong.collect()
}

#[test]
#[ignore = "takes long; `make soak` runs it"]
fn faults() {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect(name));
    let (rounds, minutes) = (number("FREEHOLD_SOAK", 1000_u64), number("FREEHOLD_SOAK_MINUTES", 60_u64));
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let wrong = run(rounds, end, 1_000_000);
    assert!(wrong.is_empty(), "{} faults ended wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_few_faults_of_each_kind() {
    let end = Instant::now() + Duration::from_secs(120);
    let wrong = run(4, end, 1);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rounds prove something: a loss that nothing tells is noticed.
#[test]
fn a_silent_loss_is_noticed() {
    let mut stage = Stage::new();
    let image = stage.copy(&mut Random::new(7));
    fs::remove_file(image.dir.path().join("WATERMARK")).unwrap();
    let log = support::files(image.dir.path(), "log").into_iter().rfind(|path| fs::metadata(path).unwrap().len() > 0);
    let verdict = image.change(&log.unwrap(), |log| log.truncate(log.len() / 2));
    assert!(matches!(&verdict, Verdict::Wrong(why) if why.contains("was told")), "{verdict:?}");
}
