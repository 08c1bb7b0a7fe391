//! The audit: who changed what, by which right, and who was refused.
//!
//! An entry of a change is written in the same commit as the change, so there is no change without its entry. It keeps texts
//! rather than types, because it must stay readable when rules and operations have other names. It never holds a password, a
//! token or a schema.

use crate::{NamespaceId, NamespaceName, words};
use std::net::IpAddr;

/// One entry of the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRecord {
    /// When it happened, in milliseconds since 1970, where that was before the record was written. A refusal waits for a
    /// moment, so that a flood of them is written as a count; a change has the time of its record.
    pub happened: Option<i64>,
    /// Who: a principal's text, or `anonymous`.
    pub principal: String,
    /// Whom a wrong credential was for, which nobody has proved to be. Empty for everything else.
    pub attempted: String,
    /// How they authenticated.
    pub method: Option<String>,
    /// The operation, by its name in metrics and log; empty for counted refusals.
    pub operation: String,
    /// What kind of action that is, by its word in the policy; empty for counted refusals.
    pub action: String,
    /// The kind of resource; empty where it was refused before a resource was looked at.
    pub kind: String,
    /// The name of the resource.
    pub name: String,
    /// Who owned it.
    pub namespace: Option<NamespaceName>,
    /// The id of that namespace: the audit of a namespace shows the entries with its own id.
    pub namespace_id: Option<NamespaceId>,
    /// What was decided.
    pub outcome: AuditOutcome,
    /// By which rule.
    pub rule: String,
    /// The id of the request.
    pub request_id: String,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// How many refusals this entry stands for; 1 for everything else.
    pub count: u64,
}

words!(
    /// What was decided.
    AuditOutcome, "outcome" {
        /// It was allowed.
        Permitted = "permitted",
        /// It would have been refused; authorization only observes.
        Observed = "observed",
        /// It was refused.
        Refused = "refused",
    }
);
