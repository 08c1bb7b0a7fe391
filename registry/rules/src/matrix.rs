//! One candidate against every version, at every level: two comparisons a version say it all.

use super::told::FindingList;
use compat::{Comparison, Direction};
use model::{CompatibilityLevel, Version};

/// What became of it.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The level in force.
    pub level: CompatibilityLevel,
    /// What is said about reserved fields, whatever the level.
    pub reserved: Vec<String>,
    /// A row for each version that was compared with, the newest first.
    pub rows: Vec<Row>,
    /// The first of what was found.
    pub told: FindingList,
}

/// What became of the comparisons with one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The version.
    pub version: Version,
    /// Can the candidate read what it wrote?
    pub backward: bool,
    /// Can it read what the candidate writes?
    pub forward: bool,
    /// Why it could not be compared with; a level that asks it refuses the candidate.
    pub error: Option<String>,
}

impl Row {
    /// Is the candidate compatible with this version at a level?
    pub fn allows(&self, level: CompatibilityLevel) -> bool {
        (self.backward || !level.checks_backward()) && (self.forward || !level.checks_forward())
    }
}

impl Matrix {
    /// A matrix without rows.
    pub fn new(level: CompatibilityLevel, reserved: Vec<String>) -> Self {
        Matrix { level, reserved, rows: Vec::new(), told: FindingList::default() }
    }

    /// Adds the comparison in both directions with the next older version.
    pub fn add(&mut self, version: Version, comparison: &Comparison) {
        let (backward, forward) = (comparison.allows(Direction::Backward), comparison.allows(Direction::Forward));
        self.rows.push(Row { version, backward, forward, error: None });
        self.told.add(comparison);
    }

    /// Adds the next older version, whose text is not a schema.
    pub fn add_unreadable(&mut self, version: Version, error: String) {
        self.rows.push(Row { version, backward: false, forward: false, error: Some(error) });
    }

    /// Would a level allow the candidate? One that is not transitive asks the newest version alone.
    pub fn allows(&self, level: CompatibilityLevel) -> bool {
        let depth = if level.is_transitive() { self.rows.len() } else { 1 };
        self.rows.iter().take(depth).all(|row| row.allows(level))
    }

    /// Would the candidate be taken now?
    pub fn is_compatible(&self) -> bool {
        self.reserved.is_empty() && self.allows(self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_combine_the_directions_of_the_versions_that_they_ask() {
        use CompatibilityLevel::*;
        let rows = [(3, true, true), (2, true, false), (1, false, false)];
        let mut matrix = Matrix::new(Full, Vec::new());
        let allowed = |matrix: &Matrix| -> Vec<CompatibilityLevel> {
            CompatibilityLevel::ALL.into_iter().filter(|level| matrix.allows(*level)).collect()
        };
        assert_eq!(allowed(&matrix).len(), 7, "an empty subject takes anything");
        matrix.rows.extend(rows.map(|(version, backward, forward)| Row {
            version,
            backward,
            forward,
            error: Option::None,
        }));
        assert_eq!(allowed(&matrix), [None, Backward, Forward, Full]);
        matrix.rows.pop();
        assert_eq!(allowed(&matrix), [None, Backward, BackwardTransitive, Forward, Full]);
        matrix.rows.remove(0);
        assert_eq!(allowed(&matrix), [None, Backward, BackwardTransitive]);
        assert!(!matrix.is_compatible());
        matrix.level = Backward;
        assert!(matrix.is_compatible());
        matrix.reserved.push("a sentence".to_owned());
        assert!(!matrix.is_compatible());
        let mut matrix = Matrix::new(Full, Vec::new());
        matrix.add_unreadable(1, "no schema".to_owned());
        assert_eq!(allowed(&matrix), [None], "what cannot be read keeps any level from taking the candidate");
    }
}
