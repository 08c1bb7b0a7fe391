//! A state as it would be: records folded over a state that nobody else sees.
//!
//! A decision of several steps (two schemas and an association, a deletion that goes on after another one) looks at each step
//! through the same questions as at the first, and writes all its records in one commit.

use crate::kv::{Kv, KvMut, Overlay};
use crate::query::Folded;
use crate::{Draft, Error, fold};
use model::Record;

impl<K: KvMut> Folded<K> {
    /// Folds records, all written at the time `at` (milliseconds since 1970).
    pub(crate) fn fold_all<'a>(&mut self, records: impl IntoIterator<Item = &'a Record>, at: i64) -> Result<(), Error> {
        for record in records {
            let stamped = fold::stamp(&self.head(), at, record.clone());
            self.change(|kv| fold::append(&stamped, kv))??;
        }
        Ok(())
    }
}

impl Draft for Folded<Overlay<&dyn Kv>> {
    fn add(&mut self, records: &[Record]) -> Result<(), Error> {
        let at = self.head().at;
        self.fold_all(records, at)
    }
}
