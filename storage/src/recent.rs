//! What the writer has read or written of late. Deciding a change asks for the same few entries each time: settings that are not there,
//! how far the logs are, the summary and the newest version of a subject. All writing is done by one thread, so what it
//! remembers is what the tables hold; it looks most of them up in memory.

use state::Error;
use state::kv::{Changes, Direction, Kv, Table, Visit};
use state::tally::Blocks;
use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Longer values are read anew each time.
const LONGEST: usize = 512;

/// Bytes of the younger half, beyond which it becomes the older one and what was that is forgotten.
const HALF: usize = 2 << 20;

/// What an entry takes beside its bytes, about.
const ENTRY: usize = 96;

type Half = [HashMap<Box<[u8]>, Option<Box<[u8]>>>; TABLES];

const TABLES: usize = Table::ALL.len();

/// Entries of the tables, also of keys that are not there.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: Half,
    bytes: usize,
    old: Half,
}

impl Recent {
    /// Forgets all: what was written may not be what the tables hold.
    pub fn clear(&self) {
        *self.halves() = Halves::default();
    }

    /// Takes in changes that are about to be written.
    pub fn follow(&self, changes: &Changes) {
        let mut halves = self.halves();
        for (table, key, value) in changes.iter().filter(|(table, ..)| is_kept(*table)) {
            halves.old[table as usize].remove(key);
            match value {
                Some(value) if value.len() > LONGEST => drop(halves.young[table as usize].remove(key)),
                value => halves.keep(table, key, value),
            }
        }
    }

    fn halves(&self) -> MutexGuard<'_, Halves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn get(&mut self, table: Table, key: &[u8]) -> Option<Option<Vec<u8>>> {
        if let Some(known) = self.young[table as usize].get(key) {
            return Some(known.as_deref().map(<[u8]>::to_vec));
        }
        let known = self.old[table as usize].remove(key)?;
        self.keep(table, key, known.as_deref());
        Some(known.map(<[u8]>::into_vec))
    }

    fn keep(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        self.bytes += key.len() + value.map_or(0, <[u8]>::len) + ENTRY;
        self.young[table as usize].insert(key.into(), value.map(Box::from));
        if self.bytes > HALF {
            self.old = mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}

/// Records are read once, and texts are long.
fn is_kept(table: Table) -> bool {
    match table {
        Table::Meta | Table::State | Table::Derived => true,
        Table::Log | Table::Texts | Table::Audit => false,
    }
}

/// Tables, with what is remembered of them.
pub(crate) struct Remembered<'a, K> {
    /// The tables.
    pub tables: K,
    /// What is remembered.
    pub recent: &'a Recent,
}

impl<K: Kv> Kv for Remembered<'_, K> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if !is_kept(table) {
            return self.tables.get(table, key);
        }
        if let Some(known) = self.recent.halves().get(table, key) {
            return Ok(known);
        }
        let found = self.tables.get(table, key)?;
        if found.as_ref().is_none_or(|value| value.len() <= LONGEST) {
            self.recent.halves().keep(table, key, found.as_deref());
        }
        Ok(found)
    }

    fn scan(
        &self,
        table: Table,
        range: &(Vec<u8>, Vec<u8>),
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        self.tables.scan(table, range, direction, visit)
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        if is_kept(table) { Ok(self.get(table, key)?.is_some()) } else { self.tables.has(table, key) }
    }

    fn blocks(&self) -> Option<&Blocks> {
        self.tables.blocks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use state::kv::{KvMut, Map, Overlay};

    fn changes(entries: &[(&str, Option<Vec<u8>>)]) -> Changes {
        let mut overlay = Overlay::new(Map::default());
        for (key, value) in entries {
            match value {
                Some(value) => overlay.put(Table::State, key.as_bytes().to_vec(), value.clone()),
                None => overlay.delete(Table::State, key.as_bytes().to_vec()),
            }
        }
        overlay.into_changes()
    }

    #[test]
    fn what_is_remembered_is_what_was_read_or_written_last() {
        let (recent, mut tables) = (Recent::default(), Map::default());
        tables.put(Table::State, b"a".to_vec(), b"1".to_vec());
        let get = |tables: &Map, key: &str| {
            Remembered { tables, recent: &recent }.get(Table::State, key.as_bytes()).unwrap().map(|value| value.len())
        };
        assert_eq!((get(&tables, "a"), get(&tables, "none")), (Some(1), None));
        // Nothing is read twice: tables that changed behind the writer's back are not looked at.
        tables.delete(Table::State, b"a".to_vec());
        tables.put(Table::State, b"none".to_vec(), b"1".to_vec());
        assert_eq!((get(&tables, "a"), get(&tables, "none")), (Some(1), None));

        recent.follow(&changes(&[("a", None), ("none", Some(vec![0; 2])), ("long", Some(vec![0; LONGEST + 1]))]));
        assert_eq!((get(&tables, "a"), get(&tables, "none"), get(&tables, "long")), (None, Some(2), None));
        // A longer value takes the place of what is remembered.
        tables.put(Table::State, b"none".to_vec(), vec![0; LONGEST + 1]);
        recent.follow(&changes(&[("none", Some(vec![0; LONGEST + 1]))]));
        assert_eq!(get(&tables, "none"), Some(LONGEST + 1));
        recent.clear();
        assert_eq!(get(&tables, "a"), None);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_asked_for_stays() {
        let (recent, tables) = (Recent::default(), Map::default());
        let remembered = Remembered { tables: &tables, recent: &recent };
        let count = 4 * HALF / ENTRY;
        for n in 0..count {
            remembered.get(Table::State, n.to_string().as_bytes()).unwrap();
            remembered.get(Table::Meta, b"often").unwrap();
        }
        let halves = recent.halves();
        let kept = halves.young[Table::State as usize].len() + halves.old[Table::State as usize].len();
        assert!(kept * ENTRY <= 2 * HALF && kept > 0, "{kept} of {count}");
        assert!(halves.young[Table::Meta as usize].contains_key(b"often".as_slice()));
    }
}
