//! The watermark: how far the store has been written, kept outside RocksDB, so that a history which ends before it is known to
//! be damaged and is not taken for a smaller one.
//!
//! The writer notes it after each group, before anybody is answered, without waiting for the disk; a thread syncs it once a
//! second, and once more at the end. So after a kill it is exact, and after a power failure at most a second behind. It never
//! runs ahead: what it names was durable before it was noted.
//!
//! The file has two lines of 512 bytes, one sector each, that are written in turn: one of them is always whole.

use super::{directory, logs};
use crate::Error;
use crate::stop::Stop;
use model::Position;
use state::codec::value::Head;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The name of the file.
pub(super) const NAME: &str = "WATERMARK";
/// How often it is synced.
const EVERY: Duration = Duration::from_secs(1);
/// Bytes of a line: what a disk writes whole or not at all.
const LINE: usize = 512;

/// How far a store has been written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Mark {
    /// The position after the last durable group.
    pub position: Position,
    /// The number of the next entry of the audit.
    pub audit: u64,
    /// The number of the write-ahead log that the group is in.
    pub log: u64,
    /// The length of that log after it, in bytes.
    pub length: u64,
}

impl Mark {
    /// Marks are made in this order.
    fn order(&self) -> [u64; 5] {
        [self.position.registry, self.position.internal, self.audit, self.log, self.length]
    }

    fn of(head: &Head) -> Self {
        Mark { position: head.position, audit: head.audit.next, ..Mark::default() }
    }

    fn line(&self) -> [u8; LINE] {
        let mut text = format!(
            "freehold watermark registry={} house={} audit={} log={} length={}",
            self.position.registry, self.position.internal, self.audit, self.log, self.length
        );
        text += &format!(" crc32c={:08x}", crc32c::crc32c(text.as_bytes()));
        let mut line = [b' '; LINE];
        line[..text.len()].copy_from_slice(text.as_bytes());
        line[LINE - 1] = b'\n';
        line
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let (text, crc) = str::from_utf8(line).ok()?.trim_end().rsplit_once(" crc32c=")?;
        if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(text.as_bytes()) {
            return None;
        }
        let mut words = text.strip_prefix("freehold watermark ")?.split(' ');
        let mut number = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok();
        Some(Mark {
            position: Position { registry: number("registry")?, internal: number("house")? },
            audit: number("audit")?,
            log: number("log")?,
            length: number("length")?,
        })
    }
}

/// Reads the watermark of a directory; nothing where there is none, as in a directory of an earlier release.
///
/// # Errors
/// `Corrupt` if neither line can be read, `Io`.
pub(super) fn read(dir: &Path) -> Result<Option<Mark>, Error> {
    let path = dir.join(NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(format!("reading {}", path.display()), error)),
    };
    let marks = bytes.chunks(LINE).take(2).filter_map(Mark::parse);
    match marks.max_by_key(Mark::order) {
        Some(mark) => Ok(Some(mark)),
        None => Err(Error::Corrupt(format!(
            "{}: neither of its lines can be read; without this file the store opens, and does not notice if its newest changes are missing",
            path.display()
        ))),
    }
}

/// Is a store that ends here what the mark says was written?
///
/// # Errors
/// `Corrupt`.
pub(super) fn check(dir: &Path, mark: &Mark, head: &Head) -> Result<(), Error> {
    let Mark { position: Position { registry, internal }, audit, .. } = *mark;
    let found = Mark::of(head);
    if found.position.registry >= registry && found.position.internal >= internal && found.audit >= audit {
        return Ok(());
    }
    Err(Error::Corrupt(format!(
        "the store ends at position {} of the registry log, {} of the internal log and {} of the audit, and its watermark says that {registry}, {internal} and {audit} were written: the changes between are lost; restore a backup, or accept the loss by removing {}",
        found.position.registry,
        found.position.internal,
        found.audit,
        dir.join(NAME).display()
    )))
}

/// The watermark of an open store.
pub(super) struct Watermark {
    shared: Arc<Shared>,
    stop: Arc<Stop>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    file: File,
    unsynced: AtomicBool,
    /// Has a failure been said?
    failing: AtomicBool,
    writing: Mutex<Writing>,
}

struct Writing {
    dir: PathBuf,
    mark: Mark,
    /// The line that is written next.
    turn: u64,
}

impl Watermark {
    /// Keeps the watermark of a store that has this head.
    ///
    /// # Errors
    /// `Io` if the file cannot be made or no thread be started.
    pub fn keep(dir: &Path, head: &Head) -> Result<Self, Error> {
        let mark = Mark::of(head);
        let path = dir.join(NAME);
        let open = || -> io::Result<File> {
            // Also where there is one: it may be that of a longer history whose loss was accepted.
            directory::write_durably(dir, NAME, &[mark.line(), mark.line()].concat())?;
            OpenOptions::new().write(true).open(&path)
        };
        let file = open().map_err(|error| Error::io(format!("writing {}", path.display()), error))?;
        let shared = Arc::new(Shared {
            file,
            unsynced: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            writing: Mutex::new(Writing { dir: dir.to_owned(), mark, turn: 0 }),
        });
        let stop = Arc::new(Stop::default());
        let thread = {
            let (shared, stop) = (shared.clone(), stop.clone());
            let run = move || {
                while stop.pause(EVERY) {
                    shared.sync();
                }
            };
            std::thread::Builder::new().name("store-watermark".into()).spawn(run)
        };
        let thread = thread.map_err(|error| Error::io("starting the thread of the watermark", error))?;
        Ok(Watermark { shared, stop, thread: Mutex::new(Some(thread)) })
    }

    /// A group that leaves this head is durable. A failure is only said: the store is as good as before, and the mark
    /// that stays behind proves less.
    pub fn note(&self, head: &Head) {
        let mut writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = writing.note(&self.shared.file, Mark::of(head));
        drop(writing);
        self.shared.unsynced.store(true, Ordering::Release);
        self.shared.say(noted);
    }

    /// Ends the thread; what was noted is durable then.
    pub fn stop(&self) {
        self.stop.ask();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A panic in it has been printed; what it has not synced is synced now.
            let _ = thread.join();
            self.shared.sync();
        }
    }
}

impl Drop for Watermark {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn sync(&self) {
        if self.unsynced.swap(false, Ordering::AcqRel) {
            self.say(self.file.sync_data());
        }
    }

    fn say(&self, outcome: io::Result<()>) {
        match outcome {
            Ok(()) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the watermark is written again");
                }
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the watermark cannot be written; changes that get lost might go unnoticed");
                }
            }
        }
    }
}

impl Writing {
    fn note(&mut self, file: &File, mark: Mark) -> io::Result<()> {
        let grown = |log: u64| fs::metadata(self.dir.join(logs::name(log))).map(|found| found.len());
        self.mark = match grown(self.mark.log) {
            Ok(length) if length > self.mark.length => Mark { log: self.mark.log, length, ..mark },
            // The group is in another one: RocksDB begins a new log with each memtable.
            _ => {
                let mut logs = logs::numbers(&self.dir)?.into_iter().rev();
                let found = logs.find_map(|log| Some((log, grown(log).ok().filter(|length| *length > 0)?)));
                let (log, length) = found.ok_or_else(|| io::Error::other("no write-ahead log holds the group"))?;
                Mark { log, length, ..mark }
            }
        };
        file.write_all_at(&self.mark.line(), self.turn * LINE as u64)?;
        self.turn = 1 - self.turn;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(registry: u64, internal: u64, audit: u64) -> Head {
        let audit = crate::AuditLog { next: audit, ..Default::default() };
        Head { position: Position { registry, internal }, audit, ..Head::default() }
    }

    fn mark(registry: u64) -> Mark {
        Mark { position: Position { registry, internal: 7 }, audit: 3, log: 12, length: 34 }
    }

    #[test]
    fn the_newer_whole_line_counts() {
        #[track_caller]
        fn check(lines: &[&[u8]], expected: Option<Mark>) {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(NAME), lines.concat()).unwrap();
            assert_eq!(read(dir.path()).ok().flatten(), expected);
        }
        let (old, new) = (mark(1).line(), mark(2).line());
        check(&[&old, &new], Some(mark(2)));
        check(&[&new, &old], Some(mark(2)));
        let mut torn = new;
        torn[60..].fill(0);
        let mut flipped = new;
        flipped[30] ^= 1;
        for bad in [&torn[..], &flipped, &[0; LINE], &new[..60]] {
            check(&[&old, bad], Some(mark(1)));
        }
        check(&[&torn, &flipped], None);
        check(&[], None);
        assert!(
            String::from_utf8_lossy(&new)
                .starts_with("freehold watermark registry=2 house=7 audit=3 log=12 length=34 crc32c=")
        );
        assert_eq!(read(Path::new("/nowhere")), Ok(None));
    }

    #[test]
    fn a_history_that_ends_before_the_mark_is_damaged() {
        let check = |registry, internal, audit| check(Path::new("/d"), &mark(5), &head(registry, internal, audit));
        assert_eq!(check(5, 7, 3), Ok(()));
        assert_eq!(check(6, 8, 9), Ok(()));
        assert!(check(4, 9, 9).is_err() && check(9, 6, 9).is_err() && check(9, 9, 2).is_err());
        let Err(Error::Corrupt(why)) = check(0, 0, 0) else { panic!("it is taken for well") };
        assert!(why.contains("5, 7 and 3 were written") && why.contains("/d/WATERMARK"), "{why}");
    }

    /// Each note names the log that the group is in, and its length.
    #[test]
    fn a_note_finds_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let log = |number, bytes: usize| fs::write(dir.path().join(logs::name(number)), vec![1; bytes]).unwrap();
        let watermark = Watermark::keep(dir.path(), &Head::default()).unwrap();
        let noted = |registry, log, length| {
            let head = head(registry, 0, 1);
            watermark.note(&head);
            assert_eq!(read(dir.path()), Ok(Some(Mark { log, length, ..Mark::of(&head) })));
        };
        log(4, 10);
        noted(1, 4, 10);
        log(4, 20);
        noted(2, 4, 20);
        // One that is there and empty is not yet written.
        log(6, 0);
        log(4, 30);
        noted(3, 4, 30);
        log(6, 5);
        noted(4, 6, 5);
        fs::remove_file(dir.path().join(logs::name(4))).unwrap();
        log(9, 8);
        fs::remove_file(dir.path().join(logs::name(6))).unwrap();
        noted(5, 9, 8);
    }
}
