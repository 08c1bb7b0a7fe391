//! Who owns a subject: the one function from a subject to its namespace, over an index that is built once.
//!
//! The longest claim wins, exact beats prefix of the same name. A look-up hashes the name and each of its beginnings that ends
//! before a separator and is no longer than the longest claim of that context, so it costs at most [`Claim::MAX_NAME`]
//! look-ups however long the name and however many namespaces there are. Names are compared byte by byte: letter case and
//! Unicode normal form make different subjects. Who may change claims is decided beside this, in `claims`.

use crate::Scope;
use model::{Claim, ClaimKind, Context, MemberRole, Namespace, NamespaceName, Principal, Subject};
use std::collections::HashMap;

/// All namespaces, with an index over their claims. Never changed: a new one replaces it whole.
#[derive(Clone, Debug, Default)]
pub struct Ownership {
    namespaces: Vec<Namespace>,
    by_name: HashMap<NamespaceName, usize>,
    contexts: HashMap<Context, ContextClaims>,
    at: u64,
}

/// The claims within one context, each with the index of the namespace that holds it.
#[derive(Clone, Debug, Default)]
struct ContextClaims {
    whole: Option<usize>,
    prefixes: HashMap<Box<str>, usize>,
    exact: HashMap<Box<str>, usize>,
    longest_prefix: usize,
}

/// Namespaces that cannot stand together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidOwnership {
    /// One name twice.
    #[error("there are two namespaces {0}")]
    SameName(NamespaceName),
    /// One claim twice.
    #[error("{first} and {second} both claim {claim}")]
    SameClaim {
        /// The claim.
        claim: Claim,
        /// One holder.
        first: NamespaceName,
        /// The other.
        second: NamespaceName,
    },
}

impl Ownership {
    /// The ownership that these namespaces make.
    pub fn new(namespaces: impl IntoIterator<Item = Namespace>) -> Result<Self, InvalidOwnership> {
        let mut ownership = Ownership::default();
        for namespace in namespaces {
            let at = ownership.namespaces.len();
            if ownership.by_name.insert(namespace.name.clone(), at).is_some() {
                return Err(InvalidOwnership::SameName(namespace.name));
            }
            for claim in &namespace.claims {
                if let Some(other) = ownership.contexts.entry(claim.context().clone()).or_default().insert(claim, at) {
                    return Err(InvalidOwnership::SameClaim {
                        claim: claim.clone(),
                        first: ownership.namespaces[other].name.clone(),
                        second: namespace.name,
                    });
                }
            }
            ownership.namespaces.push(namespace);
        }
        Ok(ownership)
    }

    /// The same, read at this place of wherever the namespaces are kept.
    pub fn read_at(self, at: u64) -> Self {
        Ownership { at, ..self }
    }

    /// Where it was read: a number that changes with every change of a namespace, by which whoever keeps them tells
    /// whether this is what holds there.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// All namespaces, in the order in which they were given.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// The namespace of a name.
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.by_name.get(name).map(|&at| &self.namespaces[at])
    }

    /// **The function from a subject to its namespace.** A subject with an empty name stands for its context, which belongs to
    /// the holder of the claim on it as a whole.
    pub fn owner(&self, subject: &Subject) -> Option<&Namespace> {
        let at = self.contexts.get(subject.context())?.owner(subject.name())?;
        Some(&self.namespaces[at])
    }

    /// The namespace that owns a context as a whole.
    pub fn context_owner(&self, context: &Context) -> Option<&Namespace> {
        Some(&self.namespaces[self.contexts.get(context)?.whole?])
    }

    /// The namespace that a scope belongs to.
    pub fn owner_of(&self, scope: Scope<'_>) -> Option<&Namespace> {
        match scope {
            Scope::Subject(subject) | Scope::Topic(subject) => self.owner(subject),
            Scope::Context(context) => self.context_owner(context),
            Scope::Global => None,
            Scope::Namespace(name) => self.namespace(name.as_str()),
        }
    }

    /// The namespace that holds exactly this claim.
    pub fn holder(&self, claim: &Claim) -> Option<&Namespace> {
        let context = self.contexts.get(claim.context())?;
        let at = match claim.kind() {
            ClaimKind::Exact => *context.exact.get(claim.name())?,
            ClaimKind::Prefix if claim.is_whole_context() => context.whole?,
            ClaimKind::Prefix => *context.prefixes.get(claim.name())?,
        };
        Some(&self.namespaces[at])
    }

    /// The namespace whose claim this one would lie directly below.
    pub fn outer_owner(&self, claim: &Claim) -> Option<&Namespace> {
        let context = self.contexts.get(claim.context())?;
        let at = match claim.kind() {
            _ if claim.is_whole_context() => return None,
            ClaimKind::Exact => context.prefix_owner(claim.name())?,
            ClaimKind::Prefix => context.owner_above(claim.name())?,
        };
        Some(&self.namespaces[at])
    }
}

/// The strongest role in a namespace of any of these principals.
pub(crate) fn member_role<'a>(
    namespace: &Namespace,
    principals: impl Iterator<Item = &'a Principal>,
) -> Option<MemberRole> {
    principals.filter_map(|principal| namespace.members.get(principal)).copied().max()
}

impl ContextClaims {
    /// Records who holds a claim; tells who held it before.
    fn insert(&mut self, claim: &Claim, at: usize) -> Option<usize> {
        match claim.kind() {
            ClaimKind::Exact => self.exact.insert(claim.name().into(), at),
            ClaimKind::Prefix if claim.is_whole_context() => self.whole.replace(at),
            ClaimKind::Prefix => {
                self.longest_prefix = self.longest_prefix.max(claim.name().len());
                self.prefixes.insert(claim.name().into(), at)
            }
        }
    }

    fn owner(&self, name: &str) -> Option<usize> {
        self.exact.get(name).copied().or_else(|| self.prefix_owner(name))
    }

    /// The holder of the longest prefix claim that covers the name.
    fn prefix_owner(&self, name: &str) -> Option<usize> {
        if name.len() <= self.longest_prefix
            && let Some(&at) = self.prefixes.get(name)
        {
            return Some(at);
        }
        self.owner_above(name)
    }

    /// The same, leaving out a prefix claim on the very name. A claim's name ends before the separator, never in it.
    fn owner_above(&self, name: &str) -> Option<usize> {
        let upto = name.len().min(self.longest_prefix + 1);
        let bytes = name.as_bytes();
        (1..upto)
            .rev()
            .filter(|&at| Claim::is_separator(bytes[at]))
            .find_map(|at| self.prefixes.get(&name[..at]).copied())
            .or(self.whole)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Namespaces written as `name: claim claim; name: …`.
    pub(crate) fn ownership(text: &str) -> Ownership {
        let namespaces = text.split(';').map(|one| {
            let (name, claims) = one.split_once(": ").unwrap();
            let mut namespace = Namespace::new(name.trim().parse().unwrap());
            namespace.claims = claims.split_whitespace().map(|claim| claim.parse().unwrap()).collect();
            namespace
        });
        Ownership::new(namespaces).unwrap()
    }

    #[test]
    fn every_subject_has_one_owner_or_none() {
        let ownership = ownership(
            "pay: payments =risk-key com.acme.payments :.pay: :foo a; \
             orders: payments.orders =payments :.pay:risk.limits; \
             risk: risk :.eu:risk a:b café",
        );
        #[track_caller]
        fn check(ownership: &Ownership, subject: &str, owner: Option<&str>) {
            let found = ownership.owner(&Subject::parse(subject)).map(|namespace| namespace.name.as_str());
            assert_eq!(found, owner, "{subject:?}");
        }
        // Prefix and separator.
        check(&ownership, "payments-value", Some("pay"));
        check(&ownership, "payments.x", Some("pay"));
        check(&ownership, "payments_x", Some("pay"));
        check(&ownership, "payments/x", Some("pay"));
        check(&ownership, "payments:x", Some("pay"));
        check(&ownership, "paymentsx-value", None);
        check(&ownership, "payment", None);
        // Longest wins, exact beats prefix of the same name.
        check(&ownership, "payments", Some("orders"));
        check(&ownership, "payments.orders", Some("orders"));
        check(&ownership, "payments.orders-value", Some("orders"));
        check(&ownership, "payments.ordersx", Some("pay"));
        check(&ownership, "risk-key", Some("pay"));
        check(&ownership, "risk-key-value", Some("risk"));
        // Naming strategies.
        check(&ownership, "com.acme.payments.Order", Some("pay"));
        check(&ownership, "payments.orders-com.acme.pay.Order", Some("orders"));
        check(&ownership, "com.acme.paymentsOrder", None);
        // Contexts.
        check(&ownership, ":.pay:anything", Some("pay"));
        check(&ownership, ":.pay:", Some("pay"));
        check(&ownership, ":.pay", Some("pay"));
        check(&ownership, ":.pay:risk.limits-value", Some("orders"));
        check(&ownership, ":.pay:risk", Some("pay"));
        check(&ownership, ":.eu:risk-value", Some("risk"));
        check(&ownership, ":.eu:payments", None);
        check(&ownership, ":.eu:", None);
        check(&ownership, ":.payx:anything", None);
        check(&ownership, ":.:payments-value", Some("pay"));
        check(&ownership, ":.c:", None);
        // Odd names.
        check(&ownership, "", None);
        check(&ownership, ":.:", None);
        check(&ownership, ":foo", Some("pay"));
        check(&ownership, ":foo:bar", Some("pay"));
        check(&ownership, "foo", None);
        check(&ownership, "a:b", Some("risk"));
        check(&ownership, "a:c", Some("pay"));
        check(&ownership, "payments-", Some("pay"));
        check(&ownership, "payments--", Some("pay"));
        check(&ownership, "-payments", None);
        check(&ownership, ".payments", None);
        check(&ownership, "versions", None);
        check(&ownership, "../payments", None);
        check(&ownership, ":.__GLOBAL:payments", None);
        // Case and Unicode normal form: different bytes are different subjects.
        check(&ownership, "Payments-value", None);
        check(&ownership, ":.Pay:x", None);
        check(&ownership, "caf\u{e9}-value", Some("risk"));
        check(&ownership, "cafe\u{301}-value", None);
        check(&ownership, "payments\u{2010}value", None);
        check(&ownership, "payments\0", None);
        // One subject, however often it is qualified.
        check(&ownership, ":.::.pay:x", Some("pay"));
    }

    #[test]
    fn claims_of_all_lengths_agree_with_trying_every_claim() {
        let ownership = ownership("a: a a.b.c =a.b; b: a.b a.b.c.d x-y =x; c: x =x-y :.c:");
        let claims: Vec<(Claim, &str)> = (ownership.namespaces().iter())
            .flat_map(|namespace| namespace.claims.iter().map(|claim| (claim.clone(), namespace.name.as_str())))
            .collect();
        let alphabet = ["a", "b", "c", "x", "y", ".", "-", ":.c:"];
        let mut names = vec![String::new()];
        for from in 0..3000 {
            let longer: Vec<String> = alphabet.iter().map(|letter| format!("{}{letter}", names[from])).collect();
            names.extend(longer);
        }
        for name in names {
            let subject = Subject::parse(&name);
            let slow = (claims.iter())
                .filter(|(claim, _)| claim.covers(&subject))
                .max_by_key(|(claim, _)| (claim.name().len(), claim.kind() == ClaimKind::Exact))
                .map(|(_, owner)| *owner);
            assert_eq!(ownership.owner(&subject).map(|namespace| namespace.name.as_str()), slow, "{name:?}");
        }
    }

    #[test]
    fn the_outer_owner_holds_the_next_claim_above() {
        let ownership = ownership("a: x :.c:; b: x.y =x.y.z; c: x.y.z");
        let check = |claim: &str, owner: Option<&str>| {
            let found = ownership.outer_owner(&claim.parse().unwrap());
            assert_eq!(found.map(|namespace| namespace.name.as_str()), owner, "{claim}");
        };
        check("x", None);
        check("=x", Some("a"));
        check("x.y", Some("a"));
        check("x.y.z", Some("b"));
        check("=x.y.z", Some("c"));
        check("x.yy", Some("a"));
        check(":.c:", None);
        check(":.c:x", Some("a"));
        check(":.d:x", None);
    }

    #[test]
    fn a_name_or_a_claim_has_one_holder() {
        let namespace = |name: &str, claim: &str| {
            let mut namespace = Namespace::new(name.parse().unwrap());
            namespace.claims.insert(claim.parse().unwrap());
            namespace
        };
        let error = Ownership::new([namespace("a", "x"), namespace("b", "x")]).unwrap_err();
        assert_eq!(error.to_string(), "a and b both claim x");
        let error = Ownership::new([namespace("a", "x"), namespace("a", "y")]).unwrap_err();
        assert_eq!(error.to_string(), "there are two namespaces a");
        assert!(Ownership::new([namespace("a", "x"), namespace("b", "=x"), namespace("c", ":.c:x")]).is_ok());
    }
}
