//! Changing who owns what, as pure functions: may this claim be made, by whom, and which subjects would change hands.
//!
//! A top-level claim is an administrator's to make; one below another namespace's claim an administrator's, or the two
//! owners' together (one offers, the other accepts). Acting on the verdict is the service's.

use crate::ownership::member_role;
use crate::{Caller, Ownership};
use model::{Claim, MemberRole, Namespace, NamespaceName, Subject};

/// Who asks for a claim.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// The namespace that is to hold it.
    pub namespace: &'a NamespaceName,
    /// Under what authority.
    pub authority: Authority<'a>,
}

/// Under what authority a claim is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Authority<'a> {
    /// An administrator's: whoever may [`Action::Administer`](crate::Action::Administer) the registry.
    Admin,
    /// That of this caller, whoever it is.
    Caller(&'a Caller),
}

/// A claim that may be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// Of subjects that nobody has claimed.
    TopLevel,
    /// Inside the claimant's own claims: nothing changes hands.
    WithinOwn,
    /// Below another namespace's claim, which gives up what the claim covers.
    Below(NamespaceName),
    /// The very claim passes from another namespace, which loses it.
    Transferred(NamespaceName),
}

/// A claim that may not be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClaimRefused {
    /// The claimant holds it already.
    #[error("{0} holds that claim already")]
    Held(NamespaceName),
    /// Another namespace holds it and has not offered it.
    #[error("{holder} holds that claim; its owner can offer it to {claimant}")]
    Taken {
        /// The holder.
        holder: NamespaceName,
        /// Who asked.
        claimant: NamespaceName,
    },
    /// It lies below another namespace's claim, which has not offered it.
    #[error("that claim lies inside a claim of {outer}; its owner can offer it to {claimant}, or an admin can make it")]
    Below {
        /// Who holds the claim above.
        outer: NamespaceName,
        /// Who asked.
        claimant: NamespaceName,
    },
    /// Nobody has claimed what it is for.
    #[error("only an admin can claim what no namespace owns yet")]
    NeedsAdmin,
    /// Whoever asks is no owner of the claimant.
    #[error("only an owner of {0} can claim for it")]
    NotAnOwner(NamespaceName),
}

/// May this claim be made?
///
/// An administrator may make any claim that nobody holds; that somebody holds it is no matter of authority: it is
/// transferred by an offer, or given up first.
pub fn judge_claim(ownership: &Ownership, claim: &Claim, claimant: Claimant<'_>) -> Result<Claimed, ClaimRefused> {
    let name = claimant.namespace;
    let offered_by = |owner: &Namespace| owner.offers.get(claim) == Some(name);
    if let Authority::Caller(caller) = claimant.authority {
        let role = ownership.namespace(name.as_str()).and_then(|own| member_role(own, caller.principals()));
        if role != Some(MemberRole::Owner) {
            return Err(ClaimRefused::NotAnOwner(name.clone()));
        }
    }
    if let Some(holder) = ownership.holder(claim) {
        return match () {
            () if holder.name == *name => Err(ClaimRefused::Held(name.clone())),
            () if offered_by(holder) => Ok(Claimed::Transferred(holder.name.clone())),
            () => Err(ClaimRefused::Taken { holder: holder.name.clone(), claimant: name.clone() }),
        };
    }
    let admin = matches!(claimant.authority, Authority::Admin);
    match ownership.outer_owner(claim) {
        Some(outer) if outer.name == *name => Ok(Claimed::WithinOwn),
        Some(outer) if admin || offered_by(outer) => Ok(Claimed::Below(outer.name.clone())),
        Some(outer) => Err(ClaimRefused::Below { outer: outer.name.clone(), claimant: name.clone() }),
        None if admin => Ok(Claimed::TopLevel),
        None => Err(ClaimRefused::NeedsAdmin),
    }
}

/// A subject that would belong to somebody else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handover {
    /// The subject.
    pub subject: Subject,
    /// Its owner before.
    pub from: Option<NamespaceName>,
    /// Its owner after.
    pub to: Option<NamespaceName>,
}

/// The subjects that a change of the ownership would hand over, in the order given. It serves new claims, transfers and
/// claims given up alike.
pub fn handovers<'a>(
    before: &Ownership,
    after: &Ownership,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> impl Iterator<Item = Handover> {
    let owner =
        |ownership: &Ownership, subject: &Subject| ownership.owner(subject).map(|namespace| namespace.name.clone());
    subjects.into_iter().filter_map(move |subject| {
        let (from, to) = (owner(before, subject), owner(after, subject));
        (from != to).then(|| Handover { subject: subject.clone(), from, to })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ownership::tests::ownership;
    use crate::{Identity, Method, Verified};

    fn example() -> Ownership {
        let mut namespaces = ownership("pay: payments :.pay:; risk: risk; new: unrelated").namespaces().to_vec();
        namespaces[0].offers.insert("payments.fraud".parse().unwrap(), "risk".parse().unwrap());
        namespaces[0].offers.insert("payments".parse().unwrap(), "new".parse().unwrap());
        namespaces[1].members.insert("user:basic/rita".parse().unwrap(), MemberRole::Owner);
        namespaces[1].members.insert("user:basic/wim".parse().unwrap(), MemberRole::Writer);
        namespaces[2].members.insert("user:basic/nora".parse().unwrap(), MemberRole::Owner);
        Ownership::new(namespaces).unwrap()
    }

    #[test]
    fn a_claim_is_made_by_an_admin_or_by_the_outer_owner_and_the_new_one_together() {
        let ownership = example();
        let check = |who: &str, namespace: &str, claim: &str, expected: &str| {
            let caller = who.parse().map(|principal| {
                let verified = Verified { principal, groups: vec![], method: Method::Basic };
                Caller { identity: Identity::Verified(verified.into()), address: None, request_id: "1".into() }
            });
            let authority = caller.as_ref().map_or(Authority::Admin, Authority::Caller);
            let namespace = namespace.parse().unwrap();
            let verdict =
                judge_claim(&ownership, &claim.parse().unwrap(), Claimant { namespace: &namespace, authority });
            let verdict = match verdict {
                Ok(claimed) => format!("{claimed:?}"),
                Err(refused) => refused.to_string(),
            };
            assert_eq!(verdict, expected, "{who} claims {claim} for {namespace}");
        };
        let below_pay =
            "that claim lies inside a claim of pay; its owner can offer it to risk, or an admin can make it";
        check("admin", "risk", "limits", "TopLevel");
        check("admin", "risk", "payments.limits", r#"Below(NamespaceName("pay"))"#);
        check("admin", "risk", "=payments", r#"Below(NamespaceName("pay"))"#);
        check("admin", "risk", ":.pay:limits", r#"Below(NamespaceName("pay"))"#);
        check("admin", "risk", ":.eu:", "TopLevel");
        check("admin", "risk", ":.eu:payments.limits", "TopLevel");
        check("admin", "risk", "payments", "pay holds that claim; its owner can offer it to risk");
        check("admin", "risk", "risk", "risk holds that claim already");
        check("user:basic/rita", "risk", "risk.limits", "WithinOwn");
        check("user:basic/rita", "risk", "=risk", "WithinOwn");
        check("user:basic/rita", "risk", "payments.limits", below_pay);
        check("user:basic/rita", "risk", "payments.fraud", r#"Below(NamespaceName("pay"))"#);
        check("user:basic/rita", "risk", "payments.fraud.eu", below_pay);
        check("user:basic/rita", "risk", "limits", "only an admin can claim what no namespace owns yet");
        check("user:basic/rita", "new", "payments", "only an owner of new can claim for it");
        check("user:basic/nora", "new", "payments", r#"Transferred(NamespaceName("pay"))"#);
        check("user:basic/wim", "risk", "risk.limits", "only an owner of risk can claim for it");
        check("user:basic/rita", "nowhere", "risk.limits", "only an owner of nowhere can claim for it");
    }

    #[test]
    fn a_change_of_the_land_lists_the_subjects_that_change_hands() {
        let before = ownership("pay: payments; risk: =payments.fraud-key");
        let after = ownership("pay: payments; risk: payments.fraud");
        let subjects =
            ["payments-value", "payments.fraud-key", "payments.fraud-value", "other"].map(Subject::parse).to_vec();
        let found: Vec<String> = handovers(&before, &after, &subjects).map(|one| one.subject.to_string()).collect();
        assert_eq!(found, ["payments.fraud-value"]);
        let lost: Vec<_> = handovers(&before, &Ownership::default(), &subjects).collect();
        assert_eq!(lost.len(), 3);
        assert_eq!((lost[1].from.as_ref().unwrap().as_str(), &lost[1].to), ("risk", &None));
    }
}
