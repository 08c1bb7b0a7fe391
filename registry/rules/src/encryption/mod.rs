//! The DEK registry: keys that clients encrypt fields with, wrapped by keys that a key management system holds.
//!
//! What may be, as functions of a state and a request. Deliberately not here: who may do it, and wrapping and unwrapping, which
//! may wait for a network; `dek::plan` says what of that there is to do.

pub mod dek;
pub mod kek;

use crate::fault::Fault;
use model::Limit;

/// KEKs that there may be, soft-deleted ones included; and so many DEKs.
pub const MOST_KEYS: u64 = 20_000;
/// The longest name of a KEK, in characters.
pub const LONGEST_NAME: usize = 256;
/// The longest text of a member of a key besides the properties, in bytes.
pub const LONGEST_TEXT: usize = 16 << 10;
/// The longest properties of a KEK, names and values together, in bytes.
pub const LONGEST_PROPS: usize = 64 << 10;
/// Readers that a KEK may have.
pub const MOST_READERS: usize = 1_000;

/// The bounds of keys.
pub const LIMITS: &[Limit] = &[
    Limit::new("KEKs, and DEKs", MOST_KEYS as usize, "each"),
    Limit::new("the name of a KEK", LONGEST_NAME, "characters"),
    Limit::new("`kmsKeyId`, `doc` and `encryptedKeyMaterial` of a key", LONGEST_TEXT, "bytes"),
    Limit::new("`kmsProps` of a KEK", LONGEST_PROPS, "bytes"),
    Limit::new("readers of a KEK", MOST_READERS, "readers"),
];

/// The refusal of a member of a key, in the reference's words alone.
pub fn invalid(field: &'static str) -> Fault {
    Fault::InvalidKey { field, detail: None }
}

/// The same by a rule of our own, with why.
pub fn invalid_because(field: &'static str, detail: impl Into<String>) -> Fault {
    Fault::InvalidKey { field, detail: Some(detail.into()) }
}

/// Checks the name of a KEK: a letter or `_`, then letters, digits, `_` and `-`.
///
/// # Errors
/// `InvalidKey`.
pub fn check_name(name: &str) -> Result<(), Fault> {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let goes_on = chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if begins && goes_on && name.chars().count() <= LONGEST_NAME { Ok(()) } else { Err(invalid("name")) }
}

/// Checks the subject of a DEK.
///
/// # Errors
/// `InvalidKey`.
pub fn check_subject(subject: &str) -> Result<(), Fault> {
    if subject.is_empty() || subject.contains(char::is_control) { Err(invalid("subject")) } else { Ok(()) }
}

fn check_length(field: &'static str, text: &str) -> Result<(), Fault> {
    match text.len() {
        ..=LONGEST_TEXT => Ok(()),
        _ => Err(invalid_because(field, format!("it is longer than {LONGEST_TEXT} bytes"))),
    }
}
