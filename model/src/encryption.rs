//! Encryption keys of clients that encrypt fields: the key that wraps others (KEK), which a key management system holds, and the
//! keys that it wraps (DEKs). What stands here is wrapped or names a key; a raw key is no value of this crate.

use crate::{NamespaceName, Principal, Version, words};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

words!(
    /// What a DEK encrypts with.
    DekAlgorithm, "algorithm" {
        /// AES-GCM with a key of 128 bits.
        Aes128Gcm = "AES128_GCM",
        /// AES-GCM with a key of 256 bits: what is meant where none is named.
        Aes256Gcm = "AES256_GCM",
        /// AES-SIV, deterministic, with two keys of 256 bits.
        Aes256Siv = "AES256_SIV",
    }
);

/// A key encryption key: which key of which key management system wraps DEKs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kek {
    /// Its name, which tells it from others.
    pub name: String,
    /// The kind of key management system, such as `local-kms` or `aws-kms`.
    pub kms_type: String,
    /// The key's name there.
    pub kms_key_id: String,
    /// What clients tell that system besides. Everybody may read it.
    pub kms_props: BTreeMap<String, String>,
    /// What it is for.
    pub doc: Option<String>,
    /// May the registry use it, to make and to unwrap DEKs?
    pub shared: bool,
    /// Is it soft-deleted?
    pub deleted: bool,
    /// Who, besides those who may see what is secret of a DEK's subject, gets its DEKs unwrapped. Means something only where
    /// it is shared.
    pub readers: BTreeSet<KekReader>,
}

/// What tells a DEK from others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DekId {
    /// The name of the KEK that wraps it.
    pub kek: String,
    /// The subject whose fields it encrypts, as it was written: spellings of one subject name different DEKs.
    pub subject: String,
    /// What it encrypts with.
    pub algorithm: DekAlgorithm,
    /// 1, 2, … as whoever makes it numbers it.
    pub version: Version,
}

/// A data encryption key, wrapped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dek {
    /// What tells it from others.
    pub id: DekId,
    /// The key, wrapped by the KEK, in base64 as it was sent.
    pub encrypted: String,
    /// Is it soft-deleted?
    pub deleted: bool,
}

/// Who gets the DEKs of a shared KEK unwrapped. Its text is that of the principal, or `namespace:` and the name of a namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KekReader {
    /// A principal.
    Principal(Principal),
    /// All members of a namespace.
    Namespace(NamespaceName),
}

/// A text that names no reader.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} names no reader; write a principal, such as user:basic/alice, or namespace:<name>")]
pub struct InvalidReader(pub String);

const NAMESPACE: &str = "namespace:";

impl FromStr for KekReader {
    type Err = InvalidReader;

    fn from_str(text: &str) -> Result<Self, InvalidReader> {
        let reader = match text.strip_prefix(NAMESPACE) {
            Some(name) => name.parse().ok().map(KekReader::Namespace),
            None => text.parse().ok().map(KekReader::Principal),
        };
        reader.ok_or_else(|| InvalidReader(text.to_owned()))
    }
}

impl fmt::Display for KekReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KekReader::Principal(principal) => principal.fmt(f),
            KekReader::Namespace(name) => write!(f, "{NAMESPACE}{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_a_principal_or_the_members_of_a_namespace() {
        for text in ["user:basic/alice", "group:corp/pay", "namespace:pay"] {
            assert_eq!(text.parse::<KekReader>().map(|reader| reader.to_string()).as_deref(), Ok(text));
        }
        assert!(matches!("namespace:pay".parse(), Ok(KekReader::Namespace(_))));
        for text in ["", "pay", "namespace:", "namespace:A b", "user:alice"] {
            assert_eq!(text.parse::<KekReader>(), Err(InvalidReader(text.into())));
        }
    }
}
