//! How far it has come: a bar where standard error is a terminal, else a line now and then.

use crate::printable::printable;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The longest time without a line.
const SILENCE: Duration = Duration::from_secs(10);

/// Where progress is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Bar,
    Lines,
    Nothing,
}

/// How progress is shown.
#[derive(Clone, Copy)]
pub struct Progress(Face);

impl Progress {
    /// As suits standard error.
    pub fn on_standard_error() -> Self {
        Progress(if std::io::stderr().is_terminal() { Face::Bar } else { Face::Lines })
    }

    /// Not at all.
    pub fn silent() -> Self {
        Progress(Face::Nothing)
    }

    /// Begins a stage: what is done in it, and of how many things, where that is known.
    pub fn stage(self, what: &str, total: Option<usize>) -> Stage {
        let what = printable(what).into_owned();
        let bar = (self.0 == Face::Bar).then(|| bar(&what, total));
        if self.0 == Face::Lines {
            say(&what);
        }
        let count = Count { done: 0, total, said: Instant::now(), shown: 0 };
        Stage { face: self.0, what, bar, count: Mutex::new(count) }
    }
}

/// A stage; it is over when this is dropped.
pub struct Stage {
    face: Face,
    what: String,
    bar: Option<ProgressBar>,
    count: Mutex<Count>,
}

struct Count {
    done: usize,
    total: Option<usize>,
    said: Instant,
    shown: usize,
}

impl Stage {
    /// So many more are done.
    pub fn add(&self, more: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(more as u64);
        }
        let mut count = self.count.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        count.done += more;
        if self.face == Face::Lines && count.said.elapsed() >= SILENCE {
            count.said = Instant::now();
            count.shown = count.done;
            say(&line(&self.what, count.done, count.total));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let count = self.count.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.face == Face::Lines && count.done > count.shown {
            say(&line(&self.what, count.done, count.total));
        }
    }
}

fn line(what: &str, done: usize, total: Option<usize>) -> String {
    match total {
        Some(total) => format!("{what}: {done} of {total}"),
        None => format!("{what}: {done}"),
    }
}

fn bar(what: &str, total: Option<usize>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total as u64), "{msg} [{wide_bar}] {pos}/{len} {eta}"),
        None => (ProgressBar::no_length(), "{spinner} {msg} {pos}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn say(text: &str) {
    // Where standard error cannot be written, the summary and the exit code say what became of it.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far() {
        assert_eq!(line("registering", 3, Some(7)), "registering: 3 of 7");
        assert_eq!(line("reading", 3, None), "reading: 3");
    }
}
