//! The rule itself, as a pure function.
//!
//! Whose is it → what is the caller to it → may that role act. Nothing here knows requests, permits or time.

use crate::ownership::member_role;
use crate::{Action, Caller, Domain, Enforcement, Forbidden, Hint, Identity, Nature, Ownership, Policy, PostReads};
use crate::{AuthorizationSettings, Refusal, Role, Rule, Scope, Unclaimed};
use model::{MemberRole, Namespace, NamespaceName, Referrers, Subject};

/// What was decided, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// The refusal, or `None` where it is allowed.
    pub refusal: Option<Refusal>,
    /// The rule that decided.
    pub rule: Rule,
    /// What the caller is to the resource.
    pub role: Role,
    /// Who owns the resource.
    pub namespace: Option<NamespaceName>,
}

impl Judgement {
    /// Is it allowed?
    pub fn is_allowed(&self) -> bool {
        self.refusal.is_none()
    }
}

/// What a decision is made by.
pub(super) struct Judge<'a> {
    pub(super) settings: &'a AuthorizationSettings,
    pub(super) policy: &'a Policy,
    pub(super) ownership: &'a Ownership,
}

impl Judge<'_> {
    pub(super) fn judge(&self, caller: &Caller, action: Action, scope: Scope<'_>) -> Judgement {
        let scope = match (action, scope) {
            // These are about the context, whichever of its subjects a request names.
            (Action::CreateContext | Action::DeleteContext, Scope::Subject(subject)) => {
                Scope::of_context(subject.context())
            }
            _ => scope,
        };
        let owner = self.ownership.owner_of(scope);
        let namespace = owner.map(|owner| owner.name.clone());
        let role = self.role(caller, action, scope, owner);
        // Who did what stays a secret, also where everybody may do everything.
        let of_audit = action.nature() == Nature::Reveals && matches!(scope, Scope::Global | Scope::Namespace(_));
        if self.settings.mode == Enforcement::Off && !of_audit {
            return Judgement { refusal: None, rule: Rule::Open, role, namespace };
        }
        let domain = if owner.is_some() { Domain::Namespace } else { Domain::Registry };
        let rule = match (owner, scope) {
            _ if role == Role::Admin => Rule::Role(Role::Admin),
            (Some(_), _) => Rule::Role(role),
            (None, Scope::Global) => Rule::Global,
            (None, _) => Rule::Unclaimed,
        };
        if self.policy.allows(role, domain, action) {
            return Judgement { refusal: None, rule, role, namespace };
        }
        let by_post = action.nature() == Nature::ReadsByPost;
        if by_post && self.settings.post_reads != PostReads::Method {
            return Judgement { refusal: None, rule: Rule::PostReads, role, namespace };
        }
        let hint = match scope {
            _ if by_post => Some(Hint::PostReads),
            Scope::Subject(_) | Scope::Topic(_) if owner.is_none() => Some(self.unclaimed_hint(action)),
            _ => {
                let least = self.policy.least_role(domain, action);
                least.map(|least| Hint::Role(if owner.is_some() { least } else { Role::Admin }))
            }
        };
        let refusal = refuse(caller, action, scope, owner, rule, hint);
        Judgement { refusal: Some(refusal), rule, role, namespace }
    }

    /// What is the caller to the resource?
    fn role(&self, caller: &Caller, action: Action, scope: Scope<'_>, owner: Option<&Namespace>) -> Role {
        if caller.identity == Identity::Anonymous {
            return Role::Anyone;
        }
        if caller.principals().any(|principal| self.settings.admins.contains(principal)) {
            return Role::Admin;
        }
        let Some(owner) = owner else {
            return match scope {
                Scope::Subject(_) | Scope::Topic(_) if self.opens_unclaimed(action) => Role::Writer,
                // A question about no subject at all (is this text valid?) touches nobody's subject; it takes a name.
                Scope::Global if action.nature() == Nature::ReadsByPost => Role::Writer,
                _ => Role::Anyone,
            };
        };
        match member_role(owner, caller.principals()) {
            None => Role::Anyone,
            Some(MemberRole::Writer) => Role::Writer,
            Some(MemberRole::Owner) if self.owns_context(caller, scope) => Role::ContextOwner,
            Some(MemberRole::Owner) => Role::Owner,
        }
    }

    /// Is an owner of what lies here also an owner of the context that it lies in?
    fn owns_context(&self, caller: &Caller, scope: Scope<'_>) -> bool {
        let context = match scope {
            Scope::Subject(subject) | Scope::Topic(subject) => subject.context(),
            Scope::Context(context) => context,
            Scope::Global | Scope::Namespace(_) => return false,
        };
        let owner = self.ownership.context_owner(context);
        owner.is_some_and(|owner| member_role(owner, caller.principals()) == Some(MemberRole::Owner))
    }

    /// Does `authorization.unclaimed` let whoever has a name do this to what nobody owns? Secrets stay the admins'.
    fn opens_unclaimed(&self, action: Action) -> bool {
        self.settings.unclaimed == Unclaimed::Authenticated && action.nature() != Nature::Reveals
    }

    fn unclaimed_hint(&self, action: Action) -> Hint {
        let would_do = self.settings.unclaimed == Unclaimed::Admin
            && action.nature() != Nature::Reveals
            && self.policy.allows(Role::Writer, Domain::Registry, action);
        if would_do { Hint::Unclaimed } else { Hint::Claim }
    }

    /// May a schema of `referrer` refer to one of `target`?
    pub(super) fn reference(&self, caller: &Caller, referrer: &Subject, target: &Subject) -> Result<(), Refusal> {
        let Some(owner) = self.ownership.owner(target) else { return Ok(()) };
        if self.settings.mode == Enforcement::Off || owner.referrers == Referrers::Anyone {
            return Ok(());
        }
        let within = self.ownership.owner(referrer).is_some_and(|namespace| namespace.name == owner.name);
        let scope = Scope::Subject(target);
        if within || self.role(caller, Action::Read, scope, Some(owner)) != Role::Anyone {
            return Ok(());
        }
        Err(refuse(caller, Action::Register, scope, Some(owner), Rule::Referrers, Some(Hint::Referrers)))
    }
}

fn refuse(
    caller: &Caller,
    action: Action,
    scope: Scope<'_>,
    owner: Option<&Namespace>,
    rule: Rule,
    hint: Option<Hint>,
) -> Refusal {
    let Some(principal) = caller.principal() else {
        return Refusal::nobody(action);
    };
    Refusal::from(Forbidden {
        principal: principal.to_string(),
        action,
        kind: scope.kind(),
        name: scope.to_string(),
        owner: owner.map(|owner| owner.name.clone()),
        contact: owner.and_then(|owner| owner.contact.clone()),
        rule,
        hint,
    })
}
