//! Plays a recording against a registry and compares every covered answer.

use std::time::Duration;

use super::coverage::{Coverage, Left};
use super::deviations::{Deviation, Deviations};
use super::ids::{self, Ids};
use super::{BadData, Pair, Trace, judge};
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
    let mut client = match BaseUrl::parse(url).and_then(|url| Client::new(url, TIMEOUT, None)) {
        Ok(client) => client,
        Err(bad) => return refused(trace, url.to_owned(), Problem::NoAnswer(bad.to_string())),
    };
    let mut report = Report::default();
    let mut ids = Ids::default();
    for (index, pair) in trace.pairs.iter().enumerate() {
        let left = coverage.left(index);
        let request = match left {
            Some(Left::Out { .. }) => None,
            Some(Left::Replaced { by }) => Some((**by).clone()),
            None => Some(Request { target: ids::rewrite_target(&ids, &pair.request.target), ..pair.request.clone() }),
        };
        let deviation = deviations.about(index, &pair.request.method, &pair.answer);
        // Before the answer is judged: it may show the id that this pair allots.
        let refused = deviation.is_some_and(Deviation::refuses);
        ids.note(pair, !refused && coverage.is_sent(index));
        let Some(request) = request else {
            report.skipped += 1;
            continue;
        };
        match verdict(&mut client, &request, pair, &ids, deviation) {
            Ok(()) if left.is_some() => report.skipped += 1,
            Ok(()) => {
                report.deviating += usize::from(deviation.is_some());
                report.record(Ok(()));
            }
            Err(Wrong { clause, problem }) => report.record(Err(Failure {
                name: format!("{}#{index}", trace.name),
                clause,
                place: format!("traces/{}.jsonl:{}", trace.name, index + 2),
                request: summary(&request),
                problem,
            })),
        }
    }
    report
}

/// A pair that did not go as it should.
struct Wrong {
    clause: String,
    problem: Problem,
}

fn verdict(
    client: &mut Client,
    request: &Request,
    pair: &Pair,
    ids: &Ids,
    deviation: Option<&Deviation>,
) -> Result<(), Wrong> {
    let as_recorded = |problem| Wrong { clause: "as recorded".to_owned(), problem };
    let got = client.send(request).map_err(|e| as_recorded(Problem::NoAnswer(e.to_string())))?;
    let differences = judge::differences(&pair.request, &pair.answer, &got, ids);
    match deviation {
        None if differences.is_empty() => Ok(()),
        None => Err(as_recorded(Problem::Differs(differences))),
        Some(Deviation { reason, .. }) if differences.is_empty() => {
            Err(as_recorded(Problem::DeviationGone(reason.clone())))
        }
        Some(deviation) => match deviation.differences(&pair.request.method, &pair.answer, &got, differences) {
            none if none.is_empty() => Ok(()),
            differences => Err(Wrong {
                clause: format!("not as recorded: {}", deviation.reason),
                problem: Problem::Differs(differences),
            }),
        },
    }
}

fn refused(trace: &Trace, place: String, problem: Problem) -> Report {
    let mut report = Report::default();
    let clause = "as recorded".to_owned();
    report.record(Err(Failure { name: trace.name.clone(), clause, place, request: String::new(), problem }));
    report
}
