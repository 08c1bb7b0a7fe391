//! A registry as a tree of files, for version control:
//!
//! ```text
//! freehold.json                     what this is: {"format": 1, "complete": true}
//! settings.json                     config and mode of the whole registry
//! subjects/orders-value/            a subject of the default context
//!     subject.json                  its name, config and mode, and all of its versions but their texts
//!     1.avsc  2.avsc                the texts, as .avsc, .json or .proto
//! contexts/eu/                      the context .eu
//!     settings.json
//!     subjects/…
//! ```
//!
//! Names of directories are made of names (`names`) and never lead anywhere: what something is called stands in its file, and which
//! file is read follows from the number and the language of a version, not from what a file says. Links are not followed.

mod files;
mod layout;
mod names;
mod read;
mod write;

pub use read::read;
pub use write::Writer;

/// Says what the directory is.
const MARKER: &str = "freehold.json";
/// The format of the tree that is written, and the only one that is read.
const FORMAT: i64 = 1;
/// Config and mode of a context.
const SETTINGS: &str = "settings.json";
/// The directory of subjects in a context.
const SUBJECTS: &str = "subjects";
/// The directory of the contexts besides the default one.
const CONTEXTS: &str = "contexts";
/// What a subject is.
const SUBJECT: &str = "subject.json";

#[cfg(test)]
mod tests;
