//! The settings of authorization (`authorization.*`), as an operator writes them.

use model::{Principal, words};
use std::collections::HashSet;

words!(
    /// `authorization.mode`: what becomes of a refusal.
    Enforcement, "authorization.mode" {
        /// There are no refusals but of secrets: everything else is permitted.
        Off = "off",
        /// What would be refused is permitted, and the permit says so, for the audit. Namespaces and secrets stay
        /// guarded.
        Observe = "observe",
        /// A refusal is a refusal.
        Enforce = "enforce",
    }
);
words!(
    /// `authorization.post_reads`: how a POST that changes nothing counts.
    PostReads, "authorization.post_reads" {
        /// As a write, like every POST.
        Method = "method",
        /// As a read, where the route can never change anything.
        Operation = "operation",
        /// As a read, also where a registration turns out to write nothing.
        Effect = "effect",
    }
);
words!(
    /// `authorization.unclaimed`: who may write subjects that no namespace claims.
    Unclaimed, "authorization.unclaimed" {
        /// Administrators.
        Admin = "admin",
        /// Whoever has proved an identity, as a writer would.
        Authenticated = "authenticated",
    }
);

/// All settings of authorization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationSettings {
    /// `authorization.mode`.
    pub mode: Enforcement,
    /// `authorization.post_reads`.
    pub post_reads: PostReads,
    /// `authorization.unclaimed`.
    pub unclaimed: Unclaimed,
    /// `authorization.admins`: the administrators, persons or groups.
    pub admins: HashSet<Principal>,
}

impl Default for AuthorizationSettings {
    /// The rule by its letter, with no administrator.
    fn default() -> Self {
        AuthorizationSettings {
            mode: Enforcement::Enforce,
            post_reads: PostReads::Method,
            unclaimed: Unclaimed::Admin,
            admins: HashSet::new(),
        }
    }
}
