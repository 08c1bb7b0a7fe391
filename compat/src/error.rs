//! Why a text is not a schema.
//!
//! `details()` is what the API shows after `details:` in error 42201. It begins with the reference's own words, because
//! clients and tests look for them, and goes on with the place, which the reference does not tell.

use crate::{Spent, Work};
use std::fmt;

/// A place in a schema text, both counted from 1; a column is a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset to which a path leads.
    ///
    /// # Errors
    /// The work ended.
    pub(crate) fn sought(text: &str, path: &str, at: usize, work: &Work) -> Result<Self, Spent> {
        /// Bytes that are searched for lines for a unit of work.
        const SEARCHED: usize = 64;
        work.spend(path.len() + at / SEARCHED)?;
        Ok(Place::of(text, at))
    }

    /// The place of a byte offset.
    pub(crate) fn of(text: &str, at: usize) -> Self {
        let before = &text.as_bytes()[..at.min(text.len())];
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        // Bytes that do not continue a UTF-8 sequence are the beginnings of characters.
        let column = before[line_start..].iter().filter(|&&b| b & 0xc0 != 0x80).count() + 1;
        Place { line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(line {}, column {})", self.line, self.column)
    }
}

/// Why a text is not a schema, or cannot be turned into the form asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// No language of that name. Its text is a whole message of the API, without `details:`.
    #[error("Invalid schema type {0}")]
    UnknownType(String),
    /// The text holds nothing.
    #[error("Cannot parse <null> schema")]
    Empty,
    /// The text is not in the syntax of the language.
    #[error("{message} {place}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where.
        place: Place,
    },
    /// The text is not in the syntax of the language, in whole words of the reference, which tell the place.
    #[error("{0}")]
    Unreadable(String),
    /// The text is well formed and breaks a rule of the language.
    #[error("{message} {place}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where.
        place: Place,
    },
    /// A referenced schema does not parse.
    #[error("{source} in the schema referenced as \"{name}\" (subject \"{subject}\", version {version})")]
    Dependency {
        /// The name of the reference.
        name: String,
        /// The referenced subject.
        subject: String,
        /// The referenced version.
        version: i32,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// The schema needs more nesting or more work than is allowed.
    #[error("{0}")]
    TooComplex(String),
    /// The schema is one, and may not be registered as it is.
    #[error("{0}")]
    Refused(String),
    /// Inline tags are to be edited of what the schema does not have.
    #[error("No matching {what} '{path}' found in the schema")]
    NoSuchEntity {
        /// What was looked for.
        what: &'static str,
        /// Its path, or the beginning of it.
        path: String,
    },
    /// The work ended before it was known.
    #[error(transparent)]
    Spent(#[from] Spent),
}

impl Error {
    /// A path to a record or field that is not there.
    pub(crate) fn no_such_entity(what: &'static str, path: &str) -> Self {
        /// How many characters of a path are told.
        const TOLD: usize = 1_000;
        Error::NoSuchEntity { what, path: path.chars().take(TOLD).collect() }
    }

    /// The text to show after `details:`.
    pub fn details(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        #[track_caller]
        fn check(text: &str, at: usize, line: usize, column: usize) {
            assert_eq!(Place::of(text, at), Place { line, column });
        }
        check("", 0, 1, 1);
        check("abc", 2, 1, 3);
        check("a\nbc\n", 3, 2, 2);
        check("a\nbc\n", 5, 3, 1);
        check("é😀x", 6, 1, 3);
        check("a", 99, 1, 2);
    }
}
