//! The log: one line for each start, change and refusal, on standard error, as text or JSON.

use crate::settings::{LogFormat, Settings};
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. A second call has no effect.
pub fn start(settings: &Settings) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from_level(settings.log_level))
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // The first subscriber stays: tests start several nodes in one process.
    let _ = match settings.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
