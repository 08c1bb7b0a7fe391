//! The findings of a verdict, one by one: what clients of the Confluent API ignore, and people and tools can act on.

use compat::{Place, Spot};
use rules::told::{FindingList, Told};
use serde::Serialize;

/// How many bytes the texts of the findings of one answer have together; what would be more is only in the messages.
pub const MOST_BYTES: usize = 64 << 10;

/// A finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FindingOut {
    rule: &'static str,
    direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    old: SpotOut,
    new: SpotOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    message: String,
}

/// A place in a schema.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct SpotOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fragment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl SpotOut {
    fn of(spot: &Spot, place: Option<Place>) -> Self {
        let (line, column) = place.map(|place| (place.line, place.column)).unzip();
        SpotOut { path: spot.path.clone(), fragment: spot.fragment.clone(), line, column }
    }
}

impl FindingOut {
    /// Findings, as far as they are told one by one; `None` where there are none.
    pub fn all(told: &FindingList) -> Option<Vec<Self>> {
        let mut left = MOST_BYTES;
        let mut within = |out: FindingOut| {
            left = left.checked_sub(out.bytes())?;
            Some(out)
        };
        let all: Vec<Self> = told.all().map(|told| FindingOut::of(told, None)).map_while(&mut within).collect();
        Some(all).filter(|all| !all.is_empty())
    }

    /// A finding; `was` is its place in the text of the old schema, where that is at hand.
    pub fn of(told: Told<'_>, was: Option<Place>) -> Self {
        let Told { finding, version, place } = told;
        FindingOut {
            rule: finding.rule.as_str(),
            direction: finding.direction.as_str(),
            version,
            old: SpotOut::of(&finding.old, was),
            new: SpotOut::of(&finding.new, place),
            advice: finding.advice(),
            message: finding.message(),
        }
    }

    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let spot = |spot: &SpotOut| text(&spot.path) + text(&spot.fragment);
        self.message.len() + text(&self.advice) + spot(&self.old) + spot(&self.new)
    }
}
