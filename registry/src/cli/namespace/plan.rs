//! What has to change so that the registry is as the files say: a pure comparison.

use super::files::{Offers, Wanted};
use crate::http::wire::namespace::tag;
use model::Namespace;
use std::collections::BTreeMap;
use std::fmt::Display;

/// A namespace that differs from its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// As it is to be.
    pub namespace: Namespace,
    /// The tag of the namespace as it is; `None` where there is none yet.
    tag: Option<String>,
    /// The differences.
    pub changes: Vec<Change>,
}

/// One difference: something that is added (`from` is missing), taken away (`to` is missing), or becomes something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The part of the namespace: `claim`, `member`, `offer`, `label`, `contact`, `visibility`, `referrers`.
    pub what: &'static str,
    /// Which one of them, where a part holds pairs: the principal of a member, the key of a label.
    pub key: Option<String>,
    /// What it is.
    pub from: Option<String>,
    /// What it is to be.
    pub to: Option<String>,
}

impl Change {
    /// Could it hand subjects over?
    pub fn moves_subjects(&self) -> bool {
        self.what == CLAIM
    }
}

const CLAIM: &str = "claim";

impl Step {
    /// Is the namespace new?
    pub fn is_new(&self) -> bool {
        self.tag.is_none()
    }

    /// Could it hand subjects over?
    pub fn moves_subjects(&self) -> bool {
        self.changes.iter().any(Change::moves_subjects)
    }

    /// The header that makes a change fail if the namespace is no longer what was compared.
    pub fn condition(&self) -> (&'static str, &str) {
        match &self.tag {
            Some(tag) => ("If-Match", tag),
            None => ("If-None-Match", "*"),
        }
    }
}

/// The steps, those that give claims up first, so that others can take them.
pub fn steps(wanted: Vec<Wanted>, present: &[Namespace]) -> Vec<Step> {
    let mut steps: Vec<Step> = wanted
        .into_iter()
        .filter_map(|wanted| {
            let mut namespace = wanted.namespace;
            let found = present.iter().find(|known| known.name == namespace.name);
            if let (Some(found), Offers::Unsaid) = (found, wanted.offers) {
                namespace.offers = found.offers.clone();
            }
            let empty = Namespace::new(namespace.name.clone());
            let changes = differences(found.unwrap_or(&empty), &namespace);
            let differs = found.is_none() || !changes.is_empty();
            differs.then(|| Step { namespace, tag: found.map(tag), changes })
        })
        .collect();
    let gives = |step: &Step| step.changes.iter().any(|change| change.moves_subjects() && change.to.is_none());
    steps.sort_by_key(|step| !gives(step));
    steps
}

fn differences(from: &Namespace, to: &Namespace) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(from.claims.difference(&to.claims).map(|claim| change(CLAIM, Some(claim), None)));
    changes.extend(to.claims.difference(&from.claims).map(|claim| change(CLAIM, None, Some(claim))));
    changes.extend(pairs("member", &from.members, &to.members));
    changes.extend(pairs("offer", &from.offers, &to.offers));
    changes.extend(pairs("label", &from.labels, &to.labels));
    if from.contact != to.contact {
        changes.push(change("contact", from.contact.as_ref(), to.contact.as_ref()));
    }
    if from.visibility != to.visibility {
        changes.push(change("visibility", Some(&from.visibility), Some(&to.visibility)));
    }
    if from.referrers != to.referrers {
        changes.push(change("referrers", Some(&from.referrers), Some(&to.referrers)));
    }
    changes
}

fn change<T: Display>(what: &'static str, from: Option<&T>, to: Option<&T>) -> Change {
    Change { what, key: None, from: from.map(T::to_string), to: to.map(T::to_string) }
}

fn pairs<K: Ord + Display, V: PartialEq + Display>(
    what: &'static str,
    from: &BTreeMap<K, V>,
    to: &BTreeMap<K, V>,
) -> Vec<Change> {
    let of =
        |key: &K, from: Option<&V>, to: Option<&V>| Change { key: Some(key.to_string()), ..change(what, from, to) };
    let gone = from.iter().filter(|(key, _)| !to.contains_key(*key)).map(|(key, value)| of(key, Some(value), None));
    let other = to.iter().filter(|(key, value)| from.get(key) != Some(*value));
    gone.chain(other.map(|(key, value)| of(key, from.get(key), Some(value)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::namespace::files::parse;
    use crate::cli::namespace::report::{heading, line};

    fn shown(files: &str, present: &str) -> Vec<String> {
        let present: Vec<Namespace> = parse(present).unwrap().into_iter().map(|wanted| wanted.namespace).collect();
        let text = |step: Step| {
            let changes: Vec<String> = step.changes.iter().map(line).collect();
            format!("{}: {}", heading(&step), changes.join(", "))
        };
        steps(parse(files).unwrap(), &present).into_iter().map(text).collect()
    }

    #[test]
    fn only_what_differs_changes_and_what_has_no_file_stays() {
        let a = "name: a\nclaims: [a]\nmembers: {user:basic/x: owner}\n";
        assert_eq!(shown(a, a), [""; 0]);
        assert_eq!(shown(a, "name: b\n"), ["+ a: + claim a, + member user:basic/x: owner"]);
        let changed = "name: a\nclaims: [c]\nmembers: {user:basic/x: writer}\ncontact: y\n";
        assert_eq!(
            shown(changed, a),
            ["~ a: - claim a, + claim c, ~ member user:basic/x: owner -> writer, + contact y"]
        );
        assert_eq!(shown("name: n", ""), ["+ n: "]);
    }

    #[test]
    fn offers_stay_unless_the_file_names_them() {
        let offering = "name: a\nclaims: [a]\noffers: {a.b: b}\n";
        assert_eq!(shown("name: a\nclaims: [a]\n", offering), [""; 0]);
        assert_eq!(shown("name: a\nclaims: [a]\noffers: {}\n", offering), ["~ a: - offer a.b: b"]);
    }

    #[test]
    fn a_claim_is_given_up_before_it_is_taken() {
        let files = "name: a\nclaims: [x]\n---\nname: b\n";
        assert_eq!(shown(files, "name: a\n---\nname: b\nclaims: [x]\n"), ["~ b: - claim x", "~ a: + claim x"]);
    }
}
