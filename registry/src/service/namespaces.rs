//! `/namespaces`: who owns what, and changing that.
//!
//! Namespaces are read from memory, where they are in step with the store. A change is decided in the writer against the
//! newest of them, so two owners cannot be given one claim. Which subjects would change hands is looked up before, outside the
//! writer: it is a warning for people, not a condition of the change.

use super::subjects::page;
use super::{Change, Class, Done, Service};
use crate::fault::Fault;
use crate::rules::namespace::{Edit, Expect, MayClaim, Planned, after, plan, remove};
use authz::Land;
use authz::claims::{handovers, orphans};
use model::{Claim, Namespace, NamespaceName, Subject, SubjectPrefix};
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::State;

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

/// Subjects that a refusal lists.
const LISTED: usize = 20;

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
        let planned = plan(&name, land.namespaces(), &may_claim, &expect, &edit)?;
        let found = if confirm == Confirm::Yes { vec![] } else { self.handed_over(&land, &planned).await? };
        if confirm == Confirm::DryRun {
            let Planned { namespace, created, .. } = planned;
            return Ok(Done { answer: Edited { namespace, created, handovers: found }, wrote: false });
        }
        if !found.is_empty() {
            let some = found.iter().take(LISTED).map(handover).collect();
            return Err(Fault::Handovers(some, found.len()));
        }
        self.commit(change, move |state, name| {
            let Planned { namespace, created, records } = plan(name, &state.namespaces()?, &may_claim, &expect, &edit)?;
            Ok((records, Edited { namespace, created, handovers: vec![] }))
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
            let (removed, records) = remove(name, &state.namespaces()?, &expect)?;
            Ok((records, removed))
        })
        .await
    }

    /// Subjects that a planned change would hand over.
    async fn handed_over(&self, land: &Land, planned: &Planned) -> Result<Vec<authz::claims::Handover>, Fault> {
        let Namespace { name, claims, .. } = &planned.namespace;
        let changed: Vec<Claim> = match land.namespace(name.as_str()) {
            Some(before) => before.claims.symmetric_difference(claims).cloned().collect(),
            None => claims.iter().cloned().collect(),
        };
        if changed.is_empty() {
            return Ok(vec![]);
        }
        let after = after(land.namespaces(), planned.put())?;
        let (before, store) = (land.clone(), Arc::clone(&self.store));
        self.pools
            .run(Class::List, move || {
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

fn handover(handover: &authz::claims::Handover) -> String {
    let name = |namespace: &Option<NamespaceName>| {
        namespace.as_ref().map_or_else(|| "nobody".to_owned(), NamespaceName::to_string)
    };
    format!("{} ({} to {})", handover.subject, name(&handover.from), name(&handover.to))
}
