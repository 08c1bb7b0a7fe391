//! Making, changing and ending associations. Everything that one request writes is one commit.
//!
//! Which subjects and topics a request is about can depend on the state (an alias, an association named by the id of its
//! resource). So permission is asked where it is decided, on the snapshot and again in the writer, for each association by itself:
//! to associate the subject and to associate the topic, to register a schema that comes with it, and to delete a subject that goes
//! with it. Whoever could bind his subject to another team's topic would redirect its producers. To end one takes the right
//! to either side: what was bound by common consent, or by an owner who has gone, must not bind for ever.

use super::audit::finished;
use super::authorizers::Authorizers;
use super::change::{self, Change, RequiredRights, Rights};
use super::decide::{Decision, is_transient};
use super::{Done, Service};
use authz::{Action, Authorizer, Caller, Grant, Permit, Refusal, Resource, Topic};
use compat::Work;
use model::{CompatibilityLevel, NamespaceName, Record, SchemaId, Subject};
use rules::association::bind::{self, Bound, Step};
use rules::association::end::{self, Ending};
use rules::association::request::{Binding, Request, Run};
use rules::fault::Fault;
use rules::knowledge::{Knowledge, Stop};
use rules::register::Force;
use std::sync::Arc;
use storage::{State, StoredAssociation};

/// Who asks for changes, to be judged by what they turn out to touch.
pub struct Requester {
    /// Who asks.
    pub caller: Caller,
    /// The operation's name in metrics and log.
    pub operation: &'static str,
}

/// A change of the associations of one resource.
pub enum Op {
    /// Makes or changes some.
    Bind(Request),
    /// Ends some.
    End(Ending),
}

/// What is done together, wholly or not at all.
pub type Element = Vec<Op>;

/// What would have been refused if authorization did not only observe.
pub struct Observed {
    /// What it is about.
    pub subject: Subject,
    /// The refusal.
    pub refusal: Refusal,
}

/// What an element comes to.
#[derive(Default)]
pub struct Outcome {
    /// The associations made or changed.
    pub bound: Vec<Bound>,
    /// What was let through only because authorization observes.
    pub observed: Vec<Observed>,
}

impl Outcome {
    fn observe(&mut self, grant: &Grant, subject: &Subject) {
        if let Some(refusal) = change::observed(grant) {
            self.observed.push(Observed { subject: subject.clone(), refusal: refusal.clone() });
        }
    }
}

impl Service {
    /// Does what the elements ask for, each of which succeeds or fails by itself.
    ///
    /// # Errors
    /// What passes by itself (`Busy`, `Contended`), `Unaudited`, those of the store.
    pub async fn change_associations(
        &self,
        requester: Requester,
        elements: Vec<Element>,
        run: Run,
        work: &Work,
    ) -> Result<Done<Vec<Result<Outcome, Fault>>>, Fault> {
        let (default_level, retention, authorizers) =
            (self.default_level, self.retention, Arc::clone(&self.authorizers));
        let decide = move |state: &dyn State, knowledge: &dyn Knowledge| {
            let authorizer = authorizers.of(state)?;
            let judge =
                Judge { knowledge, requester: &requester, authorizers: &authorizers, authorizer, default_level };
            let (records, outcomes) = judge.elements(state, &elements)?;
            Ok((finished(state, records, retention)?, outcomes))
        };
        let mut done = match run {
            Run::Real => self.decide_and_commit(work, decide).await?,
            Run::Dry => Done { answer: self.consider(work, decide).await?, wrote: false },
        };
        for outcome in &mut done.answer {
            if let Err(Fault::AssociationIncompatible(verdict, sent)) = outcome {
                let told = std::mem::take(&mut verdict.told);
                verdict.told = self.located(told, sent.schema_type.clone(), sent.text.clone(), work).await;
            }
        }
        Ok(done)
    }
}

/// Permission for one binding.
struct Permits {
    subject: Change<Subject>,
    topic: Change<Topic>,
    /// To register a schema, with the id that it asks for.
    register: Option<(Rights, Option<SchemaId>)>,
}

/// One side of an association that is to end.
struct Side {
    owner: Option<NamespaceName>,
    /// May it be unbound? With the entry of the audit.
    asked: Result<(Grant, Option<Record>), Refusal>,
}

impl Side {
    /// How much it counts that this side may be unbound: a permission more than what is let through only to observe.
    fn weight(&self) -> u8 {
        match &self.asked {
            Ok((grant, _)) if grant.decision == authz::Decision::Permitted => 2,
            Ok(_) => 1,
            Err(_) => 0,
        }
    }
}

struct Judge<'a> {
    knowledge: &'a dyn Knowledge,
    requester: &'a Requester,
    authorizers: &'a Authorizers,
    /// Over the ownership of the state that is decided on.
    authorizer: Authorizer,
    default_level: CompatibilityLevel,
}

impl Judge<'_> {
    fn elements(&self, state: &dyn State, elements: &[Element]) -> Result<Decision<Vec<Result<Outcome, Fault>>>, Stop> {
        let mut draft = state.draft()?;
        let (mut records, mut outcomes) = (Vec::new(), Vec::with_capacity(elements.len()));
        for element in elements {
            match self.element(&*draft, element) {
                Ok((step, outcome)) => {
                    draft.add(&step)?;
                    records.extend(step);
                    outcomes.push(Ok(outcome));
                }
                Err(Stop::Fault(fault)) if !is_transient(&fault) => outcomes.push(Err(fault)),
                Err(stop) => return Err(stop),
            }
        }
        Ok((records, outcomes))
    }

    fn element(&self, state: &dyn State, ops: &[Op]) -> Result<Decision<Outcome>, Stop> {
        let mut draft = state.draft()?;
        let (mut records, mut outcome) = (Vec::new(), Outcome::default());
        for op in ops {
            let step = match op {
                Op::Bind(request) => self.bind(&*draft, request, &mut outcome)?,
                Op::End(ending) => self.end(&*draft, ending, &mut outcome)?,
            };
            draft.add(&step)?;
            records.extend(step);
        }
        Ok((records, outcome))
    }

    fn bind(&self, state: &dyn State, request: &Request, outcome: &mut Outcome) -> Result<Vec<Record>, Stop> {
        let mut permits = Vec::with_capacity(request.bindings.len());
        for (binding, subject) in request.bindings.iter().zip(bind::subjects(state, request)?) {
            permits.push(self.permits(&request.resource.name, subject, binding, outcome)?);
        }
        let subjects: Vec<&Subject> = permits.iter().map(|permits| permits.subject.resource()).collect();
        let steps = match bind::plan(state, self.knowledge, request, &subjects, self.default_level) {
            Err(Stop::Fault(fault)) => {
                let rights = permits.iter().filter_map(|permits| permits.register.as_ref());
                return Err(rights.fold(fault, |fault, (rights, _)| rights.instead_of(fault)).into());
            }
            other => other?,
        };
        let mut records = Vec::new();
        for (Step { bound, schema, association }, permits) in steps.into_iter().zip(&permits) {
            let registered = bound.as_ref().and_then(|bound| bound.schema.as_ref());
            if let (Some((rights, id)), Some(registered), false) = (&permits.register, registered, schema.is_empty()) {
                let required =
                    RequiredRights::of(permits.subject.resource(), *id, Force::No, &schema, &registered.content);
                records.extend(rights.to_write(self.authorizers, state, &required)?);
            }
            records.extend(schema);
            if let Some(association) = association {
                records.push(association);
                records.extend(permits.subject.entry().into_iter().chain(permits.topic.entry()));
            }
            outcome.bound.extend(bound);
        }
        Ok(records)
    }

    fn permits(
        &self,
        topic: &str,
        subject: Subject,
        binding: &Binding,
        outcome: &mut Outcome,
    ) -> Result<Permits, Fault> {
        let Requester { caller, operation } = self.requester;
        let register = match &binding.schema {
            None => None,
            Some(schema) => {
                let permit = self.authorizer.permit_register(caller, subject.clone())?;
                if let Ok(permit) = permit.to_write() {
                    outcome.observe(permit.grant(), &subject);
                }
                Some((Rights { permit, operation, named: None }, schema.id))
            }
        };
        Ok(Permits {
            subject: self.change(Action::Associate, subject.clone(), &subject, outcome)?,
            topic: self.change(Action::Associate, Topic::new(topic), &subject, outcome)?,
            register,
        })
    }

    fn end(&self, state: &dyn State, ending: &Ending, outcome: &mut Outcome) -> Result<Vec<Record>, Stop> {
        let targets = end::targets(state, ending)?;
        let mut entries = Vec::new();
        for target in &targets {
            let subject = &target.key.subject;
            entries.extend(self.may_end(target, outcome)?);
            if end::takes_subject(state, target, ending.cascade)? {
                entries.extend(self.change(Action::Delete, subject.clone(), subject, outcome)?.entry());
            }
        }
        let mut records = end::plan(state, &targets, ending.cascade)?;
        records.extend(entries);
        Ok(records)
    }

    /// Permission to end an association, which whoever may associate its subject or its topic has: the entries of the audit, so
    /// that the owner of either side finds one.
    fn may_end(&self, target: &StoredAssociation, outcome: &mut Outcome) -> Result<Vec<Record>, Fault> {
        let subject = &target.key.subject;
        let (of_subject, of_topic) = (self.side(subject.clone()), self.side(Topic::new(&target.key.resource_name)));
        let (by, other) =
            if of_topic.weight() > of_subject.weight() { (of_topic, of_subject) } else { (of_subject, of_topic) };
        let alike = by.weight() == other.weight();
        let (grant, entry) = by.asked?;
        outcome.observe(&grant, subject);
        let theirs = match (other.asked, other.owner) {
            (Ok((_, entry)), _) if alike => entry,
            (_, owner) => owner.zip(entry.clone()).map(|(owner, entry)| change::in_audit_of(&owner, entry)),
        };
        Ok(entry.into_iter().chain(theirs).collect())
    }

    fn side<R: Resource>(&self, resource: R) -> Side {
        let Requester { caller, operation } = self.requester;
        let owner = self.authorizer.ownership().owner_of(resource.scope()).map(|owner| owner.name.clone());
        let permit = self.authorizer.permit(caller, Action::Associate, resource);
        let entry = |permit: Permit<R>| {
            let grant = permit.grant().clone();
            (grant, Change::new(permit, operation).entry())
        };
        Side { owner, asked: permit.map(entry) }
    }

    fn change<R: Resource>(
        &self,
        action: Action,
        resource: R,
        subject: &Subject,
        outcome: &mut Outcome,
    ) -> Result<Change<R>, Fault> {
        let Requester { caller, operation } = self.requester;
        let permit = self.authorizer.permit(caller, action, resource)?;
        outcome.observe(permit.grant(), subject);
        Ok(Change::new(permit, operation))
    }
}
