//! Listings that begin in the middle.

use crate::{Begin, Standing, State, StoredVersion, Subjects};
use model::{Subject, SubjectPrefix, Version};
use std::ops::ControlFlow;

/// Items that are looked at of a listing that begins in the middle.
const SOME: usize = 40;

const STANDINGS: [Standing; 3] = [Standing::Any, Standing::Live, Standing::Deleted];

/// Each listing of a state, begun anywhere, is the rest of the whole one, and that is what versions and subjects, read one by
/// one, come to.
///
/// # Panics
/// When one is not.
pub fn assert_begins_anywhere(state: &dyn State, anywhere: impl IntoIterator<Item = usize> + Clone) {
    let mut all: Vec<(Subject, bool, Vec<StoredVersion>)> = Vec::new();
    state
        .subjects(&SubjectPrefix::EveryContext(String::new()), &mut |subject, summary| {
            let versions = state.versions(&subject).unwrap();
            all.push((subject, summary.live > 0, versions));
            ControlFlow::Continue(())
        })
        .unwrap();
    for text in [
        "", ":*:", ":*:1", ":*::", ":.", ":.:", ":", "1", "long", "s", ":.c:", ":.c", ":.c:2", ":.d:5", "none",
        ":.::.c",
    ] {
        let prefix = SubjectPrefix::parse(text);
        for standing in STANDINGS {
            let matching = || all.iter().filter(|(subject, _, _)| prefix.matches(subject));
            let whole: Vec<&Subject> =
                matching().filter(|(_, live, _)| standing.admits(*live)).map(|(subject, _, _)| subject).collect();
            for at in anywhere.clone() {
                let rest = some(&whole, at);
                let found = subjects(state, Subjects::Matching(&prefix), standing, Begin::Skipping(at as u64));
                assert_eq!(found.iter().collect::<Vec<_>>(), rest, "{text:?} {standing:?} from {at}");
                if let Some(last) = at.checked_sub(1).and_then(|last| whole.get(last)) {
                    let found = subjects(state, Subjects::Matching(&prefix), standing, Begin::Behind(*last));
                    assert_eq!(found.iter().collect::<Vec<_>>(), rest, "{text:?} {standing:?} behind {last}");
                }
            }
            let whole: Vec<&StoredVersion> = matching()
                .flat_map(|(_, _, versions)| versions)
                .filter(|version| standing.admits(!version.deleted))
                .collect();
            for at in anywhere.clone() {
                let rest = some(&whole, at);
                let found = versions(state, Subjects::Matching(&prefix), standing, Begin::Skipping(at as u64));
                assert!(found.iter().eq(rest.iter().copied()), "versions of {text:?} {standing:?} from {at}");
                if let Some(last) = at.checked_sub(1).and_then(|last| whole.get(last)) {
                    let begin = Begin::Behind((&last.subject, last.version));
                    let found = versions(state, Subjects::Matching(&prefix), standing, begin);
                    assert!(found.iter().eq(rest.iter().copied()), "versions of {text:?} {standing:?} behind {at}");
                }
            }
        }
    }
    for (subject, _, stored) in &all {
        for standing in STANDINGS {
            let whole: Vec<(Version, bool)> = stored
                .iter()
                .filter(|version| version.version >= 1 && standing.admits(!version.deleted))
                .map(|version| (version.version, version.deleted))
                .collect();
            for at in anywhere.clone().into_iter().take_while(|at| *at <= whole.len() + 1) {
                let rest = some(&whole, at);
                assert_eq!(numbers(state, subject, standing, Begin::Skipping(at as u64)), rest, "{subject} from {at}");
                if let Some((last, _)) = at.checked_sub(1).and_then(|last| whole.get(last)) {
                    assert_eq!(
                        numbers(state, subject, standing, Begin::Behind(*last)),
                        rest,
                        "{subject} behind {last}"
                    );
                }
            }
        }
    }
}

fn until(enough: bool) -> ControlFlow<()> {
    if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Some of what comes behind others.
fn some<T>(whole: &[T], at: usize) -> &[T] {
    let rest = &whole[at.min(whole.len())..];
    &rest[..rest.len().min(SOME)]
}

/// Some subjects of a listing from a place on, at most 40.
///
/// # Panics
/// When the state cannot be read.
pub fn subjects(state: &dyn State, of: Subjects<'_>, standing: Standing, begin: Begin<&Subject>) -> Vec<Subject> {
    let mut found = Vec::new();
    let visit = &mut |subject, _| {
        found.push(subject);
        until(found.len() == SOME)
    };
    state.subjects_from(of, standing, begin, visit).unwrap();
    found
}

/// Some versions of a listing from a place on, at most 40.
///
/// # Panics
/// When the state cannot be read.
pub fn versions(
    state: &dyn State,
    of: Subjects<'_>,
    standing: Standing,
    begin: Begin<(&Subject, Version)>,
) -> Vec<StoredVersion> {
    let mut found = Vec::new();
    let visit = &mut |version| {
        found.push(version);
        until(found.len() == SOME)
    };
    state.versions_from(of, standing, begin, visit).unwrap();
    found
}

fn numbers(state: &dyn State, subject: &Subject, standing: Standing, begin: Begin<Version>) -> Vec<(Version, bool)> {
    let mut found = Vec::new();
    let visit = &mut |version, deleted| {
        found.push((version, deleted));
        until(found.len() == SOME)
    };
    state.numbers_from(subject, standing, begin, visit).unwrap();
    found
}
