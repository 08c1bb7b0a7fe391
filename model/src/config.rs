//! Configuration and mode of a subject, of a context or of all.

use crate::{CompatibilityLevel, CompatibilityPolicy, Metadata, RuleSet};
use std::fmt;
use std::str::FromStr;

/// One stored configuration. Every member may be unset; what an unset member means is decided where configs are resolved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub struct Config {
    pub alias: Option<String>,
    pub alias_for_deks: Option<String>,
    pub normalize: Option<bool>,
    pub validate_fields: Option<bool>,
    pub validate_new_schemas: Option<bool>,
    pub validate_rules: Option<bool>,
    pub compatibility_level: Option<CompatibilityLevel>,
    pub compatibility_policy: Option<CompatibilityPolicy>,
    pub compatibility_group: Option<String>,
    pub default_metadata: Option<Metadata>,
    pub override_metadata: Option<Metadata>,
    pub default_rule_set: Option<RuleSet>,
    pub override_rule_set: Option<RuleSet>,
}

/// What may be done in a subject or context.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub enum Mode {
    ReadWrite,
    ReadOnly,
    ReadOnlyOverride,
    Import,
    Forward,
}

/// A text that names no mode.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown mode {0:?}")]
pub struct UnknownMode(pub String);

impl Mode {
    /// The upper-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
            Self::ReadOnlyOverride => "READONLY_OVERRIDE",
            Self::Import => "IMPORT",
            Self::Forward => "FORWARD",
        }
    }

    /// Are writes refused?
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnly | Self::ReadOnlyOverride)
    }

    /// Are registrations expected to carry their own ids?
    pub fn takes_explicit_ids(self) -> bool {
        matches!(self, Self::Import | Self::Forward)
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        [Self::ReadWrite, Self::ReadOnly, Self::ReadOnlyOverride, Self::Import, Self::Forward]
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
