//! Decisions that need costly knowledge: made on a snapshot, where all of it is computed, then again in the writer with what was
//! computed, and so on until nothing was missing there.

use super::{Class, Done, Service};
use compat::Work;
use model::Record;
use rules::fault::Fault;
use rules::knowledge::{Computing, Knowledge, Precomputed, Stop};
use std::sync::{Arc, Mutex, PoisonError};
use storage::State;

/// How often a decision may come back for what was missing, because what it is about changed between the snapshot and the
/// commit. Each round needs another write to the same subject to be undone.
const ROUNDS: usize = 16;

/// What is decided: the records to write, and the answer.
pub(super) type Decision<T> = (Vec<Record>, T);

/// A decision, made as often as it takes.
pub(super) trait Decide<T>:
    Fn(&dyn State, &dyn Knowledge) -> Result<Decision<T>, Stop> + Send + Sync + 'static
{
}

impl<T, D> Decide<T> for D where D: Fn(&dyn State, &dyn Knowledge) -> Result<Decision<T>, Stop> + Send + Sync + 'static {}

/// Does it say nothing about what was asked for, so that it ends all of a request? Most of these pass by themselves.
pub(super) fn is_transient(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Busy
            | Fault::Spent(_)
            | Fault::Contended
            | Fault::AliasMoved(_)
            | Fault::Store(_)
            | Fault::Internal(_)
            | Fault::Unaudited
    )
}

enum InWriter<T> {
    Done(T),
    Refused(Fault),
    NotPrecomputed(Box<Precomputed>),
}

impl Service {
    /// Decides, with this much work, and commits what was decided, if that is anything.
    ///
    /// # Errors
    /// Those of the decision, `Unaudited`, `Spent`, `Busy`, `Contended`, those of the store.
    pub(super) async fn decide_and_commit<T: Send + 'static>(
        &self,
        work: &Work,
        decide: impl Decide<T>,
    ) -> Result<Done<T>, Fault> {
        let decide = Arc::new(decide);
        let mut known = Precomputed::default();
        for _ in 0..ROUNDS {
            let ((records, answer), precomputed) = self.precompute(work, Arc::clone(&decide), known).await?;
            if records.is_empty() {
                return Ok(Done { answer, wrote: false });
            }
            self.check_audit()?;
            let writing = Arc::clone(&decide);
            let (outcome, committed) = storage::commit(&*self.store, move |state| match writing(state, &precomputed) {
                Ok((records, answer)) => Ok((records, InWriter::Done(answer))),
                Err(Stop::Fault(Fault::Store(error))) => Err(error),
                Err(Stop::Fault(fault)) => Ok((vec![], InWriter::Refused(fault))),
                Err(Stop::NotPrecomputed) => Ok((vec![], InWriter::NotPrecomputed(Box::new(precomputed)))),
            })
            .await?;
            match outcome {
                InWriter::Done(answer) => return Ok(Done { answer, wrote: !committed.records.is_empty() }),
                InWriter::Refused(fault) => return Err(fault),
                InWriter::NotPrecomputed(precomputed) => known = *precomputed,
            }
        }
        Err(Fault::Contended)
    }

    /// Decides on a snapshot and writes nothing.
    ///
    /// # Errors
    /// Those of the decision, `Spent`, `Busy`, those of the store.
    pub(super) async fn consider<T: Send + 'static>(&self, work: &Work, decide: impl Decide<T>) -> Result<T, Fault> {
        let ((_, answer), _) = self.precompute(work, Arc::new(decide), Precomputed::default()).await?;
        Ok(answer)
    }

    /// Decides on a snapshot, computing what has to be known.
    async fn precompute<T: Send + 'static>(
        &self,
        work: &Work,
        decide: Arc<impl Decide<T>>,
        known: Precomputed,
    ) -> Result<(Decision<T>, Precomputed), Fault> {
        let (store, schema_cache, spending) = (Arc::clone(&self.store), Arc::clone(&self.schema_cache), work.clone());
        // What was computed before the work had to move elsewhere is not computed again.
        let memory = Mutex::new(known);
        let job = move || {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            let view = store.view()?;
            let computing = Computing::resume(&schema_cache, &spending, std::mem::take(&mut *memory));
            let decided = decide(&*view, &computing);
            let known = computing.precomputed();
            match decided {
                Ok(decision) => Ok((decision, known)),
                Err(stop) => {
                    *memory = known;
                    Err(stop.outside_the_writer())
                }
            }
        };
        self.pools.begin_here(Class::Parse, work, job).await
    }
}
