//! Why somebody may not, with what helps them: the owner, whom to ask, the rule, and the setting that would allow it.
//!
//! Typed where it is raised and without HTTP numbers; the service maps it to its error codes. The text names nothing that a
//! stranger could not read: namespaces and contacts are public. Never a password or a token.

use crate::{Action, Nature, Role, Rule};
use model::NamespaceName;
use std::fmt;
use std::time::Duration;

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody has said who they are, or what they presented is wrong.
    #[error("{0}")]
    Unauthenticated(Credential),
    /// Too many wrong passwords, or too many waiting to be checked.
    #[error("Too many failed or waiting authentications; try again in {} s", retry_after.as_secs().max(1))]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Who it is is known, and they may not.
    #[error("{0}")]
    Forbidden(Box<Forbidden>),
    /// A page of another site sent this from somebody's browser.
    #[error("The registry takes no changes from pages of other sites: {0}")]
    ForeignOrigin(String),
    /// The host asked for is not one this server answers as; a page may have been rebound to it.
    #[error(
        "The registry does not answer requests for host {0:?}; if that is a name of the registry, add it to http.hosts"
    )]
    ForeignHost(String),
    /// The route says no action, so nothing can be decided. A mistake in the server, and refused like any other.
    #[error("No rule is known for this request")]
    NoRule,
}

/// What is wrong with the credential.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Credential {
    /// There is none, and this needs one.
    #[error("Authentication is required")]
    Missing,
    /// The same, for a POST that changes nothing.
    #[error("Authentication is required; {POST_READS}")]
    MissingToLookUp,
    /// It is of a scheme that is not configured.
    #[error("The authentication scheme is not supported")]
    UnknownScheme,
    /// It cannot be read.
    #[error("The credential is malformed")]
    Malformed,
    /// User or password is wrong; which of them is not said.
    #[error("The user or the password is wrong")]
    Wrong,
}

/// A refusal to somebody known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbidden {
    /// Who asked, as text.
    pub principal: String,
    /// What they wanted.
    pub action: Action,
    /// The kind of resource: `Subject`, `Topic`, `Context`, `Global`, `Namespace`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: Option<NamespaceName>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// The rule that decided.
    pub rule: Rule,
    /// What would allow it.
    pub hint: Option<Hint>,
}

/// What would allow it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Hint {
    /// `authorization.post_reads=operation`: this POST changes nothing.
    PostReads,
    /// A claim of some namespace that the caller is in.
    Claim,
    /// The same, or `authorization.unclaimed=authenticated`.
    Unclaimed,
    /// This role in the owning namespace.
    Role(Role),
    /// The owner's leave to refer.
    Referrers,
}

/// `Write`, or `Read` where something secret was to be seen: the words that clients of this API know.
fn operation(action: Action) -> &'static str {
    match action.nature() {
        Nature::Reads | Nature::Reveals => "Read",
        Nature::ReadsByPost | Nature::Writes => "Write",
    }
}

const POST_READS: &str = "this request changes nothing and authorization.post_reads=operation would allow it";
const CLAIM: &str = "; no namespace claims it: an admin can claim it for one (PUT /namespaces/{namespace})";

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User is denied operation {} on {}", operation(self.action), self.kind)?;
        if !self.name.is_empty() {
            write!(f, ": {}", self.name)?;
        }
        write!(f, " ({} asked to {})", self.principal, self.action.phrase())?;
        match (&self.owner, &self.contact) {
            (Some(owner), Some(contact)) => write!(f, "; owner: {owner}, contact: {contact}")?,
            (Some(owner), None) => write!(f, "; owner: {owner}, which names no contact")?,
            (None, _) => f.write_str("; owner: none")?,
        }
        write!(f, "; rule: {}", self.rule)?;
        match self.hint {
            None => Ok(()),
            Some(Hint::PostReads) => write!(f, "; {POST_READS}"),
            Some(Hint::Claim) => f.write_str(CLAIM),
            Some(Hint::Unclaimed) => {
                write!(
                    f,
                    "{CLAIM}, and authorization.unclaimed=authenticated would allow it to every authenticated user"
                )
            }
            Some(Hint::Role(Role::Admin)) => f.write_str("; it takes an admin"),
            Some(Hint::Role(role)) => write!(f, "; it takes the role {role}"),
            Some(Hint::Referrers) => f.write_str("; its owner lets only members refer to it (referrers=members)"),
        }
    }
}

impl Refusal {
    /// Nobody asked for what only somebody may do.
    pub(crate) fn nobody(action: Action) -> Self {
        Refusal::Unauthenticated(match action.nature() {
            Nature::ReadsByPost => Credential::MissingToLookUp,
            Nature::Reads | Nature::Writes | Nature::Reveals => Credential::Missing,
        })
    }
}

impl From<Forbidden> for Refusal {
    fn from(forbidden: Forbidden) -> Self {
        Refusal::Forbidden(Box::new(forbidden))
    }
}
