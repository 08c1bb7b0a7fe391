//! What the audit keeps: one entry per change and per refusal, as a plain value.
//!
//! An entry holds what was decided about whom, never a password, a token or a schema. A change's entry is committed with the
//! change, so only refusals need a queue. No clock: time is given.

mod refusals;

pub use refusals::{Kind, Limits, RefusalSource, Refusals, Refused, Who};

use crate::{Action, Caller, Credential, Decision, Grant, Method, Refusal, Scope};
use model::{AuditOutcome, AuditRecord, NamespaceId, NamespaceName, cut};
use std::net::IpAddr;
use std::sync::Arc;

/// One line of the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who: a principal's text, or `anonymous`.
    pub principal: String,
    /// Whom a credential was for that is not right; nothing of it is proved. Empty for everything else.
    pub attempted: String,
    /// How they authenticated.
    pub method: Option<Method>,
    /// The operation of the route table, such as `registerSchema`.
    pub operation: String,
    /// What kind of action that is.
    pub action: Action,
    /// The kind of resource; `None` where it was refused before a resource was looked at.
    pub kind: Option<&'static str>,
    /// The resource's name.
    pub name: String,
    /// Who owns it.
    pub namespace: Option<NamespaceName>,
    /// The id of that namespace, where it is known already.
    pub namespace_id: Option<NamespaceId>,
    /// What was decided.
    pub outcome: Outcome,
    /// By which rule.
    pub rule: String,
    /// The id of the request.
    pub request_id: Arc<str>,
    /// Where it came from.
    pub address: Option<IpAddr>,
}

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// It was allowed.
    Permitted,
    /// It would have been refused; authorization only observes.
    Observed,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Observed => "observed",
            Self::Refused => "refused",
        }
    }
}

impl AuditEntry {
    /// The entry of a change that was permitted.
    pub fn permitted(at: i64, operation: &str, scope: Scope<'_>, grant: &Grant) -> Self {
        let outcome = match grant.decision {
            Decision::Permitted => Outcome::Permitted,
            Decision::Observed(_) => Outcome::Observed,
        };
        AuditEntry {
            at,
            principal: grant.caller.to_string(),
            attempted: String::new(),
            method: grant.caller.method(),
            operation: operation.to_owned(),
            action: grant.action,
            kind: Some(scope.kind()),
            name: cut(&scope.to_string()).into_owned(),
            // A namespace that is just being made owns nothing yet, but its audit begins with that.
            namespace: grant.namespace.clone().or(match scope {
                Scope::Namespace(name) => Some(name.clone()),
                Scope::Subject(_) | Scope::Topic(_) | Scope::Context(_) | Scope::Global => None,
            }),
            namespace_id: None,
            outcome,
            rule: grant.rule.to_string(),
            request_id: grant.caller.request_id.clone(),
            address: grant.caller.address,
        }
    }

    /// The entry of a refusal. `scope` is `None` where no resource had been looked at.
    pub fn refused(
        at: i64,
        operation: &str,
        action: Action,
        scope: Option<Scope<'_>>,
        caller: &Caller,
        refusal: &Refusal,
    ) -> Self {
        let (namespace, rule) = match refusal {
            Refusal::Forbidden(forbidden) => (forbidden.owner.clone(), forbidden.rule.to_string()),
            Refusal::Unauthenticated(Credential::Missing | Credential::MissingToLookUp) => {
                (None, "credential:missing".to_owned())
            }
            Refusal::Unauthenticated(Credential::UnknownScheme) => (None, "credential:unknown-scheme".to_owned()),
            Refusal::Unauthenticated(Credential::Malformed) => (None, "credential:malformed".to_owned()),
            Refusal::Unauthenticated(Credential::Wrong) => (None, "credential:wrong".to_owned()),
            Refusal::Throttled { .. } => (None, "throttled".to_owned()),
            Refusal::ForeignOrigin(_) => (None, "foreign-origin".to_owned()),
            Refusal::ForeignHost(_) => (None, "foreign-host".to_owned()),
            Refusal::NoRule => (None, "no-rule".to_owned()),
        };
        // What was forbidden says what it was about itself: a request may touch more than its path names.
        let (action, kind, name) = match refusal {
            Refusal::Forbidden(forbidden) => (forbidden.action, Some(forbidden.kind), forbidden.name.clone()),
            _ => (action, scope.map(Scope::kind), scope.map(|scope| scope.to_string()).unwrap_or_default()),
        };
        AuditEntry {
            at,
            principal: caller.to_string(),
            attempted: String::new(),
            method: caller.method(),
            operation: operation.to_owned(),
            action,
            kind,
            name: cut(&name).into_owned(),
            namespace,
            namespace_id: None,
            outcome: Outcome::Refused,
            rule,
            request_id: caller.request_id.clone(),
            address: caller.address,
        }
    }
}

/// The longest id of a request that is kept; it is the client's to choose.
const LONGEST_REQUEST_ID: usize = 200;

impl From<AuditEntry> for AuditRecord {
    /// The entry of a change, which has the time of its record.
    fn from(entry: AuditEntry) -> Self {
        let outcome = match entry.outcome {
            Outcome::Permitted => AuditOutcome::Permitted,
            Outcome::Observed => AuditOutcome::Observed,
            Outcome::Refused => AuditOutcome::Refused,
        };
        AuditRecord {
            happened: None,
            principal: entry.principal,
            attempted: entry.attempted,
            method: entry.method.map(|method| method.as_str().to_owned()),
            operation: entry.operation,
            action: entry.action.to_string(),
            kind: entry.kind.unwrap_or_default().to_owned(),
            name: entry.name,
            namespace: entry.namespace,
            namespace_id: entry.namespace_id,
            outcome,
            rule: entry.rule,
            request_id: entry.request_id.chars().take(LONGEST_REQUEST_ID).collect(),
            address: entry.address,
            count: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthorizationSettings, Authorizer, Global, Policy, Resource};
    use model::Subject;

    #[test]
    fn an_entry_says_who_did_what_to_whose_by_which_rule() {
        let authorizer = Authorizer::open();
        let caller = Caller::anonymous("10.0.0.1".parse().ok(), "r1".into());
        let permit = authorizer.permit(&caller, Action::Delete, Subject::parse(":.c:x")).unwrap();
        let entry = AuditEntry::permitted(7, "deleteSubject", permit.resource().scope(), permit.grant());
        assert_eq!(
            (entry.principal.as_str(), entry.kind, entry.name.as_str(), entry.outcome, entry.rule.as_str()),
            ("anonymous", Some("Subject"), ":.c:x", Outcome::Permitted, "open")
        );
        let closed = Authorizer::new(AuthorizationSettings::default(), Policy::embedded());
        let refusal = closed.permit(&caller, Action::Config, Global).unwrap_err();
        let entry = AuditEntry::refused(7, "updateConfig", Action::Config, Some(Scope::Global), &caller, &refusal);
        assert_eq!((entry.outcome, entry.rule.as_str()), (Outcome::Refused, "credential:missing"));
    }
}
