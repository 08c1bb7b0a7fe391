//! What a state comes to folds to the same state.

use super::*;
use crate::contract::records::*;
use crate::fold::tests::{any_record, assert_consistent, folded};
use crate::kv::Map;
use crate::{MemoryState, State};
use proptest::prelude::*;

fn records(state: &MemoryState) -> Vec<(i64, Record)> {
    let mut found = Vec::new();
    let text = &mut |key: &TextKey| Ok(query::text(&state.kv, key)?.expect("a text is there while a version names it"));
    compact(&state.kv, text, &mut |at, record| {
        found.push((at, record));
        Ok(())
    })
    .unwrap();
    found
}

fn folded_again(records: Vec<(i64, Record)>) -> MemoryState {
    let mut state = MemoryState::default();
    for (at, record) in records {
        state.fold([record], at).unwrap();
    }
    state
}

/// The state but for blocks of counts, whose borders depend on how it came about, and ids that were handed out.
fn dump(kv: &Map) -> Vec<(Vec<u8>, Vec<u8>)> {
    let left_out = [key::tallies(&crate::kv::everything()), key::highest_ids(), key::high_waters()];
    let mut entries = Vec::new();
    kv.scan(Table::State, &crate::kv::everything(), Direction::Up, &mut |key, value| {
        if !left_out.iter().any(|(from, to)| (from.as_slice()..to.as_slice()).contains(&key)) {
            entries.push((key.to_vec(), value.to_vec()));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    entries
}

#[track_caller]
fn check(state: &MemoryState) {
    let fewest = records(state);
    let again = folded_again(fewest.clone());
    assert_eq!(dump(&again.kv), dump(&state.kv));
    assert_eq!((again.totals(), again.key_counts()), (state.totals(), state.key_counts()));
    for context in [Context::default_context(), Context::new(".c").unwrap()] {
        assert_eq!(again.last_id(&context), state.last_id(&context), "no id is handed out twice");
    }
    assert_consistent(&again);
    assert_eq!(records(&again), fewest, "twice is once");
}

#[test]
fn a_state_with_something_of_each_kind_comes_to_a_record_for_each() {
    let state = folded([
        context(".c", true),
        schema("s", 1, 1, "a"),
        schema("s", 2, 2, "b"),
        referring("t", 1, 3, "c", &[("s", 1), (":.c:s", 1)]),
        delete_subject("s", 1),
        schema(":.c:s", 7, 9, "a"),
        tombstone(":.c:s", 7),
        schema("s", -1, 4, "d"),
        config("s", Some(Config { alias: Some("t".into()), ..Config::default() })),
        config("", None),
        mode(":.c:", Some(Mode::Import)),
        high_water(".", 12),
        put_namespace(namespace("payments", "payments")),
        put_namespace(namespace("gone", "gone")),
        remove_namespace("gone"),
        put_kek(a_kek("k")),
        put_dek(a_dek("k", "s", 1)),
        associate("n/a", "1", "s"),
        associate("n/a", "2", "s"),
        associate("n/b", "1", "s"),
    ]);
    check(&state);
    // Three contexts, settings, namespaces and keys; four versions; an association that changed, and one that did not.
    assert_eq!(records(&state).len(), 1 + 2 + 4 + 3 + 2 + 1 + 2);
}

#[test]
fn of_ids_for_one_content_the_last_one_stays_the_last() {
    for last in [5, 6] {
        let ids = if last == 5 { [6, 5] } else { [5, 6] };
        let state = folded([schema("a", 1, ids[0], "x"), schema("b", 1, ids[1], "x"), schema("c", 1, ids[0], "x")]);
        check(&state);
        let state = folded([schema("b", 1, ids[0], "x"), schema("a", 1, ids[1], "x")]);
        let guid = schema_record("a", 1, 1, "x").content.guid();
        assert_eq!(state.ids_in(&Context::default_context(), guid).unwrap(), [last, ids[0]]);
        check(&state);
    }
}

#[test]
fn an_empty_state_comes_to_nothing() {
    assert_eq!(records(&MemoryState::default()), []);
}

#[test]
fn what_the_sink_refuses_ends_it() {
    let state = folded([schema("a", 1, 1, "x"), schema("a", 2, 2, "y")]);
    let mut seen = 0;
    let outcome = compact(&state.kv, &mut |_| Ok("".into()), &mut |_, _| {
        seen += 1;
        Err(Error::Closed)
    });
    assert_eq!((outcome, seen), (Err(Error::Closed), 1));
}

proptest! {
    #[test]
    fn every_state_comes_to_records_that_fold_to_it(records in prop::collection::vec(any_record(), 0..40)) {
        check(&folded(records));
    }
}
