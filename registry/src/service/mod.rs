//! What the registry does, without HTTP: each operation reads a snapshot or commits through the store's one writer, and
//! decides by the rules in `rules`. One file per resource.

mod compatibility;
pub mod library;
mod lookup;
mod pool;
mod register;
mod schemas;
mod settings;
mod subjects;
mod validate;

pub use compatibility::{Against, Check};
pub use library::Library;
pub use lookup::Lookup;
pub use pool::Pool;
pub use schemas::{ById, Listing, Shown};
pub use settings::{ConfigChange, Inherit};
pub use subjects::VersionsFilter;
pub use validate::Validation;

use crate::fault::Fault;
use model::{CompatibilityLevel, Context, Record, Subject};
use std::sync::Arc;
use storage::{State, Store};

/// The service.
pub struct Service {
    store: Arc<dyn Store>,
    library: Arc<Library>,
    pool: Pool,
    default_level: CompatibilityLevel,
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
    pub fn new(store: Arc<dyn Store>, library: Library, pool: Pool, default_level: CompatibilityLevel) -> Self {
        Service { store, library: Arc::new(library), pool, default_level }
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

    /// Runs a job over `bytes` bytes of input where parsing is done.
    ///
    /// # Errors
    /// `Busy`, those of the job.
    pub async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.pool.run(bytes, job).await
    }

    /// Commits what a pure rule decides.
    async fn commit<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&dyn State) -> Result<(Vec<Record>, T), Fault> + Send + 'static,
    ) -> Result<Done<T>, Fault> {
        let (outcome, committed) = storage::commit(&*self.store, move |state| match rule(state) {
            Ok((records, answer)) => Ok((records, Ok(answer))),
            Err(Fault::Store(error)) => Err(error),
            Err(fault) => Ok((vec![], Err(fault))),
        })
        .await?;
        Ok(Done { answer: outcome?, wrote: !committed.records.is_empty() })
    }
}

/// Reads under a subject; one of the default context that is not found is looked for in every named context, in order, and
/// the first hit is the answer (the reference's cross-context fall-back). The refusal is that of the subject asked for.
fn with_fallback<T>(
    state: &dyn State,
    subject: &Subject,
    mut read: impl FnMut(&Subject) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let refusal = match read(subject) {
        Err(fault) if is_absence(&fault) => fault,
        outcome => return outcome,
    };
    if subject.context().is_default() {
        for context in state.contexts()? {
            match read(&Subject::new(context, subject.name())) {
                Err(fault) if is_absence(&fault) => {}
                outcome => return outcome,
            }
        }
    }
    Err(refusal)
}

fn is_absence(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::SubjectNotFound(_) | Fault::VersionNotFound(_) | Fault::SchemaNotFound | Fault::SchemaNotFoundAs(_)
    )
}

/// All contexts, the default one first.
fn all_contexts(state: &dyn State) -> Result<Vec<Context>, storage::Error> {
    let mut contexts = vec![Context::default_context()];
    contexts.extend(state.contexts()?);
    Ok(contexts)
}
