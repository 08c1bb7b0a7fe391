//! Namespaces: who owns which part of the registry, and the principals that are its members.
//!
//! A namespace is a named owner; its claims say which subjects are its. A claim or a principal has exactly one text, and that
//! text parses back to it, because they are written by hand into files, shown in refusals and compared byte by byte: names
//! that differ in letter case or in Unicode normal form only are different names, as they are different subjects.
//! Which of several claims wins, who may make one, and what a role allows are not decided here but where permission is.

mod claim;
mod principal;

pub use claim::{Claim, ClaimKind, InvalidClaim};
pub use principal::{InvalidPrincipal, Principal, PrincipalKind};

use crate::{Guid, words};
use md5::{Digest, Md5};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A name of a namespace: lower-case letters, digits, `.`, `-` and `_`, beginning with a letter or digit, at most 100 bytes.
///
/// Narrow on purpose: two namespaces must not look alike, and `-` stays free for paths such as `/namespaces/-/orphans`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NamespaceName(Arc<str>);

/// A text that is no name of a namespace.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is no namespace name: it takes 1 to 100 lower-case letters, digits, '.', '-' and '_', the first one a letter or digit"
)]
pub struct InvalidNamespaceName(pub String);

impl NamespaceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NamespaceName {
    type Err = InvalidNamespaceName;

    fn from_str(text: &str) -> Result<Self, InvalidNamespaceName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let valid = text.len() <= 100
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'-' | b'_'));
        if valid { Ok(Self(text.into())) } else { Err(InvalidNamespaceName(text.to_owned())) }
    }
}

impl Borrow<str> for NamespaceName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NamespaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What tells a namespace from an earlier one of the same name: a name may be given again, an id never is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NamespaceId(pub [u8; 16]);

impl NamespaceId {
    /// The id of a namespace that was made before namespaces had ids. It follows from the name.
    pub fn of_name(name: &NamespaceName) -> Self {
        let mut md5 = Md5::new();
        md5.update(b"namespace ");
        md5.update(name.as_str());
        NamespaceId(md5.finalize().into())
    }
}

impl fmt::Display for NamespaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Guid(self.0), f)
    }
}

/// A named owner of subjects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace {
    /// Its id, which it keeps as long as it lives.
    pub id: NamespaceId,
    /// Its name.
    pub name: NamespaceName,
    /// What it owns. No two namespaces hold the same claim.
    pub claims: BTreeSet<Claim>,
    /// Who may do what in it.
    pub members: BTreeMap<Principal, MemberRole>,
    /// Claims that it offers to another namespace: its own, or new ones below its own. An offer takes effect when accepted.
    pub offers: BTreeMap<Claim, NamespaceName>,
    /// Whom a refused person is told to ask: a mail address, a channel, a URL.
    pub contact: Option<String>,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// Who may read its subjects.
    pub visibility: Visibility,
    /// Whose schemas may refer to its schemas.
    pub referrers: Referrers,
}

impl Namespace {
    /// A namespace that owns nothing and has no members yet, under the id that follows from its name.
    pub fn new(name: NamespaceName) -> Self {
        Namespace {
            id: NamespaceId::of_name(&name),
            name,
            claims: BTreeSet::new(),
            members: BTreeMap::new(),
            offers: BTreeMap::new(),
            contact: None,
            labels: BTreeMap::new(),
            visibility: Visibility::Open,
            referrers: Referrers::Anyone,
        }
    }
}

words!(
    /// What a member is in a namespace. What that allows is the policy's to say.
    MemberRole, "member role" {
        /// Registers and looks up.
        Writer = "writer",
        /// Also governs the namespace.
        Owner = "owner",
    }
);
words!(
    /// Who may read the subjects of a namespace. Answers by id depend on it, so it is part of a namespace from the start.
    Visibility, "visibility" {
        /// Everybody.
        Open = "open",
    }
);
words!(
    /// Whose schemas may refer to a namespace's schemas. A reference pins a schema against deletion.
    Referrers, "kind of referrers" {
        /// Everybody's.
        Anyone = "anyone",
        /// Those of its members.
        Members = "members",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespace_names_are_narrow() {
        for good in ["payments", "a", "0", "com.acme_x-1"] {
            assert_eq!(good.parse::<NamespaceName>().unwrap().as_str(), good);
        }
        for bad in ["", "-", "_x", ".x", "Payments", "a b", "é", "a/b", &"x".repeat(101)] {
            assert!(bad.parse::<NamespaceName>().is_err(), "{bad:?}");
        }
    }
}
