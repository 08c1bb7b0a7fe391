//! What a decision was based on, as a value: a refusal names it, an audit entry keeps it, `can-i` shows it.

use std::fmt;

/// What a caller is to a resource. The policy says what each may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Everybody, also without a name.
    Anyone,
    /// A writer of the owning namespace.
    Writer,
    /// An owner of the owning namespace.
    Owner,
    /// An owner of the namespace that owns the whole context, where the resource is in that context and its own too.
    ContextOwner,
    /// An administrator of the registry.
    Admin,
}

impl Role {
    /// All roles, from the least to the most.
    pub const ALL: &'static [Role] = &[Role::Anyone, Role::Writer, Role::Owner, Role::ContextOwner, Role::Admin];

    /// The word for it in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Writer => "writer",
            Self::Owner => "owner",
            Self::ContextOwner => "context-owner",
            Self::Admin => "admin",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rule that decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// Authorization is off.
    Open,
    /// The policy's word on this role in the namespace that owns the resource.
    Role(Role),
    /// Nobody owns the resource; `authorization.unclaimed` decides about it.
    Unclaimed,
    /// The resource is the registry itself, which no namespace can own.
    Global,
    /// A POST that changes nothing counts as a read (`authorization.post_reads`).
    PostReads,
    /// The owner lets only its members refer to its schemas.
    Referrers,
}

/// `open`, `role:writer`, `unclaimed`, `global`, `post_reads`, `referrers`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Unclaimed => f.write_str("unclaimed"),
            Self::Global => f.write_str("global"),
            Self::PostReads => f.write_str("post_reads"),
            Self::Referrers => f.write_str("referrers"),
        }
    }
}
