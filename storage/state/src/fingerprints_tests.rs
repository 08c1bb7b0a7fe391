//! Examples of the table of fingerprints, and what holds of it whatever was folded.

use super::*;
use crate::contract::records::*;
use crate::kv::{self, Map};
use crate::{MemoryState, State};
use model::Record;

/// A fingerprint that tells texts of one letter and numbers of references apart.
pub(crate) fn value(text: &str, references: usize) -> u64 {
    u64::from(text.as_bytes()[0]) * 10 + references as u64
}

fn keys(tables: &Map, table: Table, range: &key::Range) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    tables
        .scan(table, range, Direction::Up, &mut |key, _| {
            found.push(key.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

/// Each version has one entry, under what is known of it; nothing else has any.
#[track_caller]
pub(crate) fn assert_consistent(state: &MemoryState) {
    let mut expected = Vec::new();
    for key in keys(&state.kv, Table::State, &(vec![1], vec![2])) {
        let (subject, version) = key::take_version(&key).unwrap();
        let entry = entry_of(&state.kv, &subject, version).unwrap().expect("a version has an entry");
        expected.push(key::fingerprint(&subject, entry.class(), version));
        expected.push(key::fingerprint_of(&subject, version));
    }
    expected.sort();
    let mut found = keys(&state.kv, Table::Derived, &kv::everything());
    found.retain(|key| key != key::FINGERPRINTS);
    assert_eq!(found, expected);
    assert_eq!(state.fingerprints().unwrap().is_some(), state.position() != Position::default());
}

/// What is known is the `value` of the version as it stands.
#[track_caller]
pub(crate) fn assert_right(state: &MemoryState) {
    for key in keys(&state.kv, Table::State, &(vec![1], vec![2])) {
        let (subject, version) = key::take_version(&key).unwrap();
        let stored = state.version(&subject, version).unwrap().unwrap();
        if let Some(derivation) = state.derivation(&subject, version).unwrap() {
            let text = state.text(&stored.text).unwrap().unwrap();
            assert_eq!(derivation.value, Some(value(&text, stored.references.len())), "{stored:?}");
        }
    }
}

fn folded(records: impl IntoIterator<Item = Record>) -> MemoryState {
    let mut state = MemoryState::default();
    state.fold(records, 0).unwrap();
    state
}

fn filled(state: &mut MemoryState, derived: &Derived) {
    state.change(|kv| fill(derived, kv)).unwrap().unwrap();
}

/// What was found out about a version as it stands.
fn found(state: &MemoryState, subject: &str, version: Version, scheme: u8, value: Option<u64>) -> Derived {
    let stored = state.version(&Subject::parse(subject), version).unwrap().unwrap();
    let StoredVersion { subject, guid, text, .. } = stored;
    Derived::Fingerprint { subject, version, guid, text, derivation: Derivation { scheme, value } }
}

fn all_done(scheme: u8) -> Derived {
    let schemes = Schemes::new(|schema_type| if *schema_type == SchemaType::Avro { scheme } else { 0 });
    Derived::Fingerprints(Progress { schemes, through: None })
}

/// `4 3 1, some unknown` of those that may mean the same as a schema with this fingerprint.
fn shown(state: &MemoryState, schema_type: &SchemaType, scheme: u8, value: u64) -> String {
    let fingerprint = Fingerprint { scheme, value };
    let Equivalents { versions, unknown } = state.equivalents(&Subject::parse("s"), schema_type, fingerprint).unwrap();
    let numbers: Vec<_> = versions.iter().map(ToString::to_string).collect();
    format!("{}{}", numbers.join(" "), if unknown { ", some unknown" } else { "" })
}

#[test]
fn those_may_mean_the_same_that_have_the_fingerprint_or_none_of_this_scheme() {
    let versions = || {
        [
            fingerprinted("s", 1, 1, "a", 7),
            fingerprinted("s", 2, 2, "b", 8),
            schema("s", 3, 3, "c"),
            fingerprinted("s", 4, 4, "d", 7),
            fingerprinted("t", 5, 5, "e", 7),
        ]
    };
    let (avro, json) = (SchemaType::Avro, SchemaType::Json);
    let mut state = folded(versions());
    for is_said_to_be_done in [false, true] {
        if is_said_to_be_done {
            filled(&mut state, &all_done(1));
        }
        assert_eq!(shown(&state, &avro, 1, 7), "4 3 1, some unknown");
        assert_eq!(shown(&state, &avro, 1, 9), "3, some unknown");
        assert_eq!(shown(&state, &avro, 2, 7), "4 3 2 1, some unknown", "another scheme says nothing");
        assert_eq!(shown(&state, &json, 1, 7), "3, some unknown", "of another language is nothing the same");
    }
    let third = found(&state, "s", 3, 1, Some(9));
    filled(&mut state, &third);
    assert_eq!((shown(&state, &avro, 1, 9), shown(&state, &avro, 1, 7)), ("3".to_owned(), "4 1".to_owned()));
    let third = found(&state, "s", 3, 1, None);
    filled(&mut state, &third);
    assert_eq!(shown(&state, &avro, 1, 7), "4 3 1", "what cannot be read is compared, and not looked at again");

    // A release with another scheme goes on, and then the one before it.
    let record = match fingerprinted("s", 6, 6, "f", 7) {
        Record::Registry(model::RegistryRecord::Schema(mut record)) => {
            record.hashes.as_mut().unwrap().fingerprint = Some(Fingerprint { scheme: 2, value: 9 });
            Record::Registry(model::RegistryRecord::Schema(record))
        }
        other => panic!("{other:?}"),
    };
    state.fold([record], 0).unwrap();
    assert_eq!(shown(&state, &avro, 1, 7), "6 4 3 1, some unknown");
    assert_eq!(shown(&state, &avro, 2, 7), "4 3 2 1, some unknown");
}

#[test]
fn schemes_that_were_said_of_an_empty_store_are_those_of_its_versions() {
    let mut state = folded([]);
    filled(&mut state, &all_done(1));
    state.fold([fingerprinted("s", 1, 1, "a", 7)], 0).unwrap();
    assert_eq!(state.fingerprints().unwrap().map(|progress| progress.schemes.of(&SchemaType::Avro)), Some(1));
}

#[test]
fn a_table_that_was_lost_says_that_all_are_to_be_compared_until_all_were_looked_at() {
    let mut state = folded([fingerprinted("s", 1, 1, "a", 7), fingerprinted("s", 2, 2, "b", 8)]);
    for key in keys(&state.kv, Table::Derived, &kv::everything()) {
        state.kv.delete(Table::Derived, key);
    }
    let avro = SchemaType::Avro;
    assert_eq!(shown(&state, &avro, 1, 8), "2 1, some unknown");
    state.fold([fingerprinted("s", 3, 3, "c", 9), deleted("s", 1, 1, "a"), schema("t", 1, 4, "t")], 0).unwrap();
    state.fold([tombstone("t", 1)], 0).unwrap();
    assert_eq!(shown(&state, &avro, 1, 8), "3 2 1, some unknown");
    for (version, value) in [(1, 7), (2, 8)] {
        let derived = found(&state, "s", version, 1, Some(value));
        filled(&mut state, &derived);
    }
    assert_eq!(shown(&state, &avro, 1, 8), "3 2 1, some unknown");
    filled(&mut state, &all_done(1));
    assert_eq!(shown(&state, &avro, 1, 8), "2");
    assert_consistent(&state);

    // Of another format, it is as good as lost.
    state.kv.put(Table::Derived, key::FINGERPRINTS.to_vec(), vec![FORMAT + 1]);
    assert_eq!(shown(&state, &avro, 1, 8), "3 2 1, some unknown");
}

#[test]
fn nothing_is_filled_in_for_a_version_that_has_become_another_one() {
    let mut state = folded([schema("s", 1, 1, "a")]);
    let derived = found(&state, "s", 1, 1, Some(7));
    state.fold([tombstone("s", 1)], 0).unwrap();
    filled(&mut state, &derived);
    assert_consistent(&state);
    state.fold([schema("s", 1, 1, "b")], 0).unwrap();
    filled(&mut state, &derived);
    assert_eq!(state.derivation(&Subject::parse("s"), 1).unwrap(), None);
}

#[test]
fn what_refers_to_something_else_than_before_has_an_unknown_fingerprint() {
    #[track_caller]
    fn check(change: &[Record], known: [bool; 3]) {
        let mut state = folded([
            fingerprinted("base", 1, 1, "a", 7),
            referring("middle", 1, 2, "b", &[("base", 1)]),
            referring("top", 1, 3, "c", &[("middle", 1)]),
            referring("other", 1, 4, "d", &[("base", 2)]),
        ]);
        for subject in ["middle", "top", "other"] {
            let derived = found(&state, subject, 1, 1, Some(7));
            filled(&mut state, &derived);
        }
        state.fold(change.to_vec(), 0).unwrap();
        let of = |subject| state.derivation(&Subject::parse(subject), 1).unwrap().is_some();
        assert_eq!(["middle", "top", "other"].map(of), known, "{change:?}");
        assert_consistent(&state);
    }
    check(&[deleted("base", 1, 1, "a")], [true; 3]);
    check(&[schema("base", 1, 9, "z")], [false, false, true]);
    check(&[tombstone("base", 1)], [false, false, true]);
    check(&[delete_subject("base", 1), clear("base")], [false, false, true]);
    check(&[schema("middle", 1, 9, "z")], [false, false, true]);
}

#[test]
fn entries_of_format_2_are_moved_to_where_they_are_today() {
    let mut state = folded([schema("s", 1, 1, "a"), schema("s", 2, 2, "b"), schema("t", 1, 1, "a")]);
    for key in keys(&state.kv, Table::Derived, &kv::everything()) {
        state.kv.delete(Table::Derived, key);
    }
    for (subject, version, value) in [("s", 1, Some(970)), ("s", 2, None), ("t", 1, Some(970))] {
        let key = key::former_fingerprint(&Subject::parse(subject), value, version);
        state.kv.put(Table::State, key, vec![]);
    }
    let moved: Vec<_> = (0..3).map(|_| state.change(|kv| move_former(kv, 2)).unwrap().unwrap()).collect();
    assert_eq!(moved, [true, true, false]);
    assert_consistent(&state);
    assert_eq!(shown(&state, &SchemaType::Avro, 1, 970), "2 1, some unknown");
    assert_eq!(shown(&state, &SchemaType::Avro, 1, 980), "2, some unknown");
    assert_eq!(keys(&state.kv, Table::State, &key::former_fingerprints()), [] as [Vec<u8>; 0]);
}
