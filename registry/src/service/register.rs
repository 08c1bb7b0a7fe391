//! `POST /subjects/{subject}/versions`: decide on a snapshot, then again in the writer with what was learnt.

use super::{Done, Service};
use crate::fault::Fault;
use crate::rules::knowledge::{Known, Learning, Stop};
use crate::rules::register::{self, Plan, Registered, Registration};
use std::sync::Arc;

/// How often a registration may come back for verdicts that were missing, because its subject or what it refers to changed
/// between the snapshot and the commit. Each round needs another write to the same subject to be undone.
const ROUNDS: usize = 16;

enum InWriter {
    Done(Registered),
    Refused(Fault),
    Missing(Known),
}

impl Service {
    /// Registers a schema, or finds it registered.
    ///
    /// # Errors
    /// The refusals of `rules::register::plan`, `Busy`, `Contended`, those of the store.
    pub async fn register(&self, request: Registration) -> Result<Done<Registered>, Fault> {
        let request = Arc::new(request);
        let mut known = Known::default();
        for _ in 0..ROUNDS {
            let (plan, learnt) = self.decide(Arc::clone(&request), known).await?;
            if plan.records.is_empty() {
                return Ok(Done { answer: plan.answer, wrote: false });
            }
            let writing = Arc::clone(&request);
            let (outcome, committed) =
                storage::commit(&*self.store, move |state| match register::plan(state, &learnt, &writing) {
                    Ok(plan) => Ok((plan.records, InWriter::Done(plan.answer))),
                    Err(Stop::Fault(Fault::Store(error))) => Err(error),
                    Err(Stop::Fault(fault)) => Ok((vec![], InWriter::Refused(fault))),
                    Err(Stop::Missing) => Ok((vec![], InWriter::Missing(learnt))),
                })
                .await?;
            match outcome {
                InWriter::Done(answer) => return Ok(Done { answer, wrote: !committed.records.is_empty() }),
                InWriter::Refused(fault) => return Err(fault),
                InWriter::Missing(learnt) => known = learnt,
            }
        }
        Err(Fault::Contended)
    }

    /// Decides on a snapshot, computing what has to be known.
    async fn decide(&self, request: Arc<Registration>, known: Known) -> Result<(Plan, Known), Fault> {
        let (store, library) = (Arc::clone(&self.store), Arc::clone(&self.library));
        self.pool
            .run(request.schema.text.len(), move || {
                let view = store.view()?;
                let learning = Learning::resume(&library, known);
                match register::plan(&*view, &learning, &request) {
                    Ok(plan) => Ok((plan, learning.known())),
                    Err(Stop::Fault(fault)) => Err(fault),
                    Err(Stop::Missing) => Err(Fault::Internal("a learning rule missed something".into())),
                }
            })
            .await
    }
}
