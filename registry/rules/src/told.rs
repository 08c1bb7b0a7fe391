//! Findings that are told one by one, with the places in the text that was sent.

use compat::{Comparison, Finding, Place, Spent, Work};
use model::{SchemaType, Version};

/// How many are told; messages tell more.
pub const MOST_TOLD: usize = 50;

/// The first findings of comparisons.
#[derive(Clone, Default, Debug)]
pub struct FindingList {
    findings: Vec<(Option<Version>, Finding)>,
    /// Where they are in the text that was sent, once that was looked up.
    places: Vec<Option<Place>>,
}

/// A finding that is told by itself.
#[derive(Clone, Copy, Debug)]
pub struct Told<'o> {
    /// What was found.
    pub finding: &'o Finding,
    /// The version that the candidate was compared with.
    pub version: Option<Version>,
    /// Where it is in the text that was sent.
    pub place: Option<Place>,
}

impl FindingList {
    /// Adds what a comparison found, as far as there is room.
    pub fn add(&mut self, comparison: &Comparison) {
        let room = MOST_TOLD - self.findings.len();
        let found = comparison.findings().take(room).map(|finding| (comparison.version(), finding.clone()));
        self.findings.extend(found);
    }

    /// Is there nothing to tell?
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = Told<'_>> {
        let places = self.places.iter().copied().chain(std::iter::repeat(None));
        self.findings.iter().zip(places).map(|((version, finding), place)| Told { finding, version: *version, place })
    }

    /// Looks up where they are in the text that was sent.
    ///
    /// # Errors
    /// The work ended.
    pub fn places(&self, schema_type: &SchemaType, text: &str, work: &Work) -> Result<Vec<Option<Place>>, Spent> {
        let paths: Vec<Option<&str>> = self.findings.iter().map(|(_, finding)| finding.new.path.as_deref()).collect();
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        compat::places(schema_type, text, &paths, work)
    }

    /// Takes the places that were looked up.
    pub fn locate(&mut self, places: Vec<Option<Place>>) {
        self.places = places;
    }
}
