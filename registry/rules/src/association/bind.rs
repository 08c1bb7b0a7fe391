//! Making and changing associations: what is there already, what may be written, and the schemas that come with it.
//!
//! The order of the steps is that of the Confluent API and shows in its answers. Each binding is decided on the state as the ones
//! before it leave it, so two schemas of one request cannot get the same id.

use super::request::{Binding, Request, Resource, Verb, check_frozen, complete};
use super::{all, first, invalid};
use crate::config;
use crate::fault::{Fault, Scope};
use crate::knowledge::{Knowledge, Stop};
use crate::names::{self, Use};
use crate::register::{self, Force, Registered, Registration};
use model::{Association, AssociationKey, CompatibilityLevel, Lifecycle, Mode, Record, RegistryRecord, Subject};
use state::{Associations, State, StoredAssociation, SubjectSummary};

/// An association that was made or changed.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The subject.
    pub subject: Subject,
    /// Key or value.
    pub association_type: String,
    /// How far both belong together.
    pub lifecycle: Lifecycle,
    /// Frozen?
    pub frozen: bool,
    /// The schema that came with it.
    pub schema: Option<Registered>,
}

/// What a binding comes to: nothing, where it is there already.
#[derive(Default)]
pub struct Step {
    /// What to show.
    pub bound: Option<Bound>,
    /// What to write for the schema.
    pub schema: Vec<Record>,
    /// What to write for the association itself.
    pub association: Option<Record>,
}

/// The subject of each binding, aliases replaced: what is to be asked permission for.
///
/// # Errors
/// `InvalidAssociation` where neither the request nor an association that is there names one; those of the store.
pub fn subjects(state: &dyn State, request: &Request) -> Result<Vec<Subject>, Fault> {
    let existing = existing(state, &request.resource)?;
    let subject = |binding: &Binding| match (&binding.subject, there(&existing, binding)) {
        (Some(named), _) => Ok(config::alias_of(state, named)?.unwrap_or_else(|| named.clone())),
        (None, Some(stored)) => Ok(stored.key.subject.clone()),
        (None, None) => {
            let made = complete(&request.resource, Binding { schema: None, ..binding.clone() })?;
            made.subject.ok_or_else(|| invalid("subject", "cannot be null or empty"))
        }
    };
    request.bindings.iter().map(subject).collect()
}

/// Decides a request. `subjects` are those of the function of that name.
///
/// # Errors
/// `Stop::Fault` with the refusal; `Stop::NotPrecomputed` in the writer.
pub fn plan(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    request: &Request,
    subjects: &[&Subject],
    default_level: CompatibilityLevel,
) -> Result<Vec<Step>, Stop> {
    for subject in subjects {
        names::check(subject.as_str(), subject, Use::Register)?;
        if config::mode_in_scope(state, subject)?.is_read_only() {
            return Err(Fault::ReadOnly(Scope::Subject((*subject).clone())).into());
        }
    }
    let existing = existing(state, &request.resource)?;
    check_name(&request.resource, &existing)?;
    let planner = Planner { request, existing: &existing, default_level };
    let mut wanted = Vec::with_capacity(subjects.len());
    for (binding, subject) in request.bindings.iter().zip(subjects) {
        wanted.push(planner.want(state, knowledge, binding, subject)?);
    }
    check_one_lifecycle(request, &existing, &wanted)?;
    let mut draft = state.draft()?;
    let mut steps = Vec::with_capacity(wanted.len());
    for (wanted, binding) in wanted.into_iter().zip(&request.bindings) {
        let step = match wanted {
            None => Step::default(),
            Some(wanted) => planner.make(&*draft, knowledge, binding, wanted)?,
        };
        draft.add(&step.schema)?;
        draft.add(step.association.as_slice())?;
        steps.push(step);
    }
    Ok(steps)
}

/// The associations of a resource. Without an id, which only a dry run lacks, of the resource of that name that was changed last.
fn existing(state: &dyn State, resource: &Resource) -> Result<Vec<StoredAssociation>, state::Error> {
    let mut found = match &resource.id {
        Some(id) => all(state, Associations::OfResource(id))?,
        None => all(state, Associations::NamedIn(&resource.namespace, &resource.name))?,
    };
    found.retain(|stored| stored.key.resource_type == resource.resource_type);
    if resource.id.is_none() {
        keep_last_changed(&mut found);
    }
    Ok(found)
}

/// Of the associations of several resources with one name, keeps those of the resource that was changed last.
pub fn keep_last_changed(found: &mut Vec<StoredAssociation>) {
    if let Some(last) = found.iter().max_by_key(|stored| stored.updated) {
        let id = last.association.resource_id.clone();
        found.retain(|stored| stored.association.resource_id == id);
    }
}

fn there<'a>(existing: &'a [StoredAssociation], binding: &Binding) -> Option<&'a StoredAssociation> {
    existing.iter().find(|stored| stored.key.association_type == binding.association_type)
}

/// An id stands for one resource: or whoever took another one's id would stand in its owner's way.
fn check_name(resource: &Resource, existing: &[StoredAssociation]) -> Result<(), Fault> {
    let other = existing
        .iter()
        .map(|stored| &stored.key)
        .find(|key| (&key.resource_name, &key.resource_namespace) != (&resource.name, &resource.namespace));
    match other {
        None => Ok(()),
        Some(key) => {
            let (name, namespace) = (&key.resource_name, &key.resource_namespace);
            Err(invalid("resourceId", format!("is that of the resource '{name}' in namespace '{namespace}'")))
        }
    }
}

/// All associations of a resource, those that stay and those that are made, are of one kind.
fn check_one_lifecycle(
    request: &Request,
    existing: &[StoredAssociation],
    wanted: &[Option<Wanted>],
) -> Result<(), Fault> {
    let made = wanted.iter().flatten().map(|wanted| wanted.lifecycle);
    let replaced = |stored: &&StoredAssociation| {
        let mut all = request.bindings.iter().zip(wanted);
        all.any(|(binding, wanted)| wanted.is_some() && binding.association_type == stored.key.association_type)
    };
    let stay = existing.iter().filter(|stored| !replaced(stored)).map(|stored| stored.association.lifecycle);
    let mut lifecycles: Vec<Lifecycle> = made.chain(stay).collect();
    lifecycles.dedup();
    match (wanted.iter().any(Option::is_some), lifecycles.len()) {
        (true, 2..) => Err(invalid("lifecycle", "all associations of a resource must have the same lifecycle")),
        _ => Ok(()),
    }
}

/// An association to be written.
struct Wanted {
    subject: Subject,
    lifecycle: Lifecycle,
    /// The one that it replaces.
    before: Option<StoredAssociation>,
}

struct Planner<'a> {
    request: &'a Request,
    existing: &'a [StoredAssociation],
    default_level: CompatibilityLevel,
}

impl Planner<'_> {
    /// Is a binding there already (`None`), or may it be made?
    fn want(
        &self,
        state: &dyn State,
        knowledge: &dyn Knowledge,
        binding: &Binding,
        subject: &Subject,
    ) -> Result<Option<Wanted>, Stop> {
        let Some(stored) = there(self.existing, binding) else {
            return self.new_one(state, knowledge, binding, subject).map(Some);
        };
        let same = stored.key.subject == *subject
            && binding.lifecycle.is_none_or(|lifecycle| lifecycle == stored.association.lifecycle)
            && binding.frozen.is_none_or(|frozen| frozen == stored.association.frozen);
        if same && self.is_registered(state, knowledge, binding, subject)? {
            return Ok(None);
        }
        match self.request.verb {
            Verb::Create => Err(Fault::AssociationExists {
                association_type: binding.association_type.clone(),
                resource: self.request.resource.name.clone(),
            }
            .into()),
            Verb::Upsert => Ok(Some(self.changed(binding, subject, stored)?)),
        }
    }

    /// Is the schema of a binding, if it has one, a version of the subject? One that is incompatible is none.
    fn is_registered(
        &self,
        state: &dyn State,
        knowledge: &dyn Knowledge,
        binding: &Binding,
        subject: &Subject,
    ) -> Result<bool, Stop> {
        match self.registration(binding, subject) {
            None => Ok(true),
            Some(registration) => match register::plan(state, knowledge, &registration) {
                Ok(plan) => Ok(plan.records.is_empty()),
                Err(Stop::Fault(Fault::Incompatible(..))) => Ok(false),
                Err(stop) => Err(stop),
            },
        }
    }

    fn registration(&self, binding: &Binding, subject: &Subject) -> Option<Registration> {
        binding.schema.as_ref().map(|schema| Registration {
            subject: subject.clone(),
            schema: schema.clone(),
            normalize: binding.normalize,
            force: Force::No,
            default_level: self.default_level,
        })
    }

    fn new_one(
        &self,
        state: &dyn State,
        knowledge: &dyn Knowledge,
        binding: &Binding,
        subject: &Subject,
    ) -> Result<Wanted, Stop> {
        let importing = config::mode_in_scope(state, subject)? == Mode::Import;
        if self.request.verb == Verb::Upsert && binding.schema.is_some() {
            return Err(invalid("schema", "a new association with a schema must be created").into());
        }
        let named = Binding { subject: Some(subject.clone()), ..binding.clone() };
        let lifecycle = complete(&self.request.resource, named)?.lifecycle.unwrap_or(Lifecycle::Weak);
        if lifecycle == Lifecycle::Strong && !importing {
            if self.request.verb == Verb::Upsert {
                return Err(invalid("lifecycle", "a new STRONG association must be created").into());
            }
            if binding.schema.is_none() {
                return Err(invalid("schema", "must be provided for frozen associations").into());
            }
            let SubjectSummary { live, latest, .. } = state.subject(subject)?.unwrap_or_default();
            let only_this = live == 0
                || (live == 1 && latest == Some(1) && self.is_registered(state, knowledge, binding, subject)?);
            if !only_this {
                let detail = "frozen associations need a subject without schemas, or with this one as its version 1";
                return Err(invalid("schema", detail).into());
            }
        }
        Ok(Wanted { subject: subject.clone(), lifecycle, before: None })
    }

    fn changed(&self, binding: &Binding, subject: &Subject, stored: &StoredAssociation) -> Result<Wanted, Fault> {
        let (key, before) = (&stored.key, &stored.association);
        if binding.lifecycle.is_none() && binding.schema.is_none() {
            return Err(invalid("lifecycle", "lifecycle or schema must be provided to change an association"));
        }
        if key.subject != *subject {
            return Err(invalid("subject", format!("'{}' of an association cannot be changed", key.subject)));
        }
        let lifecycle = binding.lifecycle.unwrap_or(before.lifecycle);
        let owned = self.request.resource.owned_subject(&binding.association_type);
        if (before.lifecycle, lifecycle) == (Lifecycle::Strong, Lifecycle::Weak) && *subject == owned {
            return Err(invalid("lifecycle", format!("an association with subject '{owned}' must be STRONG")));
        }
        check_frozen(lifecycle, binding.frozen.unwrap_or(before.frozen))?;
        if before.frozen {
            return Err(Fault::AssociationFrozen(binding.association_type.clone(), subject.clone()));
        }
        Ok(Wanted { subject: subject.clone(), lifecycle, before: Some(stored.clone()) })
    }

    /// What an association that may be made writes, its schema first.
    fn make(
        &self,
        state: &dyn State,
        knowledge: &dyn Knowledge,
        binding: &Binding,
        wanted: Wanted,
    ) -> Result<Step, Stop> {
        let Wanted { subject, lifecycle, before } = wanted;
        if binding.schema.is_some() && config::mode_in_scope(state, &subject)? == Mode::Import {
            return Err(invalid("schema", "cannot be given while the subject is in import mode").into());
        }
        if binding.schema.is_none() && state.subject(&subject)?.is_none_or(|summary| summary.live == 0) {
            return Err(Fault::NoActiveVersion(subject).into());
        }
        self.check_others(state, &subject, lifecycle, binding)?;
        let registered = match self.registration(binding, &subject) {
            None => None,
            Some(registration) => Some(register::plan(state, knowledge, &registration).map_err(|stop| match stop {
                Stop::Fault(Fault::Incompatible(_, outcome)) => {
                    Fault::AssociationIncompatible(outcome, Box::new(registration.schema)).into()
                }
                other => other,
            })?),
        };
        let frozen = lifecycle == Lifecycle::Strong;
        let (schema, records) = registered.map(|plan| (plan.answer, plan.records)).unzip();
        let Resource { name, namespace, id, resource_type } = self.request.resource.clone();
        let association_type = binding.association_type.clone();
        let key = AssociationKey {
            resource_name: name,
            resource_namespace: namespace,
            resource_type,
            association_type: association_type.clone(),
            subject: subject.clone(),
        };
        let guid = before.map_or(binding.guid, |before| before.association.guid);
        let association = Association { guid, resource_id: id.unwrap_or_default(), lifecycle, frozen };
        let record = RegistryRecord::Association { key: Box::new(key), association: Some(association) };
        Ok(Step {
            bound: Some(Bound { subject, association_type, lifecycle, frozen, schema }),
            schema: records.unwrap_or_default(),
            association: Some(Record::Registry(record)),
        })
    }

    /// A subject that a topic owns has no other association, and nothing refers to it.
    fn check_others(
        &self,
        state: &dyn State,
        subject: &Subject,
        lifecycle: Lifecycle,
        binding: &Binding,
    ) -> Result<(), Fault> {
        let other = |stored: &StoredAssociation| {
            Some(&stored.association.resource_id) != self.request.resource.id.as_ref()
                || stored.key.association_type != binding.association_type
        };
        match (first(state, subject, other)?, lifecycle) {
            (Some(_), Lifecycle::Strong) => return Err(Fault::SubjectAssociated(subject.clone())),
            (Some(stored), Lifecycle::Weak) if stored.association.lifecycle == Lifecycle::Strong => {
                return Err(Fault::StronglyAssociated(subject.clone()));
            }
            _ => {}
        }
        if lifecycle == Lifecycle::Strong {
            for version in state.versions(subject)? {
                if state.is_referred_to(subject, version.version, &|_| true)? {
                    return Err(Fault::SubjectReferenced(subject.clone()));
                }
            }
        }
        Ok(())
    }
}
