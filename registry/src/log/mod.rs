//! The log: one line for each start, change and refusal, on standard error, as text or JSON.
//!
//! A line is one line whatever was put into it, and it reaches standard error through a queue (`queue`), for which nobody
//! waits. While a registry serves, nothing else writes to standard error: what panics say is a line as well.

mod queue;

use crate::printable::printable;
use crate::settings::{LogFormat, Settings};
use prometheus::IntCounter;
use queue::Queue;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How long the end of the process waits for lines that have not been written yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// The log of this process, once it is started.
static LOG: OnceLock<Log> = OnceLock::new();

static LOST: LazyLock<IntCounter> = LazyLock::new(|| {
    IntCounter::new("freehold_log_lines_lost_total", "Lines of the log that were lost, since it could not be written")
        .expect("the name is one of a metric")
});

struct Log {
    queue: Queue,
    format: LogFormat,
}

/// Counts the lines that were lost in this process.
pub fn lost() -> &'static IntCounter {
    &LOST
}

/// Starts logging. A second call has no effect.
///
/// # Errors
/// There is no thread to be had.
pub fn start(settings: &Settings) -> io::Result<()> {
    if LOG.get().is_some() {
        return Ok(());
    }
    let tell = |lost| tracing::error!("{lost} log lines were lost here: standard error was full or too slow");
    let queue = Queue::start(io::stderr(), LOST.clone(), tell)?;
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from_level(settings.log_level))
        .with_target(false)
        .with_writer(Lines(queue.clone()))
        .with_ansi(false)
        .log_internal_errors(false);
    let started = match settings.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Somebody else's subscriber stays.
    if started.is_ok() && LOG.set(Log { queue, format: settings.log_format }).is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
    Ok(())
}

/// Says why a command ends without having done what it should. Once there is a log it is a line of that.
pub fn complain(message: &str) {
    match LOG.get() {
        Some(Log { format: LogFormat::Json, .. }) => tracing::error!(reason = message, "ended with an error"),
        Some(Log { queue, .. }) => queue.push(format!("freehold: {}\n", printable(message)).as_bytes()),
        None => {
            // Where standard error cannot be written either, the exit code says it.
            let text = crate::printable::printable_lines(message);
            let _ = writeln!(io::stderr(), "freehold: {text}");
        }
    }
}

/// Waits for the lines that have not been written yet, but not for long. To be called at the end of the process.
pub fn finish() {
    if let Some(log) = LOG.get() {
        log.queue.flush(PATIENCE);
    }
}

fn panicked(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("no text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        let backtrace = backtrace.to_string();
        tracing::error!(thread, place, said, backtrace, "panicked");
    } else {
        tracing::error!(thread, place, said, "panicked");
    }
}

/// Makes one line of each event, and leaves it in the queue.
struct Lines(Queue);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

struct Line<'a>(&'a Queue);

impl Write for Line<'_> {
    /// Is called once for an event, with all of it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.push(&one_line(event));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An event as one line that shows and does nothing else, also on a terminal.
fn one_line(event: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(event);
    let mut line = printable(text.strip_suffix('\n').unwrap_or(&text)).into_owned().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Taken(Arc<Mutex<Vec<u8>>>);

    impl Write for Taken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The line of one event with a text of a stranger as a field and in the message.
    fn line(json: bool, text: &str) -> String {
        let taken = Taken::default();
        let queue = Queue::start(taken.clone(), LOST.clone(), |_| {}).unwrap();
        let builder = tracing_subscriber::fmt().with_writer(Lines(queue.clone())).with_ansi(false);
        let subscriber: Box<dyn tracing::Subscriber + Send + Sync> =
            if json { Box::new(builder.json().flatten_event(true).finish()) } else { Box::new(builder.finish()) };
        tracing::subscriber::with_default(subscriber, || tracing::info!(field = text, shown = %text, "said {text}"));
        queue.flush(Duration::MAX);
        let line = taken.0.lock().unwrap().clone();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        for text in ["a\nb", "\u{1b}[2J\u{9b}31m", "\u{202e}abc\u{2066}", "\u{2028}\u{85}\0\u{7f}", "\" caller=\"x"] {
            for json in [false, true] {
                let line = line(json, text);
                let shown = line.strip_suffix('\n').unwrap();
                assert_eq!(printable(shown), shown, "{line:?}");
                if json {
                    let parsed: serde_json::Value = serde_json::from_str(shown).unwrap();
                    assert_eq!((&parsed["field"], &parsed["shown"]), (&text.into(), &text.into()), "{line}");
                } else {
                    assert!(line.contains(&format!("field={text:?}")), "{line}");
                }
            }
        }
    }
}
