//! Associations: binding subjects to topics, ending that, and what it means for the subjects.
//!
//! A WEAK association says that a subject, which others may use as well, describes a topic. With a STRONG one the topic owns the
//! subject: it is named after the topic, in a context named after the topic's namespace, is made together with the association,
//! cannot be referred to, and ends with it. STRONG associations are frozen, WEAK ones are not; that the API has two members for
//! one thing is why requests can contradict themselves.
//!
//! `request` judges what is sent by itself, `bind` and `end` decide on a state. Who may do it is not asked here.

pub mod bind;
pub mod end;
pub mod request;

use crate::fault::Fault;
use model::{Lifecycle, Subject};
use state::{Associations, State, StoredAssociation};
use std::ops::ControlFlow;

/// The types of an association.
pub const TYPES: [&str; 2] = ["key", "value"];

/// All associations that are asked for.
///
/// # Errors
/// Those of the store.
pub fn all(state: &dyn State, which: Associations<'_>) -> Result<Vec<StoredAssociation>, state::Error> {
    let mut found = Vec::new();
    state.associations(which, &mut |stored| {
        found.push(stored);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Refuses to delete a subject, or its last version, under an association.
///
/// # Errors
/// `SubjectAssociated`, those of the store.
pub fn check_free(state: &dyn State, subject: &Subject) -> Result<(), Fault> {
    match first(state, subject, |_| true)? {
        Some(_) => Err(Fault::SubjectAssociated(subject.clone())),
        None => Ok(()),
    }
}

/// Refuses to refer to a subject that a topic owns: the reference would keep it from ending with the topic.
///
/// # Errors
/// `NotReferable`, those of the store.
pub fn check_referable(state: &dyn State, target: &Subject) -> Result<(), Fault> {
    match first(state, target, |_| true)? {
        Some(stored) if stored.association.lifecycle == Lifecycle::Strong => Err(Fault::NotReferable(target.clone())),
        _ => Ok(()),
    }
}

/// The first association like this of a subject. Where one is STRONG it is the only one, so whichever comes first tells; a shared
/// subject may have very many.
fn first(
    state: &dyn State,
    subject: &Subject,
    like: impl Fn(&StoredAssociation) -> bool,
) -> Result<Option<StoredAssociation>, state::Error> {
    let mut found = None;
    state.associations(Associations::OfSubject(subject), &mut |stored| {
        found = like(&stored).then_some(stored);
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

/// The refusal of a member of a request.
pub fn invalid(property: &'static str, detail: impl Into<String>) -> Fault {
    Fault::InvalidAssociation { property, detail: detail.into() }
}
