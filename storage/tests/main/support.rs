//! A store under load in a process of its own, and what must be true of what it left.

use crate::child;
use model::{Position, Record};
use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use storage::rocks::{Location, Options, Rocks};
use storage::{Committed, Error, Health, State, Store};
use tokio::sync::oneshot::error::TryRecvError;

/// Small memtables, so that tables are written and compacted and logs replaced all the time.
pub fn options(dir: &Path) -> Options {
    Options { memtable_bytes: 256 << 10, ..Options::new(Location::Directory(dir.to_owned())) }
}

pub fn open(dir: &Path) -> Result<Rocks, Error> {
    Rocks::open(options(dir))
}

/// Copies the files of a directory.
pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The files of a directory with this extension, in order.
pub fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = all(dir);
    found.retain(|path| path.extension().is_some_and(|e| e == extension));
    found
}

/// The files of a directory whose names begin so, in order.
pub fn starting_with(dir: &Path, beginning: &str) -> Vec<PathBuf> {
    let mut found = all(dir);
    found.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(beginning));
    found
}

fn all(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Commits and waits for the answer, but not for ever: a store that hangs is a failure of its own.
pub fn submit(
    store: &dyn Store,
    decide: impl FnOnce(&dyn State) -> Result<Vec<Record>, Error> + Send + 'static,
) -> Result<Committed, Error> {
    let mut answer = store.submit(Box::new(decide));
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match answer.try_recv() {
            Ok(answer) => return answer,
            Err(TryRecvError::Closed) => panic!("the writer has gone away"),
            Err(TryRecvError::Empty) => assert!(Instant::now() < deadline, "a commit is never answered"),
        }
        std::thread::yield_now();
    }
}

/// What a child was told to be durable: the highest number of each of its threads.
pub type Acknowledged = [i32; child::THREADS];

/// This test binary again, as the child that commits to a directory until it is killed.
pub fn committing_child(dir: &Path) -> Command {
    child(child::NAME, dir)
}

/// This test binary as the child that restores a backup into a directory.
pub fn restoring_child(dir: &Path, backup: &Path) -> Command {
    let mut command = child(child::RESTORING, dir);
    command.env(child::BACKUP, backup);
    command
}

fn child(name: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", name, "--nocapture"]).env(child::DIR, dir);
    command.stdout(Stdio::piped()).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// When a child is killed: a while after so many acknowledgements.
pub struct Moment {
    pub acknowledgements: usize,
    pub pause: Duration,
}

impl Moment {
    /// Not at once: just after an answer the child is thinking, and it is to be met while writing and syncing.
    pub fn any(random: &mut Random) -> Self {
        Moment { acknowledgements: 1 + random.below(400) as usize, pause: Duration::from_micros(random.below(6000)) }
    }
}

/// Runs a child, kills it, and adds what it had acknowledged until then.
pub fn run_and_kill(mut command: Command, moment: &Moment, acknowledged: &mut Acknowledged) {
    let mut child = command.spawn().unwrap();
    let mut count = 0;
    // The pipe keeps what was written before the kill, so reading goes on to its end.
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((thread, number)) = line.strip_prefix("ack ").and_then(|rest| rest.split_once(' ')) else { continue };
        // The last line may be torn; then its number is shorter and still one that was acknowledged, or none.
        if let (Ok(thread), Some(number)) = (thread.parse::<usize>(), number.strip_suffix('.')) {
            acknowledged[thread] = acknowledged[thread].max(number.parse().unwrap());
            count += 1;
        }
        if count == moment.acknowledgements {
            std::thread::sleep(moment.pause);
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(count >= moment.acknowledgements, "the child ended by itself after {count} acknowledgements: {status}");
}

/// What is wrong with a directory, if anything.
pub fn examine(dir: &Path, acknowledged: &Acknowledged) -> Result<(), String> {
    let store = open(dir).map_err(|error| format!("it does not open: {error}"))?;
    examine_store(&store, acknowledged)
}

/// What is wrong with an opened store, if anything: acknowledged commits that are missing, halves of commits, gaps.
pub fn examine_store(store: &dyn Store, acknowledged: &Acknowledged) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let view = store.view().map_err(text)?;
    let mut commits = 0;
    for (thread, &acknowledged) in acknowledged.iter().enumerate() {
        let [left, right] = child::subjects(thread).map(|subject| view.versions(&model::Subject::parse(&subject)));
        let (left, right) = (left.map_err(text)?, right.map_err(text)?);
        let numbers = |versions: &[storage::StoredVersion]| versions.iter().map(|v| v.version).collect::<Vec<_>>();
        if numbers(&left) != numbers(&right) {
            return Err(format!("thread {thread} left half a commit"));
        }
        let count = left.len() as i32;
        if numbers(&left) != (1..=count).collect::<Vec<_>>() {
            return Err(format!("thread {thread} left a gap: {:?}", numbers(&left)));
        }
        if count < acknowledged {
            return Err(format!("thread {thread} was told {acknowledged}, and {count} are there"));
        }
        for version in left.iter().chain(&right) {
            if view.text(&version.text).map_err(text)?.as_deref() != Some(&*child::text(thread, version.version)) {
                return Err(format!("thread {thread} left version {} without its text", version.version));
            }
        }
        commits += count as u64;
    }
    if view.position() != (Position { registry: 2 * commits, internal: commits }) {
        return Err(format!("{commits} commits do not make {:?}", view.position()));
    }
    let changes = store.changes(0, usize::MAX).map_err(text)?;
    let internal = changes.iter().filter(|stamped| matches!(stamped.record, Record::Internal(_))).count() as u64;
    if (changes.len() as u64, internal) != (3 * commits, commits) {
        return Err(format!("{commits} commits do not make a log of {}", changes.len()));
    }
    let mut subjects = 0;
    let visit = &mut |_, _| {
        subjects += 1;
        ControlFlow::Continue(())
    };
    view.subjects(&model::SubjectPrefix::parse(":*:"), visit).map_err(text)?;
    let totals = view.totals().map_err(text)?;
    if (totals.subjects, totals.versions) != (subjects, 2 * commits) {
        return Err(format!("{totals:?} are not the totals of {subjects} subjects, {commits} commits"));
    }
    match store.health() {
        Health::Ok => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// A sequence of numbers that looks random and is the same for a seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
