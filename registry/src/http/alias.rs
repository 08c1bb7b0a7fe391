//! Aliases: a subject whose config names another one stands for that one, in the path and in the parameter `subject` of
//! `/schemas/ids/…`, for reads, writes and deletions alike. Permission is asked for what the alias points to.
//!
//! One step only. `/config/{subject}` and `/mode/{subject}` are about the subject itself, so that an alias can be changed
//! again.
//!
//! What a name stands for is looked up once for all that a request does, after its body has arrived, which may take long. A
//! change is decided once more in the writer (`service::change`): where the name stands for something else by then, it
//! writes nothing and the request is answered anew.

use super::query::Query;
use super::routes::Operation;
use crate::fault::Fault;
use crate::service::Service;
use authz::Action;
use model::Subject;

/// A subject as a request names it.
#[derive(Clone, Debug)]
pub struct Name {
    /// The subject named.
    pub named: Subject,
    /// What it is an alias of.
    pub alias_of: Option<Subject>,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Path,
    Query,
}

impl Name {
    /// What the subject that a request names stands for now; `None` where it names none that may be an alias.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read(
        service: &Service,
        operation: Operation,
        parameters: &[String],
        query: &Query,
    ) -> Result<Option<Self>, Fault> {
        let path = operation.route().path;
        let in_path = parameters.first().filter(|_| path.contains("/subjects/{subject}"));
        let in_query = || query.text("subject").filter(|_| path.starts_with("/schemas/ids/"));
        let (text, place) = match in_path {
            Some(text) => (text.as_str(), Place::Path),
            None => match in_query() {
                Some(text) => (text, Place::Query),
                None => return Ok(None),
            },
        };
        let named = Subject::parse(text);
        let alias_of = service.alias(&named)?.filter(|subject| *subject != named);
        Ok(Some(Name { named, alias_of, place }))
    }

    /// Puts what an alias stands for in its place.
    pub fn resolve(&self, parameters: &mut [String], query: &mut Query) {
        let Some(subject) = &self.alias_of else { return };
        match (self.place, parameters.first_mut()) {
            (Place::Path, Some(parameter)) => *parameter = subject.to_string(),
            (Place::Path, None) => {}
            (Place::Query, _) => query.replace("subject", subject.to_string()),
        }
    }

    /// The subject of the path, where that is what may be an alias.
    pub fn in_path(&self) -> Option<&Subject> {
        match self.place {
            Place::Path => Some(&self.named),
            Place::Query => None,
        }
    }
}

/// The subject that such an action would be about, for who only asks whether it may.
///
/// # Errors
/// Those of the store.
pub fn meant(service: &Service, action: Action, named: Subject) -> Result<Subject, Fault> {
    match action {
        Action::Config | Action::Mode | Action::Import => Ok(named),
        _ => Ok(service.alias(&named)?.unwrap_or(named)),
    }
}
