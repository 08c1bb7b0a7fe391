//! What has to be done at the destination so that it holds what the source holds, and what stands in the way. A function of both.
//!
//! Nothing that the destination holds is overwritten: an id and a version keep their content, and a config or mode is replaced
//! only where that is asked for.

use super::inventory::{Entry, Inventory, Key};
use super::order::order;
use super::same::{Side, same};
use super::scopes::{body, called, is_initial_config, is_left_over, is_replaceable, mode_in_force, same_config};
use model::{Context, SchemaId, Subject};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// A change of the destination.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Registers a version with its id. It is not there, or soft-deleted.
    Register(Key),
    /// Deletes a version softly.
    Delete(Key),
    /// Sets the config of a scope with this body of a PUT.
    Config(Subject, Value),
    /// Sets the mode of a scope, or removes it.
    Mode(Subject, Option<String>),
}

/// What a collision is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The id is held by other content.
    Id,
    /// The version is there with another id or content.
    Version,
    /// What the version refers to is not there and is not brought.
    Reference,
    /// The subject is an alias there.
    Alias,
    /// Nothing may be written to it there.
    ReadOnly,
    /// The config is another one.
    Config,
    /// The mode is another one.
    Mode,
    /// The source has the version and does not show it.
    Unreadable,
}

impl Kind {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Id => "id",
            Kind::Version => "version",
            Kind::Reference => "reference",
            Kind::Alias => "alias",
            Kind::ReadOnly => "read-only",
            Kind::Config => "config",
            Kind::Mode => "mode",
            Kind::Unreadable => "unreadable",
        }
    }
}

/// Something that is not brought, since something else stands in the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collision {
    /// What it is about.
    pub kind: Kind,
    /// The subject or scope, and the version where it is about one.
    pub about: Option<(Subject, Option<i32>)>,
    /// The id of the version.
    pub id: Option<SchemaId>,
    /// The whole sentence.
    pub message: String,
}

/// What is to be done.
#[derive(Default, Debug)]
pub struct Plan {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// How many versions are there already.
    pub same: usize,
    /// What is left undone.
    pub collisions: Vec<Collision>,
    /// What should be said.
    pub notes: Vec<String>,
}

/// Replace configs and modes of the destination that differ?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overwrite {
    /// No: that is a collision.
    No,
    /// Yes.
    Yes,
}

/// Decides. Of the destination the contexts of everything that the source holds and refers to have to be known, and what the
/// scopes of the source have of their own there.
pub fn plan(source: &Inventory, destination: &Inventory, overwrite: Overwrite) -> Plan {
    let (holders, blocked) = (holders(destination), BTreeSet::new());
    let mut planner = Planner { source, destination, plan: Plan::default(), holders, moved: BTreeSet::new(), blocked };
    let (ordered, circular) = order(&source.versions);
    let mut deletions = Vec::new();
    for key in ordered {
        let entry = &source.versions[key];
        match destination.versions.get(key) {
            Some(there) => planner.compare(key, entry, there, &mut deletions),
            None => planner.bring(key, entry, &mut deletions),
        }
    }
    for key in circular {
        planner.collide(Kind::Reference, key, "it refers to itself, through others or not");
    }
    // Whatever refers to a version is deleted before it.
    planner.plan.steps.extend(deletions.into_iter().rev());
    planner.settings(overwrite);
    planner.plan
}

/// Some version that holds an id. All of them have the same content.
type Holders<'a> = HashMap<(Context, SchemaId), (&'a Key, Side<'a>)>;

fn holders(inventory: &Inventory) -> Holders<'_> {
    let mut holders = HashMap::new();
    for (key, entry) in &inventory.versions {
        let id = (key.0.context().clone(), entry.id);
        holders.entry(id).or_insert((key, Side { inventory, subject: &key.0, entry }));
    }
    holders
}

struct Planner<'a> {
    source: &'a Inventory,
    destination: &'a Inventory,
    plan: Plan,
    holders: Holders<'a>,
    /// The versions that are there, or will be.
    moved: BTreeSet<&'a Key>,
    /// The subjects of which it has been said that nothing can be written to them.
    blocked: BTreeSet<&'a Subject>,
}

impl<'a> Planner<'a> {
    fn collide(&mut self, kind: Kind, (subject, number): &Key, why: &str) {
        let id = self.source.versions.get(&(subject.clone(), *number)).map(|entry| entry.id);
        let message = format!("{subject} version {number}: {why}");
        self.plan.collisions.push(Collision { kind, about: Some((subject.clone(), Some(*number))), id, message });
    }

    /// Can nothing be written to the scope? Of each that is said once.
    fn is_blocked(&mut self, scope: &'a Subject) -> bool {
        let mode = mode_in_force(self.destination, scope);
        let (kind, why) = if let Some(alias) = self.destination.alias(scope) {
            // What is written to it would go to that one.
            (Kind::Alias, format!("it is an alias of {alias} there, and its own versions cannot be written"))
        } else if mode.starts_with("READONLY") {
            (
                Kind::ReadOnly,
                format!("its mode is {mode} there, and nothing is written to it; set READWRITE or IMPORT first"),
            )
        } else {
            return false;
        };
        if self.blocked.insert(scope) {
            let message = format!("{}: {why}", called(scope));
            self.plan.collisions.push(Collision { kind, about: Some((scope.clone(), None)), id: None, message });
        }
        true
    }

    /// A version that is there.
    fn compare(&mut self, key: &'a Key, entry: &'a Entry, there: &'a Entry, deletions: &mut Vec<Step>) {
        let here = Side { inventory: self.source, subject: &key.0, entry };
        if !same(here, Side { inventory: self.destination, subject: &key.0, entry: there }) {
            let why = format!("it is there with other content, under id {} ({} here)", there.id, entry.id);
            return self.collide(Kind::Version, key, &why);
        }
        if there.id != entry.id {
            return self.collide(Kind::Version, key, &format!("it is there under id {} ({} here)", there.id, entry.id));
        }
        self.moved.insert(key);
        if there.deleted == entry.deleted {
            self.plan.same += 1;
        } else if self.is_blocked(&key.0) {
            // It is said.
        } else if entry.deleted {
            self.plan.same += 1;
            deletions.push(Step::Delete(key.clone()));
        } else {
            self.plan.steps.push(Step::Register(key.clone()));
        }
    }

    /// A version that is not there.
    fn bring(&mut self, key: &'a Key, entry: &'a Entry, deletions: &mut Vec<Step>) {
        if self.is_blocked(&key.0) {
            return;
        }
        if let Some(why) = self.missing(key, entry) {
            return self.collide(Kind::Reference, key, &why);
        }
        let here = Side { inventory: self.source, subject: &key.0, entry };
        match self.holders.get(&(key.0.context().clone(), entry.id)) {
            Some(((holder, number), other)) if !same(here, *other) => {
                let of_source = std::ptr::eq(other.inventory, self.source);
                let place = if of_source { "in the source itself" } else { "there" };
                let why =
                    format!("id {} is held {place} by other content, that of {holder} version {number}", entry.id);
                return self.collide(Kind::Id, key, &why);
            }
            Some(_) => {}
            None => {
                self.holders.insert((key.0.context().clone(), entry.id), (key, here));
            }
        }
        self.moved.insert(key);
        self.plan.steps.push(Step::Register(key.clone()));
        if entry.deleted {
            deletions.push(Step::Delete(key.clone()));
        }
    }

    /// What the version refers to and will not find.
    fn missing(&self, key: &Key, entry: &Entry) -> Option<String> {
        entry.references.iter().find_map(|reference| {
            let target = (key.0.sibling(&reference.subject), reference.version);
            let (subject, number) = &target;
            if self.source.versions.contains_key(&target) {
                let why = format!("it refers to {subject} version {number}, which is not brought itself");
                (!self.moved.contains(&target)).then_some(why)
            } else {
                let why =
                    format!("it refers to {subject} version {number}, which is neither there nor in what is moved");
                (!self.destination.versions.contains_key(&target)).then_some(why)
            }
        })
    }

    fn settings(&mut self, overwrite: Overwrite) {
        let (mut configs, mut modes) = (Vec::new(), Vec::new());
        for (scope, own) in &self.source.settings {
            let there = self.destination.own(scope);
            if let Some(config) = &own.config {
                match &there.config {
                    Some(other) if same_config(other, config) => {}
                    Some(other) if overwrite == Overwrite::No && !is_initial_config(scope, other) => {
                        self.differ(Kind::Config, scope, &Value::from(other.clone()), &Value::from(config.clone()));
                    }
                    _ if self.is_blocked(scope) => {}
                    other => configs.push(Step::Config(scope.clone(), body(config, other.as_ref()))),
                }
            }
            if let Some(mode) = &own.mode {
                match &there.mode {
                    Some(other) if other == mode => {}
                    Some(other) if overwrite == Overwrite::No && !is_replaceable(scope, other) => {
                        self.differ(Kind::Mode, scope, &other.as_str().into(), &mode.as_str().into());
                    }
                    _ => modes.push(Step::Mode(scope.clone(), Some(mode.clone()))),
                }
            }
        }
        for subject in self.source.subjects() {
            let there = self.destination.own(subject).mode;
            if self.source.own(subject).mode.is_none() && there.is_some_and(|mode| is_left_over(subject, &mode)) {
                let why = "its mode is IMPORT there, as an import that was killed leaves it; it is removed";
                self.plan.notes.push(format!("{subject}: {why}"));
                modes.push(Step::Mode(subject.clone(), None));
            }
        }
        // Modes change what may still be written.
        self.plan.steps.extend(configs.into_iter().chain(modes));
    }

    fn differ(&mut self, kind: Kind, scope: &Subject, there: &Value, here: &Value) {
        let message = format!("{}: its {} is {there} there, and {here} here", called(scope), kind.as_str());
        self.plan.collisions.push(Collision { kind, about: Some((scope.clone(), None)), id: None, message });
    }
}
