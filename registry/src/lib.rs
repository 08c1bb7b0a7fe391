//! Freehold's registry: the HTTP face (`http`), configuration and the command line, around the crates `rules` (decisions) and
//! `service` (operations). The binary is a thin shell around `cli::run`.

pub mod app;
pub mod arenas;
pub mod cli;
pub mod control;
pub mod descriptors;
pub mod http;
pub mod limits;
pub mod log;
mod maintenance;
pub mod metrics;
pub mod node;
pub mod opening;
pub mod printable;
mod process;
pub mod settings;
mod threads;

/// The version of this release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from; `development` where the build was not told.
pub const COMMIT: &str = match option_env!("FREEHOLD_COMMIT") {
    Some(commit) => commit,
    None => "development",
};
