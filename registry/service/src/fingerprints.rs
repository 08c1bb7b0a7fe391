//! Fills in the fingerprints of versions whose writer did not know them: those of a log from elsewhere or of a backup, those
//! that another release computed in another way, and all of them where the table was lost.
//!
//! Until then a look-up compares with each such version of the subject, so a subject in which one was missed comes first.

use super::Service;
use compat::{Spent, Work, fingerprint_scheme};
use model::{Subject, SubjectPrefix, Touched, Version};
use rules::fault::Fault;
use rules::schema_cache::SchemaCache;
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::{
    Begin, Derivation, Derived, Error, Follower, Progress, Rebuilt, Schemes, Standing, State, StoredVersion, Subjects,
};

/// Versions that one step looks at.
const AT_ONCE: usize = 256;
/// Schemas without a fingerprint that one step reads.
const READ_AT_ONCE: usize = 64;
/// Bytes for schemas that others refer to. The cache of requests is left to them.
const CACHE: u64 = 4 << 20;

/// A version.
type Place = (Subject, Version);

/// Follows the store and fills in fingerprints.
pub struct Fingerprints {
    /// Whose requests missed fingerprints.
    asked: Arc<SchemaCache>,
    schema_cache: SchemaCache,
    budget: Box<dyn Fn() -> Work + Send>,
    /// The last version that deriving everything has looked at.
    behind: Option<Place>,
    /// The subject that was asked for and is not done, and the last version of it that was looked at.
    wanted: Option<(Subject, Option<Version>)>,
}

impl Service {
    /// What fills in fingerprints for this service. It stops with the service's work.
    pub fn fingerprints(&self) -> Fingerprints {
        Fingerprints::new(Arc::clone(&self.schema_cache), self.pools.background())
    }
}

impl Fingerprints {
    fn new(asked: Arc<SchemaCache>, budget: impl Fn() -> Work + Send + 'static) -> Self {
        let schema_cache = SchemaCache::new(CACHE);
        Fingerprints { asked, schema_cache, budget: Box::new(budget), behind: None, wanted: None }
    }

    fn schemes() -> Schemes {
        Schemes::new(fingerprint_scheme)
    }

    /// What is to be filled in for a version, if anything.
    fn derive(&self, view: &dyn State, stored: &StoredVersion) -> Result<Option<Derived>, Error> {
        let StoredVersion { subject, version, guid, text, schema_type, .. } = stored;
        if view.is_derived(subject, *version, &Self::schemes())? {
            return Ok(None);
        }
        let value = match self.schema_cache.stored(view, stored, &(self.budget)()) {
            Ok(schema) => Some(schema.fingerprint.value),
            Err(Fault::Store(error)) => return Err(error),
            Err(Fault::Spent(Spent::Stopped)) => return Err(Error::Closed),
            // It cannot be read, or not at this price: whoever looks something up compares with it.
            Err(_) => None,
        };
        let derivation = Derivation { scheme: fingerprint_scheme(schema_type), value };
        Ok(Some(Derived::Fingerprint {
            subject: subject.clone(),
            version: *version,
            guid: *guid,
            text: *text,
            derivation,
        }))
    }

    /// A step through some subjects, behind a version, and the last version that it has looked at; `None`: there are no more.
    fn step(
        &self,
        view: &dyn State,
        subjects: Subjects<'_>,
        behind: Option<(&Subject, Version)>,
    ) -> Result<(Vec<Derived>, Option<Place>), Error> {
        let mut versions = Vec::with_capacity(AT_ONCE);
        let begin = behind.map_or(Begin::Skipping(0), Begin::Behind);
        view.versions_from(subjects, Standing::Any, begin, &mut |version| {
            versions.push(version);
            if versions.len() < AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut derived = Vec::new();
        for stored in &versions {
            derived.extend(self.derive(view, stored)?);
            if derived.len() == READ_AT_ONCE {
                return Ok((derived, Some((stored.subject.clone(), stored.version))));
            }
        }
        let last = versions.pop().filter(|_| versions.len() + 1 == AT_ONCE);
        Ok((derived, last.map(|stored| (stored.subject, stored.version))))
    }
}

impl Follower for Fingerprints {
    fn name(&self) -> &'static str {
        "fingerprints"
    }

    fn through(&self, view: &dyn State) -> Result<Option<u64>, Error> {
        let known = view.fingerprints()?.filter(|progress| progress.schemes == Self::schemes());
        Ok(known.and_then(|progress| progress.through))
    }

    fn apply(&mut self, view: &dyn State, touched: &[Touched<'_>]) -> Result<Vec<Derived>, Error> {
        let mut derived = Vec::new();
        for touched in touched {
            let (Some(subject), Some(version)) = (touched.subject, touched.version) else { continue };
            // Nearly all were registered here, with their fingerprints.
            if view.is_derived(subject, version, &Self::schemes())? {
                continue;
            }
            if let Some(stored) = view.version(subject, version)? {
                derived.extend(self.derive(view, &stored)?);
            }
        }
        Ok(derived)
    }

    fn rebuild(&mut self, view: &dyn State) -> Result<Rebuilt, Error> {
        let everything = SubjectPrefix::EveryContext(String::new());
        let behind = self.behind.as_ref().map(|(subject, version)| (subject, *version));
        let (derived, last) = self.step(view, Subjects::Matching(&everything), behind)?;
        self.behind = last;
        Ok(Rebuilt { derived, is_done: self.behind.is_none() })
    }

    fn wanted(&mut self, view: &dyn State) -> Result<Vec<Derived>, Error> {
        let wanted = self.wanted.take().or_else(|| self.asked.wanted().take().map(|subject| (subject, None)));
        let Some((subject, behind)) = wanted else { return Ok(vec![]) };
        let behind = behind.map(|version| (&subject, version));
        let (derived, last) = self.step(view, Subjects::One(&subject), behind)?;
        self.wanted = last.map(|(subject, version)| (subject, Some(version)));
        Ok(derived)
    }

    fn note(&self, through: u64) -> Derived {
        Derived::Fingerprints(Progress { schemes: Self::schemes(), through: Some(through) })
    }
}

#[cfg(test)]
#[path = "fingerprints_tests.rs"]
mod tests;
