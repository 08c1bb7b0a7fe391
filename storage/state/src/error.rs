//! What can go wrong in a store. Callers act on the variant; the text is for the operator.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// The disk or the system refused, is full, or failed. Nothing of a group of commits was acknowledged.
    #[error("{operation} failed: {source}")]
    Io {
        /// What was being done.
        operation: Cow<'static, str>,
        /// What came of it.
        source: Source,
    },
    /// An earlier failure made the store read-only until it is opened again.
    #[error("the store is read-only since an earlier failure: {0}")]
    ReadOnly(String),
    /// Records of the feed were asked for that are no longer there. Who followed them begins anew.
    #[error("the records before number {first} are no longer kept")]
    Gone {
        /// The number of the first record that is there.
        first: u64,
    },
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

impl Error {
    /// What was being done failed for this reason.
    pub fn io(
        operation: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Error::Io { operation: operation.into(), source: Source(Arc::from(source.into())) }
    }
}

/// Why something failed. Shared, because a failed group tells each of its members; two are equal when they say the same.
#[derive(Clone, Debug)]
pub struct Source(Arc<dyn std::error::Error + Send + Sync>);

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Source {}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Source {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::io;

    #[test]
    fn a_failure_says_what_was_being_done_and_leads_to_its_cause() {
        let why = || io::Error::new(io::ErrorKind::StorageFull, "no space");
        let error = Error::io("writing a group of commits", why());
        assert_eq!(error.to_string(), "writing a group of commits failed: no space");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("no space"));
        assert_eq!(error, Error::io("writing a group of commits", "no space"));
        assert_ne!(error, Error::io("reading the state", why()));
        assert_ne!(error, Error::io("writing a group of commits", "no quota"));
    }
}
