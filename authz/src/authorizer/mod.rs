//! The one place where permission is decided.
//!
//! A decision loads settings, policy and ownership once and is a pure function of them, the caller, the action and the scope. All
//! three are replaced whole while requests are being judged; no request waits, and none sees half of a change. What is to be
//! decided by another ownership than the one that is in force, such as that of a state which nobody else sees yet, is asked of
//! [`Authorizer::over`] it.

mod judge;
mod permit;

pub use judge::Judgement;
pub use permit::{Decision, Deferred, Grant, Permit, RegisterPermit};

use crate::{
    Action, Caller, Domain, Enforcement, Identity, Nature, Ownership, Policy, PostReads, Refusal, Role, Scope,
};
use crate::{AuthorizationSettings, Resource, Unclaimed};
use arc_swap::ArcSwap;
use judge::Judge;
use model::{Context, Subject};
use std::sync::Arc;

/// Decides who may do what. Cheap to clone; clones share what they decide by.
#[derive(Clone, Debug)]
pub struct Authorizer {
    rules: Arc<Rules>,
    ownership: Arc<ArcSwap<Ownership>>,
}

#[derive(Debug)]
struct Rules {
    settings: ArcSwap<AuthorizationSettings>,
    policy: ArcSwap<Policy>,
}

impl Authorizer {
    /// Decides by these settings and this policy. Nobody owns anything until [`Authorizer::set_ownership`].
    pub fn new(settings: AuthorizationSettings, policy: Policy) -> Self {
        let rules = Rules { settings: ArcSwap::from_pointee(settings), policy: ArcSwap::from_pointee(policy) };
        Authorizer { rules: Arc::new(rules), ownership: Arc::new(ArcSwap::from_pointee(Ownership::default())) }
    }

    /// Everything is permitted, by the rule `open`: authorization is off, or nothing is configured.
    pub fn open() -> Self {
        Self::new(
            AuthorizationSettings { mode: Enforcement::Off, ..AuthorizationSettings::default() },
            Policy::embedded(),
        )
    }

    /// The same settings and policy, now and later, over this ownership, which [`Authorizer::set_ownership`] on this one does
    /// not change.
    pub fn over(&self, ownership: Arc<Ownership>) -> Self {
        Authorizer { rules: Arc::clone(&self.rules), ownership: Arc::new(ArcSwap::new(ownership)) }
    }

    /// Replaces the namespaces. Decisions that have begun end by the old ones.
    pub fn set_ownership(&self, ownership: Ownership) {
        self.ownership.store(Arc::new(ownership));
    }

    /// Replaces the policy.
    pub fn set_policy(&self, policy: Policy) {
        self.rules.policy.store(Arc::new(policy));
    }

    /// Replaces the settings.
    pub fn set_settings(&self, settings: AuthorizationSettings) {
        self.rules.settings.store(Arc::new(settings));
    }

    /// The namespaces as they stand.
    pub fn ownership(&self) -> Arc<Ownership> {
        self.ownership.load_full()
    }

    /// The policy as it stands.
    pub fn policy(&self) -> Arc<Policy> {
        self.rules.policy.load_full()
    }

    /// The settings as they stand.
    pub fn settings(&self) -> Arc<AuthorizationSettings> {
        self.rules.settings.load_full()
    }

    /// What would be decided, without doing or auditing anything: the answer of `can-i`.
    pub fn judge(&self, caller: &Caller, action: Action, scope: Scope<'_>) -> Judgement {
        self.with_judge(|judge| judge.judge(caller, action, scope))
    }

    /// Permission for `caller` to do `action` to `resource`, or why not.
    pub fn permit<R: Resource>(&self, caller: &Caller, action: Action, resource: R) -> Result<Permit<R>, Refusal> {
        match self.decide(caller, action, &resource) {
            Ok(grant) => Ok(Permit::new(resource, grant)),
            Err((refusal, _)) => Err(refusal),
        }
    }

    /// The decision of a permit once more, by the ownership, policy and settings as they stand now. Between a permit and the
    /// write that it is for, the claim may have passed to somebody else, or the caller may have been removed from its
    /// members.
    ///
    /// # Errors
    /// The refusal, where it would be refused now.
    pub fn again<R: Resource>(&self, permit: &Permit<R>) -> Result<Grant, Refusal> {
        let Grant { caller, action, .. } = permit.grant();
        self.decide(caller, *action, permit.resource()).map_err(|(refusal, _)| refusal)
    }

    /// Permission to register. Under `authorization.post_reads = effect` a refusal waits inside until something is to be written.
    ///
    /// Where the decision is [`Decision::Observed`], nothing would have been refused unless something is written: count it then.
    pub fn permit_register<R: Resource>(&self, caller: &Caller, resource: R) -> Result<RegisterPermit<R>, Refusal> {
        match self.decide(caller, Action::Register, &resource) {
            Ok(grant) => Ok(RegisterPermit::Granted(Permit::new(resource, grant))),
            Err((refusal, PostReads::Effect)) => Ok(RegisterPermit::Deferred(Deferred::new(resource, refusal))),
            Err((refusal, PostReads::Method | PostReads::Operation)) => Err(refusal),
        }
    }

    /// May a schema of `referrer` refer to a schema of `target`? A reference pins the schema it points to, so the owner of
    /// that one may keep referring to its members.
    pub fn permit_reference(&self, caller: &Caller, referrer: &Subject, target: &Subject) -> Result<Decision, Refusal> {
        self.with_judge(|judge| match judge.reference(caller, referrer, target) {
            Ok(()) => Ok(Decision::Permitted),
            Err(refusal) if judge.settings.mode == Enforcement::Observe => Ok(Decision::Observed(Box::new(refusal))),
            Err(refusal) => Err(refusal),
        })
    }

    /// The coarse rule, which needs no resource: nobody in particular is refused whatever only somebody may do, before
    /// anything about the resource is looked at.
    pub fn admit(&self, caller: &Caller, action: Action) -> Result<(), Refusal> {
        let settings = self.rules.settings.load();
        if settings.mode != Enforcement::Enforce || caller.identity != Identity::Anonymous {
            return Ok(());
        }
        let policy = self.rules.policy.load();
        let anyone = |domain, action| policy.allows(Role::Anyone, domain, action);
        let open = anyone(Domain::Namespace, action) || anyone(Domain::Registry, action);
        let waits = match action.nature() {
            Nature::ReadsByPost => settings.post_reads != PostReads::Method,
            _ => action == Action::Register && settings.post_reads == PostReads::Effect,
        };
        if open || waits { Ok(()) } else { Err(Refusal::nobody(action)) }
    }

    /// May a look-up of `bare`, which the default context lacks, be answered from `context`?
    ///
    /// Only from a context of the namespace that owns the bare name; otherwise whoever owns some context could answer
    /// for names of others. Nor for a name in it that the context's owner has given to somebody else. Where nobody owns
    /// either, only administrators could have written there.
    pub fn may_fall_back(&self, bare: &Subject, context: &Context) -> bool {
        self.with_judge(|judge| {
            if judge.settings.mode == Enforcement::Off {
                return true;
            }
            let inside = judge.ownership.owner(&Subject::new(context.clone(), bare.name()));
            match (judge.ownership.owner(bare), judge.ownership.context_owner(context), inside) {
                (Some(owner), Some(of_context), Some(inside)) => {
                    owner.name == of_context.name && owner.name == inside.name
                }
                (None, None, None) => judge.settings.unclaimed == Unclaimed::Admin,
                _ => false,
            }
        })
    }

    /// The grant that a permit carries, or the refusal with the setting it was judged under.
    fn decide<R: Resource>(
        &self,
        caller: &Caller,
        action: Action,
        resource: &R,
    ) -> Result<Grant, (Refusal, PostReads)> {
        self.with_judge(|judge| {
            let Judgement { refusal, rule, namespace, .. } = judge.judge(caller, action, resource.scope());
            let decision = match refusal {
                None => Decision::Permitted,
                Some(refusal)
                    if judge.settings.mode == Enforcement::Observe && may_be_observed(action, resource.scope()) =>
                {
                    Decision::Observed(Box::new(refusal))
                }
                Some(refusal) => return Err((refusal, judge.settings.post_reads)),
            };
            Ok(Grant { caller: caller.clone(), action, decision, rule, namespace })
        })
    }

    fn with_judge<T>(&self, decide: impl FnOnce(Judge<'_>) -> T) -> T {
        let settings = self.rules.settings.load();
        let policy = self.rules.policy.load();
        let ownership = self.ownership.load();
        decide(Judge { settings: &settings, policy: &policy, ownership: &ownership })
    }
}

/// May this be let through while authorization only observes? Not what authorization itself is made of, or whoever
/// comes before it is enforced would own the registry from then on; and no secrets. No client of an open registry does
/// either.
fn may_be_observed(action: Action, scope: Scope<'_>) -> bool {
    match scope {
        Scope::Namespace(_) => false,
        Scope::Global => !matches!(action, Action::Secret | Action::Administer),
        Scope::Subject(_) | Scope::Topic(_) | Scope::Context(_) => action != Action::Secret,
    }
}

#[cfg(test)]
mod tests;
