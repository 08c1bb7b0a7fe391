//! A permit on its way into the store: what may be changed, and the entry that the audit gets with the change.

use crate::fault::Fault;
use crate::rules::register::Force;
use authz::audit::AuditEntry;
use authz::{Action, Authorizer, Caller, Decision, Grant, Leave, Permit, Refusal, Resource, Rule};
use model::{AuditRecord, Context, HouseRecord, Record, Reference, RegistryRecord, SchemaId, Subject};
use std::time::Duration;
use storage::State;

/// A change that is permitted. What changes something takes its target from here.
pub struct Change<R> {
    permit: Permit<R>,
    operation: &'static str,
}

impl<R: Resource> Change<R> {
    /// A permit, used for this operation (its name in metrics and log).
    pub fn new(permit: Permit<R>, operation: &'static str) -> Self {
        Change { permit, operation }
    }

    /// What is changed.
    pub fn resource(&self) -> &R {
        self.permit.resource()
    }

    /// How it was decided.
    pub fn grant(&self) -> &Grant {
        self.permit.grant()
    }

    /// The entry of the change.
    pub fn entry(&self) -> Option<Record> {
        entry(&self.permit, self.operation)
    }
}

/// The audit's entry of a change. Where everything is open there is nothing to say about who was allowed what by which rule,
/// and the log of changes is the record.
fn entry<R: Resource>(permit: &Permit<R>, operation: &str) -> Option<Record> {
    let grant = permit.grant();
    (grant.rule != Rule::Open).then(|| {
        let entry = AuditEntry::permitted(0, operation, permit.resource().scope(), grant);
        Record::House(HouseRecord::Audit(Box::new(AuditRecord::from(entry))))
    })
}

/// Entries that are forgotten at once: old ones go in the commits of new ones, which must stay short.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// The record that forgets what is older than the audit is kept, if anything is.
///
/// # Errors
/// Those of the store.
pub fn expired(state: &dyn State, now: i64, kept: Duration) -> Result<Option<Record>, storage::Error> {
    let cutoff = now.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
    if state.audit_age(1)?.is_none_or(|oldest| oldest >= cutoff) {
        return Ok(None);
    }
    let some = state.audit_age(FORGOTTEN_AT_ONCE)?.map_or(cutoff, |age| age.saturating_add(1));
    Ok(Some(Record::House(HouseRecord::AuditForgotten { before: cutoff.min(some) })))
}

/// How far above the highest id of its context an explicit id may lie without an administrator's `force`.
const NEAR: SchemaId = 1_000_000;

/// All that a registration may turn out to take. What is lacking is only held against one that writes something for which it
/// is needed; whether it does is known once it has been planned.
pub struct Rights {
    /// To register in the subject, or to find that it is registered.
    pub leave: Leave<Subject>,
    /// The operation's name in metrics and log.
    pub operation: &'static str,
    /// To let the context come into being.
    pub create_context: Result<Permit<Context>, Refusal>,
    /// To choose the id.
    pub import: Result<Permit<Subject>, Refusal>,
    /// To choose an id that lies far away.
    pub administer: Result<Permit<Subject>, Refusal>,
    /// To overrule the compatibility check.
    pub force: Result<Permit<Subject>, Refusal>,
    /// To refer to what is referred to.
    pub refer: Result<(), Refusal>,
}

/// What a planned registration does besides adding a version.
pub struct Takes {
    /// Its context comes into being.
    pub new_context: bool,
    /// The id that the request chose.
    pub id: Option<SchemaId>,
    /// With `force=true`.
    pub forced: bool,
}

impl Takes {
    /// What these records, planned for a registration with this id, do.
    pub fn of(records: &[Record], id: Option<SchemaId>, force: Force) -> Self {
        let creates =
            |record: &Record| matches!(record, Record::Registry(RegistryRecord::Context { exists: true, .. }));
        Takes { new_context: records.iter().any(creates), id, forced: force == Force::Yes }
    }
}

impl Rights {
    /// What this caller has of them, for a schema with these references.
    pub fn of(
        authorizer: &Authorizer,
        caller: &Caller,
        operation: &'static str,
        leave: Leave<Subject>,
        references: &[Reference],
    ) -> Self {
        let subject = leave.resource().clone();
        let permit = |action| authorizer.permit(caller, action, subject.clone());
        let refer = references.iter().try_for_each(|reference| {
            authorizer.permit_reference(caller, &subject, &subject.sibling(&reference.subject)).map(drop)
        });
        Rights {
            operation,
            create_context: authorizer.permit(caller, Action::CreateContext, subject.context().clone()),
            import: permit(Action::Import),
            administer: permit(Action::Administer),
            force: permit(Action::Force),
            refer,
            leave,
        }
    }

    /// The entry of the audit for a registration that writes something, or why it may not.
    ///
    /// # Errors
    /// `Denied`, `FarId`, those of the store.
    pub fn to_write(&self, state: &dyn State, takes: &Takes) -> Result<Option<Record>, Fault> {
        let permit = self.leave.to_write()?;
        if takes.new_context {
            self.create_context.as_ref().map_err(Clone::clone)?;
        }
        if takes.forced {
            self.force.as_ref().map_err(Clone::clone)?;
        }
        self.refer.clone()?;
        if let Some(id) = takes.id {
            let grant = self.import.as_ref().map_err(Clone::clone)?.grant();
            let highest = state.highest_id(permit.resource().context())?.unwrap_or(0).max(0);
            if grant.rule != Rule::Open && id > highest.saturating_add(NEAR) {
                self.administer.as_ref().map_err(Clone::clone)?;
                if !takes.forced {
                    return Err(Fault::FarId(id, highest));
                }
            }
        }
        Ok(entry(permit, self.operation))
    }

    /// The refusal that waits for a write, if there is one. Who may not write is not told why the write would fail.
    pub fn refusal(&self) -> Option<Refusal> {
        self.leave.to_write().err()
    }
}

/// Was the change let through only because authorization observes?
pub fn observed(grant: &Grant) -> Option<&Refusal> {
    match &grant.decision {
        Decision::Permitted => None,
        Decision::Observed(refusal) => Some(refusal),
    }
}
