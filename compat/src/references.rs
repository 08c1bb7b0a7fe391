//! Which schemas a schema refers to, transitively, in the order a parser wants them: each after those it needs itself.
//!
//! References are followed through a function that the caller supplies; nothing is fetched from anywhere else. An
//! unqualified subject belongs to the context of the schema that holds the reference. Of several references with one name
//! the first met counts. Depth and number are bounded.

use crate::Dependency;
use model::{Reference, SchemaType, Subject, Version};
use std::collections::HashSet;
use std::sync::Arc;

/// How many references may lead from the schema to one it needs.
pub const MOST_DEPTH: usize = 64;
/// How many schemas a schema may need.
pub const MOST_SCHEMAS: usize = 4096;

/// A referenced schema as the store has it.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The language.
    pub schema_type: SchemaType,
    /// The canonical text.
    pub text: Arc<str>,
    /// Its own references.
    pub references: Vec<Reference>,
}

/// Why references do not resolve.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error<E> {
    /// There is no such version.
    #[error("No schema reference found for subject \"{subject}\" and version {version}")]
    NotFound {
        /// The subject as the reference names it.
        subject: String,
        /// The version.
        version: Version,
    },
    /// A version that no schema can have.
    #[error("{}", invalid(Some(&.0.name), Some(&.0.subject), Some(.0.version)))]
    Invalid(Reference),
    /// The referenced schema is of another language.
    #[error(
        "The schema of subject \"{subject}\" and version {version} is of type {found} and cannot be referenced here"
    )]
    OtherType {
        /// The subject as the reference names it.
        subject: String,
        /// The version.
        version: Version,
        /// Its language.
        found: SchemaType,
    },
    /// A schema needs itself.
    #[error("The reference to subject \"{subject}\" and version {version} leads back to itself")]
    Cycle {
        /// The subject as the reference names it.
        subject: String,
        /// The version.
        version: Version,
    },
    /// More than `MOST_DEPTH` references in a row.
    #[error("References lead deeper than the {MOST_DEPTH} levels allowed")]
    TooDeep,
    /// More than `MOST_SCHEMAS` schemas.
    #[error("References lead to more than the {MOST_SCHEMAS} schemas allowed")]
    TooMany,
    /// The store failed.
    #[error("a referenced schema could not be read")]
    Fetch(#[source] E),
}

impl<E> Error<E> {
    /// The text to show after `details:`; `None` if the store failed, which is not the client's doing.
    pub fn details(&self) -> Option<String>
    where
        E: std::error::Error + 'static,
    {
        (!matches!(self, Self::Fetch(_))).then(|| self.to_string())
    }
}

/// The text about a reference that lacks a member or has an impossible one.
pub fn invalid(name: Option<&str>, subject: Option<&str>, version: Option<Version>) -> String {
    let version = version.map_or_else(|| "null".to_owned(), |version| version.to_string());
    format!(
        "Invalid reference: {{name='{}', subject='{}', version={version}}}",
        name.unwrap_or("null"),
        subject.unwrap_or("null")
    )
}

/// How the store is asked for a version.
pub type Fetch<'a, E> = dyn FnMut(&Subject, Version) -> Result<Option<Fetched>, E> + 'a;

/// Everything that a schema with these references needs. `referrer` is the subject it belongs to; versions are resolved, so
/// -1 is invalid here.
pub fn closure<E>(
    referrer: &Subject,
    schema_type: &SchemaType,
    references: &[Reference],
    fetch: &mut Fetch<'_, E>,
) -> Result<Vec<Dependency>, Error<E>> {
    let mut walk = Walk { schema_type, fetch, names: HashSet::new(), open: Vec::new(), found: Vec::new() };
    walk.follow(referrer, references)?;
    Ok(walk.found)
}

struct Walk<'a, 'f, E> {
    schema_type: &'a SchemaType,
    fetch: &'a mut Fetch<'f, E>,
    names: HashSet<String>,
    /// The versions between the schema and where the walk is.
    open: Vec<(Subject, Version)>,
    found: Vec<Dependency>,
}

impl<E> Walk<'_, '_, E> {
    fn follow(&mut self, referrer: &Subject, references: &[Reference]) -> Result<(), Error<E>> {
        for reference in references {
            if !self.names.insert(reference.name.clone()) {
                continue;
            }
            let named = || (reference.subject.clone(), reference.version);
            if reference.version < 1 {
                return Err(Error::Invalid(reference.clone()));
            }
            let subject = referrer.sibling(&reference.subject);
            let key = (subject, reference.version);
            if self.open.contains(&key) {
                let (subject, version) = named();
                return Err(Error::Cycle { subject, version });
            }
            if self.open.len() == MOST_DEPTH {
                return Err(Error::TooDeep);
            }
            if self.names.len() > MOST_SCHEMAS {
                return Err(Error::TooMany);
            }
            let Some(fetched) = (self.fetch)(&key.0, key.1).map_err(Error::Fetch)? else {
                let (subject, version) = named();
                return Err(Error::NotFound { subject, version });
            };
            if fetched.schema_type != *self.schema_type {
                let (subject, version) = named();
                return Err(Error::OtherType { subject, version, found: fetched.schema_type });
            }
            let subject = key.0.clone();
            self.open.push(key);
            self.follow(&subject, &fetched.references)?;
            self.open.pop();
            self.found.push(Dependency {
                name: reference.name.clone(),
                subject,
                version: reference.version,
                text: fetched.text,
            });
        }
        Ok(())
    }
}
