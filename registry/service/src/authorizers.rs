//! Authorizers over the ownership of the state that a decision is made on.
//!
//! The ownership in force follows the store once a group of commits is durable. A decision in the writer sees the state with what
//! the group has decided before it: who was removed, or gave a claim up, earlier in the same group must not change anything
//! later in it. So what is decided on a state is decided by the ownership of that state.

use authz::{Authorizer, Ownership};
use rules::fault::Fault;
use std::sync::{Arc, Mutex, PoisonError};
use storage::State;

/// Makes authorizers that decide who may do what on a state.
pub struct Authorizers {
    authorizer: Authorizer,
    /// The ownership that was built last, so that the decisions that follow a change in its group do not build it again. It is
    /// known by its place in the log, where no other record ever stands: a group that fails ends writing.
    built: Mutex<Option<Arc<Ownership>>>,
}

impl Authorizers {
    /// By the settings and policy of this authorizer, and by its ownership where a state has that very one.
    pub fn new(authorizer: Authorizer) -> Self {
        Authorizers { authorizer, built: Mutex::default() }
    }

    /// An authorizer over the ownership of this state.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(&self, state: &dyn State) -> Result<Authorizer, Fault> {
        Ok(self.authorizer.over(self.ownership(state)?))
    }

    fn ownership(&self, state: &dyn State) -> Result<Arc<Ownership>, Fault> {
        let at = state.namespaces_at()?;
        let in_force = self.authorizer.ownership();
        let built = || self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let known = [Some(in_force), built().clone()].into_iter().flatten().find(|ownership| ownership.at() == at);
        if let Some(ownership) = known {
            return Ok(ownership);
        }
        let ownership = Ownership::new(state.namespaces()?).map_err(|error| Fault::Internal(error.to_string()))?;
        let ownership = Arc::new(ownership.read_at(at));
        *built() = Some(Arc::clone(&ownership));
        Ok(ownership)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::OwnershipCache;
    use authz::{Action, AuthorizationSettings, Caller, Identity, Method, Policy, Verified};
    use model::{InternalRecord, MemberRole, Namespace, NamespaceName, Principal, Record};
    use std::sync::mpsc::channel;
    use storage::{Group, MemoryStore, Observer, Store};

    struct Follows(OwnershipCache);

    impl Observer for Follows {
        fn committed(&self, group: &Group<'_>) {
            self.0.follow(group.records);
        }
    }

    fn put(namespace: &Namespace) -> Record {
        Record::Internal(InternalRecord::Namespace(Box::new(namespace.clone())))
    }

    #[test]
    fn a_decision_knows_what_its_group_has_decided_before_it() {
        let authorizer = Authorizer::new(AuthorizationSettings::default(), Policy::embedded());
        let store = MemoryStore::new(Arc::new(Follows(OwnershipCache::new(authorizer.clone())))).unwrap();
        let principal: Principal = "user:basic/alice".parse().unwrap();
        let verified = Verified { principal: principal.clone(), groups: vec![], method: Method::Basic };
        let alice = Caller { identity: Identity::Verified(verified.into()), address: None, request_id: "r".into() };
        let name: NamespaceName = "pay".parse().unwrap();
        let mut namespace = Namespace::new(name.clone());
        namespace.members.insert(principal, MemberRole::Owner);
        let first = put(&namespace);
        store.submit(Box::new(move |_| Ok(vec![first]))).blocking_recv().unwrap().unwrap();
        namespace.members.clear();

        // The writer is kept inside a decision, so what is handed to it meanwhile is one group.
        let ((entered, inside), (release, released)) = (channel::<()>(), channel::<()>());
        let busy = store.submit(Box::new(move |_| {
            entered.send(()).unwrap();
            released.recv().unwrap();
            Ok(vec![])
        }));
        inside.recv().unwrap();
        let removal = store.submit(Box::new(move |_| Ok(vec![put(&namespace)])));
        let (authorizers, in_force) = (Authorizers::new(authorizer.clone()), authorizer);
        let (tell, told) = channel();
        let after = store.submit(Box::new(move |state| {
            let may = |by: &Authorizer| by.permit(&alice, Action::Govern, name.clone()).is_ok();
            tell.send((may(&in_force), may(&authorizers.of(state).unwrap()))).unwrap();
            Ok(vec![])
        }));
        release.send(()).unwrap();
        for waiting in [busy, removal, after] {
            waiting.blocking_recv().unwrap().unwrap();
        }
        assert_eq!(told.recv().unwrap(), (true, false));
    }
}
