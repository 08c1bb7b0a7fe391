//! The chain, and forgetting.

use super::*;
use crate::MemoryState;
use crate::State;
use crate::contract::records::{audit, audited, forget, schema};

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
    assert_eq!(state.position().internal, 0, "it takes no place in the other logs");

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
