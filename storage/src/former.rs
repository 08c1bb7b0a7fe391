//! From a former format of the directory to the one of today, step by step.
//!
//! Format 1 held the audit in the internal log. Until format 2 fingerprints were facts of records and stood among the state; now
//! they are derived and have a table of their own. Until format 4 nothing said how long texts are without reading them.

use crate::Error;
use crate::engine::Backend;
use state::kv::Overlay;
use state::{audit, fingerprints, fold, lengths, log};

/// Brings tables of this format to the format of today. What was broken off is gone on with.
///
/// # Errors
/// `Corrupt`, those of the back end.
pub fn bring_up(backend: &impl Backend, format: u32) -> Result<(), Error> {
    if format < 2 {
        move_audit(backend)?;
    }
    if format < 3 {
        move_fingerprints(backend)?;
    }
    count_lengths(backend)
}

/// Records, or entries, that one step is about.
const STEP: u64 = 1_000;

/// Moves all fingerprints out of the state, in steps each of which is whole.
fn move_fingerprints(backend: &impl Backend) -> Result<(), Error> {
    loop {
        let snapshot = backend.snapshot();
        let mut overlay = Overlay::new(&snapshot);
        let some_were_left = fingerprints::move_former(&mut overlay, STEP as usize)?;
        let changes = overlay.into_changes();
        drop(snapshot);
        backend.write(changes)?;
        if !some_were_left {
            return Ok(());
        }
    }
}

/// Notes how long the texts of all versions are, in steps each of which is whole.
fn count_lengths(backend: &impl Backend) -> Result<(), Error> {
    let mut from = None;
    loop {
        let snapshot = backend.snapshot();
        let mut overlay = Overlay::new(&snapshot);
        from = lengths::count_former(&mut overlay, from, STEP as usize)?;
        let changes = overlay.into_changes();
        drop(snapshot);
        if !changes.is_empty() {
            backend.write(changes)?;
        }
        if from.is_none() {
            return Ok(());
        }
    }
}

/// Moves all that format 1 kept in the log and the state, in steps each of which is whole.
fn move_audit(backend: &impl Backend) -> Result<(), Error> {
    let end = fold::head(&backend.snapshot())?.feed.next;
    for from in (0..end).step_by(STEP as usize) {
        let snapshot = backend.snapshot();
        let mut overlay = Overlay::new(&snapshot);
        for (sequence, bytes) in log::raw(&snapshot, from, end.min(from + STEP))? {
            audit::move_former(sequence, &bytes, &mut overlay)?;
        }
        if !overlay.changes().is_empty() {
            let changes = overlay.into_changes();
            backend.write(changes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::{MemoryState, State};
    use model::{Fingerprint, SchemaType, Subject};
    use model::{InternalRecord, Record};
    use state::codec::{key, record};
    pub(crate) use state::contract::lengths::{assert_lengths_known, without_lengths};
    use state::contract::records::{audited, high_water, id, namespace, put_namespace};
    use state::kv::{self, Direction, Kv, KvMut, Map, Table};
    use std::ops::ControlFlow;

    /// A directory of format 2 as it lies on disk: the fingerprint of each second version in the state, and no entry of the
    /// audit.
    pub(crate) fn without_audit() -> Map {
        let mut state = MemoryState::over(without_lengths()).unwrap();
        state.fold((1..=16).map(|n| high_water(".", n)), 0).unwrap();
        state.fold([put_namespace(namespace("payments", "payments"))], 0).unwrap();
        let mut kv = state.kv;
        let mut derived = Vec::new();
        kv.scan(Table::Derived, &kv::everything(), Direction::Up, &mut |key, _| {
            derived.push(key.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
        derived.into_iter().for_each(|key| kv.delete(Table::Derived, key));
        for n in 1..=100 {
            let fingerprint = (n % 2 == 0).then_some(n as u64);
            kv.put(Table::State, key::former_fingerprint(&Subject::parse("s"), fingerprint, n), Vec::new());
        }
        kv
    }

    #[track_caller]
    pub(crate) fn assert_fingerprints_moved(view: &dyn State) {
        let fingerprint = Fingerprint { scheme: 1, value: 8 };
        let found = view.equivalents(&Subject::parse("s"), &SchemaType::Avro, fingerprint).unwrap();
        let expected: Vec<_> = (1..=100).rev().filter(|n| n % 2 == 1 || *n == 8).collect();
        assert_eq!((found.versions, found.unknown), (expected, true));
    }

    /// A directory of format 1 as it lies on disk: entries of the audit in the log and in the state, two of them forgotten.
    pub(crate) fn former() -> Map {
        let mut kv = without_audit();
        let fixtures = include_str!("../state/fixtures/bytes.txt");
        let fixture = |name: &str| -> Vec<u8> {
            let line =
                fixtures.lines().find_map(|line| line.strip_prefix(&format!("former record: {name}\t"))).unwrap();
            (0..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect()
        };
        for (place, name) in [(17, "audit"), (18, "audit, counted"), (19, "audit, forgotten")] {
            kv.put(Table::Log, key::log(100 + place), fixture(name));
        }
        let payments = "payments".parse().unwrap();
        kv.put(Table::State, key::former_audit(1_700_000_000_017, 17), b"as it stands in the log".to_vec());
        kv.put(Table::State, key::former_audit_of(&payments, 1_700_000_000_017, 17), Vec::new());
        let mut head = fold::head(&kv).unwrap();
        head.position.internal = 20;
        head.feed.next = 120;
        head.at = 1_700_000_000_019;
        fold::set_head(&head, &mut kv);
        kv
    }

    /// All of these tables, as changes.
    pub(crate) fn changes(kv: &Map) -> kv::Changes {
        let mut overlay = Overlay::new(Map::default());
        for table in Table::ALL {
            kv.scan(table, &kv::everything(), Direction::Up, &mut |key, value| {
                overlay.put(table, key.to_vec(), value.to_vec());
                ControlFlow::Continue(())
            })
            .unwrap();
        }
        overlay.into_changes()
    }

    #[test]
    fn lengths_are_counted_once_from_wherever_it_was_broken_off() {
        let backend = Memory::default();
        backend.write(changes(&without_lengths())).unwrap();
        let snapshot = backend.snapshot();
        let mut overlay = Overlay::new(&snapshot);
        let next = lengths::count_former(&mut overlay, None, 40).unwrap();
        assert!(next.is_some());
        let broken_off = overlay.into_changes();
        drop(snapshot);
        backend.write(broken_off).unwrap();
        bring_up(&backend, 3).unwrap();
        assert_lengths_known(&MemoryState::over(Map::clone(&backend.snapshot())).unwrap());
    }

    #[test]
    fn what_format_1_kept_in_the_log_is_moved_and_what_it_forgot_is_gone() {
        let backend = Memory::default();
        backend.write(changes(&former())).unwrap();
        // Twice, as after a kill in between.
        for _ in 0..2 {
            bring_up(&backend, 1).unwrap();
            let state = MemoryState::over(Map::clone(&backend.snapshot())).unwrap();
            assert_fingerprints_moved(&state);
            assert_lengths_known(&state);
            let mut entries = Vec::new();
            let visit = &mut |entry| {
                entries.push(entry);
                ControlFlow::Continue(())
            };
            state.audit(None, 0..u64::MAX, visit).unwrap();
            assert_eq!(
                entries.iter().map(|entry| (entry.number, entry.at)).collect::<Vec<_>>(),
                [(1, 1_700_000_000_017)]
            );
            assert_eq!(entries[0].record, audited("payments-value", Some("payments")));
            let mut theirs = 0;
            let visit = &mut |_| {
                theirs += 1;
                ControlFlow::Continue(())
            };
            state.audit(Some(id("payments")), 0..u64::MAX, visit).unwrap();
            assert_eq!(theirs, 1);
            for sequence in [117, 118, 119] {
                let bytes = state.kv.get(Table::Log, &key::log(sequence)).unwrap().unwrap();
                let read = record::decode(sequence, &bytes, |_| Ok(None)).unwrap();
                assert_eq!(read.record, Record::Internal(InternalRecord::Vacant));
                assert_eq!(read.position, sequence - 100);
            }
            let left = [key::former_audit(i64::MIN, 0), key::former_audit_of(&"a".parse().unwrap(), i64::MIN, 0)];
            for first in left {
                let range = (vec![first[0]], vec![first[0] + 1]);
                state.kv.scan(Table::State, &range, Direction::Up, &mut |key, _| panic!("{key:?} is left")).unwrap();
            }
        }
    }
}
