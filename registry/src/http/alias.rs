//! Aliases: a subject whose config names another one stands for that one, in the path and in the parameter `subject` of
//! `/schemas/ids/…`, for reads, writes and deletions alike; where DEKs are meant, an alias for them alone comes first. Permission is asked for what the alias points to.
//!
//! One step only. `/config/{subject}` and `/mode/{subject}` are about the subject itself, so that an alias can be changed
//! again.
//!
//! What a name stands for is looked up once for all that a request does, after its body has arrived, which may take long. A
//! change is decided once more in the writer (`service::change`): where the name stands for something else by then, it
//! writes nothing and the request is answered anew.

use super::query::Query;
use super::routes::About;
use authz::Action;
use model::Subject;
use rules::fault::Fault;
use service::Service;

/// A subject as a request names it.
#[derive(Clone, Debug)]
pub struct Name {
    /// The subject named.
    pub named: Subject,
    /// What it is an alias of.
    pub alias_of: Option<Subject>,
    about: About,
}

impl Name {
    /// What the subject that a request names stands for now; `None` where it names none that may be an alias.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read(service: &Service, about: About, parameters: &[String], query: &Query) -> Result<Option<Self>, Fault> {
        let text = match about {
            About::Nothing | About::Subject => None,
            About::Aliased => parameters.first().map(String::as_str),
            About::AliasedInQuery => query.text("subject"),
            About::AliasedForDeks => parameters.get(1).map(String::as_str),
        };
        let Some(text) = text else { return Ok(None) };
        let named = Subject::parse(text);
        let alias_of = match about {
            About::AliasedForDeks => service.alias_for_deks(&named)?,
            _ => service.alias(&named)?,
        };
        let alias_of = alias_of.filter(|subject| *subject != named);
        Ok(Some(Name { named, alias_of, about }))
    }

    /// The subject that the request is about.
    pub fn subject(&self) -> &Subject {
        self.alias_of.as_ref().unwrap_or(&self.named)
    }

    /// Puts what an alias stands for in its place.
    pub fn resolve(&self, parameters: &mut [String], query: &mut Query) {
        let Some(subject) = &self.alias_of else { return };
        match self.about.place().and_then(|place| parameters.get_mut(place)) {
            Some(parameter) => *parameter = subject.to_string(),
            None => query.replace("subject", subject.to_string()),
        }
    }

    /// The subject of the path, where that is what may be an alias.
    pub fn in_path(&self) -> Option<&Subject> {
        self.about.place().map(|_| &self.named)
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
