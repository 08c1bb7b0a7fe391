//! The runner against servers that a test makes up: it must pass what is right, and fail what is wrong.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test, as tests do")]

mod playback;
mod server;
mod verdicts;
