//! A permit on its way into the store: what may be changed, and the entry that the audit gets with the change.
//!
//! Between the permit and the commit a request may wait, and meanwhile a claim may pass to somebody else, a member be removed, or
//! an alias come to point elsewhere. So the writer decides again, by the state that it decides on, about the records that
//! it is about to write rather than about what was asked for.

use super::authorizers::Authorizers;
use super::decide::is_transient;
use authz::audit::AuditEntry;
use authz::{Action, Caller, Decision, Grant, Permit, Refusal, RegisterPermit, Resource, Rule, Scope};
use model::{AuditChange, AuditRecord, Content, Effect, NamespaceName, Record, RegistryRecord, SchemaId, Subject};
use rules::config;
use rules::fault::Fault;
use rules::register::Force;
use std::collections::BTreeSet;
use storage::State;

/// A change that is permitted. What changes something takes its target from here.
pub struct Change<R> {
    permit: Permit<R>,
    operation: &'static str,
    named: Option<Subject>,
    stands_for: StandsFor,
}

/// How a subject is an alias of another one, in a state.
type StandsFor = fn(&dyn State, &Subject) -> Result<Option<Subject>, storage::Error>;

impl<R: Resource> Change<R> {
    /// A permit, used for this operation (its name in metrics and log).
    pub fn new(permit: Permit<R>, operation: &'static str) -> Self {
        Change { permit, operation, named: None, stands_for: config::alias_of }
    }

    /// The same, of what the request calls `named`: the subject itself or an alias of it.
    pub fn named(self, named: Option<Subject>) -> Self {
        Change { named, ..self }
    }

    /// The same, of a subject whose DEKs are meant.
    pub fn named_for_deks(self, named: Option<Subject>) -> Self {
        Change { named, stands_for: config::alias_for_deks_of, ..self }
    }

    /// Who makes it.
    pub fn caller(&self) -> &Caller {
        &self.permit.grant().caller
    }

    /// As what it is permitted.
    pub fn action(&self) -> Action {
        self.permit.grant().action
    }

    /// What is changed.
    pub fn resource(&self) -> &R {
        self.permit.resource()
    }

    /// The entry of the change as it was permitted, for who asks for the permit where it is written.
    pub fn entry(&self) -> Option<Record> {
        entry(self.permit.resource().scope(), self.permit.grant(), self.operation)
    }

    /// Decides once more, in the writer: may it still be changed, and may all that these records touch? The entry of
    /// the change as it is permitted now, in the audit of each owner whom it concerns.
    ///
    /// # Errors
    /// `AliasMoved`, `Denied`, those of the store.
    pub fn to_write(
        &self,
        authorizers: &Authorizers,
        state: &dyn State,
        records: &[Record],
    ) -> Result<Vec<Record>, Fault> {
        let (authorizer, scope) = (authorizers.of(state)?, self.permit.resource().scope());
        check_name(state, self.named.as_ref(), self.stands_for, scope)?;
        let mut grant = authorizer.again(&self.permit)?;
        // Whoever gives a claim up to another namespace, or loses an offer, has it in its audit too.
        let namespaces = records.iter().filter_map(|record| record.touched().namespace).map(|(name, _)| name);
        let mut others: BTreeSet<NamespaceName> =
            namespaces.filter(|name| scope != Scope::Namespace(name)).cloned().collect();
        for (effect, subject) in records.iter().filter_map(|record| record.touched().effect) {
            if subject.scope() != scope {
                let permit = authorizer.permit(&grant.caller, action(effect), subject.clone())?;
                also_require(&mut grant, &permit.grant().decision);
                others.extend(permit.grant().namespace.clone().filter(|other| grant.namespace.as_ref() != Some(other)));
            }
        }
        let Some(entry) = entry(scope, &grant, self.operation) else { return Ok(vec![]) };
        let theirs = others.iter().map(|other| in_audit_of(other, entry.clone()));
        Ok(std::iter::once(entry.clone()).chain(theirs).collect())
    }
}

/// Does the subject that a request named still stand for what the request is about?
fn check_name(
    state: &dyn State,
    named: Option<&Subject>,
    stands_for: StandsFor,
    scope: Scope<'_>,
) -> Result<(), Fault> {
    let Some(named) = named else { return Ok(()) };
    let alias = stands_for(state, named)?;
    if alias.as_ref().unwrap_or(named).scope() == scope { Ok(()) } else { Err(Fault::AliasMoved(named.clone())) }
}

/// The action that the effect of a record is. A change of a whole context may reach subjects that others own.
fn action(effect: Effect) -> Action {
    match effect {
        Effect::Registers => Action::Register,
        Effect::Deletes => Action::Delete,
        Effect::Configures => Action::Config,
        Effect::SetsMode => Action::Mode,
        Effect::Associates => Action::Associate,
    }
}

/// The audit's entry of a change. Where everything is open there is nothing to say about who was allowed what by which rule,
/// and the log of changes is the record.
fn entry(scope: Scope<'_>, grant: &Grant, operation: &str) -> Option<Record> {
    (grant.rule != Rule::Open).then(|| {
        let entry = AuditEntry::permitted(0, operation, scope, grant);
        Record::Audit(AuditChange::Entry(Box::new(AuditRecord::from(entry))))
    })
}

/// The same entry for another namespace, which is concerned as well.
pub(super) fn in_audit_of(namespace: &NamespaceName, mut entry: Record) -> Record {
    if let Record::Audit(AuditChange::Entry(entry)) = &mut entry {
        entry.namespace = Some(namespace.clone());
    }
    entry
}

/// How far above the highest id of its context an explicit id may lie without an administrator's `force`.
const NEAR: SchemaId = 1_000_000;

/// The right to register. What else a registration may turn out to take is only held against one that writes something
/// for which it is needed; whether it does is known once it has been planned.
pub struct Rights {
    /// To register in the subject, or to find that it is registered.
    pub permit: RegisterPermit<Subject>,
    /// The operation's name in metrics and log.
    pub operation: &'static str,
    /// What the request calls the subject, where that may be an alias.
    pub named: Option<Subject>,
}

/// What a planned registration does besides adding a version.
pub struct RequiredRights {
    /// Its context comes into being.
    pub new_context: bool,
    /// The id that the request chose.
    pub id: Option<SchemaId>,
    /// With `force=true`.
    pub forced: bool,
    /// The subjects that the version refers to, also by what it takes over from the one before.
    pub refers_to: Vec<Subject>,
}

impl RequiredRights {
    /// What a registration with this id and force takes that writes these records and this content.
    pub fn of(subject: &Subject, id: Option<SchemaId>, force: Force, records: &[Record], content: &Content) -> Self {
        let creates =
            |record: &Record| matches!(record, Record::Registry(RegistryRecord::Context { exists: true, .. }));
        RequiredRights {
            new_context: records.iter().any(creates),
            id,
            forced: force == Force::Yes,
            refers_to: content.references.iter().map(|reference| subject.sibling(&reference.subject)).collect(),
        }
    }
}

impl Rights {
    /// Decides in the writer, by the ownership as it stands there: the entry of the audit for a registration that writes
    /// something, or why it may not.
    ///
    /// # Errors
    /// `AliasMoved`, `Denied`, `FarId`, those of the store.
    pub fn to_write(
        &self,
        authorizers: &Authorizers,
        state: &dyn State,
        required: &RequiredRights,
    ) -> Result<Option<Record>, Fault> {
        let permit = self.permit.to_write()?;
        let (subject, authorizer) = (permit.resource(), authorizers.of(state)?);
        check_name(state, self.named.as_ref(), config::alias_of, subject.scope())?;
        let mut grant = authorizer.again(permit)?;
        let caller = grant.caller.clone();
        let permitted = |action| authorizer.permit(&caller, action, subject.clone());
        if required.new_context {
            let permit = authorizer.permit(&caller, Action::CreateContext, subject.context().clone())?;
            also_require(&mut grant, &permit.grant().decision);
        }
        if required.forced {
            also_require(&mut grant, &permitted(Action::Force)?.grant().decision);
        }
        for target in &required.refers_to {
            also_require(&mut grant, &authorizer.permit_reference(&caller, subject, target)?);
        }
        if let Some(id) = required.id {
            let import = permitted(Action::Import)?;
            also_require(&mut grant, &import.grant().decision);
            let highest = state.last_id(subject.context())?.unwrap_or(0).max(0);
            if import.grant().rule != Rule::Open && id > highest.saturating_add(NEAR) {
                also_require(&mut grant, &permitted(Action::Administer)?.grant().decision);
                if !required.forced {
                    return Err(Fault::FarId(id, highest));
                }
            }
        }
        Ok(entry(subject.scope(), &grant, self.operation))
    }

    /// What is answered to a request that failed: who may not write is told that and not what else is wrong with it,
    /// unless it passes by itself.
    pub fn instead_of(&self, fault: Fault) -> Fault {
        match self.permit.to_write() {
            Err(refusal) if !is_transient(&fault) => Fault::Denied(refusal),
            _ => fault,
        }
    }
}

/// What else a change takes: if that is let through only because authorization observes, so is the whole, and its entry says
/// for which action.
fn also_require(grant: &mut Grant, decision: &Decision) {
    let Decision::Observed(refusal) = decision else { return };
    if grant.decision == Decision::Permitted {
        grant.decision = decision.clone();
        if let Refusal::Forbidden(forbidden) = &**refusal {
            (grant.action, grant.rule) = (forbidden.action, forbidden.rule);
        }
    }
}

/// Was the change let through only because authorization observes?
pub fn observed(grant: &Grant) -> Option<&Refusal> {
    match &grant.decision {
        Decision::Permitted => None,
        Decision::Observed(refusal) => Some(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authz::{AuthorizationSettings, Authorizer, Identity, Method, Ownership, Policy, Verified};
    use model::{AuditOutcome, Claim, InternalRecord, MemberRole, Mode, Namespace};
    use storage::MemoryState;

    fn caller(name: &str) -> Caller {
        let principal = format!("user:basic/{name}").parse().unwrap();
        let verified = Verified { principal, groups: vec![], method: Method::Basic };
        Caller { identity: Identity::Verified(verified.into()), address: None, request_id: "r".into() }
    }

    /// Namespaces written as `name: claim claim`; each is owned by the user of its name.
    fn ownership(namespaces: &[&str]) -> Ownership {
        Ownership::new(namespaces.iter().map(|text| {
            let (name, claims) = text.split_once(": ").unwrap();
            let mut namespace = Namespace::new(name.parse().unwrap());
            namespace.claims = claims.split(' ').map(|claim| claim.parse::<Claim>().unwrap()).collect();
            namespace.members.insert(format!("user:basic/{name}").parse().unwrap(), MemberRole::Owner);
            namespace
        }))
        .unwrap()
    }

    fn authorizer(namespaces: &[&str]) -> (Authorizer, Authorizers) {
        let authorizer = Authorizer::new(AuthorizationSettings::default(), Policy::embedded());
        authorizer.set_ownership(ownership(namespaces));
        (authorizer.clone(), Authorizers::new(authorizer))
    }

    fn denied<T>(outcome: Result<T, Fault>) -> String {
        match outcome {
            Err(Fault::Denied(refusal)) => refusal.to_string().split(" (").next().unwrap().to_owned(),
            Err(Fault::AliasMoved(named)) => format!("{named} has moved"),
            Err(other) => format!("{other:?}"),
            Ok(_) => "permitted".to_owned(),
        }
    }

    #[test]
    fn the_writer_refuses_what_was_permitted_on_land_that_has_passed_on() {
        let (authorizer, authorizers) = authorizer(&["pay: payments"]);
        let subject = || Subject::parse("payments.x");
        let change = Change::new(
            authorizer.permit(&caller("pay"), Action::Delete, subject()).unwrap(),
            "subjects.delete-subject",
        );
        let permit = authorizer.permit_register(&caller("pay"), subject()).unwrap();
        let rights = Rights { permit, operation: "subjects.versions.register", named: None };
        let required = RequiredRights { new_context: false, id: None, forced: false, refers_to: vec![] };
        let outcomes = || {
            let registration = rights.to_write(&authorizers, &MemoryState::default(), &required);
            [denied(change.to_write(&authorizers, &MemoryState::default(), &[])), denied(registration)]
        };
        assert_eq!(outcomes(), ["permitted", "permitted"]);
        authorizer.set_ownership(ownership(&["pay: payments", "risk: payments.x"]));
        let refused = "User is denied operation Write on Subject: payments.x";
        assert_eq!(outcomes(), [refused, refused]);
    }

    #[test]
    fn a_change_of_a_context_reaches_no_subject_in_it_that_somebody_else_owns() {
        let (authorizer, authorizers) = authorizer(&["whole: :.c:", "guest: :.c:guest"]);
        let context = Subject::parse(":.c:");
        let permit = authorizer.permit(&caller("whole"), Action::Mode, context.clone()).unwrap();
        let change = Change::new(permit, "mode.delete-subject");
        let mode =
            |subject: &str, mode| Record::Registry(RegistryRecord::Mode { scope: Subject::parse(subject), mode });
        let gone = |subject: &str| {
            Record::Registry(RegistryRecord::SchemaTombstone { subject: Subject::parse(subject), version: 1 })
        };
        let check = |records: &[Record], expected: &str| {
            assert_eq!(
                denied(change.to_write(&authorizers, &MemoryState::default(), records)),
                expected,
                "{records:?}"
            );
        };
        check(&[mode(":.c:", Some(Mode::Import)), mode(":.c:own", None), gone(":.c:own")], "permitted");
        check(&[mode(":.c:guest-a", None)], "User is denied operation Write on Subject: :.c:guest-a");
        check(&[gone(":.c:own"), gone(":.c:guest-a")], "User is denied operation Write on Subject: :.c:guest-a");
    }

    #[test]
    fn a_change_of_a_namespace_is_in_the_audit_of_each_that_it_changes() {
        let (authorizer, authorizers) = authorizer(&["pay: payments", "cards: payments.cards"]);
        let name = |text: &str| text.parse::<NamespaceName>().unwrap();
        let permit = authorizer.permit(&caller("cards"), Action::Govern, name("cards")).unwrap();
        let change = Change::new(permit, "namespaces.claims.put");
        let written = |text: &str| Record::Internal(InternalRecord::Namespace(Box::new(Namespace::new(name(text)))));
        let entries =
            change.to_write(&authorizers, &MemoryState::default(), &[written("cards"), written("pay")]).unwrap();
        let shown = entries.iter().map(|entry| match entry {
            Record::Audit(AuditChange::Entry(entry)) => {
                (entry.name.as_str(), entry.namespace.as_ref().map(|name| name.as_str()))
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(shown.collect::<Vec<_>>(), [("cards", Some("cards")), ("cards", Some("pay"))]);
    }

    #[test]
    fn what_is_let_through_only_to_observe_is_said_in_the_entry_also_where_it_is_taken_besides() {
        let (authorizer, authorizers) = authorizer(&["pay: payments"]);
        authorizer.set_settings(AuthorizationSettings {
            mode: authz::Enforcement::Observe,
            ..AuthorizationSettings::default()
        });
        let check = |who: &str, required: RequiredRights, expected: (AuditOutcome, &str)| {
            let permit = authorizer.permit_register(&caller(who), Subject::parse("payments")).unwrap();
            let rights = Rights { permit, operation: "subjects.versions.register", named: None };
            match rights.to_write(&authorizers, &MemoryState::default(), &required).unwrap() {
                Some(Record::Audit(AuditChange::Entry(entry))) => {
                    assert_eq!((entry.outcome, entry.action.as_str()), expected, "{who}");
                }
                other => panic!("{other:?}"),
            }
        };
        let nothing = || RequiredRights { new_context: false, id: None, forced: false, refers_to: vec![] };
        check("pay", RequiredRights { forced: true, ..nothing() }, (AuditOutcome::Permitted, "register"));
        check("pay", RequiredRights { id: Some(7), ..nothing() }, (AuditOutcome::Observed, "import"));
        check("risk", RequiredRights { id: Some(7), ..nothing() }, (AuditOutcome::Observed, "register"));
    }

    #[test]
    fn what_a_registration_takes_besides_is_asked_for_when_it_is_written() {
        let (authorizer, authorizers) = authorizer(&["pay: payments :.pay:"]);
        let mut namespaces = authorizer.ownership().namespaces().to_vec();
        namespaces[0].referrers = model::Referrers::Members;
        namespaces.push(ownership(&["guest: :.pay:guest"]).namespaces()[0].clone());
        authorizer.set_ownership(Ownership::new(namespaces).unwrap());
        let permit = authorizer.permit_register(&caller("guest"), Subject::parse(":.pay:guest")).unwrap();
        let rights = Rights { permit, operation: "subjects.versions.register", named: None };
        let check = |required: RequiredRights, expected: &str| {
            assert_eq!(denied(rights.to_write(&authorizers, &MemoryState::default(), &required)), expected);
        };
        let nothing = || RequiredRights { new_context: false, id: None, forced: false, refers_to: vec![] };
        check(nothing(), "permitted");
        check(RequiredRights { forced: true, ..nothing() }, "permitted");
        check(RequiredRights { new_context: true, ..nothing() }, "User is denied operation Write on Context: .pay");
        check(RequiredRights { id: Some(7), ..nothing() }, "User is denied operation Write on Subject: :.pay:guest");
        check(
            RequiredRights { refers_to: vec![Subject::parse("payments")], ..nothing() },
            "User is denied operation Write on Subject: payments",
        );
    }

    #[test]
    fn who_was_removed_earlier_in_a_group_changes_nothing_later_in_it() {
        let (authorizer, authorizers) = authorizer(&["pay: payments"]);
        let name: NamespaceName = "pay".parse().unwrap();
        let subject = || Subject::parse("payments.x");
        let govern = authorizer.permit(&caller("pay"), Action::Govern, name.clone()).unwrap();
        let offer = Change::new(govern, "namespaces.offers.put");
        let delete = authorizer.permit(&caller("pay"), Action::Delete, subject()).unwrap();
        let delete = Change::new(delete, "subjects.delete-subject");
        let permit = authorizer.permit_register(&caller("pay"), subject()).unwrap();
        let rights = Rights { permit, operation: "subjects.versions.register", named: None };
        let outcomes = |state: &dyn State| {
            let required = RequiredRights { new_context: false, id: None, forced: false, refers_to: vec![] };
            [
                denied(offer.to_write(&authorizers, state, &[])),
                denied(delete.to_write(&authorizers, state, &[])),
                denied(rights.to_write(&authorizers, state, &required)),
            ]
        };
        let put = |namespace: &Namespace| Record::Internal(InternalRecord::Namespace(Box::new(namespace.clone())));
        let namespace = authorizer.ownership().namespaces()[0].clone();
        let mut state = MemoryState::default();
        state.fold([put(&namespace)], 0).unwrap();
        authorizer.set_ownership(Ownership::new([namespace.clone()]).unwrap().read_at(state.namespaces_at().unwrap()));
        assert_eq!(outcomes(&state), ["permitted"; 3]);

        // What is in force does not know of it yet.
        let mut without = namespace.clone();
        without.members.clear();
        let mut group = state.clone();
        group.fold([put(&without)], 0).unwrap();
        let write = "User is denied operation Write on";
        let of_the_subject = format!("{write} Subject: payments.x");
        let refused = [format!("{write} Namespace: pay"), of_the_subject.clone(), of_the_subject];
        assert_eq!(outcomes(&group), refused);
        // Nor is it the other way round: who was taken in earlier in the group may do something later.
        group.fold([put(&namespace)], 0).unwrap();
        assert_eq!(outcomes(&group), ["permitted"; 3]);
        group.fold([Record::Internal(InternalRecord::NamespaceRemoved { name })], 0).unwrap();
        assert_eq!(outcomes(&group)[1], refused[1]);
        assert_eq!(outcomes(&state), ["permitted"; 3]);
    }

    #[test]
    fn nothing_is_written_under_an_alias_that_has_come_to_stand_for_something_else() {
        let authorizer = Authorizer::open();
        let authorizers = Authorizers::new(authorizer.clone());
        let named = Some(Subject::parse("alias"));
        let delete = authorizer.permit(&caller("pay"), Action::Delete, Subject::parse("old")).unwrap();
        let change = Change::new(delete, "subjects.delete-subject").named(named.clone());
        let permit = authorizer.permit_register(&caller("pay"), Subject::parse("old")).unwrap();
        let rights = Rights { permit, operation: "subjects.versions.register", named };
        let required = RequiredRights { new_context: false, id: None, forced: false, refers_to: vec![] };
        let mut state = MemoryState::default();
        for (alias, stands) in [(None, false), (Some("old"), true), (Some("new"), false)] {
            let config = model::Config { alias: alias.map(str::to_owned), ..model::Config::default() };
            let scope = Subject::parse("alias");
            let record = RegistryRecord::Config { scope, config: Some(Box::new(config)) };
            state.fold([Record::Registry(record)], 0).unwrap();
            let outcomes = [
                denied(change.to_write(&authorizers, &state, &[])),
                denied(rights.to_write(&authorizers, &state, &required)),
            ];
            let expected = if stands { "permitted" } else { "alias has moved" };
            assert_eq!(outcomes, [expected; 2], "{alias:?}");
        }
    }
}
