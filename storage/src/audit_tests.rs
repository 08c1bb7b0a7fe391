//! The chain, forgetting, and moving what format 1 left in the log.

use super::*;
use crate::MemoryState;
use crate::State;
use crate::contract::records::{audit, audited, forget, high_water, id, namespace, put_namespace, schema};
use crate::kv::Map;
use crate::memory::Memory;

fn all(state: &MemoryState) -> Vec<AuditEntry> {
    let mut found = Vec::new();
    each(&state.kv, 0..u64::MAX, Direction::Up, &mut |entry| {
        found.push(entry);
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

#[test]
fn entries_are_numbered_without_gaps_and_name_the_hash_of_the_one_before() {
    let mut state = MemoryState::default();
    for n in 0..5 {
        state.fold([schema("s", n + 1, n + 1, "a"), audit(&n.to_string(), None)], n.into()).unwrap();
    }
    let entries = all(&state);
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(entries[0].previous, [0; 32]);
    assert!(entries.windows(2).all(|pair| pair[1].previous == pair[0].hash()));
    assert_eq!(state.audit_log().hash, entries[4].hash());
    assert_eq!(state.position().house, 0, "it takes no place in the other logs");

    state.fold([forget(4)], 5).unwrap();
    let log = state.audit_log();
    assert_eq!((log.first, log.next, log.oldest, all(&state).len()), (4, 6, 3, 2));
    assert_eq!(all(&state)[0].previous, entries[2].hash(), "the anchor: the hash of the last that is forgotten");
    // What is forgotten already is no matter.
    state.fold([forget(2)], 6).unwrap();
    assert_eq!(state.audit_log(), log);
}

#[test]
fn every_member_of_an_entry_counts_in_its_hash() {
    let entry = audited("s", Some("payments"));
    let hash_of = |entry: &AuditRecord| hash(&[1; 32], 7, 5, entry);
    let own = hash_of(&entry);
    assert_ne!(hash(&[2; 32], 7, 5, &entry), own);
    assert_ne!(hash(&[1; 32], 8, 5, &entry), own);
    assert_ne!(hash(&[1; 32], 7, 6, &entry), own);
    assert_eq!(
        hash(&[1; 32], 7, 6, &AuditRecord { happened: Some(5), ..entry.clone() }),
        own,
        "the time that is shown"
    );
    let others = [
        AuditRecord { principal: "user:basic/bob".into(), ..entry.clone() },
        AuditRecord { attempted: "a".into(), ..entry.clone() },
        AuditRecord { method: None, ..entry.clone() },
        AuditRecord { operation: "x".into(), ..entry.clone() },
        AuditRecord { action: "x".into(), ..entry.clone() },
        AuditRecord { kind: "x".into(), ..entry.clone() },
        AuditRecord { name: "x".into(), ..entry.clone() },
        AuditRecord { namespace: None, ..entry.clone() },
        AuditRecord { namespace_id: None, ..entry.clone() },
        AuditRecord { outcome: model::AuditOutcome::Refused, ..entry.clone() },
        AuditRecord { rule: "x".into(), ..entry.clone() },
        AuditRecord { request_id: "x".into(), ..entry.clone() },
        AuditRecord { address: None, ..entry.clone() },
        AuditRecord { count: 2, ..entry.clone() },
        // Members do not run into each other.
        AuditRecord { operation: format!("{}r", entry.operation), action: "egister".into(), ..entry.clone() },
    ];
    for other in others {
        assert_ne!(hash_of(&other), own, "{other:?}");
    }
}

#[test]
fn times_are_found_by_halving() {
    let mut state = MemoryState::default();
    for at in [10, 10, 20, 30, 30] {
        state.fold([audit("s", None)], at).unwrap();
    }
    for (at, number) in [(i64::MIN, 1), (10, 1), (11, 3), (20, 3), (21, 4), (30, 4), (31, 6), (i64::MAX, 6)] {
        assert_eq!(state.audit_since(at).unwrap(), number, "since {at}");
    }
    assert_eq!(MemoryState::default().audit_since(5).unwrap(), 1);
}

#[test]
fn a_break_in_the_chain_is_told_from_what_is_forgotten() {
    let mut state = MemoryState::default();
    state.fold((0..6).map(|n| audit(&n.to_string(), None)), 0).unwrap();
    let (entries, log) = (all(&state), state.audit_log());
    let follow = |entries: &[AuditEntry], first: u64| {
        let mut chain = Follow::default();
        entries.iter().try_for_each(|entry| chain.follow(entry, first)).and_then(|()| chain.end(&log))
    };
    let corrupt = |why: &str| Err(Error::Corrupt(why.to_owned()));
    assert_eq!(follow(&entries, 1), Ok(()));
    assert_eq!(follow(&entries[3..], 4), Ok(()));
    let gap = [&entries[..2], &entries[3..]].concat();
    assert_eq!(follow(&gap, 1), corrupt("entry 3 of the audit is missing"));
    assert_eq!(follow(&gap, 4), Ok(()), "forgotten while it was read");
    assert_eq!(follow(&entries[..5], 1), corrupt("the audit ends at entry 6, the state at entry 7"));
    let mut changed = entries;
    changed[2].record.name = "else".into();
    assert_eq!(follow(&changed, 1), corrupt("entry 4 of the audit does not follow from the one before it"));
}

/// A directory of format 1 as it lies on disk: entries of the audit in the log and in the state, two of them forgotten.
pub(crate) fn former() -> Map {
    let mut state = MemoryState::default();
    state.fold((1..=100).map(|n| schema("s", n, n, &n.to_string())), 0).unwrap();
    state.fold((1..=16).map(|n| high_water(".", n)), 0).unwrap();
    state.fold([put_namespace(namespace("payments", "payments"))], 0).unwrap();
    let mut kv = state.kv;
    let fixtures = include_str!("../fixtures/bytes.txt");
    let fixture = |name: &str| -> Vec<u8> {
        let line = fixtures.lines().find_map(|line| line.strip_prefix(&format!("former record: {name}\t"))).unwrap();
        (0..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect()
    };
    for (place, name) in [(17, "audit"), (18, "audit, counted"), (19, "audit, forgotten")] {
        kv.put(Table::Log, key::log(100 + place), fixture(name));
    }
    let payments = "payments".parse().unwrap();
    kv.put(Table::State, key::former_audit(1_700_000_000_017, 17), b"as it stands in the log".to_vec());
    kv.put(Table::State, key::former_audit_of(&payments, 1_700_000_000_017, 17), Vec::new());
    let mut head = fold::head(&kv).unwrap();
    head.position.house = 20;
    head.at = 1_700_000_000_019;
    fold::set_head(&head, &mut kv);
    kv
}

/// All of these tables, as changes.
pub(crate) fn changes(kv: &Map) -> crate::kv::Changes {
    let mut overlay = Overlay::new(Map::default());
    for table in Table::ALL {
        kv.scan(table, &crate::kv::everything(), Direction::Up, &mut |key, value| {
            overlay.put(table, key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    }
    overlay.into_changes()
}

#[test]
fn what_format_1_kept_in_the_log_is_moved_and_what_it_forgot_is_gone() {
    let backend = Memory::default();
    backend.write(changes(&former())).unwrap();
    // Twice, as after a kill in between.
    for _ in 0..2 {
        move_all_former(&backend).unwrap();
        let state = MemoryState::over(Map::clone(&backend.snapshot())).unwrap();
        let entries = all(&state);
        assert_eq!(entries.iter().map(|entry| (entry.number, entry.at)).collect::<Vec<_>>(), [(1, 1_700_000_000_017)]);
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
            assert_eq!(read.record, Record::House(HouseRecord::Vacant));
            assert_eq!(read.position, sequence - 100);
        }
        let left = [key::former_audit(i64::MIN, 0), key::former_audit_of(&"a".parse().unwrap(), i64::MIN, 0)];
        for first in left {
            let range = (vec![first[0]], vec![first[0] + 1]);
            state.kv.scan(Table::State, &range, Direction::Up, &mut |key, _| panic!("{key:?} is left")).unwrap();
        }
    }
}
