use super::{DekId, KeyCounts, StoredDek, StoredKek};
use crate::contract::records::*;
use crate::{Deks, MemoryState, State};
use model::{Dek, DekAlgorithm, Kek};
use std::ops::ControlFlow;

fn listed(state: &dyn State, which: Deks<'_>, behind: Option<&DekId>) -> Vec<String> {
    let mut found = Vec::new();
    let visit = &mut |stored: StoredDek| {
        let DekId { kek, subject, algorithm, version } = stored.dek.id;
        found.push(format!("{kek} {subject} {algorithm} {version}"));
        ControlFlow::Continue(())
    };
    state.deks_from(which, behind, visit).unwrap();
    found
}

#[test]
fn keys_are_found_listed_in_order_and_counted() {
    let mut state = MemoryState::default();
    let shared = |name: &str, shared| put_kek(Kek { shared, ..a_kek(name) });
    state.fold([shared("b", true), shared("a", false), put_dek(a_dek("b", "s", 10))], 7).unwrap();
    state.fold([put_dek(a_dek("b", "s", 2)), put_dek(a_dek("b", ":.c:s", 1)), put_dek(a_dek("a", "t", 1))], 8).unwrap();
    let siv = DekId { algorithm: DekAlgorithm::Aes256Siv, ..a_dek("b", "s", 1).id };
    state.fold([put_dek(Dek { id: siv.clone(), ..a_dek("b", "s", 1) })], 9).unwrap();

    assert_eq!(state.kek("b").unwrap(), Some(StoredKek { kek: Kek { shared: true, ..a_kek("b") }, at: 7 }));
    assert_eq!(state.kek("c").unwrap(), None);
    assert_eq!(state.dek(&siv).unwrap().map(|stored| stored.at), Some(9));
    let of_b = ["b :.c:s AES256_GCM 1", "b s AES256_GCM 2", "b s AES256_GCM 10", "b s AES256_SIV 1"];
    assert_eq!(listed(&state, Deks::All, None), [&["a t AES256_GCM 1"], &of_b[..]].concat());
    assert_eq!(listed(&state, Deks::OfKek("b"), None), of_b);
    assert_eq!(listed(&state, Deks::OfKek("b"), Some(&a_dek("b", "s", 2).id)), of_b[2..]);
    assert_eq!(listed(&state, Deks::OfSubject("b", "s", DekAlgorithm::Aes256Gcm), None), of_b[1..3]);
    let mut names = Vec::new();
    let visit = &mut |stored: StoredKek| {
        names.push(stored.kek.name);
        ControlFlow::Continue(())
    };
    state.keks_from(Some("a"), visit).unwrap();
    assert_eq!(names, ["b"]);
    assert_eq!(state.key_counts().unwrap(), KeyCounts { keks: 2, shared_keks: 1, deks: 5 });
}

#[test]
fn what_is_written_again_or_gone_is_counted_once() {
    let mut state = MemoryState::default();
    let shared = |shared| put_kek(Kek { shared, ..a_kek("a") });
    let steps = [
        (shared(true), [1, 1, 0]),
        (shared(true), [1, 1, 0]),
        (put_dek(a_dek("a", "s", 1)), [1, 1, 1]),
        (put_dek(Dek { deleted: true, ..a_dek("a", "s", 1) }), [1, 1, 1]),
        (shared(false), [1, 0, 1]),
        (remove_dek(a_dek("a", "s", 2).id), [1, 0, 1]),
        (remove_dek(a_dek("a", "s", 1).id), [1, 0, 0]),
        (shared(true), [1, 1, 0]),
        (remove_kek("a"), [0, 0, 0]),
        (remove_kek("a"), [0, 0, 0]),
    ];
    for (at, (record, [keks, shared_keks, deks])) in steps.into_iter().enumerate() {
        state.fold([record], 0).unwrap();
        assert_eq!(state.key_counts().unwrap(), KeyCounts { keks, shared_keks, deks }, "step {at}");
    }
    assert_eq!((state.kek("a").unwrap(), listed(&state, Deks::All, None)), (None, vec![]));
}
