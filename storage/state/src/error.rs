//! What can go wrong in a store. Callers act on the variant; the text is for the operator.

use std::path::PathBuf;

/// A failure of the store.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the data directory open.
    #[error(
        "the data directory {dir} is in use by another process ({detail}); stop it, or give this one another directory"
    )]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// What the lock said.
        detail: String,
    },
    /// The data directory cannot be made, read or written.
    #[error("the data directory {dir} cannot be used: {why}")]
    Directory {
        /// The data directory.
        dir: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// The data were written by a newer release.
    #[error(
        "the data directory {dir} has format {found}, and this release reads up to format {known}; run the release that wrote it, or a newer one"
    )]
    NewerFormat {
        /// The data directory.
        dir: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format this release reads.
        known: u32,
    },
    /// Stored bytes are not what was written.
    #[error("stored data are damaged: {0}")]
    Corrupt(String),
    /// The disk refused, is full, or failed. Nothing of the group was acknowledged.
    #[error("reading or writing failed: {0}")]
    Io(String),
    /// An earlier failure made the store read-only until it is opened again.
    #[error("the store is read-only since an earlier failure: {0}")]
    ReadOnly(String),
    /// Too many commits are waiting for the writer.
    #[error("too many writes are waiting")]
    Overloaded,
    /// The store is closing.
    #[error("the store is closed")]
    Closed,
    /// A backup file cannot be used.
    #[error("the backup cannot be used: {0}")]
    Backup(String),
    /// A restore needs an empty store.
    #[error("a backup can only be restored into an empty data directory")]
    NotEmpty,
    /// A restore into this directory was broken off.
    #[error("a restore into the data directory {dir} was not finished; empty the directory and restore again")]
    HalfRestored {
        /// The data directory.
        dir: PathBuf,
    },
    /// The decision of a commit panicked. Nothing of it was written; others were not touched.
    #[error("the decision of a commit panicked: {0}")]
    Panicked(String),
}
