//! Open files: how many the process may have, and who gets how many. A store that cannot open a file takes no more writes, so
//! connections get only what it leaves.

use crate::http::server::SPARE;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use storage::rocks::{OPEN_FILES, OTHER_FILES};

/// For everything that is neither the store's nor a connection: standard streams, the runtime, listeners, the control socket
/// and the backups asked for through it, the audit's sink, files that are read again.
const OWN: usize = 64;

/// With fewer connections a registry is of no use.
const LEAST: usize = 16;

/// Who may have how many files open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Descriptors {
    /// All of them: the limit of the process.
    pub limit: usize,
    /// Tables of the store.
    pub tables: usize,
    /// Connections of clients, besides those kept back for health and metrics.
    pub connections: usize,
}

/// The limit on open files leaves no room for connections.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the limit on open files is {0}, which is too low to serve; it must be at least {least} (ulimit -n, LimitNOFILE= of systemd)",
    least = least()
)]
pub struct TooFew(usize);

impl Descriptors {
    /// Raises the limit as far as this process may, and shares it out.
    ///
    /// # Errors
    /// `TooFew`.
    pub fn share_out(wanted: usize) -> Result<Self, TooFew> {
        let shared = Self::of(raised(), wanted)?;
        if shared.connections < wanted {
            tracing::warn!(
                configured = wanted,
                connections = shared.connections,
                open_files = shared.limit,
                "the limit on open files leaves room for fewer connections than http.connections; raise it (ulimit -n, LimitNOFILE= of systemd)"
            );
        }
        Ok(shared)
    }

    fn of(limit: usize, wanted: usize) -> Result<Self, TooFew> {
        let tables = (limit / 8).min(OPEN_FILES);
        let left = limit.saturating_sub(tables + OTHER_FILES + OWN + SPARE);
        let connections = left.min(wanted);
        if connections < LEAST.min(wanted) {
            return Err(TooFew(limit));
        }
        Ok(Descriptors { limit, tables, connections })
    }
}

/// The lowest limit that is enough.
fn least() -> usize {
    (0..).find(|limit| Descriptors::of(*limit, LEAST).is_ok()).unwrap_or_default()
}

/// The limit, as high as it could be set.
fn raised() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let limit = if raised { maximum } else { current };
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit: usize, wanted: usize, shared: Option<(usize, usize)>) {
        let found = Descriptors::of(limit, wanted).ok();
        assert_eq!(found.map(|shared| (shared.tables, shared.connections)), shared, "{limit} {wanted}");
    }

    #[test]
    fn connections_get_what_the_store_leaves() {
        check(usize::MAX, 4096, Some((1024, 4096)));
        check(1 << 20, 4096, Some((1024, 4096)));
        check(4096, 4096, Some((512, 3440)));
        check(1024, 4096, Some((128, 752)));
        check(256, 4096, Some((32, 80)));
        check(1024, 4, Some((128, 4)));
        check(128, 4096, None);
        check(0, 1, None);
    }

    #[test]
    fn too_few_are_refused_with_the_number_that_is_enough() {
        let least = least();
        assert!(Descriptors::of(least, 4096).is_ok());
        let error = Descriptors::of(least - 1, 4096).unwrap_err().to_string();
        assert!(error.contains(&format!("at least {least}")), "{error}");
    }
}
