//! `traces/coverage.toml`: which recorded pairs are played and compared.
//!
//! A table per recording. In `left_out`, keys are reasons, values lists of pairs (`"3, 7-9"`, or `"all"`): not sent. In
//! `stand_in`, keys are numbers of pairs, values the request to send instead; its answer must be the recorded one all the
//! same, but the pair does not count as covered. A recording without a table is covered whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{BadData, COVERAGE, Trace};
use crate::http::Request;

/// What to do with the pairs of one recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    left: BTreeMap<usize, Left>,
}

/// A pair that is not covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Not sent.
    Out {
        /// Why not.
        reason: String,
    },
    /// This is sent instead, to bring the registry into the recorded state.
    Replaced {
        /// The request with the same effect.
        by: Box<Request>,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    left_out: BTreeMap<String, String>,
    #[serde(default)]
    stand_in: BTreeMap<String, StandIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StandIn {
    method: String,
    target: String,
    body: String,
}

impl Coverage {
    /// As `traces/coverage.toml` says.
    ///
    /// # Errors
    /// [`BadData`] if the file is wrong.
    pub fn of(trace: &Trace) -> Result<Self, BadData> {
        Self::read(COVERAGE, trace)
    }

    /// Every pair played.
    pub fn whole() -> Self {
        Self::default()
    }

    /// What is to be done with the pair instead of playing it.
    pub fn left(&self, pair: usize) -> Option<&Left> {
        self.left.get(&pair)
    }

    /// Is anything sent for the pair?
    pub fn is_sent(&self, pair: usize) -> bool {
        !matches!(self.left(pair), Some(Left::Out { .. }))
    }

    /// How many of the recording's pairs are covered.
    pub fn covered(&self, trace: &Trace) -> usize {
        trace.pairs.len() - self.left.len()
    }

    pub(super) fn read(text: &str, trace: &Trace) -> Result<Self, BadData> {
        let bad = |problem: String| BadData { file: "traces/coverage.toml".to_owned(), problem };
        let mut tables: BTreeMap<String, Table> = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
        let table = tables.remove(&trace.name).unwrap_or_default();
        let mut left = BTreeMap::new();
        let mut put = |pair: usize, what: Left| {
            if pair >= trace.pairs.len() {
                return Err(bad(format!("{} has no pair {pair}", trace.name)));
            }
            match left.insert(pair, what) {
                None => Ok(()),
                Some(_) => Err(bad(format!("{}: pair {pair} is listed twice", trace.name))),
            }
        };
        for (reason, pairs) in &table.left_out {
            let pairs = if pairs == "all" {
                (0..trace.pairs.len()).collect()
            } else {
                read_ranges(pairs).ok_or_else(|| bad(format!("{}: not a list of pairs: {pairs:?}", trace.name)))?
            };
            for pair in pairs {
                put(pair, Left::Out { reason: reason.clone() })?;
            }
        }
        for (pair, StandIn { method, target, body }) in table.stand_in {
            let pair = pair.parse().map_err(|_| bad(format!("{}: not a pair: {pair}", trace.name)))?;
            let headers = vec![("Content-Type".to_owned(), crate::JSON.to_owned())];
            let by = Box::new(Request { method, target, headers, body: Some(body.into_bytes()) });
            put(pair, Left::Replaced { by })?;
        }
        Ok(Self { left })
    }
}

/// `"3, 7-9"`.
pub(super) fn read_ranges(text: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if first > last {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_pairs_are_numbers_and_ranges() {
        assert_eq!(read_ranges("3, 7-9,1"), Some(vec![3, 7, 8, 9, 1]));
        for bad in ["", "a", "9-7", "1-", "1;2"] {
            assert_eq!(read_ranges(bad), None, "{bad}");
        }
    }

    #[test]
    fn mistakes_in_the_file_are_found() {
        let line =
            r#"{"i":0,"request":{"method":"GET","target":"/","headers":{}},"answer":{"status":200,"headers":{}}}"#;
        let trace = Trace::parse("t", &format!("{{\"trace\":\"t\",\"prefix\":\"q\",\"pairs\":1}}\n{line}")).unwrap();
        let check = |text: &str, problem: &str| {
            let bad = Coverage::read(text, &trace).unwrap_err().to_string();
            assert!(bad.contains(problem), "{bad}");
        };
        check("[t.left_out]\nwhy = \"1\"", "t has no pair 1");
        check("[t.left_out]\nwhy = \"0\"\nalso = \"0\"", "pair 0 is listed twice");
        check("[t.left_out]\nwhy = \"none\"", "not a list of pairs");
        check("[t]\nleftout = 1", "unknown field");
        assert_eq!(Coverage::read("[t.left_out]\nwhy = \"all\"", &trace).unwrap().covered(&trace), 0);
        assert_eq!(Coverage::read("[other.left_out]\nwhy = \"7\"", &trace).unwrap(), Coverage::whole());
    }
}
