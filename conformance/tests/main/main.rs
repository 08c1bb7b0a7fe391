//! The runner against servers that a test makes up: it must pass what is right, and fail what is wrong.

mod playback;
mod server;
mod verdicts;
