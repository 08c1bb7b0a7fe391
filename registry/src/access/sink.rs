//! The audit as JSON lines, on standard output or in a file that is rotated.
//!
//! A thread of its own writes them, so that a slow disk delays nobody; what waits for it is bounded. The store has every entry
//! in any case. A sink that fails says so once in the log, counts, and, where the audit is required, stops further changes
//! until a line goes through again; it is tried again with every entry and once a second.

use super::audit::now;
use super::settings::{Demand, Settings, Sink};
use crate::metrics::Metrics;
use model::{AuditChange, AuditRecord, Record, Stamped};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// Lines that wait for the thread.
const WAITING: usize = 10_000;
const RETRY: Duration = Duration::from_secs(1);

/// A sink that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("audit.sink: cannot write to {path}: {reason}")]
pub struct SinkError {
    path: PathBuf,
    reason: io::Error,
}

/// The sink, from the side of those who have something to write.
pub struct AuditSink {
    lines: Option<SyncSender<String>>,
    failing: Arc<AtomicBool>,
    demand: Demand,
    metrics: Arc<Metrics>,
}

impl AuditSink {
    /// Opens what the settings name and starts its thread.
    ///
    /// # Errors
    /// The file cannot be opened, or no thread be started.
    pub fn open(settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, SinkError> {
        let failing = Arc::new(AtomicBool::new(false));
        let out: Box<dyn Out> = match &settings.sink {
            Sink::None => return Ok(AuditSink { lines: None, failing, demand: Demand::Optional, metrics }),
            Sink::Stdout => Box::new(io::stdout()),
            Sink::File(path) => {
                let rotating = Rotating::open(path, settings.sink_size, settings.sink_files);
                Box::new(rotating.map_err(|reason| SinkError { path: path.clone(), reason })?)
            }
        };
        let (lines, waiting) = sync_channel(WAITING);
        let (writer, counters) = (Arc::clone(&failing), Arc::clone(&metrics));
        std::thread::Builder::new()
            .name("audit-sink".into())
            .spawn(move || write_all(&waiting, out, &writer, &counters))
            .map_err(|reason| SinkError { path: "a thread".into(), reason })?;
        Ok(AuditSink { lines: Some(lines), failing, demand: settings.sink_demand, metrics })
    }

    /// Hands over the entries among these records.
    pub fn follow(&self, records: &[Stamped]) {
        let Some(lines) = &self.lines else { return };
        for stamped in records {
            let Record::Audit(AuditChange::Entry(entry)) = &stamped.record else { continue };
            match lines.try_send(line(stamped.at, entry)) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                    self.metrics.access.sink_lost();
                    self.failing.store(true, Ordering::SeqCst);
                }
            }
        }
    }

    /// May something be changed now?
    pub fn takes_changes(&self) -> bool {
        self.demand == Demand::Optional || !self.failing.load(Ordering::SeqCst)
    }
}

/// An entry as one line of JSON, with its end of line.
pub fn line(at: i64, entry: &AuditRecord) -> String {
    let mut line = shown(at, entry).to_string();
    line.push('\n');
    line
}

/// An entry as JSON; what is empty is left out.
pub fn shown(at: i64, entry: &AuditRecord) -> serde_json::Value {
    let mut shown = json!({ "time": entry.happened.unwrap_or(at), "principal": entry.principal });
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            shown[name] = value.into();
        }
    };
    add("authenticated", entry.method.as_deref().unwrap_or_default());
    add("operation", &entry.operation);
    add("action", &entry.action);
    add("kind", &entry.kind);
    add("resource", &entry.name);
    add("namespace", entry.namespace.as_ref().map_or("", |name| name.as_str()));
    add("decision", entry.outcome.as_str());
    add("rule", &entry.rule);
    add("requestId", &entry.request_id);
    add("address", &entry.address.map(|address| address.to_string()).unwrap_or_default());
    if entry.count > 1 {
        shown["count"] = entry.count.into();
    }
    shown
}

/// Where lines go.
trait Out: Send {
    fn line(&mut self, line: &str) -> io::Result<()>;
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
    written: u64,
}

impl Rotating {
    fn open(path: &Path, size: u64, files: usize) -> io::Result<Self> {
        let file = append(path)?;
        let written = file.metadata()?.len();
        Ok(Rotating { path: path.to_owned(), size, files, file, written })
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
        if self.written > 0 && self.written + line.len() as u64 > self.size {
            self.rotate()?;
            self.file = append(&self.path)?;
            self.written = 0;
        }
        self.file.write_all(line.as_bytes())?;
        self.written += line.len() as u64;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

fn write_all(waiting: &Receiver<String>, mut out: Box<dyn Out>, failing: &AtomicBool, metrics: &Metrics) {
    let mut pending: Option<String> = None;
    loop {
        let next = match pending.take() {
            Some(line) => Ok(line),
            None => waiting.recv_timeout(RETRY),
        };
        let line = match next {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        match out.line(&line) {
            Ok(()) => {
                if failing.swap(false, Ordering::SeqCst) {
                    tracing::info!(at = now(), "the audit is written to its sink again");
                }
            }
            Err(error) => {
                metrics.access.sink_failed();
                if !failing.swap(true, Ordering::SeqCst) {
                    tracing::error!(%error, "the audit cannot be written to its sink; the store still has it");
                }
                pending = Some(line);
                std::thread::sleep(RETRY);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> AuditRecord {
        AuditRecord {
            happened: None,
            principal: "user:basic/alice".into(),
            attempted: String::new(),
            method: Some("basic".into()),
            operation: "subjects.versions.register".into(),
            action: "register".into(),
            kind: "Subject".into(),
            name: name.into(),
            namespace: "payments".parse().ok(),
            namespace_id: None,
            outcome: model::AuditOutcome::Permitted,
            rule: "role:owner".into(),
            request_id: "r-1".into(),
            address: Some([127, 0, 0, 1].into()),
            count: 1,
        }
    }

    #[test]
    fn an_entry_is_one_line_of_json() {
        let line = line(5, &entry("a\nb"));
        assert_eq!(
            line,
            "{\"time\":5,\"principal\":\"user:basic/alice\",\"authenticated\":\"basic\",\"operation\":\"subjects.versions.register\",\"action\":\"register\",\"kind\":\"Subject\",\"resource\":\"a\\nb\",\"namespace\":\"payments\",\"decision\":\"permitted\",\"rule\":\"role:owner\",\"requestId\":\"r-1\",\"address\":\"127.0.0.1\"}\n"
        );
    }

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
}
