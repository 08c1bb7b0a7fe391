//! What the registry does, without HTTP: each operation reads a snapshot or commits through the store's one writer, and
//! decides by the rules in `rules`. One file per resource.

pub mod access;
mod associate;
mod associations;
mod audit;
mod authorizers;
pub mod change;
mod compatibility;
mod decide;
mod encryption;
mod fingerprints;
pub mod listing;
mod lookup;
mod namespaces;
mod pool;
mod register;
mod schema_list;
mod schemas;
mod settings;
mod subjects;
mod validate;

pub use associate::{Element, Observed, Op, Outcome, Requester};
pub use associations::{Filter, FoundAssociation, MOST_ASSOCIATIONS, MOST_WITH_SCHEMAS, Of, Schemas, Wanted};
pub use audit::{AuditEntries, AuditPage, Retention};
pub use change::{Change, Rights};
pub use compatibility::{Against, Check, Explain};
pub use encryption::{DekSubject, DekSubjects, DekVersions, KekName, KekNames, KeyManagement, KmsMetrics, MadeDek};
pub use fingerprints::Fingerprints;
pub use lookup::Lookup;
pub use namespaces::{Confirm, Edited, Handovers, MOST_HANDOVERS, Owned, Summary};
pub use pool::{BUDGET, Class, Pools};
pub use register::{Modified, Offered};
pub use schema_list::{AssociationFilter, Listed, SchemaFilter};
pub use schemas::{ById, Holders, Shown};
pub use settings::{ConfigChange, Inherit};
pub use validate::{Validated, Validation};

use crate::access::{AuditSink, FallBack};
use audit::finished;
use authorizers::Authorizers;
use authz::{Authorizer, Resource};
use compat::Work;
use model::{CompatibilityLevel, Context, Record, Subject};
use rules::fault::Fault;
use rules::schema_cache::{Reuse, SchemaCache};
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::{Committed, State, Store};

/// The service.
pub struct Service {
    store: Arc<dyn Store>,
    schema_cache: Arc<SchemaCache>,
    pools: Pools,
    default_level: CompatibilityLevel,
    authorizer: Authorizer,
    authorizers: Arc<Authorizers>,
    fall_back: FallBack,
    sink: Arc<AuditSink>,
    retention: Retention,
    kms: Arc<KeyManagement>,
}

/// What the service decides permission by.
pub struct Guard {
    /// The rules and the namespaces.
    pub authorizer: Authorizer,
    /// Which contexts may answer for bare names.
    pub fall_back: FallBack,
    /// Where the audit goes besides the store.
    pub sink: Arc<AuditSink>,
    /// How long the store keeps its entries.
    pub retention: Retention,
}

/// How a commit came out: the answer and what was written.
pub struct Done<T> {
    /// The answer.
    pub answer: T,
    /// Was anything written?
    pub wrote: bool,
}

impl Service {
    /// A service over a store.
    pub fn new(
        store: Arc<dyn Store>,
        schema_cache: SchemaCache,
        pools: Pools,
        default_level: CompatibilityLevel,
        guard: Guard,
        kms: KeyManagement,
    ) -> Self {
        let Guard { authorizer, fall_back, sink, retention } = guard;
        let (schema_cache, authorizers) = (Arc::new(schema_cache), Arc::new(Authorizers::new(authorizer.clone())));
        let kms = Arc::new(kms);
        Service { store, schema_cache, pools, default_level, authorizer, authorizers, fall_back, sink, retention, kms }
    }

    /// The store, for health, backup and metrics; changes go through the operations.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Reads from a snapshot.
    ///
    /// # Errors
    /// Those of `read` and of the store.
    pub fn read<T>(&self, read: impl FnOnce(&dyn State) -> Result<T, Fault>) -> Result<T, Fault> {
        let view = self.store.view()?;
        read(&*view)
    }

    /// Runs a job where its cost class says.
    ///
    /// # Errors
    /// `Busy`, those of the job.
    pub async fn work<T: Send + 'static>(
        &self,
        class: Class,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.pools.run(class, job).await
    }

    /// Runs a job here as far as that is cheap, and from its beginning among those of its class if it is not.
    ///
    /// # Errors
    /// `Spent`, `Busy`, those of the job.
    pub async fn begin_here<T: Send + 'static>(
        &self,
        class: Class,
        work: &Work,
        job: impl Fn() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.pools.begin_here(class, work, job).await
    }

    /// The budget of work of one request.
    pub fn budget(&self) -> Work {
        self.pools.budget()
    }

    /// How often verdicts were there already.
    pub fn verdict_reuse(&self) -> &Reuse {
        self.schema_cache.reuse()
    }

    /// Jobs that wait or run, by the name of their queue.
    pub fn jobs(&self) -> [(&'static str, usize); 2] {
        self.pools.jobs()
    }

    /// Stops all work that is still going on for requests.
    pub fn stop_work(&self) {
        self.pools.stop();
    }

    /// Runs a further piece of an answer that has begun, which waits for its turn.
    ///
    /// # Errors
    /// Those of the job.
    pub async fn go_on<T: Send + 'static>(
        &self,
        class: Class,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.pools.go_on(class, job).await
    }

    /// Commits what a pure rule decides about what the permit is for, together with its entry in the audit.
    async fn commit<R: Resource + Send + 'static, T: Send + 'static>(
        &self,
        change: Change<R>,
        rule: impl FnOnce(&dyn State, &R) -> Result<(Vec<Record>, T), Fault> + Send + 'static,
    ) -> Result<Done<T>, Fault> {
        let (answer, committed) = self.commit_timed(change, rule).await?;
        Ok(Done { answer, wrote: !committed.records.is_empty() })
    }

    /// The same, with the records as they were written.
    async fn commit_timed<R: Resource + Send + 'static, T: Send + 'static>(
        &self,
        change: Change<R>,
        rule: impl FnOnce(&dyn State, &R) -> Result<(Vec<Record>, T), Fault> + Send + 'static,
    ) -> Result<(T, Committed), Fault> {
        self.check_audit()?;
        let (retention, authorizers) = (self.retention, Arc::clone(&self.authorizers));
        let decide = move |state: &dyn State| -> Result<(Vec<Record>, T), Fault> {
            let (mut records, answer) = rule(state, change.resource())?;
            if !records.is_empty() {
                let entries = change.to_write(&authorizers, state, &records)?;
                records.extend(entries);
                records = finished(state, records, retention)?;
            }
            Ok((records, answer))
        };
        let (outcome, committed) = storage::commit(&*self.store, move |state| match decide(state) {
            Ok((records, answer)) => Ok((records, Ok(answer))),
            Err(Fault::Store(error)) => Err(error),
            Err(fault) => Ok((vec![], Err(fault))),
        })
        .await?;
        Ok((outcome?, committed))
    }

    /// May a context answer for a bare name that the default context lacks?
    fn falls_back(&self) -> FallsBack {
        FallsBack { authorizer: self.authorizer.clone(), fall_back: self.fall_back }
    }
}

/// Which contexts may answer for which bare names.
struct FallsBack {
    authorizer: Authorizer,
    fall_back: FallBack,
}

impl FallsBack {
    fn allows(&self, bare: &Subject, context: &Context) -> bool {
        self.fall_back == FallBack::Any || self.authorizer.may_fall_back(bare, context)
    }
}

/// Reads under a subject; one of the default context that is not found is looked for in every named context, in order, and
/// the first hit is the answer (the reference's cross-context fall-back), but only contexts of the name's owner are asked. The
/// refusal is that of the subject asked for. Each context is paid for, since there may be many.
fn with_fallback<T>(
    state: &dyn State,
    falls_back: &FallsBack,
    subject: &Subject,
    work: &Work,
    mut read: impl FnMut(&Subject) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let refusal = match read(subject) {
        Err(fault) if is_absence(&fault) => fault,
        outcome => return outcome,
    };
    let found = in_named_contexts(state, falls_back, subject, work, |subject| match read(subject) {
        Err(fault) if is_absence(&fault) => Ok(None),
        outcome => outcome.map(Some),
    })?;
    found.ok_or(refusal)
}

/// The first that is found under the same name in a named context, where the subject is of the default context.
fn in_named_contexts<T>(
    state: &dyn State,
    falls_back: &FallsBack,
    subject: &Subject,
    work: &Work,
    mut read: impl FnMut(&Subject) -> Result<Option<T>, Fault>,
) -> Result<Option<T>, Fault> {
    /// What it costs to ask one more: a few look-ups.
    const ASKED: usize = 100;
    let mut outcome = Ok(None);
    if subject.context().is_default() {
        let mut ask = |context: Context| {
            work.spend(ASKED)?;
            let may = falls_back.allows(subject, &context);
            if may { read(&Subject::new(context, subject.name())) } else { Ok(None) }
        };
        state.contexts_from(None, &mut |context| {
            outcome = ask(context);
            if matches!(outcome, Ok(None)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    outcome
}

fn is_absence(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::SubjectNotFound(_) | Fault::VersionNotFound(_) | Fault::SchemaNotFound | Fault::SchemaNotFoundAs(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use compat::{Halt, Spent};
    use model::RegistryRecord;
    use storage::MemoryState;

    #[test]
    fn each_context_that_is_asked_for_a_bare_name_is_paid_for() {
        let mut state = MemoryState::default();
        let context = |n: usize| Context::new(&format!(".c{n:04}")).unwrap();
        let made = |n: usize| Record::Registry(RegistryRecord::Context { context: context(n), exists: true });
        state.fold((0..1_000).map(made), 0).unwrap();
        let falls_back = FallsBack { authorizer: Authorizer::open(), fall_back: FallBack::Any };
        let asked = Subject::parse("s");
        let ask = |holder: usize, units: u64| {
            let holder = Subject::new(context(holder), "s");
            let mut seen = 0;
            let outcome = with_fallback(&state, &falls_back, &asked, &Work::new(units, &Halt::default()), |subject| {
                seen += 1;
                if *subject == holder { Ok(()) } else { Err(Fault::SubjectNotFound(subject.clone())) }
            });
            (outcome, seen)
        };
        // The first that has it is the answer, and nothing is read behind it.
        assert!(matches!(ask(4, 1 << 20), (Ok(()), 6)));
        assert!(matches!(ask(999, 1 << 20), (Ok(()), 1_001)));
        assert!(matches!(ask(1_000, 1 << 20), (Err(Fault::SubjectNotFound(subject)), 1_001) if subject == asked));
        assert!(matches!(ask(999, 1_000), (Err(Fault::Spent(Spent::TooMuch)), 11)));
    }
}
