//! Who is asking.
//!
//! A caller is made once per request, after authentication, and is cheap to clone: permits and audit entries carry it.

use model::Principal;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Who is asking, from where, and in which request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Who.
    pub identity: Identity,
    /// The source address; a proxy's word for it only where that proxy is configured.
    pub address: Option<IpAddr>,
    /// The id of the request.
    pub request_id: Arc<str>,
}

/// Nobody in particular, or somebody who has proved it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// No credential was presented. (A wrong one never becomes this.)
    Anonymous,
    /// A credential was presented and is right.
    Verified(Arc<Verified>),
}

/// A proven identity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The person or service.
    pub principal: Principal,
    /// The groups it is in.
    pub groups: Vec<Principal>,
    /// How it proved it.
    pub method: Method,
}

/// How somebody authenticated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// User and password.
    Basic,
    /// A token of an identity provider.
    Bearer,
    /// A client certificate.
    Certificate,
}

impl Method {
    /// The word for it in audit entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::Certificate => "certificate",
        }
    }
}

impl Caller {
    /// Somebody who presented no credential.
    pub fn anonymous(address: Option<IpAddr>, request_id: Arc<str>) -> Self {
        Caller { identity: Identity::Anonymous, address, request_id }
    }

    /// The principal, where there is one.
    pub fn principal(&self) -> Option<&Principal> {
        match &self.identity {
            Identity::Anonymous => None,
            Identity::Verified(verified) => Some(&verified.principal),
        }
    }

    /// How the caller authenticated, where it did.
    pub fn method(&self) -> Option<Method> {
        match &self.identity {
            Identity::Anonymous => None,
            Identity::Verified(verified) => Some(verified.method),
        }
    }

    /// Every name under which the caller may be a member of something: its own, then its groups'.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        let verified = match &self.identity {
            Identity::Anonymous => None,
            Identity::Verified(verified) => Some(verified),
        };
        verified.into_iter().flat_map(|verified| std::iter::once(&verified.principal).chain(&verified.groups))
    }
}

/// The principal, or `anonymous` (which no principal's text can be).
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.principal() {
            Some(principal) => fmt::Display::fmt(principal, f),
            None => f.write_str("anonymous"),
        }
    }
}
