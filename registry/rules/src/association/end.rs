//! Ending associations, with `cascadeLifecycle` together with the subjects that the resource owns.

use crate::delete::{self, Depth};
use crate::fault::{Fault, Scope};
use crate::{association, config};
use model::{Lifecycle, Mode, Record, RegistryRecord};
use state::{Associations, State, StoredAssociation};

/// Does a subject that the resource owns end with the association?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cascade {
    /// No; so an association of that kind cannot end.
    No,
    /// Yes (`cascadeLifecycle=true`).
    Yes,
}

/// Associations of one resource that are to end.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The id of the resource.
    pub resource_id: String,
    /// The kind of resource.
    pub resource_type: String,
    /// Only these types, if any are named.
    pub association_types: Vec<String>,
    /// Do subjects end as well?
    pub cascade: Cascade,
}

/// The associations that are meant.
///
/// # Errors
/// `AssociationNotFound` when there are none, those of the store.
pub fn targets(state: &dyn State, ending: &Ending) -> Result<Vec<StoredAssociation>, Fault> {
    let mut found = association::all(state, Associations::OfResource(&ending.resource_id))?;
    let types = &ending.association_types;
    found.retain(|stored| {
        stored.key.resource_type == ending.resource_type
            && (types.is_empty() || types.contains(&stored.key.association_type))
    });
    if found.is_empty() { Err(Fault::AssociationNotFound(ending.resource_id.clone())) } else { Ok(found) }
}

/// Does the subject of an association end with it? In IMPORT mode what ends there is told by whoever imports.
///
/// # Errors
/// Those of the store.
pub fn takes_subject(state: &dyn State, target: &StoredAssociation, cascade: Cascade) -> Result<bool, state::Error> {
    let owned = cascade == Cascade::Yes && target.association.lifecycle == Lifecycle::Strong;
    Ok(owned && config::mode_in_scope(state, &target.key.subject)? != Mode::Import)
}

/// Ends associations, all or none.
///
/// # Errors
/// `ReadOnly`, `AssociationFrozen`; with the subjects also the refusals of `delete::subject`; those of the store.
pub fn plan(state: &dyn State, targets: &[StoredAssociation], cascade: Cascade) -> Result<Vec<Record>, Fault> {
    for StoredAssociation { key, association, .. } in targets {
        if config::mode_in_scope(state, &key.subject)?.is_read_only() {
            return Err(Fault::ReadOnly(Scope::Subject(key.subject.clone())));
        }
        if association.frozen && cascade == Cascade::No {
            return Err(Fault::AssociationFrozen(key.association_type.clone(), key.subject.clone()));
        }
    }
    let mut draft = state.draft()?;
    let mut records = Vec::new();
    for target in targets {
        let key = Box::new(target.key.clone());
        let mut step = vec![Record::Registry(RegistryRecord::Association { key, association: None })];
        draft.add(&step)?;
        if takes_subject(&*draft, target, cascade)? {
            for depth in [Depth::Soft, Depth::Permanent] {
                let gone = delete(&*draft, target, depth)?;
                draft.add(&gone)?;
                step.extend(gone);
            }
        }
        records.extend(step);
    }
    Ok(records)
}

/// Deletes what is there to delete: the subject may have been deleted before, softly or for good.
fn delete(state: &dyn State, target: &StoredAssociation, depth: Depth) -> Result<Vec<Record>, Fault> {
    let subject = &target.key.subject;
    match delete::subject(state, subject, depth) {
        Ok((records, _)) => Ok(records),
        Err(Fault::SubjectNotFound(_) | Fault::SubjectSoftDeleted(_)) => Ok(vec![]),
        Err(fault) => Err(fault),
    }
}
