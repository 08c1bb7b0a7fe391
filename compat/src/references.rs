//! Which schemas a schema refers to, transitively, in the order a parser wants them: each after those it needs itself.
//!
//! References are followed through a function that the caller supplies; nothing is fetched from anywhere else. An
//! unqualified subject belongs to the context of the schema that holds the reference. Of several references with one name
//! the first met counts. Each schema is fetched once, by however many references, and no text is needed to follow them. It is
//! found once for Avro, elsewhere once for each name. Depth and numbers are bounded.

use crate::{Spent, Work};
use model::{Reference, SchemaType, Subject, Version};
use std::collections::HashSet;

/// How many references may lead from the schema to one it needs.
pub const MOST_DEPTH: usize = 64;
/// How many names references may have, in the schema and in all that it needs.
pub const MOST_SCHEMAS: usize = 4096;
/// How many references there may be, in the schema and in all that it needs.
pub const MOST_REFERENCES: usize = 65_536;

/// A referenced schema as the store has it. `T` is its text or what stands for it.
#[derive(Clone, Debug)]
pub struct Fetched<T> {
    /// The language.
    pub schema_type: SchemaType,
    /// The canonical text, or what stands for it.
    pub text: T,
    /// Its own references.
    pub references: Vec<Reference>,
}

/// A schema that another one needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Needed<T> {
    /// The name of the reference.
    pub name: String,
    /// Its subject.
    pub subject: Subject,
    /// Its version.
    pub version: Version,
    /// Its canonical text, or what stands for it.
    pub text: T,
    /// Does the schema itself refer to it, or only another one that it needs?
    pub direct: bool,
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
    /// More than `MOST_REFERENCES` references.
    #[error("There are more than the {MOST_REFERENCES} references allowed, those of referenced schemas included")]
    TooManyReferences,
    /// The work ended before all references were followed.
    #[error(transparent)]
    Spent(#[from] Spent),
    /// The store failed.
    #[error("a referenced schema could not be read")]
    Fetch(#[source] E),
}

impl<E> Error<E> {
    /// The text to show after `details:`; `None` if the store failed or the work was stopped, which is not the client's doing.
    pub fn details(&self) -> Option<String>
    where
        E: std::error::Error + 'static,
    {
        (!matches!(self, Self::Fetch(_) | Self::Spent(_))).then(|| self.to_string())
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
pub type Fetch<'a, T, E> = dyn FnMut(&Subject, Version) -> Result<Option<Fetched<T>>, E> + 'a;

/// Everything that a schema with these references needs, each schema once (for Avro) or once for each name. `referrer` is the subject it belongs to; versions
/// are resolved, so -1 is invalid here.
///
/// # Errors
/// A reference that leads nowhere or back, more of them than the bounds, the store's, and the end of the work.
pub fn closure<T: Clone, E>(
    referrer: &Subject,
    schema_type: &SchemaType,
    references: &[Reference],
    fetch: &mut Fetch<'_, T, E>,
    work: &Work,
) -> Result<Vec<Needed<T>>, Error<E>> {
    let mut walk = Walk {
        schema_type,
        fetch,
        work,
        names: HashSet::new(),
        references: 0,
        open: Vec::new(),
        done: HashSet::new(),
        found: Vec::new(),
    };
    walk.follow(referrer, references)?;
    let direct: HashSet<&str> = references.iter().map(|reference| &*reference.name).collect();
    walk.found.iter_mut().for_each(|needed| needed.direct = direct.contains(&*needed.name));
    Ok(walk.found)
}

/// What it costs to follow a reference, and to fetch what it leads to.
const FOLLOWED: usize = 4;
const FETCHED: usize = 100;

struct Walk<'a, 'f, T, E> {
    schema_type: &'a SchemaType,
    fetch: &'a mut Fetch<'f, T, E>,
    work: &'a Work,
    names: HashSet<String>,
    /// How many have been met.
    references: usize,
    /// The versions between the schema and where the walk is.
    open: Vec<(Subject, Version)>,
    /// The versions that were found, under whatever name.
    done: HashSet<(Subject, Version)>,
    found: Vec<Needed<T>>,
}

impl<T: Clone, E> Walk<'_, '_, T, E> {
    fn follow(&mut self, referrer: &Subject, references: &[Reference]) -> Result<(), Error<E>> {
        self.references += references.len();
        if self.references > MOST_REFERENCES {
            return Err(Error::TooManyReferences);
        }
        for reference in references {
            self.work.spend(FOLLOWED)?;
            if self.names.contains(&reference.name) {
                continue;
            }
            self.names.insert(reference.name.clone());
            let named = || (reference.subject.clone(), reference.version);
            if reference.version < 1 {
                return Err(Error::Invalid(reference.clone()));
            }
            let key = (referrer.sibling(&reference.subject), reference.version);
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
            if self.done.contains(&key) {
                self.work.spend(self.found.len() / 8)?;
                self.found.extend(self.under_another_name(&key, &reference.name));
                continue;
            }
            self.work.spend(FETCHED)?;
            let Some(fetched) = (self.fetch)(&key.0, key.1).map_err(Error::Fetch)? else {
                let (subject, version) = named();
                return Err(Error::NotFound { subject, version });
            };
            if fetched.schema_type != *self.schema_type {
                let (subject, version) = named();
                return Err(Error::OtherType { subject, version, found: fetched.schema_type });
            }
            let (subject, version) = key.clone();
            self.open.push(key);
            self.follow(&subject, &fetched.references)?;
            self.done.extend(self.open.pop());
            self.found.push(Needed {
                name: reference.name.clone(),
                subject,
                version,
                text: fetched.text,
                direct: false,
            });
        }
        Ok(())
    }

    /// What was found before, under the name of another reference to it. Only Avro's texts are found by what they define.
    fn under_another_name(&self, (subject, version): &(Subject, Version), name: &str) -> Option<Needed<T>> {
        if *self.schema_type == SchemaType::Avro {
            return None;
        }
        let known = self.found.iter().find(|needed| needed.subject == *subject && needed.version == *version)?;
        let (subject, version, text) = (known.subject.clone(), known.version, known.text.clone());
        Some(Needed { name: name.to_owned(), subject, version, text, direct: false })
    }
}
