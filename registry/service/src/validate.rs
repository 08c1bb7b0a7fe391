//! `POST /subjects/{subject}/versions/{version}/validate`: does a sample document fit a schema, what does it say, and where does
//! it not fit?

use super::subjects::stored;
use super::{Class, Service, with_fallback};
use compat::{Fit, Mismatch, Sample, Work};
use model::Subject;
use model::framing::{self, Written};
use rules::delete::Selector;
use rules::expression::{self, RuleFinding};
use rules::fault::Fault;
use rules::find::Deleted;
use std::sync::Arc;

/// A sample document.
#[derive(Clone, Debug)]
pub enum Validation {
    /// In the JSON encoding of its language.
    Json(String),
    /// Binary, bare or with what Kafka clients write in front of it (`model::framing`).
    Binary(Vec<u8>),
}

/// What a validation comes to.
#[derive(Clone, Debug)]
pub struct Validated {
    /// What a sample says that fits; or the place and the reason of the first mismatch.
    pub outcome: Result<Fit, Mismatch>,
    /// The rules of the version whose expressions do not parse.
    pub rule_findings: Vec<RuleFinding>,
}

impl Service {
    /// Does the sample fit, what does it say, and what is to be said of the rules that clients apply to data?
    ///
    /// # Errors
    /// `SubjectNotFound`, `VersionNotFound`, `InvalidSchema` for a stored text that does not parse, `Spent`, `Busy`, those of the store.
    pub async fn validate(
        &self,
        subject: Subject,
        selector: Selector,
        sample: Validation,
        work: &Work,
    ) -> Result<Validated, Fault> {
        let (store, parsed, spending) = (Arc::clone(&self.store), Arc::clone(&self.schema_cache), work.clone());
        let falls_back = self.falls_back();
        let job = move || {
            let view = store.view()?;
            let read = |subject: &Subject| stored(&*view, subject, selector, Deleted::Include);
            let stored = with_fallback(&*view, &falls_back, &subject, &spending, read)?;
            let schema = parsed.stored(&*view, &stored, &spending)?.parsed;
            let its_own = |written| written == Written::Id(stored.id) || written == Written::Guid(stored.guid);
            let framed = |bytes| framing::read(bytes).filter(|(written, _)| its_own(*written)).map(|(_, rest)| rest);
            let fits = |sample| schema.validate(sample, &spending);
            let outcome = match &sample {
                Validation::Json(text) => fits(Sample::Json(text))?,
                Validation::Binary(bytes) => match framed(bytes).map(|rest| fits(Sample::Framed(rest))) {
                    None => fits(Sample::Binary(bytes))?,
                    Some(framed) => match framed? {
                        Ok(fit) => Ok(fit),
                        // What names the schema could also be data that happens to begin so.
                        Err(framed) => fits(Sample::Binary(bytes))?.map_err(|_| framed),
                    },
                },
            };
            let rule_findings = stored.rule_set.as_ref().map(|rules| expression::findings(rules, &spending));
            Ok(Validated { outcome, rule_findings: rule_findings.transpose()?.unwrap_or_default() })
        };
        self.pools.begin_here(Class::Parse, work, job).await
    }
}
