//! Recorded topics, held against what is read of them, written again, and folded.

#[cfg(test)]
mod topics;
