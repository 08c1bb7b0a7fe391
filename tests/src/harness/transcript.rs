//! What a process writes, line by line, while it writes it.

use super::wait::DEADLINE;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

/// The lines that a stream has brought so far. A thread reads it to its end, so that the writer never waits.
#[derive(Clone, Default)]
pub struct Transcript(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Transcript {
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let transcript = Self::default();
        let writer = transcript.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                writer.change(|lines| lines.lines.push(text));
                line.clear();
            }
            writer.change(|lines| lines.ended = true);
        });
        transcript
    }

    fn change(&self, change: impl FnOnce(&mut Lines)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    /// Waits for a line; `None` when the stream ends without one.
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + DEADLINE;
        let mut lines = self.0.0.lock().unwrap();
        loop {
            if let Some(line) = lines.lines.iter().find(|line| wanted(line)) {
                return Some(line.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if lines.ended || left.is_zero() {
                return None;
            }
            lines = self.0.1.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits for the end and returns everything.
    pub fn whole(&self) -> String {
        let lines = self.0.0.lock().unwrap();
        let (lines, outcome) = self.0.1.wait_timeout_while(lines, DEADLINE, |lines| !lines.ended).unwrap();
        assert!(!outcome.timed_out(), "the process does not close its output");
        lines.lines.join("\n")
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0.lock().unwrap().lines.join("\n"))
    }
}
