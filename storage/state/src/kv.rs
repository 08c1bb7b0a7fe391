//! Ordered bytes: all that the fold and the questions need from whatever keeps the state.
//!
//! A map implements it (the twin for tests), a RocksDB snapshot implements it, and so does an `Overlay`, which lays pending
//! changes over either: the writer decides on an overlay, and what the overlay holds in the end is what it writes.

use crate::Error;
use crate::codec::key::{self, Range};
use crate::tally::Blocks;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

/// The tables. A store keeps each under its own settings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Table {
    /// The head, and marks about the store.
    Meta,
    /// Sequence number → record.
    Log,
    /// What the records fold to; see `codec::key`.
    State,
    /// Text key → text.
    Texts,
    /// Number → entry of the audit; see `audit`.
    Audit,
    /// What follows from the others and may be lost; see `fingerprints`.
    Derived,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 6] = [Self::Meta, Self::Log, Self::State, Self::Texts, Self::Audit, Self::Derived];
}

/// The range of a whole table: no key begins with so many `FF`.
pub fn everything() -> Range {
    (Vec::new(), vec![0xff; 64])
}

/// The order of a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Ascending keys.
    Up,
    /// Descending keys.
    Down,
}

/// Is shown key and value of each entry of a scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Tables to read.
pub trait Kv {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Visits the entries of a range (start inclusive, end exclusive) until `visit` breaks.
    fn scan(&self, table: Table, range: &Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error>;

    /// Is there such a key?
    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        Ok(self.get(table, key)?.is_some())
    }

    /// What is known of where blocks of counts lie, where somebody keeps that.
    fn blocks(&self) -> Option<&Blocks> {
        None
    }
}

/// Tables to change.
pub trait KvMut: Kv {
    /// Sets a value.
    fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>);
    /// Removes a value, if there is one.
    fn delete(&mut self, table: Table, key: Vec<u8>);
}

/// The first key of a range of the state in a direction.
pub(crate) fn edge(kv: &(impl Kv + ?Sized), range: &Range, direction: Direction) -> Result<Option<Vec<u8>>, Error> {
    let mut found = None;
    kv.scan(Table::State, range, direction, &mut |key, _| {
        found = Some(key.to_vec());
        ControlFlow::Break(())
    })?;
    Ok(found)
}

macro_rules! through {
    ($($pointer:ty),+) => {$(
impl<K: Kv + ?Sized> Kv for $pointer {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        (**self).get(table, key)
    }

    fn scan(&self, table: Table, range: &Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        (**self).scan(table, range, direction, visit)
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        (**self).has(table, key)
    }

    fn blocks(&self) -> Option<&Blocks> {
        (**self).blocks()
    }
}
    )+};
}

through!(&K, std::sync::Arc<K>);

type Sorted<T> = BTreeMap<Vec<u8>, T>;

/// The entries of a range; an inverted range has none (`BTreeMap::range` would panic).
fn entries<'a, T>(
    sorted: &'a Sorted<T>,
    range: &Range,
    direction: Direction,
) -> Box<dyn Iterator<Item = (&'a Vec<u8>, &'a T)> + 'a> {
    if range.0 >= range.1 {
        return Box::new(std::iter::empty());
    }
    let found = sorted.range::<[u8], _>((Bound::Included(&range.0[..]), Bound::Excluded(&range.1[..])));
    match direction {
        Direction::Up => Box::new(found),
        Direction::Down => Box::new(found.rev()),
    }
}

/// Tables as maps.
#[derive(Clone, Debug, Default)]
pub struct Map([Sorted<Vec<u8>>; Table::ALL.len()]);

impl Map {
    /// Carries out changes.
    pub fn apply(&mut self, changes: Changes) {
        if let Some((_, first)) = changes.gone() {
            let log = &mut self.0[Table::Log as usize];
            *log = log.split_off(&first);
        }
        for (mine, theirs) in self.0.iter_mut().zip(changes.tables) {
            for (key, change) in theirs {
                match change {
                    Some(value) => mine.insert(key, value),
                    None => mine.remove(&key),
                };
            }
        }
    }
}

impl Kv for Map {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0[table as usize].get(key).cloned())
    }

    fn scan(&self, table: Table, range: &Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        // Whether the visitor broke off or all was shown makes no difference to the caller.
        let _ = entries(&self.0[table as usize], range, direction).try_for_each(|(key, value)| visit(key, value));
        Ok(())
    }
}

impl KvMut for Map {
    fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.0[table as usize].insert(key, value);
    }

    fn delete(&mut self, table: Table, key: Vec<u8>) {
        self.0[table as usize].remove(&key);
    }
}

/// Pending changes: a value to set, or `None` to remove.
#[derive(Debug, Default)]
pub struct Changes {
    tables: [Sorted<Option<Vec<u8>>>; Table::ALL.len()],
    bytes: usize,
    gone: Option<u64>,
}

impl Changes {
    /// Records of the table `Log` before this number are to be removed, however many they are. They are removed before anything is
    /// set.
    pub fn gone(&self) -> Option<Range> {
        self.gone.map(|first| (key::log(0), key::log(first)))
    }

    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(BTreeMap::is_empty) && self.gone.is_none()
    }

    /// Bytes of keys and values that were put, replaced ones included: a bound of what is held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds later changes, which win.
    pub fn absorb(&mut self, later: Changes) {
        for (mine, theirs) in self.tables.iter_mut().zip(later.tables) {
            mine.extend(theirs);
        }
        self.bytes += later.bytes;
        self.gone = self.gone.max(later.gone);
    }

    /// The value that a key is set to.
    pub fn get(&self, table: Table, key: &[u8]) -> Option<&[u8]> {
        self.tables[table as usize].get(key)?.as_deref()
    }

    /// Each change once, ordered by table, then key.
    pub fn iter(&self) -> impl Iterator<Item = (Table, &[u8], Option<&[u8]>)> {
        let tables = Table::ALL.into_iter().zip(&self.tables);
        tables.flat_map(|(table, sorted)| {
            sorted.iter().map(move |(key, change)| (table, key.as_slice(), change.as_deref()))
        })
    }
}

/// Changes laid over something that does not change meanwhile.
#[derive(Debug)]
pub struct Overlay<K> {
    base: K,
    changes: Changes,
}

impl<K: Kv> Overlay<K> {
    /// Nothing changed yet.
    pub fn new(base: K) -> Self {
        Overlay { base, changes: Changes::default() }
    }

    /// What is to be changed so far.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What was changed.
    pub fn into_changes(self) -> Changes {
        self.changes
    }

    /// Has the records of the table `Log` before this number removed. Whoever reads them in this overlay still finds them.
    pub(crate) fn let_go(&mut self, before: u64) {
        self.changes.gone = self.changes.gone.max(Some(before));
    }

    /// Adds changes that were made on top of this overlay.
    pub fn absorb(&mut self, later: Changes) {
        self.changes.absorb(later);
    }
}

impl<K: Kv> Kv for Overlay<K> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.changes.tables[table as usize].get(key) {
            Some(change) => Ok(change.clone()),
            None => self.base.get(table, key),
        }
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        match self.changes.tables[table as usize].get(key) {
            Some(change) => Ok(change.is_some()),
            None => self.base.has(table, key),
        }
    }

    fn scan(&self, table: Table, range: &Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut pending = entries(&self.changes.tables[table as usize], range, direction).peekable();
        let before = |mine: &[u8], theirs: &[u8]| match direction {
            Direction::Up => mine < theirs,
            Direction::Down => mine > theirs,
        };
        let mut flow = ControlFlow::Continue(());
        self.base.scan(table, range, direction, &mut |key, value| {
            flow = (|| {
                while let Some((mine, change)) = pending.next_if(|(mine, _)| before(mine, key)) {
                    show(mine, change, visit)?;
                }
                match pending.next_if(|(mine, _)| mine.as_slice() == key) {
                    Some((_, change)) => show(key, change, visit),
                    None => visit(key, value),
                }
            })();
            flow
        })?;
        if flow.is_continue() {
            let _ = pending.try_for_each(|(mine, change)| show(mine, change, visit));
        }
        Ok(())
    }

    fn blocks(&self) -> Option<&Blocks> {
        self.base.blocks()
    }
}

/// Shows a pending value; a pending removal is not there.
fn show(key: &[u8], change: &Option<Vec<u8>>, visit: &mut Visit<'_>) -> ControlFlow<()> {
    match change {
        Some(value) => visit(key, value),
        None => ControlFlow::Continue(()),
    }
}

impl<K: Kv> KvMut for Overlay<K> {
    fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.changes.bytes += key.len() + value.len();
        self.changes.tables[table as usize].insert(key, Some(value));
    }

    fn delete(&mut self, table: Table, key: Vec<u8>) {
        self.changes.bytes += key.len();
        self.changes.tables[table as usize].insert(key, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_shows_its_changes_in_their_places() {
        let mut map = Map::default();
        for key in ["b", "d", "f"] {
            map.put(Table::State, key.into(), b"old".to_vec());
        }
        let mut group = Overlay::new(&map);
        group.put(Table::State, b"a".to_vec(), b"new".to_vec());
        group.put(Table::State, b"d".to_vec(), b"new".to_vec());
        let mut commit = Overlay::new(&group);
        commit.put(Table::State, b"e".to_vec(), b"new".to_vec());
        commit.put(Table::State, b"z".to_vec(), b"new".to_vec());
        commit.delete(Table::State, b"f".to_vec());
        commit.put(Table::Meta, b"c".to_vec(), b"elsewhere".to_vec());

        #[track_caller]
        fn check(kv: &dyn Kv, direction: Direction, most: usize, seen: &str) {
            let mut found = Vec::new();
            let range = (b"a".to_vec(), b"y".to_vec());
            kv.scan(Table::State, &range, direction, &mut |key, value| {
                found.push(format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
                if found.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
            assert_eq!(found.join(" "), seen);
        }
        check(&commit, Direction::Up, 9, "a=new b=old d=new e=new");
        check(&commit, Direction::Down, 9, "e=new d=new b=old a=new");
        check(&commit, Direction::Up, 1, "a=new");
        check(&commit, Direction::Up, 3, "a=new b=old d=new");
        check(&commit, Direction::Down, 2, "e=new d=new");
        check(&group, Direction::Up, 9, "a=new b=old d=new f=old");

        assert_eq!(commit.get(Table::State, b"f"), Ok(None));
        assert!(group.has(Table::State, b"f").unwrap() && !commit.has(Table::State, b"f").unwrap());
        let changes = commit.into_changes();
        group.absorb(changes);
        check(&group, Direction::Up, 9, "a=new b=old d=new e=new");
    }
}
