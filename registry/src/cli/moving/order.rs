//! The order in which versions can be registered: each after those that it refers to.

use super::inventory::{Entry, Key};
use model::Subject;
use std::collections::{BTreeMap, BTreeSet};

/// All versions, each after those among them that it refers to, else by name and number; and those that refer to each other in a
/// circle, or to such.
pub fn order(versions: &BTreeMap<Key, Entry>) -> (Vec<&Key>, BTreeSet<&Key>) {
    let mut walk = Walk { versions, ordered: Vec::with_capacity(versions.len()), state: BTreeMap::new() };
    versions.keys().for_each(|key| walk.visit(key));
    let circular = walk.state.into_iter().filter(|(_, state)| *state == State::Circular).map(|(key, _)| key).collect();
    (walk.ordered, circular)
}

/// What a version refers to, as far as it is among these.
fn targets<'v>(versions: &'v BTreeMap<Key, Entry>, (subject, number): &Key) -> Vec<&'v Key> {
    let entry = versions.get(&(subject.clone(), *number));
    let references = entry.into_iter().flat_map(|entry| &entry.references);
    let key = |reference: &model::Reference| (subject.sibling(&reference.subject), reference.version);
    references.filter_map(|reference| Some(versions.get_key_value(&key(reference))?.0)).collect()
}

/// Versions by their subject.
pub type Round<'k> = BTreeMap<&'k Subject, Vec<&'k Key>>;

/// Versions in rounds: what one of them refers to is in a round before its own, and within a round nothing depends on anything.
/// They come in the order of `order`.
pub fn rounds<'k>(keys: impl IntoIterator<Item = &'k Key>, versions: &'k BTreeMap<Key, Entry>) -> Vec<Round<'k>> {
    let (mut depths, mut rounds) = (BTreeMap::new(), Vec::new());
    for key in keys {
        let before = targets(versions, key).into_iter().filter_map(|target| depths.get(target).copied());
        let depth = before.map(|depth: usize| depth + 1).max().unwrap_or_default();
        depths.insert(key, depth);
        // One more than the deepest so far, at the most.
        if rounds.len() == depth {
            rounds.push(Round::new());
        }
        rounds[depth].entry(&key.0).or_insert_with(Vec::new).push(key);
    }
    rounds
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
    Circular,
}

struct Walk<'v> {
    versions: &'v BTreeMap<Key, Entry>,
    ordered: Vec<&'v Key>,
    state: BTreeMap<&'v Key, State>,
}

impl<'v> Walk<'v> {
    /// Without recursion: a stranger says how long the way is.
    fn visit(&mut self, from: &'v Key) {
        if self.state.contains_key(from) {
            return;
        }
        self.state.insert(from, State::Open);
        let mut way = vec![(from, targets(self.versions, from).into_iter())];
        while let Some((key, open)) = way.last_mut() {
            let key = *key;
            match open.next() {
                Some(target) => match self.state.get(target) {
                    None => {
                        self.state.insert(target, State::Open);
                        way.push((target, targets(self.versions, target).into_iter()));
                    }
                    Some(State::Done) => {}
                    Some(State::Open | State::Circular) => {
                        self.state.insert(key, State::Circular);
                    }
                },
                None => {
                    way.pop();
                    if self.state.get(key) == Some(&State::Open) {
                        self.state.insert(key, State::Done);
                        self.ordered.push(key);
                    } else if let Some((referrer, _)) = way.last() {
                        self.state.insert(*referrer, State::Circular);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::moving::inventory::version;
    use serde_json::{Value, json};

    /// `a1 > b1, c2`: version 1 of a refers to version 1 of b and version 2 of c.
    #[track_caller]
    fn check(lines: &[&str], expected: &str, circular: &str) {
        let versions: BTreeMap<Key, Entry> = lines
            .iter()
            .map(|line| {
                let (key, targets) = line.split_once(" > ").unwrap_or((line, ""));
                let split =
                    |text: &str| (text[..text.len() - 1].to_owned(), text[text.len() - 1..].parse::<i32>().unwrap());
                let (subject, number) = split(key);
                let references: Vec<Value> = targets
                    .split(", ")
                    .filter(|text| !text.is_empty())
                    .map(|target| {
                        let (subject, version) = split(target);
                        json!({ "name": target, "subject": subject, "version": version })
                    })
                    .collect();
                let answer =
                    json!({ "subject": subject, "version": number, "id": 1, "schema": "", "references": references });
                version(&answer).map(|(key, entry, _)| (key, entry)).unwrap()
            })
            .collect();
        let (ordered, round) = order(&versions);
        // In rounds the same come, each behind what it refers to.
        let (mut behind, mut count) = (BTreeSet::new(), 0);
        for round in rounds(ordered.iter().copied(), &versions) {
            let of_round: Vec<&Key> = round.into_values().flatten().collect();
            for key in &of_round {
                assert!(targets(&versions, key).iter().all(|target| behind.contains(target)), "{key:?}");
            }
            count += of_round.len();
            behind.extend(of_round);
        }
        assert_eq!(count, ordered.len());
        let text = |keys: Vec<&Key>| keys.iter().map(|(s, n)| format!("{s}{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!((text(ordered).as_str(), text(round.into_iter().collect()).as_str()), (expected, circular));
    }

    #[test]
    fn what_is_referred_to_comes_first() {
        check(&["a1", "a2", "b1"], "a1 a2 b1", "");
        check(&["a1 > b2", "b1 > c1", "b2 > b1", "c1"], "c1 b1 b2 a1", "");
        // One that is not among them, one twice, one version of the subject itself.
        check(&["a1 > x1", "a2 > a1, b1, b1", "b1"], "a1 b1 a2", "");
        // A reference without a context is of the referrer's.
        check(&[":.c:a1 > b1", ":.c:b1", "b1 > :.c:a1"], ":.c:b1 :.c:a1 b1", "");
    }

    #[test]
    fn circles_and_what_needs_them_are_left_out() {
        check(&["a1 > b1", "b1 > a1", "c1 > a1", "d1"], "d1", "a1 b1 c1");
        check(&["a1 > a1"], "", "a1");
        check(&["a1 > b1", "b1 > c1", "c1 > b1", "e1 > d1", "d1"], "d1 e1", "a1 b1 c1");
    }

    #[test]
    fn a_long_way_is_no_deep_one() {
        let versions: BTreeMap<Key, Entry> = (1..100_000)
            .map(|number| {
                let next = json!([{ "name": "n", "subject": "s", "version": number + 1 }]);
                let answer = json!({ "subject": "s", "version": number, "id": 1, "schema": "", "references": next });
                version(&answer).map(|(key, entry, _)| (key, entry)).unwrap()
            })
            .collect();
        assert_eq!(order(&versions).0.first().unwrap().1, 99_999);
    }
}
