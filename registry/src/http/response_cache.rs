//! The response cache: the bytes that thousands of deserializers ask for, kept until a record touches what they depend on.

use super::generations::{Generations, Validity};
use super::lookup_cache::LookupCache;
use super::routes::Operation;
use bytes::Bytes;
use http::HeaderValue;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::hash::Hash;

/// The form of an answer that a request asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ResponseForm {
    /// The media type.
    pub media: super::negotiate::Media,
    /// Compressed?
    pub gzip: bool,
}

/// A read that is answered with the same bytes each time.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    form: ResponseForm,
    target: Box<str>,
}

#[derive(PartialEq, Eq, Hash)]
struct KeyRef<'a> {
    form: ResponseForm,
    target: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.form == key.form && *self.target == *key.target
    }
}

/// An answer with its final bytes.
#[derive(Clone)]
pub struct CachedResponse {
    /// What it answers.
    pub operation: Operation,
    /// The body.
    pub body: Bytes,
    /// Its entity tag.
    pub etag: HeaderValue,
    /// Until when it holds.
    pub validity: Validity,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, CachedResponse> for Weight {
    fn weight(&self, key: &Key, answer: &CachedResponse) -> u64 {
        (key.target.len() + answer.body.len()) as u64 + 256
    }
}

/// The cached answers, bounded in bytes.
pub struct ResponseCache {
    /// The counters that they depend on.
    pub generations: Generations,
    /// Where the schemas of look-ups and registrations were found.
    pub lookups: LookupCache,
    answers: Cache<Key, CachedResponse, Weight>,
}

impl ResponseCache {
    /// Keeps answers of about this many bytes, and an eighth as much of look-ups.
    pub fn new(bytes: u64) -> Self {
        let answers = Cache::with_weighter(10_000, bytes.max(1), Weight);
        ResponseCache { generations: Generations::default(), lookups: LookupCache::new(bytes / 8), answers }
    }

    /// The answer, if it is there and holds.
    pub fn get(&self, form: ResponseForm, target: &str) -> Option<CachedResponse> {
        self.answers.get(&KeyRef { form, target }).filter(|answer| self.generations.holds(&answer.validity))
    }

    /// Keeps an answer, and gives it back with the bytes that are kept. They are copied: a body that grew while it was written
    /// still holds twice what it needs.
    pub fn keep(&self, form: ResponseForm, target: &str, answer: CachedResponse) -> CachedResponse {
        let answer = CachedResponse { body: Bytes::copy_from_slice(&answer.body), ..answer };
        self.answers.insert(Key { form, target: target.into() }, answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::negotiate::Media;
    use model::Subject;

    #[test]
    fn answers_are_told_apart_by_form_and_target() {
        let cache = ResponseCache::new(1 << 20);
        let form = ResponseForm { media: Media::V1, gzip: false };
        let answer = CachedResponse {
            operation: Operation::GetSchemaById,
            body: Bytes::from_static(b"1"),
            etag: HeaderValue::from_static("\"1\""),
            validity: cache.generations.subject(&Subject::parse("s")),
        };
        cache.keep(form, "/a", answer);
        assert!(cache.get(form, "/a").is_some());
        assert!(cache.get(form, "/b").is_none());
        assert!(cache.get(ResponseForm { gzip: true, ..form }, "/a").is_none());
    }
}
