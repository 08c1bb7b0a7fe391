//! The audit as JSON lines, on standard output or in a file that is rotated.
//!
//! A thread of its own reads the entries from the store and writes them, so that a slow disk delays nobody and nothing has to
//! wait in memory: whatever stopped the sink, it goes on with the entry behind the last one that it wrote, also after a restart.
//! A sink that fails, or that does not get on with what waits, says so once in the log, counts, and, where the audit is
//! required, stops further changes until a line goes through again; it is tried again once a second.

use super::line::line;
use super::metrics::Metrics;
use super::settings::{AccessSettings, Demand, Sink};
use model::Stamped;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use storage::{AuditEntry, Store};

/// Entries that may wait for a sink that the audit requires.
const WAITING: u64 = 10_000;
/// How long a sink may take over what waits without getting on at all.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a stop waits for the sink.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_secs(1);
/// Entries that are read from the store at once.
const AT_ONCE: u64 = 256;
/// In the data directory: the number of the next entry that the sink gets.
const MARK: &str = "audit-sink";

/// A sink that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("audit.sink: cannot write to {path}: {reason}")]
pub struct SinkError {
    path: PathBuf,
    reason: io::Error,
}

/// The sink, from the side of those who have something to write.
pub struct AuditSink {
    shared: Arc<Shared>,
    demand: Demand,
    /// Until it is started.
    out: Mutex<Option<Box<dyn Out>>>,
}

struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
    metrics: Arc<Metrics>,
}

/// How far the sink is.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// The number that the next entry of the audit gets.
    next: u64,
    /// The number of the next entry to write.
    written: u64,
    /// When it last got on, or something began to wait.
    moved: Instant,
    /// Did the last line fail?
    failing: bool,
    /// Is nothing more to come?
    stopping: bool,
    /// Is nobody writing?
    ended: bool,
}

impl Progress {
    /// Is the sink unable to keep up, so that a change could be lost to it?
    fn stuck(&self, now: Instant) -> bool {
        let waiting = self.next.saturating_sub(self.written);
        self.failing || waiting > WAITING || waiting > 0 && now.saturating_duration_since(self.moved) > PATIENCE
    }
}

impl AuditSink {
    /// Opens what the settings name. It writes from `start` on.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(settings: &AccessSettings, metrics: Arc<Metrics>) -> Result<Self, SinkError> {
        let out: Option<Box<dyn Out>> = match &settings.sink {
            Sink::None => None,
            Sink::Stdout => Some(Box::new(io::stdout())),
            Sink::File(path) => {
                let rotating = Rotating::open(path, settings.sink_size, settings.sink_files);
                Some(Box::new(rotating.map_err(|reason| SinkError { path: path.clone(), reason })?))
            }
        };
        let demand = if out.is_some() { settings.sink_demand } else { Demand::Optional };
        Ok(AuditSink { shared: Arc::new(Shared::new(metrics)), demand, out: Mutex::new(out) })
    }

    /// Begins to write what the store holds and the sink does not. How far it is stands in the directory of the data.
    ///
    /// # Errors
    /// No thread can be started; those of the store.
    pub fn start(&self, store: &Arc<dyn Store>, data: &Path) -> Result<(), storage::Error> {
        let Some(out) = self.out.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let log = store.view()?.audit_log();
        let mark = Mark::new(data.join(MARK));
        let from = begin(mark.read(), out.last(), log.next);
        mark.write(from);
        {
            let mut progress = self.shared.lock();
            *progress = Progress { next: log.next, written: from, moved: Instant::now(), ended: false, ..*progress };
        }
        let writer = Writer { shared: Arc::clone(&self.shared), store: Arc::downgrade(store), out, mark };
        let started = std::thread::Builder::new().name("audit-sink".into()).spawn(move || writer.run());
        started.map(drop).map_err(|error| storage::Error::io("starting the thread of the audit's sink", error))
    }

    /// Hears of the entries among these records.
    pub fn follow(&self, records: &[Stamped]) {
        let entry = |stamped: &&Stamped| stamped.record.touched().audit;
        let Some(newest) = records.iter().rfind(entry) else { return };
        let mut progress = self.shared.lock();
        if progress.written >= progress.next {
            progress.moved = Instant::now();
        }
        progress.next = newest.position.saturating_add(1);
        drop(progress);
        self.shared.changed.notify_all();
    }

    /// May something be changed now?
    pub fn takes_changes(&self) -> bool {
        self.demand == Demand::Optional || !self.shared.lock().stuck(Instant::now())
    }

    /// Waits a little until everything has been written, and ends the writing. What is left is written after the next start.
    pub fn stop(&self) {
        let mut progress = self.shared.lock();
        progress.stopping = true;
        self.shared.changed.notify_all();
        // Nothing is left, or it took too long: either way it ends here.
        let _ = self
            .shared
            .changed
            .wait_timeout_while(progress, LAST_PATIENCE, |progress| !progress.ended)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

impl Shared {
    fn new(metrics: Arc<Metrics>) -> Self {
        let moved = Instant::now();
        let progress = Progress { next: 1, written: 1, moved, failing: false, stopping: false, ended: true };
        Shared { progress: Mutex::new(progress), changed: Condvar::new(), metrics }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number with which a sink begins: behind what its mark or its last line says; where there is neither, with what comes. A
/// number that the store has not reached is of another store.
fn begin(mark: Option<u64>, last: Option<u64>, next: u64) -> u64 {
    let behind = last.map(|last| last.saturating_add(1));
    let known = mark.max(behind).unwrap_or(next);
    if known > next {
        tracing::warn!(
            known,
            next,
            "the audit's sink has entries that the store does not have; it goes on with new ones"
        );
        return next;
    }
    known
}

/// The thread's side.
struct Writer {
    shared: Arc<Shared>,
    store: Weak<dyn Store>,
    out: Box<dyn Out>,
    mark: Mark,
}

impl Writer {
    fn run(mut self) {
        self.write_all();
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }

    fn write_all(&mut self) {
        let mut marked = 0;
        loop {
            let progress = self.wait();
            if progress.written >= progress.next {
                if marked != progress.written {
                    self.mark.write(progress.written);
                    marked = progress.written;
                }
                if progress.stopping || self.store.strong_count() == 0 {
                    return;
                }
                continue;
            }
            let Some(store) = self.store.upgrade() else { return };
            let entries = read(&*store, progress.written);
            drop(store);
            match entries {
                Ok(entries) => {
                    if !self.write(progress.written, &entries) {
                        self.pause();
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the audit cannot be read for its sink");
                    self.pause();
                }
            }
        }
    }

    /// Waits until there is something to write, or it is time to note how far it is.
    fn wait(&self) -> Progress {
        let idle = |progress: &mut Progress| progress.written >= progress.next && !progress.stopping;
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), RETRY, idle);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits before it is tried again. A stop does not wait with it.
    fn pause(&self) {
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), RETRY, |progress| !progress.stopping);
        let stopping = waited.unwrap_or_else(PoisonError::into_inner).0.stopping;
        if stopping {
            std::thread::sleep(RETRY);
        }
    }

    /// Writes entries, the first of which should have this number. Did all go through?
    fn write(&mut self, expected: u64, entries: &[AuditEntry]) -> bool {
        let first = entries.first().map_or(self.shared.lock().next, |entry| entry.number);
        if first > expected {
            let lost = first - expected;
            tracing::error!(lost, "entries of the audit were forgotten before its sink took them");
            self.shared.metrics.sink_lost(lost);
            self.moved(first, false);
        }
        for entry in entries {
            if let Err(error) = self.out.line(&line(entry)) {
                self.shared.metrics.sink_failed();
                let mut progress = self.shared.lock();
                if !std::mem::replace(&mut progress.failing, true) {
                    tracing::error!(%error, "the audit cannot be written to its sink; the store still has it");
                }
                return false;
            }
            self.moved(entry.number.saturating_add(1), true);
        }
        true
    }

    fn moved(&self, written: u64, through: bool) {
        let mut progress = self.shared.lock();
        (progress.written, progress.moved) = (written, Instant::now());
        let again = through && std::mem::replace(&mut progress.failing, false);
        drop(progress);
        self.shared.changed.notify_all();
        if again {
            tracing::info!("the audit is written to its sink again");
        }
    }
}

/// Entries from a number on, the oldest first.
fn read(store: &dyn Store, from: u64) -> Result<Vec<AuditEntry>, storage::Error> {
    let view = store.view()?;
    let from = from.max(view.audit_log().first);
    let mut entries = Vec::new();
    view.audit(None, from..from.saturating_add(AT_ONCE), &mut |entry| {
        entries.push(entry);
        ControlFlow::Continue(())
    })?;
    entries.reverse();
    Ok(entries)
}

/// The file that says how far the sink is. It may be a second behind: lines are written twice rather than not at all.
struct Mark(PathBuf);

impl Mark {
    fn new(path: PathBuf) -> Self {
        Mark(path)
    }

    fn read(&self) -> Option<u64> {
        std::fs::read_to_string(&self.0).ok()?.trim().parse().ok()
    }

    fn write(&self, number: u64) {
        if let Err(error) = std::fs::write(&self.0, format!("{number}\n")) {
            tracing::warn!(%error, file = %self.0.display(), "the position of the audit's sink cannot be saved");
        }
    }
}

/// Where lines go.
trait Out: Send {
    fn line(&mut self, line: &str) -> io::Result<()>;

    /// The number of the last entry that was written, where that can be read.
    fn last(&self) -> Option<u64> {
        None
    }
}

impl Out for io::Stdout {
    fn line(&mut self, line: &str) -> io::Result<()> {
        let mut out = self.lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush())
    }
}

/// A file, and the older ones beside it: `audit.log`, `audit.log.1` the newest of the old, and so on.
struct Rotating {
    path: PathBuf,
    size: u64,
    files: usize,
    file: File,
    /// Is it a file, or a pipe or device, which is never rotated?
    regular: bool,
    written: u64,
}

impl Rotating {
    fn open(path: &Path, size: u64, files: usize) -> io::Result<Self> {
        let file = append(path)?;
        let regular = file.metadata()?.is_file();
        if regular {
            // Half a line, of a write that was cut off.
            file.set_len(whole(path)?)?;
        }
        let written = file.metadata()?.len();
        Ok(Rotating { path: path.to_owned(), size, files, file, regular, written })
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.files).rev() {
            match std::fs::rename(self.numbered(number), self.numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(&self.path, self.numbered(1))
    }
}

impl Out for Rotating {
    fn line(&mut self, line: &str) -> io::Result<()> {
        // Somebody may have moved or removed the file: a new one goes on.
        if !self.path.exists() {
            self.file = append(&self.path)?;
            self.written = 0;
        }
        if self.regular && self.written > 0 && self.written + line.len() as u64 > self.size {
            self.rotate()?;
            self.file = append(&self.path)?;
            self.written = 0;
        }
        let written = self.file.write_all(line.as_bytes());
        if written.is_err() && self.regular {
            // It may have taken half a line, which would spoil the next one. If that cannot be cut off either, the chain of the
            // sink tells.
            let _ = self.file.set_len(self.written);
        }
        written?;
        self.written += line.len() as u64;
        Ok(())
    }

    fn last(&self) -> Option<u64> {
        [self.path.clone(), self.numbered(1)].iter().find_map(|path| last_number(path).ok().flatten())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// The end of a file: no line is longer.
const TAIL: u64 = 64 << 10;

/// The end of a file, and where it begins.
fn tail(path: &Path) -> io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok((from, bytes))
}

/// The length of a file up to its last end of a line; a file without any is left as it is.
fn whole(path: &Path) -> io::Result<u64> {
    let (from, bytes) = tail(path)?;
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
    Ok(from + end as u64)
}

/// The number in the last line of a file.
fn last_number(path: &Path) -> io::Result<Option<u64>> {
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let (_, bytes) = tail(path)?;
    let last = bytes.split(|&byte| byte == b'\n').rfind(|line| !line.is_empty());
    let line: Option<serde_json::Value> = last.and_then(|line| serde_json::from_slice(line).ok());
    Ok(line.and_then(|line| line.get("number")?.as_u64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::line::tests::entry;
    use model::{AuditChange, AuditRecord, Record};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use storage::MemoryStore;

    #[test]
    fn the_file_is_rotated_at_its_size_and_only_so_many_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        let mut out = Rotating::open(&path, 10, 2).unwrap();
        for line in ["first\n", "second\n", "third\n", "fourth\n"] {
            out.line(line).unwrap();
        }
        let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).ok();
        assert_eq!(text("audit.log").as_deref(), Some("fourth\n"));
        assert_eq!(text("audit.log.1").as_deref(), Some("third\n"));
        assert_eq!(text("audit.log.2").as_deref(), Some("second\n"));
        assert_eq!(text("audit.log.3"), None);
        std::fs::remove_file(&path).unwrap();
        out.line("again\n").unwrap();
        assert_eq!(text("audit.log").as_deref(), Some("again\n"));
    }

    #[test]
    fn a_file_is_gone_on_with_behind_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        std::fs::write(&path, "{\"number\":7}\n{\"number\":8}\n{\"number\":9").unwrap();
        let mut out = Rotating::open(&path, 1 << 20, 2).unwrap();
        assert_eq!(out.last(), Some(8));
        out.line("{\"number\":9}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"number\":7}\n{\"number\":8}\n{\"number\":9}\n");
        out.rotate().unwrap();
        assert_eq!(Rotating::open(&path, 1 << 20, 2).unwrap().last(), Some(9), "it has just been rotated");
    }

    #[test]
    fn a_sink_begins_behind_what_it_has_and_never_beyond_the_store() {
        for (mark, last, next, begins) in [
            (None, None, 7, 7),
            (Some(5), None, 7, 5),
            (Some(5), Some(5), 7, 6),
            (Some(6), Some(2), 7, 6),
            (None, Some(2), 7, 3),
            (Some(90), None, 7, 7),
        ] {
            assert_eq!(begin(mark, last, next), begins, "{mark:?} {last:?} {next}");
        }
    }

    #[test]
    fn what_does_not_get_on_is_stuck_and_what_is_slow_is_not() {
        let now = Instant::now();
        let fine = Progress { next: 10, written: 10, moved: now, failing: false, stopping: false, ended: false };
        let later = now + PATIENCE + Duration::from_secs(1);
        assert!(!fine.stuck(later), "nothing waits");
        let waiting = Progress { written: 9, ..fine };
        assert!(!waiting.stuck(now) && waiting.stuck(later));
        assert!(Progress { failing: true, ..fine }.stuck(now));
        assert!(Progress { next: 11 + WAITING, ..fine }.stuck(now));
    }

    /// Lines are taken one by one as somebody asks for them.
    struct Hanging(SyncSender<String>);

    impl Out for Hanging {
        fn line(&mut self, line: &str) -> io::Result<()> {
            self.0.send(line.to_owned()).map_err(io::Error::other)
        }
    }

    fn made(out: impl Out + 'static) -> Arc<AuditSink> {
        let (demand, out): (_, Box<dyn Out>) = (Demand::Required, Box::new(out));
        let shared = Arc::new(Shared::new(Arc::new(Metrics::new(&prometheus::Registry::new()).unwrap())));
        Arc::new(AuditSink { shared, demand, out: Mutex::new(Some(out)) })
    }

    /// A store that tells this sink.
    fn store(sink: &Arc<AuditSink>) -> Arc<dyn Store> {
        struct Told(Arc<AuditSink>);
        impl storage::Observer for Told {
            fn committed(&self, group: &storage::Group<'_>) {
                self.0.follow(group.records);
            }
        }
        Arc::new(MemoryStore::new(Arc::new(Told(Arc::clone(sink)))).unwrap())
    }

    fn write(store: &dyn Store, names: std::ops::Range<u32>) {
        let record = |name: u32| AuditRecord { happened: None, ..entry(0, &name.to_string()).record };
        let records = names.map(|name| Record::Audit(AuditChange::Entry(Box::new(record(name))))).collect();
        store.submit(Box::new(move |_| Ok(records))).blocking_recv().unwrap().unwrap();
    }

    fn numbers(lines: &Receiver<String>, count: usize) -> Vec<u64> {
        let number =
            |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["number"].as_u64().unwrap();
        (0..count).map(|_| number(lines.recv_timeout(Duration::from_secs(30)).unwrap())).collect()
    }

    #[test]
    fn a_sink_that_hangs_stops_changes_and_then_gets_everything_from_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let (taken, lines) = sync_channel(0);
        let sink = made(Hanging(taken));
        let store = store(&sink);
        sink.start(&store, dir.path()).unwrap();
        assert!(sink.takes_changes());
        write(&*store, 0..600);
        let deadline = Instant::now() + Duration::from_secs(30);
        while sink.takes_changes() {
            assert!(Instant::now() < deadline, "a sink that takes no line is no failure");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(numbers(&lines, 600), (1..=600).collect::<Vec<_>>());
        while !sink.takes_changes() {
            assert!(Instant::now() < deadline, "a sink that takes lines again is still a failure");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_restarted_sink_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        let first = made(Rotating::open(&path, 1 << 20, 2).unwrap());
        let store = store(&first);
        first.start(&store, dir.path()).unwrap();
        write(&*store, 0..3);
        first.stop();
        assert_eq!(last_number(&path).unwrap(), Some(3));
        // Nobody writes these down.
        write(&*store, 3..5);
        let (taken, lines) = sync_channel(10);
        let second = made(Hanging(taken));
        second.start(&store, dir.path()).unwrap();
        assert_eq!(numbers(&lines, 2), [4, 5]);
    }
}
