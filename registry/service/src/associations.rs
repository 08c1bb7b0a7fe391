//! `/associations`: lists them, and finds those of a resource.

use super::decide::is_transient;
use super::listing::{Listing, Show, Source};
use super::{Service, Shown};
use model::{AssociationKey, Lifecycle, Subject};
use rules::association::{bind, invalid};
use rules::fault::Fault;
use std::ops::ControlFlow;
use storage::{Associations, State, StoredAssociation};

/// Which associations a listing shows.
pub struct Filter {
    /// Only of this kind of resource.
    pub resource_type: Option<String>,
    /// Only of these types, if any are named.
    pub association_types: Vec<String>,
    /// Only of this lifecycle.
    pub lifecycle: Option<Lifecycle>,
}

impl Filter {
    /// Does it let an association through?
    pub fn admits(&self, stored: &StoredAssociation) -> bool {
        let StoredAssociation { key, association, .. } = stored;
        self.resource_type.as_ref().is_none_or(|wanted| *wanted == key.resource_type)
            && (self.association_types.is_empty() || self.association_types.contains(&key.association_type))
            && self.lifecycle.is_none_or(|wanted| wanted == association.lifecycle)
    }
}

/// A resource whose associations are asked for.
pub struct Wanted {
    /// Its id.
    pub id: Option<String>,
    /// Its name, where there is no id.
    pub name: Option<String>,
    /// The namespace of the name; any, where there is none.
    pub namespace: Option<String>,
    /// Which of its associations.
    pub filter: Filter,
}

/// Are schemas shown with associations?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Schemas {
    /// The latest version of each subject is.
    Shown,
    /// They are not.
    Hidden,
}

/// An association to be shown.
pub struct FoundAssociation {
    /// The association.
    pub stored: StoredAssociation,
    /// The latest version of its subject, if that was asked for and is there.
    pub schema: Option<Shown>,
}

/// Which associations are listed; see `storage::Associations`.
#[allow(missing_docs, reason = "plain")]
pub enum Of {
    All,
    Subject(Subject),
    Resource(String),
    Named(String),
    Namespace(String),
    NamedIn(String, String),
}

impl Of {
    fn which(&self) -> Associations<'_> {
        match self {
            Of::All => Associations::All,
            Of::Subject(subject) => Associations::OfSubject(subject),
            Of::Resource(id) => Associations::OfResource(id),
            Of::Named(name) => Associations::Named(name),
            Of::Namespace(namespace) => Associations::InNamespace(namespace),
            Of::NamedIn(namespace, name) => Associations::NamedIn(namespace, name),
        }
    }
}

/// Associations that a filter lets through.
pub struct AssociationList {
    of: Of,
    filter: Filter,
    behind: Option<AssociationKey>,
}

impl Source for AssociationList {
    type Item = StoredAssociation;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, StoredAssociation>) -> Result<(), Fault> {
        let AssociationList { of, filter, behind } = self;
        let begin = behind.clone();
        state.associations_from(of.which(), begin.as_ref(), &mut |stored| {
            *behind = Some(stored.key.clone());
            let admitted = filter.admits(&stored);
            show(admitted.then_some(stored))
        })?;
        Ok(())
    }
}

/// How many associations one request for several resources may read.
pub const MOST_ASSOCIATIONS: usize = 10_000;
/// The same with schemas, each of which may be large.
pub const MOST_WITH_SCHEMAS: usize = 1_000;
/// Bytes of schemas that one request may read besides the last one.
const MOST_TEXT: usize = 16 << 20;

impl Service {
    /// Associations, ordered by name, namespace and type of the resource, then type and subject.
    pub fn associations(&self, of: Of, filter: Filter, offset: usize, limit: usize) -> Listing<AssociationList> {
        Listing::new(AssociationList { of, filter, behind: None }, offset, limit)
    }

    /// The associations of resources, each found by its id or its name; of several resources of one name, those of the one that
    /// was changed last. With the latest versions of their subjects, if those are wanted.
    ///
    /// # Errors
    /// Those of the store. By itself each resource fails with `InvalidAssociation`: it has neither id nor name, or those before
    /// it have used up what one request may read.
    pub fn associations_of(
        &self,
        wanted: &[Wanted],
        schemas: Schemas,
    ) -> Result<Vec<Result<Vec<FoundAssociation>, Fault>>, Fault> {
        self.read(|state| {
            let mut left = if schemas == Schemas::Shown { MOST_WITH_SCHEMAS } else { MOST_ASSOCIATIONS };
            let mut all = Vec::with_capacity(wanted.len());
            let mut text = MOST_TEXT;
            for wanted in wanted {
                let shown = of_resource(state, wanted, &mut left).and_then(|found| {
                    let one = |stored| shown(state, stored, schemas, &mut text);
                    found.into_iter().map(one).collect()
                });
                match shown {
                    Err(fault) if is_transient(&fault) => return Err(fault),
                    shown => all.push(shown),
                }
            }
            Ok(all)
        })
    }
}

fn of_resource(state: &dyn State, wanted: &Wanted, left: &mut usize) -> Result<Vec<StoredAssociation>, Fault> {
    let which = match (&wanted.id, &wanted.name, &wanted.namespace) {
        (Some(id), _, _) => Associations::OfResource(id),
        (None, Some(name), Some(namespace)) => Associations::NamedIn(namespace, name),
        (None, Some(name), None) => Associations::Named(name),
        (None, None, _) => return Err(invalid("resourceId", "either resourceId or resourceName must be specified")),
    };
    let (mut found, mut enough) = (Vec::new(), true);
    state.associations(which, &mut |stored| {
        enough = *left > 0;
        if !enough {
            return ControlFlow::Break(());
        }
        *left -= 1;
        found.push(stored);
        ControlFlow::Continue(())
    })?;
    if !enough {
        return Err(invalid("requests", "match more associations than can be read at once; ask for fewer resources"));
    }
    if wanted.id.is_none() {
        bind::keep_last_changed(&mut found);
    }
    found.retain(|stored| wanted.filter.admits(stored));
    Ok(found)
}

fn shown(
    state: &dyn State,
    stored: StoredAssociation,
    schemas: Schemas,
    text: &mut usize,
) -> Result<FoundAssociation, Fault> {
    let subject = &stored.key.subject;
    let latest = match schemas {
        Schemas::Shown => state.subject(subject)?.and_then(|summary| summary.latest),
        Schemas::Hidden => None,
    };
    let version = latest.map(|version| state.version(subject, version)).transpose()?.flatten();
    if version.is_some() && *text == 0 {
        let detail = format!("match schemas of more than {MOST_TEXT} bytes; ask for fewer resources");
        return Err(invalid("requests", detail));
    }
    let schema = version.map(|version| Shown::of(state, version)).transpose()?;
    *text = text.saturating_sub(schema.as_ref().map_or(0, |schema| schema.content.text.len()));
    Ok(FoundAssociation { stored, schema })
}
