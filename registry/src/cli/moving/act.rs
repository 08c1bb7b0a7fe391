//! Carrying out a plan. What one subject is refused does not keep the others from being moved, but for those that refer to it.

use super::inventory::{Entry, Inventory, Key};
use super::modes::{self, while_open};
use super::order::rounds;
use super::plan::{Plan, Step};
use super::progress::{Progress, Stage};
use super::registry::{Halt, Registry, each, path_of, settings_path};
use super::report::{Refusal, Report};
use crate::cli::client::{Reply, segment};
use model::Subject;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Carries it out, as far as it goes; what became of it is in the report. With `force`, ids far beyond the highest of a context are
/// asked for as well.
///
/// # Errors
/// Why it ended before its end.
pub fn carry_out(
    plan: &Plan,
    source: &Inventory,
    destination: &Inventory,
    registry: &Registry,
    force: bool,
    progress: Progress,
    report: &mut Report,
) -> Result<(), Halt> {
    let (report, failed) = (Mutex::new(report), Mutex::new(BTreeSet::new()));
    Acting { source, destination, registry, force, progress, report, failed }.all(&plan.steps)
}

/// What the destination would refuse, as far as it can be asked: whether whoever asks may import into each subject.
///
/// # Errors
/// The registry cannot be asked.
pub fn foreseen(plan: &Plan, registry: &Registry, progress: Progress) -> Result<Vec<Refusal>, Halt> {
    let subjects: BTreeSet<&Subject> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Register((subject, _)) => Some(subject),
            _ => None,
        })
        .collect();
    let subjects: Vec<&Subject> = subjects.into_iter().collect();
    let stage = progress.stage(&format!("asking {} what may be written", registry.url), Some(subjects.len()));
    let answers = each(&subjects, |subject| {
        stage.add(1);
        // Which namespace is named makes no difference where a subject is.
        let path = format!("/namespaces/freehold/can-i?action=import&subject={}", segment(subject.as_str()));
        let reply = registry.ask("GET", &path, None)?;
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let refused = reply.status == 200 && answer["allowed"] == false;
        let reason = answer["reason"].as_str().unwrap_or("the registry gives no reason").to_owned();
        Ok(refused.then(|| Refusal {
            what: "import",
            about: ((*subject).clone(), None),
            status: None,
            reason,
            versions: 0,
        }))
    })?;
    Ok(answers.into_iter().flatten().collect())
}

struct Acting<'a> {
    source: &'a Inventory,
    destination: &'a Inventory,
    registry: &'a Registry,
    force: bool,
    progress: Progress,
    report: Mutex<&'a mut Report>,
    /// Versions that were not registered.
    failed: Mutex<BTreeSet<&'a Key>>,
}

impl<'a> Acting<'a> {
    fn all(&self, steps: &'a [Step]) -> Result<(), Halt> {
        let registered = steps.iter().filter_map(|step| match step {
            Step::Register(key) => Some(key),
            _ => None,
        });
        let registered: Vec<&Key> = registered.collect();
        let stage = self.stage("registering", registered.len());
        for round in rounds(registered, &self.source.versions) {
            let subjects: Vec<(&Subject, Vec<&Key>)> = round.into_iter().collect();
            each(&subjects, |(subject, keys)| self.register_all(subject, keys, &stage))?;
        }
        drop(stage);
        // Whatever refers to a version is deleted before it.
        let deleted = steps.iter().rev().filter_map(|step| match step {
            Step::Delete(key) => Some(key),
            _ => None,
        });
        let deleted: Vec<&Key> = deleted.collect();
        let stage = self.stage("deleting softly", deleted.len());
        for round in rounds(deleted, &self.source.versions).into_iter().rev() {
            let keys: Vec<&Key> = round.into_values().flatten().collect();
            each(&keys, |key| self.delete(key, &stage))?;
        }
        drop(stage);
        self.settings("setting configs", steps.iter().filter(|step| matches!(step, Step::Config(..))).collect())?;
        self.settings("setting modes", steps.iter().filter(|step| matches!(step, Step::Mode(..))).collect())
    }

    fn stage(&self, what: &str, of: usize) -> Stage {
        let progress = if of == 0 { Progress::silent() } else { self.progress };
        progress.stage(&format!("{what} in {}", self.registry.url), Some(of))
    }

    /// Registers versions of a subject that depend on nothing among them.
    fn register_all(&self, subject: &Subject, keys: &[&'a Key], stage: &Stage) -> Result<(), Halt> {
        let left = |sentence| locked(&self.report).left.push(sentence);
        let outcome = while_open(self.registry, self.destination, subject, left, || {
            keys.iter().try_for_each(|key| {
                self.register(key)?;
                stage.add(1);
                Ok(())
            })
        })?;
        if let Err(refusal) = outcome {
            locked(&self.failed).extend(keys);
            locked(&self.report).refusals.push(Refusal { versions: keys.len(), ..refusal });
            stage.add(keys.len());
        }
        Ok(())
    }

    fn register(&self, key: &'a Key) -> Result<(), Halt> {
        let (subject, number) = key;
        let entry = &self.source.versions[key];
        let refused = |status, reason| {
            locked(&self.failed).insert(key);
            let about = (subject.clone(), Some(*number));
            locked(&self.report).refusals.push(Refusal { what: "register", about, status, reason, versions: 1 });
            Ok(())
        };
        let target = entry
            .references
            .iter()
            .find(|reference| locked(&self.failed).contains(&(subject.sibling(&reference.subject), reference.version)));
        if let Some(target) = target {
            let reason = format!("it refers to {} version {}, which was refused", target.subject, target.version);
            return refused(None, reason);
        }
        let force = if self.force { "?force=true" } else { "" };
        let path = format!("/subjects/{}/versions{force}", path_of(subject));
        let reply = self.registry.ask("POST", &path, Some(&body(entry, *number)))?;
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        match (reply.status, answer["id"].as_i64()) {
            (200, Some(id)) if id == i64::from(entry.id) => {
                locked(&self.report).done.registered += 1;
                Ok(())
            }
            (200, given) => refused(None, format!("the registry gave it id {given:?} instead of {}", entry.id)),
            (status, _) => refused(Some(status), reply.message()),
        }
    }

    fn delete(&self, key: &'a Key, stage: &Stage) -> Result<(), Halt> {
        stage.add(1);
        // What was not registered is not deleted either.
        if locked(&self.failed).contains(key) {
            return Ok(());
        }
        let (subject, number) = key;
        let path = format!("/subjects/{}/versions/{number}", path_of(subject));
        let reply = self.registry.ask("DELETE", &path, None)?;
        // A request that was tried again may have been carried out at first.
        let done = reply.status == 200 || code(&reply) == 40406;
        self.note("delete", (subject.clone(), Some(*number)), done, &reply, |report| report.done.deleted += 1);
        Ok(())
    }

    fn settings(&self, what: &str, steps: Vec<&Step>) -> Result<(), Halt> {
        let stage = self.stage(what, steps.len());
        let outcome = each(&steps, |step| {
            match step {
                Step::Config(scope, body) => self.config(scope, body)?,
                Step::Mode(scope, mode) => self.mode(scope, mode.as_deref())?,
                Step::Register(_) | Step::Delete(_) => {}
            }
            stage.add(1);
            Ok(())
        });
        outcome.map(|_| ())
    }

    fn config(&self, scope: &Subject, body: &Value) -> Result<(), Halt> {
        let reply = self.registry.ask("PUT", &settings_path("config", scope), Some(body))?;
        self.note("config", (scope.clone(), None), reply.status == 200, &reply, |report| report.done.configs += 1);
        Ok(())
    }

    fn mode(&self, scope: &Subject, mode: Option<&str>) -> Result<(), Halt> {
        let reply = modes::set(self.registry, scope, mode, Registry::ask)?;
        let done = reply.status == 200 || (mode.is_none() && reply.status == 404);
        self.note("mode", (scope.clone(), None), done, &reply, |report| report.done.modes += 1);
        Ok(())
    }

    fn note(
        &self,
        what: &'static str,
        about: (Subject, Option<i32>),
        done: bool,
        reply: &Reply,
        count: impl FnOnce(&mut Report),
    ) {
        let mut report = locked(&self.report);
        if done {
            count(&mut report);
        } else {
            let (status, reason) = (Some(reply.status), reply.message());
            report.refusals.push(Refusal { what, about, status, reason, versions: 0 });
        }
    }
}

/// A thread that panicked has left nothing half done.
fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn code(reply: &Reply) -> i64 {
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    body["error_code"].as_i64().unwrap_or_default()
}

/// The body that registers a version as it is.
fn body(entry: &Entry, number: i32) -> Value {
    let references = entry.references.iter();
    let references: Vec<Value> =
        references.map(|one| json!({ "name": one.name, "subject": one.subject, "version": one.version })).collect();
    let mut body = json!({
        "schema": &*entry.text,
        "schemaType": entry.schema_type.as_str(),
        "references": references,
        "id": entry.id,
        "version": number,
    });
    for (name, value) in [("metadata", &entry.metadata), ("ruleSet", &entry.rule_set)] {
        if let Some(value) = value {
            body[name] = value.clone();
        }
    }
    body
}
