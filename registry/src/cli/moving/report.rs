//! What became of an import, for people and for programs.

use super::plan::{Collision, Kind, Step};
use super::scopes::called;
use model::Subject;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many of one kind people are shown.
const SHOWN: usize = 50;

/// Something that the destination refused, or would refuse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What was asked for: `register`, `delete`, `config`, `mode` or `import`.
    pub what: &'static str,
    /// The subject or scope, and the version where it is about one.
    pub about: (Subject, Option<i32>),
    /// The status; `None` where it was not asked, since something before it was refused.
    pub status: Option<u16>,
    /// The reason.
    pub reason: String,
    /// How many versions are not there for it.
    pub versions: usize,
}

impl Refusal {
    fn sentence(&self) -> String {
        let (scope, number) = &self.about;
        let version = number.map_or(String::new(), |number| format!(" version {number}"));
        let status = self.status.map_or(String::new(), |status| format!(" ({status})"));
        format!("{}{version}: {}{status}", called(scope), self.reason)
    }

    /// All of them, those with one reason in one sentence.
    fn sentences(all: &[Refusal]) -> Vec<String> {
        let mut alike: BTreeMap<(&str, Option<u16>, &str), Vec<&Refusal>> = BTreeMap::new();
        for refusal in all {
            alike.entry((refusal.what, refusal.status, &refusal.reason)).or_default().push(refusal);
        }
        let sentence = |some: Vec<&Refusal>| match some.split_first() {
            Some((first, rest)) if rest.len() >= 3 => {
                vec![format!("{}; and {} more for the same reason", first.sentence(), rest.len())]
            }
            _ => some.into_iter().map(Refusal::sentence).collect(),
        };
        alike.into_values().flat_map(sentence).collect()
    }
}

/// How many changes of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Versions registered.
    pub registered: usize,
    /// Versions softly deleted.
    pub deleted: usize,
    /// Configs set.
    pub configs: usize,
    /// Modes set or removed, not counting those that are set back.
    pub modes: usize,
}

impl Counts {
    /// What these steps come to.
    pub fn of(steps: &[Step]) -> Self {
        let count = |is: fn(&Step) -> bool| steps.iter().filter(|step| is(step)).count();
        Counts {
            registered: count(|step| matches!(step, Step::Register(_))),
            deleted: count(|step| matches!(step, Step::Delete(_))),
            configs: count(|step| matches!(step, Step::Config(..))),
            modes: count(|step| matches!(step, Step::Mode(..))),
        }
    }
}

/// The report of an import.
#[derive(Debug, Default)]
pub struct Report {
    /// Was nothing to be changed?
    pub dry_run: bool,
    /// Where it is from.
    pub source: String,
    /// Where it goes.
    pub destination: String,
    /// How many subjects and versions are moved.
    pub subjects: usize,
    /// The versions.
    pub versions: usize,
    /// How many versions are there already.
    pub same: usize,
    /// What was done, or would be.
    pub done: Counts,
    /// What stands in the way.
    pub collisions: Vec<Collision>,
    /// What was refused.
    pub refusals: Vec<Refusal>,
    /// Was it found out what is to be done?
    pub is_planned: bool,
    /// Modes that could not be set back.
    pub left: Vec<String>,
    /// What the source does not serve, and the like.
    pub notes: Vec<String>,
    /// Did somebody stop it?
    pub stopped: bool,
    /// Why it could not go on.
    pub failure: Option<String>,
}

impl Report {
    /// Was everything done that was to be?
    pub fn is_whole(&self) -> bool {
        self.collisions.is_empty() && self.refusals.is_empty() && self.left.is_empty()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        listed(&mut lines, "note", self.notes.iter().cloned());
        listed(&mut lines, "collision", self.collisions.iter().map(|collision| collision.message.clone()));
        let refused = if self.dry_run { "would be refused" } else { "refused" };
        listed(&mut lines, refused, Refusal::sentences(&self.refusals).into_iter());
        listed(&mut lines, "left", self.left.iter().cloned());
        if self.is_planned {
            lines.push(self.summary());
        } else if self.stopped {
            lines.push("stopped before anything was changed".to_owned());
        }
        joined(&lines)
    }

    fn summary(&self) -> String {
        let Counts { registered, deleted, configs, modes } = self.done;
        let (would, set) = if self.dry_run { ("would be ", "would be set") } else { ("", "set") };
        let mut parts = vec![format!("{} {would}registered", several(registered, "version"))];
        let mut part = |count: usize, text: String| parts.extend((count > 0).then_some(text));
        part(deleted, format!("{deleted} {would}soft-deleted"));
        part(self.same, format!("{} there already", self.same));
        part(configs, format!("{} {set}", several(configs, "config")));
        part(modes, format!("{} {set}", several(modes, "mode")));
        part(self.collisions.len(), several(self.collisions.len(), "collision"));
        part(self.refusals.len(), format!("{} refused", self.refusals.len()));
        part(self.left.len(), format!("{} not set back", several(self.left.len(), "mode")));
        let what = format!("{} of {}", several(self.versions, "version"), several(self.subjects, "subject"));
        let end = match (self.stopped, &self.failure) {
            (true, _) => "; stopped before the end: run it again to go on",
            (_, Some(_)) => "; broken off before the end: run it again to go on",
            _ => "",
        };
        format!("{what} in {}: {}{end}", self.source, parts.join(", "))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let about = |subject: &Subject, number: Option<i32>| json!({ "subject": subject.as_str(), "version": number });
        let collision = |found: &Collision| {
            let mut item = json!({ "kind": found.kind.as_str() });
            if let Some((subject, number)) = &found.about {
                merge(&mut item, about(subject, *number));
            }
            merge(&mut item, json!({ "id": found.id, "message": found.message }));
            item
        };
        let refusal = |refused: &Refusal| {
            let mut item = json!({ "what": refused.what });
            merge(&mut item, about(&refused.about.0, refused.about.1));
            merge(
                &mut item,
                json!({ "status": refused.status, "message": refused.reason, "versions": (refused.versions > 0).then_some(refused.versions) }),
            );
            item
        };
        json!({
            "dryRun": self.dry_run,
            "complete": self.is_planned && self.is_whole() && !self.stopped && self.failure.is_none(),
            "source": self.source,
            "destination": self.destination,
            "subjects": self.subjects,
            "versions": self.versions,
            "registered": self.done.registered,
            "same": self.same,
            "softDeleted": self.done.deleted,
            "configs": self.done.configs,
            "modes": self.done.modes,
            "collisions": self.collisions.iter().map(collision).collect::<Vec<_>>(),
            "refusals": self.refusals.iter().map(refusal).collect::<Vec<_>>(),
            "modesNotSetBack": self.left,
            "notes": self.notes,
            "stopped": self.stopped,
            "failure": self.failure,
        })
    }
}

/// Versions that a registry has and does not show, as collisions.
pub fn unreadable(sentences: Vec<String>) -> impl Iterator<Item = Collision> {
    sentences.into_iter().map(|message| Collision { kind: Kind::Unreadable, about: None, id: None, message })
}

/// Sentences of one kind, as lines; of very many the first ones.
pub fn listed(lines: &mut Vec<String>, word: &str, mut sentences: impl ExactSizeIterator<Item = String>) {
    let all = sentences.len();
    lines.extend(
        sentences.by_ref().take(SHOWN).map(|sentence| format!("{word}: {}", crate::printable::printable(&sentence))),
    );
    if all > SHOWN {
        lines.push(format!("{word}: and {} more, all of them with --format json", all - SHOWN));
    }
}

/// Lines as a text.
pub fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A number of things.
pub fn several(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let about = |subject: &str, number| Some((Subject::parse(subject), number));
        Report {
            source: "http://a".into(),
            destination: "http://b".into(),
            subjects: 2,
            versions: 5,
            same: 1,
            done: Counts { registered: 1, deleted: 1, configs: 0, modes: 1 },
            collisions: vec![Collision {
                kind: Kind::Id,
                about: about("s", Some(1)),
                id: Some(7),
                message: "s\n: no".into(),
            }],
            refusals: vec![Refusal {
                what: "mode",
                about: (Subject::parse(":.c:"), None),
                status: Some(403),
                reason: "not yours".into(),
                versions: 3,
            }],
            notes: vec!["n".into()],
            is_planned: true,
            ..Report::default()
        }
    }

    #[test]
    fn people_read_what_stands_in_the_way_and_then_what_it_comes_to() {
        let text = report().text();
        assert_eq!(
            text,
            "note: n\ncollision: s\\n: no\nrefused: context .c: not yours (403)\n5 versions of 2 subjects in http://a: 1 version \
             registered, 1 soft-deleted, 1 there already, 1 mode set, 1 collision, 1 refused\n"
        );
        let dry =
            Report { dry_run: true, source: "http://a".into(), stopped: true, is_planned: true, ..Report::default() }
                .text();
        assert_eq!(
            dry,
            "0 versions of 0 subjects in http://a: 0 versions would be registered; stopped before the end: run it again to go on\n"
        );
        let many = Report { notes: vec!["n".into(); 53], ..Report::default() }.text();
        assert!(many.contains("note: n\nnote: and 3 more, all of them with --format json\n"), "{many}");
    }

    #[test]
    fn many_refusals_for_one_reason_are_one_sentence() {
        let refused = |count: usize| -> Vec<String> {
            let refusal = |number| Refusal {
                what: "mode",
                about: (Subject::parse(&format!("s{number}")), None),
                status: Some(403),
                reason: "not yours".into(),
                versions: 2,
            };
            Refusal::sentences(&(0..count).map(refusal).collect::<Vec<_>>())
        };
        assert_eq!(refused(2), ["s0: not yours (403)", "s1: not yours (403)"]);
        assert_eq!(refused(100), ["s0: not yours (403); and 99 more for the same reason"]);
    }

    #[test]
    fn programs_read_the_same() {
        let shown = report().json();
        assert_eq!(
            shown["collisions"],
            json!([{ "kind": "id", "subject": "s", "version": 1, "id": 7, "message": "s\n: no" }])
        );
        assert_eq!(
            shown["refusals"],
            json!([{ "what": "mode", "subject": ":.c:", "status": 403, "message": "not yours", "versions": 3 }])
        );
        assert_eq!((&shown["complete"], &shown["registered"], &shown["modes"]), (&json!(false), &json!(1), &json!(1)));
        assert_eq!(Report { is_planned: true, ..Report::default() }.json()["complete"], true);
        assert_eq!(Report::default().json()["complete"], false);
        assert!(!Report { left: vec!["x".into()], ..Report::default() }.is_whole());
    }
}
