//! Each recording against a server that answers what the recording says: the replayer must find nothing wrong with it, except
//! where a deviation is listed, and there it must.

use std::collections::VecDeque;
use std::io::Write as _;

use conformance::traces::{self, Coverage, Deviation, Deviations, Left, Pair, Trace, replay_with};

use crate::server::{Reply, serve};

/// Answers the covered pairs in their order; a request that is not the next one gets status 599.
fn recorded_answers(trace: &Trace, coverage: &Coverage, skip: impl Fn(usize) -> bool) -> String {
    let played = |index: &usize| !matches!(coverage.left(*index), Some(Left::Out { .. })) && !skip(*index);
    let mut next: VecDeque<(usize, Pair)> = (0..trace.pairs.len())
        .filter(played)
        .map(|index| {
            let mut pair = trace.pairs[index].clone();
            if let Some(Left::Replaced { by }) = coverage.left(index) {
                pair.request = (**by).clone();
            }
            (index, pair)
        })
        .collect();
    serve(move |seen| {
        let Some((index, pair)) = next.pop_front() else {
            return Reply { status: 599, headers: Vec::new(), body: b"no more answers".to_vec() };
        };
        let body = pair.request.body.clone().unwrap_or_default();
        let expected = (&pair.request.method, &pair.request.target, &body);
        if expected != (&seen.method, &seen.target, &seen.body) {
            let body = format!("expected pair {index}, {expected:?}").into_bytes();
            return Reply { status: 599, headers: Vec::new(), body };
        }
        let sent_id = seen.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-request-id"));
        let sent_id = sent_id.map(|(_, value)| value.clone());
        let headers = pair.answer.headers.iter().map(|(name, value)| match value.as_str() {
            "echoed" => (name.clone(), sent_id.clone().unwrap_or_default()),
            "present" => (name.clone(), "1f2e".to_owned()),
            _ => (name.clone(), value.clone()),
        });
        let headers: Vec<_> = headers.collect();
        let zipped = headers.iter().any(|(name, _)| name == "content-encoding");
        let body = if zipped { gzip(&pair.answer.body) } else { encode(&pair) };
        Reply { status: pair.answer.status, headers, body }
    })
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// The recorder kept most bodies in UTF-16 as text.
fn encode(pair: &Pair) -> Vec<u8> {
    let wide = pair.answer.header("content-type").is_some_and(|value| value.contains("utf-16"));
    if !wide || pair.answer.body.starts_with(&[0xfe, 0xff]) {
        return pair.answer.body.clone();
    }
    let text = String::from_utf8(pair.answer.body.clone()).unwrap();
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
}

#[test]
fn the_recorded_answers_pass_except_where_a_deviation_is_listed() {
    let (mut covered, mut total) = (0, 0);
    for trace in traces::all().unwrap() {
        let coverage = unshifted(&trace);
        let url = recorded_answers(&trace, &coverage, |_| false);
        let plain = replay_with(&trace, &url, &coverage, &Deviations::none());
        assert!(plain.ok(), "{}:\n{plain}", trace.name);

        let deviations = Deviations::of(&trace).unwrap();
        let listed = |index: &usize| {
            let pair = &trace.pairs[*index];
            coverage.left(*index).is_none() && deviations.about(*index, &pair.request.method, &pair.answer).is_some()
        };
        let listed = (0..trace.pairs.len()).filter(listed).count();
        let url = recorded_answers(&trace, &coverage, |_| false);
        let strict = replay_with(&trace, &url, &coverage, &deviations);
        // Where a registration is refused, the ids after it are expected to move up, which recorded ones do not.
        let moves_ids = (0..trace.pairs.len()).any(|index| {
            let pair = &trace.pairs[index];
            let deviation = deviations.about(index, &pair.request.method, &pair.answer);
            pair.request.method == "POST" && pair.answer.status == 200 && deviation.is_some_and(Deviation::refuses)
        });
        let as_listed = strict.failed == listed || moves_ids && strict.failed > listed;
        assert!(as_listed, "{}: each of {listed} listed deviations is gone:\n{strict}", trace.name);

        covered += Coverage::of(&trace).unwrap().covered(&trace);
        total += trace.pairs.len();
    }
    assert!(covered * 3 > total * 2, "{covered} of {total}");
}

/// Playback knows only recorded ids. Where registrations are left out, later ids move up, so there all pairs are played.
fn unshifted(trace: &Trace) -> Coverage {
    let coverage = Coverage::of(trace).unwrap();
    let registers = |index: &usize| {
        let pair = &trace.pairs[*index];
        matches!(coverage.left(*index), Some(Left::Out { .. }))
            && pair.request.method == "POST"
            && pair.answer.status == 200
    };
    if (0..trace.pairs.len()).any(|index| registers(&index)) { Coverage::whole() } else { coverage }
}
