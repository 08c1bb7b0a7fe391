//! What a run or a replay found: counts, and one line per failure.

use std::fmt;

use crate::expect::Difference;
use crate::http::Request;

/// The outcome of a run of cases or of a replay of recordings.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Cases, or request/answer pairs, that were as expected.
    pub passed: usize,
    /// Of these the pairs that were answered otherwise than recorded, as `deviations.toml` says.
    pub deviating: usize,
    /// Those that were not; as many as there are failures.
    pub failed: usize,
    /// Those that were left out: filtered, of another profile, or not yet covered.
    pub skipped: usize,
    /// In the order in which they happened.
    pub failures: Vec<Failure>,
    /// Of cases: what became of each group of them, in the order in which they ran.
    pub groups: Vec<(String, Tally)>,
}

/// What became of a group of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the report")]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Report {
    /// Whether nothing failed.
    pub fn ok(&self) -> bool {
        self.failed == 0
    }

    /// Counts a success or keeps the failure.
    pub fn record(&mut self, outcome: Result<(), Failure>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(failure) => {
                self.failed += 1;
                self.failures.push(failure);
            }
        }
    }

    /// Counts a case in its group.
    pub fn in_group(&mut self, group: &str, tally: Tally) {
        let at = self.groups.iter().position(|(name, _)| name == group).unwrap_or_else(|| {
            self.groups.push((group.to_owned(), Tally::default()));
            self.groups.len() - 1
        });
        let sum = &mut self.groups[at].1;
        sum.passed += tally.passed;
        sum.failed += tally.failed;
        sum.skipped += tally.skipped;
    }

    /// A line for each group of which a case ran: which parts of the contract a registry keeps to.
    pub fn of_groups(&self) -> String {
        let ran = self.groups.iter().filter(|(_, tally)| tally.passed + tally.failed > 0);
        let line = |(name, Tally { passed, failed, skipped }): &(String, Tally)| {
            format!("{name:<15}{passed:>5} passed{failed:>5} failed{skipped:>5} skipped\n")
        };
        ran.map(line).collect()
    }

    /// Adds another report to this one.
    pub fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.deviating += other.deviating;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
        other.groups.iter().for_each(|(group, tally)| self.in_group(group, *tally));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Report {
    /// The outcome of recordings in a line: what was answered as recorded, what otherwise on purpose, and what was not asked.
    pub fn of_pairs(&self) -> String {
        let Self { passed, deviating, failed, skipped, .. } = self;
        let total = passed + failed + skipped;
        let as_recorded = passed - deviating;
        format!(
            "recorded pairs: {as_recorded} passed, {deviating} deviating, {skipped} left out, {failed} failed, {total} in all"
        )
    }
}

/// One case, or one recorded pair, that did not go as expected.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Name of the case, or recording and number of the pair.
    pub name: String,
    /// What the contract says, in words.
    pub clause: String,
    /// Where it is written down: file and line.
    pub place: String,
    /// The request, shortened.
    pub request: String,
    /// What was wrong.
    pub problem: Problem,
}

/// What was wrong with an answer.
#[derive(Debug, Clone)]
pub enum Problem {
    /// The answer differs.
    Differs(Vec<Difference>),
    /// There was no answer.
    NoAnswer(String),
    /// The answer equals the recording although a deviation from it is listed, with this reason.
    DeviationGone(String),
    /// The case itself is at fault: an unknown variable, an expectation that is not JSON.
    Case(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(differences) => {
                for (i, difference) in differences.iter().take(6).enumerate() {
                    write!(f, "{}{difference}", if i == 0 { "" } else { "; " })?;
                }
                match differences.len() {
                    0..=6 => Ok(()),
                    more => write!(f, "; and {} more", more - 6),
                }
            }
            Self::NoAnswer(why) => write!(f, "no answer: {why}"),
            Self::DeviationGone(reason) => {
                write!(
                    f,
                    "the answer is as recorded, but a deviation is listed for it; take it off the list ({reason})"
                )
            }
            Self::Case(why) => write!(f, "the case is wrong: {why}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, clause, place, request, problem } = self;
        write!(f, "FAIL {name} ({place}) {clause} | {request} | {problem}")
    }
}

/// One line that shows a request: method, target, unusual headers and the start of the body.
pub fn summary(request: &Request) -> String {
    let mut line = format!("{} {}", request.method, cut(&request.target, 160));
    for (name, value) in &request.headers {
        let usual = name.eq_ignore_ascii_case("content-type") && value == crate::JSON;
        if !usual {
            line.push_str(&format!(" [{name}: {}]", cut(value, 80)));
        }
    }
    if let Some(body) = &request.body {
        line.push_str(&format!(" {}", cut(&String::from_utf8_lossy(body).replace(['\r', '\n'], " "), 240)));
    }
    line
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
