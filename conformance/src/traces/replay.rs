//! Plays a recording against a registry and compares every covered answer.

use std::time::Duration;

use super::coverage::{Coverage, Left};
use super::deviations::Deviations;
use super::ids::{self, Ids};
use super::{BadData, Trace, judge};
use crate::http::{BaseUrl, Client, Request};
use crate::report::{Failure, Problem, Report, summary};

/// How long to wait for a connection and for each read of an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Plays the recording against the registry at the URL, which must be empty and must have been so from its start (ids are
/// compared). Coverage and deviations are those of this crate. Left-out and stood-in pairs count as skipped.
///
/// A recording goes on after a failure; later failures may be consequences of earlier ones.
pub fn replay(trace: &Trace, url: &str) -> Report {
    let played = Coverage::of(trace).and_then(|coverage| Ok((coverage, Deviations::of(trace)?)));
    match played {
        Ok((coverage, deviations)) => replay_with(trace, url, &coverage, &deviations),
        Err(BadData { file, problem }) => refused(trace, file, Problem::Case(problem)),
    }
}

/// [`replay`] with another idea of what is covered and what may deviate.
pub fn replay_with(trace: &Trace, url: &str, coverage: &Coverage, deviations: &Deviations) -> Report {
    let mut client = match BaseUrl::parse(url) {
        Ok(url) => Client::new(url, TIMEOUT),
        Err(bad) => return refused(trace, url.to_owned(), Problem::NoAnswer(bad.to_string())),
    };
    let mut report = Report::default();
    let mut ids = Ids::default();
    for (index, pair) in trace.pairs.iter().enumerate() {
        // The answer under test is compared with ids that include the one it allots.
        let request = |ids: &Ids| Request { target: ids::rewrite_target(ids, &pair.request.target), ..pair.request.clone() };
        let (request, counts) = match coverage.left(index) {
            Some(Left::Out { .. }) => {
                ids.note(pair, coverage, index);
                report.skipped += 1;
                continue;
            }
            Some(Left::Replaced { by }) => ((**by).clone(), false),
            None => (request(&ids), true),
        };
        ids.note(pair, coverage, index);
        let fail = |problem| Failure {
            name: format!("{}#{index}", trace.name),
            clause: "as recorded".to_owned(),
            place: format!("traces/{}.jsonl:{}", trace.name, index + 2),
            request: summary(&request),
            problem,
        };
        let outcome = client
            .send(&request)
            .map_err(|e| fail(Problem::NoAnswer(e.to_string())))
            .and_then(|got| {
                let differences = judge::differences(&pair.request, &pair.answer, &got, &ids);
                let Some(deviation) = deviations.about(index, &pair.request.method, &pair.answer) else {
                    return if differences.is_empty() { Ok(()) } else { Err(fail(Problem::Differs(differences))) };
                };
                if differences.is_empty() {
                    return Err(fail(Problem::DeviationGone(deviation.reason.clone())));
                }
                let differences = deviation.differences(&pair.answer, &got);
                if differences.is_empty() {
                    return Ok(());
                }
                let clause = format!("not as recorded: {}", deviation.reason);
                Err(Failure { clause, ..fail(Problem::Differs(differences)) })
            });
        match outcome {
            Ok(()) if !counts => report.skipped += 1,
            outcome => report.record(outcome),
        }
    }
    report
}

fn refused(trace: &Trace, place: String, problem: Problem) -> Report {
    let mut report = Report::default();
    let clause = "as recorded".to_owned();
    report.record(Err(Failure { name: trace.name.clone(), clause, place, request: String::new(), problem }));
    report
}
