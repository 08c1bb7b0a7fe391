//! Why data cannot flow between two schemas, in any language: what was found, where in both, how the reference says it, and
//! what a person can do about it.
//!
//! A language adds its rules as a variant of `Rule` and as an arm of `Rule::explained`. What every language has to say of a
//! rule is the trait `Explain`.

use crate::{Place, Spent, Work, avro, json_schema, protobuf};
use model::SchemaType;
use std::sync::Arc;

/// Which way data flows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// The candidate reads what the existing schema wrote.
    Backward,
    /// The existing schema reads what the candidate wrote.
    Forward,
}

/// What messages call the reader's and the writer's schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    /// The reader: `new` if the candidate reads.
    pub reader: &'static str,
    /// The writer.
    pub writer: &'static str,
}

impl Direction {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backward => "BACKWARD",
            Self::Forward => "FORWARD",
        }
    }

    /// The words of messages in this direction.
    pub fn words(self) -> Words {
        match self {
            Self::Backward => Words { reader: "new", writer: "old" },
            Self::Forward => Words { reader: "old", writer: "new" },
        }
    }

    /// A pair of reader and writer as old and new, or the other way about.
    pub(crate) fn old_and_new<T>(self, reader: T, writer: T) -> (T, T) {
        match self {
            Self::Backward => (writer, reader),
            Self::Forward => (reader, writer),
        }
    }
}

/// One reason why data cannot flow in a direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: Rule,
    /// The direction in which data cannot flow.
    pub direction: Direction,
    /// The place in the existing schema.
    pub old: Spot,
    /// The place in the candidate.
    pub new: Spot,
    /// The place as the message tells it, in the notation of the reference.
    pub at: String,
    /// The details that the message tells: names, types, symbols; or why a comparison was abandoned.
    pub detail: String,
}

/// A place in one of the two schemas.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Spot {
    /// A JSON pointer for Avro and JSON Schema (the empty one is the whole schema), a path of elements such as `#/M/1` for
    /// Protobuf; `None` where there is no place to tell.
    pub path: Option<String>,
    /// What stands there, abridged to at most `LONGEST_FRAGMENT` bytes.
    pub fragment: Option<String>,
}

/// How long a fragment may be, in bytes.
pub const LONGEST_FRAGMENT: usize = 200;

/// A rule that can be broken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// The schemas are of different languages.
    DifferentType,
    /// The comparison itself failed.
    Abandoned,
    /// A rule of Avro.
    Avro(avro::Rule),
    /// A rule of JSON Schema.
    JsonSchema(json_schema::Rule),
    /// A rule of Protobuf.
    Protobuf(protobuf::Rule),
}

/// What a language has to say of its rules.
pub(crate) trait Explain {
    /// The `errorType` of the API.
    fn as_str(&self) -> &'static str;

    /// The message of the API about a finding by this rule.
    fn message(&self, finding: &Finding) -> String;

    /// What a person can do about a finding by this rule, in one sentence.
    fn advice(&self, finding: &Finding) -> Option<String>;
}

impl Rule {
    /// The name in the API: the `errorType` of messages, where the reference has one.
    pub fn as_str(self) -> &'static str {
        match self.explained() {
            Ok(rule) => rule.as_str(),
            Err(General::DifferentType) => "SCHEMA_TYPE_CHANGED",
            Err(General::Abandoned) => "COMPARISON_ABANDONED",
        }
    }

    /// The rule as its language explains it, or one that no language has to.
    fn explained(&self) -> Result<&dyn Explain, General> {
        match self {
            Self::Avro(rule) => Ok(rule),
            Self::JsonSchema(rule) => Ok(rule),
            Self::Protobuf(rule) => Ok(rule),
            Self::DifferentType => Err(General::DifferentType),
            Self::Abandoned => Err(General::Abandoned),
        }
    }
}

/// The rules of no language.
enum General {
    DifferentType,
    Abandoned,
}

impl Finding {
    /// The finding that the schemas are of different languages.
    pub fn different_type(direction: Direction, old: &str, new: &str) -> Finding {
        let spot = |language: &str| Spot { path: None, fragment: Some(abridged(language)) };
        Finding {
            rule: Rule::DifferentType,
            direction,
            old: spot(old),
            new: spot(new),
            at: String::new(),
            detail: String::new(),
        }
    }

    /// The finding that a comparison in this direction failed, and why.
    pub fn abandoned(direction: Direction, reason: String) -> Finding {
        let (old, new) = Default::default();
        Finding { rule: Rule::Abandoned, direction, old, new, at: String::new(), detail: reason }
    }

    /// The message of the API, word for word. Nothing in it is escaped.
    pub fn message(&self) -> String {
        match self.rule.explained() {
            Ok(rule) => rule.message(self),
            Err(General::DifferentType) => "Incompatible because of different schema type".to_owned(),
            Err(General::Abandoned) => {
                format!("Unexpected exception during compatibility check: {}", self.detail)
            }
        }
    }

    /// What a person can do about it, in one sentence.
    pub fn advice(&self) -> Option<String> {
        match self.rule.explained() {
            Ok(rule) => rule.advice(self),
            Err(General::DifferentType) => {
                Some("Keep the schema type, or register this schema under another subject.".to_owned())
            }
            Err(General::Abandoned) => None,
        }
    }

    /// Bytes held, roughly, for a cache that is bounded in bytes.
    pub fn size_hint(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let spot = |spot: &Spot| text(&spot.path) + text(&spot.fragment);
        size_of::<Finding>() + self.at.len() + self.detail.len() + spot(&self.old) + spot(&self.new)
    }
}

/// Everything that was found in one direction; nothing means that data can flow. Cheap to clone, and to share between threads.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Verdict(Arc<[Finding]>);

impl Verdict {
    /// The findings, in the order of the reference.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// Can data flow?
    pub fn is_compatible(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes held, roughly.
    pub fn size_hint(&self) -> usize {
        size_of::<Verdict>() + self.0.iter().map(Finding::size_hint).sum::<usize>()
    }
}

impl From<Vec<Finding>> for Verdict {
    fn from(findings: Vec<Finding>) -> Self {
        Verdict(findings.into())
    }
}

/// The places in a text to which paths lead, for those findings that have one; see `locate`.
///
/// # Errors
/// The work ended.
pub fn places(
    schema_type: &SchemaType,
    text: &str,
    paths: &[Option<&str>],
    work: &Work,
) -> Result<Vec<Option<Place>>, Spent> {
    let known: Vec<&str> = paths.iter().copied().flatten().collect();
    let mut found =
        if known.is_empty() { Vec::new() } else { crate::locate(schema_type, text, &known, work)? }.into_iter();
    Ok(paths.iter().map(|path| path.and_then(|_| found.next().flatten())).collect())
}

/// A text as a fragment: cut at a character where it is too long.
pub(crate) fn abridged(text: &str) -> String {
    const CUT: &str = "…";
    if text.len() <= LONGEST_FRAGMENT {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_FRAGMENT - CUT.len());
    [&text[..end], CUT].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_fragment_is_cut_at_a_character() {
        let long = "é".repeat(LONGEST_FRAGMENT);
        let cut = abridged(&long);
        assert!(cut.len() <= LONGEST_FRAGMENT && cut.len() > LONGEST_FRAGMENT - 3, "{} bytes", cut.len());
        assert!(cut.ends_with("é…"));
        assert_eq!(abridged("é"), "é");
    }

    #[test]
    fn rules_of_no_language_have_names_and_messages() {
        let other = Finding::different_type(Direction::Backward, "AVRO", "JSON");
        assert_eq!((other.rule.as_str(), other.new.fragment.as_deref()), ("SCHEMA_TYPE_CHANGED", Some("JSON")));
        assert_eq!(other.message(), "Incompatible because of different schema type");
        let failed = Finding::abandoned(Direction::Forward, "why".to_owned());
        assert_eq!(failed.message(), "Unexpected exception during compatibility check: why");
        assert_eq!(failed.advice(), None);
    }
}
