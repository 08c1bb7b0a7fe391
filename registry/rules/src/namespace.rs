//! Changing a namespace: which claims it may take and from whom, what it may offer, and how large it may become.
//!
//! What a claim needs is judged in `authz::claims`. Which subjects change hands is not decided here: it is a warning for people,
//! not a condition of the change.

use crate::fault::Fault;
use crate::near;
use authz::claims::{Authority, Claimant, Claimed, judge_claim};
use authz::{Caller, Ownership};
use model::{Claim, InternalRecord, MemberRole, Namespace, NamespaceName, Principal, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A change of a namespace. It is made twice: to see what it would do, and in the writer.
pub type Edit = Arc<dyn Fn(&mut Namespace) -> Result<(), Fault> + Send + Sync>;

/// What a namespace must be for a change to be made.
#[derive(Clone, Debug)]
pub enum Expect {
    /// Anything.
    Anything,
    /// Not there yet.
    Absent,
    /// There, with one of these tags; `*` is any. The function tells the tag of a namespace.
    Tagged(Vec<String>, fn(&Namespace) -> String),
}

/// What a change of a namespace that is not there comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IfMissing {
    /// It is made, by whoever may administer the registry.
    Make,
    /// It is refused: the change is about a part of one, so the name may be misspelt.
    Refuse,
}

/// Who answers for a claim.
#[derive(Clone, Debug)]
pub enum MayClaim {
    /// Whoever may administer the registry.
    Admin,
    /// This caller, as an owner of the namespace.
    Owner(Caller),
}

/// How many claims a namespace may have, and how many offers of them.
pub const MOST_CLAIMS: usize = 1_000;
/// How many members a namespace may have.
pub const MOST_MEMBERS: usize = 10_000;
/// How many labels a namespace may have.
pub const MOST_LABELS: usize = 100;
/// How long a contact, label or member may be, in bytes.
pub const LONGEST_TEXT: usize = 500;
/// How many bytes all texts of a namespace may have: whoever may read nothing else may have the whole of it shown.
pub const MOST_TEXT: usize = 1 << 20;

/// A change that may be made.
pub struct Planned {
    /// The namespace afterwards.
    pub namespace: Namespace,
    /// Is it new?
    pub created: bool,
    /// What is to be written; nothing where nothing changes.
    pub records: Vec<Record>,
}

impl Planned {
    /// The namespaces that are written.
    pub fn put(&self) -> impl Iterator<Item = &Namespace> {
        self.records.iter().filter_map(|record| match record {
            Record::Internal(InternalRecord::Namespace(namespace)) => Some(&**namespace),
            _ => None,
        })
    }
}

/// Decides a change against all namespaces.
///
/// # Errors
/// `NoSuchNamespace`, `PreconditionFailed`, `NamespaceNotFound`, `ClaimRefused`, `InvalidNamespace`, those of the edit.
pub fn plan(
    name: &NamespaceName,
    all: &[Namespace],
    may_claim: &MayClaim,
    expect: &Expect,
    if_missing: IfMissing,
    edit: &Edit,
) -> Result<Planned, Fault> {
    let known = |name: &NamespaceName| all.iter().find(|namespace| namespace.name == *name);
    let before = known(name);
    if before.is_none() && if_missing == IfMissing::Refuse {
        let near = near::nearest(name.as_str(), all.iter().map(|namespace| namespace.name.as_str()));
        return Err(Fault::NoSuchNamespace(name.to_string(), near.map(str::to_owned)));
    }
    check(expect, before)?;
    let created = before.is_none();
    let old = match (before, may_claim) {
        (Some(before), _) => before.clone(),
        (None, MayClaim::Admin) => Namespace::new(name.clone()),
        (None, MayClaim::Owner(_)) => return Err(Fault::NamespaceNotFound(name.to_string())),
    };
    let mut new = old.clone();
    edit(&mut new)?;
    // A whole namespace that is sent says nothing of its id, which stays.
    new.id = old.id;
    let mut others: BTreeMap<NamespaceName, Namespace> = BTreeMap::new();
    if new.claims != old.claims {
        let ownership = Ownership::new(all.iter().cloned()).map_err(|error| Fault::Internal(error.to_string()))?;
        for claim in new.claims.difference(&old.claims) {
            let authority = match may_claim {
                MayClaim::Admin => Authority::Admin,
                MayClaim::Owner(caller) => Authority::Caller(caller),
            };
            let judged = judge_claim(&ownership, claim, Claimant { namespace: name, authority });
            match judged.map_err(|refused| Fault::ClaimRefused(format!("{claim}: {refused}")))? {
                Claimed::TopLevel | Claimed::WithinOwn => {}
                Claimed::Below(other) | Claimed::Transferred(other) => {
                    let Some(holder) = known(&other) else { continue };
                    let given = others.entry(other).or_insert_with(|| holder.clone());
                    given.claims.remove(claim);
                }
            }
        }
    }
    let after = after(all, others.values().chain([&new]))?;
    let fresh = |claim: &Claim| !old.offers.contains_key(claim) && !is_to_give(&after, name, claim);
    if let Some((claim, to)) = new.offers.iter().find(|(claim, _)| fresh(claim)) {
        return Err(Fault::InvalidNamespace(format!(
            "{claim} cannot be offered to {to}: it is not a claim of {name} or directly below one"
        )));
    }
    // An offer of what is no longer its own would give it away once it comes back.
    for namespace in others.values_mut().chain([&mut new]) {
        let Namespace { name, offers, .. } = namespace;
        offers.retain(|claim, _| is_to_give(&after, name, claim));
    }
    for (claim, to) in new.offers.iter().filter(|(claim, to)| old.offers.get(*claim) != Some(*to)) {
        if to == name || known(to).is_none() {
            return Err(Fault::InvalidNamespace(format!(
                "{claim} cannot be offered to {to}: no other namespace has that name"
            )));
        }
    }
    validate(&new, may_claim)?;
    let mut records = Vec::new();
    if created || new != old {
        records.push(put(new.clone()));
    }
    records.extend(others.into_values().filter(|given| known(&given.name) != Some(given)).map(put));
    Ok(Planned { namespace: new, created, records })
}

/// The ownership once these namespaces are as they shall be.
///
/// # Errors
/// `ClaimRefused` where two of them would hold one claim.
pub fn after<'a>(all: &[Namespace], changed: impl Iterator<Item = &'a Namespace>) -> Result<Ownership, Fault> {
    let mut namespaces: BTreeMap<&NamespaceName, &Namespace> =
        all.iter().map(|namespace| (&namespace.name, namespace)).collect();
    namespaces.extend(changed.map(|namespace| (&namespace.name, namespace)));
    Ownership::new(namespaces.into_values().cloned()).map_err(|error| Fault::ClaimRefused(error.to_string()))
}

/// Is a claim this namespace's to give: one that it holds, or one directly below?
fn is_to_give(ownership: &Ownership, name: &NamespaceName, claim: &Claim) -> bool {
    ownership.holder(claim).or_else(|| ownership.outer_owner(claim)).is_some_and(|owner| owner.name == *name)
}

/// Decides that a namespace goes: what it was, and what is to be written.
///
/// # Errors
/// `NamespaceNotFound`, `PreconditionFailed`, `NamespaceHasClaims`.
pub fn remove(name: &NamespaceName, all: &[Namespace], expect: &Expect) -> Result<(Namespace, Vec<Record>), Fault> {
    let Some(found) = all.iter().find(|namespace| namespace.name == *name) else {
        return Err(Fault::NamespaceNotFound(name.to_string()));
    };
    check(expect, Some(found))?;
    if !found.claims.is_empty() {
        return Err(Fault::NamespaceHasClaims(name.to_string()));
    }
    let mut records = vec![Record::Internal(InternalRecord::NamespaceRemoved { name: name.clone() })];
    // What is offered to it must not wait for whoever gets the name next.
    for other in all.iter().filter(|other| other.offers.values().any(|to| to == name)) {
        let mut other = other.clone();
        other.offers.retain(|_, to| to != name);
        records.push(put(other));
    }
    Ok((found.clone(), records))
}

fn check(expect: &Expect, found: Option<&Namespace>) -> Result<(), Fault> {
    let holds = match (expect, found) {
        (Expect::Anything, _) => true,
        (Expect::Absent, found) => found.is_none(),
        (Expect::Tagged(tags, tag), Some(found)) => {
            let present = tag(found);
            tags.iter().any(|tag| tag == "*" || *tag == present)
        }
        (Expect::Tagged(..), None) => false,
    };
    if holds { Ok(()) } else { Err(Fault::PreconditionFailed) }
}

fn validate(namespace: &Namespace, may_claim: &MayClaim) -> Result<(), Fault> {
    let invalid = |why: &str| Err(Fault::InvalidNamespace(format!("Namespace '{}' {why}", namespace.name)));
    if namespace.claims.len() > MOST_CLAIMS || namespace.offers.len() > MOST_CLAIMS {
        return invalid(&format!("has more than {MOST_CLAIMS} claims or offers"));
    }
    if namespace.members.len() > MOST_MEMBERS {
        return invalid(&format!("has more than {MOST_MEMBERS} members; use groups"));
    }
    if namespace.labels.len() > MOST_LABELS {
        return invalid(&format!("has more than {MOST_LABELS} labels"));
    }
    let labels = namespace.labels.iter().flat_map(|(key, value)| [key.as_str(), value]);
    let members = namespace.members.keys().map(Principal::as_str);
    let mut texts = labels.chain(namespace.contact.as_deref()).chain(members);
    if texts.any(|text| text.len() > LONGEST_TEXT || text.contains(char::is_control)) {
        return invalid(&format!(
            "has a contact, label or member with a control character, or with more than {LONGEST_TEXT} bytes"
        ));
    }
    if size(namespace) > MOST_TEXT {
        return invalid(&format!("has more than {MOST_TEXT} bytes of claims, members, offers and labels; use groups"));
    }
    let owned = namespace.members.values().any(|role| *role == MemberRole::Owner);
    if matches!(may_claim, MayClaim::Owner(_)) && !owned {
        return invalid("would be left without an owner; only an admin can do that");
    }
    Ok(())
}

/// Bytes of all texts of a namespace.
fn size(namespace: &Namespace) -> usize {
    let Namespace { claims, members, offers, contact, labels, .. } = namespace;
    let claims = claims.iter().map(|claim| claim.to_string().len());
    let members = members.iter().map(|(who, role)| who.as_str().len() + role.as_str().len());
    let offers = offers.iter().map(|(claim, to)| claim.to_string().len() + to.as_str().len());
    let labels = labels.iter().map(|(key, value)| key.len() + value.len());
    let contact = contact.iter().map(String::len);
    claims.chain(members).chain(offers).chain(labels).chain(contact).sum()
}

fn put(namespace: Namespace) -> Record {
    Record::Internal(InternalRecord::Namespace(Box::new(namespace)))
}
