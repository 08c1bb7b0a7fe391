//! The hand-written half of the contract: cases, each a few requests with what must come back.

mod clean;
mod format;
mod pattern;
mod run;
mod vars;

pub use format::{BadCase, Case, Profile, parse};
pub use pattern::read as read_pattern;
pub use run::{Options, run, run_each};

/// File name and text of every file in `cases/`.
const FILES: &[(&str, &str)] = &[];

/// All cases, in the order of the files.
///
/// # Errors
/// [`BadCase`] names the file and line that do not parse.
pub fn all() -> Result<Vec<Case>, BadCase> {
    let mut cases = Vec::new();
    for (name, text) in FILES {
        cases.extend(parse(name, text)?);
    }
    Ok(cases)
}
