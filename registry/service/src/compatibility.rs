//! `POST /compatibility/subjects/{subject}/versions[/{version}]`.

use super::{Class, Service};
use compat::{Strictness, Work};
use model::{CompatibilityLevel, SchemaType, Subject};
use rules::candidate::{Described, source};
use rules::config;
use rules::content;
use rules::delete::Selector;
use rules::equivalence::Candidate;
use rules::fault::Fault;
use rules::find::Deleted;
use rules::knowledge::{Computing, Knowledge, Stop};
use rules::register;
use rules::text::Text;
use rules::verdict::{self, Outcome};
use std::sync::Arc;
use storage::{State, StoredVersion};

/// What a candidate is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Against {
    /// This one version, whatever the level says about transitivity.
    One(Selector),
    /// The undeleted history, as the level says.
    History,
}

/// Is it told, beside the verdict, where the findings are in the text that was sent?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Explain {
    /// No.
    No,
    /// Yes.
    Places,
}

/// A check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where.
    pub subject: Subject,
    /// What; version and id are not looked at.
    pub schema: Described,
    /// `normalize=true` in the request; config may ask for it as well.
    pub normalize: bool,
    /// Compared with what.
    pub against: Against,
    /// How much is told.
    pub explain: Explain,
}

impl Service {
    /// What a compatibility check comes to.
    ///
    /// # Errors
    /// `VersionNotFound`, `InvalidSchema`, `Spent`, `Busy`, those of the store.
    pub async fn check(&self, request: Check, work: &Work) -> Result<Outcome, Fault> {
        let (store, schema_cache, level) =
            (Arc::clone(&self.store), Arc::clone(&self.schema_cache), self.default_level);
        let spending = work.clone();
        let (schema_type, text) = (request.schema.schema_type.clone(), request.schema.text.clone());
        let explain = request.explain;
        let job = move || {
            let view = store.view()?;
            check(&*view, &Computing::new(&schema_cache, &spending), &request, level).map_err(Stop::outside_the_writer)
        };
        let outcome = self.pools.begin_here(Class::Parse, work, job).await?;
        Ok(match explain {
            Explain::No => outcome,
            Explain::Places => self.located(outcome, schema_type, text, work).await,
        })
    }

    /// What a check came to, with the places of what was found in the text that was sent; without, where looking them up takes
    /// more work than is left.
    pub(super) async fn located(&self, outcome: Outcome, schema_type: SchemaType, text: Text, work: &Work) -> Outcome {
        if outcome.is_compatible() {
            return outcome;
        }
        let (mut located, spending) = (outcome.clone(), work.clone());
        let job = move || outcome.places(&schema_type, &text, &spending).map_err(Fault::from);
        if let Ok(places) = self.pools.begin_here(Class::Parse, work, job).await {
            located.locate(places);
        }
        located
    }
}

fn check(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    request: &Check,
    default_level: CompatibilityLevel,
) -> Result<Outcome, Stop> {
    let subject = &request.subject;
    let existing = existing(state, knowledge, subject, request.against)?;
    let described = &request.schema;
    if described.text.trim().is_empty() {
        return Err(Fault::InvalidSchema("Empty schema".into()).into());
    }
    let scope = config::in_scope(state, subject, default_level)?;
    let normalize = scope.normalize(request.normalize);
    let (source, references) = source(state, knowledge, subject, described, normalize, Deleted::Ignore)??;
    let strictness =
        if scope.config.validate_new_schemas.unwrap_or(true) { Strictness::New } else { Strictness::Stored };
    let schema = knowledge
        .parse(state, &source, strictness, normalize)?
        .map_err(|error| content::invalid_schema(&described.schema_type, &error))?;
    let candidate = Candidate::new(schema, references, described.metadata.clone(), described.rule_set.clone());
    let latest = latest(state, subject)?;
    verdict::check(state, knowledge, &candidate, latest.as_ref(), &existing, &scope)
}

fn existing(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    subject: &Subject,
    against: Against,
) -> Result<Vec<StoredVersion>, Stop> {
    Ok(match against {
        Against::History => register::undeleted(state, knowledge, subject)?,
        Against::One(Selector::Latest) => latest(state, subject)?.into_iter().collect(),
        Against::One(Selector::Number(number)) => {
            let stored = state.version(subject, number)?.filter(|stored| !stored.deleted);
            vec![stored.ok_or(Fault::VersionNotFound(number))?]
        }
    })
}

fn latest(state: &dyn State, subject: &Subject) -> Result<Option<StoredVersion>, storage::Error> {
    let latest = state.subject(subject)?.and_then(|summary| summary.latest);
    latest.map_or(Ok(None), |version| state.version(subject, version))
}
