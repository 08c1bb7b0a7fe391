//! `MemoryState`: a state in a map, to test a rule on. Same fold and same questions as on disk; nothing survives.

use crate::Error;
use crate::kv::Map;
use crate::query::Folded;
use model::Record;

/// A state in a map.
pub type MemoryState = Folded<Map>;

impl Default for MemoryState {
    fn default() -> Self {
        Folded::over(Map::default()).expect("an empty map has no head that could be malformed")
    }
}

impl MemoryState {
    /// Folds records as the writer would, all written at the time `at` (milliseconds since 1970).
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn fold(&mut self, records: impl IntoIterator<Item = Record>, at: i64) -> Result<(), Error> {
        let records: Vec<Record> = records.into_iter().collect();
        self.fold_all(&records, at)
    }
}
