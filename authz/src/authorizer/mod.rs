//! The one place where permission is decided.

mod permit;

pub use permit::{Decision, Grant, Held, Leave, Permit};

use crate::{Action, Caller, Refusal, Resource, Rule};

/// Decides who may do what. Cheap to clone and share.
#[derive(Clone, Debug)]
pub struct Authorizer;

impl Authorizer {
    /// Everything is permitted, by the rule `open`: authorization is off, or nothing is configured.
    pub fn open() -> Self {
        Authorizer
    }

    /// Leave for `caller` to do `action` to `resource`, or why not.
    pub fn permit<R: Resource>(&self, caller: &Caller, action: Action, resource: R) -> Result<Permit<R>, Refusal> {
        let grant =
            Grant { caller: caller.clone(), action, decision: Decision::Permitted, rule: Rule::Open, namespace: None };
        Ok(Permit::new(resource, grant))
    }

    /// Leave to register, where under `authorization.post_reads = effect` the refusal waits until something is to be written.
    pub fn permit_register<R: Resource>(&self, caller: &Caller, resource: R) -> Result<Leave<R>, Refusal> {
        self.permit(caller, Action::Register, resource).map(Leave::Granted)
    }
}
