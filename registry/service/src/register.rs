//! `POST /subjects/{subject}/versions`: decide on a snapshot, then again in the writer with what was computed.

use super::audit::finished;
use super::change::{RequiredRights, Rights};
use super::{Done, Service};
use compat::Work;
use rules::candidate::Described;
use rules::fault::Fault;
use rules::knowledge::Knowledge;
use rules::register::{self, Force, Plan, Registered, Registration};
use std::sync::Arc;
use storage::State;

/// What is to be registered; where, the rights say.
pub struct Offered {
    /// The schema.
    pub schema: Described,
    /// `normalize=true` in the request; config may ask for it as well.
    pub normalize: bool,
    /// Skip the compatibility check?
    pub force: Force,
}

impl Service {
    /// Registers a schema, or finds it registered.
    ///
    /// # Errors
    /// The refusals of `rules::register::plan` and of the rights, `Spent`, `Busy`, `Contended`, those of the store.
    pub async fn register(&self, rights: Rights, offered: Offered, work: &Work) -> Result<Done<Registered>, Fault> {
        let rights = Arc::new(rights);
        let (schema_type, text) = (offered.schema.schema_type.clone(), offered.schema.text.clone());
        let fault = match self.register_with(Arc::clone(&rights), offered, work).await {
            Err(fault) => rights.instead_of(fault),
            done => return done,
        };
        Err(match fault {
            Fault::Incompatible(subject, mut outcome) => {
                outcome.told = self.located(outcome.told, schema_type, text, work).await;
                Fault::Incompatible(subject, outcome)
            }
            fault => fault,
        })
    }

    async fn register_with(
        &self,
        rights: Arc<Rights>,
        offered: Offered,
        work: &Work,
    ) -> Result<Done<Registered>, Fault> {
        let Offered { schema, normalize, force } = offered;
        let subject = rights.permit.resource().clone();
        let request = Registration { subject, schema, normalize, force, default_level: self.default_level };
        let (authorizers, retention) = (Arc::clone(&self.authorizers), self.retention);
        self.decide_and_commit(work, move |state: &dyn State, knowledge: &dyn Knowledge| {
            let Plan { answer, mut records } = register::plan(state, knowledge, &request)?;
            if !records.is_empty() {
                let required =
                    RequiredRights::of(&request.subject, request.schema.id, request.force, &records, &answer.content);
                let entry = rights.to_write(&authorizers, state, &required)?;
                records.extend(entry);
                records = finished(state, records, retention)?;
            }
            Ok((records, answer))
        })
        .await
    }
}
