//! The settings of authentication, authorization and audit.

use authz::Proxies;
use model::words;
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

words!(
    /// `authorization.fall_back`: which contexts may answer for a bare name that the default context lacks.
    FallBack, "authorization.fall_back" {
        /// Those of the namespace that owns the bare name.
        Owner = "owner",
        /// Any, as the reference does it.
        Any = "any",
    }
);

/// Where the audit goes besides the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sink {
    /// Nowhere.
    None,
    /// Standard output.
    Stdout,
    /// A file that is rotated.
    File(PathBuf),
}

/// What becomes of changes while the sink fails?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    /// They are made; the store has their entries.
    Optional,
    /// They are refused.
    Required,
}

/// May anyone write who reaches an address other than loopback?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exposure {
    /// Without users the registry does not start there.
    Guarded,
    /// Yes: the operator has said so.
    InsecureOpen,
}

/// The settings.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the members are the keys of the table, which explains them")]
pub struct AccessSettings {
    pub exposure: Exposure,
    pub users: Option<PathBuf>,
    pub authorization: authz::AuthorizationSettings,
    pub policy: Option<PathBuf>,
    pub model: Option<PathBuf>,
    pub fall_back: FallBack,
    pub retention: Duration,
    pub sink: Sink,
    pub sink_size: u64,
    pub sink_files: usize,
    pub sink_demand: Demand,
    pub hosts: HashSet<String>,
    pub origins: HashSet<String>,
    pub proxies: Proxies,
}
