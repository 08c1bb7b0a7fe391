//! Principals: who can be a member of something.
//!
//! Typed and scoped by issuer, so that the `alice` of one issuer is not the `alice` of another.

use crate::words;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Somebody or something that can be a member: a person, a group, a service or the holder of a certificate.
///
/// | text | is |
/// | --- | --- |
/// | `user:basic/alice` | `alice` of the users file |
/// | `user:corp/alice` | `alice` of the identity provider configured as `corp`: somebody else |
/// | `group:corp/payments-dev` | everybody whom that provider puts into that group |
/// | `client:corp/billing` | a service that authenticates at that provider as itself |
/// | `cert:CN=billing,O=Bank` | the holder of that certificate subject |
///
/// The issuer is the configured short name (letters, digits, `.`, `-`, `_`); what follows its `/` is the name there, as it is.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal(Arc<str>);

/// A text that names no principal.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} names no principal; write user:<issuer>/<name>, group:<issuer>/<name>, client:<issuer>/<name> or cert:<subject>"
)]
pub struct InvalidPrincipal(pub String);

words!(
    /// What kind of thing a principal is.
    PrincipalKind, "kind of principal" {
        /// A person.
        User = "user",
        /// A group of an issuer.
        Group = "group",
        /// A service.
        Client = "client",
        /// The holder of a certificate.
        Certificate = "cert",
    }
);

impl Principal {
    /// The issuer of the users file.
    pub const BASIC: &'static str = "basic";

    /// A user, group or client of an issuer.
    pub fn of_issuer(kind: PrincipalKind, issuer: &str, name: &str) -> Result<Self, InvalidPrincipal> {
        format!("{kind}:{issuer}/{name}").parse()
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> PrincipalKind {
        let kind = self.0.split(':').next().unwrap_or_default();
        kind.parse().expect("a principal is only made from a text whose kind has been recognised")
    }
}

impl FromStr for Principal {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidPrincipal> {
        let invalid = || InvalidPrincipal(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(invalid)?;
        let kind: PrincipalKind = kind.parse().map_err(|_| invalid())?;
        let valid = match kind {
            PrincipalKind::Certificate => !rest.is_empty(),
            PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Client => {
                rest.split_once('/').is_some_and(|(issuer, name)| is_issuer(issuer) && !name.is_empty())
            }
        };
        if valid && !text.contains(char::is_control) { Ok(Self(text.into())) } else { Err(invalid()) }
    }
}

fn is_issuer(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Principal({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_typed_and_scoped_by_issuer() {
        #[track_caller]
        fn check(text: &str, kind: Option<PrincipalKind>) {
            let parsed = text.parse::<Principal>();
            assert_eq!(parsed.as_ref().ok().map(Principal::kind), kind, "{text:?}");
            if let Ok(principal) = parsed {
                assert_eq!(principal.as_str(), text);
            }
        }
        check("user:basic/alice", Some(PrincipalKind::User));
        check("group:corp//payments/dev", Some(PrincipalKind::Group));
        check("client:corp/billing", Some(PrincipalKind::Client));
        check("cert:CN=billing,O=Bank", Some(PrincipalKind::Certificate));
        for wrong in
            ["", "alice", "user:alice", "user:/alice", "user:basic/", "role:x/y", "cert:", "user:a b/c", "user:b/a\n"]
        {
            check(wrong, None);
        }
        assert_ne!("user:basic/alice".parse::<Principal>(), "user:corp/alice".parse());
    }
}
