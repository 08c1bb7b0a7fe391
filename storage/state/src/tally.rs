//! How many there are: counts of versions and of subjects for each block of neighbouring keys, so that a listing can be
//! begun anywhere. Without them, whoever asks for what comes behind the first 199 000 versions has all of those read.
//!
//! A block begins at the key of its own entry and ends where the next one begins. It is split in the middle when it holds more
//! than `MOST` entries and goes when it holds none. So a listing passes over whole blocks by their counts, and reads the
//! entries of at most two blocks to find the place in them; so does the search for the last live one. The fold keeps the
//! counts with what they count; they can be made anew from that at any time (`derive`).

use crate::codec::bytes::{Codec, Input, Malformed, decode, encode};
use crate::codec::key::{self, Range};
use crate::codec::value;
use crate::kv::{Direction, Kv, KvMut, Table, Visit, edge};
use crate::{Error, Standing, SubjectSummary};
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries after which a block is split. Twice as many double what a page may have to read of a block, and halve the blocks
/// that it may have to pass over: at 200 000 versions these are about as much work. (Tests split small ones.)
const MOST: u64 = if cfg!(test) { 4 } else { 256 };

/// The entries of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    /// All of them.
    pub all: u64,
    /// Those that are not soft-deleted.
    pub live: u64,
}

impl Tally {
    fn of(self, standing: Standing) -> u64 {
        match standing {
            Standing::Any => self.all,
            Standing::Live => self.live,
            Standing::Deleted => self.all.saturating_sub(self.live),
        }
    }

    fn add(&mut self, live: bool) {
        self.all += 1;
        self.live += u64::from(live);
    }
}

impl Codec for Tally {
    fn put(&self, out: &mut Vec<u8>) {
        self.all.put(out);
        self.live.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Tally { all: Codec::take(input)?, live: Codec::take(input)? })
    }
}

/// Where blocks lie: what the writer has found out, so that it need not look for the block of each entry that it counts, which
/// costs more than the rest of a small commit. A block that is known and there reaches at least as far as is known: that it is
/// there is looked up, and only the end of another one, which is forgotten when commits are dropped, could make it shorter.
#[derive(Debug, Default)]
pub struct Blocks(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

/// Blocks that are known at most, some 200 bytes each: enough for 250 000 versions.
const MOST_KNOWN: usize = 2048;

impl Blocks {
    /// Forgets all: changes that were made on the way to it are dropped.
    pub fn clear(&self) {
        self.known().clear();
    }

    fn around(&self, entry: &[u8]) -> Option<Range> {
        let known = self.known();
        let (start, end) = known.range::<[u8], _>((Bound::Unbounded, Bound::Included(entry))).next_back()?;
        (entry < end.as_slice()).then(|| (start.clone(), end.clone()))
    }

    fn learn(&self, (start, end): Range) {
        let mut known = self.known();
        if known.len() >= MOST_KNOWN && !known.contains_key(&start) {
            known.clear();
        }
        known.insert(start, end);
    }

    fn forget(&self, start: &[u8]) {
        self.known().remove(start);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tables, with what is known of the blocks in them.
pub struct Surveyed<'a, K> {
    /// The tables.
    pub tables: K,
    /// What is known.
    pub blocks: &'a Blocks,
}

impl<K: Kv> Kv for Surveyed<'_, K> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.tables.get(table, key)
    }

    fn scan(&self, table: Table, range: &Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.tables.scan(table, range, direction, visit)
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        self.tables.has(table, key)
    }

    fn blocks(&self) -> Option<&Blocks> {
        Some(self.blocks)
    }
}

/// What becomes of an entry: is it live, if it is there at all?
pub(crate) type Was = Option<bool>;

/// Counts a change of the entry with this key, which has been made.
pub(crate) fn change(kv: &mut impl KvMut, entry: &[u8], before: Was, after: Was) -> Result<(), Error> {
    if before == after {
        return Ok(());
    }
    let (start, end, tally) = match known_block_of(kv, entry)? {
        Some(((start, end), tally)) => (start, Some(end), tally),
        None => {
            let (start, tally) = block_of(kv, entry)?;
            (start, None, tally)
        }
    };
    let counted = |was: Was| (u64::from(was.is_some()), u64::from(was == Some(true)));
    let ((all_before, live_before), (all, live)) = (counted(before), counted(after));
    let tally = Tally {
        all: (tally.all + all).saturating_sub(all_before),
        live: (tally.live + live).saturating_sub(live_before),
    };
    if tally.all > MOST {
        let end = end.map_or_else(|| end_behind(kv, entry), Ok)?;
        return write(kv, &(start, end), tally.all.div_ceil(2));
    }
    let key = key::tally(&start);
    if tally.all == 0 {
        kv.delete(Table::State, key)
    } else {
        kv.put(Table::State, key, encode(&tally))
    }
    let Some(blocks) = kv.blocks() else { return Ok(()) };
    match end {
        _ if tally.all == 0 => blocks.forget(&start),
        Some(_) => {}
        None => blocks.learn((start, end_behind(kv, entry)?)),
    }
    Ok(())
}

/// Makes all counts anew from what they count.
pub fn derive(kv: &mut impl KvMut) -> Result<(), Error> {
    for table in key::COUNTED {
        let mut stale = Vec::new();
        kv.scan(Table::State, &key::tallies(&table()), Direction::Up, &mut |key, _| {
            stale.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        stale.into_iter().for_each(|key| kv.delete(Table::State, key));
        write(kv, &table(), MOST / 2)?;
    }
    Ok(())
}

/// Is there anything that has never been counted? Data of before there were counts are like that.
pub fn is_missing(kv: &impl Kv) -> Result<bool, Error> {
    for table in key::COUNTED {
        let any = |range: &Range| Ok::<_, Error>(edge(kv, range, Direction::Up)?.is_some());
        if any(&table())? && !any(&key::tallies(&table()))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The key of the entry of a range that comes behind `skip` others which stand so; `None` where the range holds no more than
/// those. What is passed over is taken off `skip`.
pub(crate) fn seek(
    kv: &(impl Kv + ?Sized),
    range: &Range,
    standing: Standing,
    skip: &mut u64,
) -> Result<Option<Vec<u8>>, Error> {
    if *skip == 0 {
        return Ok(Some(range.0.clone()));
    }
    // The range may begin inside a block: that much is read.
    let first = first_tally(kv, range)?.unwrap_or_else(|| range.1.clone());
    if let Some(found) = pass(kv, &(range.0.clone(), first.clone()), standing, skip)? {
        return Ok(Some(found));
    }
    // What lies before `at` has been passed over; a block that begins there is whole once the next one is seen.
    let (mut at, mut begun, mut outcome) = (first, None, Ok(()));
    kv.scan(Table::State, &key::tallies(&(at.clone(), range.1.clone())), Direction::Up, &mut |block, bytes| {
        let tally: Tally = match decode(bytes) {
            Ok(tally) => tally,
            Err(error) => {
                outcome = Err(error);
                return ControlFlow::Break(());
            }
        };
        let before: u64 = begun.replace(tally).map_or(0, |tally: Tally| tally.of(standing));
        if before > *skip {
            return ControlFlow::Break(());
        }
        *skip -= before;
        at = key::take_tally(block).to_vec();
        ControlFlow::Continue(())
    })?;
    outcome?;
    pass(kv, &(at, range.1.clone()), standing, skip)
}

/// The key of the last entry of a range that is live. Blocks without any are passed over by their counts, and the entries of at
/// most two others are read.
pub(crate) fn last_live(kv: &(impl Kv + ?Sized), range: &Range) -> Result<Option<Vec<u8>>, Error> {
    // Behind `end` there is none.
    let (mut end, mut outcome) = (range.1.clone(), Ok(None));
    kv.scan(Table::State, &key::tallies(range), Direction::Down, &mut |block, bytes| {
        let start = key::take_tally(block).to_vec();
        outcome = decode::<Tally>(bytes).map_err(Error::from).and_then(|tally| match tally.live {
            0 => Ok(None),
            // Of the last block some may lie behind the range.
            _ => last_live_of(kv, &(start.clone(), end.clone())),
        });
        end = start;
        if matches!(outcome, Ok(None)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    match outcome? {
        // The range may begin inside a block.
        None => last_live_of(kv, &(range.0.clone(), end)),
        found => Ok(found),
    }
}

/// The same, entry by entry.
fn last_live_of(kv: &(impl Kv + ?Sized), range: &Range) -> Result<Option<Vec<u8>>, Error> {
    let mut found = None;
    each(kv, range, Direction::Down, &mut |key, live| {
        if !live {
            return ControlFlow::Continue(());
        }
        found = Some(key.to_vec());
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// Passes over entries one by one.
fn pass(kv: &(impl Kv + ?Sized), range: &Range, standing: Standing, skip: &mut u64) -> Result<Option<Vec<u8>>, Error> {
    let mut outcome = Ok(None);
    each(kv, range, Direction::Up, &mut |key, live| {
        if !standing.admits(live) {
            return ControlFlow::Continue(());
        }
        if *skip == 0 {
            outcome = Ok(Some(key.to_vec()));
            return ControlFlow::Break(());
        }
        *skip -= 1;
        ControlFlow::Continue(())
    })?;
    outcome
}

/// Counts the entries of a range anew and writes a block for each `size` of them.
fn write(kv: &mut impl KvMut, range: &Range, size: u64) -> Result<(), Error> {
    let mut blocks: Vec<(Vec<u8>, Tally)> = Vec::new();
    each(kv, range, Direction::Up, &mut |key, live| {
        match blocks.last_mut() {
            Some((_, tally)) if tally.all < size => tally.add(live),
            last => {
                // The first block begins where the range does, so that there is none before it without a block.
                let start = last.map_or_else(|| range.0.clone(), |_| key.to_vec());
                blocks.push((start, Tally { all: 1, live: live.into() }));
            }
        }
        ControlFlow::Continue(())
    })?;
    let mut end = range.1.clone();
    for (start, tally) in blocks.into_iter().rev() {
        kv.put(Table::State, key::tally(&start), encode(&tally));
        if let Some(blocks) = kv.blocks() {
            blocks.learn((start.clone(), end));
        }
        end = start;
    }
    Ok(())
}

/// Visits the entries of a range, each with whether it is live.
fn each(
    kv: &(impl Kv + ?Sized),
    range: &Range,
    direction: Direction,
    visit: &mut dyn FnMut(&[u8], bool) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    kv.scan(Table::State, range, direction, &mut |key, bytes| match is_live(key, bytes) {
        Ok(live) => visit(key, live),
        Err(error) => {
            outcome = Err(error);
            ControlFlow::Break(())
        }
    })?;
    Ok(outcome?)
}

fn is_live(key: &[u8], bytes: &[u8]) -> Result<bool, Malformed> {
    if key::is_version(key) {
        return Ok(!value::is_deleted(bytes)?);
    }
    Ok(decode::<SubjectSummary>(bytes)?.live > 0)
}

/// The block that an entry belongs to and its tally, if it is known where that block lies.
fn known_block_of(kv: &impl Kv, entry: &[u8]) -> Result<Option<(Range, Tally)>, Error> {
    let Some(block) = kv.blocks().and_then(|blocks| blocks.around(entry)) else { return Ok(None) };
    let Some(bytes) = kv.get(Table::State, &key::tally(&block.0))? else { return Ok(None) };
    Ok(Some((block, decode(&bytes)?)))
}

/// Where the block begins that an entry belongs to, and its tally; where there is none, the one that begins with the table.
fn block_of(kv: &impl Kv, entry: &[u8]) -> Result<(Vec<u8>, Tally), Error> {
    let table = key::whole_table_of(entry);
    let mut found = Ok((table.0.clone(), Tally::default()));
    kv.scan(Table::State, &key::tallies(&(table.0, just_behind(entry))), Direction::Down, &mut |key, bytes| {
        found = decode(bytes).map(|tally| (key::take_tally(key).to_vec(), tally));
        ControlFlow::Break(())
    })?;
    Ok(found?)
}

/// Where the block ends that an entry belongs to.
fn end_behind(kv: &impl Kv, entry: &[u8]) -> Result<Vec<u8>, Error> {
    let end = key::whole_table_of(entry).1;
    Ok(first_tally(kv, &(just_behind(entry), end.clone()))?.unwrap_or(end))
}

/// The least key above another one.
fn just_behind(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// Where the first block begins that begins in a range.
fn first_tally(kv: &(impl Kv + ?Sized), range: &Range) -> Result<Option<Vec<u8>>, Error> {
    Ok(edge(kv, &key::tallies(range), Direction::Up)?.map(|key| key::take_tally(&key).to_vec()))
}

/// The live entries of a range, counted one by one.
#[cfg(test)]
pub(crate) fn count(kv: &impl Kv, range: &Range) -> u64 {
    let mut count = 0;
    each(kv, range, Direction::Up, &mut |_, live| {
        count += u64::from(live);
        ControlFlow::Continue(())
    })
    .expect("a map does not fail and tests write what can be read");
    count
}
