//! Compatibility levels and policies, by the names of the Confluent API (upper case on output, any case on input).

use std::fmt;
use std::str::FromStr;

/// How a new version must relate to the existing ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub enum CompatibilityLevel {
    None,
    Backward,
    BackwardTransitive,
    Forward,
    ForwardTransitive,
    Full,
    FullTransitive,
}

/// A text that names no compatibility level.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown compatibility level {0:?}")]
pub struct UnknownLevel(pub String);

impl CompatibilityLevel {
    /// All levels.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    /// The upper-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    /// Must the new schema read data written with existing ones?
    pub fn checks_backward(self) -> bool {
        matches!(self, Self::Backward | Self::BackwardTransitive | Self::Full | Self::FullTransitive)
    }

    /// Must existing schemas read data written with the new one?
    pub fn checks_forward(self) -> bool {
        matches!(self, Self::Forward | Self::ForwardTransitive | Self::Full | Self::FullTransitive)
    }

    /// Is the comparison with all existing versions, not with the newest alone?
    pub fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }
}

impl FromStr for CompatibilityLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

impl fmt::Display for CompatibilityLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `compatibilityPolicy`: which differences count as compatible. Unset behaves as `Strict`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub enum CompatibilityPolicy {
    Strict,
    Lenient,
    Logical,
}

impl CompatibilityPolicy {
    /// The upper-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Lenient => "LENIENT",
            Self::Logical => "LOGICAL",
        }
    }

    /// The policy of a name in any letter case; the reference stores an unknown name as "unset".
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Strict, Self::Lenient, Self::Logical]
            .into_iter()
            .find(|policy| policy.as_str().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_parse_in_any_letter_case_and_print_in_upper_case() {
        for level in CompatibilityLevel::ALL {
            assert_eq!(level.as_str().to_lowercase().parse(), Ok(level));
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!("sideways".parse::<CompatibilityLevel>(), Err(UnknownLevel("sideways".into())));
    }
}
