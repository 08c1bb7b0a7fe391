//! What a check found.

use crate::http::wire::finding::FindingOut;
use compat::{Direction, Finding, Place};
use model::{CompatibilityLevel, Version};
use rules::told::Told;
use serde_json::{Value, json};

/// How many findings of one comparison are reported.
pub const MOST_FINDINGS: usize = 1_000;

/// Everything that was compared.
pub struct Report {
    /// The file of the new schema.
    pub candidate: String,
    /// Its text.
    pub text: String,
    /// The level.
    pub level: CompatibilityLevel,
    /// What is wrong with reserved fields, which no comparison finds.
    pub reserved: Vec<String>,
    /// One comparison after the other.
    pub compared: Vec<Compared>,
}

/// The comparison with one schema.
pub struct Compared {
    /// The file, or the version of a subject.
    pub against: String,
    /// The number of the version.
    pub version: Option<Version>,
    /// What was found, the first of it.
    pub findings: Vec<Found>,
    /// How many were found.
    pub all: usize,
}

/// A finding and where it is.
pub struct Found {
    /// The finding.
    pub finding: Finding,
    /// Where it is in the file of the new schema.
    pub place: Option<Place>,
    /// Where it is in the file of the old schema.
    pub was: Option<Place>,
}

impl From<(Finding, (Option<Place>, Option<Place>))> for Found {
    fn from((finding, (place, was)): (Finding, (Option<Place>, Option<Place>))) -> Self {
        Found { finding, place, was }
    }
}

impl Report {
    /// Is the schema compatible with all the others, and has it no field that is reserved?
    pub fn is_compatible(&self) -> bool {
        self.reserved.is_empty() && self.compared.iter().all(Compared::is_compatible)
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        let comparison = |compared: &Compared| {
            let finding = |found: &Found| {
                let Found { finding, place, was } = found;
                FindingOut::of(Told { finding, version: compared.version, place: *place }, *was)
            };
            json!({
                "against": compared.against,
                "compatible": compared.is_compatible(),
                "findingCount": compared.all,
                "findings": compared.findings.iter().map(finding).collect::<Vec<_>>(),
            })
        };
        let mut report = json!({
            "candidate": self.candidate,
            "level": self.level.as_str(),
            "compatible": self.is_compatible(),
            "comparisons": self.compared.iter().map(comparison).collect::<Vec<_>>(),
        });
        if !self.reserved.is_empty() {
            report["messages"] = self.reserved.clone().into();
        }
        report
    }

    /// The verdict on one comparison, in a line.
    pub fn verdict(&self, compared: &Compared) -> String {
        let Report { candidate, level, .. } = self;
        let not = if compared.is_compatible() { "" } else { "not " };
        format!("{candidate} is {not}compatible with {} ({level})", compared.against)
    }
}

impl Compared {
    /// Was nothing found?
    pub fn is_compatible(&self) -> bool {
        self.all == 0
    }
}

impl Found {
    /// Which way data cannot flow, as a sentence.
    pub fn consequence(&self) -> &'static str {
        match self.finding.direction {
            Direction::Backward => "The new schema cannot read data written with the old one.",
            Direction::Forward => "The old schema cannot read data written with the new one.",
        }
    }

    /// What stands in both schemas, line by line; or the message, where there are no places.
    pub fn sides(&self) -> Vec<String> {
        let Finding { old, new, .. } = &self.finding;
        let side = |word: &str, spot: &compat::Spot| {
            let fragment = spot.fragment.as_ref()?;
            let at = match spot.path.as_deref() {
                None => String::new(),
                Some("") => ", the whole schema".to_owned(),
                Some(path) => format!(", at {path}"),
            };
            Some(format!("{word}: {fragment}{at}"))
        };
        let sides: Vec<String> = [side("old", old), side("new", new)].into_iter().flatten().collect();
        if sides.is_empty() { vec![self.finding.message()] } else { sides }
    }

    /// All that there is to say, in one line.
    pub fn sentence(&self) -> String {
        let advice = self.finding.advice().map_or(String::new(), |advice| format!(" {advice}"));
        format!("{} {}.{advice}", self.consequence(), self.sides().join("; "))
    }
}
