//! `/namespaces`: who owns what, changing that, and the audit.
//!
//! Namespaces are read from memory, where they are in step with the store. A change is decided in the writer against the
//! newest of them, so two owners cannot be given one claim. Which subjects would change hands is looked up before, outside the
//! writer: it is a warning for people, not a condition of the change.

use super::change::Change;
use super::subjects::page;
use super::{Done, Service};
use crate::fault::Fault;
use authz::claims::{Authority, Claimant, Claimed, handovers, judge_claim, orphans};
use authz::{Caller, Land};
use model::{Claim, HouseRecord, MemberRole, Namespace, NamespaceName, Record, Subject, SubjectPrefix};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::{AuditEntry, AuditPlace, State};

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

/// Who answers for a claim.
#[derive(Clone, Debug)]
pub enum MayClaim {
    /// Whoever may administer the registry.
    Admin,
    /// This caller, as an owner of the namespace.
    Owner(Caller),
}

/// Is a change made although subjects change hands?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confirm {
    /// Not yet: list them instead.
    Ask,
    /// Yes.
    Yes,
    /// Nothing is written: only say what would change.
    DryRun,
}

/// What a change came to.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The namespace afterwards.
    pub namespace: Namespace,
    /// Is it new?
    pub created: bool,
    /// Subjects that change hands, as far as they were looked up.
    pub handovers: Vec<authz::claims::Handover>,
}

/// A page of the audit, the newest entry first.
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page ends, if there may be one.
    pub next: Option<AuditPlace>,
}

/// Subjects that a refusal lists.
const LISTED: usize = 20;
const MOST_CLAIMS: usize = 1_000;
const MOST_MEMBERS: usize = 10_000;
const MOST_LABELS: usize = 100;
const LONGEST_TEXT: usize = 500;

impl Service {
    /// The namespaces as they stand.
    pub fn land(&self) -> Arc<Land> {
        self.authorizer.land()
    }

    /// The namespace of a name.
    ///
    /// # Errors
    /// `NamespaceNotFound`.
    pub fn namespace(&self, name: &str) -> Result<Namespace, Fault> {
        self.land().namespace(name).cloned().ok_or_else(|| Fault::NamespaceNotFound(name.to_owned()))
    }

    /// Changes a namespace, or makes it where whoever asks may do that.
    ///
    /// # Errors
    /// `NamespaceNotFound`, `PreconditionFailed`, `InvalidNamespace`, `ClaimRefused`, `Handovers` where they are not confirmed,
    /// those of the store.
    pub async fn edit_namespace(
        &self,
        change: Change<NamespaceName>,
        may_claim: MayClaim,
        expect: Expect,
        confirm: Confirm,
        edit: Edit,
    ) -> Result<Done<Edited>, Fault> {
        let name = change.resource().clone();
        let land = self.land();
        let before = land.namespace(name.as_str()).cloned();
        let planned = plan(&name, before.clone(), land.namespaces(), &may_claim, &expect, &edit)?;
        let created = before.is_none();
        let found = if confirm == Confirm::Yes { vec![] } else { self.handed_over(&land, before, &planned).await? };
        if confirm == Confirm::DryRun {
            let edited = Edited { namespace: planned.namespace, created, handovers: found };
            return Ok(Done { answer: edited, wrote: false });
        }
        if !found.is_empty() {
            let some = found.iter().take(LISTED).map(handover).collect();
            return Err(Fault::Handovers(some, found.len()));
        }
        let entry = change.entry();
        self.commit(change, move |state, name| {
            let all = state.namespaces()?;
            let before = all.iter().find(|namespace| namespace.name == *name).cloned();
            let created = before.is_none();
            let planned = plan(name, before, &all, &may_claim, &expect, &edit)?;
            let mut records = planned.records.clone();
            // Whoever gives land up finds that in its own audit as well.
            for other in planned.put().filter(|other| other.name != *name) {
                records.extend(entry.clone().map(|entry| in_audit_of(&other.name, entry)));
            }
            let edited = Edited { namespace: planned.namespace, created, handovers: vec![] };
            Ok((records, edited))
        })
        .await
    }

    /// Removes a namespace.
    ///
    /// # Errors
    /// `NamespaceNotFound`, `PreconditionFailed`, `NamespaceHasClaims`, those of the store.
    pub async fn delete_namespace(
        &self,
        change: Change<NamespaceName>,
        expect: Expect,
    ) -> Result<Done<Namespace>, Fault> {
        self.commit(change, move |state, name| {
            let all = state.namespaces()?;
            let Some(found) = all.iter().find(|namespace| namespace.name == *name) else {
                return Err(Fault::NamespaceNotFound(name.to_string()));
            };
            check(&expect, Some(found))?;
            if !found.claims.is_empty() {
                return Err(Fault::NamespaceHasClaims(name.to_string()));
            }
            let mut records = vec![Record::House(HouseRecord::NamespaceRemoved { name: name.clone() })];
            // What is offered to it must not wait for whoever gets the name next.
            for other in all.iter().filter(|other| other.offers.values().any(|to| to == name)) {
                let mut other = other.clone();
                other.offers.retain(|_, to| to != name);
                records.push(put(other));
            }
            Ok((records, found.clone()))
        })
        .await
    }

    /// Subjects that a planned change would hand over.
    async fn handed_over(
        &self,
        land: &Land,
        before: Option<Namespace>,
        planned: &Planned,
    ) -> Result<Vec<authz::claims::Handover>, Fault> {
        let changed: Vec<Claim> = {
            let had = before.map(|namespace| namespace.claims).unwrap_or_default();
            had.symmetric_difference(&planned.namespace.claims).cloned().collect()
        };
        if changed.is_empty() {
            return Ok(vec![]);
        }
        let mut namespaces: BTreeMap<NamespaceName, Namespace> =
            land.namespaces().iter().map(|namespace| (namespace.name.clone(), namespace.clone())).collect();
        for namespace in planned.put() {
            namespaces.insert(namespace.name.clone(), namespace.clone());
        }
        let after = Land::new(namespaces.into_values()).map_err(|error| Fault::ClaimRefused(error.to_string()))?;
        let (before, store) = (land.clone(), Arc::clone(&self.store));
        self.pool
            .run(usize::MAX, move || {
                let view = store.view()?;
                let mut subjects = BTreeSet::new();
                for claim in &changed {
                    covered(&*view, claim, &mut |subject| {
                        subjects.insert(subject);
                    })?;
                }
                Ok(handovers(&before, &after, &subjects).collect())
            })
            .await
    }

    /// Subjects that a namespace owns, ordered by qualified name.
    ///
    /// # Errors
    /// `NamespaceNotFound`, those of the store.
    pub fn subjects_of(&self, name: &str) -> Result<BTreeSet<Subject>, Fault> {
        let land = self.land();
        let namespace = land.namespace(name).ok_or_else(|| Fault::NamespaceNotFound(name.to_owned()))?;
        self.read(|state| {
            let mut found = BTreeSet::new();
            for claim in &namespace.claims {
                covered(state, claim, &mut |subject| {
                    if land.owner(&subject).is_some_and(|owner| owner.name == namespace.name) {
                        found.insert(subject);
                    }
                })?;
            }
            Ok(found)
        })
    }

    /// Subjects that nobody owns, ordered by qualified name.
    ///
    /// # Errors
    /// Those of the store.
    pub fn orphans(&self, offset: usize, limit: usize) -> Result<Vec<Subject>, Fault> {
        let land = self.land();
        self.read(|state| {
            let everywhere = SubjectPrefix::EveryContext(String::new());
            page(state, &everywhere, offset, limit, |subject, _| orphans(&land, [subject]).next().is_some())
        })
    }

    /// How many subjects and versions each owner has. Walks through all subjects.
    ///
    /// # Errors
    /// Those of the store.
    pub fn holdings(&self) -> Result<HashMap<Option<NamespaceName>, (u64, u64)>, Fault> {
        let land = self.land();
        self.read(|state| {
            let mut held: HashMap<Option<NamespaceName>, (u64, u64)> = HashMap::new();
            state.subjects(&SubjectPrefix::EveryContext(String::new()), &mut |subject, summary| {
                let owner = land.owner(&subject).map(|owner| owner.name.clone());
                let (subjects, versions) = held.entry(owner).or_default();
                (*subjects, *versions) = (*subjects + 1, *versions + u64::from(summary.versions));
                ControlFlow::Continue(())
            })?;
            Ok(held)
        })
    }

    /// Entries of the audit, of one namespace or of all, written at `from` or later and before `to`; the newest first. A refusal
    /// is written a little after it happened, so a page is put into the order in which things happened.
    ///
    /// # Errors
    /// Those of the store.
    pub fn audit(
        &self,
        namespace: Option<&NamespaceName>,
        from: AuditPlace,
        to: AuditPlace,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        self.read(|state| {
            let mut entries: Vec<AuditEntry> = Vec::new();
            state.audit(namespace, from, to, &mut |entry| {
                entries.push(entry);
                if entries.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let next = entries.last().filter(|_| entries.len() >= limit).map(|entry| entry.place);
            entries.sort_by_key(|entry| Reverse(entry.record.happened.unwrap_or(entry.place.at)));
            Ok(AuditPage { entries, next })
        })
    }
}

/// A change that may be made.
struct Planned {
    /// The namespace afterwards.
    namespace: Namespace,
    /// What is to be written; nothing where nothing changes.
    records: Vec<Record>,
}

impl Planned {
    fn put(&self) -> impl Iterator<Item = &Namespace> {
        self.records.iter().filter_map(|record| match record {
            Record::House(HouseRecord::Namespace(namespace)) => Some(&**namespace),
            _ => None,
        })
    }
}

/// Decides a change against all namespaces.
fn plan(
    name: &NamespaceName,
    before: Option<Namespace>,
    all: &[Namespace],
    may_claim: &MayClaim,
    expect: &Expect,
    edit: &Edit,
) -> Result<Planned, Fault> {
    check(expect, before.as_ref())?;
    let old = match (before, may_claim) {
        (Some(before), _) => before,
        (None, MayClaim::Admin) => Namespace::new(name.clone()),
        (None, MayClaim::Owner(_)) => return Err(Fault::NamespaceNotFound(name.to_string())),
    };
    let is_new = !all.iter().any(|namespace| namespace.name == *name);
    let mut new = old.clone();
    edit(&mut new)?;
    let mut others: BTreeMap<NamespaceName, Namespace> = BTreeMap::new();
    if new.claims != old.claims {
        let land = Land::new(all.iter().cloned()).map_err(|error| Fault::Internal(error.to_string()))?;
        for claim in new.claims.difference(&old.claims) {
            let authority = match may_claim {
                MayClaim::Admin => Authority::Admin,
                MayClaim::Owner(caller) => Authority::Caller(caller),
            };
            let judged = judge_claim(&land, claim, Claimant { namespace: name, authority });
            match judged.map_err(|refused| Fault::ClaimRefused(format!("{claim}: {refused}")))? {
                Claimed::TopLevel | Claimed::WithinOwn => {}
                Claimed::Below(other) | Claimed::Transferred(other) => {
                    let known = all.iter().find(|namespace| namespace.name == other);
                    let given = others
                        .entry(other.clone())
                        .or_insert_with(|| known.cloned().unwrap_or_else(|| Namespace::new(other)));
                    given.claims.remove(claim);
                    if given.offers.get(claim) == Some(name) {
                        given.offers.remove(claim);
                    }
                }
            }
        }
    }
    // An offer of what is no longer its own would give away what somebody else may own by then.
    let Namespace { claims, offers, .. } = &mut new;
    let unfounded = |claim: &Claim| !(claims.contains(claim) || claims.iter().any(|own| claim.is_below(own)));
    let fresh = offers.iter().find(|(claim, _)| unfounded(claim) && !old.offers.contains_key(*claim));
    if let Some((claim, to)) = fresh {
        return Err(Fault::InvalidNamespace(format!(
            "{claim} cannot be offered to {to}: it is not a claim of {name} or below one"
        )));
    }
    offers.retain(|claim, _| !unfounded(claim));
    for (claim, to) in new.offers.iter().filter(|(claim, to)| old.offers.get(*claim) != Some(*to)) {
        if to == name || !all.iter().any(|namespace| namespace.name == *to) {
            return Err(Fault::InvalidNamespace(format!(
                "{claim} cannot be offered to {to}: there is no such other namespace"
            )));
        }
    }
    validate(&new, may_claim)?;
    let mut records = Vec::new();
    if is_new || new != old {
        records.push(put(new.clone()));
    }
    others.retain(|other, given| all.iter().any(|namespace| namespace.name == *other && namespace != given));
    records.extend(others.into_values().map(put));
    Ok(Planned { namespace: new, records })
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
    let mut texts = namespace.labels.iter().flat_map(|(key, value)| [key, value]).chain(&namespace.contact);
    if texts.any(|text| text.len() > LONGEST_TEXT || text.contains(char::is_control)) {
        return invalid(&format!(
            "has a contact or label with a control character, or with more than {LONGEST_TEXT} bytes"
        ));
    }
    let owned = namespace.members.values().any(|role| *role == MemberRole::Owner);
    if matches!(may_claim, MayClaim::Owner(_)) && !owned {
        return invalid("would be left without an owner; only an admin can do that");
    }
    Ok(())
}

fn put(namespace: Namespace) -> Record {
    Record::House(HouseRecord::Namespace(Box::new(namespace)))
}

/// Visits the subjects that a claim covers, owned or not.
fn covered(state: &dyn State, claim: &Claim, visit: &mut dyn FnMut(Subject)) -> Result<(), storage::Error> {
    let context = claim.context();
    let prefix = if context.is_default() {
        SubjectPrefix::DefaultContext(claim.name().to_owned())
    } else {
        SubjectPrefix::Qualified(context.qualified() + claim.name())
    };
    state.subjects(&prefix, &mut |subject, _| {
        if claim.covers(&subject) {
            visit(subject);
        }
        ControlFlow::Continue(())
    })
}

fn in_audit_of(namespace: &NamespaceName, mut entry: Record) -> Record {
    if let Record::House(HouseRecord::Audit(entry)) = &mut entry {
        entry.namespace = Some(namespace.clone());
    }
    entry
}

fn handover(handover: &authz::claims::Handover) -> String {
    let name = |namespace: &Option<NamespaceName>| {
        namespace.as_ref().map_or_else(|| "nobody".to_owned(), NamespaceName::to_string)
    };
    format!("{} ({} to {})", handover.subject, name(&handover.from), name(&handover.to))
}
