//! Tables of before versions and subjects said how long their texts are.

use super::records::schema;
use crate::codec::bytes::Codec;
use crate::codec::key;
use crate::kv::{KvMut, Map, Table};
use crate::{MemoryState, State};
use model::Subject;

/// A directory of format 3 as it lies on disk: nothing says how long the texts of 100 versions are.
pub fn without_lengths() -> Map {
    let mut state = MemoryState::default();
    state.fold((1..=100).map(|n| schema("s", n, n, &n.to_string())), 0).unwrap();
    let subject = Subject::parse("s");
    let (versions, summary) = (state.versions(&subject).unwrap(), state.subject(&subject).unwrap().unwrap());
    let mut kv = state.kv;
    for version in versions {
        let mut bytes = vec![1, 0];
        version.id.put(&mut bytes);
        version.guid.put(&mut bytes);
        version.text.put(&mut bytes);
        version.at.put(&mut bytes);
        version.schema_type.put(&mut bytes);
        version.references.put(&mut bytes);
        kv.put(Table::State, key::version(&subject, version.version), bytes);
    }
    let mut bytes = Vec::new();
    summary.versions.put(&mut bytes);
    summary.live.put(&mut bytes);
    summary.highest.put(&mut bytes);
    summary.latest.put(&mut bytes);
    kv.put(Table::State, key::subject(&subject), bytes);
    kv
}

/// The lengths of those texts, each and together, are known.
///
/// # Panics
/// Where one is not.
#[track_caller]
pub fn assert_lengths_known(view: &dyn State) {
    let subject = Subject::parse("s");
    let found: Vec<_> = view.versions(&subject).unwrap().iter().map(|version| version.length).collect();
    let expected: Vec<_> = (1..=100).map(|n: u64| n.to_string().len() as u64).collect();
    assert_eq!(found, expected);
    assert_eq!(view.subject(&subject).unwrap().unwrap().bytes, expected.iter().sum::<u64>());
}
