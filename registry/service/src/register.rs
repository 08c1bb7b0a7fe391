//! `POST /subjects/{subject}/versions` and `…/versions/{version}/tags`: decide on a snapshot, then again in the writer with what
//! was computed.

use super::audit::finished;
use super::change::{RequiredRights, Rights};
use super::subjects::stored;
use super::{Done, Service, with_fallback};
use compat::Work;
use model::{Metadata, Subject, Version};
use rules::candidate::Described;
use rules::delete::Selector;
use rules::fault::Fault;
use rules::find::Deleted;
use rules::knowledge::Knowledge;
use rules::modify_tags::{self, Modification, RulesChange};
use rules::register::{self, Force, Plan, Registered, Registration};
use rules::tagging::Edits;
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

/// What is to become of a version of the subject that the rights are for: the members of `rules::modify_tags::Modification`.
#[allow(missing_docs, reason = "they are told there")]
pub struct Modified {
    pub source: Selector,
    pub new_version: Version,
    pub edits: Edits,
    pub metadata: Option<Metadata>,
    pub rules: RulesChange,
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
        self.register_what(rights, work, move |_| Ok(request.clone())).await
    }

    /// Registers a version that is made of another one.
    ///
    /// # Errors
    /// `SubjectNotFound`, `VersionNotFound` of the one that it is made of; those of `register`.
    pub async fn modify_tags(
        &self,
        rights: Rights,
        modified: Modified,
        work: &Work,
    ) -> Result<Done<Registered>, Fault> {
        let Modified { source, new_version, edits, metadata, rules } = modified;
        let (subject, default_level) = (rights.permit.resource().clone(), self.default_level);
        let request = Modification { subject, source, new_version, edits, metadata, rules, default_level };
        let (rights, falls_back, spending) = (Arc::new(rights), self.falls_back(), work.clone());
        let make = move |state: &dyn State| {
            let read = |subject: &Subject| stored(state, subject, request.source, Deleted::Ignore);
            let source = with_fallback(state, &falls_back, &request.subject, &spending, read)?;
            Ok(modify_tags::registration(state, &source, &request)?)
        };
        self.register_what(Arc::clone(&rights), work, make).await.map_err(|fault| rights.instead_of(fault))
    }

    /// Registers what is to be registered in this state.
    async fn register_what(
        &self,
        rights: Arc<Rights>,
        work: &Work,
        make: impl Fn(&dyn State) -> Result<Registration, Fault> + Send + Sync + 'static,
    ) -> Result<Done<Registered>, Fault> {
        let (authorizers, retention) = (Arc::clone(&self.authorizers), self.retention);
        self.decide_and_commit(work, move |state: &dyn State, knowledge: &dyn Knowledge| {
            let request = make(state)?;
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
