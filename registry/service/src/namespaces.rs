//! `/namespaces`: who owns what, and changing that.
//!
//! Namespaces are read from memory, where they are in step with the store. A change is decided in the writer against the
//! newest of them, so two owners cannot be given one claim. Which subjects would change hands is looked up before, outside the
//! writer: it is a warning for people, not a condition of the change.

use super::listing::{Listing, Show, Source};
use super::{Change, Class, Done, Service};
use authz::claims::{Handover, handovers};
use authz::{Action, Authorizer, Caller, Global, Ownership};
use model::{Claim, Namespace, NamespaceName, Referrers, Subject, SubjectPrefix, Visibility};
use rules::fault::Fault;
use rules::namespace::{Edit, Expect, IfMissing, MayClaim, Planned, after, plan, remove};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::{Begin, Standing, State, Subjects};

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
    /// Subjects that change hands, where they were looked up.
    pub handovers: Handovers,
}

/// Subjects that change hands.
#[derive(Clone, Debug, Default)]
pub struct Handovers {
    /// The first of them, by qualified name.
    pub first: Vec<Handover>,
    /// How many there are.
    pub count: usize,
}

/// Subjects that a refusal lists.
const LISTED: usize = 20;

/// Subjects that a dry run lists.
pub const MOST_HANDOVERS: usize = 1_000;

impl Service {
    /// The namespaces as they stand.
    pub fn ownership(&self) -> Arc<Ownership> {
        self.authorizer.ownership()
    }

    /// The namespace of a name.
    ///
    /// # Errors
    /// `NamespaceNotFound`.
    pub fn namespace(&self, name: &str) -> Result<Namespace, Fault> {
        self.ownership().namespace(name).cloned().ok_or_else(|| Fault::NamespaceNotFound(name.to_owned()))
    }

    /// Changes a namespace, or makes it where whoever asks may do that.
    ///
    /// # Errors
    /// `NoSuchNamespace`, `NamespaceNotFound`, `PreconditionFailed`, `InvalidNamespace`, `ClaimRefused`, `Handovers` where they
    /// are not confirmed, those of the store.
    pub async fn edit_namespace(
        &self,
        change: Change<NamespaceName>,
        expect: Expect,
        if_missing: IfMissing,
        confirm: Confirm,
        edit: Edit,
    ) -> Result<Done<Edited>, Fault> {
        let (name, caller) = (change.resource().clone(), change.caller().clone());
        let (ownership, authorizer) = (self.ownership(), self.authorizer.clone());
        let may = may_claim(&authorizer, &caller);
        let planned = plan(&name, ownership.namespaces(), &may, &expect, if_missing, &edit)?;
        let found =
            if confirm == Confirm::Yes { Handovers::default() } else { self.handed_over(&ownership, &planned).await? };
        if confirm == Confirm::DryRun {
            let Planned { namespace, created, .. } = planned;
            return Ok(Done { answer: Edited { namespace, created, handovers: found }, wrote: false });
        }
        if found.count > 0 {
            let some = found.first.iter().take(LISTED).map(handover).collect();
            return Err(Fault::Handovers(some, found.count));
        }
        self.commit(change, move |state, name| {
            let (all, may) = (state.namespaces()?, may_claim(&authorizer, &caller));
            let Planned { namespace, created, records } = plan(name, &all, &may, &expect, if_missing, &edit)?;
            Ok((records, Edited { namespace, created, handovers: Handovers::default() }))
        })
        .await
    }

    /// Removes a namespace, or says in a dry run what would be removed.
    ///
    /// # Errors
    /// `NamespaceNotFound`, `PreconditionFailed`, `NamespaceHasClaims`, those of the store.
    pub async fn delete_namespace(
        &self,
        change: Change<NamespaceName>,
        expect: Expect,
        confirm: Confirm,
    ) -> Result<Done<Namespace>, Fault> {
        if confirm == Confirm::DryRun {
            let (answer, _) = remove(change.resource(), self.ownership().namespaces(), &expect)?;
            return Ok(Done { answer, wrote: false });
        }
        self.commit(change, move |state, name| {
            let (removed, records) = remove(name, &state.namespaces()?, &expect)?;
            Ok((records, removed))
        })
        .await
    }

    /// Subjects that a planned change would hand over.
    async fn handed_over(&self, ownership: &Arc<Ownership>, planned: &Planned) -> Result<Handovers, Fault> {
        let Namespace { name, claims, .. } = &planned.namespace;
        let changed: Vec<Claim> = match ownership.namespace(name.as_str()) {
            Some(before) => before.claims.symmetric_difference(claims).cloned().collect(),
            None => claims.iter().cloned().collect(),
        };
        if changed.is_empty() {
            return Ok(Handovers::default());
        }
        let after = after(ownership.namespaces(), planned.put())?;
        let (before, store) = (Arc::clone(ownership), Arc::clone(&self.store));
        self.pools.run(Class::List, move || handed_over(&*store.view()?, &changed, &before, &after)).await
    }

    /// Namespaces, by name.
    pub fn namespaces(&self, offset: usize, limit: usize) -> Listing<Namespaces> {
        Listing::new(Namespaces { authorizer: self.authorizer.clone(), behind: None }, offset, limit)
    }

    /// Subjects that a namespace owns, ordered by qualified name.
    ///
    /// # Errors
    /// `NamespaceNotFound`.
    pub fn subjects_of(&self, name: &str, offset: usize, limit: usize) -> Result<Listing<Owned>, Fault> {
        let owner = Some(self.namespace(name)?.name);
        Ok(Listing::new(Owned { authorizer: self.authorizer.clone(), owner, behind: None }, offset, limit))
    }

    /// Subjects that nobody owns, ordered by qualified name.
    pub fn orphans(&self, offset: usize, limit: usize) -> Listing<Owned> {
        Listing::new(Owned { authorizer: self.authorizer.clone(), owner: None, behind: None }, offset, limit)
    }

    /// How many subjects and versions each owner has. Walks through all subjects.
    ///
    /// # Errors
    /// Those of the store.
    pub fn holdings(&self) -> Result<HashMap<Option<NamespaceName>, (u64, u64)>, Fault> {
        let ownership = self.ownership();
        self.read(|state| {
            let mut held: HashMap<Option<NamespaceName>, (u64, u64)> = HashMap::new();
            state.subjects(&SubjectPrefix::EveryContext(String::new()), &mut |subject, summary| {
                let owner = ownership.owner(&subject).map(|owner| owner.name.clone());
                let (subjects, versions) = held.entry(owner).or_default();
                (*subjects, *versions) = (*subjects + 1, *versions + u64::from(summary.versions));
                ControlFlow::Continue(())
            })?;
            Ok(held)
        })
    }
}

/// What is short about a namespace, however much it owns and whoever belongs to it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "members of `model::Namespace`, or how many there are")]
pub struct Summary {
    pub name: NamespaceName,
    pub contact: Option<String>,
    pub visibility: Visibility,
    pub referrers: Referrers,
    pub claims: usize,
    pub members: usize,
    pub offers: usize,
}

impl From<&Namespace> for Summary {
    fn from(namespace: &Namespace) -> Self {
        Summary {
            name: namespace.name.clone(),
            contact: namespace.contact.clone(),
            visibility: namespace.visibility,
            referrers: namespace.referrers,
            claims: namespace.claims.len(),
            members: namespace.members.len(),
            offers: namespace.offers.len(),
        }
    }
}

/// All namespaces, by name.
pub struct Namespaces {
    authorizer: Authorizer,
    behind: Option<NamespaceName>,
}

impl Source for Namespaces {
    type Item = Summary;

    fn go_on(&mut self, _: &dyn State, show: &mut Show<'_, Summary>) -> Result<(), Fault> {
        let ownership = self.authorizer.ownership();
        let all = ownership.namespaces();
        let from = self.behind.as_ref().map_or(0, |last| all.partition_point(|namespace| namespace.name <= *last));
        for namespace in &all[from..] {
            self.behind = Some(namespace.name.clone());
            if show(Some(namespace.into())).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Subjects that a namespace owns, or nobody.
pub struct Owned {
    authorizer: Authorizer,
    owner: Option<NamespaceName>,
    behind: Option<Subject>,
}

impl Source for Owned {
    type Item = Subject;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Subject>) -> Result<(), Fault> {
        let Owned { authorizer, owner, behind } = self;
        let ownership = authorizer.ownership();
        let prefixes: Vec<SubjectPrefix> = match &*owner {
            None => vec![SubjectPrefix::EveryContext(String::new())],
            Some(name) => {
                let claims = ownership.namespace(name.as_str()).map(|namespace| &namespace.claims);
                claims.into_iter().flatten().map(prefix_of).collect()
            }
        };
        let within: Vec<Subjects<'_>> = prefixes.iter().map(Subjects::Matching).collect();
        let begin = behind.clone();
        let begin = begin.as_ref().map_or(Begin::Skipping(0), Begin::Behind);
        state.subjects_from(Subjects::EachOf(&within), Standing::Any, begin, &mut |subject, _| {
            *behind = Some(subject.clone());
            let owned = ownership.owner(&subject).map(|namespace| &namespace.name) == owner.as_ref();
            show(owned.then_some(subject))
        })?;
        Ok(())
    }
}

/// Whoever may administer the registry makes claims as an admin, everybody else as an owner.
fn may_claim(authorizer: &Authorizer, caller: &Caller) -> MayClaim {
    match authorizer.permit(caller, Action::Administer, Global) {
        Ok(_) => MayClaim::Admin,
        Err(_) => MayClaim::Owner(caller.clone()),
    }
}

/// Subjects that a claim covers have this prefix, and others may.
fn prefix_of(claim: &Claim) -> SubjectPrefix {
    let context = claim.context();
    if context.is_default() {
        SubjectPrefix::DefaultContext(claim.name().to_owned())
    } else {
        SubjectPrefix::Qualified(context.qualified() + claim.name())
    }
}

/// The subjects that change hands with these claims, each once.
fn handed_over(
    state: &dyn State,
    changed: &[Claim],
    before: &Ownership,
    after: &Ownership,
) -> Result<Handovers, Fault> {
    let prefixes: Vec<SubjectPrefix> = changed.iter().map(prefix_of).collect();
    let within: Vec<Subjects<'_>> = prefixes.iter().map(Subjects::Matching).collect();
    let mut found = Handovers::default();
    state.subjects_from(Subjects::EachOf(&within), Standing::Any, Begin::Skipping(0), &mut |subject, _| {
        if let Some(handover) = handovers(before, after, [&subject]).next() {
            found.count += 1;
            if found.first.len() < MOST_HANDOVERS {
                found.first.push(handover);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn handover(handover: &Handover) -> String {
    let name = |namespace: &Option<NamespaceName>| {
        namespace.as_ref().map_or_else(|| "nobody".to_owned(), NamespaceName::to_string)
    };
    format!("{} ({} to {})", handover.subject, name(&handover.from), name(&handover.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::MemoryState;
    use storage::contract::records::{namespace, schema};

    #[test]
    fn subjects_that_change_hands_are_counted_once_and_the_first_are_shown() {
        let mut state = MemoryState::default();
        let names = (0..1_100).map(|n| format!("p.{n:04}")).chain(["a", "p-x", "p.q.r", "px"].map(str::to_owned));
        state.fold((1..).zip(names).map(|(id, name)| schema(&name, 1, id, "x")), 0).unwrap();
        let ownership = |namespaces: Vec<Namespace>| Ownership::new(namespaces).unwrap();
        let before = ownership(vec![namespace("own", "p.q")]);
        let mut new = namespace("new", "p");
        new.claims.insert("p.q".parse().unwrap());
        let after = ownership(vec![new.clone(), Namespace { claims: [].into(), ..namespace("own", "p.q") }]);
        // One claim lies inside the other.
        let claims: Vec<Claim> = new.claims.into_iter().collect();
        let found = handed_over(&state, &claims, &before, &after).unwrap();
        assert_eq!((found.first.len(), found.count), (MOST_HANDOVERS, 1_102));
        let shown: Vec<String> = found.first[..2].iter().map(handover).collect();
        assert_eq!(shown, ["p-x (nobody to new)", "p.0000 (nobody to new)"]);
        let within = handed_over(&state, &["p.q".parse().unwrap()], &before, &after).unwrap();
        assert_eq!(within.first.iter().map(handover).collect::<Vec<_>>(), ["p.q.r (own to new)"]);
    }
}
