//! `POST /subjects/{subject}/versions/{version}/validate`: does a sample document fit a schema, and where not?

use super::{Class, Service};
use crate::fault::Fault;
use crate::rules::delete::Selector;
use crate::rules::find::Deleted;
use model::Subject;
use std::sync::Arc;

/// A sample document.
#[derive(Clone, Debug)]
pub enum Validation {
    /// Avro's JSON encoding.
    Json(String),
    /// Binary, with or without the five bytes of the Kafka wire format (a zero byte and the schema id).
    Binary(Vec<u8>),
}

impl Service {
    /// The place and the reason of the first mismatch; `None` when the sample fits.
    ///
    /// # Errors
    /// `SubjectNotFound`, `VersionNotFound`, `InvalidSchema` for a stored text that does not parse, `Busy`, those of the store.
    pub async fn validate(
        &self,
        subject: Subject,
        selector: Selector,
        sample: Validation,
    ) -> Result<Option<compat::Mismatch>, Fault> {
        let shown = self.version(&subject, selector, Deleted::Include)?;
        let bytes = match &sample {
            Validation::Json(text) => text.len(),
            Validation::Binary(bytes) => bytes.len(),
        };
        let (store, parsed) = (Arc::clone(&self.store), Arc::clone(&self.library));
        self.pools
            .run(Class::to_read(bytes), move || {
                let view = store.view()?;
                let schema = parsed.stored(&*view, &shown.stored)?;
                let framed =
                    |bytes: &[u8]| bytes.len() >= 5 && bytes[0] == 0 && bytes[1..5] == shown.stored.id.to_be_bytes();
                let outcome = match &sample {
                    Validation::Json(text) => schema.parsed.validate(compat::Sample::Json(text)),
                    Validation::Binary(bytes) if framed(bytes) => {
                        // The five bytes could also be data that happens to begin so.
                        schema
                            .parsed
                            .validate(compat::Sample::Binary(&bytes[5..]))
                            .or_else(|framed| schema.parsed.validate(compat::Sample::Binary(bytes)).map_err(|_| framed))
                    }
                    Validation::Binary(bytes) => schema.parsed.validate(compat::Sample::Binary(bytes)),
                };
                Ok(outcome.err())
            })
            .await
    }
}
