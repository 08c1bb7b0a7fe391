//! Permission as a value.
//!
//! A permit contains its resource and cannot be made, copied or re-aimed outside the authorizer: its constructor is visible to
//! this module's parent only. What a handler may take out of it is for the audit and grants nothing.

use crate::{Action, Caller, Refusal, Resource, Rule};
use model::NamespaceName;

/// Permission to do one thing to one resource. Take the target from it, not from beside it.
///
/// ```
/// # use authz::{Action, Authorizer, Caller};
/// # use model::Subject;
/// let caller = Caller::anonymous(None, "r1".into());
/// let permit = Authorizer::open().permit(&caller, Action::Delete, Subject::parse("orders"))?;
/// assert_eq!(permit.resource().as_str(), "orders");
/// # Ok::<(), authz::Refusal>(())
/// ```
///
/// It cannot be made by hand:
///
/// ```compile_fail,E0451
/// # use authz::{Action, Authorizer, Caller, Permit};
/// # use model::Subject;
/// # let caller = Caller::anonymous(None, "r1".into());
/// # let permit = Authorizer::open().permit(&caller, Action::Delete, Subject::parse("orders")).unwrap();
/// let other = Permit { resource: Subject::parse("payments"), ..permit };
/// ```
///
/// nor copied, nor made out of how another came about:
///
/// ```compile_fail,E0599
/// # use authz::{Action, Authorizer, Caller, Permit};
/// # use model::Subject;
/// # let caller = Caller::anonymous(None, "r1".into());
/// # let permit = Authorizer::open().permit(&caller, Action::Delete, Subject::parse("orders")).unwrap();
/// let other = permit.clone();
/// ```
///
/// ```compile_fail,E0624
/// # use authz::{Action, Authorizer, Caller, Permit};
/// # use model::Subject;
/// # let caller = Caller::anonymous(None, "r1".into());
/// # let permit = Authorizer::open().permit(&caller, Action::Delete, Subject::parse("orders")).unwrap();
/// let other = Permit::new(Subject::parse("payments"), permit.grant().clone());
/// ```
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Permit<R> {
    resource: R,
    grant: Grant,
}

/// How a permit came about: what the audit needs. Holding one permits nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Who asked.
    pub caller: Caller,
    /// What for.
    pub action: Action,
    /// What was decided.
    pub decision: Decision,
    /// By which rule.
    pub rule: Rule,
    /// The namespace that owns the resource.
    pub namespace: Option<NamespaceName>,
}

/// How it was decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It is allowed.
    Permitted,
    /// It would be refused, and is let through because `authorization.mode` is `observe`.
    Observed(Box<Refusal>),
}

impl<R: Resource> Permit<R> {
    pub(super) fn new(resource: R, grant: Grant) -> Self {
        Permit { resource, grant }
    }
}

impl<R> Permit<R> {
    /// What it is for.
    pub fn resource(&self) -> &R {
        &self.resource
    }

    /// How it came about.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The resource and how the permit came about; the permit is spent.
    pub fn into_parts(self) -> (R, Grant) {
        (self.resource, self.grant)
    }
}

/// The answer to a registration that may turn out to change nothing.
///
/// Under `authorization.post_reads = effect` whoever lacks the right may still register what is already there. Whether it is
/// there is only known once the change has been planned; until then the refusal waits inside. To write takes a
/// [`Permit`], and [`RegisterPermit::to_write`] is the only way from here to one.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub enum RegisterPermit<R> {
    /// May write.
    Granted(Permit<R>),
    /// May find that there is nothing to write.
    Deferred(Deferred<R>),
}

/// A resource that may be looked at, with the refusal that awaits a write to it.
#[derive(PartialEq, Eq, Debug)]
pub struct Deferred<R> {
    resource: R,
    refusal: Refusal,
}

impl<R> Deferred<R> {
    pub(super) fn new(resource: R, refusal: Refusal) -> Self {
        Deferred { resource, refusal }
    }
}

impl<R> RegisterPermit<R> {
    /// What it is about.
    pub fn resource(&self) -> &R {
        match self {
            RegisterPermit::Granted(permit) => permit.resource(),
            RegisterPermit::Deferred(deferred) => &deferred.resource,
        }
    }

    /// The permit that a write takes, or the refusal that was waiting.
    pub fn to_write(&self) -> Result<&Permit<R>, Refusal> {
        match self {
            RegisterPermit::Granted(permit) => Ok(permit),
            RegisterPermit::Deferred(deferred) => Err(deferred.refusal.clone()),
        }
    }
}
