//! What has to change so that the registry is as the files say: a pure comparison.

use super::files::{Offers, Wanted};
use crate::http::wire::namespace::tag;
use model::Namespace;
use std::collections::BTreeMap;
use std::fmt;

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

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Something is added.
    Add(&'static str, String),
    /// Something is taken away.
    Remove(&'static str, String),
    /// Something becomes something else.
    Become(&'static str, String, String),
}

impl Change {
    /// Could it hand subjects over?
    pub fn moves_land(&self) -> bool {
        matches!(self, Change::Add("claim", _) | Change::Remove("claim", _))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Add(what, item) => write!(f, "+ {what} {item}"),
            Change::Remove(what, item) => write!(f, "- {what} {item}"),
            Change::Become(what, from, to) => write!(f, "~ {what} {from} -> {to}"),
        }
    }
}

impl Step {
    /// Is the namespace new?
    pub fn is_new(&self) -> bool {
        self.tag.is_none()
    }

    /// `+ payments` or `~ payments`.
    pub fn heading(&self) -> String {
        format!("{} {}", if self.is_new() { '+' } else { '~' }, self.namespace.name)
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
    let gives = |step: &Step| step.changes.iter().any(|change| matches!(change, Change::Remove("claim", _)));
    steps.sort_by_key(|step| !gives(step));
    steps
}

fn differences(from: &Namespace, to: &Namespace) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(from.claims.difference(&to.claims).map(|claim| Change::Remove("claim", claim.to_string())));
    changes.extend(to.claims.difference(&from.claims).map(|claim| Change::Add("claim", claim.to_string())));
    changes.extend(pairs("member", &from.members, &to.members));
    changes.extend(pairs("offer", &from.offers, &to.offers));
    changes.extend(pairs("label", &from.labels, &to.labels));
    match (&from.contact, &to.contact) {
        (Some(from), Some(to)) if from != to => changes.push(Change::Become("contact", from.clone(), to.clone())),
        (Some(from), None) => changes.push(Change::Remove("contact", from.clone())),
        (None, Some(to)) => changes.push(Change::Add("contact", to.clone())),
        _ => {}
    }
    if from.visibility != to.visibility {
        changes.push(Change::Become("visibility", from.visibility.to_string(), to.visibility.to_string()));
    }
    if from.referrers != to.referrers {
        changes.push(Change::Become("referrers", from.referrers.to_string(), to.referrers.to_string()));
    }
    changes
}

fn pairs<K: Ord + fmt::Display, V: PartialEq + fmt::Display>(
    what: &'static str,
    from: &BTreeMap<K, V>,
    to: &BTreeMap<K, V>,
) -> Vec<Change> {
    let gone = from.iter().filter(|(key, _)| !to.contains_key(*key));
    let gone = gone.map(|(key, value)| Change::Remove(what, format!("{key}: {value}")));
    let other = to.iter().filter_map(|(key, value)| match from.get(key) {
        None => Some(Change::Add(what, format!("{key}: {value}"))),
        Some(old) if old != value => Some(Change::Become(what, format!("{key}: {old}"), value.to_string())),
        Some(_) => None,
    });
    gone.chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::namespace::files::parse;

    fn shown(files: &str, present: &str) -> Vec<String> {
        let present: Vec<Namespace> = parse(present).unwrap().into_iter().map(|wanted| wanted.namespace).collect();
        let line = |step: Step| {
            let changes: Vec<String> = step.changes.iter().map(Change::to_string).collect();
            format!("{}: {}", step.heading(), changes.join(", "))
        };
        steps(parse(files).unwrap(), &present).into_iter().map(line).collect()
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
