//! A plan and what became of it, for people and for programs.

use super::plan::{Change, Step};
use super::yaml;
use serde_json::{Value, json};

/// What was found out about the files, and done.
#[derive(Debug, Default)]
pub struct Report {
    /// The namespaces that differ from their files.
    pub items: Vec<Item>,
    /// How many are as their files say.
    pub same: usize,
}

/// A namespace that differs from its file.
#[derive(Debug)]
pub struct Item {
    /// What has to change.
    pub step: Step,
    /// Whether that can be done.
    pub standing: Standing,
    /// What became of it; `None` where nothing was tried.
    pub outcome: Option<Result<(), String>>,
}

/// May whoever asks take a step?
#[derive(Debug)]
pub enum Standing {
    /// Yes.
    Permitted {
        /// Subjects that change hands with it, the first of them.
        handovers: Vec<String>,
        /// How many they are.
        count: u64,
        /// Why the registry would refuse it as things stand, before the other steps are taken.
        obstacle: Option<String>,
    },
    /// No, for this reason.
    Refused(String),
}

impl Standing {
    /// Nothing is in the way, and nothing changes hands.
    pub fn permitted() -> Self {
        Standing::Permitted { handovers: Vec::new(), count: 0, obstacle: None }
    }
}

impl Report {
    /// For people: each namespace with its changes, then what it comes to.
    pub fn text(&self) -> String {
        let items: String = self.items.iter().map(Item::text).collect();
        format!("{items}{}\n", self.summary())
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "namespaces": self.items.iter().map(Item::json).collect::<Vec<_>>(),
            "summary": {
                "same": self.same,
                "create": self.permitted(Step::is_new),
                "change": self.permitted(|step| !step.is_new()),
                "refused": self.refused().count(),
            },
        })
    }

    /// How many of the steps that may be taken are like this.
    fn permitted(&self, like: impl Fn(&Step) -> bool) -> usize {
        self.items.iter().filter(|item| item.is_permitted() && like(&item.step)).count()
    }

    fn refused(&self) -> impl Iterator<Item = (&Item, &str)> {
        self.items.iter().filter_map(|item| match &item.standing {
            Standing::Refused(reason) => Some((item, reason.as_str())),
            Standing::Permitted { .. } => None,
        })
    }

    fn summary(&self) -> String {
        let count = |state: State| self.items.iter().filter(|item| item.state() == state).count();
        let parts = [
            (count(State::Planned { new: true }), "to create"),
            (count(State::Planned { new: false }), "to change"),
            (count(State::Done { new: true }), "created"),
            (count(State::Done { new: false }), "changed"),
            (count(State::Failed), "failed"),
            (count(State::Refused), "not yours to change"),
            (self.same, if self.same == 1 { "as its file says" } else { "as their files say" }),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let files = if parts.is_empty() { "the files name no namespace".to_owned() } else { parts.join(", ") };
        if self.items.is_empty() { format!("nothing to change: {files}") } else { format!("namespaces: {files}") }
    }

    /// What kept the registry from becoming as the files say; a line for each namespace.
    pub fn failures(&self) -> Vec<String> {
        let refused = self.refused().map(|(item, reason)| {
            format!("{} differs from its file and is not yours to change: {reason}", item.step.namespace.name)
        });
        let failed = self.items.iter().filter_map(|item| match &item.outcome {
            Some(Err(reason)) => Some(format!("{}: {reason}", item.step.namespace.name)),
            _ => None,
        });
        refused.chain(failed).collect()
    }
}

/// How far a namespace has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Planned { new: bool },
    Done { new: bool },
    Failed,
    Refused,
}

impl Item {
    fn state(&self) -> State {
        let new = self.step.is_new();
        match (&self.standing, &self.outcome) {
            (Standing::Refused(_), _) => State::Refused,
            (_, None) => State::Planned { new },
            (_, Some(Ok(()))) => State::Done { new },
            (_, Some(Err(_))) => State::Failed,
        }
    }

    /// May the step be taken?
    pub fn is_permitted(&self) -> bool {
        matches!(self.standing, Standing::Permitted { .. })
    }

    fn text(&self) -> String {
        let mut lines = vec![heading(&self.step)];
        lines.extend(self.step.changes.iter().map(|change| format!("    {}", line(change))));
        match &self.standing {
            Standing::Refused(reason) => lines.push(format!("    ! not yours to change: {reason}")),
            Standing::Permitted { handovers, count, obstacle } => {
                lines.extend(handovers.iter().map(|subject| format!("    ! {} changes hands", value(subject))));
                let more = count.saturating_sub(handovers.len() as u64);
                lines.extend((more > 0).then(|| format!("    ! and {more} more change hands")));
                lines.extend(obstacle.iter().map(|reason| format!("    ! as things stand it is refused: {reason}")));
            }
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> Value {
        let mut item = json!({
            "name": self.step.namespace.name.as_str(),
            "action": if self.step.is_new() { "create" } else { "change" },
            "permitted": self.is_permitted(),
            "changes": self.step.changes.iter().map(|change| json!({
                "what": change.what, "key": change.key, "from": change.from, "to": change.to,
            })).collect::<Vec<_>>(),
        });
        match &self.standing {
            Standing::Refused(reason) => item["reason"] = reason.as_str().into(),
            Standing::Permitted { handovers, count, obstacle } => {
                item["handovers"] = handovers.as_slice().into();
                item["handoverCount"] = (*count).into();
                if let Some(reason) = obstacle {
                    item["reason"] = reason.as_str().into();
                }
            }
        }
        match &self.outcome {
            None => {}
            Some(Ok(())) => item["applied"] = true.into(),
            Some(Err(reason)) => {
                item["applied"] = false.into();
                item["reason"] = reason.as_str().into();
            }
        }
        item
    }
}

/// `+ payments` or `~ payments`.
pub fn heading(step: &Step) -> String {
    format!("{} {}", if step.is_new() { '+' } else { '~' }, step.namespace.name)
}

/// `+ claim payments`, `- label tier: 1`, `~ member user:basic/alice: owner -> writer`.
pub fn line(change: &Change) -> String {
    let key = change.key.as_deref().map(|key| format!("{}: ", value(key))).unwrap_or_default();
    let what = change.what;
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("~ {what} {key}{} -> {}", value(from), value(to)),
        (Some(from), None) => format!("- {what} {key}{}", value(from)),
        (None, to) => format!("+ {what} {key}{}", value(to.as_deref().unwrap_or_default())),
    }
}

/// A text as it is where that can be mistaken for nothing else, else in quotes: on a terminal, a line break in a label must not
/// look like a line of the plan.
fn value(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && c != '"' && c != '\\');
    let edges = text.chars().next().is_some_and(plain) && text.chars().next_back().is_some_and(plain);
    if edges && text.chars().all(|c| plain(c) || c == ' ') && !text.contains(" -> ") {
        text.to_owned()
    } else {
        yaml::in_quotes(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::namespace::files::parse;
    use crate::cli::namespace::plan::steps;

    fn permitted(handovers: &[&str]) -> Standing {
        let (handovers, count) = (handovers.iter().map(|s| (*s).to_owned()).collect(), handovers.len() as u64);
        Standing::Permitted { handovers, count, obstacle: None }
    }

    fn report(standing: Standing) -> Report {
        let present = parse("name: a\nclaims: [x]\ncontact: '#a'\n").unwrap().remove(0).namespace;
        let wanted = parse("name: a\ncontact: \"b\\n+ c\"\nlabels: {n: ' no'}\n").unwrap();
        let step = steps(wanted, &[present]).remove(0);
        Report { items: vec![Item { step, standing, outcome: None }], same: 1 }
    }

    #[test]
    fn a_plan_shows_from_and_to_and_what_it_comes_to() {
        let lines = "~ a\n    - claim x\n    + label n: \" no\"\n    ~ contact #a -> \"b\\n+ c\"\n";
        let text = report(permitted(&["x-value"])).text();
        assert_eq!(text, format!("{lines}    ! x-value changes hands\nnamespaces: 1 to change, 1 as its file says\n"));
        let many = Standing::Permitted { handovers: vec!["x-value".into()], count: 1_003, obstacle: None };
        let text = report(many).text();
        assert!(text.contains("    ! x-value changes hands\n    ! and 1002 more change hands\n"), "{text}");
        let text = report(Standing::Refused("no".into())).text();
        assert_eq!(
            text,
            format!("{lines}    ! not yours to change: no\nnamespaces: 1 not yours to change, 1 as its file says\n")
        );
        assert_eq!(Report { items: vec![], same: 2 }.text(), "nothing to change: 2 as their files say\n");
        assert_eq!(Report::default().text(), "nothing to change: the files name no namespace\n");
    }

    #[test]
    fn what_cannot_be_changed_is_a_failure() {
        assert_eq!(report(permitted(&[])).failures(), [""; 0]);
        let refused = report(Standing::Refused("no".into())).failures();
        assert_eq!(refused, ["a differs from its file and is not yours to change: no"]);
        let mut failed = report(permitted(&[]));
        failed.items[0].outcome = Some(Err("gone".into()));
        assert_eq!(failed.failures(), ["a: gone"]);
        assert!(failed.text().ends_with("namespaces: 1 failed, 1 as its file says\n"), "{}", failed.text());
        failed.items[0].outcome = Some(Ok(()));
        assert!(failed.text().ends_with("namespaces: 1 changed, 1 as its file says\n"), "{}", failed.text());
    }

    #[test]
    fn a_program_reads_the_same() {
        let shown = report(permitted(&["x-value"])).json();
        assert_eq!(
            shown,
            json!({
                "namespaces": [{
                    "name": "a",
                    "action": "change",
                    "permitted": true,
                    "changes": [
                        { "what": "claim", "key": null, "from": "x", "to": null },
                        { "what": "label", "key": "n", "from": null, "to": " no" },
                        { "what": "contact", "key": null, "from": "#a", "to": "b\n+ c" },
                    ],
                    "handovers": ["x-value"],
                    "handoverCount": 1,
                }],
                "summary": { "same": 1, "create": 0, "change": 1, "refused": 0 },
            })
        );
    }
}
