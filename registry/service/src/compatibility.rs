//! `POST /compatibility/subjects/{subject}/versions[/{version}]`.

use super::{Class, Service};
use compat::Work;
use model::{CompatibilityLevel, SchemaType, Subject};
use rules::candidate::{Described, source};
use rules::config::{self, InScope};
use rules::content;
use rules::delete::Selector;
use rules::equivalence::Candidate;
use rules::fault::Fault;
use rules::find::Deleted;
use rules::knowledge::{Computing, Knowledge, Stop};
use rules::matrix::Matrix;
use rules::register;
use rules::schema_cache::SchemaCache;
use rules::text::Text;
use rules::told::FindingList;
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
        let mut outcome = self.pools.begin_here(Class::Parse, work, job).await?;
        if explain == Explain::Places {
            outcome.told = self.located(outcome.told, schema_type, text, work).await;
        }
        Ok(outcome)
    }

    /// A candidate against every version at every level; `against` and `explain` are not looked at.
    ///
    /// # Errors
    /// As `check`.
    pub async fn matrix(&self, request: Check, work: &Work) -> Result<Matrix, Fault> {
        let (store, schema_cache, level) =
            (Arc::clone(&self.store), Arc::clone(&self.schema_cache), self.default_level);
        let spending = work.clone();
        let (schema_type, text) = (request.schema.schema_type.clone(), request.schema.text.clone());
        let job = move || {
            let view = store.view()?;
            matrix(&*view, &schema_cache, &request, level, &spending).map_err(Stop::outside_the_writer)
        };
        let mut matrix = self.pools.begin_here(Class::Parse, work, job).await?;
        matrix.told = self.located(matrix.told, schema_type, text, work).await;
        Ok(matrix)
    }

    /// Findings with their places in the text that was sent; without, where looking them up takes more work than is left.
    pub(super) async fn located(
        &self,
        told: FindingList,
        schema_type: SchemaType,
        text: Text,
        work: &Work,
    ) -> FindingList {
        if told.is_empty() {
            return told;
        }
        let (mut located, spending) = (told.clone(), work.clone());
        let job = move || told.places(&schema_type, &text, &spending).map_err(Fault::from);
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
    let (candidate, scope) = candidate(state, knowledge, request, default_level)?;
    let latest = latest(state, subject)?;
    verdict::check(state, knowledge, &candidate, latest.as_ref(), &existing, &scope)
}

fn matrix(
    state: &dyn State,
    schema_cache: &SchemaCache,
    request: &Check,
    default_level: CompatibilityLevel,
    work: &Work,
) -> Result<Matrix, Stop> {
    let (subject, knowledge) = (&request.subject, Computing::new(schema_cache, work));
    let existing = existing(state, &knowledge, subject, Against::History)?;
    let (candidate, scope) = candidate(state, &knowledge, request, default_level)?;
    let reserved = verdict::reserved_messages(&candidate, latest(state, subject)?.as_ref(), &scope);
    let mut matrix = Matrix::new(scope.level, reserved);
    for stored in verdict::comparable(&candidate, &existing, &scope) {
        // What is found about one version is not held while others are compared.
        let knowledge = Computing::new(schema_cache, work);
        let (level, policy) = (CompatibilityLevel::Full, verdict::policy(&scope));
        match verdict::compare(state, &knowledge, &candidate, stored, level, policy) {
            Ok(comparison) => matrix.add(stored.version, &comparison),
            Err(Stop::Fault(Fault::InvalidSchema(error))) => matrix.add_unreadable(stored.version, error),
            Err(stop) => return Err(stop),
        }
    }
    Ok(matrix)
}

/// The candidate of a request, and the config by which it is judged.
fn candidate(
    state: &dyn State,
    knowledge: &dyn Knowledge,
    request: &Check,
    default_level: CompatibilityLevel,
) -> Result<(Candidate, InScope), Stop> {
    let (subject, described) = (&request.subject, &request.schema);
    if described.text.trim().is_empty() {
        return Err(Fault::InvalidSchema("Empty schema".into()).into());
    }
    let scope = config::in_scope(state, subject, default_level)?;
    let normalize = scope.normalize(request.normalize);
    let (source, references) = source(state, knowledge, subject, described, normalize, Deleted::Ignore)??;
    let schema = knowledge
        .parse(state, &source, scope.strictness(), normalize)?
        .map_err(|error| content::invalid_schema(&described.schema_type, &error))?;
    Ok((Candidate::new(schema, references, described.metadata.clone(), described.rule_set.clone()), scope))
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

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Record, RegistryRecord};
    use storage::contract::records::schema_record;
    use storage::{MemoryStore, Store};

    #[test]
    fn a_version_that_is_no_schema_has_a_row_with_the_error() {
        let store = MemoryStore::new(Arc::new(())).unwrap();
        let texts = [r#""int""#, "{", r#""int""#];
        let schema =
            |(version, text)| Record::Registry(RegistryRecord::Schema(schema_record("s", version, version, text)));
        let records: Vec<Record> = (1..).zip(texts).map(schema).collect();
        store.submit(Box::new(move |_| Ok(records))).blocking_recv().unwrap().unwrap();
        let schema = Described {
            text: Text::from(r#""long""#.to_owned()),
            schema_type: SchemaType::Avro,
            references: Vec::new(),
            metadata: None,
            rule_set: None,
            version: rules::candidate::Wanted::Any,
            id: None,
            tagging: rules::tagging::Tagging::default(),
        };
        let (subject, against, explain) = (Subject::parse("s"), Against::History, Explain::No);
        let request = Check { subject, schema, normalize: false, against, explain };
        let (cache, level) = (SchemaCache::new(1 << 20), CompatibilityLevel::BackwardTransitive);
        let matrix = matrix(&*store.view().unwrap(), &cache, &request, level, &Work::unlimited()).unwrap();
        let rows: Vec<_> = matrix.rows.iter().map(|row| (row.version, row.backward, row.error.is_some())).collect();
        assert_eq!(rows, [(3, true, false), (2, false, true), (1, true, false)]);
        assert!(!matrix.is_compatible() && matrix.allows(CompatibilityLevel::Backward));
    }
}
