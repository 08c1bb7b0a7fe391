//! `POST /subjects/{subject}/versions`: decide on a snapshot, then again in the writer with what was learnt.

use super::audit::with_expiry;
use super::change::{Rights, Takes};
use super::{Done, Service};
use crate::fault::Fault;
use crate::rules::candidate::Described;
use crate::rules::knowledge::{Known, Learning, Stop};
use crate::rules::register::{self, Force, Plan, Registered, Registration};
use model::{Record, RegistryRecord};
use std::sync::Arc;

/// How often a registration may come back for verdicts that were missing, because its subject or what it refers to changed
/// between the snapshot and the commit. Each round needs another write to the same subject to be undone.
const ROUNDS: usize = 16;

/// What is to be registered; where, the rights say.
pub struct Offered {
    /// The schema.
    pub schema: Described,
    /// `normalize=true` in the request; config may ask for it as well.
    pub normalize: bool,
    /// Skip the compatibility check?
    pub force: Force,
}

/// What a planned registration takes.
fn takes(request: &Registration, plan: &Plan) -> Takes {
    let creates = |record: &Record| matches!(record, Record::Registry(RegistryRecord::Context { exists: true, .. }));
    let references = &plan.answer.content.references;
    Takes {
        new_context: plan.records.iter().any(creates),
        id: request.schema.id,
        forced: request.force == Force::Yes,
        refers_to: references.iter().map(|reference| request.subject.sibling(&reference.subject)).collect(),
    }
}

enum InWriter {
    Done(Registered),
    Refused(Fault),
    Missing(Known),
}

impl Service {
    /// Registers a schema, or finds it registered.
    ///
    /// # Errors
    /// The refusals of `rules::register::plan` and of the rights, `Busy`, `Contended`, those of the store.
    pub async fn register(&self, rights: Rights, offered: Offered) -> Result<Done<Registered>, Fault> {
        let rights = Arc::new(rights);
        let outcome = self.register_with(Arc::clone(&rights), offered).await;
        outcome.map_err(|fault| rights.instead_of(fault))
    }

    async fn register_with(&self, rights: Arc<Rights>, offered: Offered) -> Result<Done<Registered>, Fault> {
        let Offered { schema, normalize, force } = offered;
        let subject = rights.leave.resource().clone();
        let request = Registration { subject, schema, normalize, force, default_level: self.default_level };
        let (request, retention) = (Arc::new(request), self.retention);
        let mut known = Known::default();
        for _ in 0..ROUNDS {
            let (plan, learnt) = self.decide(Arc::clone(&request), known).await?;
            if plan.records.is_empty() {
                return Ok(Done { answer: plan.answer, wrote: false });
            }
            // A write that cannot be permitted need not trouble the writer.
            rights.leave.to_write()?;
            self.check_audit()?;
            let (writing, rights, authorizer) = (Arc::clone(&request), Arc::clone(&rights), self.authorizer.clone());
            let (outcome, committed) = storage::commit(&*self.store, move |state| {
                let planned = register::plan(state, &learnt, &writing).and_then(|mut plan| {
                    if !plan.records.is_empty() {
                        let entry = rights.to_write(&authorizer, state, &takes(&writing, &plan))?;
                        plan.records.extend(with_expiry(state, entry, retention)?);
                    }
                    Ok(plan)
                });
                match planned {
                    Ok(plan) => Ok((plan.records, InWriter::Done(plan.answer))),
                    Err(Stop::Fault(Fault::Store(error))) => Err(error),
                    Err(Stop::Fault(fault)) => Ok((vec![], InWriter::Refused(fault))),
                    Err(Stop::Missing) => Ok((vec![], InWriter::Missing(learnt))),
                }
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
                    Err(stop) => Err(stop.outside_the_writer()),
                }
            })
            .await
    }
}
