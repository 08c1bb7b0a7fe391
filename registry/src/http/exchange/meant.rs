//! What a request is about.

use crate::app::App;
use crate::http::alias::Name;
use crate::http::generations::SettingsGeneration;
use crate::http::query::Query;
use crate::http::routes::About;
use model::Subject;
use rules::fault::Fault;

/// The subject of a request, and the settings as they were before it was looked up what it stands for: what is answered under an
/// alias that has changed since must not be kept.
#[derive(Clone)]
pub(super) struct Meant {
    pub(super) settings: SettingsGeneration,
    /// The subject that may be an alias.
    pub(super) name: Result<Option<Name>, Fault>,
    /// The subject of the path, or what it is an alias of.
    pub(super) subject: Option<Subject>,
}

impl Meant {
    pub(super) fn read(app: &App, about: About, parameters: &[String], query: &Query) -> Self {
        let settings = app.response_cache.generations.settings();
        let name = Name::read(&app.service, about, parameters, query);
        let subject = match (&name, about) {
            (_, About::Subject) => parameters.first().map(|sent| Subject::parse(sent)),
            (Ok(Some(name)), About::Aliased) => Some(name.subject().clone()),
            _ => None,
        };
        Meant { settings, name, subject }
    }

    /// What the log calls the subject of the path: as it was sent, or what that is an alias of.
    pub(super) fn told(&self, about: About, parameters: &[String]) -> Option<String> {
        let sent = parameters.get(about.place()?)?;
        let name = self.name.as_ref().ok().and_then(Option::as_ref);
        let alias_of = name.and_then(|name| name.alias_of.as_ref());
        Some(alias_of.map_or_else(|| sent.clone(), Subject::to_string))
    }
}
