//! Clauses on commits.

use super::{Groups, Held, Open, plain, versions, write};
use crate::{Error, Group, Health, Limits, Observer, State, commit};
use model::{Position, Record, RegistryRecord, Stamped, Subject};
use state::contract::records::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[allow(clippy::disallowed_methods, reason = "the clock is compared with the system's")]
pub(super) fn what_is_committed_is_seen_numbered_and_timed(open: Open<'_>) {
    let store = plain(open);
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let first = write(&*store, vec![high_water(".", 1), schema("s", 1, 1, "a")]).unwrap().records;
    let second = write(&*store, vec![schema("s", 2, 2, "b")]).unwrap().records;
    let places: Vec<_> = first.iter().chain(&second).map(|Stamped { position, .. }| *position).collect();
    assert_eq!(places, [0, 0, 1], "each log counts by itself");
    assert!(first[0].at >= started && first[0].at == first[1].at && second[0].at >= first[0].at);

    let view = store.view().unwrap();
    assert_eq!(view.position(), Position { registry: 2, internal: 1 });
    assert_eq!(versions(&*view, "s"), [1, 2]);
    let latest = view.version(&Subject::parse("s"), 2).unwrap().unwrap();
    assert_eq!((latest.id, latest.at), (2, second[0].at));
    assert_eq!(store.health(), Health::Ok);
}

pub(super) fn a_refused_commit_writes_nothing(open: Open<'_>) {
    let store = plain(open);
    let refused = store.submit(Box::new(|_| Err(Error::io("deciding", "no")))).blocking_recv().unwrap();
    assert_eq!(refused.unwrap_err(), Error::io("deciding", "no"));
    assert_eq!(store.view().unwrap().position(), Position::default());
    assert_eq!(store.health(), Health::Ok, "the refusal of one commit is no failure of the store");
}

pub(super) fn a_commit_of_nothing_costs_nothing(open: Open<'_>) {
    let groups = Arc::new(Groups::default());
    let store = open(groups.clone(), Limits::default());
    assert!(write(&*store, vec![]).unwrap().records.is_empty());
    assert_eq!(groups.seen(), []);
}

pub(super) fn writers_on_distinct_subjects_share_syncs(open: Open<'_>) {
    let groups = Arc::new(Groups::default());
    let store = open(groups.clone(), Limits::default());
    let decided = Arc::new(AtomicUsize::new(0));
    let held = Held::new(&*store);
    let waiting: Vec<_> = (1..=32)
        .map(|writer| {
            let decided = decided.clone();
            store.submit(Box::new(move |state| {
                decided.fetch_add(1, Ordering::Relaxed);
                let subject = format!("s{writer}");
                let id = state.highest_id(&model::Context::default_context())?.unwrap_or(0) + 1;
                Ok(vec![schema(&subject, 1, id, &subject)])
            }))
        })
        .collect();
    held.release();
    let mut ids = Vec::new();
    for answer in waiting {
        let records = answer.blocking_recv().unwrap().unwrap().records;
        let Record::Registry(RegistryRecord::Schema(schema)) = &records[0].record else { panic!("{records:?}") };
        ids.push(schema.id);
    }
    assert_eq!(ids, (1..=32).collect::<Vec<_>>(), "ids are allotted in order");
    assert_eq!(decided.load(Ordering::Relaxed), 32, "each decides once");
    let groups = groups.seen();
    assert_eq!(groups.iter().map(|(_, commits)| commits).sum::<usize>(), 32);
    assert!(groups.len() as f64 <= 0.2 * 32.0, "{groups:?}");
}

pub(super) fn writers_on_one_subject_get_versions_without_gap(open: Open<'_>) {
    let store = plain(open);
    let next = |state: &dyn State, writer: usize| {
        let known = state.subject(&Subject::parse("s"))?;
        let next = known.map_or(1, |summary| summary.highest + 1);
        Ok(vec![schema("s", next, next, &format!("{writer}"))])
    };
    std::thread::scope(|scope| {
        for writer in 0..32 {
            let store = &*store;
            scope.spawn(move || {
                for _ in 0..4 {
                    store.submit(Box::new(move |state| next(state, writer))).blocking_recv().unwrap().unwrap();
                }
            });
        }
    });
    assert_eq!(versions(&*store.view().unwrap(), "s"), (1..=128).collect::<Vec<_>>());
}

pub(super) fn a_decision_that_panics_fails_alone(open: Open<'_>) {
    let store = plain(open);
    let held = Held::new(&*store);
    let before = store.submit(Box::new(|_| Ok(vec![schema("a", 1, 1, "a")])));
    let panicking = store.submit(Box::new(|_| panic!("a decision of the contract")));
    let after = store.submit(Box::new(|_| Ok(vec![schema("b", 1, 2, "b")])));
    held.release();
    assert!(before.blocking_recv().unwrap().is_ok() && after.blocking_recv().unwrap().is_ok());
    let refused = panicking.blocking_recv().unwrap().unwrap_err();
    assert_eq!(refused, Error::Panicked("a decision of the contract".into()));
    assert_eq!(store.health(), Health::Ok);
    assert_eq!(store.view().unwrap().totals().unwrap().versions, 2);
}

pub(super) fn a_full_queue_refuses_at_once(open: Open<'_>) {
    let store = open(Arc::new(()), Limits { queue: 3, ..Limits::default() });
    let held = Held::new(&*store);
    let waiting: Vec<_> = (0..3).map(|_| store.submit(Box::new(|_| Ok(vec![])))).collect();
    let refused = store.submit(Box::new(|_| Ok(vec![]))).blocking_recv().unwrap();
    assert_eq!(refused.unwrap_err(), Error::Overloaded);
    held.release();
    for answer in waiting {
        answer.blocking_recv().unwrap().unwrap();
    }
    write(&*store, vec![schema("s", 1, 1, "a")]).unwrap();
}

pub(super) fn a_group_ends_at_its_bounds(open: Open<'_>) {
    #[track_caller]
    fn check(open: Open<'_>, limits: Limits, expected: &[(usize, usize)]) {
        let groups = Arc::new(Groups::default());
        let store = open(groups.clone(), limits);
        let held = Held::new(&*store);
        let waiting: Vec<_> = (1..=5)
            .map(|n| {
                let (subject, text) = (format!("s{n}"), n.to_string().repeat(1000));
                store.submit(Box::new(move |_| Ok(vec![schema(&subject, 1, n, &text), schema(&subject, 2, n, &text)])))
            })
            .collect();
        held.release();
        waiting.into_iter().for_each(|answer| drop(answer.blocking_recv().unwrap().unwrap()));
        assert_eq!(groups.seen(), expected);
    }
    check(open, Limits::default(), &[(10, 5)]);
    check(open, Limits { group_records: 3, ..Limits::default() }, &[(4, 2), (4, 2), (2, 1)]);
    check(open, Limits { group_bytes: 1000, ..Limits::default() }, &[(2, 1); 5]);
}

pub(super) fn the_observer_is_told_before_the_answer(open: Open<'_>) {
    let groups = Arc::new(Groups::default());
    let store = open(groups.clone(), Limits::default());
    for n in 1..=20 {
        write(&*store, vec![schema("s", n, n, &n.to_string())]).unwrap();
        assert_eq!(groups.seen().len(), n as usize);
    }
}

pub(super) fn an_observer_that_panics_stops_writing(open: Open<'_>) {
    struct Panicking;
    impl Observer for Panicking {
        fn committed(&self, _: &Group<'_>) {
            panic!("an observer of the contract")
        }
    }
    let store = open(Arc::new(Panicking), Limits::default());
    write(&*store, vec![schema("s", 1, 1, "a")]).expect("it is durable, so the answer is yes");
    assert!(matches!(store.health(), Health::ReadOnly(_)));
    assert!(matches!(write(&*store, vec![]), Err(Error::ReadOnly(_))));
    assert_eq!(versions(&*store.view().unwrap(), "s"), [1]);
}

pub(super) fn closing_finishes_what_waits(open: Open<'_>) {
    let store = plain(open);
    let held = Held::new(&*store);
    let waiting: Vec<_> =
        (1..=10).map(|n| store.submit(Box::new(move |_| Ok(vec![schema("s", n, n, &n.to_string())])))).collect();
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| store.close());
        held.release();
        assert_eq!(closing.join().unwrap(), Ok(()));
    });
    waiting.into_iter().for_each(|answer| drop(answer.blocking_recv().unwrap().unwrap()));
    assert_eq!(write(&*store, vec![]).unwrap_err(), Error::Closed);
    assert_eq!(store.close(), Ok(()), "closing twice is closing");
    assert_eq!(versions(&*store.view().unwrap(), "s").len(), 10);
}

pub(super) fn a_typed_commit_brings_its_value(open: Open<'_>) {
    let store = plain(open);
    let mut future = std::pin::pin!(commit(&*store, |_| Ok((vec![schema("s", 1, 1, "a")], "value"))));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let deadline = std::time::Instant::now() + super::DEADLINE;
    let done = loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(done) => break done,
            std::task::Poll::Pending => assert!(std::time::Instant::now() < deadline, "it is never answered"),
        }
        std::thread::yield_now();
    };
    let (value, committed) = done.unwrap();
    assert_eq!((value, committed.records.len()), ("value", 1));
}
