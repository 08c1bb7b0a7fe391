//! `POST /subjects/{subject}`: under which version and id is this schema registered?

use super::{Class, Service, Shown, with_fallback};
use compat::{Strictness, Work};
use model::{CompatibilityLevel, Content, Subject};
use rules::candidate::{Described, source};
use rules::config::{self, InScope};
use rules::content;
use rules::equivalence::Candidate;
use rules::fault::Fault;
use rules::find::{self, Deleted, Found};
use rules::knowledge::{Computing, Knowledge, Stop};
use rules::{metadata, rule_set};
use std::sync::Arc;
use storage::{State, StoredVersion};

/// A look-up.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Where.
    pub subject: Subject,
    /// What; version and id are not looked at.
    pub schema: Described,
    /// `normalize=true` in the request; config may ask for it as well.
    pub normalize: bool,
    /// Are soft-deleted versions considered?
    pub deleted: Deleted,
}

/// What it costs to look into one more context.
const CONTEXT: usize = 3 * content::READ;

impl Service {
    /// Finds a schema among the versions of a subject. Never writes, works in every mode.
    ///
    /// # Errors
    /// `SubjectNotFound`, `SchemaNotFound`, `InvalidSchema`, `Spent`, `Busy`, those of the store.
    pub async fn lookup(&self, request: Lookup, work: &Work) -> Result<Shown, Fault> {
        let (store, schema_cache, level) =
            (Arc::clone(&self.store), Arc::clone(&self.schema_cache), self.default_level);
        let (falls_back, spending) = (self.falls_back(), work.clone());
        let job = move || {
            let view = store.view()?;
            let computing = Computing::new(&schema_cache, &spending);
            let mut asked = false;
            with_fallback(&*view, &falls_back, &request.subject, &spending, |subject| {
                spending.spend(CONTEXT)?;
                let first = !std::mem::replace(&mut asked, true);
                match look_up(&*view, &computing, &request, subject, level) {
                    Err(Stop::Fault(Fault::InvalidSchema(_))) if !first => Err(Fault::SchemaNotFound),
                    Err(stop) => Err(stop.outside_the_writer()),
                    Ok(shown) => Ok(shown),
                }
            })
        };
        self.pools.begin_here(Class::Parse, work, job).await
    }
}

fn look_up(
    state: &dyn State,
    knowledge: &Computing<'_>,
    request: &Lookup,
    subject: &Subject,
    default_level: CompatibilityLevel,
) -> Result<Shown, Stop> {
    let scope = config::in_scope(state, subject, default_level)?;
    let normalize = scope.normalize(request.normalize);
    let summary = state.subject(subject)?.unwrap_or_default();
    let described = &request.schema;
    let candidate = if described.text.trim().is_empty() {
        None
    } else {
        let (source, references) = source(state, knowledge, subject, described, normalize, Deleted::Include)??;
        let schema = knowledge
            .parse(state, &source, Strictness::of_lookup(&described.schema_type), normalize)?
            .map_err(|error| content::invalid_schema(&described.schema_type, &error))?;
        Some(Candidate::new(schema, references, described.metadata.clone(), described.rule_set.clone()))
    };
    if let Some(candidate) = candidate {
        if let Some(found) = find::find(state, knowledge, subject, &candidate, None, request.deleted)? {
            return shown(state, found, &candidate);
        }
        // A client that leaves metadata and rules out still finds what it registered, because registration filled them in.
        let latest = summary.latest.map(|version| state.version(subject, version)).transpose()?.flatten();
        let populated = latest.and_then(|latest| populated(&candidate, &latest, &scope));
        if let Some(populated) = &populated
            && let Some(found) = find::find(state, knowledge, subject, populated, None, request.deleted)?
        {
            return shown(state, found, populated);
        }
        // What is shown of a version leads back to it.
        let text = described.text.trim();
        for candidate in std::iter::once(&candidate).chain(&populated) {
            if let Some(stored) = find::find_serialized(state, knowledge, subject, text, candidate, request.deleted)? {
                return Ok(Shown::of(state, stored)?);
            }
        }
    }
    let exists = summary.live > 0 || (request.deleted == Deleted::Include && summary.versions > 0);
    let fault = if exists { Fault::SchemaNotFound } else { Fault::SubjectNotFound(subject.clone()) };
    Err(fault.into())
}

/// The candidate with the metadata and the rules that a registration would fill in; `None` if those are what it has.
fn populated(candidate: &Candidate, latest: &StoredVersion, scope: &InScope) -> Option<Candidate> {
    let (asked, config) = (&candidate.content, &scope.config);
    let metadata = metadata::populate(
        asked.metadata.as_ref(),
        latest.metadata.as_ref(),
        config.default_metadata.as_ref(),
        config.override_metadata.as_ref(),
    );
    let rule_set = rule_set::populate(
        asked.rule_set.as_ref(),
        latest.rule_set.as_ref(),
        config.default_rule_set.as_ref(),
        config.override_rule_set.as_ref(),
    );
    let populated = Candidate::new(candidate.schema.clone(), asked.references.clone(), metadata, rule_set);
    (populated.content != candidate.content).then_some(populated)
}

fn shown(state: &dyn State, found: Found, candidate: &Candidate) -> Result<Shown, Stop> {
    Ok(match found {
        Found::Exact(stored) => Shown { content: Content::clone(&candidate.content), stored, at: None },
        Found::Equivalent(stored) => Shown::of(state, stored)?,
    })
}
